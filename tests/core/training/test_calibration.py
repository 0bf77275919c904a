import numpy as np
import pytest

from core.models.classifier import Calibration, calibrated
from core.training import calibration
from core.training.metrics import expected_calibration_error

NONE = Calibration(1.0, (0.0, 0.0, 0.0))


def overconfident(rows, seed=0):
    """Logits three times too large for the labels that were drawn from them."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1.2, (rows, 3))
    odds = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = np.array([rng.choice(3, p=row) for row in odds])
    return 3 * logits, truth


def test_the_temperature_that_was_put_in_is_found():
    logits, truth = overconfident(4000)
    assert calibration.fit(logits, truth).temperature == pytest.approx(3.0, rel=0.1)


def test_calibration_lowers_the_error_on_other_rows():
    found = calibration.fit(*overconfident(2000))
    logits, truth = overconfident(2000, seed=1)
    before = expected_calibration_error(calibrated(logits, NONE), truth)
    after = expected_calibration_error(calibrated(logits, found), truth)
    assert before > 0.15 and after < 0.04


def test_few_rows_fit_the_temperature_alone():
    logits, truth = overconfident(60)
    assert calibration.fit(logits, truth).bias == (0.0, 0.0, 0.0)


def test_a_rare_label_keeps_its_bias():
    logits, truth = overconfident(400)
    truth[truth == 2] = 0
    truth[:5] = 2
    found = calibration.fit(logits, truth)
    assert found.bias[2] == 0.0 and found.bias[0] != 0.0
