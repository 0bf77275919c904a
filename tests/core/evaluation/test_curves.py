import numpy as np
import pytest
from sklearn.metrics import precision_recall_curve, roc_auc_score

from core.evaluation.curves import (
    abstention,
    calibration_error,
    gaps,
    precision_recall,
    reliability,
    roc,
)
from core.evaluation.ranges import wilson
from core.evaluation.scores import score


def two(held_of, truth, chances, **more):
    """Label a with these chances, b with the rest."""
    return held_of(1 - np.array(truth), [[p, 1 - p] for p in chances], **more)


def test_roc_by_hand(held_of):
    found = roc(two(held_of, [1, 0, 1, 0], [0.9, 0.6, 0.6, 0.1]), "a")
    assert found.x == (0, 0, 0.5, 1)  # FP / (FP + TN) from .9, .6 (two rows tie), .1
    assert found.y == (0, 0.5, 1, 1)
    assert found.thresholds == (np.inf, 0.9, 0.6, 0.1)
    assert found.area == pytest.approx(7 / 8)


def test_roc_needs_both_sides(held_of):
    held = two(held_of, [1, 1], [0.9, 0.6])
    assert roc(held, "a") is None and roc(held, "b") is None
    assert precision_recall(held, "a").area == 1 and precision_recall(held, "b") is None


def test_precision_recall_is_that_of_scikit_learn(random_held):
    held = random_held()
    found = precision_recall(held, "b")
    precision, recall, _ = precision_recall_curve(held.truth[:, 1], held.probabilities[:, 1])
    theirs = set(zip(recall.round(9).tolist(), precision.round(9).tolist(), strict=True))
    ours = list(zip(np.round(found.x, 9).tolist(), np.round(found.y, 9).tolist(), strict=True))
    assert set(ours[1:]) <= theirs
    assert (found.x[0], found.x[-1]) == (0, 1)


def test_a_long_curve_is_thinned_and_keeps_its_ends_and_area(random_held):
    held = random_held(n=3000)
    found = roc(held, "a")
    assert len(found.x) == 300 and (found.x[0], found.y[-1]) == (0, 1)
    assert found.area == pytest.approx(roc_auc_score(held.truth[:, 0], held.probabilities[:, 0]))


def test_calibration_error_worked_out_by_hand():
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6], [0.4, 0.6]])
    truth = np.array([[1, 0], [0, 1], [0, 1], [0, 1]], dtype=bool)
    assert calibration_error(probabilities, truth, multi=False) == pytest.approx(0.5 * 0.4 + 0.5 * 0.4)
    assert gaps(probabilities, truth, multi=False).shape == (4, 15)


def test_calibration_error_of_several_labels_is_the_mean_over_them():
    probabilities = np.array([[0.9, 0.2], [0.9, 0.2]])
    truth = np.array([[1, 0], [0, 0]], dtype=bool)
    assert calibration_error(probabilities, truth, multi=True) == pytest.approx((0.4 + 0.2) / 2)


def test_reliability_by_hand():
    probabilities = np.array([[0.95, 0.05], [0.97, 0.03], [0.4, 0.6]])
    truth = np.array([[1, 0], [0, 1], [0, 1]], dtype=bool)
    low, high = reliability(probabilities, truth)
    assert (low.confidence, low.share, low.n) == (pytest.approx(0.6), 1, 1)
    assert (high.confidence, high.share, high.n) == (pytest.approx(0.96), 0.5, 2)
    assert low.low < 1 == low.high
    pairs = reliability(probabilities, truth, multi=True)
    assert sum(one.n for one in pairs) == 6


def test_repeats_of_a_row_count_once_in_the_reliability():
    probabilities, truth = np.tile([[0.9, 0.1]], (20, 1)), np.tile([[True, False]], (20, 1))
    (one,) = reliability(probabilities, truth)
    (twice,) = reliability(np.tile(probabilities, (2, 1)), np.tile(truth, (2, 1)), repeats=2)
    assert (twice.n, twice.low, twice.high) == (20, pytest.approx(one.low), one.high)
    (rare,) = reliability(probabilities[:1], truth[:1], repeats=3)  # a third of a row still is one
    assert rare.n == 1 and rare.low < one.low


