"""Lines of text to records of cells, as the csv module reads them, and back on track after a bad one."""

import csv
import gc
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from core.domain import RejectedRow
from core.ingest.regular import RegularBlock, regular_block
from core.ingest.source import longer

CSV, PLAIN, BACKSLASH = "csv", "plain", "backslash"  # what quotation marks mean
ONE_COLUMN = "\U0010ffff"  # told to the csv module where no character separates cells
_MARK = "\U0010fffe"  # stands for a delimiter of several characters meanwhile
MOST_CELLS = 5_000  # of a rejected row that are kept aside
RECOVERY = 100  # lines that are searched for the end of a broken record

STRAY = "a quotation mark inside a quoted cell is not doubled"
UNCLOSED = "a quotation mark is opened and never closed"

# The csv module refuses cells over 131,072 characters by default; our own limit comes later.
csv.field_size_limit(2**31 - 1)


@dataclass(frozen=True)
class Dialect:
    delimiter: str  # "" when the file has one column only; may be several characters
    quotes: str = CSV

    @property
    def separator(self) -> str:
        """What the csv module is told."""
        return _MARK if len(self.delimiter) > 1 else self.delimiter or ONE_COLUMN

    def reader(self, lines: Iterable[str]):  # noqa: ANN201 - the csv module has no public type
        quoting = csv.QUOTE_NONE if self.quotes == PLAIN else csv.QUOTE_MINIMAL
        return csv.reader(lines, delimiter=self.separator, quoting=quoting, strict=True)

    def prepare(self, text: str) -> str:
        """The text as the csv module can read it."""
        if self.quotes == BACKSLASH and "\\" in text:
            text = _ESCAPED.sub(lambda found: '""' if found[1] == '"' else "\\", text)
        return text.replace(self.delimiter, _MARK) if len(self.delimiter) > 1 else text

    def restore(self, cells: list[str]) -> list[str]:
        """Cells of a record as they stand in the file."""
        if len(self.delimiter) > 1:
            return [cell.replace(_MARK, self.delimiter) for cell in cells]
        return cells if self.delimiter or len(cells) < 2 else [ONE_COLUMN.join(cells)]

    def split(self, text: str) -> tuple[str, ...]:
        """The cells of a broken record, as well as they can be told."""
        line = text.rstrip("\r\n")
        cells = line.split(self.separator, MOST_CELLS) if self.delimiter else [line]
        return tuple(cell.replace(_MARK, self.delimiter) for cell in cells)


_ESCAPED = re.compile(r'\\(["\\])')


@dataclass
class Block:
    """Records of a part of the file; [] stands for a blank line."""

    records: list[list[str]] = field(default_factory=list)
    lines: list[int] | range = field(default_factory=list)  # on which each record begins
    rejected: list[RejectedRow] = field(default_factory=list)
    unclosed: list[int] = field(default_factory=list)  # lines that open a quotation mark for good
    longest: int = 0  # characters: no cell has more


def record_blocks(
    texts: Iterable[str] | Iterable[bytes], dialect: Dialect, longest: int, width: int | None = None
) -> Iterator[Block | RegularBlock]:
    """`texts`: also valid UTF-8, for a dialect whose `prepare` changes nothing; `longest`: characters of a
    record, `width`: cells of a good one, where it is known."""
    line = 1
    texts = iter(texts)
    following = next(texts, None)
    rest = b"" if isinstance(following, bytes) else ""
    while following is not None:
        text = rest + (following if isinstance(following, bytes) else dialect.prepare(following))
        following = next(texts, None)
        too_long = longer(rest, longest)
        final = following is None or too_long
        easy = dialect.quotes == CSV and not too_long
        found = regular_block(text, line, dialect.delimiter, final) if easy else None
        if found is not None:
            block, left = found
            line += block.data.count(b"\n")
            rest = text[len(text) - left :]
        else:
            with no_collection():
                lines = split_lines(text if isinstance(text, str) else text.decode())
                block, used = parse(lines, line, dialect, final, width)
            line += used
            left = "".join(lines[used:])
            rest = left if isinstance(text, str) else left.encode()
        yield block


