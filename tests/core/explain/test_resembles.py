import numpy as np
import pytest

from core.explain import resembles

VECTORS = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0], [0.6, 0.8], [1.0, 0.0]], dtype=np.float32)
LABELS = [("bug",), ("bug", "bill"), ("bill",), ("bill",), ("wish",)]


def test_nearest_first_and_equal_ones_by_row():
    found = resembles.nearest(VECTORS, LABELS, np.array([1.0, 0.0]), count=3)
    assert [neighbour.row for neighbour in found] == [0, 4, 1]
    assert [neighbour.likeness for neighbour in found] == pytest.approx([1.0, 1.0, 0.8])
    assert found[2].labels == ("bug", "bill")


def test_the_comment_itself_is_left_out():
    found = resembles.nearest(VECTORS, LABELS, VECTORS[0], count=2, without=[0, 4])
    assert [neighbour.row for neighbour in found] == [1, 3]


def test_agreement_is_the_share_with_the_label():
    found = resembles.nearest(VECTORS, LABELS, np.array([1.0, 0.0]), count=3)
    assert resembles.agreement(found, "bug") == pytest.approx(2 / 3)
    assert resembles.agreement(found, "bill") == pytest.approx(1 / 3)
    assert np.isnan(resembles.agreement((), "bug"))


def test_fewer_rows_than_wanted():
    assert len(resembles.nearest(VECTORS[:2], LABELS, VECTORS[0])) == 2
    assert resembles.nearest(VECTORS[:0], [], VECTORS[0]) == ()
    assert resembles.nearest(VECTORS[:1], LABELS, VECTORS[0], without=[0]) == ()


def test_many_at_once_as_one_by_one(monkeypatch):
    monkeypatch.setattr(resembles, "AT_ONCE", 2)
    carried = np.array([[1, 0], [1, 1], [0, 1], [0, 1], [0, 0]], dtype=bool)  # bug, bill
    said = np.array([0, 0, 1, 1, 0])
    without = [[row] for row in range(5)]
    found = resembles.agreements(VECTORS, carried, VECTORS, said, 2, without)
    expected = [
        resembles.agreement(
            resembles.nearest(VECTORS, LABELS, VECTORS[row], 2, [row]), ("bug", "bill")[said[row]]
        )
        for row in range(5)
    ]
    assert found == pytest.approx(expected)
    assert np.isnan(resembles.agreements(VECTORS[:0], carried[:0], VECTORS[:1], said[:1])).all()


def test_the_same_as_sorting_everything():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(500, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = resembles.nearest(vectors, [()] * 500, vectors[7], 5, [7])
    order = [row for row in np.argsort(-(vectors @ vectors[7]), kind="stable") if row != 7][:5]
    assert [neighbour.row for neighbour in found] == order


def test_in_parts_and_half_precision_as_at_once(monkeypatch):
    whole = resembles.nearest(VECTORS, LABELS, VECTORS[1], 3)
    monkeypatch.setattr(resembles, "ROWS_AT_ONCE", 2)
    parts = resembles.nearest(VECTORS.astype(np.float16), LABELS, VECTORS[1], 3)
    assert [neighbour.row for neighbour in parts] == [neighbour.row for neighbour in whole]


def test_likeness_to_the_nearest():
    found = resembles.likeness(VECTORS, VECTORS[:2], [[0], [1]])
    assert found == pytest.approx([1.0, 0.96])
    assert np.isnan(resembles.likeness(VECTORS[:1], VECTORS[:1], [[0]])).all()
