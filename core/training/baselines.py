"""What a model without a Transformer reaches on the same rows."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.models.classifier import Calibration, Platt
from core.models.linear_text import LinearText, terms, tfidf
from core.training import calibration
from core.training.material import Material

UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f]")
STRENGTH = 10.0  # inverse of the penalty
STEPS, TOLERANCE = 200, 1e-3  # of one fit
MOST_TERMS = 100_000
FEWEST_FOR_TWICE = 200  # texts from which a term has to occur in two of them
EDGE = 1e-6  # a label that never occurs is not impossible
Report = Callable[[float], None]


@dataclass(frozen=True)
class TfidfFit:
    model: LinearText  # learned from training and validation rows
    validation_logits: np.ndarray  # (validation rows, labels) of the model of the training rows alone


def fit_tfidf(
    material: Material, train: np.ndarray, validation: np.ndarray, on_fit: Report = lambda done: None
) -> TfidfFit:
    """TF-IDF + logistic regression. Calibrated on the validation rows by a model that has not learned
    from them; the one that stays learns from both. `on_fit(share done)` may raise to stop.

    Words and pairs of words; for scripts without spaces characters, pairs and triples, because a whole
    sentence would count as one word there. Texts without any word, such as emoji, get the prior.
    """
    both = np.concatenate([train, validation]).astype(int)
    texts, truth = material.texts_of(both), material.truth[both]
    characters = written_without_spaces(texts)
    vocabulary, idf = _vocabulary(texts, characters)
    rows = tfidf(texts, vocabulary, idf, characters)
    on_fit(0.1)
    learned = len(train)
    fitter = _several if material.multi else _one
    balanced = material.options.balance != "none"
    start = fitter(rows[:learned], truth[:learned], balanced, lambda done: on_fit(0.1 + 0.45 * done))
    logits = rows[learned:] @ start[0].T + start[1]
    found = calibration.fit(logits, truth[learned:], material.multi)
    final = start
    if len(validation):
        final = fitter(rows, truth, balanced, lambda done: on_fit(0.55 + 0.45 * done), start)
    on_fit(1.0)
    prior = _uncalibrated(_shares(truth), found)
    model = LinearText(
        material.labels,
        material.multi,
        found,
        vocabulary,
        idf,
        final[0].astype(np.float32),
        final[1],
        prior,
        characters,
    )
    return TfidfFit(model, logits)


def written_without_spaces(texts: Sequence[str]) -> bool:
    """Whether most of up to 500 texts hold letters of a script that puts no spaces between words."""
    sample = texts[:: max(1, len(texts) // 500)]
    found = sum(bool(UNSPACED.search(text)) for text in sample)
    return found > len(sample) / 2


def _vocabulary(texts: Sequence[str], characters: bool) -> tuple[dict[str, int], np.ndarray]:
    """Columns of the terms, and log((1 + texts) / (1 + texts with the term)) + 1 of each."""
    found, total = Counter(), Counter()
    for text in texts:
        counts = Counter(terms(text, characters))
        found.update(counts.keys())
        total.update(counts)
    fewest = 2 if len(texts) >= FEWEST_FOR_TWICE else 1
    often = [term for term, count in found.items() if count >= fewest]
    often = sorted(sorted(often, key=lambda term: (-total[term], term))[:MOST_TERMS])
    counts = np.array([found[term] for term in often], dtype=np.float64)
    return {term: column for column, term in enumerate(often)}, np.log((1 + len(texts)) / (1 + counts)) + 1


def _shares(truth: np.ndarray) -> np.ndarray:
    return np.clip(truth.mean(axis=0), EDGE, 1 - EDGE)


def _uncalibrated(shares: np.ndarray, found: Calibration | Platt) -> np.ndarray:
    """Logits whose calibrated probabilities are `shares`."""
    if isinstance(found, Platt):
        return (np.log(shares / (1 - shares)) - np.asarray(found.bias)) / np.asarray(found.slope)
    return found.temperature * (np.log(shares) - np.asarray(found.bias))


def _regression(balanced: bool):
    from sklearn.linear_model import LogisticRegression

    weights = "balanced" if balanced else None
    return LogisticRegression(
        C=STRENGTH, max_iter=STEPS, tol=TOLERANCE, class_weight=weights, warm_start=True
    )


def _one(rows, truth: np.ndarray, balanced: bool, on_fit: Report, start=None):
    """Weight (labels, terms) and bias (labels,) of one label a row; `start` a fit on fewer rows."""
    weight, bias = np.zeros((truth.shape[1], rows.shape[1])), np.log(_shares(truth))
    classes = truth.argmax(axis=1)
    seen = np.unique(classes)
    if len(seen) < 2 or not rows.shape[1]:
        return weight, bias
    model = _regression(balanced)
    if start is not None and len(seen) > 2:
        model.coef_, model.intercept_, model.classes_ = start[0][seen], start[1][seen], seen
    model.fit(rows, classes)
    if len(seen) == 2:  # two labels mirror each other
        weight[seen] = np.concatenate([-model.coef_, model.coef_]) / 2
        bias[seen] = np.concatenate([-model.intercept_, model.intercept_]) / 2
    else:
        weight[seen], bias[seen] = model.coef_, model.intercept_
    on_fit(1.0)
    return weight, bias


def _several(rows, truth: np.ndarray, balanced: bool, on_fit: Report, start=None):
    """One label against the rest, each by itself."""
    shares = _shares(truth)
    weight, bias = np.zeros((truth.shape[1], rows.shape[1])), np.log(shares / (1 - shares))
    for label in range(truth.shape[1]):
        if rows.shape[1] and 0 < truth[:, label].sum() < len(truth):
            model = _regression(balanced)
            if start is not None:
                model.coef_, model.intercept_ = start[0][label : label + 1], start[1][label : label + 1]
            model.fit(rows, truth[:, label])
            weight[label], bias[label] = model.coef_[0], model.intercept_[0]
        on_fit((label + 1) / truth.shape[1])
    return weight, bias
