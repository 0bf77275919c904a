import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.ingest.regular import regular_block


def by_csv(text, delimiter=","):
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


def by_arrow(block):
    return [list(row) for row in zip(*(column.to_pylist() for column in block.columns), strict=True)]


def test_cells_lines_and_what_is_left():
    text = 'a,b\r\n"1\r\n,2","say ""x"""\r\n3,\r\n"4'
    block, left = regular_block(text, 10, ",", final=False)
    assert by_arrow(block) == block.records == [["a", "b"], ["1\r\n,2", 'say "x"'], ["3", ""]]
    assert block.lines == [10, 11, 13]
    assert text[len(text) - left :] == '"4'


@pytest.mark.parametrize(
    "text",
    [
        'a,b\n1,"x" y\n',  # a quotation mark in the middle
        'a,b\n1,19" x\n',
        'a,b\n1, "x"\n',
        "a,b\n1,2,3\n",
        "a,b\n\n1,2\n",
        "a,b\r1,2\r",
        'a,b\n1,"x\n',
        "a\nb\n",
        "\ufeffa,b\n1,2\n",
    ],
)
def test_odd_blocks_are_left_to_the_csv_module(text):
    assert regular_block(text, 1, ",", final=True) is None


@pytest.mark.parametrize("blank", [",", '"",""', " ,\t", "\u3000,", "\xa0,\u2003"])
def test_blank_rows_are_seen(blank):
    block, _ = regular_block(f"a,b\n{blank}\n1,2\n", 1, ",", final=True)
    assert block.has_blank()
    assert not regular_block("a,b\n,x\n 1,2\n", 1, ",", final=True)[0].has_blank()


def test_repeated_names_are_seen():
    block, _ = regular_block('a,b\n" name ",2\n', 1, ",", final=True)
    assert block.repeats("name") and not block.repeats("b")


_TEXT = st.lists(
    st.sampled_from(['"', '""', '"x"', ",", "\n", "\r\n", "a", "é", "\x00", "\ufeff", " "]), max_size=40
)
_CELL = st.text(st.characters(blacklist_categories=("Cs",)) | st.sampled_from('\n",\x00'), max_size=8)


@settings(max_examples=1_000, deadline=None)
@given(_TEXT)
def test_whatever_is_taken_is_read_as_the_csv_module_reads_it(parts):
    text = "".join(parts)
    found = regular_block(text, 1, ",", final=True)
    if found is None:
        return
    block, left = found
    expected = by_csv(text)
    assert left == 0
    assert by_arrow(block) == block.records == expected
    starts = [1]
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    starts += [reader.line_num + 1 for _ in reader]
    assert block.lines == starts[:-1]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(_CELL, _CELL), min_size=1, max_size=6), st.sampled_from([",", ";", "\t", "|"]))
def test_written_tables_are_taken(rows, delimiter):
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    found = regular_block(file.getvalue(), 1, delimiter, final=True)
    if any("\r" in cell for row in rows for cell in row):
        return
    assert by_arrow(found[0]) == [list(row) for row in rows]


def test_bytes_are_read_like_their_text_and_parted_between_records():
    text = 'a,b\r\n"é\r\n,2","say ""x"""\r\n3,\r\n"4'
    (block, left), (same, characters) = (
        regular_block(given, 10, ",", final=False) for given in (text.encode(), text)
    )
    assert by_arrow(block) == by_arrow(same) and left == characters == 2
    head, tail = block.parted(1)
    assert by_arrow(head) + by_arrow(tail) == head.records + tail.records == by_arrow(block)
    assert head.lines + tail.lines == block.lines
    assert tail.data[tail.starts[1] : tail.ends[1]].startswith(b"3,")
    assert tail.holds_any({"x", "3"}) and not tail.holds_any({"a", "4"})
