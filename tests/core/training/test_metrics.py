import numpy as np
import pytest

from core.training.metrics import expected_calibration_error, score


def test_scores_worked_out_by_hand():
    truth, predicted = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 0, 0])
    found = score("quick", truth, predicted, ("a", "b", "c"))
    assert found.accuracy == pytest.approx(3 / 6)
    a, b, c = found.per_label
    assert (a.precision, a.recall, a.support) == (pytest.approx(2 / 4), pytest.approx(2 / 3), 3)
    assert (b.precision, b.recall, b.f1) == (pytest.approx(1 / 2), pytest.approx(1 / 2), pytest.approx(1 / 2))
    assert (c.precision, c.recall, c.f1) == (0, 0, 0)
    assert found.macro_f1 == pytest.approx((4 / 7 + 1 / 2 + 0) / 3)
    assert found.balanced_accuracy == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    assert found.confusion == ((2, 1, 0), (1, 1, 0), (1, 0, 0))


def test_calibration_error_worked_out_by_hand():
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6], [0.4, 0.6]])
    truth = np.array([0, 1, 1, 1])
    assert expected_calibration_error(probabilities, truth) == pytest.approx(0.5 * 0.4 + 0.5 * 0.4)
