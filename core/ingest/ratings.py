"""Star ratings and scores as people write them."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

_NUMBER = re.compile(
    r"([+-]?\d{1,6}(?:[.,]\d{1,6})?)\s*(?:(?:/|out of|von|sur|de)\s*(\d{1,3})|%)?\s*[^\W\d]{0,12}"
)
_STARS = re.compile(r"([★⭐🌟]\ufe0f?\s*)+([☆✩]\s*)*|[☆✩\s]+")
_ENGLISH = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_WORDS = {word: number for number, word in enumerate(_ENGLISH)}


@dataclass(frozen=True)
class Ratings:
    values: pd.Series  # float64, NaN where missing or unreadable
    unreadable: int
    warnings: tuple[str, ...] = ()


def read_ratings(cells: pd.Series) -> Ratings:
    """Read a column of text; "4/5" is 4."""
    codes, distinct = pd.factorize(cells.str.strip())
    values = [str(value) for value in distinct]
    parsed = np.array([parse_rating(value) for value in values], dtype=float)
    filled = np.array([bool(value) for value in values], dtype=bool)
    ratings = parsed[codes] if values else np.empty(0)
    scales = {match[2] for value in values if (match := _NUMBER.fullmatch(value)) and match[2]}
    warnings: tuple[str, ...] = ()
    if len(scales) > 1:
        warnings = (
            f"The ratings use several scales (out of {', '.join(sorted(scales))}); they were not converted.",
        )
    unreadable = int((np.isnan(ratings) & filled[codes]).sum()) if values else 0
    return Ratings(pd.Series(ratings, index=cells.index, dtype="float64"), unreadable, warnings)


def parse_rating(text: str) -> float:
    """One rating, NaN when it is none."""
    if len(text) > 60:
        return np.nan
    if match := _NUMBER.fullmatch(text):
        return float(match[1].replace(",", "."))
    if text and _STARS.fullmatch(text):
        return float(sum(text.count(star) for star in "★⭐🌟"))
    word = text.lower().removesuffix(" stars").removesuffix(" star")
    return float(_WORDS.get(word, np.nan))
