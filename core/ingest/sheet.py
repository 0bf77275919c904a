"""The rows of one sheet as text, read as a stream from the XML of the workbook."""

import datetime
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import BinaryIO
from xml.etree.ElementTree import Element, iterparse  # noqa: S405

from openpyxl.utils.datetime import from_excel

from core.errors import TooLarge

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
ROW, CELL, VALUE, FORMULA, INLINE = (_MAIN + name for name in ("row", "c", "v", "f", "is"))
STRING, RUN, PLAIN, SHEET_DATA = (_MAIN + name for name in ("si", "r", "t", "sheetData"))

WIDEST = 16_384  # columns Excel has
EXACT_DIGITS = 15  # Excel keeps no more of a number
WHOLE_DIGITS = 21  # integers up to here are written out
ROW_BYTES = 16 * 2**20  # of XML for one row or string
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True)
class Styles:
    """Which cell styles show a number as a date, and from when days are counted."""

    dates: Collection[int]
    durations: Collection[int]
    epoch: datetime.datetime


@dataclass
class Oddities:
    """Cells that hold less than the person saw, counted while reading."""

    uncalculated: int = 0  # formulas without a stored result
    rounded: int = 0  # numbers with more digits than Excel keeps
    lines: dict[str, int] = field(default_factory=dict)  # kind -> first row


class _Watched:
    """A file whose bytes are counted since the last `rest`, so that no single row can fill the memory."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.rest = 0

    def read(self, size: int = -1) -> bytes:
        data = self.file.read(size)
        self.rest += len(data)
        if self.rest > ROW_BYTES:
            raise TooLarge(
                f"A row of this workbook is larger than {ROW_BYTES // 2**20} MB, so this is hardly a table. "
                "Save the sheet as CSV UTF-8 and upload that."
            )
        return data


def _parsed(file: _Watched) -> Iterator[tuple[str, Element]]:
    return iterparse(file, events=("start", "end"))  # noqa: S314 - package.py refuses entities


def shared_strings(file: BinaryIO) -> list[str]:
    """The texts that cells refer to by number, without the reading aids of East Asian texts."""
    watched = _Watched(file)
    found = []
    parents: list[Element] = []
    for event, element in _parsed(watched):
        if event == "start":
            if not parents:
                parents.append(element)
        elif element.tag == STRING:
            found.append(_string(element))
            parents[0].clear()
            watched.rest = 0
    return found


def _string(element: Element) -> str:
    """Text of a plain or rich string."""
    if len(element) == 1 and element[0].tag == PLAIN:
        return _unescaped(element[0].text or "")
    parts = []
    for child in element:
        if child.tag == PLAIN:
            parts.append(child.text or "")
        elif child.tag == RUN:
            parts += [text.text or "" for text in child if text.tag == PLAIN]
    return _unescaped("".join(parts))


def _unescaped(text: str) -> str:
    """Excel writes characters that XML cannot hold as _x000D_, and an underscore of the user's as _x005F_."""
    if "_x" not in text:
        return text
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


def sheet_rows(
    file: BinaryIO, strings: list[str], styles: Styles, oddities: Oddities
) -> Iterator[tuple[int, list[str]]]:
    """(number of the row, its cells from column A to the last that holds something); empty rows left out.

    Raises TooLarge, and ValueError, LookupError or ParseError where the sheet is damaged.
    """
    watched = _Watched(file)
    data: Element | None = None
    line = 0
    for event, element in _parsed(watched):
        if event == "start":
            data = element if element.tag == SHEET_DATA else data
        elif element.tag == ROW and data is not None:
            line = int(element.get("r") or line + 1)
            if not 0 < line < 2**31:
                raise ValueError("row number")
            cells = _cells(element, strings, styles, oddities, line)
            data.clear()
            watched.rest = 0
            if cells:
                yield line, cells
        elif element.tag == SHEET_DATA:
            return


def _cells(row: Element, strings: list[str], styles: Styles, oddities: Oddities, line: int) -> list[str]:
    found: list[str] = []
    column = 0
    for cell in row:
        if cell.tag != CELL:
            continue
        reference = cell.get("r")
        column = _column(reference.rstrip("0123456789")) if reference else column + 1
        text = _text(cell, strings, styles, oddities, line)
        if text:
            if column > WIDEST or column <= len(found):
                raise ValueError("column")
            if gap := column - 1 - len(found):
                found += [""] * gap
            found.append(text)
    return found


@lru_cache(maxsize=20_000)
def _column(letters: str) -> int:
    """A is 1; ValueError for what is no column."""
    number = 0
    for letter in letters:
        if not "A" <= letter <= "Z" or number > WIDEST:
            raise ValueError("column")
        number = number * 26 + ord(letter) - 64
    return number


def _text(cell: Element, strings: list[str], styles: Styles, oddities: Oddities, line: int) -> str:
    kind = cell.get("t", "n")
    raw = cell.findtext(VALUE)
    if not raw:
        return _without_value(cell, kind, oddities, line)
    if kind == "s":
        return strings[int(raw)]
    if kind == "n":
        return _number(raw, int(cell.get("s") or 0), styles, oddities, line)
    if kind == "b":
        return "TRUE" if raw.strip() in ("1", "true") else "FALSE"
    return _iso(raw) if kind == "d" else _unescaped(raw)  # of a formula, or an error such as #N/A


def _without_value(cell: Element, kind: str, oddities: Oddities, line: int) -> str:
    if kind == "inlineStr":
        inline = cell.find(INLINE)
        return "" if inline is None else _string(inline)
    if kind != "str" and cell.find(FORMULA) is not None:
        oddities.uncalculated += 1
        oddities.lines.setdefault("uncalculated", line)
    return ""


def _number(raw: str, style: int, styles: Styles, oddities: Oddities, line: int) -> str:
    if style in styles.dates:
        return _date(raw, style in styles.durations, styles.epoch)
    text = number_text(raw)
    if len(text) > EXACT_DIGITS and len(text.lstrip("-")) > EXACT_DIGITS and text.lstrip("-").isdigit():
        oddities.rounded += 1
        oddities.lines.setdefault("rounded", line)
    return text


def number_text(raw: str) -> str:
    """A number as a person writes it: no .0 behind integers, no exponent before 22 digits.

    What is no finite number of that size stays as it stands in the file.
    """
    if raw.isdigit():
        return raw
    try:
        exact = Decimal(raw)
        value = float(exact)
    except (InvalidOperation, OverflowError, ValueError):
        return raw
    if not exact.is_finite() or exact.adjusted() >= WHOLE_DIGITS or (value == 0 and exact):
        return raw
    if exact == exact.to_integral_value():
        return str(int(exact))
    return repr(value)


def _date(raw: str, duration: bool, epoch: datetime.datetime) -> str:
    """ISO 8601; the plain number when no calendar has that day."""
    try:
        value = from_excel(float(raw), epoch, timedelta=duration)
    except (OverflowError, ValueError):
        return number_text(raw)
    if isinstance(value, datetime.timedelta):
        seconds = round(value.total_seconds())
        sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
        return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return _spoken(value)


def _spoken(value: datetime.datetime | datetime.time) -> str:
    if isinstance(value, datetime.datetime):
        if value.hour == value.minute == value.second == value.microsecond == 0:
            return f"{value.year:04}-{value.month:02}-{value.day:02}"
        return value.isoformat(" ", "milliseconds" if value.microsecond else "seconds")
    return value.isoformat("milliseconds" if value.microsecond else "seconds")


def _iso(raw: str) -> str:
    try:
        value = datetime.datetime.fromisoformat(raw.strip())
    except ValueError:
        return raw
    return _spoken(value)
