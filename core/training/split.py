"""Which rows a model may learn from and which it is judged on."""

import hashlib
import re
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from core.domain import BY_TIME, GROUPED, KFOLD, STRATIFIED, TEST, TRAIN, VALIDATION
from core.errors import CannotTrain
from core.training import split_words

TEST_SHARE, VALIDATION_SHARE = 0.2, 0.1
FEWEST_GROUPS = 4  # different texts a label needs: two to learn from, one to tune on, one to judge
MOST_LABELS = 500
MOST_OF_ONE = 0.6  # share of the rows that one person may hold in a grouped split
FOLDS, REPEATS = (2, 20), (1, 10)
SIDES = (TRAIN, TEST, VALIDATION)
NOTHING_TO_JUDGE = {  # ways by which no comment may be left to hold out
    GROUPED: "So few people wrote the labelled comments that keeping them apart leaves no comment to judge "
    "on. Choose another split, or label comments of more people.",
    BY_TIME: "The newest comments carry only labels that do not occur before, so a split by time leaves no "
    "comment to judge on. Choose another split, or label more of the newest comments.",
}


@dataclass(frozen=True)
class Split:
    """n rows; `folds` holds an array for each repeat of a K-fold, otherwise it is empty."""

    parts: np.ndarray  # (n,) of train, validation, test, or "" for rows left out
    labels: tuple[str, ...]  # the labels that take part, sorted
    left_out: tuple[tuple[str, int], ...] = ()  # labels that are not learned, and their rows
    folds: tuple[np.ndarray, ...] = ()  # (n,) fold in which a row is held out, or -1
    sentence: str = ""  # how the rows were divided, for the person
    warnings: tuple[str, ...] = ()
    rows: "Rows | None" = field(default=None, repr=False)  # what `fold_parts` divides again


@dataclass(frozen=True)
class Rows:
    """n rows; those of one unit stay together."""

    names: tuple[tuple[str, ...], ...]  # the labels of each row, sorted
    units: np.ndarray  # (n,) object
    multi: bool

    def take(self, places: np.ndarray) -> "Rows":
        return Rows(tuple(self.names[place] for place in places), self.units[places], self.multi)


def parse_split(text: str) -> tuple[str, int, int]:
    """(way, folds, repeats), the last two 0 where there are no folds. Raises CannotTrain."""
    if text in (STRATIFIED, GROUPED, BY_TIME):
        return text, 0, 0
    found = re.fullmatch(rf"{KFOLD}:(\d{{1,3}})(?:x(\d{{1,3}}))?", text, re.ASCII)
    if not found:
        raise CannotTrain(
            f"There is no split '{text[:40]}'. Choose {STRATIFIED}, {GROUPED}, {BY_TIME}, or folds such as "
            f"{KFOLD}:5 or {KFOLD}:5x3."
        )
    folds, repeats = int(found[1]), int(found[2] or 1)
    if not (FOLDS[0] <= folds <= FOLDS[1] and REPEATS[0] <= repeats <= REPEATS[1]):
        raise CannotTrain(
            f"The split '{text}' is out of bounds: choose {FOLDS[0]} to {FOLDS[1]} folds and "
            f"{REPEATS[0]} to {REPEATS[1]} repeats, such as {KFOLD}:5x3."
        )
    return KFOLD, folds, repeats


