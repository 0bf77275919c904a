import numpy as np
import pytest

from core.evaluation.held_out import HeldOut


@pytest.fixture
def held_of():
    """A HeldOut of label numbers and probabilities, or of a truth matrix."""

    def make(truth, probabilities, labels="abcdefgh", multi=False, **more):
        probabilities = np.asarray(probabilities, dtype=float)
        truth = np.asarray(truth)
        if truth.ndim == 1:
            truth = truth[:, None] == np.arange(probabilities.shape[1])
        ids = more.pop("ids", np.arange(len(truth)) + 100)
        labels = tuple(labels)[: probabilities.shape[1]]
        return HeldOut(labels, multi, np.asarray(ids), truth.astype(bool), probabilities, **more)

    return make


@pytest.fixture
def sure_of(held_of):
    """A HeldOut whose model gives 0.9 to the labels `said`."""

    def make(truth, said, labels="abcdefgh", size=None, **more):
        size = size or max(*truth, *said) + 1
        probabilities = np.full((len(said), size), 0.1 / max(1, size - 1))
        probabilities[np.arange(len(said)), said] = 0.9
        return held_of(truth, probabilities, labels, **more)

    return make


@pytest.fixture
def random_held(held_of):
    """n rows, k labels, right about `strength`; the same truth for every `seed`."""

    def make(n=300, k=4, strength=2.0, seed=1, multi=False, **more):
        truth = np.random.default_rng(0).integers(0, k, n)
        logits = np.random.default_rng(seed).normal(size=(n, k))
        logits[np.arange(n), truth] += strength
        if multi:
            matrix = truth[:, None] == np.arange(k)
            matrix |= np.random.default_rng(7).random((n, k)) < 0.2
            probabilities = 1 / (1 + np.exp(-(logits + strength * matrix - strength)))
            return held_of(matrix, probabilities, multi=True, **more)
        probabilities = np.exp(logits)
        return held_of(truth, probabilities / probabilities.sum(axis=1, keepdims=True), **more)

    return make
