"""Are the new rows still like those the model learned from?"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.evaluation.curves import certainty
from core.evaluation.held_out import decide
from core.evaluation.languages import ENGLISH, UNKNOWN, language_name

STEPS = 20  # of confidence
LENGTHS = (1, 2, 3, 5, 8, 12, 18, 27, 40, 60, 90, 135, 200, 300, 450)  # words: lower ends of the bins
CHANCE = 0.01  # a change that chance makes more often than this is no finding
MIX, CONFIDENCE, UNKNOWN_WORDS, LENGTH = 0.10, 0.15, 0.20, 0.20  # the least change that matters
FEWEST = 30  # rows on each side
FEWEST_EXPECTED = 5.0  # of a cell in the test of two mixes (Cochran 1954)
NEW_LANGUAGE = 0.01  # share of the rows it learned from, up to which a language is new to the model

NAMES = {  # of what is compared, in a sentence: what differs in the comments, then what follows from it
    "language": "language",
    "unknown": "known words",
    "length": "length",
    "labels": "predicted labels",
    "confidence": "confidence",
}
PLACES = tuple(NAMES)


@dataclass(frozen=True)
class Profile:
    """Counts of some rows; two of them say whether the rows are alike. Nobody has to have looked at all of
    it: what the model says of rows may be known of others than their words are."""

    rows: int  # whose languages and lengths are known
    labels: Mapping[str, int]  # as predicted; a row may count for several labels, or for none
    confidence: tuple[int, ...]  # predicted rows by certainty, 20 equal bins of 0..1
    unknown: int  # rows with a token that the model does not know, of those looked up
    languages: Mapping[str, int]
    lengths: tuple[int, ...]  # rows by words, bins of LENGTHS
    looked_up: int = 0  # rows whose tokens were looked up; 0: the model's tokenizer is not at hand

    @property
    def predicted(self) -> int:
        return sum(self.confidence)


@dataclass(frozen=True)
class Finding:
    kind: str  # labels, confidence, unknown, language, length
    words: str  # for the person
    size: float  # 0..1, or Cohen's h for `unknown`
    matters: bool  # large enough, and more than chance


def profile(
    labels: Sequence[str],
    probabilities: np.ndarray,
    multi: bool,
    words: np.ndarray,
    languages: Sequence[str],
    unknown: tuple[int, int] = (0, 0),
) -> Profile:
    """`probabilities` (n, k) of the rows that were predicted; `words` (m,) a row and `languages` of those
    that were read; `unknown` rows with an unknown token, of so many rows.

    The probabilities before should be of held-out rows: of the rows it learned from a model is too sure.
    """
    said = decide(probabilities, multi).sum(axis=0)
    sure = certainty(probabilities, multi) if len(probabilities) else np.zeros(0)
    steps = np.minimum((sure * STEPS).astype(int), STEPS - 1)
    lengths = np.maximum(0, np.searchsorted(LENGTHS, words, side="right") - 1)
    return Profile(
        rows=len(words),
        labels={label: int(count) for label, count in zip(labels, said, strict=True)},
        confidence=tuple(np.bincount(steps, minlength=STEPS).tolist()),
        unknown=unknown[0],
        languages=dict(Counter(language or "unknown" for language in languages)),
        lengths=tuple(np.bincount(lengths, minlength=len(LENGTHS)).tolist()),
        looked_up=unknown[1],
    )


def drift(before: Profile, now: Profile) -> tuple[Finding, ...]:
    """One finding a kind; none of what is known of fewer than 30 rows on a side. Those that matter come
    first, and causes before what follows from them: comments in another language are given other labels.

    Effect sizes: total variation of label mix and language, the largest gap of the cumulative shares
    (Kolmogorov-Smirnov) of confidence and length, Cohen's h of unknown tokens.
    """
    found = []
    if min(before.predicted, now.predicted) >= FEWEST:
        found.append(_mix("labels", "The mix of predicted labels", before.labels, now.labels))
        found.append(_confidence(before, now))
    if min(before.looked_up, now.looked_up) >= FEWEST:
        found.append(_unknown(before, now))
    if min(before.rows, now.rows) >= FEWEST:
        spoken = (_by_name(side.languages) for side in (before, now))
        found.append(_mix("language", "The mix of languages", *spoken))
        found.append(_length(before, now))
    return tuple(sorted(found, key=lambda finding: (not finding.matters, PLACES.index(finding.kind))))


def _by_name(languages: Mapping[str, int]) -> dict[str, int]:
    return {language_name(code): count for code, count in languages.items()}


def summary(  # noqa: PLR0917
    findings: Sequence[Finding],
    before: Profile,
    now: Profile,
    new: int | None = None,
    labelled: int = 0,
    english_only: bool = False,
) -> tuple[str, bool]:
    """One plain line, and whether something has to be done. `new` comments came, without it all of them were
    read; `labelled` of them carry a label. `english_only`: so does the encoder read."""
    if not findings:
        return _nothing(now), False
    serious = [finding for finding in findings if finding.matters]
    if serious:
        more = f" {len(serious) - 1} more changed as well." if len(serious) > 1 else ""
        return f"{serious[0].words}{more} {_remedy(before, now, labelled, english_only)}", True
    line = f"The {now.rows if new is None else new:,} new comments are like those the model learned from"
    kinds = {finding.kind for finding in findings}
    if kinds == set(NAMES):
        return f"{line}.", False
    names = [name for kind, name in NAMES.items() if kind in kinds]
    return f"{line} in {' and '.join(filter(None, [', '.join(names[:-1]), names[-1]]))}.", False


def _remedy(before: Profile, now: Profile, labelled: int, english_only: bool) -> str:
    """Without a new label a training would give the same model again."""
    language = new_language(before, now)
    foreign = bool(language) and language != ENGLISH and english_only
    encoder = "The built-in encoder knows English only, so choose a multilingual one. " if foreign else ""
    if labelled:
        carry = "carries" if labelled == 1 else "carry"
        return f"{encoder}Train again: {labelled:,} of the new comments {carry} a label."
    which = f"new comments in {language_name(language)}" if language else "new comments"
    return f"{encoder}Label some of the {which} and train again."


def new_language(before: Profile, now: Profile) -> str:
    """The code of a language that the model hardly learned from and many new rows are in; "" for none."""
    if min(before.rows, now.rows) < FEWEST:
        return ""
    many = {
        code: count
        for code, count in now.languages.items()
        if code != UNKNOWN
        and count >= MIX * now.rows
        and before.languages.get(code, 0) <= NEW_LANGUAGE * before.rows
    }
    return max(many, key=many.get, default="")


def _nothing(now: Profile) -> str:
    if max(now.rows, now.predicted) < FEWEST:
        return f"Too few comments to compare: at least {FEWEST} new ones are needed."
    return (
        f"Of the comments that the model learned from fewer than {FEWEST} are here, too few to compare the "
        "new ones with. Label more and train again."
    )


def _mix(kind: str, what: str, before: Mapping, now: Mapping) -> Finding:
    names = sorted(set(before) | set(now))
    old, new = (np.array([counts.get(name, 0) for name in names], dtype=float) for counts in (before, now))
    if not old.sum() or not new.sum():
        return Finding(kind, f"{what} cannot be compared: one side has none.", 0.0, False)
    was, share = old / old.sum(), new / new.sum()
    size = float(np.abs(was - share).sum() / 2)
    matters = size >= MIX and _same_mix(old, new) < CHANCE
    moved = np.abs(was - share)
    most = int(np.where(np.isclose(moved, moved.max()), share - was, -1.0).argmax())  # of equals what grew
    name = names[most][:60] if kind == "language" else f"“{names[most][:60]}”"
    said = f"{what} changed: {name} went from {was[most]:.0%} to {share[most]:.0%}."
    return Finding(kind, said if matters else f"{what} is about the same.", size, matters)


def _same_mix(old: np.ndarray, new: np.ndarray) -> float:
    """p of the chi-squared test that both counts have one mix; cells of under 5 expected rows are joined."""
    from scipy.stats import chi2

    table = np.vstack([old, new])
    expected = table.sum(axis=0) * table.sum(axis=1)[:, None] / table.sum()
    small = expected.min(axis=0) < FEWEST_EXPECTED
    table = np.column_stack([table[:, ~small], table[:, small].sum(axis=1)])
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2:
        return 1.0
    expected = table.sum(axis=0) * table.sum(axis=1)[:, None] / table.sum()
    return float(chi2.sf(((table - expected) ** 2 / expected).sum(), table.shape[1] - 1))


def _gap(old: Sequence[int], new: Sequence[int]) -> tuple[float, float, float]:
    """(largest gap of the cumulative shares, the same signed: positive when the new ones lie lower, p)."""
    from scipy.stats import kstwobign

    was, share = (np.cumsum(counts) / np.sum(counts) for counts in (old, new))
    gaps = share - was
    signed = float(gaps[np.abs(gaps).argmax()])
    n, m = float(np.sum(old)), float(np.sum(new))
    return abs(signed), signed, float(kstwobign.sf(abs(signed) * np.sqrt(n * m / (n + m))))


def _confidence(before: Profile, now: Profile) -> Finding:
    """Only less confidence is bad news."""
    size, signed, chance = _gap(before.confidence, now.confidence)
    matters = signed > 0 and size >= CONFIDENCE and chance < CHANCE
    middles = (np.arange(STEPS) + 0.5) / STEPS
    was, new = (np.average(middles, weights=counts) for counts in (before.confidence, now.confidence))
    words = f"The model is less sure: {new:.0%} on average, {was:.0%} before."
    return Finding("confidence", words if matters else "The model is about as sure as before.", size, matters)


def _unknown(before: Profile, now: Profile) -> Finding:
    from scipy.stats import norm

    was, new = before.unknown / before.looked_up, now.unknown / now.looked_up
    size = float(2 * np.arcsin(np.sqrt(new)) - 2 * np.arcsin(np.sqrt(was)))  # Cohen's h
    chance = norm.sf(size / np.sqrt(1 / before.looked_up + 1 / now.looked_up))
    matters = size >= UNKNOWN_WORDS and chance < CHANCE
    words = f"{new:.0%} of the new comments hold words that the model does not know, {was:.0%} before."
    said = words if matters else "The new comments hold no more unknown words than before."
    return Finding("unknown", said, abs(size), bool(matters))


def _length(before: Profile, now: Profile) -> Finding:
    size, signed, chance = _gap(before.lengths, now.lengths)
    matters = size >= LENGTH and chance < CHANCE
    words = f"The comments have become {'shorter' if signed > 0 else 'longer'}."
    return Finding("length", words if matters else "The comments are about as long as before.", size, matters)
