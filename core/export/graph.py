"""An encoder classifier as one torch module: token ids in, calibrated probabilities out."""

import copy

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from core.models.classifier import Classifier, Platt


class Graph(nn.Module):
    """Pooling, normalisation, head and calibration of a Classifier, float32 on the CPU."""

    def __init__(self, body: nn.Module, weight: np.ndarray, bias: np.ndarray, multi: bool):
        super().__init__()
        self.body = body
        self.register_buffer("weight", torch.as_tensor(weight, dtype=torch.float32))
        self.register_buffer("bias", torch.as_tensor(bias, dtype=torch.float32))
        self.multi = multi

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Both (rows, tokens) int64; the answer is (rows, labels)."""
        hidden = self.body(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        real = attention_mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * real).sum(1) / real.sum(1).clamp(min=1.0)
        logits = functional.linear(functional.normalize(mean, dim=1), self.weight, self.bias)
        return torch.sigmoid(logits) if self.multi else torch.softmax(logits, dim=1)


def graph_of(model: Classifier) -> Graph:
    """A copy: the model itself stays as it is, on its device and with its attention."""
    with model.encoder.lock:
        body = copy.deepcopy(model.encoder.model)
    body = body.cpu().float().eval()
    body.set_attn_implementation("eager")  # plain products, which every runtime has
    return Graph(body, *folded(model), model.multi).eval()


def folded(model: Classifier) -> tuple[np.ndarray, np.ndarray]:
    """Weight (labels, size) and bias (labels,) of head and calibration in one, float64.

    Both calibrations scale and shift logits, up to a number a row that softmax does not see.
    """
    found, head = model.calibration, model.head
    scale = np.asarray(found.slope) if isinstance(found, Platt) else np.asarray(1.0 / found.temperature)
    weight = head.weight.astype(np.float64) * scale.reshape(-1, 1)
    return weight, head.bias.astype(np.float64) * scale + np.asarray(found.bias)


def example(model: Classifier) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and mask of three rows, the second shorter: what the graph is traced with."""
    pad = model.encoder.tokenizer.pad_token_id or 0
    ids = torch.full((3, min(7, model.max_tokens)), 1, dtype=torch.long)
    mask = torch.ones_like(ids)
    ids[1, 4:], mask[1, 4:] = pad, 0
    return ids, mask
