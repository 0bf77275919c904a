"""Nearly the same texts on two sides of a split, found without comparing every pair."""

import re
from collections.abc import Sequence

import numpy as np

CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"  # written without spaces: each sign is a word
PIECE = re.compile(rf"[{CJK}]|[^\W_{CJK}]+")
BANDS, BAND = 16, 4  # texts that share 0.8 of their words agree in a band with probability 0.9998
NEAR = 0.9  # cosine of character 3-5-grams
NEIGHBOURS = 2  # of a bucket with many texts each one is compared with so many, and with the ends
PAIRS = 100_000  # compared at once
READ = 2000  # characters of a text: a copy is a copy from its beginning


def words_of(text: str) -> list[str]:
    return PIECE.findall(text.lower())


def copied(texts: Sequence[str], sides: np.ndarray) -> np.ndarray:
    """(n,) row of a near copy on another side, -1 where there is none; sides below 0 are not looked at.

    Texts without a word are never copies. Candidates agree in a band of their MinHash (Broder 1997); a
    pair counts when the cosine of its character 3-5-grams is at least 0.9.
    """
    found = np.full(len(texts), -1, dtype=np.int64)
    texts = [text[:READ] for text in texts]
    words = [words_of(text) for text in texts]
    rows = np.array([row for row, side in enumerate(sides) if side >= 0 and words[row]], dtype=np.int64)
    if len(rows) < 2:
        return found
    pairs = _candidates([words[row] for row in rows], sides[rows])
    if not len(pairs):
        return found
    pairs = rows[pairs]
    likeness = _cosines(texts, pairs)
    near = np.flatnonzero(likeness >= NEAR)
    near = near[np.argsort(likeness[near], kind="stable")]
    both = np.stack([pairs[near], pairs[near][:, ::-1]], axis=1).reshape(-1, 2)
    found[both[:, 0]] = both[:, 1]  # the last one stays: the nearest
    return found


def _candidates(words: list[list[str]], sides: np.ndarray) -> np.ndarray:
    """(m, 2) places of texts on different sides that agree in a band, each pair once."""
    signatures, whole = _signatures(words)
    mixers = np.random.default_rng(1).integers(1, 2**63, size=BAND, dtype=np.uint64) | np.uint64(1)
    bands = signatures.reshape(len(words), BANDS, BAND).astype(np.uint64)
    keys = [(bands[:, band] * mixers).sum(axis=1, dtype=np.uint64) for band in range(BANDS)]
    pairs = np.concatenate([_pairs(key, sides, whole) for key in (whole, *keys)])
    codes = np.unique(pairs.min(axis=1) * len(words) + pairs.max(axis=1))
    return np.column_stack(np.divmod(codes, len(words)))


def _signatures(words: list[list[str]]) -> tuple[np.ndarray, np.ndarray]:
    """MinHash values (n, BANDS x BAND) of the words of each text, and a hash (n,) of all its words."""
    known: dict[str, int] = {}
    numbers = np.array([known.setdefault(word, len(known)) for text in words for word in text])
    starts = np.cumsum([0] + [len(text) for text in words[:-1]])
    random = np.random.default_rng(0)
    made = np.empty((len(words), BANDS * BAND), dtype=np.uint32)
    for place in range(made.shape[1]):
        values = random.integers(0, 2**32, size=len(known), dtype=np.uint32)
        made[:, place] = np.minimum.reduceat(values[numbers], starts)
    values = random.integers(1, 2**63, size=len(known), dtype=np.uint64)
    return made, np.add.reduceat(values[numbers], starts)


def _pairs(keys: np.ndarray, sides: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Texts with equal keys on different sides: next to each other, and each with the ends of its bucket."""
    order = np.lexsort((whole, sides, keys))
    keys, ends = keys[order], sides[order]
    starts = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
    sizes = np.diff(np.append(starts, len(keys)))
    first, last = np.repeat(starts, sizes), np.repeat(starts + sizes - 1, sizes)
    here = np.arange(len(keys))
    pairs = [np.column_stack([here, first]), np.column_stack([here, last])]
    close = np.lexsort((whole[order], keys))  # side by side, whichever side they stand on
    for distance in range(1, NEIGHBOURS + 1):
        left, right = close[:-distance], close[distance:]
        same = keys[left] == keys[right]
        pairs.append(np.column_stack([left[same], right[same]]))
    joined = np.concatenate(pairs)
    return order[joined[ends[joined[:, 0]] != ends[joined[:, 1]]]]


def _cosines(texts: Sequence[str], pairs: np.ndarray) -> np.ndarray:
    from sklearn.feature_extraction.text import TfidfVectorizer

    rows, places = np.unique(pairs, return_inverse=True)
    places = places.reshape(pairs.shape)
    grams = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), lowercase=True, use_idf=False)
    table = grams.fit_transform([texts[row] for row in rows])
    found = np.empty(len(pairs))
    for start in range(0, len(pairs), PAIRS):
        left, right = places[start : start + PAIRS].T
        found[start : start + PAIRS] = np.asarray(table[left].multiply(table[right]).sum(axis=1)).ravel()
    return found
