"""What would help a model most, the most helpful first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.domain import BETTER, NOT_JUDGED, QUICK, Estimate, GateResult, LearningPoint, Scores, Slice
from core.evaluation.gate import FEWEST_TO_JUDGE
from core.evaluation.held_out import HeldOut
from core.evaluation.learning import NO_GAIN, fitted
from core.evaluation.suspicion import suspects

LABEL, MERGE, SUSPICIOUS, LONGER, ENCODER, FINE_TUNE, SLICE = (
    "label_more", "merge", "suspicious", "longer", "encoder", "better", "slice",
)  # fmt: skip
ORDER = (ENCODER, LABEL, MERGE, SUSPICIOUS, LONGER, FINE_TUNE, SLICE)  # without a known gain
CUT, UNKNOWN = 0.05, 0.05  # shares above which they matter
WEAK_LABELS = 3  # looked at
FEWEST_CONFUSED, MUCH_CONFUSED = 5, 0.10  # rows, and their share of the rows of both labels
LEAST_MORE, MOST_MORE = 20, 200  # labels that a person is asked for
FEWEST_FOR_BETTER = 100  # labelled rows below which fine-tuning the whole encoder rarely helps


@dataclass(frozen=True)
class Advice:
    kind: str
    words: str  # for the person
    labels: tuple[str, ...] = ()
    ids: tuple[int, ...] = ()  # rows to look at
    gain: Estimate | None = None  # in macro F1; None: not known


def advise(
    scores: Scores,
    held: HeldOut,
    results: Sequence[GateResult] = (),
    *,
    counts: Mapping[str, int],
    learning: Sequence[LearningPoint] = (),
    slices: Sequence[Slice] = (),
    cut_share: float = 0.0,
    unknown_share: float = 0.0,
    mode: str = QUICK,
    judged_apart: bool = False,
) -> tuple[Advice, ...]:
    """`counts`: labelled rows of each label; `judged_apart`: the held-out rows are of another dataset;
    `cut_share`: texts longer than the limit; `unknown_share`: tokens that the encoder does not know. Another
    encoder first, since nothing else helps a model that cannot read; then known gains, by size; then what
    usually helps most."""
    found = [
        *_more_labels(scores, held, results, counts, learning, judged_apart),
        *_merge(held),
        *_suspicious(held),
        *_settings(cut_share, unknown_share, mode, sum(counts.values())),
        *_worst_slice(slices),
    ]
    return tuple(sorted(found, key=_place))


def _place(item: Advice) -> tuple[bool, bool, float, int]:
    """What is known to bring hardly anything stands behind what nobody has measured."""
    little = item.gain is not None and item.gain.mid < NO_GAIN
    return (item.kind != ENCODER, little, -_mid(item.gain), ORDER.index(item.kind))


def _mid(gain: Estimate | None) -> float:
    return 0.0 if gain is None else max(0.0, gain.mid)


# ---- more labels --------------------------------------------------------------------------


def _more_labels(
    scores: Scores,
    held: HeldOut,
    results: Sequence[GateResult],
    counts: Mapping[str, int],
    learning: Sequence[LearningPoint],
    judged_apart: bool,
) -> list[Advice]:
    """The labels below the gate or too thin for it, then those below the average; about twice as many rows
    as they have."""
    missed = {result.name for result in results if not result.passed}
    judges = any(name.startswith(NOT_JUDGED) for name in missed)  # no recall may be asked for
    stopped = {
        score.label
        for score in scores.per_label
        if f"Recall of {score.label}" in missed or (judges and score.support < FEWEST_TO_JUDGE)
    }
    weak = [
        (score.label not in stopped, score.f1, score.label, score)
        for score in scores.per_label
        if score.support and (score.label in stopped or score.f1 < scores.macro_f1)
    ]
    weak = [score for *_, score in sorted(weak, key=lambda item: item[:3])]
    return [
        _label_more(score, held, counts, learning, len(scores.per_label), judged_apart)
        for score in weak[:WEAK_LABELS]
    ]


def _label_more(
    score, held: HeldOut, counts: Mapping[str, int], learning, labels: int, judged_apart: bool
) -> Advice:
    has = counts.get(score.label, 0)
    # A label that is too thin to judge also needs as many as bring enough of them among the held-out rows,
    # where these are drawn from them.
    missing = 0.0 if judged_apart else max(0, FEWEST_TO_JUDGE - score.support) * has / score.support
    more = int(np.clip(np.ceil(max(has, missing) / 10) * 10, LEAST_MORE, MOST_MORE))
    gain = _gain_of_labels(score.f1, has, more, learning, labels)
    found = f"{score.recall:.0%} of them are found, and {score.precision:.0%} of those called so are right."
    if not score.recall:
        found = "None of its held-out comments is found."
    words = f"Label about {more} more comments “{score.label[:60]}”: it has {has:,}. {found}"
    once = held.once
    place = held.labels.index(score.label)
    wrong = once.decided[:, place] != once.truth[:, place]
    return Advice(LABEL, words, (score.label,), tuple(once.ids[wrong].tolist()), gain)


def _gain_of_labels(
    f1: float, has: int, more: int, learning: Sequence[LearningPoint], labels: int
) -> Estimate | None:
    """Macro F1 won if the mistakes of one label shrink as those of all do along the learning curve."""
    law = fitted(learning)
    if law is None or not has:
        return None
    last = max(point.labels for point in learning if not point.forecast)
    now, later = law.at(last), law.at(last * (has + more) / has)
    left = np.clip((1 - later) / np.maximum(1 - now, 1e-9), 0, 1)
    gains = (1 - f1) * (1 - left) / labels
    low, high = np.quantile(gains[1:], [0.05, 0.95])
    mid = float(gains[0])
    method = "learning curve of all labels"
    return Estimate(mid, float(min(low, mid)), float(max(high, mid)), has, method, "macro F1")


# ---- confused pairs -----------------------------------------------------------------------


def _merge(held: HeldOut) -> list[Advice]:
    """The pair that is confused most often; one label a row, three labels or more.

    Its gain is not told: macro F1 over fewer labels is another figure, which rises even where nothing is
    read any better.
    """
    if held.multi or len(held.labels) < 3 or not len(held.ids):
        return []
    once = held.once
    pairs = confused_pairs(once)
    if not pairs:
        return []
    left, right = pairs[0]
    names = (held.labels[left], held.labels[right])
    either = np.isin(once.classes, (left, right))
    mixed = either & np.isin(once.said, (left, right)) & ~once.right
    words = (
        f"“{names[0][:60]}” and “{names[1][:60]}” are often confused: {int(mixed.sum()):,} of their "
        f"{int(either.sum()):,} held-out comments. If you act on both in the same way, merge them; else make "
        "clear what tells them apart and label again."
    )
    return [Advice(MERGE, words, names, tuple(once.ids[mixed].tolist()))]


def confused_pairs(held: HeldOut) -> list[tuple[int, int]]:
    """Pairs of label numbers by the share of their rows that is confused, largest first: at least 5 rows and
    a tenth of the rows of both."""
    size = len(held.labels)
    table = np.bincount(held.classes * size + held.said, minlength=size * size).reshape(size, size)
    both = np.triu(table + table.T, 1)
    rows = table.sum(axis=1)
    share = both / np.maximum(1, rows[:, None] + rows)
    enough = (both >= FEWEST_CONFUSED) & (share >= MUCH_CONFUSED)
    pairs = sorted(np.argwhere(enough).tolist(), key=lambda pair: -share[pair[0], pair[1]])
    return [(left, right) for left, right in pairs]


# ---- the rest -----------------------------------------------------------------------------


def _suspicious(held: HeldOut) -> list[Advice]:
    found = suspects(held)
    if not found:
        return []
    first = found[0]
    given, said = f"“{first.given[:60]}”", f"“{first.said[:60]}”"
    example = f"one says {given}, the model is sure of {said}"
    if held.multi:
        example = f"one may lack {said}" if first.said else f"on one {given} may not fit"
    many = f"{len(found):,} labels look" if len(found) > 1 else "1 label looks"
    words = f"{many} like a mistake: {example}. Read these comments and correct what is wrong."
    labels = tuple(dict.fromkeys(name for item in found for name in (item.given, item.said) if name))
    return [Advice(SUSPICIOUS, words, labels, tuple(dict.fromkeys(item.id for item in found)))]


def _settings(cut_share: float, unknown_share: float, mode: str, rows: int) -> list[Advice]:
    found = []
    if cut_share > CUT:
        words = f"{cut_share:.0%} of the comments are longer than the model reads. Raise the text limit."
        found.append(Advice(LONGER, words))
    if unknown_share > UNKNOWN:
        words = (
            f"The encoder does not know {unknown_share:.0%} of the words and characters of the comments. One "
            "of their language, or a multilingual one, may read them better."
        )
        found.append(Advice(ENCODER, words))
    if mode != BETTER and rows >= FEWEST_FOR_BETTER:
        words = "Train with Better: it adapts the whole encoder to your comments and takes longer."
        found.append(Advice(FINE_TUNE, words))
    return found


def _worst_slice(slices: Sequence[Slice]) -> list[Advice]:
    worst = next((item for item in slices if item.worst), None)
    if worst is None:
        return []
    words = (
        f"It is right only {worst.accuracy.mid:.0%} of the time where {worst.column} is “{worst.value[:60]}” "
        f"({worst.accuracy.n:,} comments). Label more comments from there."
    )
    return [Advice(SLICE, words, ids=worst.ids)]
