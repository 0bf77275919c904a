"""How large each theme is: labels counted, the rest estimated from calibrated probabilities."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from core.domain import Estimate
from core.errors import AppError
from core.insights.settings import InsightSettings

DIGITS = 12  # figures are rounded here, so that the last bits of a CPU do not change a report
CHUNK = 4096  # rows per matrix product, so that the intermediate stays in the CPU cache


@dataclass(frozen=True)
class Shares:
    """The share of each of k themes among n rows."""

    estimates: list[Estimate]
    method: str  # labels, EMQ, PCC, labels+EMQ, labels+PCC
    draws: np.ndarray  # (B, k) bootstrap draws of the point method
    mix: np.ndarray  # (k,) estimated share among the unlabelled rows
    rows: np.ndarray  # (n, k) what each row adds: its mean over rows is the mid of each estimate


def class_counts(probabilities: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """CC: share of rows whose largest probability is k; (n, k) and weights (n, B) -> (B, k)."""
    return probability_counts(one_hot(probabilities.argmax(axis=1), probabilities.shape[1]), weights)


def probability_counts(probabilities: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """PCC: mean probability; (n, k) and weights (n, B) -> (B, k)."""
    return weights.T @ probabilities / np.maximum(weights.sum(axis=0), 1)[:, None]


def adapted_counts(
    probabilities: np.ndarray, weights: np.ndarray, prior: np.ndarray, steps: int, tolerance: float
) -> np.ndarray:
    """EMQ (Saerens, Latinne & Decaestecker 2002) for B weightings of the rows at once -> (B, k)."""
    totals = np.maximum(weights.sum(axis=0), 1)
    mix = np.repeat(prior[:, None], weights.shape[1], axis=1)
    active = np.flatnonzero(weights.any(axis=0))  # a draw without any row keeps the prior
    current = weights[:, active]
    for _ in range(steps):
        ratio = mix[:, active] / prior[:, None]
        new = ratio * _pull(probabilities, current, ratio) / totals[active]
        moving = np.abs(new - mix[:, active]).mean(axis=0) >= tolerance
        mix[:, active] = new
        if not moving.any():
            break
        if moving.mean() < 0.75:  # copying the weights pays only when enough draws are done
            active, current = active[moving], current[:, moving]
    return mix.T


def _pull(probabilities: np.ndarray, weights: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    """Sum over rows of weight x probability / adapted total of the row -> (k, B)."""
    result = np.zeros_like(ratio)
    for start in range(0, len(probabilities), CHUNK):
        part = probabilities[start : start + CHUNK]
        result += part.T @ (weights[start : start + CHUNK] / (part @ ratio))
    return result


def adapt(probabilities: np.ndarray, prior: np.ndarray, mix: np.ndarray) -> np.ndarray:
    """Probabilities as they would be had the training rows had this mix (k,)."""
    scaled = probabilities * (mix / prior)
    return scaled / scaled.sum(axis=1, keepdims=True)


def one_hot(classes: np.ndarray, k: int) -> np.ndarray:
    return np.eye(k)[classes]


def chosen_method(balanced_accuracy: float, settings: InsightSettings) -> str:
    """EMQ overshoots on a weak model, PCC hides change on a good one."""
    return "EMQ" if balanced_accuracy >= settings.adapt_from_accuracy else "PCC"


def bootstrap_weights(n: int, draws: int, seed: int, stream: int, groups: np.ndarray | None) -> np.ndarray:
    """How often each row is drawn, (n, B); rows of one group (an account) are drawn together."""
    rng = np.random.default_rng([seed, stream])
    units = n if groups is None else int(groups.max()) + 1
    weights = np.empty((units, draws))
    for draw in range(draws):
        weights[:, draw] = np.bincount(rng.integers(0, units, units), minlength=units)
    return weights if groups is None else weights[groups]


def shares(
    probabilities: np.ndarray,
    given: np.ndarray,
    prior: np.ndarray,
    balanced_accuracy: float,
    settings: InsightSettings,
    *,
    groups: np.ndarray | None = None,
    stream: int = 0,
) -> Shares:
    """Share of each theme: labelled rows count as labelled, the others by their probabilities.

    probabilities (n, k) calibrated; given (n,) theme index or -1; prior (k,) training share;
    groups (n,) codes 0.. of rows that belong together; stream picks other random numbers.
    The point for the unlabelled part is EMQ or PCC; the range is the hull of the bootstrap
    ranges of CC, PCC and EMQ, and never narrower than the Wilson range of having read all n rows.
    """
    probabilities, prior = _checked(probabilities, given, prior, settings)
    n, k = probabilities.shape
    if n == 0:
        none = [Estimate(0.0, 0.0, 1.0, 0, "no rows") for _ in range(k)]
        return Shares(none, "no rows", np.zeros((0, k)), prior, np.zeros((0, k)))
    unread = given < 0
    point = chosen_method(balanced_accuracy, settings)
    rows, mix = _row_shares(probabilities, given, prior, point, settings)
    weights = bootstrap_weights(n, settings.bootstrap_draws, settings.seed, stream, groups)
    labelled = weights[~unread].T @ rows[~unread]
    draws = {
        name: (labelled + part * weights[unread].sum(axis=0)[:, None]) / weights.sum(axis=0)[:, None]
        for name, part in _methods(probabilities[unread], weights[unread], prior, settings).items()
    }
    method = "+".join((["labels"] if not unread.all() else []) + ([point] if unread.any() else []))
    estimates = hull(rows.mean(axis=0), list(draws.values()), n, [method] * k, settings)
    return Shares(estimates, method, draws[point], mix, rows)


def _checked(
    probabilities: np.ndarray, given: np.ndarray, prior: np.ndarray, settings: InsightSettings
) -> tuple[np.ndarray, np.ndarray]:
    """Rows and prior as float64, above zero and summing to one."""
    probabilities = np.asarray(probabilities, dtype=float)
    prior = np.asarray(prior, dtype=float)
    n, k = probabilities.shape if probabilities.ndim == 2 else (-1, -1)
    if len(given) != n or prior.shape != (k,) or (n and (given.max() >= k or given.min() < -1)):
        raise AppError("The predictions do not fit the feedback rows. Run the training again.")
    if not (np.isfinite(probabilities).all() and np.isfinite(prior).all()):
        raise AppError("The predictions contain values that are not numbers. Run the training again.")
    probabilities = np.clip(probabilities, settings.probability_floor, None)
    prior = np.clip(prior, settings.probability_floor, None)
    return probabilities / probabilities.sum(axis=1, keepdims=True), prior / prior.sum()


def _row_shares(
    probabilities: np.ndarray, given: np.ndarray, prior: np.ndarray, point: str, settings: InsightSettings
) -> tuple[np.ndarray, np.ndarray]:
    """What each row adds to each theme (n, k), and the mix of the unlabelled rows (k,)."""
    unread = given < 0
    rows = np.empty_like(probabilities)
    rows[~unread] = one_hot(given[~unread], probabilities.shape[1])
    if not unread.any():
        return rows, prior
    part = probabilities[unread]
    if point == "EMQ":
        every = np.ones((len(part), 1))
        mix = adapted_counts(part, every, prior, settings.em_steps, settings.em_tolerance)[0]
        part = adapt(part, prior, mix)
    rows[unread] = part
    return rows, part.mean(axis=0)


def _methods(
    probabilities: np.ndarray, weights: np.ndarray, prior: np.ndarray, settings: InsightSettings
) -> dict[str, np.ndarray]:
    """Draws (B, k) by method; without rows every method is zero."""
    if len(probabilities) == 0:
        nothing = np.zeros((weights.shape[1], len(prior)))
        return {"CC": nothing, "PCC": nothing, "EMQ": nothing}
    steps, tolerance = settings.draw_em_steps, settings.draw_em_tolerance
    return {
        "CC": class_counts(probabilities, weights),
        "PCC": probability_counts(probabilities, weights),
        "EMQ": adapted_counts(probabilities, weights, prior, steps, tolerance),
    }


def hull(
    mids: np.ndarray, draws: list[np.ndarray], n: int, methods: list[str], settings: InsightSettings
) -> list[Estimate]:
    """Estimates of k themes whose ranges span those of every method's draws (B, k) and Wilson's."""
    tail = (1 - settings.range_level) / 2
    lows = np.min([np.quantile(part, tail, axis=0) for part in draws], axis=0)
    highs = np.max([np.quantile(part, 1 - tail, axis=0) for part in draws], axis=0)
    wilson_low, wilson_high = wilson(mids, n, settings.range_level)
    lows, highs = np.minimum(lows, wilson_low), np.maximum(highs, wilson_high)
    parts = zip(mids, lows, highs, methods, strict=True)
    return [ordered(mid, low, high, n, method) for mid, low, high, method in parts]


def wilson(share: np.ndarray, n: float, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Score range of a share of n rows (Wilson 1927): open at 0 and 1 where a bootstrap is not."""
    z2 = ndtri((1 + level) / 2) ** 2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = np.sqrt(z2 * share * (1 - share) / n + z2**2 / (4 * n**2)) / (1 + z2 / n)
    return centre - half, centre + half


def ordered(mid: float, low: float, high: float, n: int, method: str) -> Estimate:
    """A share with low <= mid <= high inside 0..1."""
    mid = min(max(float(mid), 0.0), 1.0)
    low, high = min(max(float(low), 0.0), mid), max(min(float(high), 1.0), mid)
    return Estimate(round(mid, DIGITS), round(low, DIGITS), round(high, DIGITS), n, method)
