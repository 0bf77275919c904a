"""The rows a model is judged on, with what it said of them."""

from dataclasses import dataclass

import numpy as np

THRESHOLD = 0.5  # of a calibrated probability, where a row may carry several labels


@dataclass(frozen=True)
class HeldOut:
    """n rows and k labels, aligned. In repeated K-fold each row occurs once a repeat."""

    labels: tuple[str, ...]
    multi: bool
    ids: np.ndarray  # (n,) int64 feedback ids
    truth: np.ndarray  # (n, k) bool
    probabilities: np.ndarray  # (n, k) float64, calibrated
    raw: np.ndarray | None = None  # (n, k) before the calibration
    repeat: np.ndarray | None = None  # (n,) int; None: all 0
    fold: np.ndarray | None = None  # (n,) int; None: all 0

    @property
    def classes(self) -> np.ndarray:
        """(n,) true label numbers; one label a row only."""
        return self.truth.argmax(axis=1)

    @property
    def said(self) -> np.ndarray:
        """(n,) label numbers of the model; one label a row only."""
        return self.probabilities.argmax(axis=1)

    @property
    def decided(self) -> np.ndarray:
        """(n, k) bool: what the model says of each row."""
        return decide(self.probabilities, self.multi)

    @property
    def right(self) -> np.ndarray:
        """(n,) bool: the label is right, or all labels are and none is too many."""
        return (self.decided == self.truth).all(axis=1)


def decide(probabilities: np.ndarray, multi: bool) -> np.ndarray:
    """(n, k) bool: the most likely label, or every label of at least THRESHOLD."""
    if multi:
        return probabilities >= THRESHOLD
    chosen = np.zeros(probabilities.shape, dtype=bool)
    chosen[np.arange(len(chosen)), probabilities.argmax(axis=1)] = True
    return chosen
