import numpy as np
import pytest

from core.domain import TrainingOptions
from core.evaluation.held_out import decide
from core.evaluation.scores import macro_f1
from core.training.material import Material
from core.training.modes import _validation_f1, majority


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


@pytest.mark.parametrize(
    ("carried", "probabilities"),
    [
        ((4, 3, 1), (0.5, 0.3, 0.1)),  # none on half of the rows
        ((5, 1, 5), (0.5, 0.1, 0.499)),  # the first of equal ones
        ((6, 8, 2), (0.499, 0.8, 0.2)),  # two on more than half
        ((0, 0, 0), (0.5, 1e-6, 1e-6)),
    ],
)
def test_the_most_frequent_of_several_labels_is_given_whatever_its_share(carried, probabilities):
    truth = np.arange(10)[:, None] < np.array(carried)
    answers = majority(Material(["x"] * 10, truth, ("a", "b", "c"), True, TrainingOptions()), np.arange(10))
    said = answers.both(np.arange(2))[0].astype(np.float32)  # as they are stored
    assert said == pytest.approx(np.array([probabilities] * 2))
    assert (decide(said, True) == (np.arange(3) == np.argmax(carried))).all()


def test_the_probabilities_of_the_most_frequent_label_are_shares_where_a_row_carries_one():
    truth = np.eye(3, dtype=bool)[[0, 1, 1, 2]]
    answers = majority(Material(["x"] * 4, truth, ("a", "b", "c"), False, TrainingOptions()), np.arange(4))
    assert answers.both(np.arange(1))[0] == pytest.approx(np.array([[0.25, 0.5, 0.25]]), abs=1e-5)
