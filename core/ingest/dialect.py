"""Where the table begins in a text and which character stands between its cells."""

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass

from core.errors import BadFile

DELIMITERS = (",", ";", "\t", "|")
ONE_COLUMN = "\x1f"  # never in a decoded text, so every line is one cell
SAMPLE_CHARS = 256 * 1024
SAMPLE_ROWS = 300
MOST_PREAMBLE = 20

# The csv module refuses cells over 131,072 characters by default; our own limit comes later.
csv.field_size_limit(2**31 - 1)


@dataclass(frozen=True)
class Dialect:
    delimiter: str  # "" when the file has one column only
    skip: int  # records above the header
    warnings: tuple[str, ...] = ()

    @property
    def separator(self) -> str:
        """What the csv module is told."""
        return self.delimiter or ONE_COLUMN


def find_dialect(text: str) -> Dialect:
    """Guess from the first records.

    Raises BadFile when the cells are separated by more than one character.
    """
    named = re.match(r'"?sep=([^\w\s"\']|\t)"?[ \t]*(\r\n|\r|\n)', text, re.IGNORECASE)
    if named:
        return Dialect(named[1], _first_record(_sample(text, named[1])[0], after=1))
    found = [_fit(text, delimiter) for delimiter in DELIMITERS]
    # A table from the first line on is likelier than one below a preamble.
    share, width, dialect = max(found, key=lambda fit: (round(fit[0], 1), not fit[2].warnings, fit[1]))
    if width < 2 or share < 0.8:
        _refuse_long_delimiters(text)
    if width < 2:
        return _one_column(text)
    return dialect


def _one_column(text: str) -> Dialect:
    records, _ = _sample(text, ONE_COLUMN)
    warnings: tuple[str, ...] = ()
    if any(delimiter in cell for cells in records[:50] for cell in cells for delimiter in DELIMITERS[:2]):
        warnings = ("The header names one column, so each line was read as one comment, commas included.",)
    return Dialect("", _first_record(records, after=0), warnings)


def _first_record(records: list[list[str]], after: int) -> int:
    """Index of the first record from `after` on that is not blank."""
    return next((i for i, cells in enumerate(records) if i >= after and not _blank(cells)), after)


def _fit(text: str, delimiter: str) -> tuple[float, int, Dialect]:
    """(share of records as wide as the header, width of the header, dialect) for one delimiter."""
    records, broken = _sample(text, delimiter)
    skip, warnings = _find_header(records)
    if skip >= len(records):
        return 0.0, 0, Dialect(delimiter, 0)
    width = len(records[skip])
    below = [cells for cells in records[skip + 1 :] if not _blank(cells)]
    fitting = sum(len(cells) == width for cells in below)
    share = fitting / (len(below) + broken) if below or broken else 1.0
    return (share if width > 1 else 0.0), width, Dialect(delimiter, skip, warnings)


def _sample(text: str, delimiter: str) -> tuple[list[list[str]], int]:
    """The first records, and how many more have quotation marks where this delimiter allows none."""
    start = text[:SAMPLE_CHARS]
    reader = csv.reader(io.StringIO(start, newline=""), delimiter=delimiter, strict=True)
    records: list[list[str]] = []
    broken = 0
    while len(records) + broken < SAMPLE_ROWS:
        try:
            records.append(next(reader))
        except csv.Error:
            broken += 1
        except StopIteration:
            if len(text) > len(start) and len(records) > 1:
                records.pop()  # cut by the sample
            break
    return records, broken


def _blank(cells: list[str]) -> bool:
    return not any(cell.strip() for cell in cells)


def _find_header(records: list[list[str]]) -> tuple[int, tuple[str, ...]]:
    """Index of the header record, and a warning when lines above it are skipped."""
    first = next((i for i, cells in enumerate(records) if not _blank(cells)), len(records))
    widths = Counter(len(cells) for cells in records[first:] if not _blank(cells))
    if not widths:
        return len(records), ()
    usual = max(widths, key=lambda width: (widths[width], width))
    skip = first
    for cells in records[first : first + MOST_PREAMBLE]:
        if not _is_preamble(cells, usual):
            break
        skip += 1
    if skip == first or skip >= len(records) or not _is_header(records[skip], usual):
        return first, ()
    above = "line was" if skip == 1 else f"{skip} lines were"
    return skip, (f"The first {above} left out, because the column names stand below.",)


def _is_preamble(cells: list[str], usual: int) -> bool:
    """A title, a comment or a blank line above the header of a table `usual` cells wide."""
    if _blank(cells) or (cells[0].lstrip().startswith("#") and len(cells) != usual):
        return True
    filled = sum(bool(cell.strip()) for cell in cells)
    if usual == 2:  # "text" above rows of two cells may be a header that is too short
        return filled == 1 and len(cells) == 1 and " " in cells[0].strip()
    return usual > 2 and filled <= usual / 2 and (len(cells) < usual or filled == 1)


def _is_header(cells: list[str], usual: int) -> bool:
    names = [cell.strip() for cell in cells]
    numbers = sum(name.replace(".", "").isdigit() for name in names)
    return len(names) == usual and all(names) and len(set(names)) == usual and numbers <= usual / 2


def _refuse_long_delimiters(text: str) -> None:
    """Raise BadFile for files such as those with ****** or || between their cells."""
    lines = [line for line in text[:SAMPLE_CHARS].splitlines()[:51] if line.strip()][:50]
    if len(lines) < 2:
        return
    per_line = [Counter(run[0] for run in re.findall(r"(([^\w\s\"'])\2{1,9})", line)) for line in lines]
    for run, count in per_line[0].items():
        if sum(runs[run] == count for runs in per_line) >= 0.9 * len(lines):
            raise BadFile(
                f"The cells of this file are separated by '{run}', which is more than one character. "
                "Replace it by a tab or a semicolon in a text editor, add a line with column names and "
                "upload the file again."
            )
