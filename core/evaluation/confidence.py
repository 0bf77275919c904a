"""How far the confidence of a model is off beyond what chance shows on so few rows."""

from collections.abc import Sequence

import numpy as np

from core.evaluation.curves import BINS, answers, bin_of
from core.evaluation.held_out import HeldOut

DRAWS, FEWEST_DRAWS = 200, 20
MOST_NUMBERS = 50_000_000  # random numbers in all: of many decisions fewer draws tell as much


def by_chance(parts: Sequence[HeldOut], seed: int = 0) -> np.ndarray:
    """(draws,) calibration errors that the model would show on these rows if its probabilities were exactly
    true: each answer is drawn as right by the chance that the model gives it.

    The error adds up absolute gaps, so on a sample it is never 0: about .08 on 150 rows of a perfect model.
    `parts` are the repeats, on the same rows in the same order: a draw is as lucky on a row in all of them,
    and the error is their mean. Rows count by themselves: what one person wrote falls into many bins.
    """
    random = np.random.default_rng(seed)
    chances = [answers(part.probabilities, part.truth, part.multi)[0] for part in parts]
    shape = chances[0].shape
    places = [(bin_of(part) + BINS * np.arange(shape[1])).ravel() for part in chances]
    numbers = chances[0].size * len(parts)
    draws = int(np.clip(MOST_NUMBERS // max(1, numbers), FEWEST_DRAWS, DRAWS))
    found = np.zeros(draws)
    for draw in range(draws):
        luck = random.random(shape, dtype=np.float32)
        for chance, place in zip(chances, places, strict=True):
            off = ((luck < chance) - chance).ravel()
            found[draw] += np.abs(np.bincount(place, off)).sum() / off.size
    return found / len(parts)


def beyond(error: float, chance: float) -> float:
    """What is left of a calibration error beyond the mean of `by_chance`. Both add up in squares, as
    independent deviations do."""
    return float(np.sqrt(max(0.0, error**2 - chance**2)))


def error_range(error: float, redrawn: np.ndarray, lucky: np.ndarray) -> tuple[float, float]:
    """90 % range of the calibration error of endless rows; holds the `error` of these ones.

    `redrawn` (draws,) are the errors of redrawn rows, `lucky` those `by_chance`. Both the sample and its
    redraws only add to an absolute gap. So the high end is reflected (basic bootstrap: Davison & Hinkley
    1997), the low one is what is left beyond chance less the spread of the draws, in squares; it is 0 where
    19 of 20 perfectly calibrated models show no less.
    """
    q05, middle, q95 = np.quantile(redrawn, [0.05, 0.5, 0.95])
    high = min(1.0, max(error, 2 * error - q05))
    if error <= np.quantile(lucky, 0.95):
        return 0.0, float(high)
    low = np.sqrt(max(0.0, error**2 - float(lucky.mean()) ** 2 - (q95**2 - middle**2)))
    return float(min(low, error)), float(high)
