"""What the cells of a column look like, measured on rows spread over the file."""

import re
from dataclasses import dataclass

import pandas as pd

from core.ingest.dates import parse_date
from core.ingest.ratings import parse_rating

SAMPLE_ROWS = 1_500
PARSED_VALUES = 60

_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?")
_DAY_MONTH = re.compile(r"\d{1,2}[-/. ]\d{1,2}[-/. ](?:\d{4}|\d{2})(?:\D.*)?")
_EAST_ASIAN = re.compile("[\u3041-\u30ff\u4e00-\u9fff\uac00-\ud7a3]")
_LINK_OR_KEY = re.compile(r"(?:https?://|www\.)\S+|[0-9a-f-]{16,}|\S{25,}", re.IGNORECASE)


@dataclass(frozen=True)
class Profile:
    """Shares are of the filled cells in the sample, 0..1."""

    name: str
    filled: float  # share of all cells
    distinct: int
    distinct_share: float
    rows_per_value: float
    mean_length: float
    prose: float  # 0..about 8: grows with the number of words
    numbers: float
    whole_numbers: bool
    dates: float
    ratings: float  # share that read as a rating, stars included
    stars: float  # share written as stars or as "4/5"
    largest: float  # largest rating, 0 without any


def profile(frame: pd.DataFrame, name: str) -> Profile:
    cells = frame[name]
    sample = cells.iloc[:: max(1, len(cells) // SAMPLE_ROWS)].str.strip()
    values = [value for value in sample.tolist() if value]
    distinct = list(dict.fromkeys(values))
    numbers = [value for value in values if _NUMBER.fullmatch(value)]
    looked_at = distinct[:: max(1, len(distinct) // PARSED_VALUES)][:PARSED_VALUES]
    ratings = [rating for value in looked_at if (rating := parse_rating(value)) == rating]
    stars = [
        value for value in looked_at if re.fullmatch(r"[★☆⭐✩🌟\ufe0f\s]+|\d{1,2}\s?/\s?(?:5|10)", value)
    ]
    return Profile(
        name=name,
        filled=len(values) / max(len(sample), 1),
        distinct=len(distinct),
        distinct_share=len(distinct) / max(len(values), 1),
        rows_per_value=len(values) / max(len(distinct), 1),
        mean_length=sum(map(len, values)) / max(len(values), 1),
        prose=_prose(looked_at),
        numbers=len(numbers) / max(len(values), 1),
        whole_numbers=all("." not in value and "," not in value for value in numbers),
        dates=sum(map(_is_date, looked_at)) / max(len(looked_at), 1),
        ratings=len(ratings) / max(len(looked_at), 1),
        stars=len(stars) / max(len(looked_at), 1),
        largest=max(ratings, default=0.0),
    )


def _is_date(value: str) -> bool:
    return parse_date(value) is not None or _DAY_MONTH.fullmatch(value) is not None


def _prose(values: list[str]) -> float:
    """Square root of the mean number of words, Chinese and Japanese counted by two characters a word."""
    if not values:
        return 0.0
    words = sum(map(_words, values)) / len(values)
    return min(words, 100.0) ** 0.5


def _words(value: str) -> float:
    value = value[:2_000]
    if _LINK_OR_KEY.fullmatch(value) and not _EAST_ASIAN.search(value):
        return 0.0
    if _NUMBER.fullmatch(value) or _is_date(value):
        return 0.0
    return len(value.split()) + len(_EAST_ASIAN.findall(value)) / 2
