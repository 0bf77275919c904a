import re

import numpy as np
import pytest

from core.domain import Token


class Adding:
    """A model whose confidence in "bug" is 0.5 plus the points of the words it reads; "praise" has the rest.

    A token is a run without white space; words in `unknown` become the unknown token.
    """

    labels = ("bug", "praise")

    def __init__(self, points=None, max_tokens=64, unknown=()):
        self.points = points or {}
        self.max_tokens = max_tokens
        self.unknown = unknown
        self.calls = []

    def tokens(self, text):
        found = [Token(m[0], m.start(), m.end(), False) for m in re.finditer(r"\S+", text)]
        first, last = Token("[CLS]", 0, 0, True), Token("[SEP]", 0, 0, True)
        return (first, *found[: self.max_tokens - 2], last)

    def unknown_tokens(self, text):
        return [(token.start, token.end) for token in self.tokens(text) if token.text in self.unknown]

    def probabilities(self, texts):
        self.calls.append(list(texts))
        read = [{token.text for token in self.tokens(text)} for text in texts]
        bug = np.array([0.5 + sum(self.points.get(word, 0.0) for word in words) for words in read])
        return np.stack([bug, 1.0 - bug], axis=1)

    def attention(self, text, half=False):
        """2 layers, 2 heads: layer 1 even, layer 2 head 0 all on [CLS], head 1 all on the token before."""
        tokens = self.tokens(text)
        n = len(tokens)
        maps = np.zeros((2, 2, n, n), dtype=np.float32)
        maps[0] = 1.0 / n
        maps[1, 0, :, 0] = 1.0
        for row in range(n):
            maps[1, 1, row, max(row - 1, 0)] = 1.0
        return tokens, maps


@pytest.fixture
def adding():
    return Adding
