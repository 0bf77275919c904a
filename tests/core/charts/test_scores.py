import pytest

from core.charts.scores import f1_estimates, label_estimates, overall_estimates, wilson
from core.domain import LabelScore, Scores

STORED = LabelScore(
    "a", 0.8, 0.5, 8 / 13, 40, precision_range=(0.6, 0.9), recall_range=(0.4, 0.6), f1_range=(0.5, 0.7)
)
RANGES = {"macro_f1": (0.6, 0.7), "balanced_accuracy": (0.5, 0.9), "accuracy": (0.61, 0.69)}


def test_stored_ranges_are_shown_as_they_are():
    scores = Scores("m", 0.65, 0.66, 0.67, (STORED,), (), 80, ranges=RANGES, multi=True)
    found = dict(overall_estimates(scores))
    assert list(found) == ["Macro F1", "Balanced accuracy", "Accuracy"]
    assert (found["Macro F1"].low, found["Macro F1"].mid, found["Macro F1"].high) == (0.6, 0.66, 0.7)
    assert (found["Accuracy"].low, found["Accuracy"].high) == (0.61, 0.69)
    ((_, precision, recall),) = label_estimates(scores)
    assert (precision.low, precision.high, recall.low, recall.high) == (0.6, 0.9, 0.4, 0.6)
    ((label, f1),) = f1_estimates(scores)
    assert (label, f1.low, f1.high) == ("a", 0.5, 0.7)


def test_rows_behind_precision_without_a_confusion_table():
    """20 of 40 are found at precision 0.8, so 25 were called so."""
    scores = Scores("m", 0.65, 0.66, 0.67, (STORED,), (), 80, ranges=RANGES, multi=True)
    ((_, precision, recall),) = label_estimates(scores)
    assert (precision.n, recall.n) == (25, 40)


def test_scores_of_earlier_versions_get_their_ranges_from_the_table():
    old = LabelScore("a", 8 / 9, 0.8, 16 / 19, 10), LabelScore("b", 4 / 6, 0.8, 8 / 11, 5)
    scores = Scores("m", 12 / 15, (16 / 19 + 8 / 11) / 2, 0.8, old, ((8, 2), (1, 4)), 15)
    found = dict(overall_estimates(scores))
    assert (found["Accuracy"].low, found["Accuracy"].high) == wilson(12, 15)
    assert found["Macro F1"].low < found["Macro F1"].mid < found["Macro F1"].high
    assert label_estimates(scores)[0][1].n == 9
    assert f1_estimates(scores)[0][1].low == pytest.approx(wilson(10 * 16 / 19, 10)[0])
