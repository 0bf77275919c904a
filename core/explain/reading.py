"""Which words of a text the model reads."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.domain import Span, Token
from core.explain.model import Explainable
from core.explain.words import CUT, UNREAD, units


@dataclass(frozen=True)
class Reading:
    spans: tuple[Span, ...]  # all words, weight 0, marked
    seen: str  # the beginning of the text that the model reads

    @property
    def read(self) -> tuple[Span, ...]:
        return tuple(span for span in self.spans if span.mark != CUT)


def read(model: Explainable, text: str) -> Reading:
    """Mark the words past the model's limit and those that are only unknown tokens, or none."""
    tokens = model.tokens(text)
    full = len(tokens) >= model.max_tokens
    end = max((token.end for token in tokens), default=0) if full else len(text)
    words = units(text)
    inside = [word for word in words if word[0] < end]
    unknown = set(model.unknown_tokens(text))
    known = [token for token in tokens if (token.start, token.end) not in unknown]
    spans = [
        Span(*word, 0.0, "" if is_known else UNREAD)
        for word, is_known in zip(inside, shares(inside, known).any(axis=1), strict=True)
    ]
    spans += [Span(*word, 0.0, CUT) for word in words[len(inside) :]]
    return Reading(tuple(spans), text[:end] if text[end:].strip() else text)


def shares(words: Sequence[tuple[int, int]], tokens: Sequence[Token]) -> np.ndarray:
    """(words, tokens): the part of each token that lies in each word; a token in no word has zeros."""
    part = np.zeros((len(words), len(tokens)))
    ends = [end for _, end in words]
    for number, token in enumerate(tokens):
        for place in range(bisect_right(ends, token.start), len(words)):
            start, end = words[place]
            if start >= token.end:
                break
            part[place, number] = min(end, token.end) - max(start, token.start)
    total = part.sum(axis=0)
    return part / np.where(total > 0, total, 1.0)
