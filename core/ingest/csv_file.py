"""Bytes of a CSV file to a table of text cells that are exactly those of the file."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
import pandas as pd

from core.domain import Rejection
from core.errors import BadFile, TooLarge
from core.ingest.dialect import Dialect, find_dialect
from core.ingest.encoding import decode
from core.ingest.file_type import refuse_markup, refuse_other_formats
from core.ingest.rejections import Rejections

CHUNK = 20_000  # rows held as Python objects at a time
LONGEST_LINE = 4_000_000  # characters; bounds the memory of one record


@dataclass(frozen=True)
class Limits:
    max_bytes: int = 100 * 1024 * 1024
    max_rows: int = 1_000_000
    max_cell_chars: int = 1_000_000
    max_columns: int = 500


@dataclass(frozen=True, eq=False)
class RawTable:
    """A file as it was written; `rows_in` = rows of `frame` + rows of `rejections`."""

    header: tuple[str, ...]  # unique, as shown to the person
    frame: pd.DataFrame  # str columns named by the header, never missing; index 0..n-1
    lines: np.ndarray  # line in the file on which each row of `frame` begins
    encoding: str
    delimiter: str  # "" when the file has one column only
    rows_in: int  # wholly blank lines are not rows
    rejections: tuple[Rejection, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass
class _Reading:
    """What a pass over the records gathers."""

    width: int
    frames: list[pd.DataFrame] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    rejections: Rejections = field(default_factory=Rejections)


def read_csv(data: bytes, limits: Limits) -> RawTable:
    """Read a whole file.

    Raises NotText, TooLarge or BadFile, each with the cause and the next step.
    """
    _check_bytes(data, limits)
    decoded = decode(data)
    text = decoded.text
    if not text.strip(' \t\r\n\f\v,;|"'):
        raise BadFile("The file holds only blank cells. Choose a CSV file with column names and rows.")
    refuse_markup(text)
    dialect = find_dialect(text)
    records = _records(text, dialect, limits)
    header, renamed = _header(next(records)[1], limits)
    reading = _read_rows(records, header, limits)
    if not reading.lines:
        raise BadFile(_why_no_rows(reading, len(header)))
    frame = pd.concat(reading.frames, ignore_index=True)
    frame.columns = pd.Index(header, dtype="str")
    return RawTable(
        header=header,
        frame=frame,
        lines=np.array(reading.lines, dtype=np.int64),
        encoding=decoded.encoding,
        delimiter=dialect.delimiter,
        rows_in=len(frame) + reading.rejections.rows,
        rejections=reading.rejections.all(),
        warnings=(*decoded.warnings, *dialect.warnings, *renamed),
    )


def _check_bytes(data: bytes, limits: Limits) -> None:
    if not data:
        raise BadFile("The file is empty. Choose a CSV file with column names and rows.")
    if len(data) > limits.max_bytes:
        raise TooLarge(
            f"The file has {len(data) / 1e6:,.0f} MB; at most {limits.max_bytes / 1e6:,.0f} MB can be read. "
            "Split it into several files and upload one after the other."
        )
    refuse_other_formats(data)


def _pieces(text: str, longest: int) -> Iterator[str]:
    """The text in pieces that end with a line; a StringIO of the whole would take 4 bytes a character.

    Raises TooLarge for a line no table has, before it is parsed.
    """
    start = 0
    while len(text) - start > longest:
        end = max(text.rfind("\n", start, start + longest), text.rfind("\r", start, start + longest))
        if end < start:
            line = 1 + text.count("\n", 0, start)
            raise TooLarge(
                f"Line {line:,} is longer than {longest:,} characters, so this is hardly a table. "
                "Check how the file was exported."
            )
        end += 2 if text[end : end + 2] == "\r\n" else 1
        yield text[start:end]
        start = end
    yield text[start:]


def _records(text: str, dialect: Dialect, limits: Limits) -> Iterator[tuple[int, list[str] | None]]:
    """(line on which it begins, cells) for each record from the header on.

    None stands for a record whose quotation marks are wrong. Raises BadFile when a quotation mark is
    never closed.
    """
    pieces = _pieces(text, max(LONGEST_LINE, 2 * limits.max_cell_chars))
    lines = chain.from_iterable(io.StringIO(piece, newline="") for piece in pieces)
    reader = csv.reader(lines, delimiter=dialect.separator, strict=True)
    skipped = 0
    line = 1
    while True:
        try:
            for cells in reader:
                if skipped < dialect.skip:
                    skipped += 1
                elif cells:  # [] is a blank line
                    yield line, cells
                line = reader.line_num + 1
            return
        except csv.Error as error:
            if "unexpected end" in str(error):
                raise BadFile(
                    f"A quotation mark opened on line {line:,} is never closed, so the rest of the file "
                    "would become one cell. Close or double that mark and upload the file again."
                ) from error
            yield line, None
            line = reader.line_num + 1


def _header(cells: list[str] | None, limits: Limits) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Unique column names, and what was renamed."""
    if cells is None:
        raise BadFile("The quotation marks in the line of column names do not match. Correct that line.")
    if len(cells) > limits.max_columns:
        raise TooLarge(
            f"The file has {len(cells):,} columns; at most {limits.max_columns:,} can be read. "
            "Keep the columns you need (text, label, date ...) and upload the file again."
        )
    names: list[str] = []
    renamed: list[str] = []
    own = [" ".join(cell.split()) for cell in cells]
    taken = {name for name in own if name}
    seen: set[str] = set()
    for position, name in enumerate(own, start=1):
        new = name
        if not name or name in seen:
            new = _free_name(name or f"Column {position}", taken if name else taken | seen)
            renamed.append(new)
        seen.add(new)
        taken.add(new)
        names.append(new)
    shown = ", ".join(repr(name) for name in renamed[:5]) + (" ..." if len(renamed) > 5 else "")
    return tuple(names), ((f"Empty or repeated column names were renamed: {shown}.",) if renamed else ())


