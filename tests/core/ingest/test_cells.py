import json
from collections import Counter

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from core.ingest.cells import blank, joined, json_rows, without_control_characters
from core.ingest.text_array import from_list, text_array

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=8))
def test_json_rows_are_what_json_reads(rows):
    frame = pd.DataFrame(rows, columns=["a", "b"], dtype="str")
    clean = without_control_characters(frame, Counter())
    columns = [text_array(clean["a"]), None, text_array(clean["b"])]
    written = json_rows(columns, len(rows)).to_pylist()
    wanted = [[a, None, b] for a, b in zip(clean["a"], clean["b"], strict=True)]
    assert [json.loads(row) for row in written] == wanted


@given(st.lists(TEXTS, max_size=8))
def test_only_characters_that_break_exports_change(cells):
    found = Counter()
    clean = without_control_characters(pd.DataFrame({"a": cells}, dtype="str"), found)["a"].tolist()
    controls = dict.fromkeys([code for code in range(32) if code not in (9, 10, 13)])
    fixed = [cell.translate(controls) for cell in cells]
    assert clean == [cell.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd") for cell in fixed]
    assert found["control"] == sum(new != old for new, old in zip(fixed, cells, strict=True))


def test_rows_of_nothing():
    assert json_rows([None, None], 2).to_pylist() == ["[null,null]"] * 2
    assert json_rows([], 1).to_pylist() == ["[]"]


def test_slices_of_a_column_are_read_at_their_place():
    frame = pd.DataFrame({"a": ["x\0", "a\0b", "c"]}, dtype="str").iloc[1:]
    assert without_control_characters(frame, Counter())["a"].tolist() == ["ab", "c"]


def test_blank_cells_show_nothing():
    cells = ["", " \t\r\n", "\ufeff\u200b\u00a0", "\ufffd", ".", "a"]
    assert blank(from_list(cells)).tolist() == [True] * 4 + [False] * 2


def test_joined_leaves_blank_parts_out():
    parts = [from_list(["a", "", "a", " "]), from_list(["b", "b", " ", " "]), from_list(["c", "", "c", "c"])]
    assert joined(parts).to_pylist() == ["a\n\nb\n\nc", "b", "a\n\nc", "c"]
