"""Files that went wrong on their way, each made here, with the cells worked out by hand."""

import gzip
import random
import time

import pytest

from core.errors import BadFile
from core.ingest.raw import Limits, whole
from core.ingest.table_file import open_table

LIMITS = Limits(max_bytes=60_000_000, max_rows=3_000, max_cell_chars=50_000)
ACCENTS = "id,texte\n1,L'été dernier la facture était déjà payée\n2,Très déçu du côté français\n"
ACCENT_ROWS = [["1", "L'été dernier la facture était déjà payée"], ["2", "Très déçu du côté français"]]
AB = [["1", "2"], ["3", "4"]]


def read(data, answers=None):
    file = open_table(data if isinstance(data, bytes) else data.encode(), LIMITS, answers or {})
    raw = whole(file)
    assert raw.rows_in == len(raw.frame) + len(raw.rejected)
    assert [len(raw.lines), list(raw.frame.columns)] == [len(raw.frame), list(raw.header)]
    return file, raw, [list(row) for row in raw.frame.itertuples(index=False)]


# ---- read exactly: nothing assumed, nothing asked -------------------------------------------

EXACT = {
    "comma": ("a,b\n1,2\n3,4\n", AB),
    "semicolon": ("a;b\n1;2\n3;4\n", AB),
    "tab": ("a\tb\n1\t2\n3\t4\n", AB),
    "vertical bar": ("a|b\n1|2\n3|4\n", AB),
    "CR LF": ("a,b\r\n1,2\r\n3,4\r\n", AB),
    "CR": ("a,b\r1,2\r3,4\r", AB),
    "mixed line ends": ("a,b\r\n1,2\n3,4\r", AB),
    "no line end at the end": ("a,b\n1,2\n3,4", AB),
    "blank lines between": ("a,b\n\n1,2\n\n\n3,4\n\n", AB),
    "all quoted": ('"a","b"\n"1","2"\n"3","4"\n', AB),
    "decimal commas": ("a;b\n1,5;2,5\n3,5;4,5\n", [["1,5", "2,5"], ["3,5", "4,5"]]),
    "line end in a cell": ('a,b\n"1\nx",2\n3,4\n', [["1\nx", "2"], ["3", "4"]]),
    "CR in a cell": ('a,b\n"1\rx",2\n3,4\n', [["1\rx", "2"], ["3", "4"]]),
    "CR LF in a cell": ('a,b\r\n"1\r\nx",2\r\n3,4\r\n', [["1\r\nx", "2"], ["3", "4"]]),
    "doubled quotes": ('a,b\n"say ""hi""",2\n3,4\n', [['say "hi"', "2"], ["3", "4"]]),
    "quote in the middle of a cell": ('a,b\n19" screen,2\n3,4\n', [['19" screen', "2"], ["3", "4"]]),
    "spaces are kept": ("a,b\n 1 ,2\n3,4 \n", [[" 1 ", "2"], ["3", "4 "]]),
    "words that mean missing": ("a,b\nNA,NULL\nNone,nan\n", [["NA", "NULL"], ["None", "nan"]]),
    "numbers as written": ("a,b\n00123,1e400\n+5,TRUE\n", [["00123", "1e400"], ["+5", "TRUE"]]),
    "formulas": ("a,b\n=1+1,@x\n-2,+3\n", [["=1+1", "@x"], ["-2", "+3"]]),
    "markup": ("a,b\n<b>x</b>,2\n$y$,&amp;\n", [["<b>x</b>", "2"], ["$y$", "&amp;"]]),
    "bidi and zero width": ("a,b\n\u202ex\u200b,2\n3,4\n", [["\u202ex\u200b", "2"], ["3", "4"]]),
    "unusual line separators": ("a,b\nx\u2028y,\x0b\nz\x85,4\n", [["x\u2028y", "\x0b"], ["z\x85", "4"]]),
    "NUL and escape": ("a,b\nx\x00y,2\n3,\x1b[31m\n", [["x\x00y", "2"], ["3", "\x1b[31m"]]),
    "UTF-8 with mark": (b"\xef\xbb\xbfa,b\n1,2\n3,4\n", AB),
    "UTF-16": ("\ufeffa,b\n1,2\n3,4\n".encode("utf-16-le"), AB),
    "UTF-16 big endian": ("\ufeffa,b\n1,2\n3,4\n".encode("utf-16-be"), AB),
    "UTF-32": ("\ufeffa,b\n1,2\n3,4\n".encode("utf-32-le"), AB),
    "emoji": ("a,b\n👩‍👩‍👧,2\n3,4\n", [["👩‍👩‍👧", "2"], ["3", "4"]]),
    "surrogates of a database": (b"a,b\n\xed\xa0\xbd\xed\xb8\x80,2\n3,4\n", [["😀", "2"], ["3", "4"]]),
    "delimiter named in the file": ("sep=;\r\na;b\r\n1;2\r\n3;4\r\n", AB),
    "tab named in the file": ("sep=\t\na\tb\n1\t2\n3\t4\n", AB),
    "one column": ("feedback\nSlow\nGreat\n", [["Slow"], ["Great"]]),
    "one quoted column": ('feedback\n"Slow, bad"\n"Great"\n', [["Slow, bad"], ["Great"]]),
    "names of numbers": ("id,2019,2020\nx,1,2\ny,3,4\n", [["x", "1", "2"], ["y", "3", "4"]]),
    "long cell": ("a,b\n" + "x" * 40_000 + ",2\n3,4\n", [["x" * 40_000, "2"], ["3", "4"]]),
}


