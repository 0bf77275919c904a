import math

import pytest
import torch
from torch import nn

from core.training.averaging import LOOKS, Average


def line(value):
    """A model of one weight that is learned and one that is not."""
    model = nn.Linear(1, 1)
    with torch.no_grad():
        model.weight.fill_(value)
    model.bias.requires_grad_(False)
    return model


def moved(model, value):
    with torch.no_grad():
        model.weight.fill_(value)


@pytest.mark.parametrize("steps", [1, 3, 64, 320, 6_400])
@pytest.mark.parametrize("memory", [0.3, 0.6])
def test_what_the_first_weights_still_count_hangs_on_the_share_of_the_steps_alone(memory, steps):
    model = line(1.0)
    average = Average(model, memory, steps)
    moved(model, 0.0)
    for step in range(1, steps + 1):
        average.look(step)
    assert average.weights["weight"].item() == pytest.approx(math.exp(-1 / memory), rel=1e-4)
    assert set(average.weights) == {"weight"}, "what is frozen has no mean"


def test_it_is_the_mean_of_the_path_and_the_newest_count_most():
    model = line(0.0)
    average, steps = Average(model, 0.5, 10), 10
    for step in range(1, steps + 1):
        moved(model, float(step))
        average.look(step)
    share = 1 - math.exp(-1 / 5)
    wanted = sum(share * (1 - share) ** (steps - step) * step for step in range(1, steps + 1))
    assert average.weights["weight"].item() == pytest.approx(wanted, rel=1e-5)


def test_a_long_training_is_looked_at_so_many_times():
    model, looks = line(0.0), 0
    average = Average(model, 0.6, 10 * LOOKS + 3)
    for step in range(1, 10 * LOOKS + 4):
        before = average.weights["weight"].item()
        moved(model, before + 1.0)
        average.look(step)
        looks += average.weights["weight"].item() != before
    assert looks == LOOKS


def test_the_model_answers_with_the_mean_for_a_while():
    model = line(2.0)
    average = Average(model, 0.6, 1)
    weight = model.weight
    moved(model, 4.0)
    with pytest.raises(RuntimeError), average.in_place():
        assert model.weight is weight and model.weight.item() == 2.0
        raise RuntimeError
    assert model.weight is weight and model.weight.item() == 4.0
    assert average.weights["weight"].item() == 2.0
