import datetime
import io
import zipfile

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from core.errors import BadFile, NotText, TooLarge
from core.ingest.raw import Limits
from core.ingest.workbook import open_workbook

LIMITS = Limits()


def book(*sheets, **names):
    """Bytes of a workbook by openpyxl; a sheet is a list of rows."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for place, rows in enumerate(sheets):
        sheet = made.create_sheet(f"S{place + 1}")
        for row in rows:
            sheet.append(row)
    for title, rows in names.items():
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def changed(data, parts=(), without=()):
    """The workbook with parts replaced or added."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in dict(parts) and name not in without:
                new.writestr(name, old.read(name))
        for name, content in dict(parts).items():
            new.writestr(name, content)
    return file.getvalue()


def with_rows(xml):
    """A workbook whose only sheet holds these rows."""
    head = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    sheet = f"{head}{xml}</sheetData></worksheet>"
    return changed(book([["a"]]), {"xl/worksheets/sheet1.xml": sheet})


def rows(table):
    return [tuple(row) for chunk in table.chunks() for row in chunk.frame.itertuples(index=False)]


def rejected(table):
    return [(row.line, row.reason, row.cells) for chunk in table.chunks() for row in chunk.rejected]


def test_cells_are_text_as_a_person_sees_them():
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as made:
        sheet = made.add_worksheet()
        day = made.add_format({"num_format": "yyyy-mm-dd"})
        clock = made.add_format({"num_format": "hh:mm"})
        long = made.add_format({"num_format": "[h]:mm"})
        sheet.write_row(0, 0, ["name", "value"])
        sheet.write_string(1, 1, "00123")
        sheet.write_number(2, 1, 5)
        sheet.write_number(3, 1, 12.5)
        sheet.write_number(4, 1, -0.001)
        sheet.write_boolean(5, 1, True)
        sheet.write_datetime(6, 1, datetime.datetime(2024, 2, 29), day)
        sheet.write_datetime(7, 1, datetime.datetime(2024, 2, 29, 13, 5, 59), day)
        sheet.write_number(8, 1, 0.5, clock)
        sheet.write_number(9, 1, 1.5, long)
        sheet.write_formula(10, 1, "=1+1", None, 2)
        sheet.write_formula(11, 1, "=NA()", None, "#N/A")
        sheet.write_string(12, 1, " = tom\r\n ")
        sheet.write_string(13, 1, "NA")
        sheet.write_number(14, 1, 1e300)
        sheet.write_string(15, 1, "a _x0041_ 😀")
        for row in range(1, 16):
            sheet.write_string(row, 0, "x")
    assert [cells[1] for cells in rows(open_workbook(file.getvalue(), LIMITS))] == [
        "00123",
        "5",
        "12.5",
        "-0.001",
        "TRUE",
        "2024-02-29",
        "2024-02-29 13:05:59",
        "12:00:00",
        "36:00:00",
        "2",
        "#N/A",
        " = tom\r\n ",
        "NA",
        "1E+300",
        "a _x0041_ 😀",
    ]


TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\ufffe\uffff"), max_size=12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=6))
def test_text_cells_come_back_as_they_were_written(cells):
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_urls": False}) as made:
        sheet = made.add_worksheet()
        for place, row in enumerate([("key", "one", "two"), *(("x", *pair) for pair in cells)]):
            for column, cell in enumerate(row):
                sheet.write_string(place, column, cell)
    assert rows(open_workbook(file.getvalue(), LIMITS, {"header": "1"})) == [("x", *pair) for pair in cells]


def test_rich_text_phonetic_aids_and_odd_cells():
    table = open_workbook(
        with_rows(
            '<row r="1"><c t="inlineStr"><is><t>text</t></is></c><c t="inlineStr"><is><t>n</t></is></c></row>'
            '<row r="5"><c r="A5" t="inlineStr"><is><r><t>東</t></r><r><t>京</t></r>'
            '<rPh sb="0" eb="1"><t>トウ</t></rPh></is></c><c r="B5"><v>1.2E+20</v></c></row>'
            '<row><c t="str"><f>A1</f><v>cr_x000D_</v></c><c t="d"><v>2024-01-02T00:00:00</v></c></row>'
            '<row><c t="e"><v>#REF!</v></c><c><f>SUM(A1)</f></c></row>'
            '<row><c t="str"><v>id</v></c><c><v>570301130888122368</v></c></row>'
        ),
        LIMITS,
    )
    assert rows(table) == [
        ("東京", "120000000000000000000"),
        ("cr\r", "2024-01-02"),
        ("#REF!", ""),
        ("id", "570301130888122368"),
    ]
    assert [chunk.lines.tolist() for chunk in table.chunks()] == [[5, 6, 7, 8]]
    said = " ".join(table.warnings)
    assert "results are not saved in the file: 1 (the first in row 7)" in said
    assert "keeps only 15: 2 (the first in row 5)" in said