@contextmanager
def no_collection() -> Iterator[None]:
    """Rows hold no cycles, and looking for some among a hundred thousand new lists doubles the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def split_lines(text: str) -> list[str]:
    """Lines with their ends; only CR, LF and CR LF end one."""
    return io.StringIO(text, newline="").readlines()


def parse(
    lines: list[str], first_line: int, dialect: Dialect, final: bool, width: int | None
) -> tuple[Block, int]:
    """The records in `lines` and how many lines they take; the last record may go on behind them
    unless `final`."""
    if dialect.quotes == PLAIN or not any('"' in line for line in lines):
        longest = max(map(len, lines), default=0)
        if sum(map(len, lines)) < 3 * len(lines):  # most may be blank
            return _sparse(lines, first_line, dialect), len(lines)
        records = [dialect.restore(cells) for cells in dialect.reader(lines)]
        return Block(records, range(first_line, first_line + len(lines)), longest=longest), len(lines)
    return _Parsing(lines, first_line, dialect, final, width).run()


def _sparse(lines: list[str], first_line: int, dialect: Dialect) -> Block:
    """One [] for each run of blank lines; without quotation marks."""
    block = Block(lines=[], longest=3)
    filled = [i for i, line in enumerate(lines) if line not in ("\n", "\r\n", "\r")]
    before = -1
    for i, cells in zip(filled, dialect.reader(lines[i] for i in filled), strict=True):
        if i > before + 1:
            block.records.append([])
            block.lines.append(first_line + before + 1)
        block.records.append(dialect.restore(cells))
        block.lines.append(first_line + i)
        block.longest = max(block.longest, len(lines[i]))
        before = i
    if before + 1 < len(lines):
        block.records.append([])
        block.lines.append(first_line + before + 1)
    return block


class _Parsing:
    """Quoted records; `start` and `end` count lines of the block from 0."""

    def __init__(
        self, lines: list[str], first_line: int, dialect: Dialect, final: bool, width: int | None
    ) -> None:
        self.lines, self.first_line, self.dialect = lines, first_line, dialect
        self.final, self.width = final, width
        self.block = Block(longest=max(map(len, lines)))
        self.wary = False  # a broken record went before: its tail may look like a record

    def run(self) -> tuple[Block, int]:
        start = 0
        while start < len(self.lines):
            start, stopped = self._read(start)
            if stopped:
                return self.block, start
        return self.block, len(self.lines)

    def _read(self, base: int) -> tuple[int, bool]:
        """Read from line `base` on; (where to go on, whether a record is cut by the end of the lines)."""
        left = iter(self.lines)
        left.__setstate__(base)
        reader = self.dialect.reader(left)
        start = base
        records, lines = self.block.records, self.block.lines
        restore = len(self.dialect.delimiter) != 1
        try:
            for cells in reader:
                end = base + reader.line_num
                if self.wary or (end - start > 1 and self.width and len(cells) != self.width):
                    resume = self._doubtful(start, end, cells)
                    if resume:
                        return resume, False
                records.append(self.dialect.restore(cells) if restore else cells)
                lines.append(self.first_line + start)
                if end - start > 1:
                    size = sum(map(len, self.lines[start:end]))
                    self.block.longest = max(self.block.longest, size)
                start = end
            return start, False
        except csv.Error as error:
            if "unexpected end" not in str(error):
                return self._broken(start, base + reader.line_num), False
            if not self.final:
                return start, True
            self.block.unclosed.append(self.first_line + start)
            self._reject(start, start + 1, UNCLOSED)
            return start + 1, False

    def _doubtful(self, start: int, end: int, cells: list[str]) -> int:
        """Where to go on instead when a record is no record after all, else 0."""
        if self.wary:
            tail = end - start == 1 and any(cell.endswith('"') for cell in cells)
            if self._quotes(start, end) % 2 and (tail or len(cells) != self.width):
                self._reject(start, end, STRAY)
                return end
            self.wary = False
        if end - start > 1 and self.width and len(cells) != self.width and self._fit(start + 1, end):
            self._reject(start, start + 1, STRAY)
            return start + 1
        return 0

    def _broken(self, start: int, end: int) -> int:
        """Reject a record with wrong quotation marks, but not the good rows it seems to have swallowed."""
        if end - start > 1 and self._fit(start + 1, end):
            end = start + 1
        elif self._quotes(start, end) % 2 and end < len(self.lines) and not self._fit(end, end + 1):
            tail = range(end, min(end + RECOVERY, len(self.lines)))
            end = next((i + 1 for i in tail if self.lines[i].count('"') % 2), end)
        self._reject(start, end, STRAY)
        return end

    def _fit(self, start: int, end: int) -> bool:
        """Whether each of these lines is a good record by itself."""
        for line in self.lines[start:end]:
            try:
                cells = next(self.dialect.reader([line]), [])
            except csv.Error:
                return False
            if cells and self.width and len(cells) != self.width:
                return False
        return True

    def _quotes(self, start: int, end: int) -> int:
        return sum(line.count('"') for line in self.lines[start:end])

    def _reject(self, start: int, end: int, reason: str) -> None:
        cells = self.dialect.split("".join(self.lines[start:end]))
        self.block.rejected.append(RejectedRow(self.first_line + start, reason, cells))
        self.wary = True