@pytest.mark.parametrize("name", EXACT)
def test_read_exactly(name):
    data, rows = EXACT[name]
    file, raw, found = read(data)
    assert found == rows
    assert (file.questions, file.warnings, raw.rejected) == ((), (), ())


# ---- repaired or assumed, and said so ---------------------------------------------------------

SAID = {
    "title above": ("Export of 3 May\n\nid,text,date\n1,good,2\n", [["1", "good", "2"]], "left out"),
    "comment above": ("# made by a tool\nid,text\n1,good\n", [["1", "good"]], "left out"),
    "pairs above a blank line": (
        "From,2024-01-01\nTo,2024-02-01\n\nid,text,stars\n1,good,2\n2,bad,3\n",
        [["1", "good", "2"], ["2", "bad", "3"]],
        "left out",
    ),
    "repeated names": ("id,id\n1,2\n", [["1", "2"]], "renamed: 'id (2)'"),
    "empty names": ("id,,text\n1,2,x\n", [["1", "2", "x"]], "renamed: 'Column 2'"),
    "delimiter at every end": ("a,b,\n1,2,\n3,4,\n", AB, "Empty cells beyond"),
    "delimiter at the end of rows": ("a,b\n1,2,\n3,4,\n", AB, "Empty cells beyond"),
    "all rows short": ("a,b,c\n1,2\n3,4\n", [["1", "2", ""], ["3", "4", ""]], "end early: 2"),
    "no names": (
        "2024-01-01,5,good\n2024-01-02,4,bad\n2024-01-03,3,odd\n",
        [["2024-01-01", "5", "good"], ["2024-01-02", "4", "bad"], ["2024-01-03", "3", "odd"]],
        "looks like data",
    ),
    "two bars": ("a||b\n1||2\n3||4\n", AB, "'||'"),
    "colons": ("a::b::c\n1::2::3\n3::4::5\n", [["1", "2", "3"], ["3", "4", "5"]], "'::'"),
    "tildes and bar": ("a~|~b\n1~|~2\n3~|~4\n", AB, "'~|~'"),
    "caret": ("a^b\n1^2\n3^4\n", AB, "'^'"),
    "long delimiter with quotes": ('a||b\n"1||x"||2\n3||4\n', [["1||x", "2"], ["3", "4"]], "'||'"),
    "backslash before quotes": (
        'a,b\n"say \\"hi\\", he",2\n"x \\"y\\"",4\n',
        [['say "hi", he', "2"], ['x "y"', "4"]],
        "written as",
    ),
    "commas in the only column": (
        "feedback\nI like it, a lot\nSlow\n",
        [["I like it, a lot"], ["Slow"]],
        "commas included",
    ),
    "Windows-1252": (ACCENTS.encode("cp1252"), ACCENT_ROWS, "Western European (Windows-1252)"),
    "Mac": (ACCENTS.encode("mac_roman"), ACCENT_ROWS, "Western European (Mac)"),
    "UTF-16 without mark": (ACCENTS.encode("utf-16-le"), ACCENT_ROWS, "does not name its encoding"),
    "a broken byte": (
        ("a,b\n" + "é" * 40 + ",2\n3,").encode() + b"\xff\n",
        [["é" * 40, "2"], ["3", "\ufffd"]],
        "could not be read as utf-8",
    ),
    "half a character of UTF-16": (
        b"\xff\xfe" + "a,b\n1,2\n3,4".encode("utf-16-le") + b"\x41",
        [["1", "2"], ["3", "4\ufffd"]],
        "could not be read",
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_repaired_with_a_warning(name):
    data, rows, said = SAID[name]
    file, raw, found = read(data)
    assert found == rows
    assert said in " ".join(file.warnings)
    assert (file.questions, raw.rejected) == ((), ())


# ---- rows set aside ---------------------------------------------------------------------------

ASIDE = {
    "too long, too short": ("a,b\n1,2\n5,6,7\n8\n3,4\n", AB, [(3, ("5", "6", "7")), (4, ("8",))]),
    "empty cells": ("a,b\n1,2\n,\n , \n3,4\n", AB, [(3, ("", "")), (4, (" ", " "))]),
    "names again": ("a,b\n1,2\na,b\n3,4\n", AB, [(3, ("a", "b"))]),
    "stray quote": ('a,b\n1,2\n5,"say "hi" now"\n3,4\n', AB, [(3, ("5", '"say "hi" now"'))]),
    "opened quote among quoted rows": (
        'a,b\n"1","2"\n"5","oops\n"3","4"\n',
        AB,
        [(3, ('"5"', '"oops'))],
    ),
    "stray quotes in a cell of lines": (
        'a,b,c\n1,"first\nsecond "word" here\nthird",x\n3,4,5\n',
        [["3", "4", "5"]],
        [(2, ("1", '"first\nsecond "word" here\nthird"', "x"))],
    ),
    "total below": (
        "a,b,c\n1,2,3\n3,4,5\nTotal: 2 rows\n",
        [["1", "2", "3"], ["3", "4", "5"]],
        [(4, ("Total: 2 rows",))],
    ),
    "a line of commas": ("a,b\n1,2\n" + "," * 30_000 + "x\n3,4\n", AB, [(3, ("",) * 5_000)]),
}


@pytest.mark.parametrize("name", ASIDE)
def test_bad_rows_are_set_aside_and_the_others_are_right(name):
    data, rows, aside = ASIDE[name]
    file, raw, found = read(data)
    assert found == rows
    assert [(row.line, row.cells) for row in raw.rejected] == aside
    assert all(row.reason for row in raw.rejected)
    assert file.questions == ()


# ---- questions ----------------------------------------------------------------------------------

TWO_TABLES = "id,text\n1,good\n2,bad\n\nplan,seats,price\npro,5,9\nfree,1,0\n"
# name: (file, key of the question, answer -> rows)
ASKED = {
    "two delimiters": (
        "a;b,c\n1;2,3\n4;5,6\n",
        "delimiter",
        {",": [["1;2", "3"], ["4;5", "6"]], ";": [["1", "2,3"], ["4", "5,6"]]},
    ),
    "names or not": (
        "foo,bar\nx,y\n",
        "header",
        {"none": [["foo", "bar"], ["x", "y"]], "1": [["x", "y"]]},
    ),
    "a title above data": (
        "Export of May\n1,good,5\n2,bad,4\n3,odd,3\n",
        "header",
        {
            "none": [["1", "good", "5"], ["2", "bad", "4"], ["3", "odd", "3"]],
            "2": [["2", "bad", "4"], ["3", "odd", "3"]],
        },
    ),
    "two tables": (
        TWO_TABLES,
        "table",
        {"1": [["1", "good"], ["2", "bad"]], "2": [["pro", "5", "9"], ["free", "1", "0"]]},
    ),
    "quote never closed": (
        'id,text\n1,good\n2,"bad\n3,odd\n',
        "quotes",
        {
            "csv": [["1", "good"], ["3", "odd"]],
            "plain": [["1", "good"], ["2", '"bad'], ["3", "odd"]],
        },
    ),
    "short rows": (
        "a,b,c\n" + "1,2,3\n" * 12 + "4,5\n" * 6,
        "short_rows",
        {"reject": [["1", "2", "3"]] * 12, "pad": [["1", "2", "3"]] * 12 + [["4", "5", ""]] * 6},
    ),
    "two encodings": (
        "id,text\n1,Škoda příliš\n2,ok\n".encode("cp1250"),
        "encoding",
        {"cp1250": [["1", "Škoda příliš"], ["2", "ok"]], "cp1252": [["1", "Škoda pøíliš"], ["2", "ok"]]},
    ),
    "many columns": (
        ",".join(f"c{n}" for n in range(600)) + "\n" + ",".join("x" * 600) + "\n",
        "columns",
        {"first:500": [["x"] * 500], "c1,c5": [["x", "x"]], '"c7"': [["x"]]},
    ),
}


@pytest.mark.parametrize("name", ASKED)
def test_only_a_person_can_tell(name):
    data, key, readings = ASKED[name]
    file, _, _ = read(data)
    assert [question.key for question in file.questions] == [key]
    (question,) = file.questions
    offered = {answer.value: answer for answer in question.answers}
    assert len(offered) >= 2 or question.free
    for value, rows in readings.items():
        answered, raw, found = read(data, {key: value})
        assert answered.questions == (), value
        assert found == rows, value
        assert answered.answers[key] == value
        if value in offered:
            shown = offered[value].rows
            assert len(shown[0]) <= 50 and 1 <= len(shown) <= 6
    likeliest = question.answers[0]
    if likeliest.value in readings:
        assert read(data)[2] == readings[likeliest.value]


def test_previews_are_cut():
    text = "a;b,c\n" + "1;" + "x" * 400 + ",3\n" * 1 + "4;5,6\n" * 9
    (question,) = read(text)[0].questions
    for answer in question.answers:
        assert len(answer.rows) == 6
        assert max(len(cell) for row in answer.rows for cell in row) == 120


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({"encoding": "no-such"}, "no encoding"),
        ({"encoding": "rot13"}, "no encoding"),
        ({"encoding": "punycode"}, "no encoding"),
        ({"delimiter": "#"}, "does not hold"),
        ({"delimiter": '"'}, "without quotation mark"),
        ({"header": "77"}, "No row begins on line 77"),
        ({"header": "x"}, "No row begins"),
        ({"table": "3"}, "2 tables"),
        ({"table": "x"}, "2 tables"),
        ({"quotes": "yes"}, "csv, plain or backslash"),
        ({"short_rows": "yes"}, "pad or reject"),
        ({"columns": "nope"}, "no column 'nope'"),
        ({"columns": "first:x"}, "does not say"),
    ],
)
def test_answers_that_cannot_be(answers, says):
    with pytest.raises(BadFile, match=says):
        read(TWO_TABLES, answers)