def make_split(
    how: str,
    labels: Sequence[Sequence[str]],
    groups: Sequence[str],
    people: Sequence[str],
    dates: np.ndarray,
    seed: int = 0,
    outside_test: bool = False,
) -> Split:
    """`labels` of each row; `groups` are equal for equal words; `people` "" where unknown; `dates`
    datetime64, NaT where unknown. With `outside_test` nothing is held out: other rows are the test.

    A place comes from a hash, not from the position of a row, so rows that are added later leave the
    others where they are, up to the rounding of the shares. Raises CannotTrain.
    """
    way, folds, repeats = parse_split(how)
    names = tuple(tuple(sorted({name for name in row if name.strip()})) for row in labels)
    _check_any(labels, names)
    words = np.asarray(groups, dtype=object)
    rows = Rows(names, words, any(len(row) > 1 for row in names))
    kept, left_out = _learned(rows)
    labelled = sum(map(bool, names))
    warnings = split_words.blank(labels, names)
    warnings += split_words.rare(left_out, FEWEST_GROUPS, _unjudged(names, left_out, kept), labelled)
    if way == GROUPED:
        rows = Rows(names, _circles(words, people), rows.multi)
        parts = _grouped_parts(rows, kept, people, seed, not outside_test)
        warnings += split_words.missing(_lacking(rows, parts, kept))
    elif way == BY_TIME:
        parts = _time_parts(rows, kept, np.asarray(dates), seed, not outside_test)
        parts, kept, later = _without_later(rows, parts, kept)
        left_out = (*left_out, *later)
        warnings += split_words.later(later, _unjudged(names, later, kept), labelled)
    else:
        parts = _dealt_parts(rows, kept, seed, way == STRATIFIED and not outside_test)
    if way in NOTHING_TO_JUDGE and not outside_test and not (parts == TEST).any():
        raise CannotTrain(NOTHING_TO_JUDGE[way])
    found = _folds(rows, parts, kept, folds, repeats, seed) if way == KFOLD else ()
    undated = int((np.isnat(np.asarray(dates)) & (parts != TEST) & (parts != "")).sum())
    again = _as_new(parts, np.asarray(dates)) if way == BY_TIME else 0
    sentence = split_words.sentence(way, folds, repeats, outside_test, undated, again)
    return Split(parts, kept, left_out, found, sentence, warnings, rows)


def fold_parts(split: Split, repeat: int, fold: int, seed: int = 0) -> np.ndarray:
    """(n,) train, validation, test or "": the fold is the test, a tenth of the others tunes."""
    places = split.folds[repeat]
    parts = np.full(len(places), "", dtype=object)
    parts[places == fold] = TEST
    others = np.flatnonzero((places >= 0) & (places != fold))
    parts[others] = _dealt_parts(split.rows.take(others), split.labels, seed, False)
    return parts


# ---- labels ---------------------------------------------------------------------------------


def _check_any(labels: Sequence[Sequence[str]], names: Sequence[tuple[str, ...]]) -> None:
    if any(names):
        return
    if any(len(row) for row in labels):
        raise CannotTrain("All labels of this label column are empty. Choose a column that has labels.")
    raise CannotTrain(
        f"No comment has a label yet. Training needs at least two labels with {FEWEST_GROUPS} different "
        "comments each: import a file with a label column first."
    )


def _learned(rows: Rows) -> tuple[tuple[str, ...], tuple[tuple[str, int], ...]]:
    """Labels with enough different texts, and the others with their rows. Raises CannotTrain."""
    texts = Counter(name for names in _of_units(rows).values() for name in names)
    carried = Counter(name for names in rows.names for name in names)
    kept = tuple(sorted(name for name, count in texts.items() if count >= FEWEST_GROUPS))
    if len(kept) < 2:
        raise CannotTrain(
            f"Training needs at least two labels with {FEWEST_GROUPS} different comments each. This label "
            f"column has {_largest([texts[name] for name in carried])}. Label more comments, or choose "
            "another label column."
        )
    if len(kept) > MOST_LABELS:
        raise CannotTrain(
            f"This label column has {len(kept):,} labels; a model learns {MOST_LABELS} at most. "
            "Choose a column with fewer different values, or merge labels in the file."
        )
    learned = set(kept)
    # A label that stands only on repeated words of another label has no text of its own.
    small = sorted(set(carried) - learned)
    return kept, tuple((name, carried[name]) for name in small)


def _largest(counts: Sequence[int]) -> str:
    """How many labels there are and how many different comments the two largest have."""
    if len(counts) == 1:
        return f"1 label, with {counts[0]:,} different comment{'' if counts[0] == 1 else 's'}"
    first, second = sorted(counts, reverse=True)[:2]
    return f"{len(counts):,} labels; the two largest have {first:,} and {second:,}"