def _free_name(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    number = 2
    while f"{name} ({number})" in taken:
        number += 1
    return f"{name} ({number})"


def _read_rows(
    records: Iterator[tuple[int, list[str] | None]], header: tuple[str, ...], limits: Limits
) -> _Reading:
    width = len(header)
    reading = _Reading(width)
    rows: list[list[str]] = []
    second_table = ""
    unusual = ("", header[0])
    for line, cells in records:
        if len(rows) == CHUNK:
            _keep(rows, reading, limits)
            rows = []
        if len(reading.lines) + reading.rejections.rows >= limits.max_rows:
            raise TooLarge(
                f"The file has more than {limits.max_rows:,} rows. Split it and upload the parts one by one."
            )
        if cells is None:
            reading.rejections.add("a quotation mark inside a quoted cell is not doubled", line)
        elif second_table:
            reading.rejections.add(second_table, line)
        elif len(cells) == width and cells[0].strip() not in unusual:  # the usual case first
            rows.append(cells)
            reading.lines.append(line)
        elif reason := _why_not(cells, header):
            reading.rejections.add(reason, line)
            second_table = reason if reason.startswith("belongs") else ""
        else:
            rows.append(cells)
            reading.lines.append(line)
    _keep(rows, reading, limits)
    return reading


def _why_not(cells: list[str], header: tuple[str, ...]) -> str:
    """Why a record is no row of the table, "" when it is one."""
    width = len(header)
    if not any(cell.strip() for cell in cells):
        return "every cell is empty"
    names = tuple(cell.strip() for cell in cells)
    if names == header and width > 1:
        return "repeats the column names"
    if len(cells) == width:
        return ""
    if len(names) > 1 and (names == header[: len(names)] or names[:width] == header):
        return "belongs to a second table in the file, whose columns differ"
    kind = "more" if len(cells) > width else "fewer"
    return f"has {kind} cells than the {width} column names"


def _keep(rows: list[list[str]], reading: _Reading, limits: Limits) -> None:
    """Turn gathered rows into a frame of str columns, once no cell is over the limit."""
    if not rows:
        return
    columns = list(zip(*rows, strict=True))
    first = len(reading.lines) - len(rows)
    for column in columns:
        lengths = list(map(len, column))
        if max(lengths) > limits.max_cell_chars:
            line = reading.lines[first + lengths.index(max(lengths))]
            raise TooLarge(
                f"A cell in the row on line {line:,} has {max(lengths):,} characters; at most "
                f"{limits.max_cell_chars:,} can be read. Shorten it, or look for a missing quotation mark."
            )
    arrays = {position: pd.array(list(column), dtype="str") for position, column in enumerate(columns)}
    reading.frames.append(pd.DataFrame(arrays))


def _why_no_rows(reading: _Reading, width: int) -> str:
    rejected = reading.rejections.all()
    if not rejected:
        return "The file has column names but no rows below them. Export it again with its rows."
    worst = max(rejected, key=lambda rejection: rejection.rows)
    return (
        f"No row could be read: {worst.rows:,} of them (the first on line {worst.examples[0]:,}): "
        f"{worst.reason}. The line of column names gives {width:,} columns; check it and the delimiter."
    )
