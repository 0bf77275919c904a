"""Because it resembles: the labelled comments nearest to one, and how far they agree."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

NEAREST = 5
AT_ONCE = 256  # comments compared with all others in one product
ROWS_AT_ONCE = 8_192  # of those others


@dataclass(frozen=True)
class Neighbour:
    row: int  # of the labelled comments
    labels: tuple[str, ...]
    likeness: float  # cosine, 1 = the same


def nearest(
    vectors: np.ndarray,
    labels: Sequence[Sequence[str]],
    wanted: np.ndarray,
    count: int = NEAREST,
    without: Sequence[int] = (),
) -> tuple[Neighbour, ...]:
    """The nearest of `vectors` (n, size) to `wanted` (size,), nearest first; all of length 1.

    `without`: rows left out, such as the comment itself and its copies.
    """
    rows, likeness = _ranked(vectors, wanted[None], count, [without])[0]
    return tuple(
        Neighbour(int(row), tuple(labels[row]), float(value))
        for row, value in zip(rows, likeness, strict=True)
    )


def agreement(neighbours: Sequence[Neighbour], label: str) -> float:
    """Share of them that carry the label; nan without any."""
    return (
        sum(label in neighbour.labels for neighbour in neighbours) / len(neighbours)
        if neighbours
        else float("nan")
    )


def agreements(
    vectors: np.ndarray,
    carried: np.ndarray,
    wanted: np.ndarray,
    said: np.ndarray,
    count: int = NEAREST,
    without: Sequence[Sequence[int]] | None = None,
) -> np.ndarray:
    """(m,) for `wanted` (m, size): share of the nearest `vectors` (n, size) that carry the label `said` (m,).

    `carried` (n, labels) bool; `without`: rows left out, for each of the m. The lower, the likelier the
    answer is wrong; it adds to what the confidence says.
    """
    found = np.full(len(wanted), np.nan)
    for first in range(0, len(wanted), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        ranked = _ranked(vectors, wanted[part], count, None if without is None else without[part])
        for number, (rows, _) in enumerate(ranked, start=first):
            if len(rows):
                found[number] = carried[rows, said[number]].mean()
    return found


def likeness(
    vectors: np.ndarray, wanted: np.ndarray, without: Sequence[Sequence[int]] | None = None
) -> np.ndarray:
    """(m,) cosine of each of `wanted` with the nearest of `vectors`; nan where all are left out."""
    found = np.full(len(wanted), np.nan)
    for first in range(0, len(wanted), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        ranked = _ranked(vectors, wanted[part], 1, None if without is None else without[part])
        for number, (_, values) in enumerate(ranked, start=first):
            if len(values):
                found[number] = values[0]
    return found


def _ranked(
    vectors: np.ndarray, wanted: np.ndarray, count: int, without: Sequence[Sequence[int]] | None
) -> list[tuple[np.ndarray, np.ndarray]]:
    """(rows, cosines) of the `count` nearest, nearest first, equal ones by row."""
    if not len(vectors):
        return [(np.zeros(0, dtype=int), np.zeros(0))] * len(wanted)
    cosines = _cosines(vectors, wanted)
    if without is not None:
        for values, rows in zip(cosines, without, strict=True):
            values[list(rows)] = -np.inf
    found = []
    for values in cosines:
        least = np.partition(values, -count)[-count] if count < len(values) else -np.inf
        rows = np.flatnonzero(values >= least)
        rows = rows[np.isfinite(values[rows])]
        rows = rows[np.argsort(-values[rows], kind="stable")][:count]
        found.append((rows, values[rows]))
    return found


def _cosines(vectors: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """(m, n) float32. `vectors` may be float16, half the memory: few of them are widened at once."""
    wanted = wanted.astype(np.float32, copy=False)
    found = np.empty((len(wanted), len(vectors)), dtype=np.float32)
    for first in range(0, len(vectors), ROWS_AT_ONCE):
        part = slice(first, first + ROWS_AT_ONCE)
        np.matmul(wanted, vectors[part].astype(np.float32, copy=False).T, out=found[:, part])
    return found
