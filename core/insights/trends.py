"""How the share of each theme moves: period choice, points with ranges, what rose or fell."""

import numpy as np
import pandas as pd
from scipy.special import ndtri

from core.domain import Estimate, Mover, Trend, TrendPoint
from core.insights.counts import adapt, chosen_method, ordered
from core.insights.rows import CountedRows, recount
from core.insights.settings import InsightSettings
from core.insights.several import adapt_one

DEFAULTS = InsightSettings()


def choose_period(dates: pd.Series, settings: InsightSettings = DEFAULTS, themes: int = 1) -> tuple[str, str]:
    """("day" | "week" | "month" | "", a plain note: the reason for no trend, or what is missing).

    Weeks only where a typical week has rows enough for each theme: a line through single comments
    shows chance.
    """
    known = pd.to_datetime(dates).dropna()
    if len(known) == 0:
        return "", "No dates: with a date column this page would show how themes rise and fall."
    missing = len(dates) - len(known)
    note = f"{missing:,} comments have no date and are left out of the trends." if missing else ""
    days = (known.max().normalize() - known.min().normalize()).days + 1
    if days < settings.min_span_days:
        if days <= settings.day_span_days and _median(known, "day") >= settings.min_day_rows:
            return _if_enough(known, "day", note, settings)
        return (
            "",
            f"Too short for a trend: the dates cover {days} day{'s' * (days != 1)}, a trend needs 3 weeks.",
        )
    needed = max(settings.min_week_rows, settings.min_expected_rows * themes)
    period = "week" if _median(known, "week") >= needed else "month"
    return _if_enough(known, period, note, settings)


def _if_enough(known: pd.Series, period: str, note: str, settings: InsightSettings) -> tuple[str, str]:
    starts, counts = np.unique(period_starts(known, period), return_counts=True)
    full = int((counts >= settings.min_expected_rows).sum())
    if full >= settings.min_periods and np.median(counts) >= settings.min_expected_rows:
        return period, note
    return "", (
        f"Too few comments for a trend: {full} of {len(starts)} {period}s have {settings.min_expected_rows} "
        f"or more comments; it takes at least {settings.min_periods}, and half of them all."
    )


def _median(known: pd.Series, period: str) -> float:
    """Median rows of the periods that have any: one mistyped year must not empty the calendar."""
    return float(np.median(np.unique(period_starts(known, period), return_counts=True)[1]))


def period_starts(dates: pd.Series, period: str) -> np.ndarray:
    """First day of each date's period as datetime64[D] (weeks begin on Monday); NaT stays NaT."""
    days = pd.to_datetime(dates).to_numpy().astype("datetime64[D]")
    if period == "month":
        return days.astype("datetime64[M]").astype("datetime64[D]")
    if period == "week":
        return days - (days.astype("datetime64[D]").astype(np.int64) + 3) % 7  # day 0 is a Thursday
    return days


def trends(rows: CountedRows, dates: pd.Series, period: str, settings: InsightSettings) -> tuple[Trend, ...]:
    """One Trend a theme; periods with fewer than 5 rows (mostly cut-off ends) are left out.

    Each period is counted by the rule of `shares`. Where that rule is EMQ the probabilities are
    first adapted to the mix of the whole run, so the periods start from the run's shares instead
    of the training shares: CC and PCC, which lag behind a change, then average over the periods
    to the run's own figure, and EMQ within the period (whose solution does not depend on where it
    starts) moves freely. With PCC nothing is adapted: EMQ overshoots on a weak model.
    """
    if not period:
        return ()
    known = pd.to_datetime(dates).notna().to_numpy()
    starts = period_starts(dates, period)
    probabilities, prior = _start(rows, settings)
    points: list[list[TrendPoint]] = [[] for _ in rows.labels]
    for number, start in enumerate(np.unique(starts[known])):
        here = np.flatnonzero(known & (starts == start))
        if len(here) < settings.min_expected_rows:
            continue
        groups = None if rows.accounts is None else np.unique(rows.accounts[here], return_inverse=True)[1]
        counted = recount(rows, here, probabilities, prior, groups, number + 1, settings)
        for theme, estimate in enumerate(counted.estimates):
            ids = tuple(rows.ids[here[rows.carries[here, theme]]].tolist())
            points[theme].append(TrendPoint(str(start), estimate, len(here), ids))
    return tuple(Trend(label, tuple(part)) for label, part in zip(rows.labels, points, strict=True))


