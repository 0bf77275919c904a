"""Curves of a model over its threshold or its certainty, and how far its confidence is off."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.evaluation.areas import auc, average_precision
from core.evaluation.held_out import HeldOut
from core.evaluation.persons import Persons, codes_of, likeness, persons_of
from core.evaluation.ranges import wilson

BINS = 15  # of confidence
MOST_POINTS = 300  # of a curve that is drawn
STEPS = tuple(step / 20 for step in range(19))  # shares that may stay unsure: 0 to 90 %


@dataclass(frozen=True)
class Curve:
    """Points for falling thresholds, from "no row is given the label" to "every row is"."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    thresholds: tuple[float, ...]  # inf at the first point
    area: float


@dataclass(frozen=True)
class Bin:
    """Rows of about the same confidence."""

    confidence: float  # their mean
    share: float  # of them that are right
    low: float  # 90 % range of the share
    high: float
    n: int


@dataclass(frozen=True)
class Unsure:
    """How often the model is right when its least certain rows stay without an answer."""

    answered: float  # share of the rows
    right: float  # share of the answered rows
    low: float  # 90 % range
    high: float
    n: int  # answered rows
    threshold: float  # least confidence of an answered row


def roc(held: HeldOut, label: str) -> Curve | None:
    """x: FP / (FP + TN), y: TP / (TP + FN), this label against the rest; None where one side is empty.

    The points are of the rows of all repeats together, the area is the mean over the repeats, as in the
    scores.
    """
    hits, given, thresholds = _steps(held, label)
    yes, no = hits[-1], given[-1] - hits[-1]
    if not yes or not no:
        return None
    return _curve((given - hits) / no, hits / yes, thresholds, _area(auc, held, label))


def precision_recall(held: HeldOut, label: str) -> Curve | None:
    """x: recall, y: precision; the area is the average precision, the mean over the repeats; None for a
    label without rows."""
    hits, given, thresholds = _steps(held, label)
    if not hits[-1]:
        return None
    precision = hits / np.maximum(given, 1)
    precision[0] = precision[1]  # no row is given the label yet: precision is undefined
    return _curve(hits / hits[-1], precision, thresholds, _area(average_precision, held, label))


def _area(measure: Callable, held: HeldOut, label: str) -> float:
    place = [held.labels.index(label)]
    return float(
        np.mean([measure(part.probabilities[:, place], part.truth[:, place]) for part in held.repeats])
    )


