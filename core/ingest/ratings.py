"""Star ratings and scores as people write them, on the scale that a column uses."""

import re
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.ingest.column_names import words
from core.ingest.text_array import coded, text_array

# The first that holds nearly all ratings is the scale.
SCALES = (
    (0.0, 1.0),
    (-1.0, 1.0),
    (1.0, 5.0),
    (0.0, 5.0),
    (1.0, 7.0),
    (-2.0, 2.0),
    (1.0, 10.0),
    (0.0, 10.0),
    (-5.0, 5.0),
    (0.0, 100.0),
    (-100.0, 100.0),
)
RECOMMEND = (0.0, 10.0)  # "how likely are you to recommend us"
ON_SCALE = 0.98  # a typing error must not stretch the scale

PLAIN = r"^-?[0-9]{1,12}(?:\.[0-9]{1,12})?$"
_NUMBER = re.compile(
    r"([+−-]?\d{1,6}(?:[.,]\d{1,6})?)\s*"
    r"(?:(?:/|out of|von|sur|de|su|van|z|из|of)\s*(\d{1,3})|(%))?\s*[^\W\d]{0,12}"
)
_STARS = re.compile(r"([★⭐🌟]\ufe0f?\s*)+([☆✩]\s*)*|[☆✩\s]+")
_ENGLISH = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_WORDS = {word: number for number, word in enumerate(_ENGLISH)}
_SCALE = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*(?:-|–|to|\.\.)\s*(-?\d+(?:\.\d+)?)\s*")


@dataclass(frozen=True)
class Rating:
    """One cell; `of` is the upper end that it names itself, 0 for none."""

    value: float
    of: int = 0


@dataclass(frozen=True)
class RatingReading:
    """The scale of a column, None when no known one holds its ratings."""

    scale: tuple[float, float] | None = None
    of: int = 0  # the upper end that the cells name themselves
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ratings:
    values: pd.Series  # float64, NaN where missing, unreadable or off the scale
    unreadable: np.ndarray
    off_scale: np.ndarray  # also those that name another scale


def read_ratings(cells: pd.Series, reading: RatingReading) -> Ratings:
    """Read a column of text; "4/5" is 4."""
    array = _trimmed(cells)
    values, ends = _numbers(array)
    unreadable = np.isnan(values) & np.asarray(pc.not_equal(array, ""))
    off = np.zeros(len(values), dtype=bool)
    if reading.scale is not None:
        low, high = reading.scale
        off = (values < low) | (values > high) | ((ends != 0) & (ends != reading.of))
        values = np.where(off, np.nan, values)
    return Ratings(pd.Series(values, index=cells.index, dtype="float64"), unreadable, off)


def parse_rating(text: str) -> Rating | None:
    """One rating, None when it is none."""
    text = text.strip()
    if not text or len(text) > 60:
        return None
    if match := _NUMBER.fullmatch(text):
        value = float(match[1].replace(",", ".").replace("−", "-"))
        return Rating(value, 100 if match[3] else int(match[2] or 0))
    if _STARS.fullmatch(text):
        return Rating(float(sum(text.count(star) for star in "★⭐🌟")), 5)
    word = text.lower().removesuffix(" stars").removesuffix(" star")
    return Rating(float(_WORDS[word])) if word in _WORDS else None


def parse_scale(answer: str) -> tuple[float, float] | None:
    """ "1-5" and "-1..1" as numbers; None for what is no scale."""
    match = _SCALE.fullmatch(answer)
    low, high = (float(match[1]), float(match[2])) if match else (0.0, 0.0)
    return (low, high) if low < high else None


def scale_words(scale: tuple[float, float]) -> str:
    return f"{scale[0]:g} to {scale[1]:g}"


@dataclass
class ScaleEvidence:
    """Grows by `add`, a chunk at a time; `reading` draws the conclusion."""

    column: str
    rated: int = 0
    held: np.ndarray = field(default_factory=lambda: np.zeros(len(SCALES), dtype=np.int64))
    low: float = np.inf
    high: float = -np.inf
    ends: Counter[int] = field(default_factory=Counter)

    def add(self, cells: pd.Series) -> None:
        values, ends = _numbers(_trimmed(cells))
        known = ~np.isnan(values)
        values, ends = values[known], ends[known]
        if not len(values):
            return
        self.rated += len(values)
        self.held += [int(((values >= low) & (values <= high)).sum()) for low, high in SCALES]
        self.low, self.high = min(self.low, float(values.min())), max(self.high, float(values.max()))
        for end, count in zip(*np.unique(ends, return_counts=True), strict=True):
            self.ends[int(end)] += int(count)

    def reading(self, answer: str | None = None) -> RatingReading:
        of = self._named_end()
        if answer is not None and (scale := parse_scale(answer)):
            return RatingReading(scale, of)
        scale = self._scale(of)
        if scale is None:
            return RatingReading(None, of)
        warning = f"The ratings of '{self.column}' were taken to be on a scale of {scale_words(scale)}."
        return RatingReading(scale, of, (warning,))

    def _named_end(self) -> int:
        """The upper end that at least half of the ratings name."""
        named = self.ends.copy()
        named.pop(0, None)
        end, count = max(named.items(), key=lambda item: item[1], default=(0, 0))
        return end if 2 * count >= self.rated else 0

    def _scale(self, of: int) -> tuple[float, float] | None:
        """The smallest known scale for nearly all ratings; None with fewer than two different ratings."""
        if of:
            return (0.0 if of > 10 or self.held[SCALES.index((1.0, 10.0))] < self.rated else 1.0), float(of)
        if not self.rated or self.low == self.high:
            return None
        enough = self.held >= ON_SCALE * self.rated
        scale = next((scale for scale, fits in zip(SCALES, enough, strict=True) if fits), None)
        if scale == (1.0, 10.0) and {"nps", "recommend", "promoter"} & set(words(self.column)):
            return RECOMMEND
        return scale


def _trimmed(cells: pd.Series) -> pa.LargeStringArray:
    return pc.utf8_trim_whitespace(text_array(cells))


def _numbers(array: pa.LargeStringArray) -> tuple[np.ndarray, np.ndarray]:
    """(value, NaN for none; the upper end that a cell names, 0 for none) of each cell."""
    values, ends = np.full(len(array), np.nan), np.zeros(len(array), dtype=np.int64)
    plain = np.asarray(pc.match_substring_regex(array, PLAIN))
    values[plain] = np.asarray(pc.cast(array.filter(pa.array(plain)), pa.float64()))
    others = np.flatnonzero(~plain)
    if len(others):
        codes, distinct = coded(array.take(pa.array(others)))
        read = [parse_rating(cell) for cell in distinct]
        values[others] = np.array([rating.value if rating else np.nan for rating in read])[codes]
        ends[others] = np.array([rating.of if rating else 0 for rating in read])[codes]
    return values, ends
