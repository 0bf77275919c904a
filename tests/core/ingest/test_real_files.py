"""The hostile and the real files beside the repository."""

import csv
import json
import time

import pandas as pd
import pytest

from core.errors import AppError, BadFile, TooLarge
from core.ingest.columns import guess_columns
from core.ingest.csv_file import Limits, read_csv

REFUSED = {
    "csv-test-data__all-empty.csv": "blank",
    "csv-test-data__bad-missing-quote.csv": "line 2 is never closed",
    "csv-test-data__bad-header-less-fields.csv": "fewer cells",
    "frictionless__wide.csv": "9,074 columns",
    "idea__youtube_total_info_first300.txt": r"\*\*\*\*\*\*",
}


@pytest.fixture(scope="module")
def manifest(data):
    with open(data / "nasty_csv" / "MANIFEST.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _read(path):
    return read_csv(path.read_bytes(), Limits())


def _expected(path):
    """The cells a suite expects, header first where it gives one."""
    if path.suffix == ".csv":
        with open(path, encoding="utf-8", newline="") as file:
            return [row for row in csv.reader(file)]
    rows = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(rows[0], list):
        return rows
    return [list(rows[0]), *(list(row.values()) for row in rows)]


def _cells(raw):
    return [list(raw.header), *(list(row) for row in raw.frame.itertuples(index=False))]


def test_every_nasty_file_gives_a_table_or_a_sentence(data, manifest):
    for entry in manifest:
        name = entry["file"]
        start = time.process_time()
        if name in REFUSED:
            with pytest.raises(AppError, match=REFUSED[name]):
                _read(data / "nasty_csv" / name)
        else:
            raw = _read(data / "nasty_csv" / name)
            rejected = sum(rejection.rows for rejection in raw.rejections)
            assert raw.rows_in == len(raw.frame) + rejected, name
            assert not raw.frame.isna().any().any(), name
        assert time.process_time() - start < 2.0, name


def test_files_with_expected_cells_are_read_cell_for_cell(data, manifest):
    compared = 0
    for entry in manifest:
        if not entry["expected_file"] or entry["file"] == "pollock__row_extra_quote10_col3.csv":
            continue
        raw = _read(data / "nasty_csv" / entry["file"])
        assert _cells(raw) == _expected(data / "nasty_csv" / entry["expected_file"]), entry["file"]
        compared += 1
    assert compared == 9


def test_stray_quote_rejects_one_row_and_leaves_the_others_right(data):
    folder = data / "nasty_csv"
    raw = _read(folder / "pollock__row_extra_quote10_col3.csv")
    expected = _expected(folder / "expected/pollock__row_extra_quote10_col3.clean.csv")
    assert _cells(raw) == expected[:10] + expected[11:]
    assert raw.rejections[0].examples == (11,)


@pytest.mark.parametrize(
    ("name", "header", "first", "rows"),
    [
        ("csvkit__test_latin1.csv", ("a", "b", "c"), None, 2),
        ("csvkit__test_utf16_big.csv", ("a", "b", "c"), None, 2),
        ("csvkit__test_utf8_bom.csv", ("foo", "bar", "baz"), None, 2),
        ("csvkit__mac_newlines.csv", ("a", "b", "c"), ("1", "2", "3"), 2),
        ("csvkit__blanks.csv", tuple("abcdef"), ("", "NA", "N/A", "NONE", "NULL", "."), 1),
        ("csvkit__bad.csv", ("column_a", "column_b", "column_c"), ("0", "mixed types.... uh oh", "17"), 1),
        ("frictionless__table-infer-iso-8859-7.csv", ("id", "age", "name"), ("1", "39", "Λεωνιδας"), 4),
        ("frictionless__issue-1009-semicolon.csv", ("fieldNameA", "fieldNameB"), ("0123", "c"), 1),
        ("frictionless__duplicate-headers.csv", ("id", "name", "id (2)", "age", "id (3)"), None, 2),
        ("frictionless__blank-rows-multiple.csv", ("id", "name", "age"), ("1101", "John", "30"), 2),
        ("frictionless__skip-rows-before-headers.csv", ("id", "name"), ("1", "english"), 2),
        ("duckdb__nullbyte.csv", ("col1", "col2", "col3"), ("val1", "val\ufffd2", "val3"), 1),
        ("duckdb__csv_quoted_newline_odd.csv", ("content",), None, 2),
        ("chinesenlp__waimai_300_gb18030.csv", ("label", "review"), ("1", "很快，好吃，味道足，量大"), 300),
    ],
)
def test_files_whose_cells_the_quirk_tells(data, name, header, first, rows):
    raw = _read(data / "nasty_csv" / name)
    assert raw.header == header
    assert len(raw.frame) == rows
    if first:
        assert tuple(raw.frame.iloc[0]) == first


REAL = {
    "airline_tweets_60.csv": (8776, "text", "airline_sentiment", "tweet_created", None, "name"),
    "app_reviews_youtube_ios.csv": (5000, "review text", None, "date", "rating", None),
    "app_reviews_arminer_facebook_tapfish.csv": (6000, "text", "label", None, "rating", None),
    "banking77_train.csv": (10003, "text", "category", None, None, None),
    "banking77_test.csv": (3080, "text", "category", None, None, None),
    "waimai_10k.csv": (11987, "review", "label", None, None, None),
    "github_issues_nlbse24_train.csv": (1500, "body", "label", "created_at", None, None),
    "votes_polis_freshwater/comments.csv": (80, "comment-body", None, "timestamp", None, "author-id"),
}


@pytest.mark.parametrize("name", REAL)
def test_real_files_are_read_whole_and_their_roles_guessed(data, name):
    rows, text, label, date, rating, author = REAL[name]
    raw = _read(data / name)
    assert (len(raw.frame), raw.rejections) == (rows, ())
    found = guess_columns(raw.frame)
    assert (found.text, found.label, found.date, found.rating, found.author) == (
        text,
        label,
        date,
        rating,
        author,
    )


def test_real_cells_equal_those_of_pandas(data):
    for name in REAL:
        theirs = pd.read_csv(data / name, dtype=str, keep_default_na=False, index_col=False)
        ours = _read(data / name).frame
        assert list(ours.columns) == list(theirs.columns)
        pairs = zip(ours.to_numpy().ravel(), theirs.to_numpy().ravel(), strict=True)
        # Only cells in which a control character was replaced may differ.
        assert all("\ufffd" in mine for mine, other in pairs if mine != other), name


def test_ten_thousand_rows_take_half_a_second(data):
    content = (data / "banking77_train.csv").read_bytes()
    start = time.process_time()
    raw = read_csv(content, Limits())
    assert len(raw.frame) == 10_003
    assert time.process_time() - start < 0.5


def test_wide_file_is_refused_before_it_is_parsed(data):
    with pytest.raises(TooLarge, match="Keep the columns you need"):
        _read(data / "nasty_csv" / "frictionless__wide.csv")
    assert issubclass(TooLarge, BadFile)
