"""Labels that are probably mistakes: the model, which did not see the row, is sure of another answer."""

from dataclasses import dataclass

import numpy as np

from core.evaluation.held_out import HeldOut

SURE = 0.5  # the least threshold of "sure": labels with few or hard rows have low means
FEWEST = 5  # rows of a label to know how sure the model usually is of it


@dataclass(frozen=True)
class Suspect:
    id: int
    given: str  # the label a person gave, "" where one is missing
    said: str  # what the model says, "" where the given label does not fit
    confidence: float  # of the given label (of its absence, where one is missing)
    margin: float  # how much surer the model is of its own answer


def suspects(held: HeldOut, most: int = 50) -> tuple[Suspect, ...]:
    """Most doubtful first; probabilities of rows must come from models that did not learn from them.

    After confident learning (Northcutt, Jiang & Chuang 2021): a row is suspicious when the model is at
    least as sure of another label as it is, on average, of rows that really carry that label.
    Repeats of a row are averaged.
    """
    if not len(held.ids):
        return ()
    parts = held.repeats
    ids, truth = parts[0].ids, parts[0].truth
    probabilities = np.mean([part.probabilities for part in parts], axis=0)
    found = (_several if held.multi else _single)(held.labels, ids, truth, probabilities)
    return tuple(sorted(found, key=lambda suspect: (-suspect.margin, suspect.id))[:most])


def _usual(truth: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """(k,) mean probability of a label on the rows that carry it; above 1, never reached, with too few."""
    rows = truth.sum(axis=0)
    means = (probabilities * truth).sum(axis=0) / np.maximum(rows, 1)
    return np.where(rows >= FEWEST, np.maximum(means, SURE), 2.0)


def _single(labels, ids: np.ndarray, truth: np.ndarray, probabilities: np.ndarray) -> list[Suspect]:
    rows, given, said = np.arange(len(ids)), truth.argmax(axis=1), probabilities.argmax(axis=1)
    own, other = probabilities[rows, given], probabilities[rows, said]
    doubtful = np.flatnonzero((said != given) & (other >= _usual(truth, probabilities)[said]))
    return [
        Suspect(
            int(ids[row]),
            labels[given[row]],
            labels[said[row]],
            float(own[row]),
            float(other[row] - own[row]),
        )
        for row in doubtful
    ]


def _several(labels, ids: np.ndarray, truth: np.ndarray, probabilities: np.ndarray) -> list[Suspect]:
    """Each label by itself: one that is missing, or one that does not fit."""
    missing = ~truth & (probabilities >= _usual(truth, probabilities))
    misfit = truth & (1 - probabilities >= _usual(~truth, 1 - probabilities))
    found = []
    for row, label in np.argwhere(missing | misfit):
        chance = float(probabilities[row, label])
        absent = bool(missing[row, label])
        own = 1 - chance if absent else chance
        names = ("", labels[label]) if absent else (labels[label], "")
        found.append(Suspect(int(ids[row]), *names, own, 1 - 2 * own))
    return found
