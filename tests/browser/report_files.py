"""The files of a report, taken from its page and read again."""

import html.parser
import io
import json
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page
from pptx import Presentation

from tests.browser.walking import Numbers, drawn_shares

FORMATS = ("pptx", "html", "xlsx", "csv")


def download_all(page: Page, folder: Path) -> dict[str, Path]:
    """By the buttons of the Report page."""
    files = {}
    for key in FORMATS:
        with page.expect_download() as started:
            page.locator(f".st-key-download_{key} button").click()
        files[key] = folder / started.value.suggested_filename
        assert files[key].name == f"roadlens-run-1.{key}"
        started.value.save_as(files[key])
    return files


class Figures(html.parser.HTMLParser):
    """The JSON of the drawings in a report, by the id of their figure."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.figure, self.inside, self.found = "", False, {}
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = dict(attributes)
        self.figure = named["id"] if tag == "figure" else self.figure
        self.inside = tag == "script" and named.get("type") == "application/json" and named["class"] == "wide"

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.found[self.figure] = json.loads(data)

    def handle_endtag(self, tag: str) -> None:
        self.inside = False


def shares_of_page(path: Path) -> Numbers:
    return drawn_shares(Figures(path.read_text(encoding="utf-8")).found["F01"]["data"])


def shares_of_deck(path: Path) -> Numbers:
    """Of the first native chart; the workbook inside it says the same."""
    charts = (shape.chart for slide in Presentation(path).slides for shape in slide.shapes if shape.has_chart)
    first = next(charts)
    series = [list(line.values) for line in first.plots[0].series]
    names = list(first.plots[0].categories)
    inside = load_workbook(io.BytesIO(first.part.chart_workbook.xlsx_part.blob)).active
    labels, *columns = (list(column) for column in inside.iter_cols(min_row=2, values_only=True))
    assert labels == names
    assert columns == [pytest.approx(line, abs=1e-12) for line in series]  # written with 16 digits
    numbers = {}
    for name, low, to_mid, to_high in zip(names, *series[:3], strict=True):
        numbers |= {(name, "low"): low, (name, "mid"): low + to_mid, (name, "high"): low + to_mid + to_high}
    return numbers


def shares_of_workbook(path: Path) -> Numbers:
    sheet = load_workbook(path)["F01 Themes"]
    head, *rows = sheet.iter_rows(values_only=True)
    return shares_of_rows([dict(zip(head, row, strict=True)) for row in rows])


def shares_of_rows(rows: list[dict]) -> Numbers:
    themes = [row for row in rows if row["figure"] == "F01" and not row["part"]]
    return {(row["theme"], end): float(row[end]) for row in themes for end in ("mid", "low", "high")}
