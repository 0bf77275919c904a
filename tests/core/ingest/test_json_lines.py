import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadFile, NotText, TooLarge
from core.ingest.json_lines import open_json_lines
from core.ingest.raw import Limits

LIMITS = Limits()


def opened(*lines, **limits):
    return open_json_lines("\n".join(lines).encode(), Limits(**limits))


def rows(table):
    return [tuple(row) for chunk in table.chunks() for row in chunk.frame.itertuples(index=False)]


def rejected(table):
    return [(row.line, row.reason, row.cells) for chunk in table.chunks() for row in chunk.rejected]


def test_columns_are_the_union_of_the_keys_in_order_of_appearance():
    table = opened('{"text": "good", "n": 1}', "", '{"date": "2024-01-02", "text": "bad"}')
    assert table.header == ("text", "n", "date")
    assert rows(table) == [("good", "1", ""), ("bad", "", "2024-01-02")]
    assert next(table.chunks()).lines.tolist() == [1, 3]
    assert (table.questions, table.warnings, table.format) == ((), (), "jsonl")


def test_values_are_written_as_in_the_file():
    values = {
        '"00123"': "00123",
        "1e400": "1e400",
        "12.10": "12.10",
        "570301130888122368123": "570301130888122368123",
        "-0.0": "-0.0",
        "true": "true",
        "false": "false",
        "NaN": "NaN",
        '" NA\\n"': " NA\n",
        '"\\u0000\\ud83d\\ude00"': "\0😀",
        '["a", 1, true]': "a; 1; true",
        "[]": "",
        '[{"a": 1.50}, [2]]': '[{"a":1.50},[2]]',
    }
    table = opened(*(f'{{"k": "x", "v": {value}}}' for value in values))
    assert [cells[1] for cells in rows(table)] == list(values.values())


def test_null_is_an_empty_cell():
    assert rows(opened('{"a": null, "b": "x"}')) == [("", "x")]


def test_objects_open_one_level():
    table = opened(
        '{"user": {"name": "ann", "tags": ["x", "y"], "at": {"city": "Rom", "n": 1e5}}, "t": "hi"}'
    )
    assert table.header == ("user.name", "user.tags", "user.at", "t")
    assert rows(table) == [("ann", "x; y", '{"city":"Rom","n":1e5}', "hi")]


def test_broken_lines_are_set_aside_with_their_reason():
    table = opened('{"t": "a"}', '{"t": "b"', "[1]", '"x"', "{}", '{"t": " "}', "nonsense", '{"t": "z"}')
    assert rows(table) == [("a",), ("z",)]
    assert rejected(table) == [
        (2, "is broken JSON (Expecting ',' delimiter)", ('{"t": "b"',)),
        (3, "is not a JSON object", ("[1]",)),
        (4, "is not a JSON object", ('"x"',)),
        (5, "every cell is empty", ()),
        (6, "every cell is empty", (" ",)),
        (7, "is broken JSON (Expecting value)", ("nonsense",)),
    ]


def test_marks_line_ends_and_encodings():
    assert rows(open_json_lines(b'\xef\xbb\xbf{"t": "a"}\r\n{"t": "\xc3\xa9"}', LIMITS)) == [("a",), ("é",)]
    table = open_json_lines(b'{"t": "a"}\n{"t": "\xe9"}\n', LIMITS)
    assert rejected(table) == [(2, "is not UTF-8 text", ('{"t": "\ufffd"}',))]
    with pytest.raises(NotText, match="UTF-16"):
        open_json_lines('{"t": "a"}'.encode("utf-16"), LIMITS)


def test_a_key_given_twice_is_said():
    table = opened('{"t": "a", "t": "b"}', '{"t": "c", "u": {"v": 1}, "u.v": 2}')
    assert rows(table) == [("b", ""), ("c", "2")]
    assert table.warnings == ("Objects that give a key twice: 2. The last value counts.",)


def test_names_are_made_unique_and_writable():
    table = opened('{"a": "1", "a ": "2", "": "3", "\\ud800": "4\\ud800"}')
    assert table.header == ("a", "a (2)", "Column 3", "\ufffd")
    assert rows(table) == [("1", "2", "3", "4\ufffd")]
    assert len(table.warnings) == 2


def test_bombs_are_refused_with_a_sentence():
    deep = '{"t": ' + "[" * 100_000 + "]" * 100_000 + "}"
    inner = '{"t": ' + '{"a":' * 70 + "1" + "}" * 70 + "}"
    table = opened('{"t": "a"}', deep, inner)
    assert [reason for _, reason, _ in rejected(table)] == ["is nested deeper than 64 levels"] * 2
    many = [json.dumps({f"k{line}": 1}) for line in range(20)]
    for lines, limits, says in (
        (many, {"max_columns": 10, "refuse_columns": 10}, "keys"),
        (['{"t": "a"}'] * 3, {"max_rows": 2}, "more than 2 rows"),
        (['{"t": "' + "a" * 200 + '"}'], {"max_cell_chars": 100}, "line 1 has 200 characters"),
        (['{"t": "a"}'] * 30, {"max_bytes": 200}, "MB can be read"),
        (['{"t": "' + "a" * 9_000_000 + '"}'], {}, "Line 1 is longer than 8 MB"),
    ):
        with pytest.raises(TooLarge, match=says):
            rows(opened(*lines, **{"max_cell_chars": 1_000, **limits}))


def test_very_many_keys_ask_which_to_keep():
    lines = ('{"a": 1, "b": 2, "c": 3}', '{"b": 5, "d": 6}')
    table = opened(*lines, max_columns=3)
    (question,) = table.questions
    assert (question.key, question.answers[0].value, table.header) == ("columns", "first:3", ("a", "b", "c"))
    table = open_json_lines("\n".join(lines).encode(), Limits(max_columns=3), {"columns": "d, b"})
    assert (table.header, rows(table)) == (("b", "d"), [("2", ""), ("5", "6")])
    assert table.warnings == ("Columns that were left out: 2.",)


def test_a_file_without_objects():
    for lines, says in (
        (("",), "No line"),
        (("[1]", "2"), "line 1 is not a JSON object"),
        (("{}",), "No line"),
    ):
        with pytest.raises(BadFile, match=says):
            rows(opened(*lines))


def test_chunks_are_the_same_a_second_time(tmp_path):
    path = tmp_path / "a"
    path.write_text("\n".join(json.dumps({"t": f"text {row}"}) for row in range(20_500)))
    table = open_json_lines(path, LIMITS)
    for _ in range(2):
        assert [len(chunk.frame) for chunk in table.chunks()] == [20_000, 500]


TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=6), st.booleans())
def test_texts_come_back_as_they_were_written(cells, ascii_only):
    lines = [json.dumps({"k": "x", "a": a, "b": b}, ensure_ascii=ascii_only) for a, b in cells]
    assert rows(opened(*lines)) == [("x", *pair) for pair in cells]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([b'{"a"', b":", b"[", b"{", b"1", b'"x"', b"}", b"]", b",", b"\n", b"\xff"])))
def test_every_line_is_a_row_or_set_aside(parts):
    data = b"".join(parts)
    lines = sum(bool(line.strip()) for line in data.split(b"\n"))
    try:
        table = open_json_lines(data, LIMITS)
        assert len(rows(table)) + len(rejected(table)) == lines
    except BadFile as error:
        assert str(error).endswith(".")
