"""From weights of tokens to weights of words, and which labels are asked about."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from core.domain import Attribution, Span, Token
from core.errors import AppError
from core.explain.model import Explainable, column
from core.explain.reading import Reading, shares


def pair(model: Explainable, label: str, against: str | None) -> tuple[int, int | None]:
    """Places of the label and of the one it is compared with. Raises NotFound or, if equal, AppError."""
    wanted = column(model, label)
    other = None if against is None else column(model, against)
    if wanted == other:
        raise AppError("The two labels are the same. Choose another label to compare with.")
    return wanted, other


def on_words(reading: Reading, tokens: Sequence[Token], weights: np.ndarray) -> tuple[Span, ...]:
    """All words of the text; a word has the sum of its tokens, each by the part that lies in the word."""
    read = reading.read
    summed = shares([(span.start, span.end) for span in read], tokens) @ weights
    weighted = [replace(span, weight=float(weight)) for span, weight in zip(read, summed, strict=True)]
    return (*weighted, *reading.spans[len(read) :])


def spread(attribution: Attribution, spans: Sequence[Span]) -> np.ndarray:
    """(spans,) weights of the attribution; what stands for several of the spans is dealt out evenly."""
    weights = np.zeros(len(spans))
    place = 0
    for given in attribution.spans:
        inside = []
        while place < len(spans) and spans[place].start < given.end:
            if spans[place].start >= given.start:
                inside.append(place)
            place += 1
        weights[inside] = given.weight / max(1, len(inside))
    return weights