def _steps(held: HeldOut, label: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(rows found, rows given the label, threshold) at each different probability, after a first 0."""
    place = held.labels.index(label)
    order = np.argsort(-held.probabilities[:, place], kind="stable")
    values, hits = held.probabilities[order, place], np.cumsum(held.truth[order, place])
    if not len(values):
        return np.zeros(1, dtype=int), np.zeros(1, dtype=int), np.array([np.inf])
    ends = np.append(np.flatnonzero(np.diff(values)), len(values) - 1)
    return np.append(0, hits[ends]), np.append(0, ends + 1), np.append(np.inf, values[ends])


def _curve(x: np.ndarray, y: np.ndarray, thresholds: np.ndarray, area: float) -> Curve:
    """At most MOST_POINTS of the points; the first and the last stay."""
    kept = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST_POINTS)).round().astype(int))
    return Curve(tuple(x[kept].tolist()), tuple(y[kept].tolist()), tuple(thresholds[kept].tolist()), area)


def reliability(
    probabilities: np.ndarray,
    truth: np.ndarray,
    multi: bool = False,
    groups: Sequence[str] | None = None,
    repeats: int = 1,
) -> tuple[Bin, ...]:
    """Confidence beside how often it comes true, in 15 equal bins; empty bins are left out.

    One label a row: of the most likely label. Several: of all decisions, row by label. `groups` (n,) says who
    wrote each row, "" unknown: the answers to one person tell less than as many to many. How much less is
    read off the answers, with several labels off how far they miss, label by label: that one label is rarer
    than another makes nobody's comments alike. A row that occurs `repeats` times counts once in `n` and in
    the ranges.
    """
    confidence, right = (part.ravel() for part in answers(probabilities, truth, multi))
    right = right.astype(float)
    places = bin_of(confidence)
    n = np.bincount(places, minlength=BINS)
    sums, hits = (np.bincount(places, part, minlength=BINS) for part in (confidence, right))
    once = np.maximum(1, np.round(n / repeats))
    effect = np.full(BINS, float(repeats))
    if groups is not None:  # a split by person is not repeated
        persons = _by_label(groups, right - confidence, truth) if multi else persons_of(groups, right)
        effect = persons.effect_by_part(places, BINS)
    low, high = wilson(hits / effect, n / effect)
    return tuple(
        Bin(float(sums[b] / n[b]), float(hits[b] / n[b]), float(low[b]), float(high[b]), int(once[b]))
        for b in np.flatnonzero(n)
    )


def _by_label(groups: Sequence[str], missed: np.ndarray, truth: np.ndarray) -> Persons:
    """Of decisions, row by label; those of a row by nobody known stand for themselves."""
    rows, labels = truth.shape
    codes = codes_of(np.repeat(np.asarray(groups, dtype=object), labels))
    of_label = codes * labels + np.tile(np.arange(labels), rows)
    return Persons(codes, likeness(missed, np.unique(of_label, return_inverse=True)[1]))


def bin_of(confidence: np.ndarray, bins: int = BINS) -> np.ndarray:
    """The number of the equal bin of 0..1 that each confidence falls in."""
    return np.minimum((confidence * bins).astype(int), bins - 1)


def calibration_error(probabilities: np.ndarray, truth: np.ndarray, multi: bool) -> float:
    """Expected calibration error: mean gap between confidence and share right over 15 equal bins of
    confidence (Guo 2017), weighted by rows.

    One label a row: of the most likely label. Several: of each label by itself, the mean over labels.
    """
    if not len(truth):
        return 0.0
    cells = gaps(probabilities, truth, multi)
    return float(np.abs(cells.sum(axis=0)).sum() / (truth.size if multi else len(truth)))


def gaps(probabilities: np.ndarray, truth: np.ndarray, multi: bool):
    """Sparse (n, bins) of right minus confidence, or (n, bins x k): a row has one cell a decision."""
    from scipy.sparse import csr_array

    confidence, right = answers(probabilities, truth, multi)
    rows, width = confidence.shape
    columns, cells = bin_of(confidence) + BINS * np.arange(width), right - confidence
    starts = np.arange(rows + 1) * width
    shape = (rows, BINS * width)
    return csr_array((cells.astype(np.float64).ravel(), columns.ravel(), starts), shape=shape)


def answers(probabilities: np.ndarray, truth: np.ndarray, multi: bool) -> tuple[np.ndarray, np.ndarray]:
    """(confidence, right) of each answer, both (n, 1): that of the most likely label; with several labels a
    row both (n, k): the probability of each label, and whether the row carries it."""
    if multi:
        return probabilities, truth
    said = probabilities.argmax(axis=1)[:, None]
    return np.take_along_axis(probabilities, said, axis=1), np.take_along_axis(truth, said, axis=1)


def certainty(probabilities: np.ndarray, multi: bool) -> np.ndarray:
    """(n,) probability of the answer; with several labels a row that of its least certain decision."""
    if multi:
        return np.maximum(probabilities, 1 - probabilities).min(axis=1)
    return probabilities.max(axis=1)


def abstention(held: HeldOut, groups: Sequence[str] | None = None) -> tuple[Unsure, ...]:
    """From all rows answered to a tenth of them, in steps of 5 %; repeats of a row count once in `n`.

    `groups` (n,) says who wrote each row, "" unknown: see `reliability`.
    """
    confidence = certainty(held.probabilities, held.multi)
    order = np.argsort(-confidence, kind="stable")
    right = np.cumsum(held.right[order])
    total, repeats = len(order), len(held.repeats)
    counts = [total - int(np.floor(unsure * total)) for unsure in STEPS] if total else []
    points = []
    effects = np.ones(len(counts)) if groups is None or not total else _effects(held, groups, order, counts)
    for count, effect in zip(counts, effects, strict=True):
        share, n = right[count - 1] / count, max(1, round(count / repeats))
        low, high = wilson(share * n / effect, n / effect)
        at = float(confidence[order[count - 1]])
        points.append(Unsure(count / total, float(share), float(low), float(high), n, at))
    return tuple(points)


def _effects(held: HeldOut, groups: Sequence[str], order: np.ndarray, counts: Sequence[int]) -> np.ndarray:
    """How many of the first so many rows tell as much as one independent row."""
    place = np.empty(len(order), dtype=int)
    place[order] = np.arange(len(order))
    return persons_of(groups, held.right.astype(float)).design_effect(place[:, None] < np.asarray(counts))
