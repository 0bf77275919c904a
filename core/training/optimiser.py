"""How a fine-tuning steps: AdamW, with rates that rise first and then fall."""

import torch
from torch import nn

from core.domain import TrainingOptions
from core.training import adapters

WARM_UP = 0.1  # share of the steps in which the learning rate rises
LARGEST_NORM = 1.0  # longer gradients are cut to it


def encoder_rate(options: TrainingOptions) -> float:
    """The highest learning rate of the encoder, or of its adapters; `options` say one."""
    return options.body_rate * (adapters.RATE if options.adapter_rank else 1.0)


def optimiser_of(encoder: nn.Module, head: nn.Module, options: TrainingOptions) -> torch.optim.AdamW:
    """AdamW; weights shrink, biases and norms do not."""
    groups = []
    for module, rate in ((encoder, encoder_rate(options)), (head, options.head_rate)):
        learned = [weight for weight in module.parameters() if weight.requires_grad]
        for decay, weights in (
            (options.weight_decay, [weight for weight in learned if weight.ndim > 1]),
            (0.0, [weight for weight in learned if weight.ndim <= 1]),
        ):
            if weights:
                groups.append({"params": weights, "lr": rate, "base": rate, "weight_decay": decay})
    return torch.optim.AdamW(groups, fused=True)


def set_rates(optimiser: torch.optim.Optimizer, step: int, steps: int) -> None:
    """Of step `step`, the first is 1, of `steps`."""
    warm = max(1, int(WARM_UP * steps))
    factor = step / warm if step <= warm else max(0.0, (steps - step) / max(1, steps - warm))
    for group in optimiser.param_groups:
        group["lr"] = group["base"] * factor
