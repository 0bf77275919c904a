"""The files a report can become; a page lists this dict."""

from collections.abc import Callable
from dataclasses import dataclass

from core.reports.outline import Outline


@dataclass(frozen=True)
class Format:
    name: str
    extension: str
    mime: str
    build: Callable[[Outline], bytes]


def _slides(outline: Outline) -> bytes:
    from core.reports.slides import pptx_bytes

    return pptx_bytes(outline)


def _page(outline: Outline) -> bytes:
    from core.reports.html import html_bytes

    return html_bytes(outline)


def _workbook(outline: Outline) -> bytes:
    from core.reports.tables import xlsx_bytes

    return xlsx_bytes(outline)


def _csv(outline: Outline) -> bytes:
    from core.reports.tables import csv_bytes

    return csv_bytes(outline)


OFFICE = "application/vnd.openxmlformats-officedocument."

FORMATS = {
    "pptx": Format("PowerPoint", ".pptx", f"{OFFICE}presentationml.presentation", _slides),
    "html": Format("Web page", ".html", "text/html", _page),
    "xlsx": Format("Excel", ".xlsx", f"{OFFICE}spreadsheetml.sheet", _workbook),
    "csv": Format("CSV", ".csv", "text/csv", _csv),
}
