"""A text with its words coloured by weight, drawn by one component that sets text and never markup."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from core.charts.theme import AGAINST, FOR
from core.domain import Attribution, Span
from core.workflow.explanations import CUT, GAP, POINTS, UNREAD, caption, nothing_matters, pieces, shades

_HERE = Path(__file__).parent
_WORDS = st.components.v2.component(
    "roadlens_words",
    html='<div class="words" dir="auto">\n</div>',
    css=(_HERE / "highlight.css").read_text(encoding="utf-8"),
    js=(_HERE / "highlight.js").read_text(encoding="utf-8"),
)
SIDES = ("speaks for the label", "speaks against it")
_MARKS = {UNREAD: "not a word the model knows", CUT: "cut off, not read"}


def highlighted_text(
    attribution: Attribution, key: str, chosen: int | None = None, faded: bool = False
) -> int | None:
    """Draw the text; the place of the word that was just clicked, None without a click.

    `chosen`: the place of the word that is framed. `faded`: in grey, for a picture not to be relied on.
    """
    if not attribution.text:
        st.caption("There is no text to explain.")
        return None
    data = drawing(attribution, chosen=chosen, faded=faded)
    result = _WORDS(data=data, key=key, on_clicked_change=lambda: None)
    if nothing := nothing_matters(attribution):
        st.caption(nothing)
    return place_of(attribution, result.clicked)


def legend(
    key: str = "words_legend", sides: tuple[str, ...] = SIDES, marks: Sequence[str] = (UNREAD, CUT)
) -> None:
    """What colours, lines and marks mean, in the same drawing as the text. `sides`: for, against; one alone
    where nothing can speak against."""
    samples = [(said, weight, "") for said, weight in zip(sides, (0.2, -0.2), strict=False)]
    samples += [(_MARKS[mark], 0.0, mark) for mark in _MARKS if mark in marks]
    text, spans = "", []
    for sample, weight, mark in samples:
        text += "   " if text else ""
        spans.append(Span(len(text), len(text) + len(sample), weight, mark))
        text += sample
    shown = Attribution(text, tuple(spans), "", "", POINTS, 1.0)
    _WORDS(data=drawing(shown, clickable=False), key=key, on_clicked_change=lambda: None)


def marks_of(attribution: Attribution) -> tuple[str, ...]:
    """The marks that occur in it."""
    return tuple({span.mark for span in attribution.spans} & set(_MARKS))


def drawing(
    attribution: Attribution, clickable: bool = True, chosen: int | None = None, faded: bool = False
) -> dict[str, object]:
    """What the browser gets: pieces, not offsets, since JavaScript counts characters in another way."""
    strengths = shades(attribution)
    drawn = []
    for piece in pieces(attribution.text, attribution.spans):
        gap = piece.word == GAP
        title = "" if gap or not clickable else caption(attribution.spans[piece.word], attribution.unit)
        shade = 0.0 if gap else strengths[piece.word]
        drawn.append(
            {"text": piece.text, "shade": shade, "mark": piece.mark, "word": piece.word, "title": title}
        )
    return {
        "pieces": drawn,
        "colours": {"for": FOR, "against": AGAINST},
        "clickable": clickable,
        "chosen": chosen,
        "faded": faded,
    }


def place_of(attribution: Attribution, clicked: object) -> int | None:
    """The span of a click. The number comes from the browser and may be anything."""
    if type(clicked) is not int or not 0 <= clicked < len(attribution.spans):
        return None
    return clicked
