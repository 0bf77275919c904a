"""Whether an exported model answers as the original does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from core.errors import ModelError
from core.export.formats import FORMATS

ROWS = 50
SURE = 0.5  # of a calibrated probability, where a text may carry several labels


class Answers(Protocol):
    """Any model, exported or not."""

    def probabilities(self, texts: Sequence[str]) -> np.ndarray: ...


@dataclass(frozen=True)
class Parity:
    rows: int
    agreement: float  # share of rows that both decide alike
    max_difference: float  # of any probability
    passed: bool


def parity(model: Answers, exported: Answers, texts: Sequence[str], key: str, multi: bool) -> Parity:
    """The first 50 distinct texts; `key` names the format and so its bounds. Where answers shift with the
    texts beside them, each text is also asked alone, as a script does, and the worse of the two counts.

    Raises ModelError without a text.
    """
    asked = list(dict.fromkeys(texts))[:ROWS]
    if not asked:
        raise ModelError("There is no text to compare the exported model on. Import comments first.")
    bounds, ours = FORMATS[key], model.probabilities(asked)
    answers = [exported.probabilities(asked)]
    if bounds.by_batch:
        answers.append(np.concatenate([exported.probabilities([text]) for text in asked]))
    agreement = min(agreed(ours, theirs, multi) for theirs in answers)
    difference = max(float(np.abs(ours - theirs).max()) for theirs in answers)
    near = bounds.max_difference is None or difference <= bounds.max_difference
    return Parity(len(asked), agreement, difference, bool(near and agreement >= bounds.agreement))


def agreed(ours: np.ndarray, theirs: np.ndarray, multi: bool) -> float:
    """Share of rows with the same most likely label, or the same set of labels."""
    if multi:
        return float(((ours >= SURE) == (theirs >= SURE)).all(axis=1).mean())
    return float((ours.argmax(axis=1) == theirs.argmax(axis=1)).mean())
