"""What a training makes small: cross-entropy, for one label a row or for several."""

import numpy as np
import torch
from torch.nn import functional


class Loss:
    """Mean over the rows of a batch; `weights` (labels,) make rare labels count more."""

    def __init__(self, multi: bool, smoothing: float = 0.0, weights: np.ndarray | None = None):
        self.multi = multi
        self.smoothing = smoothing
        self.weights = None if weights is None else torch.as_tensor(weights, dtype=torch.float32)

    def __call__(self, logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
        """`logits` (rows, labels); `truth` label numbers (rows,), or with several labels (rows, labels).

        Label smoothing s: a share s of the target is spread evenly over all labels (Szegedy 2016); with
        several labels a row over yes and no.
        """
        weights = None if self.weights is None else self.weights.to(logits.device)
        if not self.multi:
            return functional.cross_entropy(
                logits.float(), truth, weight=weights, label_smoothing=self.smoothing
            )
        target = truth.float() * (1 - self.smoothing) + self.smoothing / 2
        each = functional.binary_cross_entropy_with_logits(
            logits.float(), target, pos_weight=weights, reduction="none"
        )
        return each.sum(dim=1).mean()  # a sum over labels: its size does not shrink with their number
