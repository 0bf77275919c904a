"""Edit and see: what the model says of a changed text, and how little turns its answer."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from core.domain import Span
from core.errors import AppError
from core.explain import occlusion
from core.explain.model import Explainable, column
from core.explain.reading import read
from core.explain.variants import OnTexts, chunks, kept, scores

THRESHOLD = 0.5  # of a label where a text may carry several
LIMIT = 48  # words
TRIED_AT_ONCE = 16  # deletions


@dataclass(frozen=True)
class Edit:
    """text[start:end] becomes `text`: "" drops it; an empty place adds to it."""

    start: int
    end: int
    text: str = ""


@dataclass(frozen=True)
class Answer:
    text: str
    probabilities: tuple[float, ...]  # by the labels of the model


@dataclass(frozen=True)
class Flip:
    """The smallest deletion that was found to turn the answer."""

    spans: tuple[Span, ...]  # what is left out, in text order
    share: float  # of the words, that had to go
    text: str  # what is left
    probabilities: tuple[float, ...]  # of what is left


@dataclass(frozen=True)
class Robustness:
    """How much of a comment must go before the model no longer says the label."""

    label: str
    comments: int
    share: float  # of the words, median; 1: no deletion turned it
    one_word: float  # share of the comments that a single word turns


def edited(text: str, edits: Sequence[Edit]) -> str:
    """All edits at once; their places are those of the original. Raises AppError when two overlap."""
    parts, place = [], 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if not place <= edit.start <= edit.end <= len(text):
            raise AppError("Two changes touch the same words. Undo one of them.")
        parts += [text[place : edit.start], edit.text]
        place = edit.end
    return "".join([*parts, text[place:]])


def dropped(text: str, spans: Sequence[Span]) -> str:
    """Without the words, and without the gaps that they leave."""
    for span in sorted(spans, key=lambda span: -span.start):
        text = occlusion.without(text, span.start, span.end)
    return text


def answers(model: Explainable, texts: Sequence[str]) -> tuple[Answer, ...]:
    """What the model says of each, from one call: the original and its edits side by side."""
    found = model.probabilities(list(texts)) if len(texts) else ()
    return tuple(Answer(text, tuple(row.tolist())) for text, row in zip(texts, found, strict=True))


# ---- how little turns it ------------------------------------------------------------------


def smallest_flip(model: Explainable, text: str, label: str | None = None, limit: int = LIMIT) -> Flip | None:
    """Each single word, then the top 2, 3 ... words in the order of occlusion; None when nothing turns it.

    `label`: the one that must no longer be said; the likeliest without it. A text of which the model does
    not say the label has nothing to turn. Of single words, the one that leaves the label least likely. In a
    text of more than `limit` words, groups of neighbours stand for words.
    """
    reading = read(model, text)
    spans = occlusion.grouped(reading.read, limit)
    single = [_left(reading.seen, spans, (place,)) for place in range(len(spans))]
    found = scores(model, [reading.seen, *single])
    wanted = int(found[0].argmax()) if label is None else column(model, label)
    if not len(spans) or not _says(model, found[:1], wanted)[0]:
        return None
    order = np.argsort(found[1:, wanted], kind="stable").tolist()
    # The last group is the whole text: what an empty text is called may be another label.
    groups = [(place,) for place in order]
    groups += [tuple(sorted(order[:count])) for count in range(2, len(spans) + 1)]
    for part in chunks(groups, TRIED_AT_ONCE):
        texts = [_left(reading.seen, spans, group) for group in part]
        found = scores(model, texts)
        turned = ~_says(model, found, wanted)
        if turned.any():
            first = int(turned.argmax())
            gone = tuple(spans[place] for place in part[first])
            return Flip(gone, _share(gone, reading.read), texts[first], tuple(found[first].tolist()))
    return None


def _share(gone: Sequence[Span], words: Sequence[Span]) -> float:
    return sum(any(span.start <= word.start < span.end for span in gone) for word in words) / len(words)


def _left(text: str, spans: Sequence[Span], places: Sequence[int]) -> str:
    return kept(text, spans, [place not in places for place in range(len(spans))])


def _says(model: Explainable, found: np.ndarray, wanted: int) -> np.ndarray:
    """(texts,) bool: the answer holds the label."""
    if getattr(model, "multi", False):
        return found[:, wanted] >= THRESHOLD
    return found.argmax(axis=1) == wanted


def robustness(
    model: Explainable,
    texts: Sequence[str],
    on_progress: OnTexts | None = None,
    labels: Collection[str] | None = None,
) -> tuple[Robustness, ...]:
    """Of each of `labels` (all without it), on the comments of which the model says it; labels that it says
    nowhere are left out.

    `on_progress(done, all)` after each comment may raise to stop.
    """
    found = scores(model, texts)
    shares: dict[str, list[float]] = {label: [] for label in model.labels}
    single: dict[str, list[bool]] = {label: [] for label in model.labels}
    for number, text in enumerate(texts):
        for place, label in enumerate(model.labels):
            if (labels is None or label in labels) and _says(model, found[number : number + 1], place)[0]:
                flip = smallest_flip(model, text, label)
                shares[label].append(flip.share if flip else 1.0)
                single[label].append(flip is not None and len(flip.spans) == 1)
        if on_progress:
            on_progress(number + 1, len(texts))
    return tuple(
        Robustness(label, len(values), float(np.median(values)), float(np.mean(single[label])))
        for label, values in shares.items()
        if values
    )
