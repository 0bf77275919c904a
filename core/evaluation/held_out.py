"""The rows a model is judged on, with what it said of them."""

from dataclasses import dataclass
from functools import cached_property

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

    @property
    def places(self) -> np.ndarray:
        """(n,) 0..m-1: the same number for all repeats of a row."""
        return np.unique(self.ids, return_inverse=True)[1]

    @cached_property
    def repeats(self) -> list["HeldOut"]:
        """The rows of each repeat by rising id, so that the repeats are aligned."""
        if self.repeat is None:
            return [self.take(np.argsort(self.ids, kind="stable"))]
        found = [np.flatnonzero(self.repeat == number) for number in np.unique(self.repeat)]
        return [self.take(rows[np.argsort(self.ids[rows], kind="stable")]) for rows in found]

    @property
    def once(self) -> "HeldOut":
        """Each row once, by rising id: the first repeat."""
        return self.repeats[0] if len(self.ids) else self

    @property
    def mean_right(self) -> np.ndarray:
        """(m,) in how many of the repeats each row is right, 0..1, by rising id: accuracy is its mean."""
        return np.mean([part.right for part in self.repeats], axis=0)

    def take(self, rows: np.ndarray) -> "HeldOut":
        """Some of the rows, by their places."""
        parts = (self.raw, self.repeat, self.fold)
        return HeldOut(
            self.labels,
            self.multi,
            self.ids[rows],
            self.truth[rows],
            self.probabilities[rows],
            *(None if part is None else part[rows] for part in parts),
        )


def decide(probabilities: np.ndarray, multi: bool) -> np.ndarray:
    """(n, k) bool: the most likely label, or every label of at least THRESHOLD."""
    if multi:
        return probabilities >= THRESHOLD
    chosen = np.zeros(probabilities.shape, dtype=bool)
    chosen[np.arange(len(chosen)), probabilities.argmax(axis=1)] = True
    return chosen
