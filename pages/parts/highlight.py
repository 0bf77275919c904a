"""A text with its words coloured by weight, drawn by one component that sets text and never markup."""

from pathlib import Path

import streamlit as st

from core.charts.theme import AGAINST, FOR
from core.domain import Attribution, Span
from core.workflow.explanations import CUT, GAP, POINTS, UNREAD, caption, pieces, shades

_HERE = Path(__file__).parent
_WORDS = st.components.v2.component(
    "roadlens_words",
    html='<div class="words" dir="auto">\n</div>',
    css=(_HERE / "highlight.css").read_text(encoding="utf-8"),
    js=(_HERE / "highlight.js").read_text(encoding="utf-8"),
)
_SAMPLES = (
    ("speaks for the label", 0.2, ""),
    ("speaks against it", -0.2, ""),
    ("not a word the model knows", 0.0, UNREAD),
    ("past the model's limit, not read", 0.0, CUT),
)


def highlighted_text(attribution: Attribution, key: str) -> str | None:
    """Draw the text; the word that was just clicked, None without a click."""
    if not attribution.text:
        st.caption("There is no text to explain.")
        return None
    result = _WORDS(data=drawing(attribution), key=key, on_clicked_change=lambda: None)
    if attribution.unit.startswith(POINTS) and not any(shades(attribution)):
        st.caption(
            "No single word matters here: without any one of them the confidence stays about the same."
        )
    return word_at(attribution, result.clicked)


def legend(key: str = "words_legend") -> None:
    """What colours, lines and marks mean, in the same drawing as the text."""
    text, spans = "", []
    for sample, weight, mark in _SAMPLES:
        text += "   " if text else ""
        spans.append(Span(len(text), len(text) + len(sample), weight, mark))
        text += sample
    shown = Attribution(text, tuple(spans), "", "", POINTS, 1.0)
    _WORDS(data=drawing(shown, clickable=False), key=key, on_clicked_change=lambda: None)
    st.caption(
        "Stronger colour and thicker line: more weight. The picture explains the model, not the customer."
    )


def drawing(attribution: Attribution, clickable: bool = True) -> dict[str, object]:
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
    return {"pieces": drawn, "colours": {"for": FOR, "against": AGAINST}, "clickable": clickable}


def word_at(attribution: Attribution, clicked: object) -> str | None:
    """The word of a click. The number comes from the browser and may be anything."""
    if type(clicked) is not int or not 0 <= clicked < len(attribution.spans):
        return None
    span = attribution.spans[clicked]
    return attribution.text[span.start : span.end]
