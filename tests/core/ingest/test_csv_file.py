import csv
import io
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain import Rejection
from core.errors import AppError, BadFile, TooLarge
from core.ingest.csv_file import Limits, read_csv

SMALL = Limits(max_bytes=10_000_000, max_rows=1_000, max_cell_chars=1_000, max_columns=20)


def read(text: str, limits: Limits = SMALL):
    return read_csv(text.encode(), limits)


def cells(raw):
    return [list(row) for row in raw.frame.itertuples(index=False)]


def test_every_cell_arrives_as_written():
    raw = read('a,b,c\n00123,NA,NULL\n1e400,TRUE, x \n,"",\'\n')
    assert cells(raw) == [["00123", "NA", "NULL"], ["1e400", "TRUE", " x "], ["", "", "'"]]
    assert not raw.frame.isna().any().any()
    assert raw.warnings == ()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_quoted_newlines(end):
    raw = read(end.join(["a,b", '"one' + end + 'two",2', "", "3,4", ""]))
    assert cells(raw) == [["one" + end + "two", "2"], ["3", "4"]]
    assert raw.lines.tolist() == [2, 5]
    assert raw.rows_in == 2


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_found_in_prose(delimiter):
    rows = [
        ["id", "text", "date"],
        ["1", "Well, it; works | at last", "Apr 01, 2017"],
        ["2", "no", "May 02, 2017"],
    ]
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows(rows)
    raw = read(file.getvalue())
    assert raw.delimiter == delimiter
    assert cells(raw) == rows[1:]


def test_delimiter_named_in_the_file():
    raw = read("sep=;\r\na;b\r\n1,5;2\r\n")
    assert (raw.header, cells(raw), raw.lines.tolist()) == (("a", "b"), [["1,5", "2"]], [3])


def test_one_column_keeps_its_commas_and_says_so():
    raw = read("feedback\nI like it, a lot\nSlow\n")
    assert raw.delimiter == ""
    assert cells(raw) == [["I like it, a lot"], ["Slow"]]
    assert "commas included" in raw.warnings[0]


def test_lines_above_the_header_are_left_out_with_a_warning():
    raw = read("Export of 3 May\n\nid,text,date\n1,good,2\n2,bad,3\n")
    assert raw.header == ("id", "text", "date")
    assert raw.lines.tolist() == [4, 5]
    assert "left out" in raw.warnings[0]


def test_short_header_is_not_taken_for_a_preamble():
    with pytest.raises(BadFile, match="more cells than the 2 column names"):
        read("name,age\n0,bob,31\n1,al,32\n")


def test_ragged_rows_are_rejected_not_shifted():
    raw = read("a,b,c\n1,2,3\n1,2\n1,2,3,4\n5,6,7\n,,\n")
    assert cells(raw) == [["1", "2", "3"], ["5", "6", "7"]]
    assert raw.rejections == (
        Rejection("has fewer cells than the 3 column names", 1, (3,)),
        Rejection("has more cells than the 3 column names", 1, (4,)),
        Rejection("every cell is empty", 1, (6,)),
    )
    assert raw.rows_in == 5


def test_repeated_header_and_second_table():
    again = read("a,b\n1,2\na,b\n3,4\n")
    assert cells(again) == [["1", "2"], ["3", "4"]]
    assert again.rejections[0].examples == (3,)
    second = read("a,b,c\n1,2,3\na,b\n3,4\n5,6,7\n")
    assert cells(second) == [["1", "2", "3"]]
    assert second.rejections[0].rows == 3
    assert "second table" in second.rejections[0].reason


def test_header_names_are_made_unique():
    raw = read("id,,id,name (2),name,name\n1,2,3,4,5,6\n")
    assert raw.header == ("id", "Column 2", "id (2)", "name (2)", "name", "name (3)")
    assert "'Column 2'" in raw.warnings[0]


def test_stray_quote_costs_its_row_only():
    raw = read('a,b\n1,"say "hi" now"\n2,fine\n')
    assert cells(raw) == [["2", "fine"]]
    assert raw.rejections == (Rejection("a quotation mark inside a quoted cell is not doubled", 1, (2,)),)


def test_unclosed_quote_names_its_line():
    with pytest.raises(BadFile, match="line 3 is never closed"):
        read('a,b\n1,2\n"3,4\n5,6\n')


@pytest.mark.parametrize("text", ["", "\n\n", " \r\n", ",,,\n,,\n", "a,b\n", "a,b\n\n\n"])
def test_files_without_rows_are_refused(text):
    with pytest.raises(BadFile):
        read(text)


def test_long_delimiters_are_refused_by_name():
    with pytest.raises(BadFile, match=r"\*\*\*\*\*\*"):
        read("2.0******nice, but slow******SG\n1.0******bad******CA\n3.0******ok, then******CA\n")


@pytest.mark.parametrize(
    "text",
    [
        "," * 100_000,
        "a" + "," * 100_000 + "\n1,2\n",
        "a,b\n" + "x" * 5_000_000 + "\n",
        "a,b\n1," + "x" * 1_001 + "\n",
        "a,b\n" + "1,2\n" * 1_001,
        "a,b\n1,2\n" + "," * 4_100_000,
    ],
)
def test_bombs_are_refused_fast(text):
    start = time.process_time()
    with pytest.raises((TooLarge, BadFile)):
        read(text)
    assert time.process_time() - start < 1.0


def test_too_many_bytes():
    with pytest.raises(TooLarge, match="Split it"):
        read_csv(b"a,b\n1,2\n" * 10, Limits(max_bytes=50))


def test_a_long_late_line_of_commas_is_one_rejected_row():
    raw = read("a,b\n1,2\n" + "," * 100_000 + "x\n")
    assert (len(raw.frame), raw.rejections[0].rows) == (1, 1)


# Headers as people write them; cells may hold anything but what is replaced on purpose.
_HEADER = st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), min_size=1, max_size=5, unique=True)
_CELL = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufffe\uffff")
    | st.sampled_from('\r\n\t",;|')
)


@st.composite
def _tables(draw):
    header = draw(_HEADER)
    row = st.lists(_CELL, min_size=len(header), max_size=len(header))
    return header, draw(st.lists(row, min_size=1, max_size=8))


@settings(max_examples=150, deadline=None)
@given(_tables(), st.sampled_from([",", ";", "\t", "|"]), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_what_a_csv_writer_writes_comes_back(table, delimiter, encoding):
    header, rows = table
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([header, *rows])
    kept = [row for row in rows if any(cell.strip() for cell in row)]
    kept = [row for row in kept if len(row) == 1 or [cell.strip() for cell in row] != header]
    try:
        raw = read_csv(file.getvalue().encode(encoding), SMALL)
    except BadFile:
        assert not kept
        return
    assert list(raw.header) == header
    assert cells(raw) == kept
    assert raw.rows_in == len(raw.frame) + sum(rejection.rows for rejection in raw.rejections) == len(rows)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_give_a_table_or_a_sentence(data):
    try:
        raw = read_csv(data, SMALL)
    except AppError as error:
        assert str(error).endswith((".", "?"))
        return
    assert raw.rows_in == len(raw.frame) + sum(rejection.rows for rejection in raw.rejections)
    assert len(raw.lines) == len(raw.frame)