def _unjudged(
    names: Sequence[tuple[str, ...]], left_out: Sequence[tuple[str, int]], kept: Sequence[str]
) -> int:
    """Rows that carry one of the labels left out and none that is learned."""
    strange, known = {label for label, _ in left_out}, set(kept)
    return sum(1 for row in names if strange.intersection(row) and not known.intersection(row))


def _of_units(rows: Rows) -> dict[Hashable, tuple[str, ...]]:
    """Labels of each unit. With one label a row the first that is seen: repeated words may carry
    different labels; with several, all of them."""
    found: dict[Hashable, tuple[str, ...]] = {}
    for unit, names in zip(rows.units, rows.names, strict=True):
        if not rows.multi and names:
            found.setdefault(unit, names)
        elif names:
            found[unit] = tuple(sorted({*found.get(unit, ()), *names}))
    return found


# ---- at random ------------------------------------------------------------------------------


def _dealt_parts(rows: Rows, kept: Sequence[str], seed: int, test: bool) -> np.ndarray:
    if rows.multi:
        return _spread_parts(rows, kept, seed, test)
    part_of: dict[Hashable, str] = {}
    for units in _members(rows, kept, seed).values():
        part_of |= dict(zip(units, _names(len(units), test), strict=True))
    return _to_rows(rows, kept, part_of, "")


def _members(rows: Rows, kept: Sequence[str], seed: int) -> dict[str, list]:
    """Units of each label in hashed order; one label a row."""
    members: dict[str, list] = {label: [] for label in kept}
    for unit, names in _of_units(rows).items():
        if names[0] in members:
            members[names[0]].append(unit)
    return {label: _hashed(units, seed) for label, units in members.items()}


def _names(count: int, test: bool) -> list[str]:
    """Parts of `count` units of one label: at least one of each, where two are left to learn from."""
    held = max(1, round(TEST_SHARE * count)) if test else 0
    tune = max(1, round(VALIDATION_SHARE * count)) if count - held > 2 else 0
    return [TEST] * held + [VALIDATION] * tune + [TRAIN] * (count - held - tune)


def _hashed(units: Iterable[Hashable], seed: int | str) -> list:
    return sorted(units, key=lambda unit: hashlib.sha256(f"{seed}:{unit}".encode()).digest())


def _to_rows(rows: Rows, kept: Sequence[str], of_unit: dict, nothing) -> np.ndarray:
    """(n,) object: what the unit of each row got; `nothing` for rows without a label that is learned."""
    known = set(kept)
    found = np.empty(len(rows.names), dtype=object)
    for place, (unit, names) in enumerate(zip(rows.units, rows.names, strict=True)):
        found[place] = of_unit.get(unit, nothing) if known.intersection(names) else nothing
    return found


# ---- several labels a row, or people --------------------------------------------------------


def _spread_parts(rows: Rows, kept: Sequence[str], seed: int, test: bool) -> np.ndarray:
    units, counts = _counts(rows, kept, seed)
    totals = counts.sum(axis=0)
    wanted = np.zeros((3, len(kept)))
    wanted[1] = np.maximum(1, np.round(TEST_SHARE * totals)) if test else 0
    wanted[2] = np.where(totals - wanted[1] > 2, np.maximum(1, np.round(VALIDATION_SHARE * totals)), 0)
    wanted[0] = totals - wanted[1] - wanted[2]
    open_sides = [0, 1, 2] if test else [0, 2]
    sides = _filled(_spread(counts, wanted), counts, open_sides)
    return _to_rows(rows, kept, dict(zip(units, [SIDES[side] for side in sides], strict=True)), "")


def _counts(rows: Rows, kept: Sequence[str], seed: int | str) -> tuple[list, np.ndarray]:
    """Units in hashed order, and (units, labels) rows of each that carry a label."""
    number = {label: place for place, label in enumerate(kept)}
    found: dict[Hashable, np.ndarray] = {}
    for unit, names in zip(rows.units, rows.names, strict=True):
        for name in names:
            if name in number:
                found.setdefault(unit, np.zeros(len(kept)))[number[name]] += 1
    units = _hashed(found, seed)
    return units, np.array([found[unit] for unit in units]).reshape(len(units), len(kept))


