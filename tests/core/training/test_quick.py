import time

import numpy as np
import pytest

from core.domain import TrainingOptions
from core.models.classifier import Calibration, Platt, calibrated
from core.training import quick
from core.training.material import Material
from core.training.quick import fit_head, folds, surprise


def clouds(labels, rows=40, noise=0.2, size=8):
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(labels), rows)
    vectors = np.eye(labels, size)[truth] + rng.normal(0, noise, (labels * rows, size))
    return vectors.astype(np.float32), truth


def material(vectors, truth, multi=False, **options):
    matrix = truth if truth.ndim == 2 else np.eye(truth.max() + 1, dtype=bool)[truth]
    names = tuple(f"label {number}" for number in range(matrix.shape[1]))
    return Material([""] * len(vectors), matrix, names, multi, TrainingOptions(**options), vectors)


def parts(rows, every=5):
    numbers = np.arange(rows)
    return numbers[numbers % every != 0], numbers[numbers % every == 0]


def test_quick_tells_clouds_apart_and_reports_each_fit():
    vectors, truth = clouds(4)
    shares = []
    train, validation = parts(len(truth))
    found = quick.fit(material(vectors, truth), train, validation, shares.append)
    assert (found.final.logits(vectors).argmax(axis=1) == truth).mean() > 0.95
    assert shares == sorted(shares) and shares[-1] == 1.0 and len(shares) == 5
    assert np.array_equal(found.validation_logits, found.start.logits(vectors[validation]))
    assert isinstance(found.calibration, Calibration)
    assert not np.array_equal(found.start.weight, found.final.weight), (
        "the final one also saw validation rows"
    )


def test_what_is_raised_while_it_reports_stops_it():
    class Stop(Exception):
        pass

    def stop(done):
        raise Stop

    with pytest.raises(Stop):
        quick.fit(material(*clouds(2)), *parts(80), stop)


@pytest.mark.parametrize("labels", [2, 4])
def test_a_head_has_the_odds_of_scikit_learn(labels):
    from sklearn.linear_model import LogisticRegression

    vectors, truth = clouds(labels)
    head = fit_head(vectors, truth, labels, 10.0)
    model = LogisticRegression(C=10.0, max_iter=2000, tol=1e-8).fit(vectors, truth)
    assert head.weight.shape == (labels, 8)
    assert np.allclose(head.probabilities(vectors), model.predict_proba(vectors), atol=1e-3)


def test_several_labels_a_row_are_one_regression_a_label():
    from sklearn.linear_model import LogisticRegression

    vectors, truth = clouds(4, noise=0.4)
    several = np.eye(4, dtype=bool)[truth] | (np.eye(4, dtype=bool)[(truth + 1) % 4] & (vectors[:, :1] > 0))
    head = fit_head(vectors, several, 4, 10.0, multi=True)
    for label in range(4):
        model = LogisticRegression(C=10.0, max_iter=2000, tol=1e-8).fit(vectors, several[:, label])
        expected = model.predict_proba(vectors)[:, 1]
        assert np.allclose(head.probabilities(vectors)[:, label], expected, atol=1e-3)


def test_several_labels_get_platt():
    vectors, truth = clouds(3, noise=0.4)
    several = np.eye(3, dtype=bool)[truth]
    several[::7] = False  # rows without a label
    found = quick.fit(material(vectors, several, multi=True), *parts(120))
    assert found.final.multi and isinstance(found.calibration, Platt)
    said = calibrated(found.final.logits(vectors), found.calibration) >= 0.5
    assert (said == several)[several.any(axis=1)].mean() > 0.9


def test_two_labels_with_four_rows_each_are_enough():
    vectors, truth = clouds(2, rows=4)
    found = quick.fit(material(vectors, truth), np.array([0, 1, 2, 4, 5, 6]), np.array([3, 7]))
    assert (found.final.logits(vectors).argmax(axis=1) == truth).all()
    assert np.isfinite(calibrated(found.final.logits(vectors), found.calibration)).all()


@pytest.mark.parametrize("validation", [[], [3]])
def test_no_validation_rows_or_none_of_a_label(validation):
    vectors, truth = clouds(2, rows=4)
    train = np.setdiff1d(np.arange(8), validation)
    found = quick.fit(material(vectors, truth), train, np.array(validation))
    assert found.validation_logits.shape == (len(validation), 2)
    assert found.calibration == Calibration(1.0, (0.0, 0.0))


def test_a_label_with_one_row_leaves_the_usual_strength():
    vectors, truth = clouds(2, rows=2)
    found = quick.fit(material(vectors, truth), np.array([0, 2, 3]), np.array([], int))
    assert found.strength == quick.USUAL
    assert folds(np.array([[True, False], [False, True], [False, True]]), 0) is None


def test_folds_deal_each_label_evenly():
    truth = np.eye(2, dtype=bool)[np.repeat([0, 1], [10, 25])]
    places = folds(truth, seed=0)
    assert np.bincount(places[:10]).tolist() == [2] * 5 and np.bincount(places[10:]).tolist() == [5] * 5


def test_few_noisy_rows_choose_a_weak_head_and_clear_ones_a_strong_one():
    rng = np.random.default_rng(1)
    noise = rng.normal(size=(40, 30)).astype(np.float32)
    truth = np.arange(40) % 2
    nothing = np.array([], int)
    assert quick.fit(material(noise, truth), np.arange(40), nothing).strength == 1.0
    vectors, truth = clouds(2, rows=20, noise=0.05)
    assert quick.fit(material(vectors, truth), np.arange(40), nothing).strength == 30.0


@pytest.mark.parametrize("balance", ["weights", "sampling"])
def test_balance_finds_more_of_a_rare_label(balance):
    vectors, truth = clouds(2, rows=200, noise=1.0)
    rows = np.concatenate([np.arange(200), np.arange(200, 210)])
    plain, weighed = (
        quick.fit(material(vectors[rows], truth[rows], balance=one), np.arange(210), np.array([], int))
        for one in ("none", balance)
    )
    rare = [(head.final.logits(vectors[200:]).argmax(axis=1) == 1).mean() for head in (plain, weighed)]
    assert rare[1] > rare[0] + 0.2


def test_surprise_worked_out_by_hand():
    said = np.array([[0.5, 0.5], [0.25, 0.75]])
    truth = np.array([[True, False], [False, True]])
    assert surprise(said, truth, False) == pytest.approx(-(np.log(0.5) + np.log(0.75)) / 2)
    assert surprise(said, truth, True) == pytest.approx(-(2 * np.log(0.5) + 2 * np.log(0.75)) / 2)


def test_many_labels_and_rows_are_fitted_in_seconds():
    """77 labels x 4,000 rows: about a second for all strengths, whatever the machine is busy with."""
    vectors, truth = clouds(77, rows=52, noise=0.15, size=384)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    begun = time.process_time()
    found = quick.fit(material(vectors, truth), *parts(len(truth)))
    assert time.process_time() - begun < 8
    assert (found.final.logits(vectors).argmax(axis=1) == truth).mean() > 0.9
