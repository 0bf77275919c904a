import numpy as np

from core.models.batches import shuffled_batches, sorted_batches


def test_sorted_batches_stay_within_the_budget_and_hold_each_row_once():
    lengths = [3, 9, 1, 4, 8, 2]
    batches = list(sorted_batches(lengths, 9))
    assert [batch.tolist() for batch in batches] == [[1], [4], [3, 0], [5, 2]]


def test_a_row_longer_than_the_budget_gets_a_batch_of_its_own():
    assert [batch.tolist() for batch in sorted_batches([50, 2], 10)] == [[0], [1]]


def test_shuffled_batches_depend_on_the_seed_alone_and_hold_each_row_once():
    lengths = np.random.default_rng(0).integers(1, 40, 500)
    first = shuffled_batches(lengths, 128, np.random.default_rng([7, 1]))
    again = shuffled_batches(lengths, 128, np.random.default_rng([7, 1]))
    other = shuffled_batches(lengths, 128, np.random.default_rng([7, 2]))
    assert [b.tolist() for b in first] == [b.tolist() for b in again]
    assert [b.tolist() for b in first] != [b.tolist() for b in other]
    assert sorted(np.concatenate(first).tolist()) == list(range(500))
    assert all(len(rows) * lengths[rows].max() <= 128 for rows in first)


def test_shuffled_batches_pad_little():
    lengths = np.random.default_rng(0).integers(1, 60, 2000)
    batches = shuffled_batches(lengths, 512, np.random.default_rng(0))
    padded = sum(len(rows) * lengths[rows].max() for rows in batches)
    assert padded < 1.1 * lengths.sum()
