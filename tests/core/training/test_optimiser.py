import pytest
import torch
from torch import nn

from core.domain import TrainingOptions
from core.training import adapters, optimiser


def test_weight_decay_spares_biases_and_norms():
    encoder, head = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4)), nn.Linear(4, 2)
    options = TrainingOptions(body_rate=1e-4, head_rate=1e-3, weight_decay=0.3)
    groups = optimiser.optimiser_of(encoder, head, options).param_groups
    for group in groups:
        assert {weight.ndim > 1 for weight in group["params"]} == {group["weight_decay"] == 0.3}
    assert [(group["lr"], len(group["params"])) for group in groups] == [
        (1e-4, 1),
        (1e-4, 3),
        (1e-3, 1),
        (1e-3, 1),
    ]


def test_weights_that_stay_as_they_are_are_left_out():
    encoder, head = nn.Linear(3, 4).requires_grad_(False), nn.Linear(4, 2)
    groups = optimiser.optimiser_of(encoder, head, TrainingOptions(head_rate=1e-3)).param_groups
    assert {group["lr"] for group in groups} == {1e-3}


def test_adapters_learn_faster_than_the_encoder_would():
    assert optimiser.encoder_rate(TrainingOptions(body_rate=1e-4)) == 1e-4
    adapted = optimiser.encoder_rate(TrainingOptions(body_rate=1e-4, adapter_rank=8))
    assert adapted == pytest.approx(1e-4 * adapters.RATE)


def test_the_rate_rises_then_falls_to_nothing():
    weight = nn.Parameter(torch.zeros(1))
    adamw = torch.optim.AdamW([{"params": [weight], "lr": 2.0, "base": 2.0}])
    rates = []
    for step in range(1, 21):
        optimiser.set_rates(adamw, step, 20)
        rates.append(adamw.param_groups[0]["lr"])
    assert rates[:3] == [1.0, 2.0, pytest.approx(2 * 17 / 18)] and rates[-1] == 0.0
