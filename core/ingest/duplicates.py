"""Comments that say the same in the same or nearly the same words, and bursts of them.

Equal words are found by a hash of the row. Copies with small edits are looked for among rows that share
all words but one, or whose MinHash signatures (Broder 1997) agree in a band; each pair found so is then
compared word by word, and stays apart when the difference may turn what is said around.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.ingest.same_words import SameWords
from core.ingest.words import Words, distinct, read_words, row_sums

LEAST_WORDS, LEAST_SIGNS = 4, 6  # shorter texts are only grouped when equal
BANDS, BAND = 16, 5  # two rows that share 0.8 of their words agree in a band with probability 0.998
LEAST_FOR_BANDS = 6  # words
AGREEING = 0.55  # share of equal MinHash values below which a pair is not compared
WHOLE_BUCKET = 12  # rows of which every pair is compared; in larger buckets neighbours and the first

BURST_ROWS = 5
BURST_HOURS = 24
BURST_CHANCE = 1e-6  # that the spread of all comments over time explains it


@dataclass(frozen=True)
class Burst:
    """Comments in nearly the same words, close together in time."""

    text: str  # of the first of them
    rows: int
    first: str  # ISO date and time
    last: str
    authors: int  # different ones, 0 where no author is known


def near_duplicates(texts: Sequence[str], exact: bool = False) -> np.ndarray:
    """A group number a row (int64, in the order of appearance), -1 for a row that is alone.

    With `exact`, only texts of equal words are grouped. Texts without any word are equal when their
    characters are; empty ones stay alone.
    """
    if not len(texts):
        return np.empty(0, dtype=np.int64)
    words = read_words(texts)
    labels = _equal(words, texts)
    if not exact:
        labels = _near(words, labels)
    return _numbered(labels, np.array([not text.strip() for text in texts], dtype=bool))


def _equal(words: Words, texts: Sequence[str]) -> np.ndarray:
    """The same number for rows of the same words in the same order."""
    random = np.random.default_rng(0).integers(1, 2**63, size=len(words.known) + 1, dtype=np.uint64)
    lengths = words.lengths
    places = np.arange(len(words.numbers)) - np.repeat(words.offsets[:-1], lengths)
    steps = np.uint64(0x9E3779B97F4A7C15) ** (places.astype(np.uint64) + np.uint64(1))
    hashes = row_sums(random[words.numbers] * steps, words.offsets)
    labels, _ = pd.factorize(hashes)
    wordless = np.flatnonzero(lengths == 0)
    signs, _ = pd.factorize(np.array([texts[row].strip() for row in wordless], dtype=object))
    labels = labels.astype(np.int64)
    labels[wordless] = labels.max(initial=0) + 1 + signs
    return labels


def _near(words: Words, labels: np.ndarray) -> np.ndarray:
    """Join the numbers of rows that differ by small edits."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    _, rows = np.unique(labels, return_index=True)  # one row for each different text
    signs = row_sums(words.signs[words.numbers].astype(np.uint64), words.offsets).astype(np.int64)
    enough = np.where(2 * signs > words.lengths, LEAST_SIGNS, LEAST_WORDS)
    rows = rows[words.lengths[rows] >= enough[rows]]
    pairs = _candidates(words, rows)
    if not len(pairs):
        return labels
    same = SameWords(words, rows)
    pairs = same.possible(pairs)
    joined = pairs[[same(left, right) for left, right in pairs.tolist()]]
    count = int(labels.max()) + 1
    links = coo_array((np.ones(len(joined)), (labels[joined[:, 0]], labels[joined[:, 1]])), (count, count))
    return connected_components(links, directed=False)[1][labels].astype(np.int64)


def _candidates(words: Words, rows: np.ndarray) -> np.ndarray:
    """Pairs of rows worth comparing, shape (n, 2), each once."""
    numbers, offsets = _taken(words, rows)
    found = [rows[pairs] for pairs in _one_word_apart(numbers, offsets, len(words.known))]
    long = np.flatnonzero(np.diff(offsets) >= LEAST_FOR_BANDS)
    if len(long) > 1:
        signatures = _signatures(
            *_taken(Words(numbers, offsets, words.known, words.signs), long), len(words.known)
        )
        found += [rows[long[pairs]] for pairs in _agreeing(signatures)]
    if not found:
        return np.empty((0, 2), dtype=np.int64)
    pairs = np.sort(np.concatenate(found), axis=1)
    codes = distinct(pairs[:, 0] * len(words.lengths) + pairs[:, 1])
    return np.column_stack(np.divmod(codes, len(words.lengths)))


