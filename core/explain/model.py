"""What an explanation needs of a classifier."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from core.domain import Token
from core.errors import NotFound


class Explainable(Protocol):
    @property
    def labels(self) -> tuple[str, ...]: ...

    @property
    def max_tokens(self) -> int: ...

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """(texts, labels) float64, calibrated."""
        ...

    def tokens(self, text: str) -> tuple[Token, ...]:
        """The tokens that fit `max_tokens`, special ones included."""
        ...

    def unknown_tokens(self, text: str) -> list[tuple[int, int]]:
        """Character spans of the tokens that the vocabulary does not know."""
        ...


class Attentive(Explainable, Protocol):
    """A transformer; models of counted words and BiLSTMs are only Explainable."""

    def attention(self, text: str, half: bool = False) -> tuple[tuple[Token, ...], np.ndarray]:
        """The same tokens and (layers, heads, tokens, tokens) float32, float16 with `half`; rows sum to 1."""
        ...


def has_attention(model: object) -> bool:
    return callable(getattr(model, "attention", None))


def has_layers(model: object) -> bool:
    """An encoder with a linear head, whose gradients can be asked for."""
    return getattr(model, "encoder", None) is not None and getattr(model, "head", None) is not None


def column(model: Explainable, label: str) -> int:
    """Place of the label in the probabilities. Raises NotFound."""
    if label not in model.labels:
        raise NotFound(f"This model does not know the label '{label}'. Choose one of its own labels.")
    return model.labels.index(label)
