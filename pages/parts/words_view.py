"""Words that mattered: the comment in colours beside its strongest words, for one label against others."""

from dataclasses import dataclass

import streamlit as st

from core.charts import words as charts
from core.charts.labels import certainty, shorten
from core.domain import Attribution, TrainingRun
from core.workflow import attributions, explanations
from core.workflow.explanations import CUT, UNREAD
from pages.parts import explain_export, methods_drawer, model, resources
from pages.parts.explain_chooser import Comment
from pages.parts.highlight import SIDES, highlighted_text, legend, marks_of
from pages.parts.plain import plain, told_apart

CONFIG = {"displaylogo": False, "toImageButtonOptions": {"format": "svg", "filename": "roadlens-words"}}
LONG = 700  # characters; a longer comment scrolls in its own frame
FRAME = 340  # pixels
EXPLAINS_MODEL = "The picture explains the model, not the customer."


@dataclass(frozen=True)
class Question:
    """Why this label, and not all others or that one?"""

    label: str
    against: str | None

    def mark(self, comment: Comment) -> int:
        """For the session: what was chosen for one question does not hold for the next."""
        return hash((comment.text, self.label, self.against))


def show(run: TrainingRun, comment: Comment, found: dict[str, float]) -> None:
    """`found`: probability by label, highest first."""
    classifier = model.classifier(run)
    why, other, button = st.columns([3, 3, 2], vertical_alignment="bottom")
    question = _ask(why, other, comment, found)
    leads = attributions.leading(resources.store(), run, classifier)
    usual = attributions.first_method(classifier, comment.text, question.against, leads)
    with button:
        method = _method(usual, question.mark(comment))
    attribution = _explain(run, comment, question, method)
    _picture(run, attribution, question.mark(comment), explanations.methods(classifier)[method])
    if usual == leads != attributions.OCCLUSION:
        st.caption("It leads here because it did best on this model's own held-out comments.")
    methods_drawer.show(run, comment, question.label, question.against, usual)
    explain_export.show(run, attribution, comment.ids, comment.feedback_id)


def _ask(why, other, comment: Comment, found: dict[str, float]) -> Question:
    """The likeliest label first; against it the next likeliest stands first among the others."""

    shown = told_apart(found)

    def named(label: str) -> str:
        return f"{shown[label]} · {certainty(found[label])}" if label else "all others"

    mark = hash(comment.text)
    label = why.selectbox("Why this label?", list(found), format_func=named, key=f"why_{mark}")
    others = ["", *(name for name in found if name != label)]
    if len(others) == 1:
        return Question(label, None)
    against = other.selectbox("And not", others, format_func=named, key=f"against_{mark}_{hash(label)}")
    return Question(label, against or None)


def _method(usual: str, mark: int) -> str:
    """The usual one or, for this question only, the precise one."""
    precise = attributions.SHAPLEY
    if usual == precise:
        return usual
    chosen = st.session_state.get("explain_precise") == mark

    def turn() -> None:
        st.session_state["explain_precise"] = None if chosen else mark

    st.button(
        "Quick picture" if chosen else "Precise, slower",
        key="precise",
        icon=":material/bolt:" if chosen else ":material/target:",
        on_click=turn,
        width="stretch",
        help="Averages each word's effect over many orders of the words (Shapley sampling).",
    )
    return precise if chosen else usual


def _explain(run: TrainingRun, comment: Comment, question: Question, method: str) -> Attribution:
    asked = (comment.text, comment.feedback_id, question.label, method, question.against)
    with st.spinner("Weighing the words", show_time=method == attributions.SHAPLEY):
        return model.attribution(run, *asked, joined=True)


def _picture(run: TrainingRun, attribution: Attribution, mark: int, method) -> None:
    weak = attributions.is_weak(resources.store(), run)
    left, right = st.columns(2, gap="medium")
    with left, st.container(height=FRAME if len(attribution.text) > LONG else "content", border=False):
        _highlight(attribution, mark, weak)
    with left:
        _legend(attribution)
        st.caption(_notes(attribution, weak))
    with right:
        st.markdown(f"**{method.name}**", help=method.about)
        if not method.reason:
            st.caption("Where the model looked, not why.")
        figure = charts.word_bars(explanations.bars(attribution), explanations.scale(attribution), faded=weak)
        st.plotly_chart(figure, key="bars", alt=f"Weight of each word: {method.about}", config=CONFIG)


def _highlight(attribution: Attribution, mark: int, weak: bool) -> None:
    """The text and what the chosen word does; the strongest one is chosen until another is clicked."""
    of, place = st.session_state.get("explain_word", (None, None))
    known = of == (mark, attribution.method) and place < len(attribution.spans)
    place = place if known else explanations.strongest(attribution)
    said = st.empty()
    clicked = highlighted_text(attribution, key="words", chosen=place, faded=weak)
    if clicked is not None and clicked != place:
        st.session_state["explain_word"] = ((mark, attribution.method), clicked)
        st.rerun()
    if place is not None:
        said.markdown(f"**{plain(explanations.sentence(attribution, place))}**")


def _legend(attribution: Attribution) -> None:
    """With the names of the labels where two are compared."""
    scale, marks = explanations.scale(attribution), marks_of(attribution)
    if scale.against:
        legend(sides=tuple(shorten(scale.says(weight), 60) for weight in (1, -1)), marks=marks)
    else:
        legend(sides=SIDES[: 1 + scale.signed], marks=marks)


def _notes(attribution: Attribution, weak: bool) -> str:
    """What is to be known before the picture is believed."""
    notes = [f"{EXPLAINS_MODEL} Click a word to read what it does."]
    if weak:
        notes.insert(0, "In grey: on its own comments this model's pictures say little more than chance.")
    words = len(attribution.spans)
    unread, cut = (sum(span.mark == mark for span in attribution.spans) for mark in (UNREAD, CUT))
    if unread:
        notes.append(f"The model does not know {unread:,} of {words:,} words.")
    if cut:
        notes.append(f"{cut:,} of {words:,} words lie past its limit and were not read.")
    return " ".join(notes)