def test_the_areas_of_curves_are_the_means_over_repeats(held_of):
    """b stands above all others in the first repeat and below in the second: 1 and 0, not what both say."""
    truth, chances = [0, 0, 1, 1] * 2, [0.1, 0.2, 0.8, 0.9, 0.8, 0.9, 0.1, 0.2]
    repeat, ids = np.repeat([0, 1], 4), [1, 2, 3, 4] * 2
    probabilities = [[1 - chance, chance / 2 if k < 4 else chance] for k, chance in enumerate(chances)]
    held = held_of(truth, probabilities, ids=ids, repeat=repeat)
    found = score("x", held).per_label[1]
    assert roc(held, "b").area == pytest.approx(found.auc) == pytest.approx(0.5)
    assert precision_recall(held, "b").area == pytest.approx(found.average_precision)


def test_abstention_answers_the_surest_rows_first(held_of):
    held = two(held_of, [1] * 10, [0.95] * 8 + [0.45, 0.4])  # the two least sure are wrong
    points = abstention(held)
    assert (points[0].answered, points[0].right, points[0].n) == (1, 0.8, 10)
    fifth = next(point for point in points if point.answered == pytest.approx(0.8))
    assert (fifth.right, fifth.threshold) == (1, 0.95)
    assert fifth.low < 1
    answered = [point.answered for point in points]
    assert answered == sorted(answered, reverse=True)


def test_abstention_with_several_labels_goes_by_the_least_certain_decision(held_of):
    held = held_of([[1, 0], [1, 0]], [[0.99, 0.45], [0.8, 0.1]], multi=True)
    assert abstention(held)[-1].threshold == pytest.approx(0.8)


def test_ranges_take_the_comments_of_one_person_together(held_of):
    """Ten people with ten comments each, all of one person right or all wrong: ten pieces of evidence."""
    right = np.repeat([1, 1, 1, 1, 0], 20)
    held = two(held_of, right, np.repeat([0.95, 0.9], 50))
    who = [f"account {place // 10}" for place in range(100)]
    together, apart = abstention(held, who)[0], abstention(held)[0]
    assert (together.right, together.n) == (apart.right, apart.n) == (0.8, 100)
    low, high = wilson(8, 10)
    assert (together.low, together.high) == (pytest.approx(low), pytest.approx(high))
    bins = reliability(held.probabilities, held.truth, groups=who)
    assert [(one.n, one.low) for one in bins] == [
        (50, pytest.approx(wilson(3, 5)[0])),
        (50, pytest.approx(wilson(5, 5)[0])),
    ]
    unknown = [""] * 100
    assert abstention(held, unknown) == abstention(held)
    assert reliability(held.probabilities, held.truth, groups=unknown) == reliability(
        held.probabilities, held.truth
    )


def test_people_a_model_fails_are_alike_whatever_the_number_of_labels():
    """Twenty people of ten comments each; it is wholly wrong on those of every second one."""
    who, fails = np.repeat([f"account {n}" for n in range(20)], 10), np.repeat(np.arange(20) % 2 == 1, 10)
    probabilities = np.tile([0.9, 0.1, 0.1], (200, 1))
    truth = (probabilities > 0.5) ^ fails[:, None]
    low, high = reliability(probabilities, truth, multi=True, groups=who.tolist())
    assert (low.n, high.n) == (400, 200)
    for one in (low, high):
        assert np.allclose((one.low, one.high), wilson(10, 20))


def test_labels_of_other_rates_make_nobody_alike():
    rng = np.random.default_rng(0)
    probabilities = np.tile([0.9, 0.5, 0.05], (2000, 1))
    truth = rng.random((2000, 3)) < probabilities
    who = [f"account {row // 10}" for row in range(2000)]
    apart, together = (reliability(probabilities, truth, multi=True, groups=names) for names in (None, who))
    for one, two in zip(apart, together, strict=True):
        assert (two.low, two.high) == pytest.approx((one.low, one.high), abs=0.003)


def test_decisions_of_one_comment_stay_apart_where_nobody_is_known():
    probabilities, truth = np.full((4, 3), 0.9), np.ones((4, 3), dtype=bool)
    (apart,) = reliability(probabilities, truth, multi=True, groups=[""] * 4)
    (together,) = reliability(probabilities, truth, multi=True, groups=["account 1"] * 4)
    assert apart.n == together.n == 12
    assert apart.low == pytest.approx(wilson(12, 12)[0])
    assert together.low == pytest.approx(wilson(1, 1)[0])
