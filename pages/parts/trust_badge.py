"""The badge on every picture of an explanation: was it tested on this person's own comments?"""

import streamlit as st

from core.domain import TrainingRun
from core.workflow import trusting
from core.workflow.explain_jobs import TRUST, pending
from core.workflow.trusting import TESTED, UNKNOWN, TrustFinding
from pages.parts import resources
from pages.parts.plain import plain

NOT_YET = (
    "Nobody knows yet whether these explanations name the words that the model uses. Test them under "
    "'The whole model', 'How far to trust it'."
)


def badge(run: TrainingRun) -> None:
    """One line, with the figures in its help; of a stored finding, so that no model is loaded."""
    store = resources.store()
    found = trusting.stored(store, run)
    if found is not None:
        words, icon, colour = _look(found)
        st.badge(words, icon=icon, color=colour, help=plain(in_words(found), 900))
    elif pending(store, run, TRUST) is not None:
        words = "The words it names are taken out of held-out comments and compared with random words."
        st.badge("Being tested on your comments", icon=":material/hourglass_top:", color="gray", help=words)
    else:
        st.badge("Not tested yet", icon=":material/help:", color="gray", help=NOT_YET)


def _look(found: TrustFinding) -> tuple[str, str, str]:
    if found.badge == TESTED:
        count = int(found.figures["comments"])
        return f"Tested on {count} of your comments", ":material/verified:", "green"
    if found.badge == UNKNOWN:
        return "Too few comments to test", ":material/help:", "gray"
    return "Weak on your comments", ":material/warning:", "orange"


def in_words(found: TrustFinding) -> str:
    """What was found, with the figures that it rests on."""
    if found.badge == UNKNOWN:
        return found.words
    figures = found.figures
    ours, chance = (f"{100 * figures[f'{name}comprehensiveness{end}']:.0f}" for name, end in _OURS_AND_CHANCE)
    alone, alone_chance = (
        f"{100 * figures[f'{name}sufficiency{end}']:.0f}" for name, end in _OURS_AND_CHANCE
    )
    said = (
        f"{found.words} With the named words alone it falls by {alone} points, with random words alone by "
        f"{alone_chance}."
    )
    if found.badge != TESTED:
        said += f" Without the named words it falls by {ours} points, without random words by {chance}."
    if (likeness := figures.get("likeness to a randomised model")) is not None:
        said += f" Likeness to what is said of a model that has learned nothing: {likeness:.2f} of 1."
    return said


_OURS_AND_CHANCE = (("", ""), ("", " of random words"))
