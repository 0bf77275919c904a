"""How good a model is on rows it has not seen."""

import numpy as np
from sklearn.metrics import confusion_matrix, f1_score, precision_recall_fscore_support

from core.domain import LabelScore, Scores


def score(name: str, truth: np.ndarray, predicted: np.ndarray, labels: tuple[str, ...]) -> Scores:
    """`truth` and `predicted` are label numbers (rows,). Recall of a label is its found rows over all
    its rows; precision its found rows over all rows called so; F1 their harmonic mean; macro F1 the
    plain mean over labels."""
    numbers = np.arange(len(labels))
    precision, recall, f1, support = precision_recall_fscore_support(
        truth, predicted, labels=numbers, zero_division=0
    )
    held = support > 0
    return Scores(
        name=name,
        accuracy=float(np.mean(truth == predicted)),
        macro_f1=float(f1.mean()),
        balanced_accuracy=float(recall[held].mean()),
        per_label=tuple(
            LabelScore(label, float(precision[k]), float(recall[k]), float(f1[k]), int(support[k]))
            for k, label in enumerate(labels)
        ),
        confusion=tuple(
            tuple(int(count) for count in row) for row in confusion_matrix(truth, predicted, labels=numbers)
        ),
        n=len(truth),
    )


def macro_f1(truth: np.ndarray, predicted: np.ndarray, labels: int) -> float:
    return float(f1_score(truth, predicted, labels=np.arange(labels), average="macro", zero_division=0))


def expected_calibration_error(probabilities: np.ndarray, truth: np.ndarray, bins: int = 15) -> float:
    """Mean gap between confidence and accuracy over `bins` equal bins of confidence (Guo 2017)."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    places = np.minimum((confidence * bins).astype(int), bins - 1)
    gap = 0.0
    for number in range(bins):
        inside = places == number
        if inside.any():
            gap += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return float(gap)
