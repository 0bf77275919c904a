"""Attention rollout: how what was read flows to the top through all layers (Abnar, Zuidema 2020)."""

import numpy as np

from core.domain import Attribution
from core.explain.attention import Looked, maps_of
from core.explain.model import Attentive, column
from core.explain.reading import read
from core.explain.weighting import on_words

NAME = "attention rollout"
UNIT = "% of the flow"


def explain(model: Attentive, text: str, label: str, against: str | None = None) -> Attribution:
    """Where it looked, not why: the same for every label, and `against` changes nothing.

    What flows from special tokens belongs to no word, so the weights add up to less than 1. Raises NotFound
    for a model without attention or a label that it does not have.
    """
    wanted = column(model, label)
    tokens, maps = maps_of(model, text)
    spans = on_words(read(model, text), tokens, flow(maps)[-1])
    return Attribution(text, spans, label, NAME, UNIT, float(model.probabilities([text])[0, wanted]))


def by_layer(looked: Looked) -> np.ndarray:
    """(layers, words): share of each word after each layer, words in the order of the text."""
    found = [on_words(looked.reading, looked.tokens, layer) for layer in flow(looked.weights)]
    return np.array([[span.weight for span in spans] for spans in found])


def flow(maps: np.ndarray) -> np.ndarray:
    """(layers, tokens): share of each token after each layer. R = I, then (A / 2 + I / 2) R, A the mean over
    heads; mean over the rows of R, since the model pools by the mean. `maps` as `attention` gives them."""
    same = np.eye(maps.shape[-1])
    total, found = same, []
    for heads in maps:
        total = (heads.mean(axis=0, dtype=np.float64) + same) @ total / 2
        found.append(total.mean(axis=0))
    return np.stack(found)
