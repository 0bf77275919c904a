import csv
import io
import time
from dataclasses import replace

import pytest
from openpyxl import load_workbook

from core.reports import tables
from core.reports.outline import outline
from core.reports.safe import FORMULA_STARTS


def read_csv(data: bytes) -> list[dict]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_csv_has_every_number_and_no_formula(insights, run):
    made = outline(insights, run)
    data = tables.csv_bytes(made)
    assert data.startswith(b"\xef\xbb\xbf") and data.split(b"\r\n")[0].count(b'"') == 22
    lines, rows = read_csv(data), [row for figure in made.figures for row in figure.rows]
    assert len(lines) == len(rows)
    for line, row in zip(lines, rows, strict=True):
        assert line["mid"] == ("" if row.mid is None else str(row.mid))
        for name in ("theme", "part", "method", "mark"):
            assert not line[name].startswith(FORMULA_STARTS)
    assert lines[0]["theme"] == "'=1+1"


def test_workbook_has_the_numbers_as_numbers_and_no_formula_or_link(insights, run):
    made = outline(insights, run)
    book = load_workbook(io.BytesIO(tables.xlsx_bytes(made)))
    assert book.sheetnames == [
        "F01 Themes", "F02 Trend", "F03 By Plan  i", "F04 Model", "Quotes", "Evidence", "Manifest",
    ]  # fmt: skip
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert cells and not any(cell.data_type == "f" or cell.hyperlink for cell in cells)
    first = [cell.value for cell in book["F01 Themes"][2]]
    assert first[:6] == ["F01", "'=1+1", None, 0.3, 0.24, 0.375]
    assert book["F01 Themes"]["D2"].number_format == "0.0%"
    assert book["Quotes"].max_row == 1 + len(insights.quotes)


def test_evidence_lists_the_rows_of_each_number(insights, run):
    book = load_workbook(io.BytesIO(tables.xlsx_bytes(outline(insights, run))))
    lines = list(book["Evidence"].iter_rows(min_row=2, values_only=True))
    assert lines[:2] == [("F01", "'=1+1", None, 1), ("F01", "'=1+1", None, 2)]
    assert ("F03", "'=1+1", "'=Pro", 1) in lines


def test_evidence_that_does_not_fit_is_counted(insights, run, monkeypatch):
    monkeypatch.setattr(tables, "EVIDENCE_LINES", 3)
    book = load_workbook(io.BytesIO(tables.xlsx_bytes(outline(insights, run))))
    lines = list(book["Evidence"].iter_rows(min_row=2, values_only=True))
    assert len(lines) == 4
    assert "more lines are left out" in lines[-1][1]


def test_manifest_names_run_hash_and_settings(insights, run):
    book = load_workbook(io.BytesIO(tables.xlsx_bytes(outline(insights, run))))
    facts = dict(book["Manifest"].iter_rows(min_row=2, values_only=True))
    assert facts["run"] == "7" and facts["data SHA-256"] == "ab" * 32 and facts["setting shrink"] == "20"


@pytest.mark.parametrize("build", [tables.csv_bytes, tables.xlsx_bytes])
def test_same_outline_same_bytes_and_empty_builds(insights, nothing, run, build):
    first = build(outline(insights, run))
    time.sleep(1.1)  # dates inside a workbook count seconds
    assert build(outline(insights, run)) == first
    assert build(outline(nothing, replace(run, model=None, baseline=None)))
