"""TF-IDF with a linear model: the words of a text, weighed and added up."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from core.domain import Token
from core.errors import Damaged
from core.models.classifier import Calibration, OnBatch, Platt, calibrated
from core.models.files import damage
from core.models.without import Without

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

VOCABULARY, ARRAYS = "vocabulary.json", "arrays.safetensors"
NO_LIMIT = 1_000_000  # tokens of a text: all of it is read
CHUNK = 2_000  # texts between two reports
WORD = re.compile(r"\w+")
CHARACTER = re.compile(r"\S")
SPACES = re.compile(r"\s\s+")


@dataclass(frozen=True)
class LinearText:
    """Logits = tf-idf (texts, terms) @ weight.T + bias; a text without a known term has those of `prior`."""

    labels: tuple[str, ...]
    multi: bool
    calibration: Calibration | Platt
    vocabulary: Mapping[str, int]  # term -> column
    idf: np.ndarray  # (terms,)
    weight: np.ndarray  # (labels, terms) float32
    bias: np.ndarray  # (labels,)
    prior: np.ndarray  # (labels,) logits
    characters: bool = False  # characters, pairs and triples instead of words and pairs of words
    without: Without = Without()

    kind = "tfidf"
    max_tokens = NO_LIMIT

    def transform(self, texts: Sequence[str]) -> "csr_matrix":
        """(texts, terms) rows of length 1 or 0, as TfidfVectorizer(sublinear_tf=True) has them."""
        texts = [self.without.blanked(text) for text in texts]
        return tfidf(texts, self.vocabulary, self.idf, self.characters)

    def logits(self, texts: Sequence[str], on_batch: OnBatch | None = None) -> np.ndarray:
        """(texts, labels) float64; each distinct text is read once."""
        distinct = {text: number for number, text in enumerate(dict.fromkeys(texts))}
        every, found = list(distinct), np.zeros((len(distinct), len(self.labels)))
        for start in range(0, len(every), CHUNK):
            rows = self.transform(every[start : start + CHUNK])
            logits = rows @ self.weight.T + self.bias
            logits[np.diff(rows.indptr) == 0] = self.prior
            found[start : start + CHUNK] = logits
            if on_batch:
                on_batch(min(start + CHUNK, len(every)), len(every))
        return found[[distinct[text] for text in texts]]

    def probabilities(self, texts: Sequence[str], on_batch: OnBatch | None = None) -> np.ndarray:
        """Calibrated (texts, labels) float64."""
        logits = self.logits(texts, on_batch)
        return calibrated(logits, self.calibration) if len(texts) else logits

    def tokens(self, text: str) -> tuple[Token, ...]:
        """Words, or characters, with their places; pairs of them are read as well."""
        pattern = CHARACTER if self.characters else WORD
        return tuple(
            Token(found.group().lower(), found.start(), found.end(), False)
            for found in pattern.finditer(self.without.blanked(text))
        )

    def unknown_tokens(self, text: str) -> list[tuple[int, int]]:
        return [(token.start, token.end) for token in self.tokens(text) if token.text not in self.vocabulary]

    def write(self, folder: Path) -> None:
        words = sorted(self.vocabulary, key=self.vocabulary.get)
        values = {"characters": self.characters, "terms": words}
        (folder / VOCABULARY).write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")
        arrays = {"idf": self.idf, "bias": self.bias, "prior": self.prior}
        saved = {name: np.ascontiguousarray(array, np.float64) for name, array in arrays.items()}
        saved["weight"] = np.ascontiguousarray(self.weight, np.float32)
        save_file(saved, folder / ARRAYS)


def read(folder: Path, about: Mapping, device: object = None) -> LinearText:
    """`about` has labels, multi and calibration. Raises Damaged."""
    try:
        values = json.loads((folder / VOCABULARY).read_text(encoding="utf-8"))
        vocabulary = {term: column for column, term in enumerate(values["terms"])}
        characters = bool(values["characters"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Damaged(damage(VOCABULARY)) from error
    try:
        arrays = load_file(folder / ARRAYS)
        parts = [arrays[name] for name in ("idf", "weight", "bias", "prior")]
    except (OSError, SafetensorError, KeyError) as error:
        raise Damaged(damage(ARRAYS)) from error
    if parts[1].shape != (len(about["labels"]), len(vocabulary)) or len(parts[0]) != len(vocabulary):
        raise Damaged(damage(ARRAYS))
    return LinearText(
        about["labels"], about["multi"], about["calibration"], vocabulary, *parts, characters=characters
    )


def tfidf(
    texts: Sequence[str], vocabulary: Mapping[str, int], idf: np.ndarray, characters: bool
) -> "csr_matrix":
    """(texts, terms) float64: (1 + log count) x idf, each row of length 1."""
    from scipy.sparse import csr_matrix

    starts, columns, values = [0], [], []
    for text in texts:
        counts = Counter(vocabulary[term] for term in terms(text, characters) if term in vocabulary)
        columns.extend(counts)
        values.extend(counts.values())
        starts.append(len(columns))
    places, data = np.asarray(columns, dtype=np.int32), np.asarray(values, dtype=np.float64)
    data = (1.0 + np.log(data)) * idf[places]
    rows = np.repeat(np.arange(len(texts)), np.diff(starts))
    length = np.sqrt(np.bincount(rows, data**2, minlength=len(texts)))
    found = csr_matrix((data / length[rows], places, starts), shape=(len(texts), len(vocabulary)))
    found.sort_indices()
    return found


def terms(text: str, characters: bool) -> list[str]:
    """Words and pairs of words of the lower-cased text; or runs of one to three characters."""
    if characters:
        line = SPACES.sub(" ", text.lower())
        return [line[at : at + size] for size in (1, 2, 3) for at in range(len(line) - size + 1)]
    words = WORD.findall(text.lower())
    return words + [f"{one} {two}" for one, two in zip(words, words[1:], strict=False)]
