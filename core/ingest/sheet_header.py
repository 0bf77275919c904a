"""Which row of a sheet holds the column names, and where the table begins and ends."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.domain import Answer, Question
from core.errors import BadFile, TooLarge
from core.ingest.columns_kept import columns_kept
from core.ingest.preview import preview
from core.ingest.raw import Limits
from core.ingest.titles import unique_names

Row = tuple[int, list[str]]
NONE = "none"
_VALUE = re.compile(r"[-+]?\d[\d.,:/ T-]*%?|TRUE|FALSE")


@dataclass(frozen=True)
class Heading:
    """Where a table lies in its sheet; columns are counted from 0."""

    line: int  # row of the names, 0 without any
    start: int
    end: int  # behind the last column
    cells: list[str]  # of the row of names, from start to end
    names: tuple[str, ...]  # unique, one a column that is kept
    keeps: tuple[int, ...] | None = None  # columns that are kept, None: all
    answers: Mapping[str, str] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()
    warnings: tuple[str, ...] = ()

    def kept(self, row: list[str]) -> list[str]:
        return row if self.keeps is None else [row[column] for column in self.keeps]


def find_heading(head: Sequence[Row], limits: Limits, answers: Mapping[str, str]) -> Heading:
    """From the first rows of a sheet. Raises BadFile or TooLarge."""
    lines, ask = _candidates(head)
    given = answers.get("header")
    line = lines[0] if given is None else _given(given, head)
    below = [cells for number, cells in head if number >= line]
    start = min(_first(cells) for cells in below)
    named = next((cells for number, cells in head if number == line), [])
    end = len(named) if line else max(map(len, below))
    if end - start > limits.refuse_columns:
        raise TooLarge(
            f"The sheet has {end - start:,} columns; at most {limits.refuse_columns:,} can be read. "
            "Keep the columns you need (text, label, date ...) and upload the file again."
        )
    cells = named[start:] if line else [""] * (end - start)
    names, renamed = unique_names(cells)
    questions: tuple[Question, ...] = ()
    if ask and given is None:
        questions = (
            Question(
                "header",
                "Which row holds the column names?",
                tuple(_answer(head, candidate) for candidate in lines),
            ),
        )
    rows = [row[start:] for number, row in head if number > line]
    kept = columns_kept(names, rows, limits, answers.get("columns"))
    return Heading(
        line=line,
        start=start,
        end=end,
        cells=cells,
        names=names if kept.positions is None else tuple(names[column] for column in kept.positions),
        keeps=kept.positions,
        answers={**answers, "header": str(line) if line else NONE},
        questions=questions + ((kept.question,) if kept.question else ()),
        warnings=_skipped(head, line) + (renamed if line else ()) + kept.warnings,
    )


def _candidates(head: Sequence[Row]) -> tuple[list[int], bool]:
    """Rows that may hold the names, the likeliest first (0: none does), and whether to ask."""
    filled = [(line, cells) for line, cells in head if sum(map(bool, cells)) > 1]
    if not filled:  # a single column
        filled = list(head)
    line, cells = filled[0]
    widths = Counter(len(row) for _, row in filled[1:])
    usual = max(widths, key=lambda width: (widths[width], width)) if widths else len(cells)
    if len(cells) < usual:  # lines such as "Exported on | 2024-01-31" stand above the names
        for number, row in filled[1:20]:
            if len(row) >= usual and all(row[_first(row) :]) and not any(map(is_value, row)):
                return [number, line], True
    if len(filled) > 1 and _looks_like_rows(cells, filled[1][1]):
        return [line, 0], True
    return [line], False


def _looks_like_rows(cells: list[str], below: list[str]) -> bool:
    """A number, date or truth value stands where the names should be, with one of its kind below."""
    return any(is_value(cell) and is_value(under) for cell, under in zip(cells, below, strict=False))


def is_value(cell: str) -> bool:
    return bool(_VALUE.fullmatch(cell.strip()))


def _given(answer: str, head: Sequence[Row]) -> int:
    if answer == NONE:
        return 0
    if answer.isdecimal() and any(line == int(answer) for line, _ in head):
        return int(answer)
    raise BadFile(
        f"Row {answer[:20]} of the sheet cannot hold the column names. Choose one of the first rows."
    )


def _first(cells: list[str]) -> int:
    return next(column for column, cell in enumerate(cells) if cell)


def _skipped(head: Sequence[Row], line: int) -> tuple[str, ...]:
    skipped = [number for number, _ in head if number < line]
    if not skipped:
        return ()
    shown = ", ".join(map(str, skipped[:5])) + (" ..." if len(skipped) > 5 else "")
    return (f"Rows above the column names were skipped: {shown}.",)


def _answer(head: Sequence[Row], line: int) -> Answer:
    below = [cells for number, cells in head if number >= line]
    if line:
        return Answer(str(line), f"Row {line} holds the names", preview(below[0], below[1:]))
    names = [f"Column {place}" for place in range(1, max(map(len, below)) + 1)]
    return Answer(NONE, "There are no names; every row is a comment", preview(names, below))
