"""What more labels would bring: the model learned from parts of its rows, and where that curve goes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.domain import Estimate, LearningPoint
from core.evaluation.ranges import Z90

SHARES = (0.1, 0.2, 0.35, 0.6, 1.0)  # of the rows that are there
MORE = 200  # labels of the forecast
FEWEST_SIZES = 3  # two sizes fit any power law
EXPONENTS = np.linspace(0.1, 1.5, 29)
DRAWS = 400
NO_GAIN = 0.005  # of macro F1: what rounds to nothing
LEAST_DOUBT = 0.005  # of one measurement: repeats of few can agree by chance


@dataclass(frozen=True)
class PowerLaw:
    """score(n) = top - drop n^-exponent, rising and at most 1 (Cortes 1994, Figueroa 2012); each array
    holds one curve a draw, the first one fitted to the measurements themselves."""

    top: np.ndarray
    drop: np.ndarray
    exponent: np.ndarray

    def at(self, labels: float) -> np.ndarray:
        return np.clip(self.top - self.drop * float(labels) ** -self.exponent, 0, 1)


def sizes_of(rows: int, labels: int) -> tuple[int, ...]:
    """Rising numbers of rows to learn from, the smallest with two rows a label where there are so many."""
    least = min(rows, 2 * labels)
    return tuple(sorted({min(rows, max(least, round(share * rows))) for share in SHARES} - {0}))


def curve(
    fit_and_score: Callable[[np.ndarray], float],
    truth: np.ndarray,
    train_rows: np.ndarray,
    sizes: Sequence[int] | None = None,
    repeats: int = 3,
    seed: int = 0,
    more: int = MORE,
) -> tuple[LearningPoint, ...]:
    """Measured points, then a forecast for `more` labels when a curve can be fitted.

    `fit_and_score` learns from some of `train_rows` and returns macro F1 on rows that stay the same.
    `truth` (n, k) bool, or label numbers (n,), of all rows. Within a repeat each part holds the smaller
    ones, and every label keeps its share.
    """
    sizes = sizes_of(len(train_rows), _count(truth)) if sizes is None else tuple(sorted(set(sizes)))
    found: dict[int, list[float]] = {size: [] for size in sizes if 0 < size <= len(train_rows)}
    for repeat in range(max(1, repeats)):
        order = train_rows[spread(truth, train_rows, seed + repeat)]
        for size, scores in found.items():
            if size < len(train_rows) or not scores:  # all rows are the same rows in every repeat
                scores.append(float(fit_and_score(np.sort(order[:size]))))
    points = _points(found)
    forecast = _forecast(points, more)
    return points if forecast is None else (*points, forecast)


def _count(truth: np.ndarray) -> int:
    return truth.shape[1] if truth.ndim == 2 else int(truth.max(initial=-1)) + 1


def spread(truth: np.ndarray, rows: np.ndarray, seed: int) -> np.ndarray:
    """An order of the rows in which every beginning holds each label in about its share.

    A row with several labels counts for the rarest of them.
    """
    random = np.random.default_rng(seed)
    classes = truth[rows]
    if truth.ndim == 2:
        rarity = np.where(truth[rows], truth[rows].sum(axis=0), np.inf)
        classes = np.where(truth[rows].any(axis=1), rarity.argmin(axis=1), truth.shape[1])
    place = np.empty(len(rows))
    for label in np.unique(classes):
        members = np.flatnonzero(classes == label)
        # The first of each label comes first of all, the others evenly after it.
        steps = np.arange(len(members)) + random.random() * (np.arange(len(members)) > 0)
        place[random.permutation(members)] = steps / len(members)
    return np.argsort(place, kind="stable")


def _points(found: dict[int, list[float]]) -> tuple[LearningPoint, ...]:
    doubts = [np.var(scores, ddof=1) for scores in found.values() if len(scores) > 1]
    doubt = max(LEAST_DOUBT, float(np.sqrt(np.mean(doubts))) if doubts else 0.0)
    method = "measured on the same held-out rows"
    return tuple(
        LearningPoint(size, _estimate(np.mean(scores), Z90 * doubt / np.sqrt(len(scores)), size, method))
        for size, scores in found.items()
    )


def _estimate(mid: float, half: float, n: int, method: str) -> Estimate:
    return Estimate(float(mid), float(max(0, mid - half)), float(min(1, mid + half)), n, method, "macro F1")


def fitted(points: Sequence[LearningPoint], seed: int = 0) -> PowerLaw | None:
    """The curve through the measured points and 400 through points redrawn within their ranges.

    None with fewer than three sizes, or when the largest size is not clearly above the smallest: such
    points say nothing of where the curve goes.
    """
    measured = [point for point in points if not point.forecast]
    if len(measured) < FEWEST_SIZES:
        return None
    mids = np.array([point.macro_f1.mid for point in measured])
    doubts = np.array([(point.macro_f1.high - point.macro_f1.low) / (2 * Z90) for point in measured])
    doubts = np.maximum(doubts, 1e-3)
    if mids[-1] - mids[0] < Z90 * np.hypot(doubts[0], doubts[-1]):
        return None
    noise = np.random.default_rng(seed).normal(size=(DRAWS, len(mids))) * doubts
    values = np.vstack([mids, mids + noise])
    return _fit(np.array([point.labels for point in measured], dtype=float), values, 1 / doubts**2)


def _fit(sizes: np.ndarray, values: np.ndarray, weights: np.ndarray) -> PowerLaw:
    """Least squares for each row of `values`; for a given exponent the rest is a straight line."""
    best = np.full(len(values), np.inf)
    top, drop, exponent = (np.zeros(len(values)) for _ in range(3))
    total = weights.sum()
    for power in EXPONENTS:
        x = sizes**-power
        x_mean, y_mean = (weights * x).sum() / total, (values @ weights) / total
        away = weights * (x - x_mean)
        slope = np.maximum(0.0, -(values @ away) / (away * (x - x_mean)).sum())  # more labels never harm
        height = y_mean + slope * x_mean
        over = height > 1
        slope = np.where(
            over, np.maximum(0.0, ((1 - values) @ (weights * x)) / (weights * x * x).sum()), slope
        )
        height = np.where(over, 1.0, height)
        error = ((values - height[:, None] + slope[:, None] * x) ** 2) @ weights
        better = error < best
        best = np.where(better, error, best)
        top, drop = np.where(better, height, top), np.where(better, slope, drop)
        exponent = np.where(better, power, exponent)
    return PowerLaw(top, drop, exponent)


def _forecast(points: tuple[LearningPoint, ...], more: int) -> LearningPoint | None:
    law = fitted(points)
    if law is None:
        return None
    last = points[-1]
    gains = np.maximum(0.0, law.at(last.labels + more) - law.at(last.labels))
    low, high = np.quantile(gains[1:], [0.05, 0.95])
    start = last.macro_f1
    mid = min(1.0, start.mid + float(gains[0]))
    low = min(mid, max(start.low, start.low + float(low)))
    high = max(mid, min(1.0, start.high + float(high)))
    method = "inverse power law through the measured points"
    return LearningPoint(last.labels + more, Estimate(mid, low, high, last.labels, method, "macro F1"), True)


def sentence(points: Sequence[LearningPoint]) -> str:
    """What the curve says, for the person."""
    measured = [point for point in points if not point.forecast]
    ahead = next((point for point in points if point.forecast), None)
    if not measured:
        return "The learning curve was not measured."
    last = measured[-1]
    if ahead is None:
        return (
            f"Up to {last.labels:,} labels no clear rise was measured, so nothing can be said of what more "
            "labels would bring."
        )
    value, more = ahead.macro_f1, ahead.labels - last.labels
    if value.mid - last.macro_f1.mid < NO_GAIN:
        return (
            f"{more:,} more labels would bring hardly anything: macro F1 stays at about {value.mid:.2f} "
            f"(likely {value.low:.2f} to {value.high:.2f}), if they are like those that are there."
        )
    return (
        f"{more:,} more labels would bring macro F1 from {last.macro_f1.mid:.2f} to about {value.mid:.2f} "
        f"(likely {value.low:.2f} to {value.high:.2f}), if they are like those that are there."
    )
