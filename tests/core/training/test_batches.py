from dataclasses import replace

import numpy as np

from core.domain import TrainingOptions
from core.training.batches import LEAST_TOKENS, epoch_batches, tokens_a_batch
from tests.core.training.tuning import OPTIONS


def test_sampling_draws_rare_labels_as_often_and_the_same_again():
    truth = np.array([[True, False]] * 90 + [[False, True]] * 10)
    ids = [[1, 2, 3]] * 100
    options = replace(OPTIONS, balance="sampling")
    drawn = np.concatenate(epoch_batches(ids, truth, options, 1))
    assert len(drawn) == 100 and 35 <= (drawn >= 90).sum() <= 65
    assert np.array_equal(drawn, np.concatenate(epoch_batches(ids, truth, options, 1)))
    assert not np.array_equal(drawn, np.concatenate(epoch_batches(ids, truth, options, 2)))
    plain = np.concatenate(epoch_batches(ids, truth, OPTIONS, 1))
    assert sorted(plain.tolist()) == list(range(100))


def test_few_comments_are_learned_in_small_batches():
    options = TrainingOptions(batch_tokens=1024)
    assert tokens_a_batch([16] * 10_000, options) == 1024
    assert tokens_a_batch([16] * 600, options) == 240
    assert tokens_a_batch([16] * 8, options) == LEAST_TOKENS
    assert tokens_a_batch([16] * 8, TrainingOptions(batch_tokens=64)) == 64
