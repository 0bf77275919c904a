"""Records of a delimited file to the rows of its table, with a reason for each that is none."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from core.domain import RejectedRow
from core.errors import BadFile
from core.ingest.cell_kinds import MARK, blank, without_mark
from core.ingest.raw import CHUNK_ROWS, RawChunk
from core.ingest.records import MOST_CELLS, Block, no_collection
from core.ingest.regular import RegularBlock

NAMES = "holds the column names of this table"
NO_ROWS = "The file has column names but no rows below them. Export it again with its rows."


@dataclass(frozen=True)
class Plan:
    """Where the table lies in its file; lines count from 1."""

    header: tuple[str, ...]  # of the columns that are kept
    kept: tuple[int, ...] | None  # their positions, None: all
    names: tuple[str, ...] | None  # as they stand in the file, None when there are none
    width: int  # cells of a row
    above: int  # what stands on lines before this one is no row at all
    first: int  # rows lie on lines from here on
    last: int | None  # up to here, exclusive
    tables: tuple[int, ...]  # lines on which the tables of the file begin
    pad: bool  # short rows are filled with empty cells


class RowReader:
    """One pass."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def chunks(self, blocks: Iterable[Block | RegularBlock]) -> Iterator[RawChunk]:
        """Raises BadFile when no row fits the column names."""
        kept = 0
        worst: RejectedRow | None = None
        for block in map(self._without_names, blocks):
            if isinstance(block, RegularBlock) and self._all_rows(block):
                kept += len(block)
                yield from self._slices(block)
                continue
            rows, lines, rejected = self._sort(block)
            kept += len(rows)
            worst = worst or (rejected[0] if rejected else None)
            yield from self._cut(rows, lines, rejected)
        if not kept:
            raise BadFile(self._why_no_rows(worst))

    def _without_names(self, block: Block | RegularBlock) -> Block | RegularBlock:
        """The part of a block behind the column names, if nothing before it is a row or kept aside."""
        place = bisect_left(block.lines, self.plan.first)
        if not isinstance(block, RegularBlock) or not 0 < place < len(block):
            return block
        above, rest = block.parted(place)
        rows, _, rejected = self._sort(above)
        return block if rows or rejected or not self._all_rows(rest) else rest

    def _all_rows(self, block: RegularBlock) -> bool:
        """Whether every record of a block is a row of the table."""
        inside = block.lines[0] >= self.plan.first and (
            self.plan.last is None or block.lines[-1] < self.plan.last
        )
        if not inside or block.width != self.plan.width or block.has_blank() or block.columns is None:
            return False
        first = self.plan.names[0] if self.plan.names else ""
        return not (self.plan.names and (block.repeats(first) or block.repeats(MARK + first)))

    def _slices(self, block: RegularBlock) -> Iterator[RawChunk]:
        for start in range(0, len(block), CHUNK_ROWS):
            columns = [column.slice(start, CHUNK_ROWS) for column in block.columns]
            yield self._framed(columns, block.lines[start : start + CHUNK_ROWS], [])

    def _sort(self, block: Block) -> tuple[list[list[str]], Sequence[int], list[RejectedRow]]:
        """Rows of the table, their lines, and all other rows with the reason."""
        records, lines = block.records, block.lines
        rejected = [row for row in block.rejected if row.line >= self.plan.above]
        inside = (
            len(lines)
            and lines[0] >= self.plan.first
            and (self.plan.last is None or lines[-1] < self.plan.last)
        )
        if inside and set(map(len, records)) == {self.plan.width}:
            name = self.plan.names[0] if self.plan.names else ""
            unusual = ("", name, MARK + name)
            odd = [i for i, cells in enumerate(records) if cells[0].strip() in unusual]
            if not any(self._why_not(records[i]) for i in odd):
                return records, lines, rejected
        rows: list[list[str]] = []
        kept: list[int] = []
        for cells, line in zip(records, lines, strict=True):
            if not cells or line < self.plan.above:
                continue
            row, reason = self._row(cells, line)
            if row is None:
                rejected.append(RejectedRow(line, reason, tuple(cells[:MOST_CELLS])))
            else:
                rows.append(row)
                kept.append(line)
        return rows, kept, rejected

    def _row(self, cells: list[str], line: int) -> tuple[list[str] | None, str]:
        if line < self.plan.first or (self.plan.last is not None and line >= self.plan.last):
            return None, self._outside(line)
        if reason := self._why_not(cells):
            return None, reason
        width = len(cells)
        if width == self.plan.width:
            return cells, ""
        if width > self.plan.width:
            surplus = any(cells[self.plan.width :])
            return (None, self._wrong("more")) if surplus else (cells[: self.plan.width], "")
        if self.plan.pad:
            return cells + [""] * (self.plan.width - width), ""
        return None, self._wrong("fewer")

    def _outside(self, line: int) -> str:
        if line == self.plan.first - 1:
            return NAMES
        table = max((start for start in self.plan.tables if start <= line), default=line)
        return f"belongs to another table in the file (that on line {table:,})"

    def _wrong(self, kind: str) -> str:
        names = "column name" if self.plan.width == 1 else "column names"
        return f"has {kind} cells than the {self.plan.width:,} {names}"

    def _why_not(self, cells: list[str]) -> str:
        if blank(cells):
            return "every cell is empty"
        if (
            self.plan.names
            and self.plan.width > 1
            and tuple(cell.strip() for cell in without_mark(cells)) == self.plan.names
        ):
            return "repeats the column names"
        return ""

    def _cut(
        self, rows: list[list[str]], lines: Sequence[int], rejected: list[RejectedRow]
    ) -> Iterator[RawChunk]:
        for start in range(0, len(rows), CHUNK_ROWS):
            part = rows[start : start + CHUNK_ROWS]
            room = CHUNK_ROWS - len(part)
            aside, rejected = rejected[:room], rejected[room:]
            yield self._chunk(part, lines[start : start + CHUNK_ROWS], aside)
        for start in range(0, len(rejected), CHUNK_ROWS):
            yield self._chunk([], [], rejected[start : start + CHUNK_ROWS])

    def _chunk(self, rows: list, lines: Sequence[int], rejected: list[RejectedRow]) -> RawChunk:
        with no_collection():
            columns = list(zip(*rows, strict=True)) if rows else [()] * self.plan.width
            return self._framed([pa.array(cells, pa.large_string()) for cells in columns], lines, rejected)

    def _framed(self, columns: list, lines: Sequence[int], rejected: list[RejectedRow]) -> RawChunk:
        kept = range(len(columns)) if self.plan.kept is None else self.plan.kept
        frame = pd.DataFrame({place: pd.array(columns[place], dtype="str") for place in kept})
        frame.columns = pd.Index(self.plan.header, dtype="str")
        return RawChunk(frame, np.array(lines, dtype=np.int64), tuple(rejected))

    def _why_no_rows(self, first: RejectedRow | None) -> str:
        if first is None:
            return NO_ROWS
        return (
            f"No row could be read; the first, on line {first.line:,}, {first.reason}. The line of column "
            f"names gives {self.plan.width:,} columns; check it and the delimiter."
        )
