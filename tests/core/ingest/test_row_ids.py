from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ingest.row_ids import RowIds, SeenHashes, combined, hashes, normalise, normalised, pseudonym_keys
from core.ingest.text_array import from_list, hex_array


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("  Too   SLOW!! ", "too slow"),
        ("ﬁne", "fine"),
        ("Straße.", "strasse"),
        ("!!!", "!!!"),
        ("(a) b", "a) b"),
        ("a\x0b\x1cb", "a b"),
        ("  !  ", "!"),
    ],
)
def test_normalised(text, words):
    assert normalise(text) == words


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=20))
def test_a_column_is_normalised_like_each_of_its_cells(texts):
    assert normalised(from_list(texts)).to_pylist() == [normalise(text) for text in texts]


@given(st.lists(st.text(st.characters(codec="ascii")), max_size=20))
def test_an_ascii_column_too(texts):
    assert normalised(from_list(texts)).to_pylist() == [normalise(text) for text in texts]


def test_hash_is_the_beginning_of_sha256():
    words = from_list(["too slow", ""])
    wanted = [sha256(text.encode()).hexdigest()[:16] for text in ("too slow", "")]
    assert hex_array(hashes(words), 16).to_pylist() == wanted


def test_combined_hashes_tell_order_and_every_part():
    one, two = np.array([1], dtype=np.uint64), np.array([2], dtype=np.uint64)
    found = {
        int(combined(*parts)[0]) for parts in ((one, two), (two, one), (one, one), (one,), (one, two, one))
    }
    assert len(found) == 5


def test_pseudonyms_have_keys_of_their_own():
    names = ["0123456789ab", "", "0123456789ac", "1123456789ab", "0123456789ab"]
    keys = pseudonym_keys(from_list(["x", *names]).slice(1))
    assert keys[1] == 0
    assert keys[0] == keys[4]
    assert len(set(keys.tolist())) == 4


@given(st.lists(st.lists(st.integers(0, 40), max_size=30), max_size=12))
def test_seen_hashes_are_those_of_a_set(batches):
    ours, theirs = SeenHashes(), set()
    for batch in batches:
        wanted = []
        for value in batch:
            wanted.append(value in theirs)
            theirs.add(value)
        assert ours.add(np.array(batch, dtype=np.uint64)).tolist() == wanted


def test_seen_hashes_take_eight_bytes_each():
    seen = SeenHashes()
    values = np.random.default_rng(0).integers(0, 2**63, 200_000).astype(np.uint64)
    for start in range(0, len(values), 20_000):
        assert not seen.add(values[start : start + 20_000]).any()
    assert sum(level.nbytes for level in seen._levels) == 8 * len(values)
    assert seen.has(values).all()


def test_row_ids_differ_and_come_back():
    keys = np.array([1 << 20, 2 << 20, 1 << 20, 1 << 20], dtype=np.uint64)
    ids, repeated = RowIds().give(keys)
    assert repeated.tolist() == [False, False, True, True]
    assert len(set(ids.tolist())) == 4
    pieces = RowIds()
    again = np.concatenate([pieces.give(keys[:3])[0], pieces.give(keys[3:])[0]])
    assert again.tolist() == ids.tolist()


def test_keys_that_agree_in_48_bits_get_different_ids():
    ids, _ = RowIds().give(np.array([(7 << 16) + 1, (7 << 16) + 2], dtype=np.uint64))
    assert ids[0] >> np.uint64(16) == 7
    assert ids[0] != ids[1]
