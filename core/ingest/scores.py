"""Score columns that are kept as numbers."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.ingest.amounts import read_amounts
from core.ingest.ratings import PLAIN
from core.ingest.text_array import coded, from_list, series, text_array

SAMPLE = 2_000  # cells with commas, signs or units that show how the others are meant


@dataclass(frozen=True)
class NumberReading:
    """`sample` holds cells that are no plain numbers: what a comma means is told by all of them."""

    sample: tuple[str, ...] = ()


@dataclass(frozen=True)
class Numbers:
    values: pd.Series  # float64, NaN where missing or unreadable
    unreadable: np.ndarray


def read_numbers(cells: pd.Series, reading: NumberReading) -> Numbers:
    array = pc.utf8_trim_whitespace(text_array(cells))
    values = np.full(len(array), np.nan)
    plain = _plain(array)
    if any("," in cell for cell in reading.sample):  # 1.234 may be a thousand and more
        plain = np.zeros(len(array), dtype=bool)
    values[plain] = np.asarray(pc.cast(array.filter(pa.array(plain)), pa.float64()))
    others = np.flatnonzero(~plain)
    if len(others):
        codes, distinct = coded(array.take(pa.array(others)))
        read = read_amounts(series(from_list([*reading.sample, *distinct]))).to_numpy()
        values[others] = read[len(reading.sample) :][codes]
    values = np.where(np.isfinite(values), values, np.nan)
    unreadable = np.isnan(values) & np.asarray(pc.not_equal(array, ""))
    return Numbers(pd.Series(values, index=cells.index, dtype="float64"), unreadable)


@dataclass
class NumberEvidence:
    """Grows by `add`, a chunk at a time."""

    sample: dict[str, None] = field(default_factory=dict)

    def add(self, cells: pd.Series) -> None:
        array = pc.utf8_trim_whitespace(text_array(cells))
        strange = array.filter(pc.invert(pa.array(_plain(array))))
        for cell in pc.unique(strange).to_pylist():
            if len(self.sample) >= SAMPLE:
                return
            if cell and len(cell) <= 80:
                self.sample[cell] = None

    def reading(self) -> NumberReading:
        return NumberReading(tuple(self.sample))


def _plain(array: pa.LargeStringArray) -> np.ndarray:
    return np.asarray(pc.match_substring_regex(array, PLAIN))
