"""The columns of the feedback table, from the cells of a file and what is left of them without personal
data."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.domain import CELLS, LABEL, NUMBER, SEGMENT, Columns
from core.ingest.cells import json_rows
from core.ingest.date_order import read_dates
from core.ingest.labels import read_labels
from core.ingest.language import detect, named
from core.ingest.ratings import read_ratings
from core.ingest.row_ids import RowIds, row_keys
from core.ingest.scores import read_numbers
from core.ingest.survey import Plan
from core.ingest.text_array import coded, from_list, hex_array, series, spread, text_array

UNKNOWN = "unknown"
Masked = Mapping[str, pa.LargeStringArray]  # by column of the file


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a chunk that have text."""

    frame: pd.DataFrame  # as in the file
    texts: pa.LargeStringArray
    pseudonyms: pa.LargeStringArray  # of the author's cell
    authors: pa.LargeStringArray  # the same, "" where nobody is named
    who: np.ndarray  # uint64 keys of `authors`
    said: np.ndarray  # uint64 hashes of the words of `texts`

    def keep(self, wanted: np.ndarray) -> "Rows":
        mask = pa.array(wanted)
        return Rows(
            self.frame[wanted].reset_index(drop=True),
            self.texts.filter(mask),
            self.pseudonyms.filter(mask),
            self.authors.filter(mask),
            self.who[wanted],
            self.said[wanted],
        )


class FeedbackTable:
    """Makes the table of one chunk after the other; `counts` grows by the cells that cannot be read."""

    def __init__(self, header: Sequence[str], columns: Columns, plan: Plan, counts: Counter[str]) -> None:
        self.header, self.columns, self.plan, self.counts = tuple(header), columns, plan, counts
        self._ids = RowIds()

    def build(self, rows: Rows, masked: Masked) -> pd.DataFrame:
        """`rows.texts` and `rows.said` are those of the masked texts."""
        size = len(rows.frame)
        account, channel, external = (
            pc.utf8_trim_whitespace(masked[name]) if name else from_list([""] * size)
            for name in (self.columns.account, self.columns.channel, self.columns.id)
        )
        dates = self._dates(rows.frame)
        ids, again = self._ids.give(row_keys(external, channel, rows.who, dates, rows.said))
        self.counts["same id"] += int((again & np.asarray(pc.not_equal(external, ""))).sum())
        table = {
            "row": series(hex_array(ids, 12)),
            "text": series(rows.texts),
            "text_hash": series(hex_array(rows.said, 16)),
            "date": dates,
            "rating": self._ratings(rows.frame),
            "author": series(rows.authors),
            "account": series(account),
            "channel": series(channel),
            "language": self._languages(rows.frame, rows.texts),
            "external_id": series(external),
        }
        return pd.DataFrame(table | self._others(rows.frame, masked))

    def _others(self, frame: pd.DataFrame, masked: Masked) -> dict[str, pd.Series]:
        """Segments, numbers, labels and the cells of the file."""
        found: dict[str, pd.Series] = {}
        for name in self.columns.segments:
            found[SEGMENT + name] = series(pc.utf8_trim_whitespace(masked[name]))
        for name in self.columns.numbers:
            numbers = read_numbers(frame[name], self.plan.numbers[name])
            self.counts[NUMBER + name] += int(numbers.unreadable.sum())
            found[NUMBER + name] = numbers.values
        for name in self.columns.labels:
            multi = name in self.columns.multi
            found[LABEL + name] = read_labels(series(masked[name]), self.plan.labels[name], multi)
        alone = None if self.columns.more_text else self.columns.text
        kept = [None if name == alone else masked[name] for name in self.header]
        return found | {CELLS: series(json_rows(kept, len(frame)))}

    def _dates(self, frame: pd.DataFrame) -> pd.Series:
        if not self.columns.date:
            return pd.Series(np.full(len(frame), np.datetime64("NaT", "us")))
        dates = read_dates(frame[self.columns.date], self.plan.dates)
        self.counts["no date"] += int(dates.unreadable.sum())
        return dates.values

    def _ratings(self, frame: pd.DataFrame) -> pd.Series:
        if not self.columns.rating:
            return pd.Series(np.full(len(frame), np.nan))
        ratings = read_ratings(frame[self.columns.rating], self.plan.rating)
        self.counts["no rating"] += int(ratings.unreadable.sum())
        self.counts["off scale"] += int(ratings.off_scale.sum())
        return ratings.values

    def _languages(self, frame: pd.DataFrame, texts: pa.LargeStringArray) -> pd.Series:
        """As the file says; found from the text where it does not."""
        if not self.columns.language:
            return pd.Series(list(detect(texts.to_pylist())), dtype="str")
        codes, distinct = coded(text_array(frame[self.columns.language]))
        given = spread([named(cell) for cell in distinct], codes) if distinct else from_list([])
        missing = np.asarray(pc.is_in(given, value_set=from_list(["", UNKNOWN])))
        found = np.asarray(given.to_pylist(), dtype=object)
        found[missing] = list(detect(texts.filter(pa.array(missing)).to_pylist()))
        return pd.Series(found, dtype="str")
