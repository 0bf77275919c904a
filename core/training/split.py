"""Which rows a model may learn from and which it is judged on."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.domain import TEST, TRAIN, VALIDATION
from core.errors import CannotTrain

TEST_SHARE, VALIDATION_SHARE = 0.2, 0.1
FEWEST_GROUPS = 4  # different texts a label needs: two to learn from, one to tune on, one to judge


@dataclass(frozen=True)
class Split:
    parts: np.ndarray  # (rows,) of train, validation, test, or "" for rows left out
    labels: tuple[str, ...]  # the labels that take part, sorted
    left_out: tuple[tuple[str, int], ...]  # labels with too few different texts, and their rows


def split(labels: Sequence[str], groups: Sequence[str], seed: int = 0) -> Split:
    """Stratified by label; rows of one group (the same words) never stand on two sides.

    A group's place comes from the hash of its name, not from its position, so rows that are added
    later leave the others where they are, up to the rounding of the shares.
    Raises CannotTrain when fewer than two labels have `FEWEST_GROUPS` different texts.
    """
    labels, groups = np.asarray(labels, dtype=object), np.asarray(groups, dtype=object)
    members: dict[str, list[str]] = {}
    for group, label in _label_of_groups(labels, groups).items():
        members.setdefault(label, []).append(group)
    kept = sorted(label for label, found in members.items() if len(found) >= FEWEST_GROUPS)
    if len(kept) < 2:
        raise CannotTrain(
            f"Training needs at least two labels with {FEWEST_GROUPS} different comments each. "
            f"This label column has {len(kept)} such label{'' if len(kept) == 1 else 's'}: "
            "label more comments, or choose another label column."
        )
    part_of, learned = {}, set(kept)
    for label in kept:
        part_of |= _deal(members[label], seed)
    rows = [
        part_of.get(group, "") if label in learned else ""
        for group, label in zip(groups, labels, strict=True)
    ]
    small = sorted(set(members) - set(kept))
    left_out = tuple((label, int((labels == label).sum())) for label in small)
    return Split(np.asarray(rows, dtype=object), tuple(kept), left_out)


def _label_of_groups(labels: np.ndarray, groups: np.ndarray) -> dict[str, str]:
    """The first label seen for each group: repeated words may carry different labels."""
    found: dict[str, str] = {}
    for label, group in zip(labels, groups, strict=True):
        found.setdefault(group, label)
    return found


def _deal(groups: list[str], seed: int) -> dict[str, str]:
    ordered = sorted(groups, key=lambda group: hashlib.sha256(f"{seed}:{group}".encode()).digest())
    test = max(1, round(TEST_SHARE * len(ordered)))
    validation = max(1, round(VALIDATION_SHARE * len(ordered)))
    names = [TEST] * test + [VALIDATION] * validation
    names += [TRAIN] * (len(ordered) - len(names))
    return dict(zip(ordered, names, strict=True))
