import numpy as np
import pytest

from core.evaluation.tally import Table, redraws, tally

TRUTH = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], dtype=bool)
SAID = np.array([[1, 0], [0, 1], [0, 1], [0, 1]], dtype=bool)


def test_counts_by_hand():
    found = tally(TRUTH, SAID)
    assert (found.hits.tolist(), found.true.tolist(), found.said.tolist()) == ([1, 2], [2, 2], [1, 3])
    assert found.precision.tolist() == pytest.approx([1, 2 / 3])
    assert found.recall.tolist() == pytest.approx([1 / 2, 1])
    assert found.macro_f1 == pytest.approx((2 / 3 + 4 / 5) / 2)


def test_a_redrawn_table_is_the_tally_of_the_redrawn_rows():
    weights = np.array([[2.0, 0, 1, 1], [0, 3, 0, 1]])
    drawn = Table(TRUTH, SAID).drawn(weights)
    for number, rows in enumerate(([0, 0, 2, 3], [1, 1, 1, 3])):
        assert drawn.macro_f1[number] == pytest.approx(float(tally(TRUTH[rows], SAID[rows]).macro_f1))
        assert drawn.hits[number].tolist() == tally(TRUTH[rows], SAID[rows]).hits.tolist()


def test_redraws_keep_the_number_of_rows_whatever_the_blocks():
    blocks = list(redraws(10, 25, seed=3, block=70))
    assert [len(block) for block in blocks] == [7, 7, 7, 4]
    assert (np.concatenate(blocks).sum(axis=1) == 10).all()


def test_groups_are_drawn_whole():
    groups = np.array(["a", "a", "b", "c", "c"])
    weights = np.concatenate(list(redraws(5, 200, 0, groups)))
    assert (weights[:, 0] == weights[:, 1]).all() and (weights[:, 3] == weights[:, 4]).all()
    assert not (weights[:, 0] == weights[:, 2]).all()


def test_rows_without_a_label_are_counted_among_the_redrawn_ones():
    """Four rows in groups of 3 and 1: the larger one drawn twice makes six rows."""
    weights = np.array([[2.0, 2, 2, 0]])
    rows = [0, 0, 1, 1, 2, 2]
    drawn, wanted = Table(TRUTH, SAID).drawn(weights), tally(TRUTH[rows], SAID[rows])
    assert drawn.balanced_accuracy(True)[0] == pytest.approx(float(wanted.balanced_accuracy(True)))
