import hashlib

import pytest
from sqlalchemy import delete, update

from core.store.contents import MODULUS, NOTHING, hex_of, refresh, rehashed, sum_of_labels, sum_of_rows
from core.store.database import transaction
from core.store.frames import STORED
from core.store.tables import feedback, label

ROW = (
    "0a",
    "slow",
    "h",
    "2024-03-01T00:00:00.000000",
    4.0,
    "Ann",
    "Acme",
    "mail",
    "en",
    "{}",
    "",
    "{}",
    "[]",
)


def columns(*rows):
    return list(zip(*rows, strict=True))


def number(words):
    return int.from_bytes(hashlib.sha256(words).digest(), "little")


def test_a_row_counts_with_the_sha256_of_its_cells():
    words = b"0a\0slow\0h\x002024-03-01T00:00:00.000000\x004.0\0Ann\0Acme\0mail\0en\0{}\0\0{}\0[]"
    assert len(ROW) == len(STORED)
    assert sum_of_rows(columns(ROW)) == number(words)
    assert sum_of_rows(columns(ROW, ROW)) == 2 * number(words)
    assert sum_of_labels(columns(("topic", "0a", "bug"))) == number(b"topic\x000a\0bug")
    assert (sum_of_rows([()] * len(STORED)), hex_of(0)) == (0, NOTHING)


def test_sums_wrap_around_and_go_back():
    assert hex_of(MODULUS + 5) == hex_of(5)
    assert hex_of(int(hex_of(-7), 16) + 7) == NOTHING


def test_the_border_between_cells_counts():
    sums = {
        sum_of_rows(columns((*ROW[:5], *cells, *ROW[7:])))
        for cells in (("a", "b"), ("ab", ""), ("a\0b", ""), ("a", "\0b"), ("a\0", "b"))
    }
    assert len(sums) == 5


def test_a_missing_rating_is_not_zero():
    sums = {
        sum_of_rows(columns((*ROW[:3], date, rating, *ROW[5:]))) for date, rating in (("", 0.0), (None, None))
    }
    assert len(sums) == 2


@pytest.mark.parametrize(
    "change",
    [
        update(feedback).where(feedback.c.text == "slow").values(author="[forgotten]", cells="[1]"),
        delete(feedback).where(feedback.c.text == "crash"),
        delete(label).where(label.c.feedback_id == 1),
        update(label).values(label="praise"),
    ],
)
def test_the_hash_follows_a_change_as_if_all_was_read_again(store, stored, change):
    before = store.datasets.get(stored.dataset_id)
    some = feedback.c.id.in_([1, 2])
    with transaction(store.engine) as connection, rehashed(connection, stored.dataset_id, some):
        connection.execute(change)
    after = store.datasets.get(stored.dataset_id)
    assert after.sha256 != before.sha256
    assert store.datasets.intact(stored.dataset_id)
    with transaction(store.engine) as connection:
        refresh(connection, stored.dataset_id)
    assert store.datasets.get(stored.dataset_id) == after


def test_damage_is_not_healed_by_a_later_change(store, stored):
    with transaction(store.engine) as connection:
        connection.execute(update(feedback).where(feedback.c.id == 3).values(text="nicer"))
    first = feedback.c.id == 1
    with transaction(store.engine) as connection, rehashed(connection, stored.dataset_id, first):
        connection.execute(delete(feedback).where(first))
    assert not store.datasets.intact(stored.dataset_id)
