import csv
import io
import time

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.domain import Rejection
from core.errors import AppError, BadFile, NotText, TooLarge
from core.ingest.raw import CHUNK_ROWS, Limits, whole
from core.ingest.table_file import open_table, read_csv

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
    assert "another table" in second.rejections[0].reason


def test_header_names_are_made_unique():
    raw = read("id,,id,name (2),name,name\n1,2,3,4,5,6\n")
    assert raw.header == ("id", "Column 2", "id (2)", "name (2)", "name", "name (3)")
    assert "'Column 2'" in raw.warnings[0]


def test_stray_quote_costs_its_row_only():
    raw = read('a,b\n1,"say "hi" now"\n2,fine\n')
    assert cells(raw) == [["2", "fine"]]
    assert raw.rejections == (Rejection("a quotation mark inside a quoted cell is not doubled", 1, (2,)),)


def test_unclosed_quote_names_its_line():
    raw = read('a,b\n1,2\n"3,4\n5,6\n')
    assert "line 3 is never closed" in raw.questions[0].words
    assert cells(raw) == [["1", "2"], ["5", "6"]]


@pytest.mark.parametrize("text", ["", "\n\n", " \r\n", ",,,\n,,\n", "a,b\n", "a,b\n\n\n"])
def test_files_without_rows_are_refused(text):
    with pytest.raises(BadFile):
        read(text)


def test_too_many_bytes():
    with pytest.raises(TooLarge, match="Split it"):
        read_csv(b"a,b\n1,2\n" * 10, Limits(max_bytes=50))


def test_a_long_late_line_of_commas_is_one_rejected_row():
    raw = read("a,b\n1,2\n" + "," * 100_000 + "x\n")
    assert (len(raw.frame), raw.rejections[0].rows) == (1, 1)


def test_chunks_are_small_and_the_same_at_every_pass():
    rows = "".join(f"{n},{n % 7}\n" for n in range(45_000))
    file = open_table(("id,stars\n" + rows + ",\n" * 30_000).encode(), Limits())
    first, second = list(file.chunks()), list(file.chunks())
    assert all(len(chunk.frame) + len(chunk.rejected) <= CHUNK_ROWS for chunk in first)
    assert sum(len(chunk.frame) for chunk in first) == 45_000
    assert sum(len(chunk.rejected) for chunk in first) == 30_000
    lines = np.concatenate([chunk.lines for chunk in first])
    assert lines.tolist() == list(range(2, 45_002))
    for one, other in zip(first, second, strict=True):
        assert one.frame.equals(other.frame)
        assert one.rejected == other.rejected
        assert str(one.frame.dtypes.iloc[0]) == "str"


def test_records_that_lie_across_pieces_of_the_file(monkeypatch):
    rows = [[str(n), f'line one "{n}"\r\n\rline é {"x" * (n % 50)}'] for n in range(300)]
    file = io.StringIO(newline="")
    csv.writer(file, quoting=csv.QUOTE_ALL).writerows([["id", "text"], *rows])
    data = file.getvalue().encode()
    monkeypatch.setattr("core.ingest.source.PIECE", 97)
    monkeypatch.setattr("core.ingest.dialect.SAMPLE_CHARS", 500)
    assert cells(read_csv(data, SMALL)) == rows


def test_a_file_on_disk_is_read_like_its_bytes(tmp_path):
    path = tmp_path / "x.dat"
    path.write_bytes(b"a;b\n1;2\n")
    assert cells(read_csv(path, SMALL)) == cells(read_csv(b"a;b\n1;2\n", SMALL)) == [["1", "2"]]


# Headers as people write them; cells may hold anything but surrogates.
_HEADER = st.lists(st.from_regex(r"[a-z]{2,8}", fullmatch=True), min_size=1, max_size=5, unique=True)
_CELL = st.text(st.characters(blacklist_categories=("Cs",)) | st.sampled_from('\r\n\t",;|\x00\ufeff'))


@st.composite
def _tables(draw):
    header = draw(_HEADER)
    row = st.lists(_CELL, min_size=len(header), max_size=len(header))
    return header, draw(st.lists(row, min_size=1, max_size=8))


def _written(rows, delimiter):
    quoted = (delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows)
    return "\r\n".join(quoted) + "\r\n"


