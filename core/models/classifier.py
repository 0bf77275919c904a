"""An encoder with a linear head and calibration: texts in, probabilities of labels out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.domain import Token
from core.models.encoder import Encoder


@dataclass(frozen=True)
class Calibration:
    """Bias-corrected temperature scaling: softmax(log P / temperature + bias)."""

    temperature: float
    bias: tuple[float, ...]


@dataclass(frozen=True)
class Head:
    """Logits = vectors @ weight.T + bias; weight (labels, size)."""

    weight: np.ndarray
    bias: np.ndarray

    def logits(self, vectors: np.ndarray) -> np.ndarray:
        return vectors.astype(np.float64) @ self.weight.T.astype(np.float64) + self.bias

    def probabilities(self, vectors: np.ndarray, calibration: Calibration | None = None) -> np.ndarray:
        """(rows, labels) float64, rows sum to 1."""
        logits = self.logits(vectors)
        return np.exp(log_softmax(logits)) if calibration is None else calibrated(logits, calibration)


def calibrated(logits: np.ndarray, calibration: Calibration) -> np.ndarray:
    """Probabilities (rows, labels) after the calibration."""
    logs = log_softmax(logits) / calibration.temperature + np.asarray(calibration.bias)
    return np.exp(log_softmax(logs))


def log_softmax(values: np.ndarray) -> np.ndarray:
    shifted = values - values.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


@dataclass(frozen=True)
class Classifier:
    encoder: Encoder
    head: Head
    labels: tuple[str, ...]
    calibration: Calibration

    @property
    def max_tokens(self) -> int:
        return self.encoder.max_tokens

    def probabilities(
        self, texts: Sequence[str], on_batch: Callable[[int, int], None] | None = None
    ) -> np.ndarray:
        """Calibrated (texts, labels) float64; each distinct text is read once."""
        if not len(texts):
            return np.zeros((0, len(self.labels)))
        distinct = {text: number for number, text in enumerate(dict.fromkeys(texts))}
        vectors = self.encoder.embed(list(distinct), on_batch)
        return self.head.probabilities(vectors, self.calibration)[[distinct[text] for text in texts]]

    def tokens(self, text: str) -> tuple[Token, ...]:
        return self.encoder.tokens(text)

    def attention(self, text: str) -> tuple[tuple[Token, ...], np.ndarray]:
        return self.encoder.attention(text)

    def unknown_tokens(self, text: str) -> list[tuple[int, int]]:
        return self.encoder.unknown_tokens(text)
