import time
from dataclasses import replace

import numpy as np
import pytest

from core.evaluation.confidence import DRAWS, FEWEST_DRAWS, beyond, by_chance, error_range
from core.evaluation.scores import score

SHARES = np.array([0.5, 0.3, 0.15, 0.05])


def rows_of(held_of, n, seed, sure=1.0):
    """Rows with their exact probabilities, or with those that are `sure` times as far apart in log odds."""
    random = np.random.default_rng(seed)
    truth, logits = random.choice(4, n, p=SHARES), random.normal(size=(n, 4))
    logits[np.arange(n), truth] += 1.5
    odds = np.exp(sure * (np.log(SHARES) + 1.5 * logits))
    return held_of(truth, odds / odds.sum(axis=1, keepdims=True))


def several_of(held_of, n, seed, sure=1.0):
    random = np.random.default_rng(seed)
    logits = random.normal(size=(n, 4)) * 1.5 - 1
    truth = random.random((n, 4)) < 1 / (1 + np.exp(-logits))
    return held_of(truth, 1 / (1 + np.exp(-sure * logits)), multi=True)


def test_chance_alone_worked_out_by_hand(held_of):
    """Two rows of 0.5 in one bin: both right, both wrong or one of each; the error is .5, .5 or 0."""
    lucky = by_chance([held_of([[1, 0], [1, 0]], [[0.5, 0.4], [0.5, 0.4]])])
    assert len(lucky) == DRAWS and set(lucky.tolist()) == {0.0, 0.5}
    assert lucky.mean() == pytest.approx(0.25, abs=0.05)


def test_a_row_in_several_repeats_is_one_piece_of_luck(held_of):
    held = rows_of(held_of, 60, 0)
    assert by_chance([held, held, held]) == pytest.approx(by_chance([held]))


def test_many_decisions_are_drawn_less_often_in_little_time(held_of):
    many = several_of(held_of, 700_000, 0)
    start = time.process_time()
    lucky = by_chance([many])
    assert len(lucky) == FEWEST_DRAWS and lucky.max() < 0.005
    assert time.process_time() - start < 15


def test_what_is_left_beyond_chance():
    assert beyond(0.05, 0.03) == pytest.approx(0.04)
    assert beyond(0.03, 0.05) == 0


def test_the_range_worked_out_by_hand():
    redrawn, lucky = np.linspace(0.10, 0.20, 101), np.full(200, 0.06)  # 5 %, half and 95 % at .105, .15, .195
    low, high = error_range(0.13, redrawn, lucky)
    assert low == pytest.approx(0) and high == pytest.approx(2 * 0.13 - 0.105)
    low, _ = error_range(0.15, np.linspace(0.14, 0.16, 101), lucky)
    assert low == pytest.approx(np.sqrt(0.15**2 - 0.06**2 - (0.159**2 - 0.15**2)))
    assert error_range(0.06, redrawn, lucky) == (0, 0.06), "perfect models show as much"


@pytest.mark.parametrize("make", [rows_of, several_of])
@pytest.mark.parametrize("sure", [1.0, 1.6])
def test_ranges_of_the_calibration_error_cover_the_truth(held_of, make, sure):
    """150 rows, 60 times: of a model whose probabilities are exact, and of one that is too sure."""
    answer = score("x", make(held_of, 100_000, 99, sure), draws=2).calibration_error
    inside = 0
    for seed in range(60):
        low, high = score("x", make(held_of, 150, seed, sure), draws=200).ranges["calibration_error"]
        inside += low <= answer <= high
    assert inside / 60 >= 0.83


def test_scores_keep_what_chance_alone_shows(held_of):
    held = rows_of(held_of, 150, 0)
    found = score("x", held)
    assert found.calibration_chance == pytest.approx(0.077, abs=0.01)
    assert found == score("x", held)
    other = replace(held, probabilities=held.probabilities[:, ::-1].copy())
    assert score("x", other).calibration_error > 3 * score("x", other).calibration_chance
