"""Two models on the rows both were judged on: what differs, and is it more than chance?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.domain import Estimate
from core.errors import CannotTrain
from core.evaluation.held_out import HeldOut
from core.evaluation.persons import codes_of
from core.evaluation.ranges import even_split
from core.evaluation.tally import Table, Tally, redraws, tally

DRAWS = 2000
FEWEST_FLIPS = 5  # five against none is the closest call that an exact test at 10 % makes


@dataclass(frozen=True)
class Difference:
    measure: str  # "Macro F1", "Accuracy", "Balanced accuracy"
    first: float
    second: float
    change: Estimate  # second minus first, 90 % range
    clear: bool  # more than chance


@dataclass(frozen=True)
class Comparison:
    """The first model and the second; positive differences speak for the second."""

    rows: int
    labels: tuple[str, ...]  # that both know
    measures: tuple[Difference, ...]
    lost: tuple[int, ...]  # ids: the first is right, the second wrong
    won: tuple[int, ...]  # ids: the second is right, the first wrong
    moved: tuple[int, ...]  # ids: both wrong, with different answers
    chance: float  # exact p (McNemar 1947) that as many rows are lost and won by luck
    scope: str  # which rows and labels are compared, in plain sentences
    words: str  # that, and the finding
    both: tuple[HeldOut, HeldOut]  # the models on these rows and labels


def compare(
    first: HeldOut, second: HeldOut, draws: int = DRAWS, seed: int = 0, groups: Sequence[str] | None = None
) -> Comparison:
    """On the rows, and the labels, that both have; repeated K-fold: the first repeat.

    `groups`, aligned with the rows of `first`, says who wrote each, "" unknown: the comments of one person
    stay together when rows are redrawn. Raises CannotTrain when nothing is common.
    """
    one, two, people, left_out = _aligned(first, second, groups)
    both = (one.decided, two.decided)
    right = [(decided == one.truth).all(axis=1) for decided in both]
    lost, won = right[0] & ~right[1], right[1] & ~right[0]
    moved = ~right[0] & ~right[1] & (both[0] != both[1]).any(axis=1)
    chance = even_split(int(lost.sum()), int(won.sum()))
    measures = _measures(one, two, right, draws, seed, people)
    ids = [tuple(one.ids[rows].tolist()) for rows in (lost, won, moved)]
    scope = _scope(first, second, one, left_out)
    words = f"{scope} {_finding(measures[0], ids)}"
    return Comparison(len(one.ids), one.labels, measures, *ids, chance, scope, words, (one, two))


def _aligned(
    first: HeldOut, second: HeldOut, groups: Sequence[str] | None
) -> tuple[HeldOut, HeldOut, np.ndarray | None, int]:
    """Both on the common rows and labels; numbers of who wrote these rows; common rows that were left out."""
    if first.multi != second.multi:
        raise CannotTrain(
            "One of these models gives a single label, the other several. Compare models of one kind."
        )
    people = None if groups is None else dict(zip(first.ids.tolist(), groups, strict=True))
    first, second = first.once, second.once
    labels = tuple(label for label in first.labels if label in set(second.labels))
    ids, left, right = np.intersect1d(first.ids, second.ids, return_indices=True)
    one, two = _narrow(first.take(left), labels), _narrow(second.take(right), labels)
    same = (one.truth == two.truth).all(axis=1)  # a label may have been corrected between the runs
    kept = np.flatnonzero(same if first.multi else same & one.truth.any(axis=1))
    if not len(kept) or len(labels) < (1 if first.multi else 2):
        raise CannotTrain(
            "These two models have no held-out comments with the same labels. Train both with the same "
            "split, so that they are judged on the same comments."
        )
    chosen = None if people is None else codes_of([people[key] for key in ids[kept].tolist()])
    return one.take(kept), two.take(kept), chosen, len(ids) - len(kept)


def _narrow(held: HeldOut, labels: tuple[str, ...]) -> HeldOut:
    """Only some labels, in this order: both models answer the same question."""
    places = [held.labels.index(label) for label in labels]
    return replace(
        held,
        labels=labels,
        truth=held.truth[:, places],
        probabilities=held.probabilities[:, places],
        raw=None,
    )


def _measures(
    one: HeldOut, two: HeldOut, right: list[np.ndarray], draws: int, seed: int, people: np.ndarray | None
) -> tuple[Difference, ...]:
    """Paired bootstrap: both models on the same redrawn rows."""
    pairs = [(held.truth, held.decided) for held in (one, two)]
    values = [_figures(tally(*pair), share, one.multi) for pair, share in zip(pairs, right, strict=True)]
    tables = [Table(*pair) for pair in pairs]
    changes: dict[str, list[np.ndarray]] = {name: [] for name in values[0]}
    for weights in redraws(len(one.ids), draws, seed, people):
        total = weights.sum(axis=1)
        before, after = (
            _figures(table.drawn(weights), None, one.multi) | {"Accuracy": (weights @ share) / total}
            for table, share in zip(tables, right, strict=True)
        )
        for name, column in changes.items():
            column.append(after[name] - before[name])
    flips = (int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum()))
    return tuple(
        _difference(name, values[0][name], values[1][name], np.concatenate(column), flips, len(one.ids))
        for name, column in changes.items()
    )


def _figures(counts: Tally, right: np.ndarray | None, multi: bool) -> dict:
    found = {"Macro F1": counts.macro_f1, "Balanced accuracy": counts.balanced_accuracy(multi)}
    return found if right is None else found | {"Accuracy": right.mean()}


def _difference(
    name: str, first: float, second: float, draws: np.ndarray, flips: tuple[int, int], n: int
) -> Difference:
    low, high = np.quantile(draws, [0.05, 0.95])
    mid = float(second - first)
    low, high = float(min(low, mid)), float(max(high, mid))
    clear = (low > 0 or high < 0) and sum(flips) >= FEWEST_FLIPS
    if name == "Accuracy":
        clear = clear and even_split(*flips) < 0.10
    change = Estimate(mid, low, high, n, "paired bootstrap of the held-out rows", "difference")
    return Difference(name, float(first), float(second), change, bool(clear))


def _scope(first: HeldOut, second: HeldOut, one: HeldOut, left_out: int) -> str:
    parts = [f"Both were judged on {len(one.ids):,} of the same comments."]
    known = len(set(first.labels) | set(second.labels))
    if known > len(one.labels):
        parts.append(f"Only the {len(one.labels)} labels that both know are compared, of {known}.")
    if left_out:
        parts.append(
            f"Left out: {_comments(left_out)} with another label since, or with a label of one model only."
        )
    return " ".join(parts)


def _finding(main: Difference, ids: list[tuple]) -> str:
    mid, low, high = (100 * value for value in (main.change.mid, main.change.low, main.change.high))
    points = f"{mid:+.1f} points of macro F1 (likely {low:+.1f} to {high:+.1f})"
    better = "second" if mid > 0 else "first"
    found = (
        f"The {better} model is better, by more than chance" if main.clear else "The difference may be chance"
    )
    return (
        f"{found}: {points}. Right by the second alone: {_comments(len(ids[1]))}; by the first alone: "
        f"{len(ids[0]):,}."
    )


def _comments(count: int) -> str:
    return f"{count:,} comment{'' if count == 1 else 's'}"
