"""The batches of each epoch of a fine-tuning."""

from collections.abc import Sequence

import numpy as np

from core.domain import TrainingOptions
from core.models.batches import shuffled_batches
from core.training import sampling

FEWEST_STEPS = 40  # of an epoch: 600 short comments in batches of 1,024 tokens lost a point of accuracy
LEAST_TOKENS = 128  # of a batch, however few the comments


def epoch_batches(
    ids: Sequence[list[int]], truth: np.ndarray, options: TrainingOptions, epoch: int
) -> list[np.ndarray]:
    """From seed and epoch alone, so that a resumed training sees the same batches."""
    rng = np.random.default_rng([options.seed, epoch])
    rows = np.arange(len(ids))
    if options.balance == "sampling":
        rows = sampling.balanced_rows(truth, rng)
    lengths = [len(ids[row]) for row in rows]
    return [rows[batch] for batch in shuffled_batches(lengths, tokens_a_batch(lengths, options), rng)]


def tokens_a_batch(lengths: Sequence[int], options: TrainingOptions) -> int:
    """The tokens of a batch as set, or fewer where an epoch would have too few steps to learn from."""
    return min(options.batch_tokens, max(LEAST_TOKENS, sum(lengths) // FEWEST_STEPS))
