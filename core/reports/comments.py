"""The stored rows of a dataset as a file: the columns of the files they came from, cell for cell."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from core.errors import AppError
from core.reports.safe import FORMULA_STARTS

MARK = "'"
LONGEST_XLSX = 32_767  # characters of a cell that Excel takes
MOST_XLSX = 1_048_575  # rows below the header

Rows = Iterable[tuple[Sequence[str], Sequence[str]]]  # the names and the cells of each row


@dataclass(frozen=True)
class CommentFormat:
    name: str
    extension: str
    mime: str
    build: Callable[[Sequence[str], Rows], bytes]


def marked(cell: str) -> str:
    """The same text, with ' before what a spreadsheet takes for a formula; `unmarked` takes it away."""
    bare = cell.lstrip(MARK)
    return (
        MARK + cell
        if cell.startswith(FORMULA_STARTS) or (bare != cell and bare.startswith(FORMULA_STARTS))
        else cell
    )


def unmarked(cell: str) -> str:
    bare = cell.lstrip(MARK)
    return cell[1:] if bare != cell and bare.startswith(FORMULA_STARTS) else cell


def all_names(headers: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """The columns of several files, each once, in the order of their first appearance."""
    return tuple(dict.fromkeys(name for header in headers for name in header))


def csv_bytes(names: Sequence[str], rows: Rows) -> bytes:
    """UTF-8 with mark, every field quoted; formulas marked."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([marked(name) for name in names])
    for header, cells in rows:
        known = dict(zip(header, cells, strict=True))
        writer.writerow([marked(known.get(name, "")) for name in names])
    return text.getvalue().encode("utf-8-sig")


def jsonl_bytes(names: Sequence[str], rows: Rows) -> bytes:
    """One object a row with the columns of its own file, exactly as stored."""
    lines = (json.dumps(dict(zip(header, cells, strict=True)), ensure_ascii=False) for header, cells in rows)
    return "".join(f"{line}\n" for line in lines).encode()


def xlsx_bytes(names: Sequence[str], rows: Rows) -> bytes:
    """One sheet of text cells; no formula, no link. Raises AppError for what Excel cannot hold."""
    from xlsxwriter import Workbook

    file = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = Workbook(file, options)
    sheet = book.add_worksheet("Comments")
    for place, name in enumerate(names):
        sheet.write_string(0, place, marked(name))
    for line, (header, cells) in enumerate(rows, start=1):
        if line > MOST_XLSX:
            raise AppError("A sheet holds 1,048,575 rows at most. Choose CSV or JSON Lines.")
        known = dict(zip(header, cells, strict=True))
        for place, name in enumerate(names):
            cell = marked(known.get(name, ""))
            if len(cell) > LONGEST_XLSX:
                raise AppError("A comment is longer than a cell of a sheet may be. Choose CSV or JSON Lines.")
            if cell:
                sheet.write_string(line, place, cell)
    book.close()
    return file.getvalue()


COMMENT_FORMATS = {
    "csv": CommentFormat("CSV", ".csv", "text/csv", csv_bytes),
    "xlsx": CommentFormat(
        "Excel", ".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", xlsx_bytes
    ),
    "jsonl": CommentFormat("JSON Lines", ".jsonl", "application/x-ndjson", jsonl_bytes),
}
