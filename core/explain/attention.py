"""Attention: where the model looked. Blind to the label that is asked about."""

from dataclasses import dataclass

import numpy as np

from core.domain import Attribution, Token
from core.errors import NotFound
from core.explain.model import Attentive, column, has_attention
from core.explain.reading import Reading, read, shares
from core.explain.weighting import on_words

NAME = "attention"
UNIT = "% of the attention"
LEAST = np.float32(1e-30)  # its logarithm times 0 is 0


@dataclass(frozen=True)
class Looked:
    """All heads on one text; `weights` (layers, heads, tokens, tokens), row = the token that looks.

    float16: half the memory, and 512 tokens of 6 layers with 12 heads still are 38 MB.
    """

    text: str
    reading: Reading
    tokens: tuple[Token, ...]
    weights: np.ndarray

    @property
    def layers(self) -> int:
        return self.weights.shape[0]

    @property
    def heads(self) -> int:
        return self.weights.shape[1]


@dataclass(frozen=True)
class AttentionView:
    """One head, or the mean of a layer; `matrix` (tokens, tokens) float32, row = the token that looks."""

    tokens: tuple[Token, ...]
    matrix: np.ndarray


def explain(model: Attentive, text: str, label: str, against: str | None = None) -> Attribution:
    """Last layer, mean over heads and over rows (the model pools by the mean), summed by word.

    What goes to special tokens belongs to no word, so the weights add up to less than 1.
    `against` changes nothing: attention is the same for every label.
    """
    wanted = column(model, label)
    tokens, maps = maps_of(model, text)
    spans = on_words(read(model, text), tokens, maps[-1].mean(axis=(0, 1), dtype=np.float64))
    probability = float(model.probabilities([text])[0, wanted])
    return Attribution(text, spans, label, NAME, UNIT, probability)


def look(model: Attentive, text: str) -> Looked:
    """One forward pass. Raises NotFound for a model without attention."""
    tokens, maps = maps_of(model, text, half=True)
    return Looked(text, read(model, text), tokens, maps.astype(np.float16, copy=False))


def matrix(looked: Looked, layer: int, head: int | None = None, specials: bool = False) -> AttentionView:
    """One head of one layer, counted from 0; None: their mean. Without special tokens rows add up to less
    than 1. Raises NotFound."""
    keep = _kept(looked.tokens, specials)
    shown = _head(looked, layer, head)[np.ix_(keep, keep)]
    return AttentionView(tuple(looked.tokens[place] for place in keep), shown)


def words(looked: Looked, layer: int, head: int | None = None, word: int | None = None) -> Attribution:
    """How much of the look of one word, a place in the spans, goes to each word; of None: of all tokens.

    Mean over the tokens that look, sum over those looked at. What goes to special tokens belongs to no
    word. A word without tokens looks at nothing. Raises NotFound.
    """
    count = len(looked.tokens)
    rows = np.full(count, 1 / max(1, count))
    if word is not None:
        span = looked.reading.spans[word]
        inside = shares([(span.start, span.end)], looked.tokens)[0]
        rows = inside / (inside.sum() or 1.0)
    spans = on_words(looked.reading, looked.tokens, rows @ _head(looked, layer, head))
    return Attribution(looked.text, spans, "", NAME, UNIT, 0.0)


def overview(looked: Looked, specials: bool = False) -> np.ndarray:
    """(layers, heads): how narrowly each head looks, 0 = evenly at all tokens, 1 = at one.

    1 - entropy / log(tokens) of each row over the shown tokens, mean over rows. Many heads rest on
    [SEP]; left out here, they are compared by what they do with the words. One token or none: 0.
    """
    keep = _kept(looked.tokens, specials)
    if len(keep) < 2:
        return np.zeros((looked.layers, looked.heads))
    return np.stack([_narrowness(layer[:, *np.ix_(keep, keep)]) for layer in looked.weights])


def maps_of(model: Attentive, text: str, half: bool = False) -> tuple[tuple[Token, ...], np.ndarray]:
    """As Attentive.attention gives them. Raises NotFound for a model that has none."""
    if not has_attention(model):
        raise NotFound(
            "This model has no attention to show. Look at the words that mattered, "
            "or choose a Quick or Better run."
        )
    return model.attention(text, half)


def _narrowness(part: np.ndarray) -> np.ndarray:
    """(heads,) of one layer (heads, tokens, tokens)."""
    part = part.astype(np.float32)  # in float64 512 tokens take a second and a half
    total = part.sum(axis=-1, keepdims=True)
    part = np.divide(part, total, out=np.full_like(part, 1 / part.shape[-1]), where=total > 0)
    part *= np.log(np.maximum(part, LEAST))
    entropy = part.sum(axis=-1, dtype=np.float64)
    return (1.0 + entropy / np.log(part.shape[-1])).mean(axis=-1).clip(0.0, 1.0)


def _head(looked: Looked, layer: int, head: int | None) -> np.ndarray:
    """(tokens, tokens) float32."""
    if not (0 <= layer < looked.layers and (head is None or 0 <= head < looked.heads)):
        raise NotFound(
            f"This model has layers 1 to {looked.layers} and heads 1 to {looked.heads}. "
            "Choose a layer and head of these."
        )
    if head is None:
        return looked.weights[layer].mean(axis=0, dtype=np.float32)
    return looked.weights[layer, head].astype(np.float32)


def _kept(tokens: tuple[Token, ...], specials: bool) -> list[int]:
    # By place, not by flag: a person who types "[SEP]" sees it among the words.
    return [place for place, token in enumerate(tokens) if specials or token.end > token.start]
