"""Stored rows as files that other programs open."""

import csv
import io
import json

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import AppError
from core.reports.comments import all_names, csv_bytes, jsonl_bytes, marked, unmarked, xlsx_bytes

FORMULAS = ["=1+1", "+41", "-2", "@SUM(A1)", "\t=1", "\r=1", "＝1", "'=1", "''=1"]


@pytest.mark.parametrize("cell", FORMULAS)
def test_what_begins_like_a_formula_is_marked_and_comes_back(cell):
    assert marked(cell) == "'" + cell
    assert unmarked(marked(cell)) == cell


@given(st.text(st.characters(codec="utf-8")))
def test_a_mark_loses_nothing(cell):
    assert unmarked(marked(cell)) == cell


def test_plain_words_and_quoted_words_stay():
    assert marked("it's fine") == "it's fine"
    assert marked("'quoted'") == "'quoted'"


def test_columns_of_several_files_stand_once():
    assert all_names([("a", "b"), ("b", "c")]) == ("a", "b", "c")


def test_csv_has_every_cell_and_empty_ones_for_other_files():
    data = csv_bytes(("a", "b"), [(("a",), ("x\r",)), (("b", "a"), ("=1", 'q"'))])
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert rows == [["a", "b"], ["x\r", ""], ['q"', "'=1"]]


def test_json_lines_are_exact():
    lines = jsonl_bytes((), [(("a",), ("=1\n",))]).decode().splitlines()
    assert [json.loads(line) for line in lines] == [{"a": "=1\n"}]


def test_a_sheet_holds_text_and_no_formula():
    book = openpyxl.load_workbook(io.BytesIO(xlsx_bytes(("a", "b"), [(("a", "b"), ("=1+1", "00123"))])))
    cells = list(book.active.iter_rows(min_row=2))[0]
    assert [(cell.value, cell.data_type) for cell in cells] == [("'=1+1", "s"), ("00123", "s")]


def test_a_cell_that_no_sheet_holds_is_refused_and_not_cut():
    with pytest.raises(AppError, match="CSV"):
        xlsx_bytes(("a",), [(("a",), ("x" * 32_768,))])
