"""Scores of a run as estimates: the held-out rows are a sample, so each score has a range."""

import math
from collections.abc import Sequence

import numpy as np

from core.domain import Estimate, Scores

Z90 = 1.6448536269514722
DRAWS = 400
HELD_OUT = "Wilson range of the held-out rows"
REDRAWN = "redrawn held-out rows"
MEASURES = (  # title, field of Scores, method of its range
    ("Macro F1", "macro_f1", REDRAWN),
    ("Balanced accuracy", "balanced_accuracy", REDRAWN),
    ("Accuracy", "accuracy", HELD_OUT),
)


def wilson(hits: float, n: int) -> tuple[float, float]:
    """90% range of hits/n (Wilson 1927): honest for few rows, inside 0..1; (0, 1) without rows."""
    if n == 0:
        return 0.0, 1.0
    share, z2 = hits / n, Z90 * Z90
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z90 * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))


def _share(mid: float, n: int, stored: Sequence[float] | None = None) -> Estimate:
    low, high = stored or wilson(mid * n, n)
    return Estimate(mid, low, high, n, HELD_OUT)


def label_estimates(scores: Scores) -> tuple[tuple[str, Estimate, Estimate], ...]:
    """(label, precision, recall); precision rests on the rows the model gave the label to."""
    return tuple(
        (
            score.label,
            _share(score.precision, predicted, score.precision_range),
            _share(score.recall, score.support, score.recall_range),
        )
        for score, predicted in zip(scores.per_label, _said(scores), strict=True)
    )


def _said(scores: Scores) -> list[int]:
    """Rows that were given each label. With several labels a row there is no confusion table, but what
    was found is recall x support, and precision is its share of them."""
    counts = np.asarray(scores.confusion, dtype=int).reshape(len(scores.per_label), -1)
    if counts.size:
        return counts.sum(axis=0).tolist()
    return [
        round(score.recall * score.support / score.precision) if score.precision else 0
        for score in scores.per_label
    ]


def f1_estimates(scores: Scores) -> tuple[tuple[str, Estimate], ...]:
    """(label, F1); without a stored range that of rows as many as carry the label."""
    method = "Wilson range of the rows with the label"
    return tuple(
        (
            score.label,
            Estimate(
                score.f1,
                *(score.f1_range or wilson(score.f1 * score.support, score.support)),
                score.support,
                method,
            ),
        )
        for score in scores.per_label
    )


def overall_estimates(scores: Scores) -> tuple[tuple[str, Estimate], ...]:
    """Macro F1, balanced accuracy and accuracy: the ranges stored with the scores, else accuracy by Wilson
    and the other two by redrawing the confusion table."""
    if all(field in scores.ranges for _, field, _ in MEASURES):
        return tuple(
            (title, Estimate(getattr(scores, field), *scores.ranges[field], scores.n, method))
            for title, field, method in MEASURES
        )
    f1, balanced = _redrawn(np.asarray(scores.confusion, dtype=float))
    return (
        ("Macro F1", _around(scores.macro_f1, f1, scores.n)),
        ("Balanced accuracy", _around(scores.balanced_accuracy, balanced, scores.n)),
        ("Accuracy", _share(scores.accuracy, scores.n)),
    )


def _redrawn(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Macro F1 and balanced accuracy of 400 tables drawn like `counts` ([true, predicted])."""
    total = int(counts.sum())
    if total == 0:
        return np.zeros(0), np.zeros(0)
    draws = np.random.default_rng(0).multinomial(total, counts.ravel() / total, size=DRAWS)
    tables = draws.reshape(DRAWS, *counts.shape)
    hits = np.diagonal(tables, axis1=1, axis2=2)
    true, said = tables.sum(axis=2), tables.sum(axis=1)
    seen = counts.sum(axis=1) > 0
    f1 = 2 * hits / np.maximum(true + said, 1)
    recall = hits / np.maximum(true, 1)
    return f1.mean(axis=1), recall[:, seen].mean(axis=1)


def _around(mid: float, draws: np.ndarray, n: int) -> Estimate:
    """The range holds the score itself and never is narrower than a perfect score's on n rows."""
    low, high = np.quantile(draws, [0.05, 0.95]) if draws.size else (0.0, 1.0)
    if mid >= 1.0:
        low = min(low, wilson(n, n)[0])
    return Estimate(mid, float(min(low, mid)), float(max(high, mid)), n, REDRAWN)
