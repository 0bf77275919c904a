"""Files that go wrong in thirty ways, from bytes to the rows that `core table` would write."""

import csv
import hashlib
import json

import pytest

from core.errors import BadFile
from core.workflow.import_file import ASK, STORED, Order, import_here, look_at

EXACT = [
    "csv-spectrum__comma_in_quotes.csv",
    "csv-spectrum__escaped_quotes.csv",
    "csv-spectrum__newlines.csv",
    "csv-spectrum__utf8.csv",
    "csv-test-data__quotes-with-newline.csv",
    "duckdb__utf16.csv",
    "pollock__file_field_delimiter_0x3B.csv",
    "pollock__file_multitable_less.csv",
    "pollock__file_preamble.csv",
]


@pytest.fixture
def importing(store, settings, shared_data):
    """(look, outcome, rows as dicts) of a file of the suite; `answers` where it asks."""

    def run(name, **answers):
        data = (shared_data / "nasty_csv" / name).read_bytes()
        seen = look_at(data, settings, answers)
        assert not seen.questions, [question.key for question in seen.questions]
        order = Order(name, hashlib.sha256(data).hexdigest(), seen.columns, answers)
        outcome = import_here(store, settings, data, order)
        assert outcome.status == STORED
        assert outcome.rows_in == outcome.rows_stored + sum(item.rows for item in outcome.rejections)
        rows = [
            dict(zip(header, cells, strict=True))
            for header, cells in store.datasets.cells(outcome.dataset_id)
        ]
        assert len(rows) == outcome.rows_stored
        return seen, outcome, rows

    return run


@pytest.fixture
def asking(settings, shared_data):
    """The questions of a file."""

    def ask(name, **answers):
        data = (shared_data / "nasty_csv" / name).read_bytes()
        return {question.key: question for question in look_at(data, settings, answers).questions}

    return ask


@pytest.fixture
def refusing(settings, shared_data):
    def refuse(name):
        with pytest.raises(BadFile) as refused:
            look_at((shared_data / "nasty_csv" / name).read_bytes(), settings, {})
        return str(refused.value)

    return refuse


def expected_rows(folder, name):
    stem = name.rsplit(".", 1)[0]
    as_json = folder / f"{stem}.json"
    if as_json.exists():
        rows = json.loads(as_json.read_text())
        return [list(row.values()) if isinstance(row, dict) else row for row in rows]
    with (folder / f"{stem}.clean.csv").open(newline="") as file:
        return list(csv.reader(file))[1:]


@pytest.mark.parametrize("name", EXACT)
def test_cells_are_those_of_the_suite(importing, shared_data, name):
    answers = {"header": "none"} if "quotes-with-newline" in name else {}
    answers |= {"table": "1"} if "multitable" in name else {}
    _, outcome, rows = importing(name, **answers)
    assert [list(row.values()) for row in rows] == expected_rows(shared_data / "nasty_csv/expected", name)


def test_a_stray_quote_costs_one_row_at_most(importing, shared_data):
    name = "pollock__row_extra_quote10_col3.csv"
    _, outcome, rows = importing(name)
    right = expected_rows(shared_data / "nasty_csv/expected", name)
    assert outcome.rows_in == 83
    stored = [list(row.values()) for row in rows]
    assert len([row for row in right if row in stored]) >= 82
    assert len([row for row in stored if row not in right]) <= 1


def test_two_tables_are_never_mixed(importing, asking):
    name = "pollock__file_multitable_less.csv"
    if asked := asking(name):
        assert set(asked) == {"table"}
        assert len(asked["table"].answers) == 2
    _, outcome, rows = importing(name, table="1")
    assert len(rows) == 83
    assert sum(item.rows for item in outcome.rejections) >= 83
    _, _, second = importing(name, table="2")
    assert set(second[0]) != set(rows[0])


def test_an_open_quote_names_its_line_and_offers_to_read_without(asking, importing):
    asked = asking("csv-test-data__bad-missing-quote.csv")
    assert "line 2" in asked["quotes"].words
    _, _, rows = importing("csv-test-data__bad-missing-quote.csv", quotes="plain", header="1")
    assert list(rows[0].values()) == ["1", '"I forgot to close this one', "3"]


def test_a_short_row_of_its_own_gets_an_empty_cell_and_a_warning(importing):
    _, outcome, rows = importing("csv-test-data__bad-header-less-fields.csv")
    assert rows == [{"foo": "1", "bar": "2", "baz": ""}]
    assert any("empty" in warning or "fewer" in warning for warning in outcome.warnings)


