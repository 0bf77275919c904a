import pytest

from core.reports.safe import safe_cell, safe_label


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
