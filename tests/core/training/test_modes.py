import numpy as np
import pytest

from core.domain import TrainingOptions
from core.evaluation.scores import macro_f1
from core.training.material import Material
from core.training.modes import _validation_f1


def test_the_validation_score_is_of_calibrated_answers():
    """Rare labels that weighed more are said too often until calibration takes it back."""
    rng = np.random.default_rng(0)
    rare = rng.random(600) < 0.1
    logits = np.stack([np.zeros(600), np.where(rare, 1.5, -4.0) + rng.normal(0, 1.5, 600) + 3.0], axis=1)
    material = Material(
        ["x"] * 600, np.eye(2, dtype=bool)[rare.astype(int)], ("a", "b"), False, TrainingOptions()
    )
    plain = macro_f1(material.truth, np.eye(2, dtype=bool)[logits.argmax(axis=1)])
    assert _validation_f1(material, np.arange(600), logits) > plain + 0.05
    assert _validation_f1(material, np.arange(0), logits[:0]) is None


def test_under_ten_validation_rows_answers_stay_as_they_are():
    material = Material(["x"] * 4, np.eye(2, dtype=bool)[[0, 1, 0, 1]], ("a", "b"), False, TrainingOptions())
    assert _validation_f1(
        material, np.arange(4), np.array([[1.0, 0], [0, 1], [0, 1], [0, 1]])
    ) == pytest.approx((2 / 3 + 0.8) / 2)