def test_nothing_but_line_ends_is_refused(refusing):
    assert refusing("csv-test-data__all-empty.csv")


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("csvkit__test_latin1.csv", "©"),
        ("frictionless__table-infer-iso-8859-7.csv", "Λεωνιδας"),
        ("chinesenlp__waimai_300_gb18030.csv", "外卖"),
    ],
)
def test_the_encoding_is_found_or_asked_for(importing, asking, shared_data, name, cells):
    asked = asking(name)
    assert set(asked) <= {"encoding"}
    encodings = {
        "csvkit__test_latin1.csv": "latin-1",
        "frictionless__table-infer-iso-8859-7.csv": "iso8859-7",
    }
    answers = {"encoding": encodings[name]} if asked else {}
    _, _, rows = importing(name, **answers)
    assert cells in json.dumps(rows, ensure_ascii=False)
    assert "\ufffd" not in json.dumps(rows, ensure_ascii=False)


def test_utf16_without_asking(importing):
    _, outcome, rows = importing("csvkit__test_utf16_big.csv")
    assert outcome.encoding.startswith("utf-16")
    assert len(rows) + sum(item.rows for item in outcome.rejections) == 2


def test_a_mark_is_no_part_of_the_first_name(importing):
    seen, _, rows = importing("csvkit__test_utf8_bom.csv")
    assert seen.header[0] == "foo"
    assert len(rows) == 2


def test_line_ends_of_the_old_macintosh(importing):
    _, _, rows = importing("csvkit__mac_newlines.csv")
    assert [list(row.values()) for row in rows] == [["1", "2", "3"], ["Once upon\ra time", "5", "6"]]


def test_words_for_missing_values_stay_words(importing):
    _, _, rows = importing("csvkit__blanks.csv")
    assert list(rows[0].values()) == ["", "NA", "N/A", "NONE", "NULL", "."]


def test_rows_of_another_length_are_counted_and_kept_aside(importing, store):
    _, outcome, rows = importing("csvkit__bad.csv")
    assert [list(row.values()) for row in rows] == [["0", "mixed types.... uh oh", "17"]]
    aside = store.datasets.rejected(outcome.import_id)
    assert sorted(aside["line"]) == [2, 3]
    assert aside["reason"].str.contains("more|fewer").all()


def test_a_semicolon_makes_two_columns(importing):
    seen, _, _ = importing("frictionless__issue-1009-semicolon.csv")
    assert (seen.delimiter, len(seen.header)) == (";", 2)


def test_equal_names_are_told_apart_and_said(importing):
    seen, outcome, rows = importing("frictionless__duplicate-headers.csv")
    assert len(set(seen.header)) == len(seen.header) == 5
    assert any("renamed" in warning for warning in outcome.warnings)


def test_blank_rows_are_reported(importing):
    _, outcome, rows = importing("frictionless__blank-rows-multiple.csv")
    assert len(rows) == 2
    said = sum(item.rows for item in outcome.rejections)
    assert said == 11 or any("11" in warning for warning in outcome.warnings)


def test_nine_thousand_columns_are_refused_or_asked_about(settings, shared_data):
    data = (shared_data / "nasty_csv/frictionless__wide.csv").read_bytes()
    with pytest.raises(BadFile, match=r"9,074"):
        look_at(data, settings, {})


def test_a_comment_line_is_no_header(importing):
    seen, _, rows = importing("frictionless__skip-rows-before-headers.csv")
    assert seen.header == ("id", "name")
    assert [row["name"] for row in rows] == ["english", "中国人"]


def test_every_date_is_read_or_named(importing, store):
    _, outcome, rows = importing("duckdb__mixed_dates.csv")
    assert len(rows) == 5
    dates = store.datasets.feedback(outcome.dataset_id)["date"]
    assert dates.notna().all() or any("date" in warning for warning in outcome.warnings)


def test_a_cell_with_line_breaks_stays_one_cell(importing):
    _, outcome, rows = importing("duckdb__csv_quoted_newline_odd.csv")
    assert "Pour jouer" in rows[0]["content"]
    assert "TAS le 06/12" in rows[0]["content"]


def test_a_null_character_costs_no_row(importing):
    seen, _, rows = importing("duckdb__nullbyte.csv")
    assert seen.delimiter == "|"
    assert len(rows) == 1
    assert "2" in rows[0]["col2"]


def test_a_delimiter_of_six_characters(importing, asking):
    name = "idea__youtube_total_info_first300.txt"
    answers = {key: {"delimiter": "******", "header": "none"}[key] for key in asking(name)}
    if "delimiter" in answers:
        answers |= {key: "none" for key in asking(name, **answers)}
    seen, outcome, rows = importing(name, **answers)
    assert len(seen.header) == 6
    assert outcome.rows_in == 300
    assert outcome.status != ASK
