"""Held-out rows by who wrote them: the comments of one person are not independent."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Persons:
    """Who wrote each row, and how alike the comments of one person are to a model."""

    codes: np.ndarray  # (n,) from 0
    likeness: float  # 0: as different as those of anybody, 1: right or wrong all together

    def design_effect(self, marks: np.ndarray) -> np.ndarray:
        """(k,) how many of the marked rows (n, k) tell as much as one independent row: 1 + (m - 1) likeness
        (Kish 1965), m the marked rows that whoever wrote a marked row has, on average over these rows."""
        from scipy.sparse import csr_array

        rows = np.arange(len(self.codes))
        counts = csr_array((np.ones(len(rows)), (self.codes, rows))) @ csr_array(marks.astype(np.float64))
        return self._effect(counts)

    def effect_by_part(self, parts: np.ndarray, size: int) -> np.ndarray:
        """(size,) `design_effect` where each row falls into one part (n,), 0..size-1."""
        from scipy.sparse import csr_array

        ones, shape = np.ones(len(parts)), (int(self.codes.max(initial=-1)) + 1, size)
        return self._effect(csr_array((ones, (self.codes, parts)), shape=shape))

    def _effect(self, counts) -> np.ndarray:
        """(k,) of the marked rows of each person, sparse (persons, k)."""
        sums, squares = counts.sum(axis=0), counts.power(2).sum(axis=0)
        return 1 + (np.maximum(1, squares / np.maximum(1, sums)) - 1) * self.likeness


def persons_of(groups: Sequence[str], right: np.ndarray) -> Persons:
    """`groups` (n,) are equal for the rows of one person, "" where nobody is known: such a row stands for
    itself. `right` (n,), 0..1, says how far the model is right on each."""
    codes = codes_of(groups)
    return Persons(codes, likeness(right, codes))


def codes_of(groups: Sequence[str]) -> np.ndarray:
    """(n,) from 0, equal for equal `groups`; each "" has one of its own."""
    names = [f"person {group}" if group else f"row {place}" for place, group in enumerate(groups)]
    return pd.factorize(np.array(names, dtype=object))[0]


def likeness(values: np.ndarray, codes: np.ndarray) -> float:
    """Intraclass correlation (Fisher 1925) of the values (n,) within groups, 0..1.

    1 where nothing can tell, since there is one group or all values are the same: the rows of a group may
    be a single piece of evidence. 0 where no group has two rows.
    """
    sizes, n = np.bincount(codes), len(values)
    if len(sizes) == n:
        return 0.0
    grand, means = values.mean(), np.bincount(codes, values) / sizes
    total = float(((values - grand) ** 2).sum())
    if len(sizes) == 1 or total < 1e-12:
        return 1.0
    between = float((sizes * (means - grand) ** 2).sum())
    within = max(0.0, total - between) / (n - len(sizes))
    between /= len(sizes) - 1
    usual = (n - (sizes**2).sum() / n) / (len(sizes) - 1)  # rows of a group
    return float(np.clip((between - within) / (between + (usual - 1) * within), 0, 1))
