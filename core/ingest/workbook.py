"""An Excel workbook (.xlsx): which sheet, which row holds the names, and the rows as text."""

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from core.domain import Answer, Question
from core.errors import BadFile
from core.ingest.chunks import Gathering
from core.ingest.package import damage, open_package
from core.ingest.preview import preview
from core.ingest.raw import Limits, RawChunk
from core.ingest.sheet import Oddities, Styles, shared_strings, sheet_rows
from core.ingest.sheet_header import Heading, find_heading

LOOKED_AT = 60  # rows of a sheet, before anything is asked
MOST_SHEETS = 100

Row = tuple[int, list[str]]


@dataclass(frozen=True)
class _Sheet:
    title: str
    part: str  # name in the package
    hidden: bool
    head: tuple[Row, ...]


class Workbook:
    """A TableFile; `warnings` grows while `chunks` reads."""

    format = "xlsx"
    encoding = "utf-8"
    delimiter = ""

    def __init__(self, source: Path | bytes, limits: Limits, answers: Mapping[str, str]) -> None:
        self._limits = limits
        self._package = open_package(source, limits.max_bytes)
        with damage():
            self._strings, self._styles, sheets = _structure(self._package)
            sheets = [self._look(*sheet) for sheet in sheets]
        self._sheet, ask_sheet = _choose(sheets, answers)
        self._others_left = () if ask_sheet or "sheet" in answers else _left_out(sheets, self._sheet)
        heading = find_heading(self._sheet.head, limits, answers)
        self._heading: Heading = heading
        self.header = heading.names
        self.questions: tuple[Question, ...] = ask_sheet or heading.questions
        self.answers: dict[str, str] = {**heading.answers, "sheet": self._sheet.title}
        self._oddities = Oddities()
        self._surrogates = 0

    @property
    def warnings(self) -> tuple[str, ...]:
        found = [*self._others_left, *self._heading.warnings]
        odd = self._oddities
        if odd.uncalculated:
            found.append(
                f"Formulas whose results are not saved in the file: {odd.uncalculated:,} (the first in row "
                f"{odd.lines['uncalculated']:,}). Their cells are empty; open and save the workbook in Excel."
            )
        if odd.rounded:
            found.append(
                f"Numbers with more than 15 digits, of which Excel keeps only 15: {odd.rounded:,} (the first "
                f"in row {odd.lines['rounded']:,}). If these are ids, export them as text."
            )
        if self._surrogates:
            found.append(
                f"Cells with broken characters, which were replaced by \ufffd: {self._surrogates:,}."
            )
        return tuple(found)

    def chunks(self) -> Iterator[RawChunk]:
        """Raises BadFile, TooLarge."""
        self._oddities = Oddities()
        gathering = Gathering(self.header, self._limits, "row")
        with damage():
            for line, cells in self._rows(self._sheet.part, self._oddities):
                if line > self._heading.line:
                    self._add(gathering, line, cells)
                if gathering.full:
                    yield gathering.take()
        gathering.check_rows()
        if gathering.waiting:
            yield gathering.take()
        self._surrogates = gathering.surrogates

    def _add(self, gathering: Gathering, line: int, cells: list[str]) -> None:
        heading = self._heading
        row = cells[heading.start : heading.end]
        if len(cells) > heading.end or any(cells[: heading.start]):
            gathering.reject(
                line, f"has more cells than the {heading.end - heading.start} column names", cells
            )
        elif not any(cell.strip() for cell in cells):
            gathering.reject(line, "every cell is empty", cells)
        elif heading.line and row == heading.cells and len(row) > 1:
            gathering.reject(line, "repeats the column names", cells)
        else:
            row += [""] * (heading.end - heading.start - len(row))
            gathering.keep(line, heading.kept(row))

    def _rows(self, part: str, oddities: Oddities) -> Iterator[Row]:
        with self._package.open(part) as file:
            yield from sheet_rows(file, self._strings, self._styles, oddities)

    def _look(self, title: str, part: str, hidden: bool) -> _Sheet:
        return _Sheet(title, part, hidden, tuple(islice(self._rows(part, Oddities()), LOOKED_AT)))


