"""Whether two texts of words say the same but for small edits."""

from collections import Counter

import numpy as np

from core.ingest.words import Words, distinct, row_sums

SHARED = 0.8  # of the words of both, misspelt ones counted as the word they stand for
LEAST_LETTERS = 6  # of a word that may be misspelt; shorter ones only beside a far more frequent word
RARER = 10  # times: a frequent word beside which a rare one passes as misspelt
LONG_TEXT, LONG_SIGNS = 11, 14  # words; in shorter texts only light words may be more or less
LONG_WORD = 9  # letters that may hold two wrong ones


class SameWords:
    """Compares rows; `rows` are the different texts, of which frequent words are counted."""

    def __init__(self, words: Words, rows: np.ndarray) -> None:
        self.words = words
        self.decisive, self.light = words.decisive(), words.light()
        places = np.repeat(np.arange(len(words.lengths)), words.lengths)
        chosen = np.zeros(len(words.lengths), dtype=bool)
        chosen[rows] = True
        inside = chosen[places]
        each = distinct(places[inside] * len(words.known) + words.numbers[inside])
        self.rows_with = np.bincount(each % len(words.known), minlength=len(words.known))

    def possible(self, pairs: np.ndarray) -> np.ndarray:
        """Those of the pairs, shape (n, 2), that are of like length and share the words that must not
        differ; the others would not pass either."""
        lengths = self.words.lengths[pairs]
        like = lengths.min(axis=1) >= SHARED * lengths.max(axis=1)
        random = np.random.default_rng(4).integers(1, 2**63, size=len(self.decisive), dtype=np.uint64)
        turning = row_sums(np.where(self.decisive, random, 0)[self.words.numbers], self.words.offsets)
        return pairs[like & (turning[pairs[:, 0]] == turning[pairs[:, 1]])]

    def __call__(self, left: int, right: int) -> bool:
        """Equal order, 0.8 of the words shared, and no difference that turns the meaning."""
        one, other = self.words.row(left).tolist(), self.words.row(right).tolist()
        counted, counted_other = Counter(one), Counter(other)
        extra, missing = counted - counted_other, counted_other - counted
        if any(self.decisive[word] for word in (*extra, *missing)):
            return False
        misspelt = self._misspelt(extra, missing)
        if misspelt is None:
            return False
        odd = [word for word in (*extra, *missing) if word not in misspelt and word not in misspelt.values()]
        if not all(self.light[word] for word in odd) and min(len(one), len(other)) < self._long(one):
            return False
        other = [misspelt.get(word, word) for word in other]
        shared = (Counter(one) & Counter(other)).total()
        if shared < SHARED * (len(one) + len(other) - shared):
            return False
        return _without(one, Counter(one) - Counter(other)) == _without(other, Counter(other) - Counter(one))

    def _long(self, numbers: list[int]) -> int:
        """Words of a text in which one more or less hardly matters."""
        signs = int(self.words.signs[numbers].sum())
        return LONG_SIGNS if 2 * signs > len(numbers) else LONG_TEXT

    def _misspelt(self, extra: Counter, missing: Counter) -> dict[int, int] | None:
        """Words of the other text -> the word they stand for; None when a word was replaced by another."""
        found: dict[int, int] = {}
        open_words = set(extra)
        for word in missing:
            match = next((known for known in open_words if self._close(known, word)), None)
            if match is not None:
                found[word] = match
                open_words.discard(match)
        replaced = open_words and len(found) < len(missing)
        return None if replaced else found

    def _close(self, first: int, second: int) -> bool:
        """A slip of the pen, or a word that is far rarer than the one it nearly is."""
        one, other = self.words.known[first], self.words.known[second]
        if one[0] != other[0] or min(len(one), len(other)) < 4:
            return False
        start = 0
        while start < min(len(one), len(other)) and one[start] == other[start]:
            start += 1
        one, other = one[start:], other[start:]
        while one and other and one[-1] == other[-1]:
            one, other = one[:-1], other[:-1]
        shortest = min(len(self.words.known[first]), len(self.words.known[second]))
        slip = len(one) + len(other) == 1 or (len(one) == 2 and one == other[::-1])
        if slip and shortest >= LEAST_LETTERS:
            return True
        few, many = sorted((int(self.rows_with[first]), int(self.rows_with[second])))
        small = slip or (len(one) <= 1 and len(other) <= 1)
        if not small:
            small = shortest >= LONG_WORD and max(len(one), len(other)) <= 2
        return small and few * RARER <= many


def _without(words: list[int], extra: Counter) -> list[int]:
    """The words in their order, less the last of those too many."""
    if not extra:
        return words
    left = extra.copy()
    kept = []
    for word in reversed(words):
        if left[word]:
            left[word] -= 1
        else:
            kept.append(word)
    return kept[::-1]
