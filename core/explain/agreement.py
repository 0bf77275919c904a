"""Two explanations of one text side by side: do they name the same words?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.domain import Attribution, Span
from core.errors import AppError
from core.explain.words import CUT

TOP = 3
ALIKE, APART = 0.6, 0.2  # rank correlations


@dataclass(frozen=True)
class Agreement:
    shared: int  # words that are among the top words of both
    top: int  # words that were compared: three, or all of a shorter text
    order: float | None  # Spearman's rho over all words; None: fewer than three, or one has no order
    words: str  # for the person


def agree(first: Attribution, second: Attribution) -> Agreement:
    """Raises AppError when they are of different texts. Overlap is a caution, never a proof."""
    if first.text != second.text:
        raise AppError("These explain different comments. Choose two explanations of one comment.")
    read = [[span for span in found.spans if span.mark != CUT] for found in (first, second)]
    coarse = min(read, key=len)
    ours, theirs = (_on(coarse, spans) for spans in read)
    top = min(TOP, len(coarse))
    shared = len(set(_top(ours, top)) & set(_top(theirs, top)))
    order = _rank_correlation(ours, theirs)
    return Agreement(shared, top, order, _words(shared, top, order))


def _on(coarse: Sequence[Span], spans: Sequence[Span]) -> np.ndarray:
    """(coarse spans,) the summed weights of the spans that begin in each."""
    if not coarse:
        return np.zeros(0)
    places = (
        np.searchsorted([span.start for span in coarse], [span.start for span in spans], side="right") - 1
    )
    return np.bincount(places.clip(0), [span.weight for span in spans], minlength=len(coarse))


def _top(weights: np.ndarray, count: int) -> list[int]:
    return np.argsort(-np.abs(weights), kind="stable")[:count].tolist()


def _rank_correlation(ours: np.ndarray, theirs: np.ndarray) -> float | None:
    if len(ours) < TOP or np.ptp(ours) == 0 or np.ptp(theirs) == 0:
        return None
    from scipy.stats import rankdata

    # By hand: numpy's correlation of ranks is Spearman's rho, ties included.
    return float(np.corrcoef(rankdata(ours), rankdata(theirs))[0, 1])


def _words(shared: int, top: int, order: float | None) -> str:
    if not top:
        return "There are no words to compare."
    if top == 1:
        return "There is one word, so both name it."
    named = "the same" if shared == top else "none of the same" if not shared else f"{shared} of the same"
    said = f"Both methods name {named} {top} words first"
    if order is not None:
        like = "much alike" if order >= ALIKE else "hardly alike" if order < APART else "partly alike"
        said += f", and the order of all words is {like} ({order:.2f})"
    if shared <= top / 2:
        return f"{said}. Read this picture with care: the methods do not see the same reason."
    return f"{said}. That they agree is no proof that they are right."
