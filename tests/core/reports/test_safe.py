import pytest

from core.reports.safe import SafeCells, safe_cell, safe_label


@pytest.mark.parametrize(
    "text",
    [
        "=1",
        "+1",
        "-1",
        "@a",
        "\ta",
        "\ra",
        "\na",
        "\x00a",
        "＝1",
        "＋1",
        "－1",
        "＠a",
        "\u202e=1",
        "\ufeff=1",
    ],
)
def test_text_that_begins_like_a_formula_gets_a_mark(text):
    assert safe_cell(text).startswith("'")


@pytest.mark.parametrize("value", [-1.5, 0, True, 12])
def test_numbers_stay_numbers(value):
    assert safe_cell(value) is value


def test_other_text_is_left_alone():
    assert safe_cell("a = b") == "a = b"
    assert safe_cell(None) == ""


def test_a_label_is_marked_after_it_is_cut():
    assert safe_label("  =1+1", 10) == "'=1+1"
    assert safe_label("", 10) == "(no name)"


def test_changed_cells_are_counted():
    safe = SafeCells()
    assert safe.warnings() == []
    given = ["=1", "plain", "a\u202eb", "\u200b=2", "'=3", "two\nlines"]
    assert [safe(text) for text in given] == ["'=1", "plain", "ab", "'=2", "'=3", "two\nlines"]
    assert (safe.marked, safe.cleaned) == (2, 2)
    assert safe.warnings() == [
        "Cells that were changed in the written file: a leading ' before what a spreadsheet would take for a "
        "formula: 2; control, direction or invisible characters left out: 2."
    ]
