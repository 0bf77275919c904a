"""Where a model is worse than elsewhere: its held-out rows by segment, language, length, channel, month."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from core.domain import Estimate, Slice
from core.evaluation.held_out import HeldOut
from core.evaluation.ranges import discoveries, lower_tail, wilson
from core.evaluation.tally import tally

MIN_ROWS = 20  # fewer say nothing
FALSE_DISCOVERIES = 0.10


def slices(held: HeldOut, columns: Mapping[str, pd.Series], min_rows: int = MIN_ROWS) -> tuple[Slice, ...]:
    """Each value with at least `min_rows` rows, of each column with two such values; lowest accuracy first
    within a column.

    `columns` are aligned with the rows of `held`; "" and missing values are left out. A value is worse
    when so few right rows would rarely fall on it by chance (hypergeometric against the other rows of the
    column, one-sided; Benjamini-Hochberg over all values); the worse one of the lowest accuracy is the
    worst. In repeated K-fold the first repeat is looked at.
    """
    first = np.arange(len(held.ids))
    if held.repeat is not None and len(first):
        first = np.flatnonzero(held.repeat == held.repeat.min())
    rows = held.take(first)
    found = [
        (name, value, places, rest)
        for name, column in columns.items()
        for value, places, rest in _values(column.to_numpy(dtype=object)[first], min_rows)
    ]
    right = rows.right
    tails = [_tail(right, places, rest) for _, _, places, rest in found]
    worse = discoveries(np.array(tails), FALSE_DISCOVERIES)
    made = [
        _slice(rows, name, value, places, bool(clear))
        for (name, value, places, _), clear in zip(found, worse, strict=True)
    ]
    return _ordered(made, list(columns))


def _values(column: np.ndarray, min_rows: int) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """(value, its rows, the other rows with a value)."""
    names = np.array(["" if pd.isna(value) else str(value).strip() for value in column], dtype=object)
    known = np.flatnonzero(names != "")
    values, sizes = np.unique(names[known].astype(str), return_counts=True)
    large = [value for value, size in zip(values.tolist(), sizes.tolist(), strict=True) if size >= min_rows]
    if len(large) < 2:
        return []
    return [(value, known[names[known] == value], known[names[known] != value]) for value in large]


def _tail(right: np.ndarray, places: np.ndarray, rest: np.ndarray) -> float:
    hits, others = int(right[places].sum()), int(right[rest].sum())
    return lower_tail(hits, len(places), hits + others, len(places) + len(rest))


def _slice(rows: HeldOut, name: str, value: str, places: np.ndarray, worse: bool) -> Slice:
    inside = rows.take(places)
    n, share = len(places), float(inside.right.mean())
    low, high = wilson(share * n, n)
    accuracy = Estimate(share, float(low), float(high), n, "Wilson range of the held-out rows")
    f1 = float(tally(inside.truth, inside.decided).macro_f1)
    return Slice(name, value, accuracy, f1, worse, False, tuple(inside.ids.tolist()))


def _ordered(made: list[Slice], columns: list[str]) -> tuple[Slice, ...]:
    worse = [item for item in made if item.worse]
    worst = min(worse, key=lambda item: (item.accuracy.mid, -item.accuracy.n, item.value), default=None)
    marked = [replace(item, worst=True) if item is worst else item for item in made]
    return tuple(sorted(marked, key=lambda item: (columns.index(item.column), item.accuracy.mid, item.value)))
