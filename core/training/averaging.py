"""The running mean of the weights of a fine-tuning, which answers in place of the last ones."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import nn

LOOKS = 64  # at least, where there are so many steps: one after each step would take 4 % of a training


class Average:
    """Exponential moving average of what is learned, from the first weights on.

    After `steps` steps the first weights still have about the share exp(-1 / memory). The mean of a path
    stands in a flatter place than its end (Polyak and Juditsky 1992; Izmailov et al. 2018), and what is left
    of the beginning, Quick's head on the untouched encoder, keeps what that knew (Wortsman et al. 2022).
    """

    def __init__(self, model: nn.Module, memory: float, steps: int):
        """`memory`: steps after which a weight counts 1 / e as much, as a share of `steps`."""
        self.every = max(1, steps // LOOKS)
        self.step_in = -math.expm1(-self.every / (memory * max(1, steps)))  # share of the newest weights
        self._learned = {name: one for name, one in model.named_parameters() if one.requires_grad}
        self.weights = {name: one.detach().clone() for name, one in self._learned.items()}

    def look(self, step: int) -> None:
        """After the step with this number, the first is 1."""
        if step % self.every == 0:
            newest = [one.detach() for one in self._learned.values()]
            torch._foreach_lerp_(list(self.weights.values()), newest, self.step_in)

    def put(self, weights: Mapping[str, torch.Tensor]) -> None:
        """Those of a state on disk."""
        for name, one in self.weights.items():
            one.copy_(weights[name])

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The model answers with the mean."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def _swap(self) -> None:
        for name, one in self._learned.items():
            one.data, self.weights[name] = self.weights[name], one.data
