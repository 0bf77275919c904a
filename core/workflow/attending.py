"""Where a model looked on one text: heads, words and layers, in the forms that a page draws."""

from base64 import b64encode
from typing import TYPE_CHECKING

import numpy as np

from core.domain import Attribution

if TYPE_CHECKING:
    from core.explain.attention import AttentionView, Looked


def look(classifier, text: str) -> "Looked":
    """All heads on the text; see core.explain.attention. Raises NotFound for a model without attention,
    ModelError where the encoder keeps it to itself."""
    from core.explain import attention

    return attention.look(classifier, text)


def overview(looked: "Looked", specials: bool = False) -> np.ndarray:
    """(layers, heads) 0..1: how narrowly each looks."""
    from core.explain import attention

    return attention.overview(looked, specials)


def tokens_of(looked: "Looked", layer: int, head: int | None, specials: bool = False) -> "AttentionView":
    """The matrix of one head; None: mean of the layer."""
    from core.explain import attention

    return attention.matrix(looked, layer, head, specials)


def words_of(looked: "Looked", layer: int, head: int | None, word: int | None = None) -> Attribution:
    """Where one word looked, a place among all words; None: where all tokens looked."""
    from core.explain import attention

    return attention.words(looked, layer, head, word)


def by_layer(looked: "Looked") -> np.ndarray:
    """(layers, words): what share of the flow comes from each word, layer by layer."""
    from core.explain import rollout

    return rollout.by_layer(looked)


def coded(matrix: np.ndarray) -> tuple[str, float]:
    """Base64 of one byte a cell, row by row, and the largest weight: weight = largest x (byte / 255)².

    The root keeps weak weights apart: at 512 tokens an even look is 0.002 everywhere.
    """
    top = float(matrix.max(initial=0.0))
    parts = np.sqrt(np.clip(matrix, 0.0, None) / (top or 1.0))
    return b64encode(np.rint(parts * 255).astype(np.uint8).tobytes()).decode("ascii"), top
