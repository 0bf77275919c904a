"""What the cells of a column look like, measured on rows spread over the file."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.ingest.dates import AMBIGUOUS, CERTAIN, SERIAL, read_cells
from core.ingest.labels import looks_multi
from core.ingest.ratings import parse_rating
from core.ingest.text_array import from_list

SAMPLE_ROWS = 1_500
PARSED_VALUES = 60

_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?")
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
    serials: float  # share that may be the days of a spreadsheet, 44927
    ratings: float  # share that read as a rating, stars included
    stars: float  # share written as stars or as "4/5"
    largest: float  # largest rating, 0 without any
    tokens: float  # share without white space inside
    unique: bool  # each row has a value of its own, and they do not just count the rows
    multi: bool  # cells like "bug; billing"


def profile(frame: pd.DataFrame, name: str) -> Profile:
    cells = frame[name]
    sample = cells.iloc[:: max(1, len(cells) // SAMPLE_ROWS)].str.strip()
    values = [value for value in sample.tolist() if value]
    distinct = list(dict.fromkeys(values))
    numbers = [value for value in values if _NUMBER.fullmatch(value)]
    looked_at = distinct[:: max(1, len(distinct) // PARSED_VALUES)][:PARSED_VALUES]
    ratings = [rating.value for value in looked_at if (rating := parse_rating(value))]
    state = read_cells(from_list(looked_at)).state
    dates = np.isin(state, (CERTAIN, AMBIGUOUS)).tolist()
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
        prose=_prose(
            [value for value, date in zip(looked_at, dates, strict=True) if not date], len(looked_at)
        ),
        numbers=len(numbers) / max(len(values), 1),
        whole_numbers=all("." not in value and "," not in value for value in numbers),
        dates=sum(dates) / max(len(looked_at), 1),
        serials=int((state == SERIAL).sum()) / max(len(looked_at), 1),
        ratings=len(ratings) / max(len(looked_at), 1),
        stars=len(stars) / max(len(looked_at), 1),
        largest=max(ratings, default=0.0),
        tokens=sum(len(value.split()) == 1 for value in values) / max(len(values), 1),
        unique=_unique(cells, values),
        multi=sum(map(len, values)) <= 80 * len(values) and looks_multi(values),
    )


def _unique(cells: pd.Series, values: list[str]) -> bool:
    """Numbers that count the rows come back in the next file for other rows."""
    if len(values) < 2 or len(set(values)) < len(values) or cells.nunique() < 0.999 * len(cells):
        return False
    if not all(value.isdecimal() and len(value) < 10 for value in values):
        return True
    numbers = sorted(map(int, cells[cells.str.isdecimal()]))
    return not (numbers[0] in (0, 1) and numbers[-1] - numbers[0] < 1.01 * len(numbers))


def _prose(values: list[str], of: int) -> float:
    """Square root of the mean number of words, Chinese and Japanese counted by two characters a word."""
    if not values:
        return 0.0
    words = sum(map(_words, values)) / of
    return min(words, 100.0) ** 0.5


def _words(value: str) -> float:
    value = value[:2_000]
    if _LINK_OR_KEY.fullmatch(value) and not _EAST_ASIAN.search(value):
        return 0.0
    if _NUMBER.fullmatch(value):
        return 0.0
    return len(value.split()) + len(_EAST_ASIAN.findall(value)) / 2
