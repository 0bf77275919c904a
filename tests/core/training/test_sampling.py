import numpy as np
import pytest

from core.evaluation.scores import macro_f1
from core.training.quick import Fitter
from core.training.sampling import balanced_rows, chances, label_weights

SKEWED = np.array([[True, False]] * 90 + [[False, True]] * 10)


def test_weights_are_inverse_to_the_counts_with_mean_one():
    # 90 and 10 rows: inverse 1/90 and 1/10, mean 1/18
    assert label_weights(SKEWED, multi=False) == pytest.approx([0.2, 1.8])


def test_with_several_labels_a_row_a_frequent_label_keeps_its_weight():
    # 36, 9 and 4 rows: square roots of 36 / 36, 36 / 9 and 36 / 4
    truth = np.arange(40)[:, None] < [36, 9, 4]
    assert label_weights(truth, multi=True) == pytest.approx([1, 2, 3])
    # 90 and 10 rows that could carry both: square roots of 90 / 90 and 90 / 10
    assert label_weights(SKEWED, multi=True) == pytest.approx([1, 3])


def test_rare_labels_gain_and_frequent_ones_are_still_found():
    """Four labels on 60, 30, 10 and 3 % of the rows, each told by a number of its own."""
    random, shares = np.random.default_rng(1), np.array([0.6, 0.3, 0.1, 0.03])

    def rows(count):
        truth = random.random((count, 4)) < shares
        vectors = random.normal(size=(count, 32))
        vectors[:, :4] += np.where(truth, 1.6, -1.6)
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), truth

    (vectors, truth), (others, answers) = rows(300), rows(3000)
    plain, weighed = (
        Fitter(vectors, truth, True, weights).head(10.0).logits(others) > 0
        for weights in (None, label_weights(truth, multi=True))
    )
    assert macro_f1(answers, weighed) > macro_f1(answers, plain) + 0.02
    assert (weighed & answers)[:, 0].sum() / answers[:, 0].sum() > 0.9


def test_a_label_without_rows_has_a_finite_weight():
    assert np.isfinite(label_weights(np.array([[True, False]]), multi=False)).all()


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