def _spread(counts: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """(units,) side numbers: iterative stratification (Sechidis, Tsoumakas, Vlahavas 2011).

    The label with the fewest rows left goes first; each of its units, the largest first, goes to the
    side that still wants most of the label, then to the one that wants most rows. `counts` (units,
    labels), `wanted` (sides, labels) rows.
    """
    sides = np.full(len(counts), -1)
    wanted, room, left = wanted.astype(float), wanted.sum(axis=1), counts.sum(axis=0)
    while (sides < 0).any():
        label = int(np.where(left > 0, left, np.inf).argmin())
        members = np.flatnonzero((counts[:, label] > 0) & (sides < 0))
        for unit in members[np.argsort(-counts[members].sum(axis=1), kind="stable")]:
            side = int(np.lexsort((-room, -wanted[:, label]))[0])
            sides[unit] = side
            wanted[side] -= counts[unit]
            room[side] -= counts[unit].sum()
            left = left - counts[unit]
    return sides


def _filled(sides: np.ndarray, counts: np.ndarray, open_sides: Sequence[int]) -> np.ndarray:
    """Every label on every side, where that takes it from no other; to learn from (side 0) always."""
    carried = counts > 0
    for label in np.argsort(carried.sum(axis=0), kind="stable"):
        for side in open_sides:
            members = np.flatnonzero(carried[:, label])
            if not len(members) or (sides[members] == side).any():
                continue
            for unit in members[np.argsort(counts[members].sum(axis=1), kind="stable")]:
                beside = carried[sides == sides[unit]].sum(axis=0)[carried[unit]]
                if side == 0 or (beside >= (3 if sides[unit] == 0 else 2)).all():
                    sides[unit] = side
                    break
    return sides


def _circles(words: np.ndarray, people: Sequence[str]) -> np.ndarray:
    """(n,) one name for all rows that hang together by person or by words (union-find)."""
    parent: dict[tuple[str, str], tuple[str, str]] = {}

    def root(key: tuple[str, str]) -> tuple[str, str]:
        parent.setdefault(key, key)
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    for group, person in zip(words, people, strict=True):
        one = root(("words", group))
        if person:
            two = root(("person", person))
            parent[max(one, two)] = min(one, two)  # the least name stays, whatever the order of rows
    found = np.empty(len(words), dtype=object)
    for place, group in enumerate(words):
        found[place] = "\x1f".join(root(("words", group)))
    return found


def _grouped_parts(
    rows: Rows, kept: Sequence[str], people: Sequence[str], seed: int, test: bool
) -> np.ndarray:
    known = set(kept)
    used = [place for place, names in enumerate(rows.names) if known.intersection(names)]
    if not any(people[place] for place in used):
        raise CannotTrain(
            "No labelled comment has an account or author, so people cannot be kept apart. "
            "Choose another split, or import a file with an account or author column."
        )
    held = Counter(rows.units[place] for place in used)
    if len(held) < len(SIDES):
        raise CannotTrain(
            f"The comments come from {len(held)} people or groups; keeping people apart takes at least "
            f"{len(SIDES)}. Choose another split, or label comments of more people."
        )
    largest = max(held.values()) / len(used)
    if largest > MOST_OF_ONE:
        raise CannotTrain(
            f"One person, or people who wrote the same words, hold {largest:.0%} of the labelled comments; "
            f"at most {MOST_OF_ONE:.0%} leaves enough to judge on. Choose another split, or label "
            "comments of more people."
        )
    return _spread_parts(rows, kept, seed, test)


# ---- by time --------------------------------------------------------------------------------


def _time_parts(rows: Rows, kept: Sequence[str], dates: np.ndarray, seed: int, test: bool) -> np.ndarray:
    """The newest rows are the test; repeated words stand where they were first said."""
    known, first, sizes = set(kept), {}, Counter()
    for unit, names, date in zip(rows.units, rows.names, dates, strict=True):
        if not np.isnat(date) and known.intersection(names):
            first[unit] = min(first.get(unit, date), date)
            sizes[unit] += 1
    if len(first) < FEWEST_GROUPS or len(set(first.values())) < 3:
        raise CannotTrain(
            "A split by time needs labelled comments with at least three different dates. "
            "Choose another split, or import a file with a date column."
        )
    total = sum(sizes.values())
    test_rows = TEST_SHARE * total if test else 0.0
    part_of, done, tuned = {}, 0, False
    for unit in sorted(_hashed(first, seed), key=lambda unit: first[unit], reverse=True):
        middle = done + sizes[unit] / 2
        newest = middle <= test_rows or (test and not done)
        tuning = middle <= test_rows + VALIDATION_SHARE * total or not tuned
        part_of[unit] = TEST if newest else VALIDATION if tuning else TRAIN
        tuned = tuned or part_of[unit] == VALIDATION
        done += sizes[unit]
    undated = {unit: TRAIN for unit in rows.units if unit not in part_of}
    return _to_rows(rows, kept, part_of | undated, "")


def _as_new(parts: np.ndarray, dates: np.ndarray) -> int:
    """Learned rows that are newer than the oldest held-out one: they repeat words of the past."""
    held_out = dates[(parts == TEST) & ~np.isnat(dates)]
    if not len(held_out):
        return 0
    return int(((parts != TEST) & (parts != "") & (dates > held_out.min())).sum())


def _without_later(
    rows: Rows, parts: np.ndarray, kept: Sequence[str]
) -> tuple[np.ndarray, tuple[str, ...], tuple[tuple[str, int], ...]]:
    """Labels of which nothing is there to learn from take no part. Raises CannotTrain."""
    seen = {name for names, part in zip(rows.names, parts, strict=True) if part == TRAIN for name in names}
    learned = tuple(label for label in kept if label in seen)
    if len(learned) < 2:
        raise CannotTrain(
            "Fewer than two labels occur in the older comments, so a split by time leaves nothing to learn. "
            "Choose another split, or label older comments."
        )
    known, carried = set(learned), Counter(name for names in rows.names for name in names)
    parts = parts.copy()
    for place, names in enumerate(rows.names):
        if not known.intersection(names):
            parts[place] = ""
    return parts, learned, tuple((name, carried[name]) for name in kept if name not in seen)


def _lacking(rows: Rows, parts: np.ndarray, kept: Sequence[str]) -> list[str]:
    """Labels that are learned and not judged, where any row is held out."""
    tested = {name for names, part in zip(rows.names, parts, strict=True) if part == TEST for name in names}
    return [label for label in kept if label not in tested] if TEST in set(parts) else []


# ---- folds ----------------------------------------------------------------------------------


def _folds(
    rows: Rows, parts: np.ndarray, kept: Sequence[str], folds: int, repeats: int, seed: int
) -> tuple[np.ndarray, ...]:
    units = len(set(rows.units[parts != ""]))
    if units < folds:
        raise CannotTrain(
            f"There are {units} different labelled comments, too few for {folds} folds. Choose fewer folds."
        )
    return tuple(_dealt_folds(rows, kept, folds, f"{seed}:{repeat}") for repeat in range(repeats))


def _dealt_folds(rows: Rows, kept: Sequence[str], folds: int, seed: str) -> np.ndarray:
    if rows.multi:
        units, counts = _counts(rows, kept, seed)
        wanted = np.repeat(counts.sum(axis=0)[None, :] / folds, folds, axis=0)
        fold_of = dict(zip(units, _spread(counts, wanted).tolist(), strict=True))
    else:  # each label goes on where the last one stopped, so that the folds are equally large
        dealt = [unit for units in _members(rows, kept, seed).values() for unit in units]
        fold_of = {unit: place % folds for place, unit in enumerate(dealt)}
    return _to_rows(rows, kept, fold_of, -1).astype(int)
