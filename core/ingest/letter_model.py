"""py3langid's model over many texts at once: the same answers as its `classify`, some ten times faster.

Its automaton walks all texts of a batch in step, one byte at a time; the features found become a
sparse matrix that is multiplied by the model's table once.
"""

import lzma
import struct
import unicodedata
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import BinaryIO

import numpy as np
from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier

CELLS = 2_000_000  # texts x bytes of the longest one, walked together: some 20 MB
PIECE = 1 << 20  # bytes


class LetterModel:
    """Naive Bayes over byte n-grams, restricted to some languages."""

    def __init__(self, languages: Sequence[str]) -> None:
        model = _model(languages)
        self._next = model["nextmove"]
        self._row = model["nextmove_row"].astype(np.int64) << 8
        self._feature = model["out_feat"]
        self._table = model["ptc"].astype(np.float32)  # feature x label
        self._before = model["pc"]
        self._labels = model["classes"].astype(object)
        names = self._labels.tolist()
        self._aliases = [(names.index(name), at) for at, name in enumerate(names) if name in names[:at]]

    @cached_property
    def identifier(self) -> LanguageIdentifier:
        """py3langid's own, for one text at a time; it takes another 100 MB."""
        found = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
        found.set_languages(self._labels.tolist())
        return found

    def classify(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """The likeliest label and its probability, one a text."""
        encoded = [_encode(text) for text in texts]
        lengths = np.fromiter(map(len, encoded), dtype=np.int64, count=len(encoded))
        order = np.argsort(-lengths, kind="stable")
        labels = np.empty(len(encoded), dtype=object)
        confidences = np.empty(len(encoded), dtype=np.float64)
        start = 0
        while start < len(order):
            size = max(1, CELLS // max(1, lengths[order[start]]))
            batch = order[start : start + size]
            best, sure = self._best([encoded[i] for i in batch], lengths[batch])
            labels[batch], confidences[batch] = self._labels[best], sure
            start += size
        return labels, confidences

    def _best(self, encoded: list[bytes], lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        scores = self._scores(self._walk(encoded, lengths))
        scores *= (1.0 / np.sqrt(np.maximum(lengths, 1)))[:, None].astype(np.float32)
        np.exp(scores - scores.max(axis=1, keepdims=True), out=scores)
        scores /= scores.sum(axis=1, keepdims=True)
        for first, second in self._aliases:  # one language in two scripts
            scores[:, first] += scores[:, second]
            scores[:, second] = 0.0
        best = scores.argmax(axis=1)
        return best, scores[np.arange(len(best)), best]

    def _walk(self, encoded: list[bytes], lengths: np.ndarray) -> np.ndarray:
        """Features text x byte, -1: none. The texts come longest first."""
        padded = np.array(encoded, dtype=bytes)
        size, width = len(encoded), padded.itemsize
        letters = np.ascontiguousarray(padded.view(np.uint8).reshape(size, width).T)
        active = np.searchsorted(-lengths, -np.arange(width), side="left")  # texts longer than this place
        features = np.full((width, size), -1, dtype=np.int32)
        state = np.zeros(size, dtype=np.int64)
        for place, count in enumerate(active):
            moves = self._row[state[:count]]
            moves += letters[place, :count]
            state[:count] = self._next[moves]
            features[place, :count] = self._feature[state[:count]]
        return np.ascontiguousarray(features.T)

    def _scores(self, features: np.ndarray) -> np.ndarray:
        """Log posteriors text x label, 0 where a text holds no feature."""
        from scipy.sparse import csr_matrix

        size, width = features.shape
        features.sort(axis=1)
        new = features >= 0
        new[:, 1:] &= features[:, 1:] != features[:, :-1]
        places = np.flatnonzero(new)
        row_ends = (places // width + 1) * width
        counts = np.minimum(np.append(places[1:], size * width), row_ends) - places
        starts = np.concatenate([[0], np.cumsum(new.sum(axis=1))])
        weights = np.log1p(counts.astype(np.float32))
        matrix = csr_matrix((weights, features.ravel()[places], starts), shape=(size, len(self._table)))
        scores = matrix @ self._table + self._before
        scores[np.diff(starts) == 0] = 0.0
        return scores


def _model(languages: Sequence[str]) -> dict[str, np.ndarray]:
    """The arrays of the file, `ptc`, `pc` and `classes` for these languages only. py3langid's reader
    needs twice the time and memory."""
    found: dict[str, np.ndarray] = {}
    with lzma.open(MODEL_DIR / MODEL_FILE) as file:
        while name := _next_name(file):
            found[name] = _array(file)
            if {"ptc", "pc", "classes"} == found.keys():
                wanted = np.flatnonzero(np.isin(found["classes"], languages))
                found["ptc"] = found["ptc"].take(wanted, axis=1)
                found["pc"], found["classes"] = found["pc"][wanted], found["classes"][wanted]
    return found


def _next_name(file: BinaryIO) -> str:
    """Of the next array of an npz file whose parts are stored one behind the other; "" behind the last."""
    head = file.read(30)
    if not head.startswith(b"PK\3\4"):
        return ""
    name, extra = struct.unpack("<HH", head[26:])
    return (file.read(name) + file.read(extra))[:name].decode().removesuffix(".npy")


def _array(file: BinaryIO) -> np.ndarray:
    np.lib.format.read_magic(file)
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    found = np.empty(shape, dtype)
    left = memoryview(found.view(np.uint8)).cast("B")
    while len(left) and (size := file.readinto(left[:PIECE])):  # more at once takes its memory twice
        left = left[size:]
    return found


def _encode(text: str) -> bytes:
    """As the model was trained: composed characters, no all-capitals."""
    if text.isupper():
        text = text.lower()
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return text.encode("utf-8", errors="surrogatepass")


@lru_cache(maxsize=1)
def letter_model(languages: tuple[str, ...]) -> LetterModel:
    return LetterModel(languages)
