"""The first pass over a file: how the cells of each column are meant, before any is stored."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.domain import Columns, Question, Rejection
from core.ingest.date_order import DateReading, OrderEvidence
from core.ingest.labels import LabelEvidence, LabelReading
from core.ingest.ratings import RatingReading, ScaleEvidence
from core.ingest.raw import RawChunk
from core.ingest.rejections import Rejections
from core.ingest.scores import NumberEvidence, NumberReading
from core.ingest.text_array import text_array

DATES, SCALE = "dates:", "scale:"  # keys of questions and answers, followed by the column
SAMPLE = 300  # cells kept of a column


@dataclass(frozen=True)
class Plan:
    """What the cleaning goes by."""

    rows_in: int = 0
    rejections: tuple[Rejection, ...] = ()  # by the reader
    questions: tuple[Question, ...] = ()  # open; until they are answered the likeliest answer is taken
    warnings: tuple[str, ...] = ()
    dates: DateReading = DateReading()
    rating: RatingReading = RatingReading()
    labels: Mapping[str, LabelReading] = field(default_factory=dict)
    numbers: Mapping[str, NumberReading] = field(default_factory=dict)
    samples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # filled cells of each other column

    @property
    def scale(self) -> tuple[float, float] | None:
        """Of the ratings."""
        return self.rating.scale


def survey(chunks: Iterable[RawChunk], columns: Columns, answers: Mapping[str, str] | None = None) -> Plan:
    """Read all chunks once.

    `answers` may hold "dates:<column>" ("day" or "month") and "scale:<column>" (such as "1-5").
    """
    work = _Survey(columns)
    for chunk in chunks:
        work.add(chunk)
    return work.plan(answers or {})


class _Survey:
    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self.rows = 0
        self.rejections = Rejections()
        self.dates = OrderEvidence(columns.date) if columns.date else None
        self.rating = ScaleEvidence(columns.rating) if columns.rating else None
        self.labels = {name: LabelEvidence(name, name in columns.multi) for name in columns.labels}
        self.numbers = {name: NumberEvidence() for name in columns.numbers}
        self.samples: dict[str, list[str]] = {}

    def add(self, chunk: RawChunk) -> None:
        self.rows += len(chunk.frame)
        for row in chunk.rejected:
            self.rejections.add(row.reason, row.line)
        evidence = [(self.columns.date, self.dates), (self.columns.rating, self.rating)]
        for name, kept in [*evidence, *self.labels.items(), *self.numbers.items()]:
            if kept is not None and name in chunk.frame:
                kept.add(chunk.frame[name])
        for name in chunk.frame.columns:
            if name not in self.columns.texts:
                self._sample(name, chunk.frame[name])

    def plan(self, answers: Mapping[str, str]) -> Plan:
        dates = (
            self.dates.reading(answers.get(f"{DATES}{self.columns.date}")) if self.dates else DateReading()
        )
        rating = (
            self.rating.reading(answers.get(f"{SCALE}{self.columns.rating}"))
            if self.rating
            else RatingReading()
        )
        labels = {name: kept.reading() for name, kept in self.labels.items()}
        return Plan(
            rows_in=self.rows + self.rejections.rows,
            rejections=self.rejections.all(),
            questions=(dates.question,) if dates.question else (),
            warnings=(
                *dates.warnings,
                *rating.warnings,
                *(warning for reading in labels.values() for warning in reading.warnings),
            ),
            dates=dates,
            rating=rating,
            labels=labels,
            numbers={name: kept.reading() for name, kept in self.numbers.items()},
            samples={name: tuple(kept) for name, kept in self.samples.items()},
        )

    def _sample(self, name: str, cells: pd.Series) -> None:
        """Cells from all over the file; the later chunks push out half of the earlier cells."""
        array = pc.utf8_trim_whitespace(text_array(cells))
        filled = array.filter(pc.not_equal(array, ""))
        if not len(filled):
            return
        places = np.linspace(0, len(filled) - 1, min(SAMPLE, len(filled))).astype(np.int64)
        kept = self.samples.get(name, []) + filled.take(pa.array(places)).to_pylist()
        self.samples[name] = kept[:: -(-len(kept) // SAMPLE)]
