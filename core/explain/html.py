"""An attribution as a piece of HTML for files that leave the app."""

from collections.abc import Callable, Sequence
from html import escape

from core.charts.theme import AGAINST, FOR
from core.domain import Attribution, Span
from core.explain.tables import strongest
from core.explain.words import CUT, GAP, UNREAD, Piece, amount, caption, pieces, shades

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
body {{ max-width: 46rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }}
h2 {{ margin: 2.4rem 0 0.2rem; font-size: 1.2rem; }}
small {{ opacity: 0.75; }}
table {{ border-collapse: collapse; margin: 0.8rem 0; }}
td {{ padding: 0.1rem 0.8rem 0.1rem 0; vertical-align: middle; }}
td:nth-child(2) {{ text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }}
i {{ display: block; height: 0.8rem; }}
</style></head><body><h1>Words that mattered</h1>
<p>{legend} Hover a word for its number. The picture explains the model, not the customer.</p>
{body}<p><small>{source}</small></p></body></html>
"""
_REASON = "Blue and a solid line speak for the label, orange and a dashed line against it."
_LOOK = "Colour shows where the model looked, not why it decided so."
_LOOKS = ("% of the attention", "% of the flow")  # units of what does not know the label
BARS = 8  # words listed below each text


def page_html(attributions: Sequence[Attribution], source: str = "") -> str:
    """A page of its own with one highlighted text after the other; it asks nobody for anything.

    `source`: where the explanations come from, one line at the end.
    """
    body = "".join(
        f"<h2>{_written(_heading(found))}</h2><small>{_written(_how(found))}</small>"
        f"{highlight_html(found)}{_bars(found)}\n"
        for found in attributions
    )
    looks = any(found.unit.startswith(_LOOKS) for found in attributions)
    return _PAGE.format(legend=_LOOK if looks else _REASON, body=body, source=_written(source))


def _heading(found: Attribution) -> str:
    against = f" and not {found.against}" if found.against else ""
    return f"{found.label}{against} ({min(found.probability, 0.99):.0%})"


def _how(found: Attribution) -> str:
    missed = "" if found.completeness is None else f", {found.completeness:.1%} of it not explained"
    return f"{found.method}: {found.unit}{missed}"


def _bars(found: Attribution) -> str:
    """The strongest words with their numbers: a bar is read more surely than a colour."""
    words = strongest(found, BARS)
    top = max((abs(span.weight) for span in words), default=0.0)
    rows = "".join(
        f"<tr><td>{_written(found.text[span.start : span.end][:60])}</td>"
        f"<td>{amount(span.weight, found.unit)}</td>"
        f'<td><i style="width:{12 * abs(span.weight) / top:.2f}rem;'
        f'background:{FOR if span.weight > 0 else AGAINST}"></i></td></tr>'
        for span in words
    )
    return f"<table>{rows}</table>" if rows else "<p><small>No single word matters here.</small></p>"


def highlight_html(attribution: Attribution) -> str:
    """One `<div>` with the marks; parsed back it is the text, character for character, but for NUL,
    which HTML cannot hold: a browser shows a replacement character."""
    body = marks_html(attribution)
    return f'<div class="words" dir="auto" style="white-space:pre-wrap;overflow-wrap:anywhere">{body}</div>'


def _written(text: str) -> str:
    # Parsers turn a carriage return into a line feed unless it is written as a reference.
    return escape(text, quote=True).replace("\r", "&#13;")


def marks_html(attribution: Attribution, written: Callable[[str], str] = _written) -> str:
    """The text with a `<mark>` for each word that has a colour or a mark; `written` escapes."""
    strengths = shades(attribution)
    return "".join(
        _drawn(piece, 0.0, None, attribution.unit, written)
        if piece.word == GAP
        else _drawn(piece, strengths[piece.word], attribution.spans[piece.word], attribution.unit, written)
        for piece in pieces(attribution.text, attribution.spans)
    )


def _drawn(piece: Piece, strength: float, span: Span | None, unit: str, written: Callable[[str], str]) -> str:
    text = written(piece.text)
    if span is None or (strength == 0 and not piece.mark):
        return text
    title = written(caption(span, unit))
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
