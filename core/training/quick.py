"""Quick: a logistic regression on the vectors of an encoder that stays as it is."""

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression

from core.models.classifier import Calibration, Head
from core.training import calibration

STRENGTHS = (1.0, 3.0, 10.0, 30.0)  # inverse of the penalty, tried on the validation rows


@dataclass(frozen=True)
class QuickFit:
    start: Head  # fitted on the training rows alone: what Better starts from
    final: Head  # fitted on training and validation rows: what Quick answers with
    calibration: Calibration
    strength: float


def fit_quick(
    vectors: np.ndarray, truth: np.ndarray, validation: np.ndarray, labels: int, on_fit=lambda done: None
) -> QuickFit:
    """`vectors` (rows, size) and `truth` (rows,) of training and validation rows, `validation` a mask.

    `on_fit(share done)` after each fit may raise to stop.
    """
    best = None
    for number, strength in enumerate(STRENGTHS):
        head = fit_head(vectors[~validation], truth[~validation], labels, strength)
        found = calibration.fit(head.logits(vectors[validation]), truth[validation])
        # Calibrated likelihood, not F1: few validation rows order four F1 figures by chance.
        odds = head.probabilities(vectors[validation], found)
        loss = -np.log(odds[np.arange(len(odds)), truth[validation]] + 1e-12).mean()
        if best is None or loss < best[0]:
            best = (loss, strength, head, found)
        on_fit((number + 1) / (len(STRENGTHS) + 1))
    _, strength, start, found = best
    final = fit_head(vectors, truth, labels, strength)
    on_fit(1.0)
    return QuickFit(start, final, found, strength)


def fit_head(vectors: np.ndarray, truth: np.ndarray, labels: int, strength: float) -> Head:
    model = LogisticRegression(C=strength, max_iter=500).fit(vectors, truth)
    if labels == 2:  # scikit-learn keeps one row of weights for two labels
        weight = np.vstack([-model.coef_[0], model.coef_[0]]) / 2
        bias = np.array([-model.intercept_[0], model.intercept_[0]]) / 2
    else:
        weight, bias = model.coef_, model.intercept_
    return Head(weight.astype(np.float32), bias.astype(np.float32))
