"""Lengths of texts in words, characters and estimated tokens, counted without keeping the texts."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.ingest.row_ids import combined, hashes
from core.ingest.text_array import layout

LONGEST = 5_000  # lengths from here on count as equal
TOKENS_A_WORD = 1.3  # of English under WordPiece
CHARACTERS_A_TOKEN = 4.0  # where words are long: code, addresses, @names
MARKS = 2  # tokens for the beginning and the end of a text
_WIDE = 0xE0  # first byte of characters of three or four bytes: mostly a token each


class Lengths:
    """How many texts have each length."""

    def __init__(self) -> None:
        self._counts = np.zeros(LONGEST + 1, dtype=np.int64)

    def add(self, lengths: np.ndarray) -> None:
        self._counts += np.bincount(np.minimum(lengths, LONGEST), minlength=LONGEST + 1)

    def quartiles(self) -> tuple[int, int, int]:
        """With values between two lengths taken linearly; zeros without texts."""
        total = int(self._counts.sum())
        if not total:
            return 0, 0, 0
        upto = np.cumsum(self._counts)
        found = []
        for part in (0.25, 0.5, 0.75):
            place = part * (total - 1)
            low, high = np.searchsorted(upto, [np.floor(place), np.ceil(place)], side="right")
            found.append(round(float(low + (high - low) * (place % 1))))
        return found[0], found[1], found[2]

    def above(self, limit: int) -> float:
        """Share of texts longer than that."""
        total = int(self._counts.sum())
        return float(self._counts[limit + 1 :].sum() / total) if total else 0.0


class LengthTally:
    def __init__(self) -> None:
        self.words, self.characters, self.tokens = Lengths(), Lengths(), Lengths()

    def add(self, texts: pa.LargeStringArray) -> None:
        offsets, data = layout(texts)
        data = data[offsets[0] : offsets[-1]]
        offsets = offsets - offsets[0]
        gap = data <= 32  # blanks, line ends and other controls
        begins = ~gap
        begins[1:] &= gap[:-1]
        inner = offsets[:-1][np.diff(offsets) > 0]
        begins[inner] = ~gap[inner]  # a text begins a word whatever the one before ended with
        words = _per_text(begins, offsets)
        wide = _per_text(data >= _WIDE, offsets)
        self.words.add(words)
        characters = np.asarray(pc.utf8_length(texts)).astype(np.int64)
        self.characters.add(characters)
        pieces = np.maximum(TOKENS_A_WORD * words, (characters - wide) / CHARACTERS_A_TOKEN)
        self.tokens.add(np.ceil(pieces).astype(np.int64) + wide + MARKS)


def _per_text(marks: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Marked bytes of each text."""
    return np.diff(np.searchsorted(np.flatnonzero(marks), offsets))


def fingerprints(cells: pa.LargeStringArray) -> np.ndarray:
    """A 64-bit number a cell, equal for equal cells; quick where all have the same few bytes."""
    offsets, data = layout(cells)
    lengths = np.diff(offsets)
    if not len(lengths) or lengths.min() != lengths.max() or not 0 < lengths[0] <= 16:
        return hashes(cells)
    width = int(lengths[0])
    padded = np.zeros((len(lengths), 16), dtype=np.uint8)
    padded[:, :width] = data[offsets[0] : offsets[-1]].reshape(-1, width)
    halves = padded.view(np.uint64)
    return combined(halves[:, 0], halves[:, 1])
