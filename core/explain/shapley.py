"""Shapley values by sampled orders: each word's factor on the confidence (Castro and others 2009)."""

import random
from dataclasses import replace

import numpy as np

from core.domain import Attribution
from core.explain.model import Explainable
from core.explain.occlusion import grouped
from core.explain.reading import read
from core.explain.variants import kept, scores
from core.explain.weighting import pair
from core.explain.words import FACTOR

NAME = "Shapley sampling"
ORDERS = 5  # drawn; each is read backwards too, which halves the noise
SEED = 0  # for each text, so that a text is always explained alike
LIMIT = 64  # words; a longer text is explained by groups of neighbours
TINY = 1e-9


def explain(
    model: Explainable, text: str, label: str, against: str | None = None, limit: int = LIMIT
) -> Attribution:
    """w_i = mean over orders of v(S + i) - v(S), S the words before i, v = log p_c of the text of S alone.

    e^w is a factor, above 1 for the label; with `against` b, v = log p_c - log p_b. The weights add up to
    v(all) - v(none). Raises NotFound for a label that the model does not have.
    """
    wanted, other = pair(model, label, against)
    reading = read(model, text)
    spans = grouped(reading.read, limit)
    cut = reading.spans[len(reading.read) :]
    ways = orders(len(spans))
    texts = [kept(reading.seen, spans, keep) for way in ways for keep in _growing(way)]
    found = scores(model, [text, *texts])
    values = np.log(found + TINY)
    values = values[1:, wanted] - (0.0 if other is None else values[1:, other])
    gains = np.diff(values.reshape(len(ways), len(spans) + 1), axis=1)
    weights = np.zeros(len(spans))
    for way, gain in zip(ways, gains, strict=True):
        weights[way] += gain / len(ways)
    weighted = [replace(span, weight=float(weight)) for span, weight in zip(spans, weights, strict=True)]
    probability, said = float(found[0, wanted]), unit(label, against)
    return Attribution(text, (*weighted, *cut), label, NAME, said, probability, against or "")


def unit(label: str, against: str | None) -> str:
    return FACTOR if against is None else f"{FACTOR} in {label} over {against}"


def orders(words: int) -> list[list[int]]:
    """Drawn orders of the words, each followed by itself backwards."""
    draw = random.Random(SEED)  # noqa: S311 (no secret)
    found = []
    for _ in range(ORDERS):
        way = list(range(words))
        draw.shuffle(way)
        found += [way, way[::-1]]
    return found


def _growing(way: list[int]) -> list[np.ndarray]:
    """Which words are there before the first, after the first, ... after the last of the order."""
    keep = np.zeros(len(way), dtype=bool)
    found = [keep.copy()]
    for place in way:
        keep[place] = True
        found.append(keep.copy())
    return found