# ---- refused ------------------------------------------------------------------------------------

NOISE = random.Random(4).randbytes(200_000)
REFUSED = {
    "nothing": (b"", "empty"),
    "line ends": (b"\n\r\n\n", "blank"),
    "blank cells": (b",,,\n,,\n", "blank"),
    "names only": (b"a,b\n", "no rows below"),
    "100 kB of commas": (b"," * 100_000, "blank cells"),
    "100 kB of commas and names": (b"a" + b"," * 100_000 + b"\n1,2\n", "100,001 columns"),
    "20 MB without line end": (b"a,b\n1," + b"x" * 20_000_000, "Line 2 is longer"),
    "50 MB in a cell": (b'a,b\n1,"' + b"x" * 50_000_000 + b'"\n', "Line 2 is longer"),
    "a long cell": (b"a,b\n1," + b"x" * 50_001 + b"\n", "line 2 has 50,001 characters"),
    "a long cell of lines": (b'a,b\n1,"' + b"xxxxxxxxx\n" * 6_000 + b'"\n', "60,000 characters"),
    "too many rows": (b"a,b\n" + b"1,2\n" * 3_001, "more than 3,000 rows"),
    "too many bytes": (b"a,b\n" + b"1,2\n" * 20_000_000, "at most 60 MB"),
    "noise": (NOISE, "not a text file"),
    "gzip": (gzip.compress(b"a,b\n1,2\n"), "gzip"),
    "a web page": (b"<!DOCTYPE html><table><tr><td>a,b</td></tr></table>", "web page"),
    "JSON": (b'[{"a": 1}, {"a": 2}]', "JSON"),
    "rows wider than the names": (b"name,age\n0,bob,31\n1,al,32\n", "more cells than the 2 column names"),
    "a quote in the names": (b'a,"b" c\n1,2\n', "line of column names"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_fast_with_its_own_sentence(name):
    data, says = REFUSED[name]
    start = time.process_time()
    with pytest.raises(BadFile, match=says) as error:
        read(data)
    assert time.process_time() - start < 2.0
    assert str(error.value).endswith(".")


@pytest.mark.parametrize("name", [*EXACT, *SAID])
def test_the_answers_of_one_look_give_the_same_table_again(name):
    data = (EXACT.get(name) or SAID[name])[0]
    file, raw, found = read(data)
    again, once_more, same = read(data, file.answers)
    assert (same, once_more.header, once_more.rejected) == (found, raw.header, raw.rejected)
    assert (again.questions, again.answers, again.encoding) == ((), file.answers, file.encoding)


def test_there_are_many_kinds():
    assert len(EXACT) + len(SAID) + len(ASIDE) + len(ASKED) + len(REFUSED) >= 60
