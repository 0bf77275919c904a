"""Tokens hidden from a step of fine-tuning, so that no comment is known by a single word of it."""

from collections.abc import Sequence

import numpy as np


class Masking:
    """Puts the tokenizer's own sign for a hidden word in the place of some tokens.

    As in masked language modelling (Devlin et al. 2019), here as noise on the input of a classifier: what is
    hidden changes from step to step and hangs on the seed, the step and the row alone, so that a resumed
    training, halves of a batch and several processes hide the same tokens.
    """

    def __init__(self, share: float, seed: int, mask_id: int | None, kept: Sequence[int]):
        """`share` of the tokens; `kept`: ids that are never hidden. Without a `mask_id` nothing is."""
        self.share = share if mask_id is not None else 0.0
        self.seed, self.mask_id, self.kept = seed, mask_id, np.asarray(sorted(kept))

    def __call__(self, ids: Sequence[int], row: int, step: int) -> Sequence[int]:
        """The token ids of a row as that step sees them."""
        if not self.share:
            return ids
        drawn = np.random.default_rng([self.seed, 104729, step, row]).random(len(ids)) < self.share
        if not drawn.any():
            return ids
        seen = np.asarray(ids)
        drawn &= ~np.isin(seen, self.kept)
        return np.where(drawn, self.mask_id, seen).tolist()