@settings(max_examples=300, deadline=None)
@given(
    _tables(),
    st.sampled_from([",", ";", "\t", "|", "^", "||", "~|~"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32", "gb18030"]),
    st.booleans(),
)
def test_what_a_csv_writer_writes_comes_back(table, delimiter, encoding, told):
    header, rows = table
    assume(encoding != "gb18030" or told)  # any bytes can be read as several encodings
    answers = {"header": "1", "quotes": "csv"}
    if told:
        answers["encoding"] = encoding
        answers["delimiter"] = delimiter if len(header) > 1 else "none"
    data = _written([header, *rows], delimiter).encode(encoding)
    kept = [row for row in rows if any(cell.strip() for cell in row)]
    kept = [row for row in kept if len(row) == 1 or [cell.strip() for cell in row] != header]
    try:
        file = open_table(data, SMALL, answers)
        assume(not any(question.key in ("table", "delimiter") for question in file.questions))
        raw = whole(file)
    except NotText:
        assume(False)  # more control characters than a text has
    except BadFile:
        assert not kept
        return
    assert list(raw.header) == header
    assert cells(raw) == kept
    assert raw.rows_in == len(raw.frame) + len(raw.rejected) == len(rows)


def _missing(data):
    """What these bytes should give and do not, whether they are a table or only a sentence comes of them."""
    start = time.process_time()
    try:
        file = open_table(data, SMALL)
        raw = whole(file)
    except AppError as error:
        given = {"a sentence": str(error).endswith((".", "?"))}
    else:
        given = {
            "each row once": raw.rows_in == len(raw.frame) + len(raw.rejected),
            "a line for each row": len(raw.lines) == len(raw.frame) > 0,
            "the same rows again": raw.frame.equals(whole(file).frame),
            "questions with answers": all(asked.answers and asked.words for asked in file.questions),
        }
    given["an answer in 5 s"] = time.process_time() - start < 5.0
    return [name for name, there in given.items() if not there]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_give_a_table_or_a_sentence(data):
    assert _missing(data) == []


_ALMOST = st.text(st.sampled_from('",;|\t\r\n\\ab1é#='), max_size=200)


@settings(max_examples=500, deadline=None)
@given(_ALMOST)
def test_almost_tables_give_a_table_or_a_sentence(text):
    assert _missing(text.encode()) == []


_GOOD = (
    'id;date;text\r\n1;2024-01-02;"Größe; ""gut"""\r\n'
    '2;2024-02-03;"zwei\r\nZeilen"\r\n3;2024-03-04;schlecht\r\n'
)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["utf-8", "cp1252", "utf-16"]),
    st.lists(
        st.tuples(st.integers(0, 400), st.binary(max_size=3), st.integers(0, 3)), min_size=1, max_size=6
    ),
)
def test_spoiled_files_give_a_table_or_a_sentence(encoding, spoils):
    data = (_GOOD * 2).encode(encoding)
    for at, new, cut in spoils:
        place = min(at, len(data))
        data = data[:place] + new + data[place + cut :]
    assert _missing(data) == []


ROWS_BELOW = [f"T-{i},{i},good {i}" for i in range(400)]


@pytest.mark.parametrize("above", [[], ["Report of May", ""]])
def test_many_rows_below_their_names_are_read_as_few(above):
    lines = [*above, "id,score,comment", *ROWS_BELOW]
    table = read_csv("\n".join(lines).encode(), Limits())
    assert table.header == ("id", "score", "comment")
    assert table.frame.to_numpy().tolist() == [row.split(",") for row in ROWS_BELOW]
    assert table.lines.tolist() == [len(above) + 2 + i for i in range(400)]


def test_a_second_table_far_below_the_names_is_found():
    lines = ["id,score,comment", *ROWS_BELOW, "id,reply,comment", *ROWS_BELOW[:200]]
    table = open_table("\n".join(lines).encode(), Limits())
    assert [question.key for question in table.questions] == ["table"]


def test_names_far_below_their_first_time_are_no_row():
    lines = ["id,score,comment", *ROWS_BELOW, "id,score,comment", *ROWS_BELOW]
    table = read_csv("\n".join(lines).encode(), Limits())
    assert len(table.frame) == 800
    assert [(row.line, row.reason) for row in table.rejected] == [(402, "repeats the column names")]


def test_names_behind_a_byte_order_mark_between_joined_files_are_no_row():
    below = "".join(f"{n},it is slow\n" for n in range(3_000))
    for first in ("1,it works\n", below):
        raw = read(f"id,text\n{first}\ufeffid,text\n9,it hangs\n", Limits())
        assert not raw.questions
        assert [row.reason for row in raw.rejected] == ["repeats the column names"]
        assert cells(raw)[-1] == ["9", "it hangs"]


def test_the_names_of_a_chosen_later_table_belong_to_no_other():
    text = "id,text,stars\n1,it works,5\n2,it hangs,1\n\ncountry,users\nDE,100\nUS,200\n"
    table = open_table(text.encode(), SMALL, {"table": "2"})
    rows = {row.line: row.reason for chunk in table.chunks() for row in chunk.rejected}
    assert rows[2] == "belongs to another table in the file (that on line 1)"
    assert rows[5] == "holds the column names of this table"


def test_endless_blank_lines_are_refused_in_time():
    begun = time.monotonic()
    with pytest.raises(TooLarge, match="most of them blank"):
        read("id,text\n1,it works\n" + "\n" * 12_000_000, Limits())
    assert time.monotonic() - begun < 10
