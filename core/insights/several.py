"""How large each theme is when a comment may carry several: every theme counted on its own."""

import numpy as np

from core.domain import Estimate
from core.errors import AppError
from core.insights.counts import (
    Shares,
    bootstrap_weights,
    chosen_method,
    hull,
    probability_counts,
)
from core.insights.settings import InsightSettings

DECIDED = 0.5  # a row carries the themes from this probability on
POINTS = 1024  # log-odds that stand for all rows in the draws: ranges move by less than 1e-4


def label_shares(
    probabilities: np.ndarray,
    given: np.ndarray,
    labelled: np.ndarray,
    prior: np.ndarray,
    balanced_accuracy: np.ndarray,
    settings: InsightSettings,
    *,
    groups: np.ndarray | None = None,
    stream: int = 0,
) -> Shares:
    """Share of rows that carry each theme; the shares of k themes do not add up to 1.

    probabilities (n, k) calibrated; given (n, k) bool, read where `labelled` (n,) is True; prior (k,)
    training share and balanced_accuracy (k,) theme by theme. Point and range as in `counts.shares`.
    """
    _check(probabilities, given, labelled, prior, balanced_accuracy)
    n, k = probabilities.shape
    if n == 0:
        none = [Estimate(0.0, 0.0, 1.0, 0, "no rows") for _ in range(k)]
        return Shares(none, "no rows", np.zeros((0, k)), prior, np.zeros((0, k)))
    points = [chosen_method(float(value), settings) for value in balanced_accuracy]
    rows, mix = _row_shares(probabilities, given, labelled, prior, points, settings)
    weights = bootstrap_weights(n, settings.bootstrap_draws, settings.seed, stream, groups)
    counted = weights[labelled].T @ rows[labelled]
    draws = {
        name: (counted + part * weights[~labelled].sum(axis=0)[:, None]) / weights.sum(axis=0)[:, None]
        for name, part in _methods(probabilities[~labelled], weights[~labelled], prior, settings).items()
    }
    start = ["labels"] if labelled.any() else []
    methods = ["+".join(start + ([] if labelled.all() else [point])) for point in points]
    estimates = hull(rows.mean(axis=0), list(draws.values()), n, methods, settings)
    chosen = np.stack([draws[point][:, theme] for theme, point in enumerate(points)], axis=1)
    return Shares(estimates, ", ".join(sorted(set(methods))), chosen, mix, rows)


def _check(
    probabilities: np.ndarray,
    given: np.ndarray,
    labelled: np.ndarray,
    prior: np.ndarray,
    balanced_accuracy: np.ndarray,
) -> None:
    n, k = probabilities.shape
    fits = given.shape == (n, k) and labelled.shape == (n,)
    if not fits or prior.shape != (k,) or balanced_accuracy.shape != (k,):
        raise AppError("The predictions do not fit the feedback rows. Run the training again.")
    if not (np.isfinite(probabilities).all() and np.isfinite(prior).all()):
        raise AppError("The predictions contain values that are not numbers. Run the training again.")


def _row_shares(
    probabilities: np.ndarray,
    given: np.ndarray,
    labelled: np.ndarray,
    prior: np.ndarray,
    points: list[str],
    settings: InsightSettings,
) -> tuple[np.ndarray, np.ndarray]:
    """What each row adds to each theme (n, k), and the share among the unlabelled rows (k,)."""
    rows = np.array(probabilities, dtype=float)
    rows[labelled] = given[labelled]
    if labelled.all():
        return rows, prior
    part = probabilities[~labelled]
    every = np.ones((len(part), 1))
    for theme, point in enumerate(points):
        if point == "EMQ":
            mix = adapted_share(part[:, theme], every, float(prior[theme]), settings)[0]
            rows[~labelled, theme] = adapt_one(part[:, theme], float(prior[theme]), mix, settings)
    return rows, rows[~labelled].mean(axis=0)


def _methods(
    probabilities: np.ndarray, weights: np.ndarray, prior: np.ndarray, settings: InsightSettings
) -> dict[str, np.ndarray]:
    """Draws (B, k) by method; without rows every method is zero."""
    if len(probabilities) == 0:
        nothing = np.zeros((weights.shape[1], len(prior)))
        return {"CC": nothing, "PCC": nothing, "EMQ": nothing}
    adapted = [
        adapted_share(*condensed(probabilities[:, theme], weights, settings), float(prior[theme]), settings)
        for theme in range(len(prior))
    ]
    return {
        "CC": probability_counts((probabilities >= DECIDED).astype(float), weights),
        "PCC": probability_counts(probabilities, weights),
        "EMQ": np.stack(adapted, axis=1),
    }


def adapted_share(
    probabilities: np.ndarray, weights: np.ndarray, prior: float, settings: InsightSettings
) -> np.ndarray:
    """EM for one theme against its absence (Saerens et al. 2002); (n,) and weights (n, B) -> (B,)."""
    low = settings.label_floor
    probabilities, prior = np.clip(probabilities, low, 1 - low), float(np.clip(prior, low, 1 - low))
    against = ((1 - probabilities) / probabilities)[:, None]
    totals = np.maximum(weights.sum(axis=0), 1)
    share = np.full(weights.shape[1], prior)
    for _ in range(settings.label_em_steps):
        ratio = (1 - share) / (1 - prior) * prior / share
        new = np.clip((weights / (1 + against * ratio)).sum(axis=0) / totals, low, 1 - low)
        new = np.where(weights.any(axis=0), new, prior)  # a draw without any row keeps the prior
        moved, share = np.abs(new - share).max(), new
        if moved < settings.em_tolerance:
            break
    return share


def adapt_one(probabilities: np.ndarray, prior: float, share: float, settings: InsightSettings) -> np.ndarray:
    """Probabilities of one theme (n,) as they would be had the training rows had this share of it."""
    low = settings.label_floor
    kept = np.clip(probabilities, low, 1 - low)
    prior, share = np.clip([prior, share], low, 1 - low)
    found = kept * share / prior
    return found / (found + (1 - kept) * (1 - share) / (1 - prior))


def condensed(
    probabilities: np.ndarray, weights: np.ndarray, settings: InsightSettings
) -> tuple[np.ndarray, np.ndarray]:
    """At most 1,024 probabilities with the summed weights of the rows near each of them."""
    if len(probabilities) <= POINTS:
        return probabilities, weights
    low = settings.label_floor
    kept = np.clip(probabilities, low, 1 - low)
    odds = np.log(kept / (1 - kept))
    span = np.log((1 - low) / low)
    places = np.minimum(((odds + span) / (2 * span) * POINTS).astype(np.int64), POINTS - 1)
    order = np.argsort(places, kind="stable")
    starts = np.flatnonzero(np.diff(places[order], prepend=-1))
    sizes = np.diff(np.append(starts, len(order)))
    means = np.add.reduceat(kept[order], starts) / sizes
    return means, np.add.reduceat(weights[order], starts, axis=0)
