"""A comment as one vector: what the model knows of it just before it answers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.explain.model import has_layers
from core.models.classifier import OnBatch, TextModel, raw

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

SIZE = 384  # of the vectors of counted words
SIGNS = 8  # places of a vector that each word adds to
TEXTS = 4_000  # between two reports


def read(model: TextModel, texts: Sequence[str], on_batch: OnBatch | None = None) -> np.ndarray:
    """(texts, size) float32, each of length 1, so that a product is a cosine.

    An encoder gives its own vectors, the mean over the words. Counted words are projected, so that the cosine
    is the share of common words; a text without any known one is all 0. A BiLSTM gives its answers.
    """
    if has_layers(model):
        return model.encoder.embed(list(texts), on_batch)
    if model.kind == "tfidf":
        return _of_words(model, texts, on_batch)
    return of_answers(model.logits(texts, on_batch), model.multi)


def of_answers(logits: np.ndarray, multi: bool) -> np.ndarray:
    """(n, size) float32 from (n, labels): square roots of the probabilities, so that the cosine of two rows
    is how far their answers overlap (Bhattacharyya 1943); it tells rows apart with two labels too.

    Several labels a comment: each label with and without.
    """
    chances = raw(logits, multi)
    if multi:
        chances = np.concatenate([chances, 1.0 - chances], axis=1) / max(1, chances.shape[1])
    return np.sqrt(np.maximum(chances, 0.0)).astype(np.float32)


def _of_words(model: TextModel, texts: Sequence[str], on_batch: OnBatch | None) -> np.ndarray:
    """A common word counts by how differently the labels weigh it.

    Answers are no measure here: of what it learned from, such a model is nearly always sure and right.
    """
    places = _projection(len(model.idf)).multiply(np.sqrt(model.weight.std(axis=0))[:, None]).tocsr()
    found = np.zeros((len(texts), SIZE), dtype=np.float32)
    for first in range(0, len(texts), TEXTS):
        part = slice(first, first + TEXTS)
        rows = (model.transform(texts[part]) @ places).toarray()
        length = np.linalg.norm(rows, axis=1, keepdims=True)
        found[part] = np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)
        if on_batch:
            on_batch(min(first + TEXTS, len(texts)), len(texts))
    return found


def _projection(terms: int) -> "csr_matrix":
    """(terms, SIZE), a few random signs a row: products of rows of words stay nearly what they are
    (Kane, Nelson 2014). The same for the same number of terms."""
    from scipy.sparse import csr_matrix

    rng = np.random.default_rng(0)
    places = rng.integers(0, SIZE, terms * SIGNS)
    signs = rng.choice(np.array([-1.0, 1.0]), terms * SIGNS)
    return csr_matrix((signs, (np.repeat(np.arange(terms), SIGNS), places)), shape=(terms, SIZE))
