"""Which customers speak of what: the share of each theme inside each segment value."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.special import betaincinv, gammaln

from core.domain import Estimate, SegmentCell
from core.insights.counts import ordered
from core.insights.rows import CountedRows
from core.insights.settings import InsightSettings

NONE, OTHER = "(none)", "other"


def segments(
    rows: CountedRows, columns: Mapping[str, pd.Series], settings: InsightSettings
) -> tuple[tuple[SegmentCell, ...], tuple[str, ...]]:
    """Cells of every column that tells rows apart, and a note for each that does not."""
    cells: list[SegmentCell] = []
    notes: list[str] = []
    for name, column in columns.items():
        values = joined_values(column, settings)
        sizes = values.value_counts()
        if len(sizes) < 2:
            notes.append(f"Segment {name} has the same value in every row, so it is not shown.")
        elif sizes.drop(OTHER, errors="ignore").max() < settings.small_segment_rows:
            notes.append(
                f"Every value of segment {name} has fewer than {settings.small_segment_rows} rows, "
                "so it is not shown."
            )
        else:
            cells.extend(_cells(rows, name, values.to_numpy(dtype=object), settings))
    return tuple(cells), tuple(notes)


def joined_values(column: pd.Series, settings: InsightSettings) -> pd.Series:
    """Empty becomes "(none)"; what is not among the 12 largest values becomes "other"."""
    values = column.fillna("").astype(str).str.strip()
    values = values.where(values != "", NONE)
    sizes = values[values != NONE].value_counts()
    largest = sorted(sizes.index, key=lambda value: (-sizes[value], value))[: settings.max_segment_values]
    return values.where(values.isin([*largest, NONE]), OTHER)


def _cells(rows: CountedRows, name: str, values: np.ndarray, settings: InsightSettings) -> list[SegmentCell]:
    """Largest value first, "other" and "(none)" last; one cell a theme."""
    names, codes, sizes = np.unique(values.astype(str), return_inverse=True, return_counts=True)
    counts = np.zeros((len(names), len(rows.labels)))
    np.add.at(counts, codes, rows.shares.rows)
    over = over_marks(counts, sizes, settings)
    order = sorted(
        range(len(names)), key=lambda g: (names[g] == NONE, names[g] == OTHER, -sizes[g], names[g])
    )
    result = []
    for g in order:
        shown = _estimates(counts[g], int(sizes[g]), rows.shares.estimates, settings)
        here = np.flatnonzero(codes == g)
        for theme, label in enumerate(rows.labels):
            ids = tuple(rows.ids[here[rows.carries[here, theme]]].tolist())
            small = bool(sizes[g] < settings.small_segment_rows)
            cell = (name, str(names[g]), label, shown[theme], int(sizes[g]), bool(over[g, theme]), small, ids)
            result.append(SegmentCell(*cell))
    return result


def shrunk(counts: np.ndarray, size: int | np.ndarray, overall: np.ndarray, a: float) -> np.ndarray:
    """`(n_gk + a p_k) / (n_g + a)`: a segment value with few rows is shown near the overall mix."""
    return (counts + a * overall) / (size + a)


def _estimates(
    counts: np.ndarray, size: int, overall: list[Estimate], settings: InsightSettings
) -> list[Estimate]:
    """Range of one segment value's shares (k,).

    Two doubts, joined as independent ones: few rows (the Beta posterior whose mean is the shrunk
    share, prior a rows of the overall mix) and the model's mistakes (the range of the theme's
    overall share, in proportion).
    """
    base = np.array([estimate.mid for estimate in overall])
    a, tail = settings.shrink_rows, (1 - settings.range_level) / 2
    mids = shrunk(counts, size, base, a)
    hits = np.maximum(counts + a * base, 1e-9)
    misses = np.maximum(size - counts + a * (1 - base), 1e-9)
    down = mids - betaincinv(hits, misses, tail)
    up = betaincinv(hits, misses, 1 - tail) - mids
    scale = mids / np.maximum(base, 1e-9)
    lows = mids - np.hypot(down, scale * (base - np.array([estimate.low for estimate in overall])))
    highs = mids + np.hypot(up, scale * (np.array([estimate.high for estimate in overall]) - base))
    parts = zip(mids, lows, highs, overall, strict=True)
    return [ordered(mid, low, high, size, f"{whole.method}, shrunk") for mid, low, high, whole in parts]


def over_marks(counts: np.ndarray, sizes: np.ndarray, settings: InsightSettings) -> np.ndarray:
    """Which cells of one table (g, k) are clearly over the theme's overall share.

    Needs 1.3 x the overall share (after shrinking) and the exact one-sided hypergeometric tail of
    the rounded count with fixed margins, Benjamini-Hochberg over the table's cells. Values with
    fewer than 20 rows are neither marked nor tested.
    """
    total = sizes.sum()
    overall = counts.sum(axis=0) / total
    size = sizes[:, None]
    larger = shrunk(counts, size, overall, settings.shrink_rows) >= settings.over_ratio * overall
    tested = np.broadcast_to(size >= settings.small_segment_rows, counts.shape) & (overall > 0)
    themes = np.broadcast_to(np.rint(overall * total), counts.shape)
    tails = upper_tail(np.rint(counts), total, themes, np.broadcast_to(size, counts.shape))
    clear = np.zeros(counts.shape, dtype=bool)
    clear[tested] = discoveries(tails[tested], settings.false_discovery_rate)
    return clear & larger


def upper_tail(hits: np.ndarray, total: float, marked: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """P(X >= hits), X hypergeometric; 1 where hits is not above its mean (no such cell is marked).

    scipy.stats.hypergeom.sf sums every term in Python: minutes for 100,000 rows. Above the mean
    the terms fall, so a few hundred are the whole tail.
    """
    hits = np.minimum(hits, np.minimum(marked, drawn))
    above = hits > marked * drawn / total
    x, m, n = hits[above], marked[above], drawn[above]
    term = np.exp(_choose(m, x) + _choose(total - m, n - x) - _choose(np.full(len(x), float(total)), n))
    tail = term.copy()
    while len(x) and (term > tail * 1e-16).any():
        term = term * np.maximum((m - x) * (n - x), 0) / ((x + 1) * (total - m - n + x + 1))
        tail += term
        x = x + 1
    result = np.ones(hits.shape)
    result[above] = np.minimum(tail, 1)
    return result


def _choose(n: np.ndarray, k: np.ndarray) -> np.ndarray:
    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)


def discoveries(tails: np.ndarray, rate: float) -> np.ndarray:
    """Benjamini & Hochberg (1995): which of the tests stand at this false discovery rate."""
    if len(tails) == 0:
        return np.zeros(0, dtype=bool)
    ranked = np.sort(tails)
    passed = np.flatnonzero(ranked <= rate * np.arange(1, len(tails) + 1) / len(tails))
    return tails <= (ranked[passed[-1]] if len(passed) else -1.0)
