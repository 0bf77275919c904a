import pytest

from core.errors import BadFile
from core.ingest.cell_kinds import is_name, kind
from core.ingest.header import find_header

DAYS = [["2024-01-01", "5", "good"], ["2024-01-02", "4", "bad"], ["2024-01-03", "3", "odd"]]


def header(records, answer=None):
    return find_header(records, range(1, len(records) + 1), answer)


@pytest.mark.parametrize(
    ("records", "named"),
    [
        ([["date", "stars", "text"], *DAYS], True),
        ([["Tag", "Punkte", "Worte"], *DAYS], True),  # words over values, in any language
        ([["日期", "评分", "评论"], *DAYS], True),
        (DAYS, False),
        ([["id", "2019", "2020"], ["a", "5", "6"], ["b", "7", "8"]], True),
        ([["comment"], ["Slow"], ["Great"]], True),
        ([["The app is slow today."], ["It crashes all the time."]], False),
        ([["city", "colour"], ["Paris", "red"], ["Rome", "blue"]], True),
    ],
)
def test_names_or_data(records, named):
    found = header(records)
    assert (found.index, found.named, found.question) == (0, named, None)
    assert bool(found.warnings) == (not named)


@pytest.mark.parametrize(
    ("records", "offered"),
    [
        ([["foo", "bar"], ["x", "y"]], ["none", "1"]),
        ([["bug", "a", "b"], ["bug", "c", "d"], ["bug", "e", "f"]], ["1", "none"]),
        ([["Export of May"], *DAYS], ["none", "2"]),
        ([["x", "2019", "2020"], ["a", "5", "6"], ["b", "7", "8"]], ["1", "none"]),
    ],
)
def test_what_only_a_person_can_tell(records, offered):
    found = header(records)
    assert [answer.value for answer in found.question.answers][: len(offered)] == offered
    assert found.question.answers[0].rows[1:] == tuple(
        tuple(row) for row in (records if offered[0] == "none" else records[1:]) if len(row) > 1
    )


def test_an_answer_wins():
    records = [["Export"], [], ["id", "text"], ["1", "x"]]
    assert header(records, "3").index == 2
    assert header(records, "4").index == 3
    assert (header(records, "none").index, header(records, "none").named) == (2, False)
    with pytest.raises(BadFile, match="line 2 "):
        header(records, "2")


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("1,234.50", "number"),
        ("$5", "number"),
        ("12 %", "number"),
        ("2024-01-31T10:00", "date"),
        ("Apr 01, 2017", "date"),
        ("a@b.example", "address"),
        ("https://x.example/y", "address"),
        ("It works now.", "prose"),
        ("Bug", "word"),
    ],
)
def test_kinds_of_cells(cell, found):
    assert kind(cell) == found


def test_names_of_columns():
    assert all(map(is_name, ["text", "Review text", "created_at", "fieldName", "col1", "a", "评论"]))
    assert not any(map(is_name, ["5", "It works now.", "2024-01-01", "", "Paris"]))


NAMED = ["ID", "Date", "Comment", "Rating", "Region"]
ROW = ["7", "2024-05-01", "It works well now.", "5", "North"]


@pytest.mark.parametrize(
    ("above", "asked"),
    [
        ([["Feedback report"], ["Created", "2024-05-01"], []], False),  # a value, and a blank line
        ([["Created", "2024-05-01"]], False),  # a value
        ([["Made by", "Ann"], []], False),  # a blank line
        ([["Made by", "Ann"]], True),
    ],
)
def test_a_preamble_that_excel_padded_stands_above_the_names(above, asked):
    padded = [cells + [""] * (5 - len(cells)) for cells in above]
    found = header([*padded, NAMED, ROW, ROW])
    assert (found.index, found.named, found.question is not None) == (len(above), True, asked)


def test_empty_names_above_fuller_rows_are_no_preamble():
    rows = [[str(n), f"It works in version {n}.", "", "", ""] for n in range(5)]
    found = header([["ID", "Text", "", "", ""], *rows, ["9", "Fine by me now.", "5", "6", "7"]])
    assert (found.index, found.question) == (0, None)