def test_days_are_counted_from_1904_where_the_workbook_says_so():
    made = openpyxl.Workbook()
    made.epoch = CALENDAR_MAC_1904
    for row in (["text", "day"], ["x", datetime.date(2024, 2, 29)]):
        made.active.append(row)
    file = io.BytesIO()
    made.save(file)
    assert rows(open_workbook(file.getvalue(), LIMITS)) == [("x", "2024-02-29")]


def test_lone_surrogates_become_replacement_characters():
    table = open_workbook(
        with_rows(
            '<row><c t="str"><v>text</v></c></row><row><c t="str"><v>a_xD83D_b _xD83D__xDE00_</v></c></row>'
        ),
        LIMITS,
    )
    assert rows(table) == [("a\ufffdb 😀",)]
    assert "broken characters" in table.warnings[0]


def test_lines_above_the_names_and_empty_rows_are_no_rows():
    data = book([["Feedback 2024"], [], [None, "text", "stars"], [], [None, "good", 5], [], [None, "bad", 1]])
    table = open_workbook(data, LIMITS)
    assert (table.header, table.questions) == (("text", "stars"), ())
    assert table.warnings == ("Rows above the column names were skipped: 1.",)
    assert rows(table) == [("good", "5"), ("bad", "1")]
    assert next(table.chunks()).lines.tolist() == [5, 7]
    assert table.answers == {"sheet": "S1", "header": "3"}


def test_rows_that_do_not_fit_are_set_aside():
    table = open_workbook(
        book([["text", "stars"], ["good", 5, "more"], ["text", "stars"], [" ", None], ["fine"]]), LIMITS
    )
    assert rows(table) == [("fine", "")]
    assert rejected(table) == [
        (2, "has more cells than the 2 column names", ("good", "5", "more")),
        (3, "repeats the column names", ("text", "stars")),
        (4, "every cell is empty", (" ",)),
    ]


def test_one_column_and_names_that_repeat():
    assert rows(open_workbook(book([["text"], ["a"], ["b"]]), LIMITS)) == [("a",), ("b",)]
    table = open_workbook(book([["t", "t", None, "u"], ["1a", "2a", "3a", "4a"]]), LIMITS)
    assert table.header == ("t", "t (2)", "Column 3", "u")
    assert "renamed: 't (2)', 'Column 3'" in table.warnings[0]


def test_several_sheets_ask_with_a_preview_and_the_answer_is_taken():
    data = book(Notes=[["only one line"]], Small=[["a", "b"], ["x", 1]], Big=[["t", "n"], ["long words", 2]])
    table = open_workbook(data, LIMITS)
    (question,) = table.questions
    assert question.key == "sheet"
    assert [answer.value for answer in question.answers] == ["Big", "Small"]
    assert question.answers[1].rows == (("a", "b"), ("x", "1"))
    chosen = open_workbook(data, LIMITS, {"sheet": "Small"})
    assert (chosen.questions, rows(chosen)) == ((), [("x", "1")])
    with pytest.raises(BadFile, match="no sheet 'Other'. Choose one of 'Notes'"):
        open_workbook(data, LIMITS, {"sheet": "Other"})


def test_no_names_ask():
    data = book([["good", 5], ["bad", 1]])
    (question,) = open_workbook(data, LIMITS).questions
    assert (question.key, [answer.value for answer in question.answers]) == ("header", ["1", "none"])
    assert question.answers[1].rows == (("Column 1", "Column 2"), ("good", "5"), ("bad", "1"))
    table = open_workbook(data, LIMITS, {"header": "none"})
    assert (table.header, rows(table)) == (("Column 1", "Column 2"), [("good", "5"), ("bad", "1")])
    assert (table.questions, table.warnings) == ((), ())
    assert rows(open_workbook(data, LIMITS, {"header": "1"})) == [("bad", "1")]


def test_a_line_of_two_cells_above_the_names_asks():
    data = book([["Exported", "May"], ["text", "stars", "date"], ["good", 5, "2024"], ["bad", 1, "2023"]])
    table = open_workbook(data, LIMITS)
    assert [answer.value for answer in table.questions[0].answers] == ["2", "1"]
    assert table.header == ("text", "stars", "date")


def test_limits_have_their_own_messages():
    data = book([["text", "n"], ["a" * 200, 1], ["b", 2]])
    for limits, says in (
        (Limits(max_bytes=500), "MB can be read"),
        (Limits(max_rows=1), "more than 1 rows"),
        (Limits(max_cell_chars=100), "row 2 has 200 characters"),
        (Limits(max_columns=1, refuse_columns=1), "2 columns"),
    ):
        with pytest.raises(TooLarge, match=says):
            rows(open_workbook(data, limits))


def test_very_many_columns_ask_which_to_keep():
    data = book([["a", "b", "c"], [1, 2, 3]])
    table = open_workbook(data, Limits(max_columns=2))
    assert [question.key for question in table.questions] == ["columns"]
    table = open_workbook(data, Limits(max_columns=2), {"columns": "c,a"})
    assert (table.header, rows(table), table.questions) == (("a", "c"), [("1", "3")], ())


