import json

import pytest

from core.store.traces import Person, is_their_row, is_their_version, scrubbed, without_rows, words_of

ZOE = Person(frozenset({"0123456789ab"}), frozenset({"ba9876543210"}), ("Zoë Planted",))
HEADER = ("Text", "Who", "Team")
COLUMNS = {"text": "Text", "author": "Who", "account": None}


@pytest.mark.parametrize(
    ("cells", "theirs"),
    [
        (("fine", "0123456789ab", "x"), True),
        (("fine", "zoë planted ", "x"), True),
        (("fine", "Bob", "0123456789ab"), False),  # another column: not whose row it is
        (("fine", "0123456789ab", "x", "surplus"), True),
        (("fine", "y", "x", " @ZOË planted"), True),  # too many cells: any of them may be the author
        (("as ZOË PLANTED said", "Bob", "x"), True),
        (("as Zoë Plantedson said", "Bob", "x"), False),
        (("fine", "", ""), False),
    ],
)
def test_a_row_kept_aside_is_told_by_author_place_and_text(cells, theirs):
    assert is_their_row(cells, HEADER, COLUMNS, ZOE) is theirs


def test_a_short_name_counts_as_a_whole_cell_only():
    al = Person(frozenset({"0" * 12}), frozenset(), ("Al",))
    assert is_their_row(("x", "AL", "y"), HEADER, COLUMNS, al)
    assert not is_their_row(("Al was here", "Bob", "Al"), HEADER, COLUMNS, al)


def test_a_number_of_few_digits_is_not_looked_for_in_texts():
    assert Person(frozenset(), frozenset({"1234567"}), ("1234567",)).pattern is None
    assert Person(frozenset(), frozenset({"12345678"}), ("12345678",)).in_text("of 12345678, again")


@pytest.mark.parametrize(
    ("before", "theirs"),
    [
        ({"author": "0123456789ab", "text": "old"}, True),
        ({"row": {"account": "ba9876543210"}, "labels": [["a", "b"]]}, True),
        ({"author": "other", "text": "0123456789ab"}, False),
        ([], False),
    ],
)
def test_an_earlier_version_is_told_at_any_depth(before, theirs):
    assert is_their_version(before, ZOE) is theirs


def test_words_of_an_earlier_version():
    assert words_of({"text": "a", "row": [{"text": "b", "x": 1}]}, "text") == ["a", "b"]


def test_names_go_out_of_notes_and_whole_rows_out_of_previews():
    note = {
        "file_name": "zoë planted.csv",
        "rows": [["Hello", "Zoë Planted", "x"], ["fine", "Bob", "y"]],
        "n": 3,
        "words": ["only this"],
    }
    assert scrubbed(note, ZOE) == {
        "file_name": "[forgotten].csv",
        "rows": [["[forgotten]"] * 3, ["fine", "Bob", "y"]],
        "n": 3,
        "words": ["only this"],
    }


def test_rows_with_their_words_go_when_no_name_is_known():
    nobody = Person(frozenset({"0123456789ab"}), frozenset())
    rows = [["Zoë", "the very words"], ["Bob", "other words"]]
    assert scrubbed(rows, nobody, {"the very words"}) == [["[forgotten]"] * 2, ["Bob", "other words"]]
    assert scrubbed("the very words", nobody, {"the very words"}) == "[forgotten]"


def test_a_report_loses_quotes_and_evidence_but_no_figure():
    content = {
        "rows": 3,
        "themes": [{"name": "é", "share": {"mid": 0.1}, "ids": [1, 2, 3]}],
        "segments": [{"ids": []}],
        "quotes": [{"id": 2, "text": "two"}, {"id": 3, "text": "three"}],
    }
    written = json.dumps(content, separators=(",", ":"))
    found, texts = without_rows(written, {2, 9})
    content["themes"][0]["ids"] = [1, 3]
    del content["quotes"][0]
    assert found == json.dumps(content, separators=(",", ":")) and texts == ["two"]


def test_a_report_without_them_keeps_its_bytes():
    written = '{"ids": [1, 2],  "quotes": [{"id": 1, "text": "t"}]}'
    assert without_rows(written, {7}) == (written, [])
