"""What an importer should do with each file of the collection beside the repository, by its MANIFEST."""

import csv
import json
import time

import pytest

from core.errors import AppError
from core.ingest.raw import Limits, whole
from core.ingest.table_file import open_table

REFUSED = {
    "csv-test-data__all-empty.csv": "blank",
    "frictionless__wide.csv": "9,074 columns",
}
# Files about which only a person knows, with the questions that are asked.
ASKED = {
    "csv-test-data__bad-missing-quote.csv": ["quotes"],
    "csv-test-data__quotes-with-newline.csv": ["header"],
    "pollock__file_multitable_less.csv": ["table"],
}
WARNED = {
    "csv-test-data__bad-header-less-fields.csv": "missing cells were read as empty",
    "csvkit__test_latin1.csv": "Western European",
    "frictionless__table-infer-iso-8859-7.csv": "Greek",
    "frictionless__duplicate-headers.csv": "renamed",
    "frictionless__skip-rows-before-headers.csv": "left out",
    "pollock__file_preamble.csv": "left out",
    "duckdb__csv_quoted_newline_odd.csv": "commas included",
    "idea__youtube_total_info_first300.txt": "looks like data",
    "chinesenlp__waimai_300_gb18030.csv": "Chinese",
}
REJECTED = {
    "csvkit__bad.csv": 2,
    "frictionless__blank-rows-multiple.csv": 11,
    "pollock__file_multitable_less.csv": 83,
    "pollock__row_extra_quote10_col3.csv": 1,
}


