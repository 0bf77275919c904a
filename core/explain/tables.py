"""Attributions as tables: one line a word, with its place in the text."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from core.domain import Attribution, Span
from core.explain.words import amount, shades

COLUMNS = (
    "comment",  # id of the stored row, "" for a pasted one
    "label",
    "against",
    "probability",
    "method",
    "unit",
    "completeness",
    "run",
    "model_sha256",
    "start",
    "end",
    "word",
    "weight",
    "mark",
    "text",  # in the first line of each comment
)


@dataclass(frozen=True)
class Explained:
    """An attribution and the stored row it explains; None: a text that is not stored."""

    attribution: Attribution
    feedback_id: int | None = None


@dataclass(frozen=True)
class Source:
    """The model behind a table."""

    run_id: int
    model_sha256: str  # of the manifest of its files


def strongest(attribution: Attribution, limit: int) -> tuple[Span, ...]:
    """The words that get a colour, the heaviest first."""
    coloured = [
        span
        for span, shade in zip(attribution.spans, shades(attribution), strict=True)
        if shade and not span.mark
    ]
    return tuple(sorted(coloured, key=lambda span: -abs(span.weight))[:limit])


def in_words(attribution: Attribution, limit: int) -> str:
    """The words that get a colour in one line, for example "late (+31.0), not (−4.2)"."""
    return ", ".join(
        f"{attribution.text[span.start : span.end]} ({amount(span.weight, attribution.unit)})"
        for span in strongest(attribution, limit)
    )


def csv_bytes(rows: Sequence[Explained], source: Source, cell: Callable[[object], object]) -> bytes:
    """UTF-8 with mark, every field quoted; `cell` makes a value safe for a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerows([cell(value) for value in line] for line in _lines(row, source))
    return text.getvalue().encode("utf-8-sig")


def _lines(row: Explained, source: Source) -> Iterator[tuple[object, ...]]:
    found = row.attribution
    about = (row.feedback_id, found.label, found.against, found.probability, found.method, found.unit)
    about += (found.completeness, source.run_id, source.model_sha256)
    for number, span in enumerate(found.spans):
        word = found.text[span.start : span.end]
        place = (span.start, span.end, word, span.weight, span.mark)
        yield (*about, *place, "" if number else found.text)


def json_bytes(rows: Sequence[Explained], source: Source) -> bytes:
    """Exact: every character as it is in the text, whatever a spreadsheet would make of it."""
    whole = {
        "run": source.run_id,
        "model_sha256": source.model_sha256,
        "offsets": "code points of the text",
        "comments": [_object(row) for row in rows],
    }
    return json.dumps(whole, indent=1, allow_nan=False).encode("ascii")


def _object(row: Explained) -> dict[str, object]:
    found = row.attribution
    names = ("text", "label", "against", "method", "unit", "completeness", "probability")
    spans = [
        {
            "start": span.start,
            "end": span.end,
            "weight": span.weight,
            "mark": span.mark,
            "word": found.text[span.start : span.end],
        }
        for span in found.spans
    ]
    return {"comment": row.feedback_id} | {name: getattr(found, name) for name in names} | {"spans": spans}
