"""Where a model is worse than elsewhere: its held-out rows by segment, language, length, channel, month."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from core.domain import Estimate, Slice
from core.evaluation.held_out import HeldOut
from core.evaluation.persons import Persons, persons_of
from core.evaluation.ranges import discoveries, lower_tail, wilson
from core.evaluation.tally import tally

MIN_ROWS = 20  # fewer say nothing
FALSE_DISCOVERIES = 0.10


def slices(
    held: HeldOut,
    columns: Mapping[str, pd.Series],
    min_rows: int = MIN_ROWS,
    groups: Sequence[str] | None = None,
) -> tuple[Slice, ...]:
    """Each value with at least `min_rows` rows, of each column with two such values; lowest accuracy first
    within a column.

    `columns` are aligned with the rows of `held`; "" and missing values are left out. A value is worse
    when so few right rows would rarely fall on it by chance (hypergeometric against the other rows of the
    column, one-sided; Benjamini-Hochberg over all values); the worse one of the lowest accuracy is the
    worst. In repeated K-fold the first repeat is looked at. `groups`, aligned with the rows too, says who
    wrote each ("" unknown): the rows of one person then count for no more than they tell.
    """
    first = np.arange(len(held.ids))
    if held.repeat is not None and len(first):
        first = np.flatnonzero(held.repeat == held.repeat.min())
    rows = held.take(first)
    right = rows.right
    persons = None if groups is None else persons_of([groups[place] for place in first], right)
    found = [
        (name, value, places, rest)
        for name, column in columns.items()
        for value, places, rest in _values(column.to_numpy(dtype=object)[first], min_rows)
    ]
    tails = [_tail(right, places, rest, persons) for _, _, places, rest in found]
    worse = discoveries(np.array(tails), FALSE_DISCOVERIES)
    made = [
        _slice(rows, name, value, places, bool(clear), persons)
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


def _tail(right: np.ndarray, places: np.ndarray, rest: np.ndarray, persons: Persons | None) -> float:
    (hits, drawn), (others, left) = (
        tuple(round(count / _effect(persons, part)) for count in (int(right[part].sum()), len(part)))
        for part in (places, rest)
    )
    return lower_tail(hits, drawn, hits + others, drawn + left)


def _effect(persons: Persons | None, places: np.ndarray) -> float:
    """Rows that tell as much as one independent row."""
    if persons is None:
        return 1.0
    marks = np.zeros((len(persons.codes), 1), dtype=bool)
    marks[places] = True
    return float(persons.design_effect(marks)[0])


def _slice(
    rows: HeldOut, name: str, value: str, places: np.ndarray, worse: bool, persons: Persons | None
) -> Slice:
    inside = rows.take(places)
    n, share = len(places), float(inside.right.mean())
    told = n / _effect(persons, places)
    low, high = wilson(share * told, told)
    method = f"Wilson range of the held-out {'rows' if persons is None else 'people'}"
    accuracy = Estimate(share, float(low), float(high), n, method)
    f1 = float(tally(inside.truth, inside.decided).macro_f1)
    return Slice(name, value, accuracy, f1, worse, False, tuple(inside.ids.tolist()))


def _ordered(made: list[Slice], columns: list[str]) -> tuple[Slice, ...]:
    worse = [item for item in made if item.worse]
    worst = min(worse, key=lambda item: (item.accuracy.mid, -item.accuracy.n, item.value), default=None)
    marked = [replace(item, worst=True) if item is worst else item for item in made]
    return tuple(sorted(marked, key=lambda item: (columns.index(item.column), item.accuracy.mid, item.value)))
