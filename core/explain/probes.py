"""Texts whose right explanation is known: two labels in one text, a word that decides."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.domain import Attribution
from core.explain.model import Explainable
from core.explain.variants import OnTexts

Method = Callable[..., Attribution]  # (model, text, label, against=None)
LONGEST_OF_PAIR = 16  # words


@dataclass(frozen=True)
class Pair:
    """Two comments of different labels as one text."""

    text: str
    middle: int  # where the second begins
    labels: tuple[str, str]


def pairs(
    texts: Sequence[str], truth: Sequence[str], said: Sequence[str], seed: int = 0, count: int = 50
) -> tuple[Pair, ...]:
    """Joined comments of at most 16 words that the model has right, with different labels."""
    rows = [row for row, text in enumerate(texts) if truth[row] == said[row] and _short(text)]
    if len({truth[row] for row in rows}) < 2:
        return ()
    draw, found = random.Random(seed), []  # noqa: S311 (no secret)
    while len(found) < count:
        first, second = draw.sample(rows, 2)
        if truth[first] != truth[second]:
            left = texts[first].strip()
            text = f"{left} {texts[second].strip()}"
            found.append(Pair(text, len(left) + 1, (truth[first], truth[second])))
    return tuple(found)


def _short(text: str) -> bool:
    return 0 < len(text.split()) <= LONGEST_OF_PAIR


def mixed(
    method: Method, model: Explainable, joined: Sequence[Pair], on_case: OnTexts | None = None
) -> np.ndarray:
    """(2 x pairs,) bool: asked about the label of one half, that half has the larger mean word weight."""
    right = []
    for number, pair in enumerate(joined):
        for half, label in enumerate(pair.labels):
            spans = method(model, pair.text, label).spans
            second = np.array([span.start >= pair.middle for span in spans])
            weights = np.array([span.weight for span in spans])
            means = weights[~second].mean(), weights[second].mean()
            right.append(means[half] > means[1 - half])
        if on_case:
            on_case(number + 1, len(joined))
    return np.array(right, dtype=bool)


def planted_first(method: Method, model: Explainable, planted: Sequence[tuple[str, str, str]]) -> np.ndarray:
    """(texts,) bool: the top word is the planted one; `planted` holds (text, word, label)."""
    first = []
    for text, word, label in planted:
        spans = method(model, text, label).spans
        top = spans[int(np.argmax([span.weight for span in spans]))]
        first.append(text[top.start : top.end] == word)
    return np.array(first, dtype=bool)
