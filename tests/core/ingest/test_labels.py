import pandas as pd
import pytest

from core.domain import LABEL_BREAK
from core.ingest.labels import LabelEvidence, looks_multi, read_labels, separator_of, split


def read(*cells, multi=True):
    column = pd.Series(cells, dtype="str")
    evidence = LabelEvidence("l", multi)
    evidence.add(column)
    reading = evidence.reading()
    found = read_labels(column, reading, multi).tolist()
    return [cell.split(LABEL_BREAK) if cell else [] for cell in found], reading.warnings


@pytest.mark.parametrize(
    ("cells", "separator"),
    [
        (["bug; billing", "bug", "praise, other; bug"], ";"),
        (["bug|billing", "bug"], "|"),
        (["bug\nbilling", "bug"], "\n"),
        (["bug, billing", "bug"], ","),
        (["bug", "billing"], ""),
        (["a, b"] * 9 + ["c; d"], ","),
    ],
)
def test_separator(cells, separator):
    assert separator_of({cell: cells.count(cell) for cell in cells}) == separator


def test_names_with_a_comma_are_not_split_where_a_semicolon_divides():
    labels, warnings = read("Billing, card; bug", "bug", "Billing, card", "")
    assert labels == [["Billing, card", "bug"], ["bug"], ["Billing, card"], []]
    assert warnings == ()


def test_labels_are_trimmed_distinct_and_in_order():
    assert read("b ; a;b;; ", "a")[0] == [["b", "a"], ["a"]]


def test_json_lists_are_split():
    assert split('["bug", " a, b "]', ";") == ["bug", "a, b"]
    assert split("[bug]", ";") == ["[bug]"]


def test_single_labels_are_never_split():
    assert read("a; b", "a", multi=False)[0] == [["a; b"], ["a"]]


def test_spellings_are_merged_inside_cells_too():
    labels, warnings = read("Bug; slow", "bug", "Bug")
    assert labels == [["Bug", "slow"], ["Bug"], ["Bug"]]
    assert "took its spelling: 1" in warnings[0]


@pytest.mark.parametrize("multi", [False, True])
def test_a_column_without_any_label_is_said(multi):
    (warning,) = read("", " ", "", multi=multi)[1]
    assert warning.startswith("The label column 'l' is empty")
    assert read("", "bug", multi=multi)[1] == () == LabelEvidence("l", multi).reading().warnings


def test_lists_without_labels_are_empty_too():
    assert len(read("[]", "", "[]")[1]) == 1


def test_warnings_show_no_label_that_may_be_personal():
    _, warnings = read("A@b.example", "a@b.example", "A@b.example", multi=False)
    assert "@" not in warnings[0]


@pytest.mark.parametrize(
    ("cells", "multi"),
    [
        (["bug; billing", "bug", "billing; praise", "praise"], True),
        (["bug, billing", "bug, praise", "billing, praise"], True),
        (['["a","b"]', '["a"]', '["b","c"]'], True),
        (["Access, security", "Access, security", "Price, plan", "Speed"], False),
        (["bug", "billing"] * 5, False),
        ([], False),
    ],
)
def test_several_labels_in_a_cell_are_told_by_parts_that_come_back(cells, multi):
    assert looks_multi(cells) is multi


def test_lists_of_labels_are_told_and_read_however_short():
    cells = ['["bug", "billing"]', '["bug"]', "[]"]
    assert looks_multi(cells)
    assert read(*cells) == ([["bug", "billing"], ["bug"], []], ())
    assert split("['bug', \"can't log in\", 'a,b']", ",") == ["bug", "can't log in", "a,b"]
    assert split("[]", ",") == []
    assert split("['bug' 'x']", ",") == ["['bug' 'x']"]  # no list
    assert not looks_multi(["[]", "[]"])
