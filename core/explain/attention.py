"""Attention: where the model looked. Blind to the label that is asked about."""

from dataclasses import dataclass, replace

import numpy as np

from core.domain import Attribution, Token
from core.errors import NotFound
from core.explain.model import Attentive, column, has_attention
from core.explain.reading import read, shares
from core.explain.words import CUT

NAME = "attention"
UNIT = "% of the attention"
LEAST = np.float32(1e-30)  # its logarithm times 0 is 0


@dataclass(frozen=True)
class AttentionView:
    """One head; `matrix` (tokens, tokens) float32, row = the token that looks, column = looked at."""

    tokens: tuple[Token, ...]
    matrix: np.ndarray
    layer: int  # from 0
    head: int  # from 0
    layers: int
    heads: int


def explain(model: Attentive, text: str, label: str, against: str | None = None) -> Attribution:
    """Last layer, mean over heads and over rows (the model pools by the mean), summed by word.

    What goes to special tokens belongs to no word, so the weights add up to less than 1.
    `against` changes nothing: attention is the same for every label.
    """
    wanted = column(model, label)
    spans = read(model, text).spans
    tokens, maps = _maps(model, text)
    looked = maps[-1].astype(np.float64).mean(axis=(0, 1))
    seen = [span for span in spans if span.mark != CUT]
    weights = shares([(span.start, span.end) for span in seen], tokens) @ looked
    weighted = [replace(span, weight=float(weight)) for span, weight in zip(seen, weights, strict=True)]
    probability = float(model.probabilities([text])[0, wanted])
    return Attribution(text, (*weighted, *spans[len(seen) :]), label, NAME, UNIT, probability)


def matrix(model: Attentive, text: str, layer: int, head: int, specials: bool = False) -> AttentionView:
    """One head of one layer. Without special tokens rows add up to less than 1. Raises NotFound."""
    tokens, maps = _maps(model, text)
    layers, heads = maps.shape[:2]
    if not (0 <= layer < layers and 0 <= head < heads):
        raise NotFound(
            f"This model has layers 1 to {layers} and heads 1 to {heads}. Choose a layer and head of these."
        )
    keep = _kept(tokens, specials)
    shown = maps[layer, head][np.ix_(keep, keep)]
    return AttentionView(tuple(tokens[place] for place in keep), shown, layer, head, layers, heads)


def overview(model: Attentive, text: str, specials: bool = False) -> np.ndarray:
    """(layers, heads): how narrowly each head looks, 0 = evenly at all tokens, 1 = at one.

    1 - entropy / log(tokens) of each row over the shown tokens, mean over rows. Many heads rest on
    [SEP]; left out here, they are compared by what they do with the words. One token or none: 0.
    """
    tokens, maps = _maps(model, text)
    keep = _kept(tokens, specials)
    if len(keep) < 2:
        return np.zeros(maps.shape[:2])
    part = maps[:, :, *np.ix_(keep, keep)]  # float32: in float64 512 tokens take a second and a half
    total = part.sum(axis=-1, keepdims=True)
    part = np.divide(part, total, out=np.full_like(part, 1 / len(keep)), where=total > 0)
    part *= np.log(np.maximum(part, LEAST))
    entropy = part.sum(axis=-1, dtype=np.float64)
    return (1.0 + entropy / np.log(len(keep))).mean(axis=-1).clip(0.0, 1.0)


def _maps(model: Attentive, text: str) -> tuple[tuple[Token, ...], np.ndarray]:
    if not has_attention(model):
        raise NotFound(
            "This model has no attention to show. Look at the words that mattered, "
            "or choose a Quick or Better run."
        )
    return model.attention(text)


def _kept(tokens: tuple[Token, ...], specials: bool) -> list[int]:
    # By place, not by flag: a person who types "[SEP]" sees it among the words.
    return [place for place, token in enumerate(tokens) if specials or token.end > token.start]