@pytest.fixture(scope="module")
def manifest(data):
    with open(data / "nasty_csv" / "MANIFEST.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _open(data, name, answers=None):
    return open_table(data / "nasty_csv" / name, Limits(), answers or {})


def _expected(path):
    """The cells a suite expects, header first where it gives one."""
    if path.suffix == ".csv":
        with open(path, encoding="utf-8", newline="") as file:
            return list(csv.reader(file))
    rows = json.loads(path.read_text(encoding="utf-8"))
    return rows if isinstance(rows[0], list) else [list(rows[0]), *(list(row.values()) for row in rows)]


def _rows(raw):
    return [list(row) for row in raw.frame.itertuples(index=False)]


def test_each_file_is_read_asked_about_or_refused_as_it_should(data, manifest):
    for entry in manifest:
        name = entry["file"]
        start = time.process_time()
        if name in REFUSED:
            with pytest.raises(AppError, match=REFUSED[name]):
                _open(data, name)
            continue
        file = _open(data, name)
        raw = whole(file)
        assert [question.key for question in file.questions] == ASKED.get(name, []), name
        assert bool(file.warnings) == (name in WARNED), name
        assert WARNED.get(name, "") in " ".join(file.warnings), name
        assert len(raw.rejected) == REJECTED.get(name, 0), name
        assert raw.rows_in == len(raw.frame) + len(raw.rejected), name
        assert time.process_time() - start < 2.0, name


def test_files_with_expected_cells_are_read_cell_for_cell(data, manifest):
    compared = 0
    for entry in manifest:
        name = entry["file"]
        if not entry["expected_file"] or name == "pollock__row_extra_quote10_col3.csv":
            continue
        raw = whole(_open(data, name))
        expected = _expected(data / "nasty_csv" / entry["expected_file"])
        named = entry["header_rows"] == "1"
        assert ([list(raw.header)] if named else []) + _rows(raw) == expected, name
        assert raw.frame.shape == (int(entry["expected_rows"]), int(entry["expected_columns"])), name
        compared += 1
    assert compared == 9


def test_stray_quote_rejects_one_row_and_leaves_the_others_right(data):
    raw = whole(_open(data, "pollock__row_extra_quote10_col3.csv"))
    expected = _expected(data / "nasty_csv/expected/pollock__row_extra_quote10_col3.clean.csv")
    assert [list(raw.header), *_rows(raw)] == expected[:10] + expected[11:]
    assert raw.rejected[0].line == 11
    assert raw.rejected[0].cells[:3] == ("18/02/2018", "02:15", "2")


def test_second_table_can_be_chosen_and_is_never_mixed_with_the_first(data):
    file = _open(data, "pollock__file_multitable_less.csv", {"table": "2"})
    raw = whole(file)
    assert file.questions == ()
    assert len(raw.header) == 8
    assert raw.rows_in == 83 + 83
    assert min(raw.lines) == 86


def test_the_answers_of_a_question_show_how_the_file_begins(data):
    (question,) = _open(data, "csv-test-data__bad-missing-quote.csv").questions
    assert "line 2" in question.words
    plain = question.answers[0]
    assert (plain.value, plain.rows) == (
        "plain",
        (("foo", "bar", "baz"), ("1", '"I forgot to close this one', "3")),
    )
    raw = whole(_open(data, "csv-test-data__bad-missing-quote.csv", {"quotes": "plain", "header": "1"}))
    assert _rows(raw) == [["1", '"I forgot to close this one', "3"]]
    (header,) = _open(data, "csv-test-data__quotes-with-newline.csv").questions
    assert [answer.value for answer in header.answers] == ["none", "1"]
    assert header.answers[0].rows[0] == ("Column 1", "Column 2", "Column 3")
    assert len(header.answers[0].rows) == 3


@pytest.mark.parametrize(
    ("name", "header", "first", "rows"),
    [
        ("csvkit__test_latin1.csv", ("a", "b", "c"), ("1", "2", "3"), 2),
        ("csvkit__test_utf16_big.csv", ("a", "b", "c"), ("1", "2", "3"), 2),
        ("csvkit__test_utf8_bom.csv", ("foo", "bar", "baz"), ("1", "2", "3"), 2),
        ("csvkit__mac_newlines.csv", ("a", "b", "c"), ("1", "2", "3"), 2),
        ("csvkit__blanks.csv", tuple("abcdef"), ("", "NA", "N/A", "NONE", "NULL", "."), 1),
        ("csvkit__bad.csv", ("column_a", "column_b", "column_c"), ("0", "mixed types.... uh oh", "17"), 1),
        ("frictionless__table-infer-iso-8859-7.csv", ("id", "age", "name"), ("1", "39", "Λεωνιδας"), 4),
        ("frictionless__issue-1009-semicolon.csv", ("fieldNameA", "fieldNameB"), ("0123", "c"), 1),
        (
            "frictionless__duplicate-headers.csv",
            ("id", "name", "id (2)", "age", "id (3)"),
            ("1101", "John", "0", "30", "001101"),
            2,
        ),
        ("frictionless__blank-rows-multiple.csv", ("id", "name", "age"), ("1101", "John", "30"), 2),
        ("frictionless__skip-rows-before-headers.csv", ("id", "name"), ("1", "english"), 2),
        ("duckdb__mixed_dates.csv", ("A", "B"), ("1", "2024-03-08"), 5),
        ("duckdb__nullbyte.csv", ("col1", "col2", "col3"), ("val1", "val\x002", "val3"), 1),
        ("chinesenlp__waimai_300_gb18030.csv", ("label", "review"), ("1", "很快，好吃，味道足，量大"), 300),
        ("csv-test-data__bad-header-less-fields.csv", ("foo", "bar", "baz"), ("1", "2", ""), 1),
    ],
)
def test_files_whose_cells_the_quirk_tells(data, name, header, first, rows):
    raw = whole(_open(data, name))
    assert raw.header == header
    assert len(raw.frame) == rows
    assert tuple(raw.frame.iloc[0]) == first


def test_signs_and_long_cells_survive(data):
    assert "©" in whole(_open(data, "csvkit__test_latin1.csv")).frame["c"].tolist()
    tweet = whole(_open(data, "duckdb__csv_quoted_newline_odd.csv")).frame["content"]
    assert tweet[0].startswith("RT @Truffaut") and tweet[0].endswith("photo/1")
    assert tweet[1] == "84,hello world"


def test_long_delimiter_is_found_or_typed(data):
    name = "idea__youtube_total_info_first300.txt"
    lines = (data / "nasty_csv" / name).read_bytes().decode().split("\r\n")
    expected = [line.split("******") for line in lines if line]
    for answers in ({}, {"delimiter": "******", "header": "none"}):
        raw = whole(_open(data, name, answers))
        assert (raw.delimiter, raw.header[0], raw.frame.shape) == ("******", "Column 1", (300, 6))
        assert _rows(raw) == expected
