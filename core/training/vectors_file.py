"""A file of word vectors as GloVe and word2vec write it: a word and its numbers on each line."""

from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from core.errors import BadFile, NotText

WIDTHS = (2, 2_000)  # numbers a line
LONGEST_LINE = 100_000  # characters
LOOKED_AT = 1_000  # lines, before a file is kept


def read_vectors(path: Path, words: Collection[str]) -> tuple[dict[str, np.ndarray], int]:
    """Vectors (width,) float32 of those of `words` that the file has, and the width.

    Reads line by line; a first line of word2vec (words, width) is skipped. A word that comes twice keeps
    its first vector. Raises BadFile.
    """
    wanted, found, width = set(words), {}, 0
    for number, word, parts in _lines(path):
        width = len(parts)
        if word in wanted and word not in found:
            found[word] = _numbers(parts, number)
    return found, width


def check_vectors(path: Path) -> int:
    """How many numbers a line has, after the first lines were read in full. Raises BadFile."""
    width = 0
    for number, _, parts in islice(_lines(path), LOOKED_AT):
        width = len(_numbers(parts, number))
    return width


def _lines(path: Path) -> Iterator[tuple[int, str, list[str]]]:
    """Number, word and numbers of each line, all as many as the first has. Raises BadFile."""
    width = number = 0
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            while line := file.readline(LONGEST_LINE):
                number += 1
                parts = line.rstrip().split(" ")
                if not line.strip() or (number == 1 and _is_header(parts)):
                    continue
                if not width:
                    width = _width(parts, number)
                if "\0" in line or len(parts) <= width:
                    raise BadFile(_wrong(number, width))
                yield number, " ".join(parts[:-width]), parts[-width:]  # some words have spaces
    except UnicodeDecodeError as error:
        raise NotText(
            "This file of word vectors is not text. Choose the text format of GloVe or word2vec, unpacked."
        ) from error
    except OSError as error:
        raise BadFile("This file of word vectors cannot be read. Choose it again.") from error
    if not width:
        raise BadFile("This file of word vectors is empty. Choose a GloVe or word2vec file in text format.")


def _is_header(parts: list[str]) -> bool:
    return len(parts) == 2 and all(part.isascii() and part.isdigit() for part in parts)


def _width(parts: list[str], number: int) -> int:
    """As many numbers as the first line has after its word."""
    width = len(parts) - 1
    if not WIDTHS[0] <= width <= WIDTHS[1]:
        raise BadFile(
            f"Line {number} of this file of word vectors has {width} numbers after the word; "
            f"{WIDTHS[0]} to {WIDTHS[1]:,} are read. Choose a GloVe or word2vec file in text format."
        )
    _numbers(parts[1:], number)
    return width


def _numbers(parts: list[str], number: int) -> np.ndarray:
    try:
        found = np.array([float(part) for part in parts], dtype=np.float32)
    except ValueError as error:
        raise BadFile(_wrong(number, len(parts))) from error
    if not np.isfinite(found).all():
        raise BadFile(_wrong(number, len(parts)))
    return found


def _wrong(number: int, width: int) -> str:
    like = " like the first line" if number > 1 else ""
    return (
        f"Line {number} of this file of word vectors is not a word and {width} numbers{like}. "
        "Choose a GloVe or word2vec file in text format, whole or cut after a line."
    )
