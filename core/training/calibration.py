"""Probabilities that mean what they say: BCTS (Alexandari, Kundaje, Shrikumar 2020), Platt (1999)."""

import numpy as np
from scipy.optimize import minimize

from core.models.classifier import Calibration, Platt, calibrated, log_softmax, raw, sigmoid

BIAS_PENALTY = 0.01
FEWEST_FOR_ANY, FEWEST_ROWS, FEWEST_OF_LABEL = 10, 100, 10
FOLDS = 5
SLOPES, BIASES = (0.05, 20.0), (-5.0, 5.0)


def none(labels: int, multi: bool = False) -> Calibration | Platt:
    """Leaves probabilities as they are."""
    flat = (0.0,) * labels
    return Platt((1.0,) * labels, flat) if multi else Calibration(1.0, flat)


def fit(logits: np.ndarray, truth: np.ndarray, multi: bool = False) -> Calibration | Platt:
    """`logits` (rows, labels) of rows the model was not fitted on; `truth` (rows, labels) bool, or label
    numbers (rows,). Under 10 rows say nothing: probabilities stay as they are."""
    rows, labels = logits.shape
    if rows < FEWEST_FOR_ANY:
        return none(labels, multi)
    if multi:
        return fit_platt(logits.astype(np.float64), truth)
    return fit_bcts(logits, truth.argmax(axis=1) if truth.ndim == 2 else truth)


def in_folds(logits: np.ndarray, truth: np.ndarray, multi: bool = False) -> np.ndarray:
    """Probabilities (rows, labels) of the rows that `fit` would learn from, each under a calibration of the
    other folds: fitted on themselves, few rows of many labels look likelier with biases than they are."""
    if len(logits) < FEWEST_FOR_ANY:
        return raw(logits, multi)
    found = np.zeros(logits.shape)
    folds = _folds(len(logits))
    for fold in range(FOLDS):
        inside = folds == fold
        found[inside] = calibrated(logits[inside], fit(logits[~inside], truth[~inside], multi))
    return found


def fit_bcts(logits: np.ndarray, truth: np.ndarray) -> Calibration:
    """Temperature and biases that minimise the mean negative log-likelihood + .01 mean(bias^2).

    Under 100 rows only the temperature is fitted; a label with under 10 rows keeps bias 0. Biases stay
    only if they also help on rows they were not fitted on (5 folds): with many labels of a dozen rows
    each they fit noise, and cost a point of accuracy. One row's worth of doubt pulls the temperature towards
    1. Targets are not quite 0 and 1 but (n + 1) / (n + 2) and what is left, as Platt's are, as if one row of
    the n + 2 had been wrong: a hundred that are nearly all right do not make the model certain of everything,
    and a dozen leave it doubting.
    """
    logs = log_softmax(logits.astype(np.float64))
    seen = np.bincount(truth, minlength=logs.shape[1])
    free = np.flatnonzero(seen >= FEWEST_OF_LABEL) if len(logs) >= FEWEST_ROWS else np.array([], dtype=int)
    if len(free) and _surprise_in_folds(logs, truth, free) >= _surprise_in_folds(logs, truth, free[:0]):
        free = free[:0]
    return _fit_bcts(logs, truth, free)


def _folds(rows: int) -> np.ndarray:
    return np.random.default_rng(0).permutation(rows) % FOLDS


def _surprise_in_folds(logs: np.ndarray, truth: np.ndarray, free: np.ndarray) -> float:
    """Mean negative log-likelihood of each row under a calibration fitted on the other folds."""
    folds = _folds(len(logs))
    total = 0.0
    for fold in range(FOLDS):
        inside = folds == fold
        found = _fit_bcts(logs[~inside], truth[~inside], free)
        scores = log_softmax(logs[inside] / found.temperature + np.asarray(found.bias))
        total -= scores[np.arange(inside.sum()), truth[inside]].sum()
    return total / len(logs)


def _fit_bcts(logs: np.ndarray, truth: np.ndarray, free: np.ndarray) -> Calibration:
    """`logs` (rows, labels) log-probabilities; `free` labels have a bias."""
    rows, count = logs.shape
    target = np.full((rows, count), 1 / ((rows + 2) * max(1, count - 1)))
    target[np.arange(rows), truth] = (rows + 1) / (rows + 2) if count > 1 else 1.0

    def loss(params: np.ndarray) -> tuple[float, np.ndarray]:
        inverse, bias = np.exp(-params[0]), np.zeros(count)
        bias[free] = params[1:]
        scores = log_softmax(logs * inverse + bias)
        value = -(target * scores).sum() / rows + BIAS_PENALTY * np.mean(bias**2)
        slope = (np.exp(scores) - target) / rows
        towards_bias = slope.sum(axis=0) + 2 * BIAS_PENALTY * bias / count
        towards_temperature = -(slope * logs).sum() * inverse + params[0] / rows
        value += params[0] ** 2 / (2 * rows)
        return value, np.concatenate([[towards_temperature], towards_bias[free]])

    bounds = [(np.log(SLOPES[0]), np.log(SLOPES[1]))] + [BIASES] * len(free)
    best = minimize(loss, np.zeros(1 + len(free)), jac=True, method="L-BFGS-B", bounds=bounds).x
    bias = np.zeros(count)
    bias[free] = best[1:]
    return Calibration(float(np.exp(best[0])), tuple(float(value) for value in bias))


def fit_platt(logits: np.ndarray, truth: np.ndarray) -> Platt:
    """Slope and bias of each label by itself, to Platt's targets, which are never quite 0 or 1.

    A label with under 10 rows that carry it, or under 10 that do not, keeps slope 1 and bias 0.
    """
    rows, count = logits.shape
    positive = truth.sum(axis=0)
    free = np.flatnonzero((positive >= FEWEST_OF_LABEL) & (rows - positive >= FEWEST_OF_LABEL))
    slope, bias = np.ones(count), np.zeros(count)
    if len(free):
        yes = (positive[free] + 1) / (positive[free] + 2)
        no = 1 / (rows - positive[free] + 2)
        target = np.where(truth[:, free], yes, no)
        slope[free], bias[free] = _fit_lines(logits[:, free], target)
    return Platt(tuple(slope.tolist()), tuple(bias.tolist()))


def _fit_lines(logits: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rows, count = logits.shape

    def loss(params: np.ndarray) -> tuple[float, np.ndarray]:
        scores = logits * params[:count] + params[count:]
        value = (np.logaddexp(0.0, scores) - target * scores).mean(axis=0).sum()
        towards = (sigmoid(scores) - target) / rows
        return value, np.concatenate([(towards * logits).sum(axis=0), towards.sum(axis=0)])

    start = np.concatenate([np.ones(count), np.zeros(count)])
    bounds = [SLOPES] * count + [(-10.0, 10.0)] * count
    options = {"maxiter": 500, "ftol": 1e-12, "gtol": 1e-7}
    best = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
    return best[:count], best[count:]
