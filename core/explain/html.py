"""An attribution as a piece of HTML for files that leave the app."""

from html import escape

from core.charts.theme import AGAINST, FOR
from core.domain import Attribution
from core.explain.words import CUT, GAP, UNREAD, Piece, caption, pieces, shades

_MARKS = {
    "": "",
    UNREAD: "outline:1px dotted currentColor;",
    CUT: "text-decoration:line-through;opacity:0.6;",
}


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
