"""Reasons to trust the held-out figures less, each in plain words: what it is, what it means, what to do."""

import re
from collections.abc import Sequence

import numpy as np

from core.domain import GROUPED, KFOLD, STRATIFIED, TEST, TRAIN, VALIDATION, Leak
from core.evaluation.copies import copied, words_of
from core.evaluation.gate import FEWEST_TO_JUDGE
from core.evaluation.held_out import HeldOut
from core.evaluation.ranges import lower_tail

CHANCE = 0.01
MANY_COPIES = 0.01  # of the held-out rows
ALIKE = 0.005  # of the accuracy: what the figures may move
MOST_IDS = 50
TELLING, COMMON, ELSEWHERE, FEWEST_NAMED = 0.8, 0.5, 5.0, 5  # of a label's name in the texts
HALF = 0.5  # of the rows with a known person
LEAST_PEOPLE_ROWS = 20
OUTSIDE = "outside"  # a way to judge: on another dataset


def leaks(
    texts: Sequence[str],
    parts: np.ndarray,
    truth: np.ndarray,
    labels: Sequence[str],
    *,
    ids: np.ndarray,
    people: Sequence[str],
    train_right: float,
    held: HeldOut,
    way: str = STRATIFIED,
) -> tuple[Leak, ...]:
    """`texts`, `parts` (train, validation, test), `truth` (n, k), `ids` and `people` ("" : unknown) are
    the labelled rows; `train_right` the share of learned rows that the model gets right. In K-fold the
    sides are the folds of `held`. `way` it was judged: a way to split, or OUTSIDE; nobody is told to choose
    the one that was chosen, or one that does not go with it."""
    sides, tested = _sides(parts, ids, held)
    learned = int(np.isin(parts, (TRAIN, VALIDATION)).sum())
    found = (
        _copies(texts, sides, tested, ids, held, people if way != OUTSIDE else [""] * len(texts)),
        _label_words(texts, truth, labels, ids),
        _test_above_train(train_right, learned, held),
        _few_rows(held, way),
        _one_sided(people, ids, way),
    )
    return tuple(leak for leak in found if leak is not None)


def _sides(parts: np.ndarray, ids: np.ndarray, held: HeldOut) -> tuple[np.ndarray, np.ndarray]:
    """(side of each row, -1 for none; which rows are judged)."""
    tested = np.asarray(parts) == TEST
    if tested.any() or not len(held.ids):
        learned = np.isin(parts, (TRAIN, VALIDATION))
        return np.where(tested, 1, np.where(learned, 0, -1)), tested
    once = held.once
    fold = np.zeros(len(once.ids), dtype=int) if once.fold is None else once.fold
    places = np.minimum(np.searchsorted(once.ids, ids), len(once.ids) - 1)
    tested = once.ids[places] == ids
    return np.where(tested, fold[places], -1), tested


# ---- copies -------------------------------------------------------------------------------


def _copies(
    texts: Sequence[str],
    sides: np.ndarray,
    tested: np.ndarray,
    ids: np.ndarray,
    held: HeldOut,
    people: Sequence[str],
) -> Leak | None:
    near = copied(texts, sides)
    rows = np.flatnonzero((near >= 0) & tested)
    if not len(rows):
        return None
    total = int(tested.sum())
    same_writer = any(people[row] and people[row] == people[near[row]] for row in rows)
    apart = ", or hold out other customers," if same_writer else ""
    remedy = f"Remove repeated comments{apart} and train again."
    said, matters = _without(ids[rows], held)
    end = remedy if len(rows) >= MANY_COPIES * total else "So few change little."
    words = (
        f"{_comments(len(rows))} of {total:,} held out ({len(rows) / total:.1%}) nearly repeat a comment the "
        f"model learned from, so it knows their answer in advance. {said}{end if matters else ''}"
    ).strip()
    return Leak("copies", words, len(rows), _some(ids[rows]))


def _without(copies: np.ndarray, held: HeldOut) -> tuple[str, bool]:
    """What the figures would be, and whether that is anything else."""
    other = ~np.isin(held.once.ids, copies)
    if not other.any():
        return "No other comment is held out: the figures say nothing about new comments. ", True
    alone, all_of_them = held.mean_right[other].mean(), held.mean_right.mean()
    if abs(alone - all_of_them) < ALIKE:
        return f"Without them it is right as often, {alone:.1%} of the time, so the figures stand.", False
    return f"Without them it is right {alone:.1%} of the time instead of {all_of_them:.1%}. ", True


def _comments(count: int) -> str:
    return f"{count:,} comment{'' if count == 1 else 's'}"


def _some(ids: np.ndarray) -> tuple[int, ...]:
    return tuple(int(key) for key in ids[:MOST_IDS])


# ---- words of the label -------------------------------------------------------------------


