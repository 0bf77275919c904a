"""Batches of similar length under a budget of tokens, so that little is padded."""

from collections.abc import Iterator, Sequence

import numpy as np


def longest_first(lengths: np.ndarray) -> np.ndarray:
    """Row numbers."""
    return np.argsort(-np.asarray(lengths), kind="stable")


def sorted_batches(lengths: Sequence[int], budget: int) -> Iterator[np.ndarray]:
    """Row numbers, longest first; rows times longest row of a batch stays within `budget` tokens."""
    lengths = np.asarray(lengths)
    yield from _cut(longest_first(lengths), lengths, budget)


def first_batch(order: np.ndarray, lengths: np.ndarray, budget: int) -> np.ndarray:
    """As many of the rows in `order`, longest first, as `budget` tokens hold; at least one."""
    return order[: max(1, budget // max(1, int(lengths[order[0]])))]


def shuffled_batches(
    lengths: Sequence[int], budget: int, rng: np.random.Generator, pool: int = 50
) -> list[np.ndarray]:
    """One epoch: shuffle, sort inside pools of about `pool` batches, shuffle the batches."""
    lengths = np.asarray(lengths)
    order = rng.permutation(len(lengths))
    size = max(1, int(pool * budget / max(1.0, lengths.mean())))
    batches: list[np.ndarray] = []
    for start in range(0, len(order), size):
        rows = order[start : start + size]
        batches.extend(_cut(rows[np.argsort(-lengths[rows], kind="stable")], lengths, budget))
    return [batches[i] for i in rng.permutation(len(batches))]


def _cut(order: np.ndarray, lengths: np.ndarray, budget: int) -> Iterator[np.ndarray]:
    while len(order):
        batch = first_batch(order, lengths, budget)
        yield batch
        order = order[len(batch) :]