def _start(rows: CountedRows, settings: InsightSettings) -> tuple[np.ndarray, np.ndarray]:
    if rows.multi:
        return _start_of_each(rows, settings)
    if chosen_method(rows.balanced_accuracy, settings) != "EMQ":
        return rows.probabilities, rows.prior
    floor = settings.probability_floor
    prior, mix = np.clip(rows.prior, floor, None), np.clip(rows.shares.mix, floor, None)
    return adapt(np.clip(rows.probabilities, floor, None), prior / prior.sum(), mix), mix


def _start_of_each(rows: CountedRows, settings: InsightSettings) -> tuple[np.ndarray, np.ndarray]:
    """The same theme by theme; a row a person labelled is never read by its probability."""
    probabilities, prior = rows.probabilities.copy(), rows.prior.copy()
    for theme, accuracy in enumerate(rows.balanced_accuracy):
        if chosen_method(float(accuracy), settings) == "EMQ":
            mix = float(rows.shares.mix[theme])
            probabilities[:, theme] = adapt_one(probabilities[:, theme], float(prior[theme]), mix, settings)
            prior[theme] = mix
    return probabilities, prior


def movers(found: tuple[Trend, ...], settings: InsightSettings = DEFAULTS) -> tuple[Mover, ...]:
    """Largest change first. Both thirds are row-weighted means of their points.

    The standard error comes from the ranges of the points, widened when the points of a third
    scatter more than their ranges say (factor phi, as for over-dispersed counts). The range is
    Bonferroni over the themes: with 20 themes one in ten would mean two false risers.
    """
    usable = [trend for trend in found if len(trend.points) >= settings.min_periods]
    z = float(ndtri(1 - (1 - settings.range_level) / 2 / max(len(usable), 1)))
    result = [_mover(trend, z, settings) for trend in usable]
    return tuple(sorted(result, key=lambda mover: (-abs(mover.change.mid), mover.theme)))


def _mover(trend: Trend, z: float, settings: InsightSettings) -> Mover:
    size = max(len(trend.points) // 3, 1)
    first, last = trend.points[:size], trend.points[-size:]
    plain = float(ndtri((1 + settings.range_level) / 2))
    (mean0, var0, chi0), (mean1, var1, chi1) = (_third(part, plain) for part in (first, last))
    phi = max(1.0, (chi0 + chi1) / (2 * size - 2)) if size > 1 else 1.0
    rows = [sum(point.total for point in part) for part in (first, last)]
    before, after = _end(mean0, phi * var0, rows[0], plain), _end(mean1, phi * var1, rows[1], plain)
    change, spread = mean1 - mean0, z * float(np.sqrt(phi * (var0 + var1)))
    estimate = Estimate(change, change - spread, change + spread, sum(rows), "thirds")
    clear = min(rows) >= settings.min_mover_rows and (estimate.low > 0 or estimate.high < 0)
    return Mover(trend.theme, before, after, estimate, clear)


def _end(mean: float, variance: float, rows: int, z: float) -> Estimate:
    half = z * float(np.sqrt(variance))
    return ordered(mean, mean - half, mean + half, rows, "thirds")


def _third(points: tuple[TrendPoint, ...], z: float) -> tuple[float, float, float]:
    """Weighted mean share, its variance, and the squared scatter in standard errors."""
    share = np.array([point.share.mid for point in points])
    error = np.array([point.share.high - point.share.low for point in points]) / (2 * z)
    weight = np.array([point.total for point in points], dtype=float)
    weight /= weight.sum()
    mean = float(weight @ share)
    scatter = float((((share - mean) / np.maximum(error, 1e-9)) ** 2).sum())
    return mean, float((weight**2) @ error**2), scatter
