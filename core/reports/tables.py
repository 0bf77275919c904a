"""The numbers of a report as a workbook and as one CSV."""

import csv
import io
import re
from collections.abc import Iterator

from core.explain.tables import in_words
from core.reports.marked import attribution_of
from core.reports.outline import Figure, Outline
from core.reports.rows import COLUMNS, Row
from core.reports.safe import safe_cell, shorten

EVIDENCE_LINES = 50_000  # more would make the workbook slow to build and to open
WIDTHS = {"theme": 36, "part": 20, "method": 44, "checked": 16, "mark": 20}
QUOTE_COLUMNS = (
    "row",
    "theme",
    "confidence",
    "context",
    "text",
    "words that mattered (points)",
)
WORDS = 6  # of a quote, the heaviest first
FORMATS_OF = {"share": "0.0%", "rating": "0.00"}


def csv_bytes(outline: Outline) -> bytes:
    """Every number of every figure, one a row; UTF-8 with mark, every field quoted."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for figure in outline.figures:
        writer.writerows(_values(row) for row in figure.rows)
    return text.getvalue().encode("utf-8-sig")


def _values(row: Row) -> list[object]:
    return [safe_cell(getattr(row, column)) for column in COLUMNS]


def xlsx_bytes(outline: Outline) -> bytes:
    """A sheet for each figure, then quotes, evidence and manifest; no cell is a formula or a link."""
    from xlsxwriter import Workbook

    file = io.BytesIO()
    book = Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties(
        {"title": str(safe_cell(outline.title)), "created": outline.created.replace(tzinfo=None)}
    )
    styles = {name: book.add_format({"num_format": code}) for name, code in FORMATS_OF.items()}
    styles["head"] = book.add_format({"bold": True, "bottom": 1})
    for figure in outline.figures:
        _figure_sheet(book, figure, styles)
    quotes = [quote for section in outline.sections for quote in section.quotes]
    lines = (
        [q.id, q.theme, q.probability, q.context, q.text, in_words(attribution_of(q), WORDS)] for q in quotes
    )
    _sheet(book, "Quotes", QUOTE_COLUMNS, lines, styles)
    _sheet(book, "Evidence", ("figure", "theme", "part", "row"), _evidence(outline), styles)
    facts = [[fact.name, fact.value] for fact in outline.manifest]
    _sheet(book, "Manifest", ("what", "value"), iter(facts), styles)
    book.close()
    return file.getvalue()


def _sheet_name(figure: Figure) -> str:
    """At most 31 characters, none of those a sheet name may not hold; unique by the figure's id."""
    words = re.sub(r"[^\w ]", " ", shorten(figure.name, 24))
    return f"{figure.id} {words}".strip()[:31]


def _figure_sheet(book, figure: Figure, styles: dict) -> None:
    sheet = _sheet(book, _sheet_name(figure), COLUMNS, iter(()), styles)
    for place, column in enumerate(COLUMNS):
        sheet.set_column(place, place, WIDTHS.get(column, 11))
    for line, row in enumerate(figure.rows, start=1):
        for place, value in enumerate(_values(row)):
            style = styles.get(row.unit) if COLUMNS[place] in ("mid", "low", "high") else None
            _write(sheet, line, place, value, style)


def _sheet(book, name: str, columns: tuple[str, ...], lines: Iterator[list], styles: dict):
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(columns):
        sheet.write_string(0, place, column, styles["head"])
        sheet.set_column(place, place, 70 if column in ("text", "value") else 24)
    for line, values in enumerate(lines, start=1):
        for place, value in enumerate(values):
            _write(sheet, line, place, safe_cell(value))
    return sheet


def _write(sheet, line: int, place: int, value: object, style=None) -> None:
    if isinstance(value, int | float):
        sheet.write_number(line, place, value, style)
    elif value != "":
        sheet.write_string(line, place, str(value)[:32_000], style)  # Excel holds 32,767 a cell


def _evidence(outline: Outline) -> Iterator[list]:
    """(figure, theme, part, row id), one a line, until the sheet is full; then how many are left out."""
    written, total = 0, 0
    for figure in outline.figures:
        for row in figure.rows:
            total += len(row.ids)
            kept = row.ids[: max(0, EVIDENCE_LINES - written)]
            written += len(kept)
            yield from ([row.figure, row.theme, row.part, feedback] for feedback in kept)
    if total > written:
        yield [
            "",
            f"{total - written:,} more lines are left out.",
            "",
            "",
        ]
