"""What drives a label: which words move the confidence in it, over many comments."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from core.domain import Estimate, Span
from core.explain.model import Explainable, column
from core.explain.reading import read
from core.explain.variants import AT_ONCE, OnTexts, kept, scores
from core.explain.words import units

SAMPLE = 100  # comments a label
FEWEST = 3  # comments with a word, or nothing is said of it
QUOTES = 3
DRAWS = 1000
LONGEST_PHRASE = 3  # words
MOST_PHRASES = 60  # measured for one label
GAIN = 1.3  # a phrase is shown when it moves so many times what its strongest part does
LEAST = 0.01  # one point; a phrase of words that do less is not measured
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
    effect: float
    comments: int


@dataclass(frozen=True)
class Driver:
    words: str
    effect: Estimate  # mean fall, 0.01 = one point; 90 % range
    ids: tuple[int, ...]  # the comments looked at that hold it
    quotes: tuple[int, ...]  # of them, those where it mattered most
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
    model: Explainable, texts: Sequence[str], label: str, on_progress: OnTexts | None = None
) -> tuple[Effect, ...]:
    """Of every word, then of the phrases that recur; `on_progress(done, all)` may raise to stop.

    Raises NotFound for a label that the model does not have.
    """
    wanted = column(model, label)
    readings = [read(model, text) for text in texts]
    keys = [[key(reading.seen[span.start : span.end]) for span in reading.read] for reading in readings]
    plans = [_places(words, 1) for words in keys]
    report = _halves(on_progress)
    found = _measured(model, readings, plans, wanted, report(0))
    phrases = _phrases(keys, found)
    plans = [
        {phrase: places for phrase, places in _places(words, LONGEST_PHRASE).items() if phrase in phrases}
        for words in keys
    ]
    return (*found, *_measured(model, readings, plans, wanted, report(1)))


def _halves(on_progress: OnTexts | None):
    """Words are the first half of the work, phrases the second."""

    def half(number: int) -> OnTexts:
        def on(done: int, total: int) -> None:
            if on_progress:
                on_progress(number * total + done, 2 * total)

        return on

    return half


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
    found = scores(model, [readings[row].seen for row in rows] + [text for *_, text in waiting])[:, wanted]
    whole = dict(zip(rows, found, strict=False))
    return [
        Effect(row, words, float(whole[row] - score))
        for (row, words, _), score in zip(waiting, found[len(rows) :], strict=True)
    ]


def _phrases(keys: Sequence[Sequence[str]], found: Sequence[Effect]) -> set[str]:
    """Runs in at least three comments whose words matter, those first that promise most."""
    falls = defaultdict(list)
    for effect in found:
        falls[effect.words].append(effect.fall)
    means = {words: abs(float(np.mean(values))) for words, values in falls.items()}
    comments = Counter(phrase for words in keys for phrase in _places(words, LONGEST_PHRASE))
    hopes = {
        phrase: count * max(means[word] for word in phrase.split(" "))
        for phrase, count in comments.items()
        if count >= FEWEST and max(means[word] for word in phrase.split(" ")) >= LEAST
    }
    return set(sorted(hopes, key=lambda phrase: (-hopes[phrase], phrase))[:MOST_PHRASES])


# ---- summing up ---------------------------------------------------------------------------


def drivers(
    found: Sequence[Effect],
    ids: Sequence[int],
    segments: Mapping[str, Sequence[str]] | None = None,
    months: Sequence[str] = (),
    fewest: int = FEWEST,
    seed: int = 0,
) -> tuple[Driver, ...]:
    """Words and phrases in at least `fewest` comments, largest mean effect first.

    `ids`, each of `segments` and `months` are by row of the texts; "" stands for no value.
    """
    by_words: dict[str, list[Effect]] = defaultdict(list)
    for effect in found:
        by_words[effect.words].append(effect)
    falls = {words: {effect.row: effect.fall for effect in group} for words, group in by_words.items()}
    made = [
        _driver(words, group, ids, segments or {}, months, fewest, seed)
        for words, group in by_words.items()
        if len(group) >= fewest and _adds(words, falls)
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
    ordered = sorted(group, key=lambda effect: (-effect.fall, effect.row))
    return Driver(
        shown(words),
        _estimate(np.array([effect.fall for effect in group]), seed),
        tuple(ids[effect.row] for effect in group),
        tuple(ids[effect.row] for effect in ordered[:QUOTES]),
        {
            name: tuple(sorted(_parts(group, values, fewest), key=lambda part: (-part.effect, part.value)))
            for name, values in segments.items()
        },
        tuple(sorted(_parts(group, months, fewest), key=lambda part: part.value)) if len(months) else (),
    )


def _parts(group: Sequence[Effect], values: Sequence[str], fewest: int) -> list[Part]:
    split = defaultdict(list)
    for effect in group:
        if values[effect.row]:
            split[values[effect.row]].append(effect)
    return [Part(value, _mean(some), len(some)) for value, some in split.items() if len(some) >= fewest]


def _mean(group: Sequence[Effect]) -> float:
    return float(np.mean([effect.fall for effect in group]))


def _estimate(falls: np.ndarray, seed: int) -> Estimate:
    """Mean with a 90 % range over comments drawn again."""
    rows = np.random.default_rng(seed).integers(0, len(falls), (DRAWS, len(falls)))
    low, high = np.percentile(falls[rows].mean(axis=1), [5, 95])
    mid = float(falls.mean())
    return Estimate(
        mid, min(float(low), mid), max(float(high), mid), len(falls), METHOD, "points of confidence"
    )
