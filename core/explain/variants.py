"""Texts without some of their words, and their scores."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from core.domain import Span
from core.explain.model import Explainable

AT_ONCE = 256  # texts in one call: so few are read in full precision, and a job can stop in between
OnTexts = Callable[[int, int], None]  # (done, all); may raise to stop


def kept(text: str, spans: Sequence[Span], keep: Sequence[bool], mask: str = "") -> str:
    """The words with `keep`, in text order; where white space stood between two, one space remains.

    With a `mask`, it stands for each of the others instead.
    """
    parts: list[str] = []
    end = 0
    for span, wanted in zip(spans, keep, strict=True):
        if not wanted and not mask:
            continue
        gap = text[end : span.start]
        if parts and any(character.isspace() for character in gap):
            parts.append(" ")
        parts.append(text[span.start : span.end] if wanted else mask)
        end = span.end
    return "".join(parts)


def scores(model: Explainable, texts: Sequence[str], on_texts: OnTexts | None = None) -> np.ndarray:
    """(texts, labels) probabilities; each distinct text is read once."""
    distinct = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    if not distinct:
        return np.zeros((0, len(model.labels)))
    ordered = list(distinct)
    found = []
    for chunk in chunks(ordered, AT_ONCE):
        found.append(model.probabilities(chunk))
        if on_texts:
            on_texts(sum(map(len, found)), len(ordered))
    return np.concatenate(found)[[distinct[text] for text in texts]]


def chunks(values: Sequence, size: int) -> Iterator[Sequence]:
    for first in range(0, len(values), size):
        yield values[first : first + size]
