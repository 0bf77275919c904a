"""Text from users, made safe to draw."""

import re
import textwrap

# Control characters but tab, line feed and carriage return; direction marks that reorder what is read;
# invisible marks; halves of surrogate pairs and the two code points no XML file may hold.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\ufffe\uffff]"
)
_SPACE = re.compile(r"\s+")


def plain_text(value: object) -> str:
    """The text without control, direction and invisible characters, fit for XML and JSON."""
    return _UNSEEN.sub("", str(value)).replace("\r\n", "\n")


def shorten(value: object, width: int) -> str:
    """One line of at most `width` characters, cut at a word with an ellipsis where it can be."""
    text = _SPACE.sub(" ", plain_text(value)).strip()
    if len(text) <= width:
        return text
    cut = text[: width - 1]
    word_end = cut.rfind(" ")
    return (cut[:word_end] if word_end > width * 0.6 else cut).rstrip(" ,;:") + "…"


def label_text(value: object, width: int = 40) -> str:
    """A label for plotly, which reads tags, entities and $TeX$ in every text it draws."""
    return _escaped(shorten(value, width) or "(no name)")


def label_lines(value: object, width: int = 20, lines: int = 2) -> str:
    """A label wrapped to a narrow column, so that the figure keeps its room on a phone."""
    text = shorten(value, width * lines - 2) or "(no name)"
    rows = textwrap.wrap(text, width, max_lines=lines, placeholder="…")
    return "<br>".join(_escaped(row) for row in rows)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("$", "&#36;")


def percent(share: float) -> str:
    """A share in words: "12%", small ones "0.4%" or "under 0.1%"."""
    points = share * 100
    if 0 < points < 0.1:
        return "under 0.1%"
    if 0 < points < 9.95:
        return f"{points:.1f}%"
    return f"{points:.0f}%"


def certainty(probability: float) -> str:
    """Never "100%": a model that has not seen everything cannot be that sure."""
    return "over 99%" if probability > 0.99 else percent(probability)
