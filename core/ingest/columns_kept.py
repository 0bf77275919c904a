"""Which columns of a very wide file are kept."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass

from core.domain import Answer, Question
from core.errors import BadFile, TooLarge
from core.ingest.preview import preview
from core.ingest.raw import Limits

FIRST = "first:"


@dataclass(frozen=True)
class Kept:
    positions: tuple[int, ...] | None = None  # None: all
    warnings: tuple[str, ...] = ()
    question: Question | None = None


def columns_kept(
    header: Sequence[str], rows: Sequence[Sequence[str]], limits: Limits, answer: str | None
) -> Kept:
    """All up to limits.max_columns; beyond, those of the answer: their names as a line of CSV, or
    "first:500". Raises BadFile, TooLarge."""
    most = limits.max_columns
    if answer is None and len(header) <= most:
        return Kept()
    if answer is not None:
        positions = _given(header, answer)
        if len(positions) > most:
            raise TooLarge(
                f"{len(positions):,} columns were chosen; at most {most:,} can be read. Choose fewer."
            )
        return Kept(positions, (_left_out(len(header) - len(positions)),))
    question = Question(
        "columns",
        f"The file has {len(header):,} columns; at most {most:,} are kept. Which ones? "
        "Type their names with commas between them.",
        (Answer(f"{FIRST}{most}", f"The first {most:,} columns", preview(header, rows)),),
        free=True,
    )
    return Kept(tuple(range(most)), (_left_out(len(header) - most),), question)


def _given(header: Sequence[str], answer: str) -> tuple[int, ...]:
    if answer.startswith(FIRST) and answer not in header:
        number = answer.removeprefix(FIRST)
        if not number.isdecimal() or not 1 <= int(number) <= 1_000_000:
            raise BadFile(f"'{answer[:40]}' does not say which columns to keep. Type their names.")
        return tuple(range(min(int(number), len(header))))
    try:
        names = [name.strip() for name in next(csv.reader([answer], skipinitialspace=True, strict=True), [])]
    except csv.Error as error:
        raise BadFile("The quotation marks in the names of the columns to keep do not match.") from error
    places = {name: position for position, name in enumerate(header)}
    unknown = [name for name in names if name not in places]
    if unknown or not names:
        raise BadFile(f"The file has no column '{(unknown or [''])[0][:60]}'. Type names of its columns.")
    return tuple(sorted({places[name] for name in names}))


def _left_out(count: int) -> str:
    return f"Columns that were left out: {count:,}."
