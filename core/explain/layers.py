"""Inside an encoder with a linear head: its score with gradients, its attention."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch.nn import functional

from core.errors import AppError
from core.explain.model import has_layers
from core.models.classifier import Classifier
from core.models.encoder import Encoder


def check_layers(model) -> None:
    """Raises AppError for a model that is no encoder with a head."""
    if not has_layers(model):
        raise AppError(
            "This model has no layers to look into. Choose 'Leaving words out' or 'Precise, slower'."
        )


def score(
    model: Classifier, hidden: torch.Tensor, mask: torch.Tensor, wanted: int, other: int | None
) -> torch.Tensor:
    """(rows,) logit of the label, less that of the other, from last hidden states (rows, tokens, size)."""
    weights = mask.unsqueeze(-1).float()
    mean = (hidden.float() * weights).sum(1) / weights.sum(1).clamp(min=1.0)
    vectors = functional.normalize(mean, dim=1)
    row, bias = model.head.weight[wanted], float(model.head.bias[wanted])
    if other is not None:
        row, bias = row - model.head.weight[other], bias - float(model.head.bias[other])
    return vectors @ torch.as_tensor(row, dtype=torch.float32, device=vectors.device) + bias


@contextmanager
def eager(encoder: Encoder) -> Iterator[None]:
    """The encoder gives its attention matrices; nobody else switches it meanwhile."""
    with encoder.lock:
        before = encoder.model.config._attn_implementation
        encoder.model.set_attn_implementation("eager")
        try:
            yield
        finally:
            encoder.model.set_attn_implementation(before)
