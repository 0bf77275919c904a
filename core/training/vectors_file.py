"""A file of word vectors as GloVe and word2vec write it: a word and its numbers on each line."""

from collections.abc import Collection
from pathlib import Path

import numpy as np

from core.errors import BadFile, NotText

WIDTHS = (2, 2_000)  # numbers a line
LONGEST_LINE = 100_000  # characters


def read_vectors(path: Path, words: Collection[str]) -> tuple[dict[str, np.ndarray], int]:
    """Vectors (width,) float32 of those of `words` that the file has, and the width.

    Reads line by line; a first line of word2vec (words, width) is skipped. A word that comes twice keeps
    its first vector. Raises BadFile.
    """
    wanted, found, width = set(words), {}, 0
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            number = 0
            while line := file.readline(LONGEST_LINE):
                number += 1
                parts = line.rstrip().split(" ")
                if not line.strip() or (number == 1 and _is_header(parts)):
                    continue
                if not width:
                    width = _width(parts, number)
                if "\0" in line or len(parts) <= width:
                    raise BadFile(_wrong(number, width))
                word = " ".join(parts[:-width])  # some files have words with spaces
                if word in wanted and word not in found:
                    found[word] = _numbers(parts[-width:], number, width)
    except UnicodeDecodeError as error:
        raise NotText(
            "This file of word vectors is not text. Upload the text format of GloVe or word2vec, unpacked."
        ) from error
    except OSError as error:
        raise BadFile("This file of word vectors cannot be read. Upload it again.") from error
    if not width:
        raise BadFile("This file of word vectors is empty. Upload a GloVe or word2vec file in text format.")
    return found, width


def _is_header(parts: list[str]) -> bool:
    return len(parts) == 2 and all(part.isascii() and part.isdigit() for part in parts)


def _width(parts: list[str], number: int) -> int:
    """As many numbers as the first line has after its word."""
    width = len(parts) - 1
    if not WIDTHS[0] <= width <= WIDTHS[1]:
        raise BadFile(
            f"Line {number} of this file of word vectors has {width} numbers after the word; "
            f"{WIDTHS[0]} to {WIDTHS[1]:,} are read. Upload a GloVe or word2vec file in text format."
        )
    _numbers(parts[1:], number, width)
    return width


def _numbers(parts: list[str], number: int, width: int) -> np.ndarray:
    try:
        found = np.array([float(part) for part in parts], dtype=np.float32)
    except ValueError as error:
        raise BadFile(_wrong(number, width)) from error
    if not np.isfinite(found).all():
        raise BadFile(_wrong(number, width))
    return found


def _wrong(number: int, width: int) -> str:
    return (
        f"Line {number} of this file of word vectors is not a word and {width} numbers like the first line. "
        "Upload the whole, unchanged file."
    )
