"""Size and speed of each form of a model on this machine."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from core.export.parity import Answers

REPEATS = 3


@dataclass(frozen=True)
class Measured:
    """One line of the table."""

    name: str
    size_mb: float
    cpu_ms_per_row: float


def cpu_ms(model: Answers, texts: Sequence[str], repeats: int = REPEATS) -> float:
    """CPU milliseconds a text of this process, the best of some repeats after one that warms up."""
    asked = list(dict.fromkeys(texts))
    model.probabilities(asked[:8])
    best = float("inf")
    for _ in range(repeats):
        begun = time.process_time()
        model.probabilities(asked)
        best = min(best, time.process_time() - begun)
    return 1000 * best / max(1, len(asked))


def model_mb(model: object) -> float | None:
    """Weights in memory of an encoder classifier; None for models that are measured by their files."""
    encoder = getattr(model, "encoder", None)
    if encoder is None:
        return None
    sizes = (part.numel() * part.element_size() for part in encoder.model.state_dict().values())
    return (sum(sizes) + model.head.weight.nbytes + model.head.bias.nbytes) / 1e6
