"""The mean rating of the comments of each theme."""

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from core.domain import Estimate
from core.insights.counts import DIGITS
from core.insights.rows import CountedRows
from core.insights.settings import InsightSettings


def ratings(rows: CountedRows, rating: pd.Series, settings: InsightSettings) -> list[Estimate | None]:
    """One estimate a theme over its rated evidence rows; None below 5 of them.

    t range; the variance borrows 2 rows' worth of the variance of all ratings, so five equal
    ratings do not pass for certainty.
    """
    values = pd.to_numeric(rating, errors="coerce").to_numpy(dtype=float)
    rated = np.isfinite(values)
    if not rated.any():
        return [None] * len(rows.labels)
    scale = float(values[rated].min()), float(values[rated].max())
    overall = float(values[rated].var())
    parts = [values[rated & rows.carries[:, theme]] for theme in range(len(rows.labels))]
    return [mean_rating(part, overall, scale, settings) for part in parts]


def mean_rating(
    values: np.ndarray, overall_variance: float, scale: tuple[float, float], settings: InsightSettings
) -> Estimate | None:
    n = len(values)
    if n < settings.min_rated_rows:
        return None
    borrowed = settings.rating_prior_rows
    mean = float(values.mean())
    squares = float(((values - mean) ** 2).sum()) + borrowed * overall_variance
    error = np.sqrt(squares / (n - 1 + borrowed) / n)
    half = float(stdtrit(n - 1, (1 + settings.range_level) / 2) * error)
    low, high = max(mean - half, scale[0]), min(mean + half, scale[1])
    return Estimate(round(mean, DIGITS), round(low, DIGITS), round(high, DIGITS), n, "mean", "rating")
