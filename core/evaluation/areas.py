"""Areas under the ROC and the precision-recall curve, one label against the rest."""

import numpy as np

from core.evaluation.ranges import Z90, rows_in_effect, wilson


def auc(probabilities: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """(k,) chance that a row with the label is given a higher probability than one without (ties half:
    Mann & Whitney 1947); nan where one side is empty."""
    from scipy.stats import rankdata

    ranks = rankdata(probabilities, axis=0)
    yes = truth.sum(axis=0).astype(float)
    no = len(truth) - yes
    with np.errstate(invalid="ignore", divide="ignore"):
        return ((ranks * truth).sum(axis=0) - yes * (yes + 1) / 2) / np.where(yes * no > 0, yes * no, np.nan)


def average_precision(probabilities: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """(k,) sum over thresholds of precision times the recall won there; nan for a label without rows."""
    found = np.full(truth.shape[1], np.nan)
    for label in np.flatnonzero(truth.any(axis=0)):
        order = np.argsort(-probabilities[:, label], kind="stable")
        values, hits = probabilities[order, label], np.cumsum(truth[order, label])
        ends = np.append(np.flatnonzero(np.diff(values)), len(values) - 1)  # last row of each tie
        won = np.diff(hits[ends], prepend=0)
        found[label] = np.sum(won * hits[ends] / (ends + 1)) / hits[-1]
    return found


def macro_auc_range(
    places: np.ndarray, rows: int, probabilities: np.ndarray, truth: np.ndarray
) -> tuple[float, float] | None:
    """90 % range of the mean AUC over labels, by the placements of DeLong (1988); None if undefined.

    `places` (n,) numbers the rows 0..rows-1; rows with the same number are the same comment.
    """
    areas = auc(probabilities, truth)
    known = np.flatnonzero(~np.isnan(areas))
    if not len(known):
        return None
    pull = np.zeros(rows)  # how far each row moves the mean
    for label in known:
        moved = _placements(probabilities[:, label], truth[:, label]) - areas[label]
        side = np.where(truth[:, label], truth[:, label].sum(), (~truth[:, label]).sum())
        pull += np.bincount(places, moved / side, minlength=rows)
    half = Z90 * float(np.sqrt(np.sum((pull / len(known)) ** 2)))
    mid = float(areas[known].mean())
    low, high = max(0.0, mid - half), min(1.0, mid + half)
    if mid >= 1.0:
        sure = rows_in_effect(truth[:, known].sum(axis=0) * rows / len(truth))
        low = float(wilson(sure, sure)[0])
    return low, high


def _placements(values: np.ndarray, yes: np.ndarray) -> np.ndarray:
    """(n,) share of the other side that a row stands right of."""
    from scipy.stats import rankdata

    ranks = rankdata(values)
    below = np.empty(len(values))
    for side in (yes, ~yes):
        below[side] = ranks[side] - rankdata(values[side])
    return np.where(yes, below / (~yes).sum(), 1 - below / yes.sum())
