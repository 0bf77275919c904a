"""Probabilities that mean what they say: BCTS (Alexandari, Kundaje, Shrikumar 2020)."""

import numpy as np
from scipy.optimize import minimize

from core.models.classifier import Calibration, log_softmax

BIAS_PENALTY = 0.01
FEWEST_ROWS, FEWEST_OF_LABEL = 100, 10


def fit(logits: np.ndarray, truth: np.ndarray) -> Calibration:
    """Temperature and biases that minimise the mean negative log-likelihood + .01 mean(bias^2).

    `logits` (rows, labels) of rows the model was not fitted on. Under 100 rows only the temperature
    is fitted; a label with under 10 rows keeps bias 0.
    """
    rows, count = logits.shape
    logs = log_softmax(logits.astype(np.float64))
    seen = np.bincount(truth, minlength=count)
    free = np.flatnonzero(seen >= FEWEST_OF_LABEL) if rows >= FEWEST_ROWS else np.array([], dtype=int)

    def loss(params: np.ndarray) -> tuple[float, np.ndarray]:
        inverse, bias = np.exp(-params[0]), np.zeros(count)
        bias[free] = params[1:]
        scores = log_softmax(logs * inverse + bias)
        value = -scores[np.arange(rows), truth].mean() + BIAS_PENALTY * np.mean(bias**2)
        slope = np.exp(scores)
        slope[np.arange(rows), truth] -= 1
        slope /= rows
        towards_bias = slope.sum(axis=0) + 2 * BIAS_PENALTY * bias / count
        towards_temperature = -(slope * logs).sum() * inverse
        return value, np.concatenate([[towards_temperature], towards_bias[free]])

    bounds = [(np.log(0.05), np.log(20.0))] + [(-5.0, 5.0)] * len(free)
    best = minimize(loss, np.zeros(1 + len(free)), jac=True, method="L-BFGS-B", bounds=bounds).x
    bias = np.zeros(count)
    bias[free] = best[1:]
    return Calibration(float(np.exp(best[0])), tuple(float(value) for value in bias))
