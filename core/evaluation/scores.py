"""How good a model is on rows it has not seen, with 90 % ranges: the held-out rows are a sample."""

from collections.abc import Sequence

import numpy as np

from core.domain import MAJORITY, LabelScore, Scores
from core.errors import CannotTrain
from core.evaluation.areas import auc, average_precision, macro_auc_range
from core.evaluation.confidence import by_chance, error_range
from core.evaluation.curves import calibration_error, gaps
from core.evaluation.held_out import HeldOut
from core.evaluation.persons import Persons, persons_of
from core.evaluation.ranges import around, f1_range, rows_in_effect, wilson
from core.evaluation.tally import Table, Tally, redraws, tally

MACRO = ("macro_f1", "balanced_accuracy")  # each label counts the same, however few its rows


def macro_f1(truth: np.ndarray, decided: np.ndarray) -> float:
    """Plain mean of F1 over the labels that a row carries or was given; (n, k) bool matrices."""
    return float(tally(truth, decided).macro_f1)


def score(
    name: str, held: HeldOut, draws: int = 400, seed: int = 0, groups: Sequence[str] | None = None
) -> Scores:
    """All figures of one model. Precision of a label is TP / (TP + FP), recall TP / (TP + FN), F1 their
    harmonic mean; macro F1 the plain mean of F1, weighted F1 the mean by rows.

    In repeated K-fold each figure is the mean over the repeats, and `n` counts a row once; the confusion
    table is that of the first repeat. `groups` (n,), aligned with the rows of `held`, says who wrote each
    ("" unknown): the ranges then take the rows of one person together. Raises CannotTrain without any row.
    """
    if not len(held.ids):
        raise CannotTrain("No labelled comment was held out. Label more comments, or choose another split.")
    parts = held.repeats
    values, counts = _values(parts), _counts(parts)
    rows = len(np.unique(held.ids))
    persons = _persons(held, groups)
    areas = np.mean([auc(part.probabilities, part.truth) for part in parts], axis=0)  # nan: undefined
    lucky = by_chance(parts, seed)
    ranges = _ranges(parts, values, lucky, persons, draws, seed)
    if name == MAJORITY and all((part.decided == part.decided[0]).all() for part in parts):
        # One answer to every comment finds one label wholly and no other, whichever comments are held out.
        ranges["balanced_accuracy"] = (values["balanced_accuracy"],) * 2
    together = held.places if persons is None else persons.codes[held.places]
    low_high = macro_auc_range(together, _supports(parts, persons), held.probabilities, held.truth)
    if low_high is not None:
        values["macro_auc"] = float(np.nanmean(areas))
        ranges["macro_auc"] = (min(low_high[0], values["macro_auc"]), max(low_high[1], values["macro_auc"]))
    return Scores(
        name=name,
        per_label=_per_label(held.labels, parts, counts, areas, persons),
        confusion=() if held.multi else confusion(parts[0]),
        n=rows,
        ranges=ranges,
        multi=held.multi,
        by_person=persons is not None,
        calibration_chance=float(lucky.mean()),
        **values,
    )


def _persons(held: HeldOut, groups: Sequence[str] | None) -> Persons | None:
    """Of the rows of a repeat, by rising id."""
    if groups is None:
        return None
    first = np.unique(held.ids, return_index=True)[1]
    return persons_of([groups[place] for place in first], held.mean_right)


def confusion(held: HeldOut) -> tuple[tuple[int, ...], ...]:
    """[true][said], in the order of the labels."""
    size = len(held.labels)
    cells = np.bincount(held.classes * size + held.said, minlength=size * size).reshape(size, size)
    return tuple(tuple(row) for row in cells.tolist())


def _values(parts: list[HeldOut]) -> dict[str, float]:
    """Field name -> mean over the repeats."""
    found: dict[str, list[float]] = {}
    for part in parts:
        for name, value in _measures(tally(part.truth, part.decided), part.multi).items():
            found.setdefault(name, []).append(float(value))
        found.setdefault("accuracy", []).append(float(part.right.mean()))
        error = calibration_error(part.probabilities, part.truth, part.multi)
        found.setdefault("calibration_error", []).append(error)
    return {name: float(np.mean(column)) for name, column in found.items()}


def _measures(counts: Tally, multi: bool) -> dict[str, np.ndarray]:
    return {
        "macro_f1": counts.macro_f1,
        "weighted_f1": counts.weighted_f1,
        "balanced_accuracy": counts.balanced_accuracy(multi),
    }


