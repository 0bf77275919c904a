"""Hashes of the words of a comment, and ids of rows that are the same in each import."""

import unicodedata
from hashlib import sha256

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.ingest.text_array import coded, from_list, layout

_AROUND = "".join(chr(code) for code in range(128) if not chr(code).isalnum())
_UNEVEN = r"[\t\n\r\v\f\x1c-\x1f]|  |^ | $"  # white space that is not one space between two words
_UPPER = np.uint64(0xFFFFFFFFFFFF0000)
_ODD = np.uint64(0x9E3779B97F4A7C15)
_MURMUR = (np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53))


def normalise(text: str) -> str:
    """The words of a text: NFKC, case folded, white space collapsed, no punctuation around."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    text = " ".join(text.casefold().split())
    start, end = 0, len(text)
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    return text[start:end] or text  # "!!!" stays what it is


def normalised(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    """`normalise` for a column: ASCII cells all at once, the others one by one."""
    ascii_only = pc.string_is_ascii(texts)
    lower = pc.ascii_lower(texts)
    uneven = pc.match_substring_regex(texts, _UNEVEN)
    if pc.any(uneven).as_py():
        evened = pc.ascii_trim_whitespace(pc.replace_substring_regex(lower, r"[\s\v\x1c-\x1f]+", " "))
        lower = pc.if_else(uneven, evened, lower)
    words = pc.ascii_trim(lower, characters=_AROUND)
    words = pc.if_else(pc.equal(words, ""), lower, words)
    others = ~np.asarray(ascii_only)
    if others.any():
        found = words.to_pylist()
        for place in np.flatnonzero(others):
            found[place] = normalise(texts[place].as_py())
        words = from_list(found)
    return words


def hashes(words: pa.LargeStringArray) -> np.ndarray:
    """The first 64 bits of the SHA-256 of each cell."""
    return _numbers([sha256(text).digest() for text in words.cast(pa.large_binary()).to_pylist()])


def combined(*parts: np.ndarray) -> np.ndarray:
    """One 64-bit hash a row from columns of 64-bit numbers; their order matters."""
    found = np.zeros(len(parts[0]), dtype=np.uint64)
    for part in parts:
        found = found * _ODD + (part.view(np.uint64) if part.dtype == np.int64 else part)
        for constant in _MURMUR:  # the finaliser of MurmurHash3: each bit of the part changes half of all
            found ^= found >> np.uint64(33)
            found *= constant
        found ^= found >> np.uint64(33)
    return found


def coded_hashes(array: pa.LargeStringArray) -> np.ndarray:
    """`hashes` of a column whose cells repeat."""
    codes, distinct = coded(array)
    return hashes(from_list(distinct))[codes] if distinct else np.empty(0, dtype=np.uint64)


def pseudonym_keys(pseudonyms: pa.LargeStringArray) -> np.ndarray:
    """64-bit numbers from pseudonyms of 12 characters, which are hashes already; 0 for "" (nobody)."""
    offsets, data = layout(pseudonyms)
    known = np.diff(offsets) == 12
    signs = data[offsets[:-1][known][:, None] + np.arange(12)]
    keys = np.zeros(len(pseudonyms), dtype=np.uint64)
    first, last = np.ascontiguousarray(signs[:, :8]), np.ascontiguousarray(signs[:, 8:])
    keys[known] = combined(first.view("<u8").ravel(), last.view("<u4").ravel().astype(np.uint64))
    return keys


def row_keys(
    external: pa.LargeStringArray,
    channel: pa.LargeStringArray,
    who: np.ndarray,
    dates: pd.Series,
    said: np.ndarray,
) -> np.ndarray:
    """What makes a row the same one in the next import: its id and channel, else channel, author (`who`),
    date and words (`said`)."""
    channels = coded_hashes(channel)
    moments = dates.to_numpy().astype("datetime64[us]").view(np.int64)
    keys = combined(channels, who, moments, said)
    named = np.asarray(pc.not_equal(external, ""))
    return np.where(named, combined(hashes(external), channels), keys) if named.any() else keys


def _numbers(digests: list[bytes]) -> np.ndarray:
    """The first 64 bits of each digest."""
    return np.frombuffer(b"".join(digests), dtype=">u8")[::4].astype(np.uint64)


class SeenHashes:
    """A growing set of 64-bit hashes at 8 bytes each."""

    def __init__(self) -> None:
        self._levels: list[np.ndarray] = []  # sorted, each at least twice as long as the next

    def add(self, found: np.ndarray) -> np.ndarray:
        """Whether each hash came before, in an earlier call or earlier in `found`."""
        distinct, first = np.unique(found, return_index=True)
        known = self.has(distinct)
        seen = np.ones(len(found), dtype=bool)
        seen[first] = known
        self._keep(distinct[~known])
        return seen

    def has(self, found: np.ndarray) -> np.ndarray:
        known = np.zeros(len(found), dtype=bool)
        for level in self._levels:
            places = np.minimum(np.searchsorted(level, found), len(level) - 1)
            known |= level[places] == found
        return known

    def _keep(self, new: np.ndarray) -> None:
        if not len(new):
            return
        self._levels.append(new)
        while len(self._levels) > 1 and 2 * len(self._levels[-1]) > len(self._levels[-2]):
            last = self._levels.pop()
            self._levels[-1] = np.sort(np.concatenate([self._levels[-1], last]))


class RowIds:
    """48-bit ids from 64-bit keys, different for each row of a file."""

    def __init__(self) -> None:
        self._taken = SeenHashes()
        self._repeats: dict[int, int] = {}  # id -> how often it was asked for again

    def give(self, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(ids in the upper 48 bits, whether the key came before): the n-th row with a key gets the n-th id
        of that key."""
        ids = keys & _UPPER
        repeated = self._taken.add(ids)
        again = np.flatnonzero(repeated)
        while len(again):  # once, but for ids that agree by chance
            made = self._others(ids[again])
            taken = self._taken.add(made)
            ids[again[~taken]] = made[~taken]
            again = again[taken]
        return ids, repeated

    def _others(self, wanted: np.ndarray) -> np.ndarray:
        """The next id of each key that is asked for again."""
        found = []
        for key in wanted.tolist():
            number = self._repeats[key] = self._repeats.get(key, 0) + 1
            found.append(sha256(f"{key:016x}|{number}".encode()).digest())
        return _numbers(found) & _UPPER
