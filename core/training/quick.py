"""Quick: a logistic regression on the vectors of an encoder that stays as it is."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from core.models.classifier import Calibration, Head, Platt, calibrated, sigmoid
from core.training import calibration
from core.training.material import Material
from core.training.sampling import label_weights

STRENGTHS = (1.0, 3.0, 10.0, 30.0)  # inverse of the penalty, tried on the validation rows
USUAL = 10.0  # where there are too few rows to choose
FEWEST_TO_CHOOSE = 20  # validation rows; with fewer, folds of all rows choose
FOLDS = 5
STEPS = 200  # of one fit
LEAST_GAIN = 1e-9  # of the loss by a step, as a share; with less a fit ends
LARGE, LARGE_STRENGTHS = 200_000, (10.0, 30.0)  # rows x labels: the weak ones never won there
BIAS_SCALE = 0.3  # the bias in units that curve about as much as the weights of vectors of length 1
Report = Callable[[float], None]


@dataclass(frozen=True)
class QuickFit:
    start: Head  # fitted on the training rows alone: what Better starts from
    final: Head  # fitted on training and validation rows: what Quick answers with
    calibration: Calibration | Platt
    strength: float
    validation_logits: np.ndarray  # (validation rows, labels) of `start`


@dataclass(frozen=True)
class Choice:
    strength: float
    calibration: Calibration | Platt
    head: Head | None = None  # of the training rows, when one was fitted on all of them


def fit(
    material: Material, train: np.ndarray, validation: np.ndarray, on_fit: Report = lambda done: None
) -> QuickFit:
    """`train` and `validation` are row numbers; `validation` may be empty or lack labels.

    `on_fit(share done)` after each fit may raise to stop.
    """
    vectors, truth = material.vectors, material.truth
    both = np.concatenate([train, validation]).astype(int)
    weights = balance(truth[train], material)
    fitter = Fitter(vectors[train], truth[train], material.multi, weights)
    if len(validation) >= FEWEST_TO_CHOOSE:
        choice = _by_validation(fitter, vectors[validation], truth[validation], on_fit)
    else:
        choice = _by_folds(vectors[both], truth[both], material, on_fit)
    start = choice.head or fitter.head(choice.strength)
    whole = Fitter(vectors[both], truth[both], material.multi, balance(truth[both], material))
    final = whole.head(choice.strength, start) if len(validation) else start
    on_fit(1.0)
    return QuickFit(
        start, final, choice.calibration, choice.strength, start.logits(vectors[validation.astype(int)])
    )


def balance(truth: np.ndarray, material: Material) -> np.ndarray | None:
    """(labels,) weights; drawing rare labels more often and weighing them more are one thing here."""
    return None if material.options.balance == "none" else label_weights(truth, material.multi)


def strengths_for(truth: np.ndarray) -> tuple[float, ...]:
    return LARGE_STRENGTHS if truth.size > LARGE else STRENGTHS


def steepest(truth: np.ndarray) -> float:
    """The slope at which a fit ends."""
    return 1e-6 if truth.size <= LARGE else 1e-5


def _by_validation(fitter: "Fitter", vectors: np.ndarray, truth: np.ndarray, on_fit: Report) -> Choice:
    strengths = strengths_for(fitter.truth)
    best, head = None, None
    for number, strength in enumerate(strengths):
        head = fitter.head(strength, head)
        logits = head.logits(vectors)
        found = calibration.fit(logits, truth, head.multi)
        # Calibrated likelihood, not F1: few validation rows order four F1 figures by chance.
        loss = surprise(calibrated(logits, found), truth, head.multi)
        if best is None or loss < best[0]:
            best = (loss, Choice(strength, found, head))
        on_fit((number + 1) / (len(strengths) + 1))
    return best[1]


def _by_folds(vectors: np.ndarray, truth: np.ndarray, material: Material, on_fit: Report) -> Choice:
    """Each row is answered by a head that has not seen it."""
    places = folds(truth, material.options.seed)
    if places is None:
        return Choice(USUAL, calibration.none(truth.shape[1], material.multi))
    best, strengths = None, strengths_for(truth)
    for number, strength in enumerate(strengths):
        logits = np.zeros(truth.shape)
        for fold in range(places.max() + 1):
            inside, outside = places == fold, places != fold
            weights = balance(truth[outside], material)
            head = Fitter(vectors[outside], truth[outside], material.multi, weights).head(strength)
            logits[inside] = head.logits(vectors[inside])
        found = calibration.fit(logits, truth, material.multi)
        loss = surprise(calibrated(logits, found), truth, material.multi)
        if best is None or loss < best[0]:
            best = (loss, Choice(strength, found))
        on_fit((number + 1) / (len(strengths) + 1))
    return best[1]


def folds(truth: np.ndarray, seed: int) -> np.ndarray | None:
    """(rows,) fold numbers, each label dealt over as many folds as it can fill, up to FOLDS; None when a
    label has a single row, so that a head would have to answer for what it never saw."""
    counts = truth.sum(axis=0)
    count = int(counts[counts > 0].min(initial=FOLDS))
    if count < 2:
        return None
    order = np.random.default_rng(seed).permutation(len(truth))
    rarest = np.where(truth, counts, len(truth) + 1).argmin(axis=1)  # several labels a row: the rarest
    order = order[np.argsort(rarest[order], kind="stable")]
    places = np.zeros(len(truth), dtype=int)
    places[order] = np.arange(len(truth)) % count
    return places


def surprise(probabilities: np.ndarray, truth: np.ndarray, multi: bool) -> float:
    """Mean negative log-likelihood of the truth."""
    return float(surprises(probabilities, truth, multi).mean())


def surprises(probabilities: np.ndarray, truth: np.ndarray, multi: bool) -> np.ndarray:
    """(rows,) negative log-likelihood of the truth of each row."""
    yes = np.log(probabilities + 1e-12)
    if not multi:
        return -yes[truth]
    return -np.where(truth, yes, np.log(1 - probabilities + 1e-12)).sum(axis=1)


class Fitter:
    """Logistic regression by L-BFGS: softmax, or with several labels a row one against the rest."""

    def __init__(
        self, vectors: np.ndarray, truth: np.ndarray, multi: bool, weights: np.ndarray | None = None
    ):
        """`vectors` (rows, size), `truth` (rows, labels) bool; `weights` (labels,) of rare labels."""
        # Centred, the bias is apart from the weights: half the steps, the same minimum.
        self.centre = vectors.mean(axis=0, dtype=np.float32)
        self.vectors = np.ascontiguousarray(vectors - self.centre, dtype=np.float32)
        self.truth = truth.astype(np.float32)
        self.multi = multi
        if weights is None:
            self.weights = np.float32(1.0)
        elif multi:  # what carries the label weighs more
            self.weights = np.where(truth, weights, 1.0).astype(np.float32)
        else:
            self.weights = weights[truth.argmax(axis=1)][:, None].astype(np.float32)

    def head(self, strength: float, start: Head | None = None) -> Head:
        """Minimise strength x the summed loss + half the squared weights; the bias is free."""
        rows, size = self.vectors.shape
        labels = self.truth.shape[1]
        # Two labels mirror each other: their rows of weights share the penalty of the one they stand for.
        share = strength / 2 if labels == 2 and not self.multi else strength
        penalty = 1.0 / (share * rows)

        def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
            weight, bias = flat[:-labels].reshape(labels, size), BIAS_SCALE * flat[-labels:]
            logits = self.vectors @ weight.T.astype(np.float32)
            logits += bias.astype(np.float32)
            value, towards = self._loss(logits)
            slope = (towards.T @ self.vectors).astype(np.float64) / rows + penalty * weight
            towards_bias = BIAS_SCALE * towards.sum(axis=0, dtype=np.float64) / rows
            value = value / rows + penalty / 2 * float(np.sum(weight * weight))
            return value, np.concatenate([slope.ravel(), towards_bias])

        first = np.zeros(labels * (size + 1))
        if start is not None:
            bias = start.bias + start.weight @ self.centre
            first = np.concatenate([start.weight.ravel(), bias / BIAS_SCALE]).astype(np.float64)
        options = {"maxiter": STEPS, "ftol": LEAST_GAIN, "gtol": steepest(self.truth)}
        flat = minimize(loss, first, jac=True, method="L-BFGS-B", options=options).x
        weight, bias = flat[:-labels].reshape(labels, size), BIAS_SCALE * flat[-labels:]
        bias = bias - weight @ self.centre
        return Head(weight.astype(np.float32), bias.astype(np.float32), self.multi)

    def _loss(self, logits: np.ndarray) -> tuple[float, np.ndarray]:
        """Summed loss, and its slope towards the logits (rows, labels) float32, written over them."""
        if self.multi:
            each = (np.logaddexp(np.float32(0), logits) - self.truth * logits) * self.weights
            return float(each.sum(dtype=np.float64)), (sigmoid(logits) - self.truth) * self.weights
        logits -= logits.max(axis=1, keepdims=True)
        said = np.einsum("ij,ij->i", logits, self.truth)
        odds = np.exp(logits, out=logits)
        total = odds.sum(axis=1, keepdims=True)
        each = (np.log(total) - said[:, None]) * self.weights
        odds /= total
        odds -= self.truth
        odds *= self.weights
        return float(each.sum(dtype=np.float64)), odds


def fit_head(
    vectors: np.ndarray, truth: np.ndarray, labels: int, strength: float, multi: bool = False
) -> Head:
    """One head; `truth` label numbers (rows,) or, bool, (rows, labels)."""
    wanted = truth if np.ndim(truth) == 2 else np.eye(labels, dtype=bool)[truth]
    return Fitter(vectors, wanted, multi).head(strength)
