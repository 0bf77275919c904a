"""Explained comments as slides: the text with its words coloured, and the bars as a native chart."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from core.charts.theme import LIGHT
from core.domain import Attribution
from core.explain.tables import strongest
from core.explain.words import FACTOR, POINTS, SCORE
from core.reports.deck import BODY, CONTENT, add_slide, note, open_deck, saved, say, text_frame, write_runs
from core.reports.marked import Run, joined, runs
from core.reports.native import Box, word_bars
from core.reports.safe import shorten

BARS = 10
TEXT_SIZE = 14
# (columns, lines) that fit beside the chart, and on a slide of their own when the text goes on.
BESIDE, WHOLE = (58, 16), (112, 16)
SIGNED = "+0.0;\u22120.0"  # number format of Excel
SLIDES = 12  # of one comment at most
TEXT = "Text"  # name of the boxes that hold the comment
REASON = "Blue with a solid line: speaks for the label; orange, dashed: against it."
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # in every XML file


def pptx_bytes(found: Sequence[Attribution], footer: str, created: datetime) -> bytes:
    """A slide for each attribution, more where its text is long.

    The runs of the boxes named TEXT are the text, character for character, but for characters that XML
    cannot hold, which are left out; a line feed is a new paragraph. After SLIDES slides a text is cut,
    and its last slide says so.
    """
    deck = open_deck("Words that mattered", created)
    for attribution in found:
        _explained(deck, attribution, footer)
    return saved(deck)


def _explained(deck, attribution: Attribution, footer: str) -> None:
    name = shorten(attribution.label, 60) or "(no name)"
    against = f" and not “{shorten(attribution.against, 40)}”" if attribution.against else ""
    heading = f"Why “{name}”{against} ({min(attribution.probability, 0.99):.0%})"
    about = f"{attribution.method}: {attribution.unit}"
    parts = joined([replace(run, text=_ILLEGAL.sub("", run.text)) for run in runs(attribution)])
    slides = list(_slides(parts))
    for number, some in enumerate(slides[:SLIDES]):
        more = f" ({number + 1} of {len(slides)})" if len(slides) > 1 else ""
        slide = add_slide(deck, CONTENT, heading + more, footer, [about])
        _text(slide, some, BODY if number else Box(BODY.left, BODY.top, 6.3, BODY.height))
        if number == 0:
            _bars(slide, attribution, name)
        cut = "The comment goes on: the web page and JSON hold all of it." if number + 1 == SLIDES else ""
        note(slide, [cut if len(slides) > SLIDES else "", REASON, "It explains the model, not the customer."])


def _slides(parts: Sequence[Run]) -> Iterator[list[Run]]:
    """The runs in portions that fit a slide each, cut at a space where there is one near the end."""
    text = "".join(run.text for run in parts)
    starts, place, room = [0], 0, BESIDE
    while (place := _fits(text, place, *room)) < len(text):
        starts.append(place)
        room = WHOLE
    for begin, end in zip(starts, [*starts[1:], len(text)], strict=True):
        yield list(_between(parts, begin, end))


def _fits(text: str, start: int, columns: int, lines: int) -> int:
    """Where the portion that begins at `start` ends."""
    line, column = 0, 0
    for place in range(start, len(text)):
        wide = unicodedata.east_asian_width(text[place]) in ("W", "F")
        column += 2 if wide else 1
        if text[place] == "\n" or column > columns:
            line, column = line + 1, 0
        if line >= lines:
            space = max(text.rfind(" ", start, place), text.rfind("\n", start, place + 1))
            return space + 1 if space > start + (place - start) * 0.8 else max(place, start + 1)
    return len(text)


def _between(parts: Sequence[Run], begin: int, end: int) -> Iterator[Run]:
    place = 0
    for run in parts:
        kept = run.text[max(0, begin - place) : max(0, end - place)]
        place += len(run.text)
        if kept:
            yield replace(run, text=kept)


def _text(slide, parts: Sequence[Run], box: Box) -> None:
    frame = text_frame(slide, box)
    slide.shapes[-1].name = TEXT
    lines: list[list[Run]] = [[]]
    for run in parts:
        first, *rest = run.text.split("\n")
        lines[-1].append(replace(run, text=first))
        lines += [[replace(run, text=text)] for text in rest]
    for number, line in enumerate(lines):
        write_runs(frame.add_paragraph() if number else frame.paragraphs[0], line, TEXT_SIZE)


def _bars(slide, attribution: Attribution, name: str) -> None:
    spans = strongest(attribution, BARS)
    left, width = BODY.left + 6.6, BODY.width - 6.6
    title, factor, form = _scale(attribution.unit)
    title = shorten(title, 70) if spans else "No single word matters here."
    say(text_frame(slide, Box(left, BODY.top, width, 0.4)), title, 12, LIGHT.muted)
    if not spans:
        return
    words = [attribution.text[span.start : span.end] for span in spans]
    values = [span.weight * factor for span in spans]
    series = (
        ("for the label", [value if value > 0 else None for value in values]),
        ("against the label", [value if value < 0 else None for value in values]),
    )
    alt = f"The words that mattered for {name}, strongest first: {', '.join(shorten(w, 30) for w in words)}."
    height = min(BODY.height - 0.4, 0.45 + 0.4 * len(spans))
    word_bars(slide, Box(left, BODY.top + 0.4, width, height), words, series, form, alt)


def _scale(unit: str) -> tuple[str, float, str]:
    """What is written above the bars, the factor on the weights, the format of the numbers."""
    if unit.startswith(POINTS):
        return f"Without the word: points of confidence lost{unit[len(POINTS) :]}", 100, SIGNED
    if unit.startswith(FACTOR):
        return "Logarithm of the factor on the confidence (0.69: twice)", 1, "+0.00;\u22120.00"
    return f"Each word: {unit}", 100, SIGNED if unit.startswith(SCORE) else "0.0"
