import numpy as np
import pytest

from core.models.classifier import Calibration, Platt, calibrated, log_softmax, raw, sigmoid
from core.training import calibration


def overconfident(rows, seed=0):
    """Logits three times too large for the labels that were drawn from them."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1.2, (rows, 3))
    odds = np.exp(log_softmax(logits))
    truth = np.array([rng.choice(3, p=row) for row in odds])
    return 3 * logits, truth


def several(rows, seed=0):
    """Three labels a row, each drawn from sigmoid(z); the logits shown are 2 z + 1."""
    rng = np.random.default_rng(seed)
    true = rng.normal(-0.5, 1.5, (rows, 3))
    return 2 * true + 1, rng.random((rows, 3)) < sigmoid(true)


def gap(probabilities, truth):
    """Mean distance of the stated from the real share over ten bins of equal width."""
    places = np.minimum((probabilities * 10).astype(int), 9)
    bins = [places == number for number in range(10) if (places == number).any()]
    return sum(abs(probabilities[one].mean() - truth[one].mean()) * one.mean() for one in bins)


def likelihood(logits, truth, found):
    return -np.log(calibrated(logits, found)[np.arange(len(truth)), truth]).mean()


def test_the_temperature_that_was_put_in_is_found():
    logits, truth = overconfident(4000)
    assert calibration.fit(logits, truth).temperature == pytest.approx(3.0, rel=0.1)


def test_label_numbers_and_a_matrix_say_the_same():
    logits, truth = overconfident(200)
    assert calibration.fit(logits, truth) == calibration.fit(logits, np.eye(3, dtype=bool)[truth])


def test_calibration_lowers_the_error_on_other_rows():
    found = calibration.fit(*overconfident(2000))
    logits, truth = overconfident(2000, seed=1)
    assert likelihood(logits, truth, found) < likelihood(logits, truth, calibration.none(3)) - 0.1
    right = np.eye(3, dtype=bool)[truth]
    assert gap(raw(logits, False), right) > 0.1
    assert gap(calibrated(logits, found), right) < 0.03


def test_few_rows_fit_the_temperature_alone():
    logits, truth = overconfident(60)
    found = calibration.fit(logits, truth)
    assert found.bias == (0.0, 0.0, 0.0) and found.temperature != 1.0


def test_a_rare_label_keeps_its_bias():
    logits, truth = overconfident(400)
    truth[truth == 2] = 0
    truth[:5] = 2
    found = calibration.fit(logits, truth)
    assert found.bias[2] == 0.0 and found.bias[0] != 0.0


@pytest.mark.parametrize("rows", [0, 1, 9])
def test_under_ten_rows_change_nothing(rows):
    assert calibration.fit(np.ones((rows, 2)), np.zeros(rows, int)) == Calibration(1.0, (0.0, 0.0))
    assert calibration.fit(np.ones((rows, 2)), np.zeros((rows, 2), bool), True) == Platt((1, 1), (0, 0))


def test_a_few_rows_that_are_all_right_do_not_make_it_certain():
    truth = np.arange(20) % 2
    found = calibration.fit(2.0 * np.eye(2)[truth], truth)
    assert calibrated(np.array([[2.0, 0.0]]), found)[0, 0] < 0.999


def test_a_hundred_rows_that_are_nearly_all_right_do_not_make_it_certain():
    """Two of 100 were missed by little and the others were right by much: half the temperature would be
    likelier on them, but the next rows may be missed by more."""
    truth = np.arange(100) % 2
    ahead = np.where(np.arange(100) < 2, -0.1, 4.0)  # of the true label before the other
    logits = np.column_stack([np.where(truth == 0, ahead, 0.0), np.where(truth == 1, ahead, 0.0)])
    assert 0.75 < calibration.fit(logits, truth).temperature < 1.5


def test_platt_finds_the_line_that_was_put_in():
    found = calibration.fit(*several(8000), multi=True)
    assert found.slope == pytest.approx([0.5] * 3, rel=0.1)
    assert found.bias == pytest.approx([-0.5] * 3, abs=0.1)


def test_platt_lowers_the_error_on_other_rows_and_keeps_the_order():
    found = calibration.fit(*several(2000), multi=True)
    logits, truth = several(2000, seed=1)
    after = calibrated(logits, found)
    assert gap(raw(logits, True), truth) > 0.1 and gap(after, truth) < 0.03
    assert (np.argsort(after, axis=0) == np.argsort(logits, axis=0)).all()


def test_a_label_with_few_rows_keeps_slope_one():
    logits, truth = several(400)
    truth[:, 1] = np.arange(400) < 9
    truth[:, 2] = np.arange(400) < 395
    found = calibration.fit(logits, truth, multi=True)
    assert (found.slope[1], found.bias[1], found.slope[2], found.bias[2]) == (1, 0, 1, 0)
    assert found.slope[0] != 1


def test_labels_that_are_told_apart_perfectly_stay_finite():
    truth = np.arange(40)[:, None] % 2 == np.array([0, 1])
    found = calibration.fit(np.where(truth, 3.0, -3.0), truth, multi=True)
    assert calibrated(np.array([[3.0, 3.0]]), found) == pytest.approx(21 / 22, abs=1e-3), "Platt's target"


def drawn(rows, labels, bias, seed=0):
    """Logits of an honest model whose labels occur as `bias` says and not as it thinks."""
    rng = np.random.default_rng(seed)
    logits = 2 * rng.normal(size=(rows, labels))
    shares = np.exp(logits + bias)
    shares /= shares.sum(axis=1, keepdims=True)
    return logits, np.array([rng.choice(labels, p=row) for row in shares])


def test_biases_stay_where_they_help_on_other_rows():
    found = calibration.fit(*drawn(600, 3, np.array([1.5, 0.0, -1.5])))
    assert found.bias[0] - found.bias[2] > 2


def test_biases_that_fit_noise_are_left_out():
    """A dozen rows for each of 50 labels say nothing of a bias."""
    found = calibration.fit(*drawn(600, 50, np.zeros(50)))
    assert set(found.bias) == {0.0}
    assert 0.7 < found.temperature < 1.4


def test_in_folds_no_row_is_answered_by_what_it_taught():
    logits, truth = overconfident(300)
    folds, other = calibration._folds(300), truth.copy()
    other[7] = (truth[7] + 1) % 3
    before, after = (calibration.in_folds(logits, labels) for labels in (truth, other))
    same = folds == folds[7]
    assert np.array_equal(before[same], after[same])
    assert (before[~same] != after[~same]).any()


def test_in_folds_biases_that_fit_noise_gain_nothing():
    """Twenty labels of 25 rows: fitted on themselves the biases look likelier than they are elsewhere."""
    rng = np.random.default_rng(3)
    logits = rng.normal(0, 1, (500, 20))
    truth = np.array([rng.choice(20, p=row) for row in np.exp(log_softmax(logits))])
    noise = calibration._fit_bcts(log_softmax(logits), truth, np.arange(20))
    honest = -np.log(calibration.in_folds(logits, truth)[np.arange(500), truth]).mean()
    assert likelihood(logits, truth, noise) < honest - 0.01
    assert honest == pytest.approx(-log_softmax(logits)[np.arange(500), truth].mean(), abs=0.01)


@pytest.mark.parametrize("multi", [False, True])
def test_in_folds_few_rows_are_left_as_they_are(multi):
    logits, truth = several(9)
    assert np.array_equal(calibration.in_folds(logits, truth, multi), raw(logits, multi))
