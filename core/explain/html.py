"""An attribution as a piece of HTML for files that leave the app."""

from collections.abc import Sequence
from html import escape

from core.charts.theme import AGAINST, FOR
from core.domain import Attribution
from core.explain.words import CUT, GAP, UNREAD, Piece, caption, pieces, shades

_MARKS = {
    "": "",
    UNREAD: "outline:1px dotted currentColor;",
    CUT: "text-decoration:line-through;opacity:0.6;",
}


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Words that mattered</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width"><style>
:root {{ color-scheme: light dark; font: 16px/1.6 system-ui, sans-serif; }}
body {{ max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }}
</style></head><body><h1>Words that mattered</h1>
<p>Blue speaks for the label, orange against it; hover for the number. The picture explains the model, not the
customer.</p>
{body}</body></html>
"""


def page_html(attributions: Sequence[Attribution]) -> str:
    """A page of its own with one highlighted text after the other; it asks nobody for anything."""
    body = "".join(
        f"<h2>{escape(found.label)} ({min(found.probability, 0.99):.0%})</h2>{highlight_html(found)}\n"
        for found in attributions
    )
    return _PAGE.format(body=body)


def highlight_html(attribution: Attribution) -> str:
    """One `<div>` with a `<mark>` for each word that has a colour or a mark; every text is escaped.

    Parsed back it is the text, character for character, but for NUL, which HTML cannot hold.
    """
    strengths = shades(attribution)
    body = "".join(
        _drawn(piece, 0.0 if piece.word == GAP else strengths[piece.word], attribution)
        for piece in pieces(attribution.text, attribution.spans)
    )
    return f'<div class="words" dir="auto" style="white-space:pre-wrap;overflow-wrap:anywhere">{body}</div>'


def _drawn(piece: Piece, strength: float, attribution: Attribution) -> str:
    # Parsers turn a carriage return into a line feed unless it is written as a reference.
    text = escape(piece.text, quote=True).replace("\r", "&#13;")
    if piece.word == GAP or (strength == 0 and not piece.mark):
        return text
    title = escape(caption(attribution.spans[piece.word], attribution.unit), quote=True)
    side = "for" if strength > 0 else "against" if strength < 0 else "none"
    return f'<mark class="{side}" title="{title}" style="{_style(piece.mark, strength)}">{text}</mark>'


def _style(mark: str, strength: float) -> str:
    colour = FOR if strength > 0 else AGAINST
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    style = "color:inherit;background:none;"
    if strength:
        line = "solid" if strength > 0 else "dashed"
        style = (
            f"color:inherit;background:rgba({red},{green},{blue},{0.1 + 0.4 * abs(strength):.2f});"
            f"text-decoration:underline {line} {colour} 2px;"
        )
    return style + _MARKS[mark]
