import numpy as np
import pytest

from core.training.sampling import balanced_rows, chances, label_weights

SKEWED = np.array([[True, False]] * 90 + [[False, True]] * 10)


def test_weights_are_inverse_to_the_counts_with_mean_one():
    # 90 and 10 rows: inverse 1/90 and 1/10, mean 1/18
    assert label_weights(SKEWED) == pytest.approx([0.2, 1.8])


def test_a_label_without_rows_has_a_finite_weight():
    assert np.isfinite(label_weights(np.array([[True, False]]))).all()


def test_each_label_has_the_same_chance():
    odds = chances(SKEWED)
    assert odds[:90].sum() == pytest.approx(0.5) and odds[90:].sum() == pytest.approx(0.5)
    drawn = balanced_rows(SKEWED, np.random.default_rng(0))
    assert len(drawn) == 100
    assert 35 <= (drawn >= 90).sum() <= 65


def test_a_row_with_two_labels_has_the_mean_of_their_chances_and_one_without_is_drawn_too():
    truth = np.array([[1, 0], [1, 0], [1, 1], [0, 0]], dtype=bool)
    # shares: label 0 a third each, label 1 one, none one: rows 1/3, 1/3, (1/3 + 1) / 2, 1
    assert chances(truth) == pytest.approx(np.array([1 / 3, 1 / 3, 2 / 3, 1]) / (7 / 3))


def test_the_same_seed_draws_the_same_rows():
    first, again, other = (balanced_rows(SKEWED, np.random.default_rng([3, epoch])) for epoch in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