def test_an_empty_workbook_and_one_without_rows():
    with pytest.raises(BadFile, match="is empty"):
        open_workbook(book([]), LIMITS)
    with pytest.raises(BadFile, match="no rows below"):
        rows(open_workbook(book([["text", "n"]]), LIMITS))


def test_chunks_are_the_same_a_second_time(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(book([["text", "n"], *([f"t{row}", row] for row in range(21_000))]))
    table = open_workbook(path, LIMITS)
    assert [len(chunk.frame) for chunk in table.chunks()] == [20_000, 1_000]
    assert [chunk.lines[0] for chunk in table.chunks()] == [2, 20_002]


ENTITIES = '<!DOCTYPE a [<!ENTITY b "bbbbbbbb">]>'


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"xl/vbaProject.bin": b"x"}, "macros"),
        ({"xl/externalLinks/externalLink1.xml": b"<a/>"}, "external links"),
        ({"xl/worksheets/sheet1.xml": f"<?xml version='1.0'?>{ENTITIES}<worksheet/>"}, "entities"),
        ({"xl/sharedStrings.xml": f"<!-- {'x' * 5000} -->{ENTITIES}<sst/>"}, "entities"),
        (
            {"xl/styles.xml": f'<?xml version="1.0" encoding="UTF-16"?>{ENTITIES}<a/>'.encode("utf-16")},
            "entit",
        ),
        ({"xl/worksheets/sheet1.xml": "<!--" + "x" * 70_000 + "--><worksheet/>"}, "never writes"),
        ({"xl/../../etc/passwd": b"x"}, "names that Excel does not write"),
        ({"XL/workbook.xml": b"x"}, "names that Excel does not write"),
    ],
)
def test_what_a_workbook_may_not_hold(parts, says):
    with pytest.raises(NotText, match=says):
        open_workbook(changed(book([["text"], ["a"]]), parts), LIMITS)


def test_bombs_are_refused_before_they_are_unpacked():
    big = changed(book([["t"], ["a"]]), {"xl/worksheets/sheet1.xml": b" " * 30_000_000})
    assert len(big) < 100_000
    with pytest.raises(TooLarge, match="no table of comments"):
        open_workbook(big, LIMITS)
    with pytest.raises(TooLarge, match="unpacks to 30 MB"):
        open_workbook(big, Limits(max_bytes=1_000_000))
    many = changed(book([["t"], ["a"]]), {f"xl/media/{number}.png": b"" for number in range(5_001)})
    with pytest.raises(TooLarge, match="far more parts"):
        open_workbook(many, LIMITS)


def test_a_row_number_or_column_of_astronomic_size_does_nothing():
    for cell in (
        '<row r="99999999999"><c r="A1"><v>1</v></c></row>',
        '<row><c r="ZZZZZZZ1"><v>1</v></c></row>',
    ):
        with pytest.raises(BadFile, match="not as Excel writes it"):
            rows(open_workbook(with_rows('<row><c t="str"><v>t</v></c></row>' + cell), LIMITS))


def test_a_row_that_never_ends_is_refused(monkeypatch):
    monkeypatch.setattr("core.ingest.sheet.ROW_BYTES", 100_000)
    wide = "<row>" + '<c t="str"><v>x</v></c>' * 16_000 + "</row>"
    with pytest.raises(TooLarge, match="A row of this workbook"):
        open_workbook(with_rows(wide), Limits(max_columns=20_000))


def test_damaged_workbooks_say_so():
    data = book([["text"], ["a"]])
    for broken in (data[: len(data) // 2], data[:-10], b"PK\x03\x04" + b"\x00" * 100):
        with pytest.raises(BadFile, match="damaged"):
            open_workbook(broken, LIMITS)
    with pytest.raises(BadFile, match="damaged"):
        open_workbook(changed(data, {"xl/worksheets/sheet1.xml": "<worksheet><row>"}), LIMITS)
    with pytest.raises(BadFile, match="as Excel writes it"):
        open_workbook(changed(data, without=("xl/workbook.xml",)), LIMITS)
    with pytest.raises(NotText, match="no Excel workbook"):
        open_workbook(changed(data, without=("[Content_Types].xml",)), LIMITS)


@pytest.mark.parametrize("place", range(0, 4_000, 97))
def test_a_flipped_byte_gives_rows_or_a_sentence(place):
    data = bytearray(book([["text", "n"], ["a", 1], ["b", 2]]))
    data[place % len(data)] ^= 0x55
    try:
        read = rows(open_workbook(bytes(data), LIMITS))
    except BadFile as error:
        assert str(error).endswith(".")
    else:
        assert len(read) <= 2


def test_sheets_that_are_left_out_are_told():
    data = book([["Made by", "Ann"]], [["id", "comment"], ["1", "It works now."], ["2", "It is slow."]])
    table = open_workbook(data, Limits())
    assert not table.questions
    assert [warning for warning in table.warnings if "was read" in warning]
    chosen = open_workbook(data, Limits(), {"sheet": table.answers["sheet"]})
    assert not [warning for warning in chosen.warnings if "was read" in warning]
