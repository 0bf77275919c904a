"""Counts of labels found, carried and given, and what is computed from them; also of redrawn rows."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

CELLS_A_BLOCK = 4_000_000  # weights held in memory at once


@dataclass(frozen=True)
class Tally:
    """Counts of k labels; a leading axis holds the draws where rows were redrawn."""

    hits: np.ndarray  # (..., k) rows that carry the label and were given it (TP)
    true: np.ndarray  # (..., k) rows that carry it (TP + FN)
    said: np.ndarray  # (..., k) rows that were given it (TP + FP)
    rows: float | np.ndarray  # in all; (..., 1) where rows were redrawn

    @property
    def f1(self) -> np.ndarray:
        """(..., k) 2 TP / (2 TP + FP + FN); 0 for a label that no row carries or was given."""
        return 2 * self.hits / np.maximum(self.true + self.said, 1e-9)

    @property
    def macro_f1(self) -> np.ndarray:
        """Plain mean of F1 over the labels that some row carries or was given."""
        known = (self.true + self.said) > 0
        return self.f1.sum(axis=-1) / np.maximum(known.sum(axis=-1), 1)

    @property
    def weighted_f1(self) -> np.ndarray:
        """Mean of F1 over labels, each weighted by its rows."""
        return (self.f1 * self.true).sum(axis=-1) / np.maximum(self.true.sum(axis=-1), 1e-9)

    @property
    def recall(self) -> np.ndarray:
        """(..., k) TP / (TP + FN)."""
        return self.hits / np.maximum(self.true, 1e-9)

    @property
    def precision(self) -> np.ndarray:
        """(..., k) TP / (TP + FP)."""
        return self.hits / np.maximum(self.said, 1e-9)

    def balanced_accuracy(self, multi: bool) -> np.ndarray:
        """Mean recall over the labels with rows; with several labels a row the mean of recall and
        TN / (TN + FP), since giving every label to every row has perfect recall."""
        value, seen = self.recall, self.true > 0
        if multi:
            without = self.rows - self.true
            rejected = without - (self.said - self.hits)
            value = (value + rejected / np.maximum(without, 1e-9)) / 2
            seen = seen & (without > 0)
        return (value * seen).sum(axis=-1) / np.maximum(seen.sum(axis=-1), 1)


def tally(truth: np.ndarray, decided: np.ndarray) -> Tally:
    """Of (n, k) bool matrices."""
    hits = (truth & decided).sum(axis=0)
    return Tally(hits, truth.sum(axis=0), decided.sum(axis=0), len(truth))


class Table:
    """(n, 3k) sparse counts of each row, so that redrawn rows are one product of matrices."""

    def __init__(self, truth: np.ndarray, decided: np.ndarray):
        from scipy.sparse import csr_array, hstack

        parts = [csr_array(part.astype(np.float64)) for part in (truth & decided, truth, decided)]
        self.cells = hstack(parts, format="csr").T.tocsr()

    def drawn(self, weights: np.ndarray) -> Tally:
        """`weights` (draws, n): how often each row was drawn."""
        counts = (self.cells @ weights.T).T
        return Tally(*np.split(counts, 3, axis=1), weights.sum(axis=1, keepdims=True))


def redraws(
    rows: int, draws: int, seed: int, groups: np.ndarray | None = None, block: int = CELLS_A_BLOCK
) -> Iterator[np.ndarray]:
    """Blocks (some draws, rows) of how often each row is drawn, with putting back.

    With `groups` (rows,) whole groups are drawn: rows of one person are not independent.
    """
    random = np.random.default_rng(seed)
    codes = None if groups is None else np.unique(groups, return_inverse=True)[1]
    drawn = rows if codes is None else int(codes.max(initial=-1)) + 1
    step = max(1, min(draws, block // max(1, rows)))
    for start in range(0, draws, step):
        size = min(step, draws - start)
        places = random.integers(0, drawn, size=(size, drawn)) + drawn * np.arange(size)[:, None]
        weights = np.bincount(places.ravel(), minlength=size * drawn).reshape(size, drawn).astype(float)
        yield weights if codes is None else weights[:, codes]
