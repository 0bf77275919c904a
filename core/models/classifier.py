"""Texts in, probabilities of labels out: what every model answers, and an encoder with a linear head."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from core.domain import Token
from core.models.encoder import Encoder

OnBatch = Callable[[int, int], None]  # (done, all); may raise to stop
AT_ONCE = 8_192  # rows of one product in float64: a million vectors at once would take 3 GB more


@dataclass(frozen=True)
class Calibration:
    """One label a text: bias-corrected temperature scaling, softmax(log P / temperature + bias)."""

    temperature: float
    bias: tuple[float, ...]


@dataclass(frozen=True)
class Platt:
    """Several labels a text: each label by itself, sigmoid(slope z + bias) (Platt 1999)."""

    slope: tuple[float, ...]
    bias: tuple[float, ...]


def raw(logits: np.ndarray, multi: bool) -> np.ndarray:
    """Probabilities (rows, labels) without calibration."""
    return sigmoid(logits) if multi else np.exp(log_softmax(logits))


def calibrated(logits: np.ndarray, calibration: Calibration | Platt) -> np.ndarray:
    """Probabilities (rows, labels) after the calibration."""
    if isinstance(calibration, Platt):
        return sigmoid(logits * np.asarray(calibration.slope) + np.asarray(calibration.bias))
    logs = log_softmax(logits) / calibration.temperature + np.asarray(calibration.bias)
    return np.exp(log_softmax(logs))


def sigmoid(values: np.ndarray) -> np.ndarray:
    return 0.5 * (1.0 + np.tanh(0.5 * values))  # never overflows


def _parts(rows: int) -> Iterator[slice]:
    return (slice(first, first + AT_ONCE) for first in range(0, rows, AT_ONCE))


def log_softmax(values: np.ndarray) -> np.ndarray:
    shifted = values - values.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


@dataclass(frozen=True)
class Head:
    """Logits = vectors @ weight.T + bias; weight (labels, size)."""

    weight: np.ndarray
    bias: np.ndarray
    multi: bool = False  # several labels a text

    def logits(self, vectors: np.ndarray) -> np.ndarray:
        """(rows, labels) float64."""
        weight, found = self.weight.T.astype(np.float64), np.empty((len(vectors), len(self.weight)))
        for part in _parts(len(vectors)):
            found[part] = vectors[part].astype(np.float64) @ weight + self.bias
        return found

    def probabilities(
        self, vectors: np.ndarray, calibration: Calibration | Platt | None = None
    ) -> np.ndarray:
        """(rows, labels) float64; with one label a text rows sum to 1."""
        logits = self.logits(vectors)
        return raw(logits, self.multi) if calibration is None else calibrated(logits, calibration)


class TextModel(Protocol):
    """What can be asked of any trained model, whatever it is made of."""

    @property
    def kind(self) -> str:
        """encoder, tfidf or bilstm: which module reads its files."""
        ...

    @property
    def labels(self) -> tuple[str, ...]: ...

    @property
    def multi(self) -> bool: ...

    @property
    def max_tokens(self) -> int: ...

    def logits(self, texts: Sequence[str], on_batch: OnBatch | None = None) -> np.ndarray:
        """(texts, labels) float64 before the calibration; each distinct text is read once."""
        ...

    def probabilities(self, texts: Sequence[str], on_batch: OnBatch | None = None) -> np.ndarray:
        """(texts, labels) float64, calibrated."""
        ...

    def tokens(self, text: str) -> tuple[Token, ...]:
        """What the model reads of the text, with the places in it."""
        ...

    def unknown_tokens(self, text: str) -> list[tuple[int, int]]:
        """Places of the text that the model has no token for."""
        ...


@dataclass(frozen=True)
class Classifier:
    encoder: Encoder
    head: Head
    labels: tuple[str, ...]
    calibration: Calibration | Platt

    kind = "encoder"

    @property
    def multi(self) -> bool:
        return self.head.multi

    @property
    def max_tokens(self) -> int:
        return self.encoder.max_tokens

    def logits(self, texts: Sequence[str], on_batch: OnBatch | None = None) -> np.ndarray:
        """(texts, labels) float64; each distinct text is read once."""
        if not len(texts):
            return np.zeros((0, len(self.labels)))
        distinct = {text: number for number, text in enumerate(dict.fromkeys(texts))}
        vectors = self.encoder.embed(list(distinct), on_batch)
        return self.head.logits(vectors)[[distinct[text] for text in texts]]

    def probabilities(self, texts: Sequence[str], on_batch: OnBatch | None = None) -> np.ndarray:
        """Calibrated (texts, labels) float64."""
        found = self.logits(texts, on_batch)
        for part in _parts(len(found)):
            found[part] = calibrated(found[part], self.calibration)
        return found

    def tokens(self, text: str) -> tuple[Token, ...]:
        return self.encoder.tokens(text)

    def attention(self, text: str, half: bool = False) -> tuple[tuple[Token, ...], np.ndarray]:
        return self.encoder.attention(text, half)

    def unknown_tokens(self, text: str) -> list[tuple[int, int]]:
        return self.encoder.unknown_tokens(text)