def open_workbook(source: Path | bytes, limits: Limits, answers: Mapping[str, str] | None = None) -> Workbook:
    """Open an .xlsx file; nothing but the first rows of each sheet is read yet.

    Raises NotText, TooLarge or BadFile with the next step.
    """
    return Workbook(source, limits, answers or {})


def _structure(package: zipfile.ZipFile) -> tuple[list[str], Styles, list[tuple[str, str, bool]]]:
    """Texts, styles and (title, part, hidden) of each sheet with cells."""
    from openpyxl.reader.excel import ExcelReader
    from openpyxl.styles.stylesheet import apply_stylesheet
    from openpyxl.xml.constants import SHARED_STRINGS

    reader = ExcelReader(package.fp, read_only=True, data_only=True, keep_links=False)
    reader.read_manifest()
    reader.read_workbook()
    apply_stylesheet(reader.archive, reader.wb)
    book = reader.wb
    styles = Styles(book._date_formats, book._timedelta_formats, book.epoch)
    names = set(package.namelist())
    strings: list[str] = []
    texts = reader.package.find(SHARED_STRINGS)
    if texts is not None and texts.PartName.lstrip("/") in names:
        with package.open(texts.PartName.lstrip("/")) as file:
            strings = shared_strings(file)
    sheets = [
        (str(sheet.name), link.target, sheet.state != "visible")
        for sheet, link in reader.parser.find_sheets()
        if "chartsheet" not in link.Type and link.target in names
    ]
    if not sheets:
        raise BadFile("This workbook has no sheet with cells. Choose another file.")
    return strings, styles, sheets[:MOST_SHEETS]


def _choose(sheets: Sequence[_Sheet], answers: Mapping[str, str]) -> tuple[_Sheet, tuple[Question, ...]]:
    """The sheet to read, and the question when several hold rows."""
    if "sheet" in answers:
        for sheet in sheets:
            if sheet.title == answers["sheet"]:
                return _filled(sheet), ()
        shown = ", ".join(f"'{sheet.title}'" for sheet in sheets[:10])
        raise BadFile(f"The workbook has no sheet '{answers['sheet'][:80]}'. Choose one of {shown}.")
    filled = [sheet for sheet in sheets if len(sheet.head) > 1]
    filled = _likeliest([sheet for sheet in filled if not sheet.hidden] or filled)
    if not filled:
        return _filled(next((sheet for sheet in sheets if sheet.head), sheets[0])), ()
    if len(filled) == 1:
        return filled[0], ()
    question = Question(
        "sheet",
        f"The workbook has {len(filled)} sheets with rows. Which one holds the feedback?",
        tuple(Answer(sheet.title, f"Sheet '{sheet.title}'", _preview(sheet)) for sheet in filled),
    )
    return filled[0], (question,)


def _left_out(sheets: Sequence[_Sheet], read: _Sheet) -> tuple[str, ...]:
    others = [f"'{sheet.title}'" for sheet in sheets if sheet is not read and sheet.head]
    if not others:
        return ()
    more = " and others" if len(others) > 5 else ""
    return (
        f"Only the sheet '{read.title}' was read. Left out, as hidden or with one row at most: "
        f"{', '.join(others[:5])}{more}.",
    )


def _preview(sheet: _Sheet) -> tuple[tuple[str, ...], ...]:
    rows = [cells for _, cells in sheet.head]
    return preview(rows[0], rows[1:])


def _filled(sheet: _Sheet) -> _Sheet:
    if not sheet.head:
        raise BadFile(f"The sheet '{sheet.title}' is empty. Choose a workbook with column names and rows.")
    return sheet


def _likeliest(sheets: Sequence[_Sheet]) -> list[_Sheet]:
    """Sheets with many rows of long cells first: comments are long; equal ones stay in their order."""

    def words(sheet: _Sheet) -> int:
        return -min(sum(len(cell) for _, cells in sheet.head for cell in cells), 5_000)

    return sorted(sheets, key=words)
