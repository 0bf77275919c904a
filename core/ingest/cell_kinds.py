"""What a cell looks like: a value, prose, or the name of a column."""

import re
from collections.abc import Sequence

from core.ingest.column_names import SEGMENT_HINTS, strength, words

_NUMBER = re.compile(r"[-+(]?[$€£¥]?\s?\d[\d.,'\s]*(?:e[-+]?\d+)?\s?[%$€£¥]?\)?", re.IGNORECASE)
_DATE = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?|\d{1,2}:\d\d(:\d\d)?.*"
    r"|\w{3,9}\.? \d{1,2},? \d{4}.*|\d{1,2}\.? \w{3,9}\.? \d{4}.*"
)
_ADDRESS = re.compile(r"(https?://|www\.)\S+|\S+@\S+\.\S+", re.IGNORECASE)
MARK = "\ufeff"
_ROLES = ("text", "label", "date", "rating", "author", "account", "channel", "language")
_FIELD_NAMES = (
    "id nr no number name first last title address city zip street phone age sex price amount total "
    "status state code value key col column field count url link version index row lat lon start end "
    "year month nummer vorname nachname adresse ort plz alter preis betrag nombre apellido edad "
    "precio nom prenom prix 编号 姓名 名称 番号 名前 "
)
_USUAL = frozenset(_FIELD_NAMES.split()) | SEGMENT_HINTS


def is_header(cells: Sequence[str], usual: int) -> bool:
    """Whether these could be `usual` column names."""
    names = [cell.strip() for cell in cells]
    while names and not names[-1]:
        names.pop()  # a delimiter at the end of the line
    values = sum(kind(name) != "word" for name in names)
    return (
        len(cells) == usual
        and bool(names)
        and all(names)
        and len(set(names)) == len(names)
        and values <= usual / 2
    )


def is_usual_name(cell: str) -> bool:
    """Whether columns of feedback are often called so."""
    if len(cell) > 60 or kind(cell) != "word":
        return False
    parts = words(cell)
    known = any(strength(cell, role) >= 1.5 for role in _ROLES) or any(part in _USUAL for part in parts)
    return known and len(parts) <= 5


def is_name(cell: str) -> bool:
    """Whether a cell reads like the name of a column: a usual one, or written like one."""
    written = r"[a-z]+(_[a-z0-9]+)+|[a-z]+([A-Z][a-z0-9]+)+|[A-Za-z]|[a-z]{1,10}_?\d{1,3}"
    return is_usual_name(cell) or bool(re.fullmatch(written, cell.strip()))


def kind(cell: str) -> str:
    """number, date, address (mail, web), prose or word."""
    cell = cell.strip()
    if _NUMBER.fullmatch(cell):
        return "number"
    if _DATE.fullmatch(cell):
        return "date"
    if _ADDRESS.fullmatch(cell):
        return "address"
    prose = len(cell) > 60 or cell.count(" ") >= 4 or (" " in cell and cell[-1:] in ".!?。！？")
    return "prose" if prose or len(cell) > 25 and not cell.isascii() else "word"


def blank(cells: Sequence[str]) -> bool:
    return not any(cell.strip() for cell in cells)


def without_mark(cells: Sequence[str]) -> Sequence[str]:
    """A byte order mark stands within a file where several files were joined."""
    return [cells[0].removeprefix(MARK), *cells[1:]] if cells and cells[0].startswith(MARK) else cells
