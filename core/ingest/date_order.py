"""Which of two numbers is the day: decided by evidence over a whole column, else asked."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from core.domain import Answer, Question
from core.ingest.dates import AMBIGUOUS, CERTAIN, EMPTY, NO_DATE, SERIAL, UNREADABLE, Cells, read_cells
from core.ingest.text_array import text_array

DAY, MONTH = "day", "month"
EXAMPLES = 4
FEW = 5  # fewer dates in a row prove nothing by never going backwards
MOSTLY = 0.5
_WORDS = {DAY: "Day before month", MONTH: "Month before day"}


@dataclass(frozen=True)
class DateReading:
    """How the cells of a column are read."""

    order: str = DAY
    serial: bool = False  # bare numbers count days, as in spreadsheets
    warnings: tuple[str, ...] = ()
    question: Question | None = None


@dataclass(frozen=True)
class Dates:
    values: pd.Series  # datetime64[us] without zone, NaT where missing or unreadable
    unreadable: np.ndarray  # cells that hold something that is no date


def read_dates(cells: pd.Series, reading: DateReading) -> Dates:
    """Times with a zone become UTC; those without stay as written."""
    found = read_cells(text_array(cells))
    moments = found.day_first if reading.order == DAY else found.month_first
    bad = found.state == UNREADABLE
    if not reading.serial:
        bad |= found.state == SERIAL
    values = np.where(bad, NO_DATE, moments).view("datetime64[us]")
    return Dates(pd.Series(values, index=cells.index), bad)


@dataclass
class _Run:
    """The dates of a column read in one order, as they come."""

    last: int = NO_DATE
    rising: bool = True
    falling: bool = True
    low: int = np.iinfo(np.int64).max  # of the ambiguous cells
    high: int = NO_DATE

    def add(self, moments: np.ndarray, ambiguous: np.ndarray) -> None:
        dated = moments[moments != NO_DATE]
        if not len(dated):
            return
        steps = np.diff(dated, prepend=dated[0] if self.last == NO_DATE else self.last)
        self.rising &= bool((steps >= 0).all())
        self.falling &= bool((steps <= 0).all())
        self.last = int(dated[-1])
        if ambiguous.any():
            found = moments[ambiguous]
            self.low, self.high = min(self.low, int(found.min())), max(self.high, int(found.max()))

    @property
    def in_order(self) -> bool:
        return self.rising or self.falling


@dataclass
class OrderEvidence:
    """Grows by `add`, a chunk at a time; `reading` draws the conclusion."""

    column: str
    votes: list[int] = field(default_factory=lambda: [0, 0])
    runs: dict[str, _Run] = field(default_factory=lambda: {DAY: _Run(), MONTH: _Run()})
    filled: int = 0
    dated: int = 0
    ambiguous: int = 0
    serials: int = 0
    zoned: int = 0
    unknown_zones: int = 0
    counted: int = 0
    short_years: int = 0
    short_years_last: int = 0
    dotted: int = 0
    dotted_sure: int = 0
    examples: list[str] = field(default_factory=list)
    known: tuple[int, int] | None = None  # earliest and latest of the dates that can be read one way only

    def add(self, cells: pd.Series) -> None:
        found = read_cells(text_array(cells))
        ambiguous, certain = found.state == AMBIGUOUS, found.state == CERTAIN
        for order, moments in ((DAY, found.day_first), (MONTH, found.month_first)):
            self.runs[order].add(moments, ambiguous)
        self._count(found, ambiguous, certain)
        for place in np.flatnonzero(ambiguous):
            if len(self.examples) == EXAMPLES:
                break
            if (cell := str(cells.iloc[place]).strip()) not in self.examples:
                self.examples.append(cell)
        if certain.any():
            low, high = int(found.day_first[certain].min()), int(found.day_first[certain].max())
            before = self.known or (low, high)
            self.known = min(before[0], low), max(before[1], high)

    def _count(self, found: Cells, ambiguous: np.ndarray, certain: np.ndarray) -> None:
        self.votes[0] += found.votes[0]
        self.votes[1] += found.votes[1]
        self.filled += int((found.state != EMPTY).sum())
        self.ambiguous += int(ambiguous.sum())
        self.dated += int(ambiguous.sum() + certain.sum())
        self.serials += int((found.state == SERIAL).sum())
        self.zoned += found.zoned
        self.unknown_zones += found.unknown_zones
        self.counted += found.counted
        self.short_years += found.short_years
        self.short_years_last += found.short_years_last
        self.dotted += found.dotted
        self.dotted_sure += found.dotted_sure

    def reading(self, answer: str | None = None) -> DateReading:
        serial = self.serials > MOSTLY * self.filled
        warnings = self._warnings(serial)
        if not self.ambiguous or answer in (DAY, MONTH):
            return DateReading(answer if answer in (DAY, MONTH) else DAY, serial, warnings)
        if bool(self.votes[0]) != bool(self.votes[1]):
            return DateReading(DAY if self.votes[0] else MONTH, serial, warnings)
        likely, reason = self._evidence()
        if reason:
            return DateReading(likely, serial, (*warnings, self._assumed(likely, reason)))
        return DateReading(likely, serial, warnings, self._question(likely))

    def _evidence(self) -> tuple[str, str]:
        """The likelier order, and what speaks for it; "" when nothing does."""
        day, month = self.runs[DAY], self.runs[MONTH]
        if self.votes[0] and self.votes[1]:
            return (DAY if self.votes[0] > self.votes[1] else MONTH), ""
        if self.known:
            low, high = self.known
            day_in, month_in = (low <= run.low and run.high <= high for run in (day, month))
            if day_in != month_in:
                return (DAY if day_in else MONTH), "because they then lie among its other dates"
        if day.in_order != month.in_order and self.dated >= FEW:
            return (DAY if day.in_order else MONTH), "because its dates then never go backwards"
        return (DAY if day.high - day.low <= month.high - month.low else MONTH), ""

    def _assumed(self, order: str, reason: str) -> str:
        read = _shown(self.examples[0], order)
        return (
            f"Dates of '{self.column}' that could be read two ways: {self.ambiguous:,}. {_WORDS[order]} was "
            f"assumed, {reason} ('{self.examples[0]}' was read as {read})."
        )

    def _question(self, likely: str) -> Question:
        orders = (DAY, MONTH) if likely == DAY else (MONTH, DAY)
        answers = tuple(
            Answer(
                order,
                f"{_WORDS[order]}: {self.examples[0]} is {_shown(self.examples[0], order)}",
                ((self.column, "read as"), *((cell, _shown(cell, order)) for cell in self.examples)),
            )
            for order in orders
        )
        both = "Some of its dates are written with the day first and others with the month first. "
        return Question(
            key=f"dates:{self.column}",
            words=f"Is the day or the month first in the dates of '{self.column}'? "
            f"{both if all(self.votes) else ''}{self.ambiguous:,} of them could be read two ways.",
            answers=answers,
        )

    def _warnings(self, serial: bool) -> tuple[str, ...]:
        found = []
        if self.zoned:
            found.append(
                f"Dates of '{self.column}' that name a time zone and were turned into UTC: {self.zoned:,}."
            )
            if without := self.dated - self.zoned - self.unknown_zones:
                found.append(f"Dates of '{self.column}' without a time zone, kept as written: {without:,}.")
        if self.unknown_zones:
            found.append(
                f"Dates of '{self.column}' whose time zone has no single meaning, kept as written: "
                f"{self.unknown_zones:,}."
            )
        if self.counted:
            found.append(
                f"Numbers of '{self.column}' that were read as seconds since 1970 (or parts of them): "
                f"{self.counted:,}."
            )
        if serial:
            found.append(
                f"Numbers of '{self.column}' that were read as the days of a spreadsheet: {self.serials:,}."
            )
        if self.short_years and not self.short_years_last:
            found.append(
                f"Dates of '{self.column}' with two digits for the year, which were taken to end with it: "
                f"{self.short_years:,}."
            )
        if self.dotted and not self.dotted_sure:
            found.append(
                f"Dates of '{self.column}' written with points, such as 03.04.2024, were read day before "
                f"month: {self.dotted:,}."
            )
        return tuple(found)


def _shown(cell: str, order: str) -> str:
    found = read_cells(text_array(pd.Series([cell], dtype="str")))
    moments = found.day_first if order == DAY else found.month_first
    date = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(moments[0]))
    return f"{date.day} {date:%B %Y}"
