import numpy as np
import pytest

from core.evaluation.areas import auc, average_precision, macro_auc_range

YES = np.array([1, 1, 0, 0, 0], dtype=bool)
CHANCES = np.array([0.9, 0.4, 0.6, 0.4, 0.1])


def test_auc_by_hand():
    # pairs: .9 beats all 3; .4 loses to .6, ties .4, beats .1
    assert auc(CHANCES[:, None], YES[:, None])[0] == pytest.approx((3 + 1.5) / 6)
    assert np.isnan(auc(CHANCES[:, None], np.ones((5, 1), dtype=bool))[0])


def test_average_precision_by_hand():
    # .9: 1 of 1 found; .6: none; .4 (two rows tie): 2 of 4
    assert average_precision(CHANCES[:, None], YES[:, None])[0] == pytest.approx(0.5 * 1 + 0.5 * 2 / 4)
    assert np.isnan(average_precision(CHANCES[:, None], np.zeros((5, 1), dtype=bool))[0])


def test_auc_range_is_that_of_delong():
    """One label: half = 1.645 sqrt(var of the placements of both sides)."""
    random = np.random.default_rng(2)
    truth = random.random(80) < 0.3
    chances = random.normal(size=80) + truth
    wins = (chances[truth][:, None] > chances[~truth]).astype(float)
    up, down = wins.mean(axis=1), wins.mean(axis=0)
    half = 1.6448536 * np.sqrt(up.var() / len(up) + down.var() / len(down))
    low, high = macro_auc_range(np.arange(80), truth.sum(keepdims=True), chances[:, None], truth[:, None])
    assert (low, high) == (pytest.approx(wins.mean() - half), pytest.approx(min(1, wins.mean() + half)))


def test_auc_range_is_none_without_two_sides():
    assert macro_auc_range(np.arange(5), np.array([5]), CHANCES[:, None], np.ones((5, 1), dtype=bool)) is None


def test_auc_range_of_people_is_that_of_obuchowski():
    """Twelve people: the pulls of their rows are added up before they are squared."""
    random = np.random.default_rng(4)
    truth, people = random.random(60) < 0.5, np.arange(60) // 5
    chances = (random.normal(size=12)[people] + truth + random.normal(size=60)).round(1)  # with ties
    wins = (chances[truth][:, None] > chances[~truth]) + 0.5 * (chances[truth][:, None] == chances[~truth])
    pull = np.empty(60)
    pull[truth] = (wins.mean(axis=1) - wins.mean()) / truth.sum()
    pull[~truth] = (wins.mean(axis=0) - wins.mean()) / (~truth).sum()
    half = 1.6448536 * np.sqrt(sum(pull[people == person].sum() ** 2 for person in range(12)))
    low, high = macro_auc_range(people, truth.sum(keepdims=True), chances[:, None], truth[:, None])
    assert (low, high) == (pytest.approx(wins.mean() - half), pytest.approx(min(1, wins.mean() + half)))
