"""What a pass over all records of a file tells: how many there are, how wide, where other tables begin."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain

from core.domain import Answer, Question, RejectedRow
from core.errors import BadFile, TooLarge
from core.ingest.cell_kinds import blank, is_header, kind, without_mark
from core.ingest.preview import ROWS, preview
from core.ingest.raw import Limits
from core.ingest.records import Block
from core.ingest.regular import RegularBlock

MOST_TABLES = 20
MOST_LINES = 10_000_000  # blank ones cost time as well
TABLE_SHARE = 0.8  # of the records below its names are as wide as they, else it is no table
PAD, REJECT = "pad", "reject"


@dataclass
class Table:
    """A table of the file; the first one may have no names."""

    line: int  # of its names, or of its first row
    names: list[str]
    widths: Counter = field(default_factory=Counter)  # cells -> rows below the names
    rows: list[list[str]] = field(default_factory=list)  # the first ones, for a preview
    surplus: int = 0  # rows with empty cells beyond the names
    spare: int = 0  # columns at the end without name and without any cell

    @property
    def width(self) -> int:
        return len(self.names)

    def add(self, other: "Table") -> None:
        """Take up rows that turned out to be no table of their own, the line of names included."""
        self.widths.update(other.widths)
        self.widths[other.width] += 1
        self.surplus += other.surplus


@dataclass
class Structure:
    tables: list[Table]
    rows: int = 0  # all that are no blank line, names of the first table and lines above it excluded
    broken: int = 0  # rows with wrong quotation marks
    unclosed: list[RejectedRow] = field(default_factory=list)
    escaped: bool = False  # broken rows hold \\"


def survey(
    blocks: Iterable[Block | RegularBlock], line: int, names: Sequence[str], named: bool, limits: Limits
) -> Structure:
    """`names` on `line` begin the first table; raises TooLarge."""
    first = Table(line, list(names), spare=_blank_end(names) if named else 0)
    found = Structure([first])
    looking = _Looking(found, line + 1 if named else line)
    for block in blocks:
        looking.add(block)
        if found.rows > limits.max_rows:
            raise TooLarge(
                f"The file has more than {limits.max_rows:,} rows. Split it and upload the parts one by one."
            )
        if len(block.lines) and block.lines[-1] > max(MOST_LINES, 10 * limits.max_rows):
            raise TooLarge(
                f"The file has more than {block.lines[-1]:,} lines, most of them blank. "
                "Remove the blank lines and upload it again."
            )
        if block.longest > limits.max_cell_chars:
            check_cells(block, limits)
    _settle(found)
    return found


def _blank_end(names: Sequence[str]) -> int:
    count = 0
    for name in reversed(names[1:]):
        if name.strip():
            break
        count += 1
    return count


def check_cells(block: Block, limits: Limits) -> None:
    """Raises TooLarge for a cell over the limit."""
    for cells, line in zip(block.records, block.lines, strict=True):
        longest = max(map(len, cells), default=0)
        if longest > limits.max_cell_chars:
            raise TooLarge(
                f"A cell in the row on line {line:,} has {longest:,} characters; at most "
                f"{limits.max_cell_chars:,} can be read. Shorten it, or look for a missing quotation mark."
            )


class _Looking:
    """Adds blocks to a structure."""

    def __init__(self, found: Structure, first_line: int) -> None:
        self.found = found
        self.first_line = first_line
        self.parted = False  # a blank line or a title went before

    def add(self, block: Block | RegularBlock) -> None:
        place = bisect_left(block.lines, self.first_line) + ROWS
        if isinstance(block, RegularBlock) and not self._plain and place < len(block):
            head, block = block.parted(place)
            self._add(head)
            if self._plain and block.holds_any({name.strip() for name in self.found.tables[-1].names}):
                self._add_each(block.records, block.lines)  # one of them may begin another table
                return
        self._add(block)

    def _add(self, block: Block | RegularBlock) -> None:
        found = self.found
        if isinstance(block, RegularBlock) and self._all_rows(block):
            found.tables[-1].widths[block.width] += len(block)
            found.rows += len(block)
            return
        rejected = [row for row in block.rejected if row.line >= self.first_line]
        found.rows += len(rejected)
        found.broken += len(rejected)
        found.escaped = found.escaped or any('\\"' in cell for row in rejected for cell in row.cells)
        lines = set(block.unclosed)
        found.unclosed += [row for row in rejected if row.line in lines][: max(0, 5 - len(found.unclosed))]
        records, starts = block.records, block.lines
        if len(starts) and starts[0] < self.first_line:
            after = next((i for i, line in enumerate(starts) if line >= self.first_line), len(starts))
            records, starts = records[after:], starts[after:]
        table = found.tables[-1]
        if self._plain and set(map(len, records)) == {table.width} and not _has_blank(records):
            table.widths[table.width] += len(records)
            found.rows += len(records)
        else:
            self._add_each(records, starts)

    def _add_each(self, records: Sequence[list[str]], lines: Sequence[int]) -> None:
        for cells, line in zip(records, lines, strict=True):
            self._record(cells, line)

    @property
    def _plain(self) -> bool:
        """Whether the next row needs no look, if it is wide enough and not blank."""
        table = self.found.tables[-1]
        return not self.parted and len(table.rows) == ROWS and not table.spare

    def _all_rows(self, block: RegularBlock) -> bool:
        fits = self._plain and block.width == self.found.tables[-1].width
        return fits and block.lines[0] >= self.first_line and not block.has_blank()

    def _record(self, cells: list[str], line: int) -> None:
        table = self.found.tables[-1]
        self.found.rows += bool(cells)
        if blank(cells):
            self.parted = self.parted or sum(table.widths.values()) > 0
            return
        if len(self.found.tables) < MOST_TABLES and self._begins_table(cells, table):
            self.found.tables.append(Table(line, cells, spare=_blank_end(cells)))
            self.parted = False
            return
        if self.parted and sum(map(bool, cells)) > 1:
            self.parted = False  # else it is a title
        width = len(cells)
        if width > table.width and not any(cells[table.width :]):
            table.surplus += 1
            width = table.width
        while table.spare and any(cells[table.width - table.spare :]):
            table.spare -= 1
        table.widths[width] += 1
        if len(table.rows) < ROWS:
            table.rows.append(cells)

    def _begins_table(self, cells: list[str], table: Table) -> bool:
        names = [cell.strip() for cell in without_mark(cells)]
        while names and not names[-1]:
            names.pop()
        own = {name.strip() for name in table.names}
        shared = len(own.intersection(names)) >= len(names) / 2
        if len(names) < 2 or not (shared or self.parted) or set(names) == own:
            return False
        if not is_header(names, len(names)) or any(kind(name) == "prose" for name in names):
            return False
        return shared or len(cells) != table.width or _differ(names, table)


def _differ(names: list[str], table: Table) -> bool:
    """Whether words stand where all rows so far have values."""
    values = ("number", "date", "address")
    return any(
        len(table.rows) > 1
        and kind(name) == "word"
        and all(len(row) > place and kind(row[place]) in values for row in table.rows)
        for place, name in enumerate(names)
    )


def _has_blank(records: list[list[str]]) -> bool:
    return any(not cells[0] and blank(cells) for cells in records)


def _settle(found: Structure) -> None:
    """Keep as tables what has rows of its own width below its names."""
    kept = found.tables[:1]
    own = {name.strip() for name in kept[0].names}
    for table in found.tables[1:]:
        rows = sum(table.widths.values())
        same = own.issuperset(name.strip() for name in table.names)  # no row is made of names only
        if rows and (same or table.widths[table.width] >= TABLE_SHARE * rows):
            kept.append(table)
        else:
            kept[-1].add(table)
    found.tables = kept


def table_question(tables: Sequence[Table]) -> Question:
    answers = tuple(
        Answer(
            str(number),
            f"Table {number}, from line {table.line:,} on ({sum(table.widths.values()):,} rows)",
            preview(table.names, table.rows),
        )
        for number, table in enumerate(tables, start=1)
    )
    return Question("table", "The file holds more than one table. Which one is the feedback?", answers)


def chosen_table(tables: Sequence[Table], answer: str | None) -> int:
    """Index of the table; raises BadFile."""
    if answer is None:
        return 0
    if not answer.isdecimal() or not 1 <= int(answer) <= len(tables):
        raise BadFile(f"The file has {len(tables)} tables. Choose one by its number, such as 1.")
    return int(answer) - 1


def short_rows(table: Table, width: int, answer: str | None) -> tuple[str, Question | None, tuple[str, ...]]:
    """(pad or reject, a question when neither is clear, warnings)."""
    if answer is not None:
        if answer not in (PAD, REJECT):
            raise BadFile(f"'{answer[:20]}' is no way to treat short rows. Choose pad or reject.")
        return answer, None, ()
    short = Counter({cells: rows for cells, rows in table.widths.items() if 0 < cells < width and rows})
    rows = sum(table.widths.values())
    if not short or width < 2:
        return REJECT, None, ()
    cells, most = short.most_common(1)[0]
    if most > rows / 2 and (cells > 1 or width == 2):
        note = f"Rows that end early: {sum(short.values()):,}. Their missing cells were read as empty."
        return PAD, None, (note,)
    if most >= 5 and most >= 0.2 * rows and cells > 1:
        return REJECT, _short_question(most, cells, width, table), ()
    return REJECT, None, ()


def _short_question(rows: int, cells: int, width: int, table: Table) -> Question:
    padded = [row + [""] * (width - len(row)) for row in table.rows if len(row) <= width]
    answers = (
        Answer(
            REJECT, "Leave these rows out and keep them aside", preview(table.names, _as_wide(table, width))
        ),
        Answer(PAD, "Read the missing cells at their end as empty", preview(table.names, padded)),
    )
    words = f"{rows:,} rows have {cells:,} cells instead of {width:,}. What about them?"
    return Question("short_rows", words, answers)


def _as_wide(table: Table, width: int) -> Iterable[list[str]]:
    return chain(row for row in table.rows if len(row) == width)