def _taken(words: Words, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(word numbers, offsets) of some rows."""
    lengths = words.lengths[rows]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    places = np.arange(offsets[-1]) + np.repeat(words.offsets[rows] - offsets[:-1], lengths)
    return words.numbers[places], offsets


def _one_word_apart(numbers: np.ndarray, offsets: np.ndarray, known: int) -> Iterator[np.ndarray]:
    """Rows that become equal, whatever their order, when a word of one or of both is left out."""
    random = np.random.default_rng(1).integers(1, 2**63, size=known + 1, dtype=np.uint64)
    values = random[numbers]
    sums = row_sums(values, offsets)
    rows = np.repeat(np.arange(len(offsets) - 1, dtype=np.int32), np.diff(offsets))
    keys = np.concatenate([sums[rows] - values, sums])
    owners = np.concatenate([rows, np.arange(len(sums), dtype=np.int32)])
    left_out = np.concatenate([numbers.astype(np.int32), np.full(len(sums), -1, dtype=np.int32)])
    yield from _pairs(keys, owners, left_out)


def _signatures(numbers: np.ndarray, offsets: np.ndarray, known: int) -> np.ndarray:
    """MinHash values (uint32), shape (rows, BANDS * BAND)."""
    generator = np.random.default_rng(2)
    made = np.empty((len(offsets) - 1, BANDS * BAND), dtype=np.uint32)
    for place in range(made.shape[1]):
        values = generator.integers(0, 2**32, size=known + 1, dtype=np.uint32)
        made[:, place] = np.minimum.reduceat(values[numbers], offsets[:-1])
    return made


def _agreeing(signatures: np.ndarray) -> Iterator[np.ndarray]:
    """Pairs of rows that agree in a band and in most of the signature."""
    mixers = np.random.default_rng(3).integers(1, 2**63, size=BAND, dtype=np.uint64) | np.uint64(1)
    owners = np.arange(len(signatures))
    for band in range(BANDS):
        part = signatures[:, band * BAND : (band + 1) * BAND].astype(np.uint64)
        for pairs in _pairs((part * mixers).sum(axis=1, dtype=np.uint64), owners, owners):
            for start in range(0, len(pairs), 100_000):
                some = pairs[start : start + 100_000]
                equal = (signatures[some[:, 0]] == signatures[some[:, 1]]).mean(axis=1)
                yield some[equal >= AGREEING]


def _pairs(keys: np.ndarray, owners: np.ndarray, order: np.ndarray) -> Iterator[np.ndarray]:
    """Pairs of owners with equal keys: all of a small bucket, in large ones neighbours by `order` and the
    first with each."""
    sorting = np.lexsort((order, keys))
    keys, owners = keys[sorting], owners[sorting]
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    sizes = np.diff(np.append(starts, len(keys))).astype(np.int32)
    inside = np.repeat(sizes, sizes)  # of each member: rows in its bucket
    firsts = np.repeat(starts, sizes)
    for distance in range(1, min(WHOLE_BUCKET, int(sizes.max(initial=1)))):
        left = np.flatnonzero(keys[distance:] == keys[:-distance])
        if distance > 2:
            left = left[inside[left] <= WHOLE_BUCKET]
        yield _different(owners[left], owners[left + distance])
    large = np.flatnonzero((inside > WHOLE_BUCKET) & (firsts != np.arange(len(keys))))
    yield _different(owners[firsts[large]], owners[large])


def _different(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.column_stack([left, right])[left != right]


def _numbered(labels: np.ndarray, empty: np.ndarray) -> np.ndarray:
    counts = np.bincount(labels)
    alone = (counts[labels] < 2) | empty
    groups = np.full(len(labels), -1, dtype=np.int64)
    groups[~alone] = pd.factorize(labels[~alone])[0]
    return groups


# ---- bursts -----------------------------------------------------------------------------------


def bursts(
    texts: Sequence[str], groups: np.ndarray, dates: pd.Series | None, authors: pd.Series | None = None
) -> tuple[Burst, ...]:
    """Groups of `near_duplicates` with at least 5 rows within 24 hours, and far more than would fall there
    if they were spread over time like all comments; most rows first. None without dates.
    """
    if dates is None or not dates.notna().any():
        return ()
    hours = dates.to_numpy(dtype="datetime64[s]")
    known = np.flatnonzero(~np.isnat(hours))
    all_hours = np.sort(hours[known])
    rows = known[groups[known] >= 0]
    rows = rows[np.lexsort((rows, hours[rows], groups[rows]))]
    found = []
    for start, end in _runs(groups[rows]):
        if end - start >= BURST_ROWS:
            for first, last in _spans(hours[rows[start:end]], all_hours):
                found.append(_burst(rows[start + first : start + last + 1], texts, hours, authors))
    return tuple(sorted(found, key=lambda burst: (-burst.rows, burst.first)))


def _runs(values: np.ndarray) -> Iterator[tuple[int, int]]:
    """[start, end) of each run of equal values."""
    if len(values):
        edges = np.flatnonzero(values[1:] != values[:-1]) + 1
        yield from zip([0, *edges.tolist()], [*edges.tolist(), len(values)], strict=True)


def _spans(hours: np.ndarray, all_hours: np.ndarray) -> list[tuple[int, int]]:
    """[first, last] rows of a group whose windows of 24 hours hold too many; windows that overlap join."""
    from scipy.special import pdtrc

    width = np.timedelta64(BURST_HOURS, "h")
    last = np.searchsorted(hours, hours + width, side="left") - 1
    counts = last - np.arange(len(hours)) + 1
    total = np.searchsorted(all_hours, hours + width, side="left") - np.searchsorted(all_hours, hours, "left")
    expected = len(hours) * total / len(all_hours)
    spans: list[tuple[int, int]] = []
    for row in np.flatnonzero((counts >= BURST_ROWS) & (pdtrc(counts - 1, expected) < BURST_CHANCE)):
        if spans and row <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], int(last[row])))
        else:
            spans.append((int(row), int(last[row])))
    return spans


def _burst(rows: np.ndarray, texts: Sequence[str], hours: np.ndarray, authors: pd.Series | None) -> Burst:
    named = {author for author in authors.iloc[rows] if author} if authors is not None else set()
    first, last = hours[rows].min(), hours[rows].max()
    return Burst(texts[int(rows[0])], len(rows), str(first), str(last), len(named))
