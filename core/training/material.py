"""What a training may see: the rows, their labels, and the encoder that reads them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.domain import TrainingOptions
from core.models.encoder import Encoder


@dataclass(frozen=True)
class Material:
    """n rows and k labels, aligned; which rows are learned from is said with each call."""

    texts: Sequence[str]
    truth: np.ndarray  # (n, k) bool; with one label a text exactly one True in each row that is used
    labels: tuple[str, ...]
    multi: bool
    options: TrainingOptions
    vectors: np.ndarray | None = None  # (n, size) float32 of the untouched encoder
    open_encoder: Callable[[], Encoder] | None = None  # a fresh, untouched encoder each time

    @property
    def classes(self) -> np.ndarray:
        """(n,) label numbers; one label a text only."""
        return self.truth.argmax(axis=1)

    def texts_of(self, rows: np.ndarray) -> list[str]:
        return [self.texts[row] for row in rows]
