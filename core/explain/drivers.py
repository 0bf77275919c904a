"""What drives a label: which words move the confidence in it, over many comments."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from core.domain import Estimate, Span
from core.explain.model import Explainable, column
from core.explain.reading import read
from core.explain.variants import OnTexts, kept
from core.explain.words import units

SAMPLE = 100  # comments a label
FEWEST = 3  # comments with a word, or nothing is said of it
QUOTES = 3
DRAWS = 1000
LONGEST_PHRASE = 3  # words
MOST_PHRASES = 60  # measured for one label
GAIN = 1.3  # a phrase is shown when it moves so many times what its strongest part does
LEAST = 0.01  # one point; a phrase of words that do less is not measured
AT_ONCE = 512  # texts in one call: more than are read in full precision, few enough to stop soon
FIRST_PART = 0.8  # of the work: the words; the phrases are the rest
CHANCE = 0.10  # a part is called clear when its distance from the others has this chance, over all parts
METHOD = "mean occlusion, bootstrap over comments"


@dataclass(frozen=True)
class Effect:
    """How far the confidence in one comment falls when all places of a word or phrase are left out."""

    row: int  # place of the comment in the texts
    words: str  # lower case, without outer punctuation
    fall: float  # 0.01 = one point of confidence


@dataclass(frozen=True)
class Part:
    """The comments with one value of a segment, or of one month."""

    value: str
    effect: Estimate
    clear: bool = False  # farther from the other comments with the word than chance would bring it


@dataclass(frozen=True)
class Driver:
    words: str
    effect: Estimate  # mean fall, 0.01 = one point; 90 % range
    ids: tuple[int, ...]  # the comments looked at that hold it
    quotes: tuple[int, ...]  # of them, those where it mattered most in the direction of the mean
    segments: Mapping[str, tuple[Part, ...]] = field(default_factory=dict)  # by column, largest effect first
    months: tuple[Part, ...] = ()  # in time order

    @property
    def clear(self) -> bool:
        """More than chance in one direction."""
        return self.effect.low > 0 or self.effect.high < 0


def sampled(carries: np.ndarray, count: int = SAMPLE, seed: int = 0) -> np.ndarray:
    """Row numbers of up to `count` comments of a label, in rising order; `carries` (rows,) bool."""
    rows = np.flatnonzero(carries)
    if len(rows) > count:
        rows = np.random.default_rng(seed).choice(rows, count, replace=False)
    return np.sort(rows)


def key(word: str) -> str:
    """Lower case and without outer punctuation; a mask such as [email] or a handle keeps its marks."""
    word = unicodedata.normalize("NFC", word).lower()
    start, end = 0, len(word)
    while start < end and _outer(word[start]):
        start += 1
    while end > start and _outer(word[end - 1]):
        end -= 1
    if start == end:
        return word
    before, after = word[start - 1 : start], word[end : end + 1]
    if before == "[" and after == "]":
        return word[start - 1 : end + 1]
    return word[start - 1 : end] if before in ("@", "#") else word[start:end]


def _outer(character: str) -> bool:
    # "$5" and "C++" keep their signs.
    return unicodedata.category(character)[0] in "PCZ"


# ---- measuring ----------------------------------------------------------------------------


def effects(
    model: Explainable,
    texts: Sequence[str],
    label: str,
    on_progress: OnTexts | None = None,
    fewest: int = FEWEST,
) -> tuple[Effect, ...]:
    """Of the words in at least `fewest` comments, then of the phrases that recur; `on_progress(done, all)`
    may raise to stop.

    Raises NotFound for a label that the model does not have.
    """
    wanted = column(model, label)
    readings = [read(model, text) for text in texts]
    keys = [[key(reading.seen[span.start : span.end]) for span in reading.read] for reading in readings]
    counts = Counter(word for words in keys for word in set(words))
    words = _measured(
        model,
        readings,
        [_chosen(_places(each, 1), {word for word in each if _worth(word, counts, fewest)}) for each in keys],
        wanted,
        _part(on_progress, 0.0, FIRST_PART),
    )
    phrases = _phrases(keys, words)
    plans = [_chosen(_places(each, LONGEST_PHRASE), phrases) for each in keys]
    return (*words, *_measured(model, readings, plans, wanted, _part(on_progress, FIRST_PART, 1.0)))


def _worth(word: str, counts: Mapping[str, int], fewest: int) -> bool:
    """Often enough, and more than a lone mark of punctuation."""
    return counts[word] >= fewest and not (len(word) == 1 and _outer(word))


def _part(on_progress: OnTexts | None, start: float, end: float) -> OnTexts:
    """Reports a part of the work, from one share of it to another, in thousandths."""

    def on(done: int, total: int) -> None:
        if on_progress:
            on_progress(round(1000 * (start + (end - start) * done / total)), 1000)

    return on


def _chosen(places: Mapping[str, list[int]], wanted: Collection[str]) -> dict[str, list[int]]:
    return {words: places[words] for words in places if words in wanted}


def _places(words: Sequence[str], longest: int) -> dict[str, list[int]]:
    """Each word, and with `longest` > 1 each phrase of two to so many words, with all places it covers."""
    found: dict[str, list[int]] = defaultdict(list)
    for size in range(1 if longest == 1 else 2, longest + 1):
        for first in range(len(words) - size + 1):
            run = words[first : first + size]
            found[" ".join(run)] += range(first, first + size)
    return found


def _measured(
    model: Explainable, readings: Sequence, plans: Sequence[Mapping], wanted: int, on: OnTexts
) -> list[Effect]:
    found: list[Effect] = []
    waiting: list[tuple[int, str, str]] = []  # row, words, text without them
    for row, (reading, plan) in enumerate(zip(readings, plans, strict=True)):
        waiting += [(row, words, _without(reading.seen, reading.read, plan[words])) for words in plan]
        if len(waiting) >= AT_ONCE or row + 1 == len(readings):
            found += _falls(model, readings, waiting, wanted)
            waiting = []
            on(row + 1, len(readings))
    return found


def _without(text: str, spans: Sequence[Span], places: Sequence[int]) -> str:
    gone = set(places)
    return kept(text, spans, [place not in gone for place in range(len(spans))])


def _falls(model: Explainable, readings: Sequence, waiting: Sequence, wanted: int) -> list[Effect]:
    rows = list(dict.fromkeys(row for row, _, _ in waiting))
    if not waiting:
        return []
    # In one call, so that all are read in the same precision.
    texts = [readings[row].seen for row in rows] + [text for *_, text in waiting]
    found = model.probabilities(texts)[:, wanted]
    whole = dict(zip(rows, found, strict=False))
    return [
        Effect(row, words, float(whole[row] - score))
        for (row, words, _), score in zip(waiting, found[len(rows) :], strict=True)
    ]


def _phrases(keys: Sequence[Sequence[str]], found: Sequence[Effect]) -> set[str]:
    """Runs in at least three comments whose words were measured and matter, those first that promise most."""
    falls = defaultdict(list)
    for effect in found:
        falls[effect.words].append(effect.fall)
    means = {words: abs(float(np.mean(values))) for words, values in falls.items()}
    comments = Counter(phrase for words in keys for phrase in _places(words, LONGEST_PHRASE))
    most = {
        phrase: max(means.get(word, 0.0) for word in phrase.split(" "))
        for phrase, count in comments.items()
        if count >= FEWEST
    }
    hopes = {phrase: comments[phrase] * fall for phrase, fall in most.items() if fall >= LEAST}
    return set(sorted(hopes, key=lambda phrase: (-hopes[phrase], phrase))[:MOST_PHRASES])


# ---- summing up ---------------------------------------------------------------------------


def drivers(
    found: Sequence[Effect],
    ids: Sequence[int],
    segments: Mapping[str, Sequence[str]] | None = None,
    months: Sequence[str] = (),
    fewest: int = FEWEST,
    seed: int = 0,
    most: int | None = None,
) -> tuple[Driver, ...]:
    """Words and phrases in at least `fewest` comments, largest mean effect first; with `most`, those so many
    that move the confidence farthest, up or down.

    `ids`, each of `segments` and `months` are by row of the texts; "" stands for no value.
    """
    by_words: dict[str, list[Effect]] = defaultdict(list)
    for effect in found:
        by_words[effect.words].append(effect)
    falls = {words: {effect.row: effect.fall for effect in group} for words, group in by_words.items()}
    kept = [words for words, group in by_words.items() if len(group) >= fewest and _adds(words, falls)]
    kept.sort(key=lambda words: (-abs(_mean(by_words[words])), words))
    made = [
        _driver(words, by_words[words], ids, segments or {}, months, fewest, seed) for words in kept[:most]
    ]
    return tuple(sorted(made, key=lambda driver: (-driver.effect.mid, driver.words)))


def _adds(words: str, falls: Mapping[str, Mapping[int, float]]) -> bool:
    """A phrase is worth a line of its own when it does more than any part of it in the same comments."""
    parts = words.split(" ")
    rows = falls[words]
    whole = abs(float(np.mean(list(rows.values()))))
    for size in range(1, len(parts)):
        for first in range(len(parts) - size + 1):
            part = falls.get(" ".join(parts[first : first + size]), {})
            known = [part[row] for row in rows if row in part]
            if known and whole < GAIN * abs(float(np.mean(known))):
                return False
    return True


def shown(words: str) -> str:
    """Without the spaces between characters of scripts that have none."""
    text, last = "", ""
    for part in words.split(" "):
        apart = len(units(last + part)) < len(units(last)) + len(units(part))
        text += f" {part}" if last and apart else part
        last = part
    return text


def _driver(words, group, ids, segments, months, fewest: int, seed: int) -> Driver:
    way = 1 if _mean(group) >= 0 else -1
    ordered = sorted(group, key=lambda effect: (-way * effect.fall, effect.row))
    parts = {name: _parts(group, values, fewest, seed) for name, values in segments.items()}
    return Driver(
        shown(words),
        _estimate(_falls_of(group), seed),
        tuple(ids[effect.row] for effect in group),
        tuple(ids[effect.row] for effect in ordered[:QUOTES]),
        {
            name: tuple(sorted(found, key=lambda part: (-part.effect.mid, part.value)))
            for name, found in parts.items()
            if len(found) > 1
        },
        tuple(sorted(_parts(group, months, fewest, seed), key=lambda part: part.value))
        if len(months)
        else (),
    )


def _parts(group: Sequence[Effect], values: Sequence[str], fewest: int, seed: int) -> list[Part]:
    split: dict[str, list[int]] = defaultdict(list)
    for place, effect in enumerate(group):
        if values[effect.row]:
            split[values[effect.row]].append(place)
    falls = _falls_of(group)
    large = {value: np.array(places) for value, places in split.items() if len(places) >= fewest}
    clear = _apart(falls, list(large.values()), seed)
    return [
        Part(value, _estimate(falls[places], seed), bool(far))
        for (value, places), far in zip(large.items(), clear, strict=True)
    ]


def _apart(falls: np.ndarray, parts: Sequence[np.ndarray], seed: int) -> list[bool]:
    """Of each part, whether its mean lies farther from that of the other comments than in all but a few
    shuffles of the comments (permutation test, divided by the number of parts)."""
    if not parts:
        return []
    rng = np.random.default_rng(seed)
    shuffled = np.vstack([falls, rng.permuted(np.tile(falls, (DRAWS, 1)), axis=1)])
    total, found = falls.sum(), []
    for places in parts:
        inside, others = shuffled[:, places].sum(axis=1), len(falls) - len(places)
        if not others:
            found.append(False)
            continue
        distance = np.abs(inside / len(places) - (total - inside) / others)
        # The comments as they are count among the shuffles; sums differ in their last digits.
        chance = float(np.mean(distance >= distance[0] - 1e-12))
        found.append(chance <= CHANCE / len(parts))
    return found


def _falls_of(group: Sequence[Effect]) -> np.ndarray:
    return np.array([effect.fall for effect in group])


def _mean(group: Sequence[Effect]) -> float:
    return float(_falls_of(group).mean())


def _estimate(falls: np.ndarray, seed: int) -> Estimate:
    """Mean with a 90 % range over comments drawn again."""
    rows = np.random.default_rng(seed).integers(0, len(falls), (DRAWS, len(falls)))
    low, high = np.percentile(falls[rows].mean(axis=1), [5, 95])
    mid = float(falls.mean())
    return Estimate(
        mid, min(float(low), mid), max(float(high), mid), len(falls), METHOD, "points of confidence"
    )