def _label_words(
    texts: Sequence[str], truth: np.ndarray, labels: Sequence[str], ids: np.ndarray
) -> Leak | None:
    """A label whose own name stands in half of its texts, five times as often as elsewhere, and is
    right 8 times in 10 where it stands."""
    named = _named(texts, labels)
    told = []
    for place, label in enumerate(labels):
        rows = np.array(named.get(place, ()), dtype=int)
        own, size = rows[truth[rows, place]], int(truth[:, place].sum())
        if len(own) < FEWEST_NAMED or len(own) < TELLING * len(rows) or len(own) < COMMON * size:
            continue
        others = len(truth) - size
        if others and len(own) / size < ELSEWHERE * (len(rows) - len(own)) / others:
            continue
        told.append((label, own, size))
    if not told:
        return None
    told.sort(key=lambda item: -len(item[1]))
    label, own, size = told[0]
    rows = np.unique(np.concatenate([rows for _, rows, _ in told]))
    many = f", and so it is with {len(told) - 1} more labels" if len(told) > 1 else ""
    words = (
        f"The name of the label “{label[:60]}” stands in {len(own):,} of its {size:,} comments and hardly "
        f"elsewhere{many}. The model may read the name instead of the matter, and fail on comments without "
        f"it. If these words come from a form or a tag, write “{_as_it_stands(label, texts[own[0]])[:60]}” "
        "under “Words to leave out” and train again."
    )
    return Leak("label_words", words, len(rows), _some(ids[rows]))


def _name(label: str) -> tuple[str, ...]:
    return tuple(words_of(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label)))


def _as_it_stands(label: str, text: str) -> str:
    """The name as this text spells it: the words to leave out are looked for to the letter."""
    found = re.search(r"[\W_]*".join(map(re.escape, _name(label))), text, re.IGNORECASE)
    return found[0] if found else label


def _named(texts: Sequence[str], labels: Sequence[str]) -> dict[int, list[int]]:
    """Label number -> rows whose text holds all words of its name in a row."""
    names: dict[tuple[str, ...], list[int]] = {}
    for place, label in enumerate(labels):
        name = _name(label)
        if len("".join(name)) > 1:
            names.setdefault(name, []).append(place)
    lengths = sorted({len(name) for name in names})
    found: dict[int, list[int]] = {}
    for row, text in enumerate(texts):
        words = words_of(text)
        here = {
            name
            for length in lengths
            for start in range(len(words) - length + 1)
            if (name := tuple(words[start : start + length])) in names
        }
        for place in {place for name in here for place in names[name]}:
            found.setdefault(place, []).append(row)
    return found


# ---- the rest -----------------------------------------------------------------------------


def _test_above_train(train_right: float, learned: int, held: HeldOut) -> Leak | None:
    """Exact test that the held-out rows are right no more often than the learned ones."""
    shares = held.mean_right
    right, n = round(shares.sum()), len(shares)
    if not learned or not n or np.isnan(train_right) or right / n <= train_right:
        return None
    hits = round(train_right * learned)
    if lower_tail(hits, learned, hits + right, learned + n) >= CHANCE:
        return None
    words = (
        f"The model is right {shares.mean():.1%} of the time on held-out comments, but only "
        f"{train_right:.1%} on those it learned from. It should be the other way round: the held-out "
        "comments are easier, for example newer, shorter or of fewer kinds. Try another split before you "
        "trust the figures."
    )
    return Leak("test_above_train", words, n)


def _few_rows(held: HeldOut, way: str) -> Leak | None:
    rows = held.once
    support = rows.truth.sum(axis=0)
    few = np.flatnonzero(support < FEWEST_TO_JUDGE)
    if not len(few):
        return None
    order = few[np.argsort(support[few], kind="stable")]
    examples = ", ".join(f"“{held.labels[place][:40]}” ({support[place]})" for place in order[:3])
    count = "1 label has" if len(few) == 1 else f"{len(few):,} of {len(support):,} labels have"
    remedy = {
        KFOLD: "or label more of them.",
        OUTSIDE: "or label more of them in the test dataset.",
    }.get(way, "label more of them, or have every comment judged once, in parts (K-fold).")
    words = (
        f"{count} fewer than {FEWEST_TO_JUDGE} held-out comments: {examples}. One comment more or less moves "
        f"their figures a lot. Read their ranges, {remedy}"
    )
    inside = np.flatnonzero(rows.truth[:, few].any(axis=1))
    return Leak("few_rows", words, len(inside), _some(rows.ids[inside]))


def _one_sided(people: Sequence[str], ids: np.ndarray, way: str) -> Leak | None:
    names = np.array(list(people), dtype=object)
    known = np.flatnonzero(names != "")
    if len(known) < max(LEAST_PEOPLE_ROWS, HALF * len(names)):
        return None
    values, codes, counts = np.unique(names[known].astype(str), return_inverse=True, return_counts=True)
    most = int(counts.argmax())
    if counts[most] < HALF * len(known):
        return None
    rows = known[codes == most]
    who = "account" if values[most].startswith("account") else "person"
    apart = ", and hold out other customers, so that nobody stands on both sides"
    words = (
        f"One {who} wrote {len(rows):,} of the {len(known):,} comments whose writer is known. The figures "
        f"tell how well the model reads this {who}. Add comments of others"
        f"{'' if way in (GROUPED, OUTSIDE) else apart}."
    )
    return Leak("one_sided", words, len(rows), _some(ids[rows]))