def _counts(parts: list[HeldOut]) -> Tally:
    """Mean counts of a repeat."""
    counts = [tally(part.truth, part.decided) for part in parts]
    hits, true, said = (
        np.mean([getattr(one, name) for one in counts], axis=0) for name in ("hits", "true", "said")
    )
    return Tally(hits, true, said, counts[0].rows)


def _supports(parts: list[HeldOut], persons: Persons | None) -> np.ndarray:
    """(k,) independent rows that the rows of each label are worth."""
    truth = parts[0].truth
    return truth.sum(axis=0) / (1.0 if persons is None else persons.design_effect(truth))


def _ranges(
    parts: list[HeldOut], values: dict, lucky: np.ndarray, persons: Persons | None, draws: int, seed: int
) -> dict:
    """Field name -> 90 % range: the rows are redrawn, all repeats of a row, and all rows of a person,
    together."""
    redrawn = _redrawn(parts, persons, draws, seed)
    rows, even = float(len(parts[0].ids)), rows_in_effect(_supports(parts, persons))
    if persons is not None:
        rows /= float(persons.design_effect(np.ones((len(persons.codes), 1)))[0])
    ranges = {
        name: around(values[name], redrawn[name], even if name in MACRO else rows)
        for name in ("macro_f1", "weighted_f1", "balanced_accuracy")
    }
    low, high = wilson(values["accuracy"] * rows, rows)
    ranges["accuracy"] = (float(low), float(high))
    name = "calibration_error"
    ranges[name] = error_range(values[name], redrawn[name], lucky)
    return ranges


def _redrawn(parts: list[HeldOut], persons: Persons | None, draws: int, seed: int) -> dict[str, np.ndarray]:
    """Field name -> (draws,) values; `parts` hold the same rows in the same order."""
    tables = [Table(part.truth, part.decided) for part in parts]
    errors = [gaps(part.probabilities, part.truth, part.multi) for part in parts]
    rows, labels = parts[0].truth.shape
    decisions = labels if parts[0].multi else 1  # of a row
    found: dict[str, list[np.ndarray]] = {}
    for weights in redraws(rows, draws, seed, None if persons is None else persons.codes):
        drawn = decisions * weights.sum(axis=1)
        block: dict[str, list[np.ndarray]] = {}
        for table, error in zip(tables, errors, strict=True):
            for name, value in _measures(table.drawn(weights), parts[0].multi).items():
                block.setdefault(name, []).append(value)
            block.setdefault("calibration_error", []).append(np.abs(error.T @ weights.T).sum(axis=0) / drawn)
        for name, column in block.items():
            found.setdefault(name, []).append(np.mean(column, axis=0))
    return {name: np.concatenate(column) for name, column in found.items()}


def _per_label(
    labels: tuple[str, ...],
    parts: list[HeldOut],
    counts: Tally,
    areas: np.ndarray,
    persons: Persons | None,
) -> tuple[LabelScore, ...]:
    each = [tally(part.truth, part.decided) for part in parts]
    precision, recall, f1 = (
        np.mean([getattr(one, name) for one in each], axis=0) for name in ("precision", "recall", "f1")
    )
    precise = np.mean([average_precision(part.probabilities, part.truth) for part in parts], axis=0)
    hits, true, said = counts.hits, counts.true, counts.said
    of_said, of_true, of_both = _effects(parts[0], persons)
    ends = (
        _holding(precision, wilson(hits / of_said, said / of_said)),
        _holding(recall, wilson(hits / of_true, true / of_true)),
        _holding(f1, f1_range(hits / of_both, true / of_both, said / of_both)),
    )
    return tuple(
        LabelScore(
            label,
            float(precision[k]),
            float(recall[k]),
            float(f1[k]),
            int(round(counts.true[k])),
            *((float(low[k]), float(high[k])) for low, high in ends),
            None if np.isnan(areas[k]) else float(areas[k]),
            None if np.isnan(precise[k]) else float(precise[k]),
        )
        for k, label in enumerate(labels)
    )


def _effects(part: HeldOut, persons: Persons | None) -> tuple[np.ndarray | float, ...]:
    """Design effects (k,) of the rows given a label, those that carry it, and both together."""
    if persons is None:
        return 1.0, 1.0, 1.0
    truth, said = part.truth, part.decided
    return tuple(persons.design_effect(marks) for marks in (said, truth, truth | said))


def _holding(mid: np.ndarray, ends: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The mean over repeats lies inside the range of the mean counts."""
    return np.minimum(ends[0], mid), np.maximum(ends[1], mid)
