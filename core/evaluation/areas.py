"""Areas under the ROC and the precision-recall curve, one label against the rest."""

import numpy as np

from core.evaluation.ranges import Z90, rows_in_effect, wilson


def auc(probabilities: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """(k,) chance that a row with the label is given a higher probability than one without (ties half:
    Mann & Whitney 1947); nan where one side is empty."""
    found = np.full(truth.shape[1], np.nan)
    for label in np.flatnonzero(truth.any(axis=0) & ~truth.all(axis=0)):
        found[label] = _placements(probabilities[:, label], truth[:, label])[~truth[:, label]].mean()
    return found


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
    places: np.ndarray, supports: np.ndarray, probabilities: np.ndarray, truth: np.ndarray
) -> tuple[float, float] | None:
    """90 % range of the mean AUC over labels, by the placements of DeLong (1988), of groups by Obuchowski
    (1997); None if undefined.

    `places` (n,) numbers the rows from 0: those with the same number, such as the repeats of a comment or
    the comments of a person, are one piece of evidence. `supports` (k,) are the independent rows that
    those with each label are worth.
    """
    known = np.flatnonzero(truth.any(axis=0) & ~truth.all(axis=0))
    if not len(known):
        return None
    pull = np.zeros(int(places.max()) + 1)  # how far each piece of evidence moves the mean
    areas = []
    for label in known:
        yes = truth[:, label]
        placed = _placements(probabilities[:, label], yes)
        areas.append(float(placed[~yes].mean()))
        pull += np.bincount(places, (placed - areas[-1]) / np.where(yes, yes.sum(), (~yes).sum()))
    half = Z90 * float(np.sqrt(np.sum((pull / len(known)) ** 2)))
    mid = float(np.mean(areas))
    low, high = max(0.0, mid - half), min(1.0, mid + half)
    if mid >= 1.0:
        sure = rows_in_effect(supports[known])
        low = float(wilson(sure, sure)[0])
    return low, high


def _placements(values: np.ndarray, yes: np.ndarray) -> np.ndarray:
    """(n,) share of the other side that a row stands right of, ties half; both sides have rows.

    Only the rows with the label are sorted: they are few.
    """
    values, few, many = np.ascontiguousarray(values), np.flatnonzero(yes), np.flatnonzero(~yes)
    few = few[np.argsort(values[few], kind="stable")]
    below = [np.searchsorted(values[few], values[many], side) for side in ("left", "right")]
    above = [np.cumsum(np.bincount(part, minlength=len(few) + 1))[:-1] for part in below]
    found = np.empty(len(values))
    found[many] = 1 - (below[0] + below[1]) / (2 * len(few))
    found[few] = (above[0] + above[1]) / (2 * len(many))
    return found
