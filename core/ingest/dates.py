"""Dates as people and programs write them, read a whole column at a time.

Cells of the same shape (every digit a 0) have their parts at the same places, so one cell of a shape is
looked at and the others are read by arithmetic on their bytes.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.ingest.date_words import ZONES, month_number
from core.ingest.text_array import coded, layout, of_bytes

EMPTY, UNREADABLE, CERTAIN, AMBIGUOUS, SERIAL = range(5)
LONGEST = 60  # characters of a date
SECOND, DAY = 1_000_000, 86_400_000_000  # in microseconds
EARLIEST, LATEST = DAY, 4_102_444_800 * SECOND  # 2 January 1970, 1 January 2100
SERIAL_ZERO = -25_569  # the day from which spreadsheets count, in days from 1 January 1970
NO_DATE = np.iinfo(np.int64).min

_TIME = (
    r"(?:(?:[T,\s:]|\s+(?:at|um|à|a las|às|om|o|kl\.?)\s)\s*"
    r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?"
    r"\s*(?P<half>[AaPp])?(?(half)\.?\s?[Mm]\.?))?"
)
_OFFSET = r"(?:UTC|GMT)?(?P<sign>[+−-])(?P<zone_hour>[0-9]{1,2})(?::?(?P<zone_minute>[0-9]{2}))?"
_ZONE = rf"\s*(?:{_OFFSET}|\(?(?P<zone>Z|[A-Z]{{2,5}})\)?)?(?:\s*\([^)]{{1,40}}\))?\s*(?:г\.?)?"
_WEEKDAY = r"(?:[^\W0-9]{2,14}\.?,?\s+)?"
_DATE_FIRST = (
    r"(?P<year>[0-9]{4})\s*[-/.年년]\s*(?P<month>[0-9]{1,2})\s*[-/.月월]\s*(?P<day>[0-9]{1,2})\s*[日일.]?",
    r"(?P<year>[0-9]{4})[-\s](?P<name>[^\W0-9]{3,10})[-\s](?P<day>[0-9]{1,2})",
    _WEEKDAY + r"(?P<name>[^\W0-9]{3,14})\.?\s+(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>[0-9]{4})",
    _WEEKDAY
    + r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th|er|\.)?[\s/-]+(?:de\s+)?(?P<name>[^\W0-9]{3,14})\.?,?[\s/-]+"
    r"(?:de\s+)?(?P<year>[0-9]{4}|[0-9]{2})",
)
_PATTERNS = tuple(re.compile(date + _TIME + _ZONE) for date in _DATE_FIRST)
_COMPACT = re.compile(r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})" + _TIME + _ZONE)
_COMPACT_TIME = re.compile(  # 20240308T101112Z
    r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})T?(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})"
    r"(?P<second>[0-9]{2})Z?"
)
_UNIX = re.compile(  # Wed Jul 26 10:03:43 PDT 2017
    r"[^\W0-9]{2,4}\s+(?P<name>[^\W0-9]{3})\s+(?P<day>[0-9]{1,2})\s+(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):"
    r"(?P<second>[0-9]{2})\s+(?:(?P<zone>[A-Z]{2,5})|(?P<sign>[+-])(?P<zone_hour>[0-9]{2})(?P<zone_minute>[0-9]{2}))?"
    r"\s*(?P<year>[0-9]{4})"
)
_PAIR = re.compile(
    _WEEKDAY
    + r"(?P<a>[0-9]{1,2})\s?(?P<mark>[-/. ])\s?(?P<b>[0-9]{1,2})\s?(?P=mark)\s?(?P<year>[0-9]{4}|[0-9]{2})"
    r"\.?" + _TIME + _ZONE
)
_NUMBER = re.compile(r"(?P<whole>[0-9]{5,19})(?:\.[0-9]{1,9})?")
_DIGITS_TO_0 = np.arange(256, dtype=np.uint8)
_DIGITS_TO_0[ord("0") : ord("9") + 1] = ord("0")


@dataclass(frozen=True)
class Shape:
    """Where the parts of a date lie in all cells of a shape, in bytes."""

    parts: dict[str, tuple[int, int]]
    month: int = 0  # of a month written as a word
    half: str = ""  # "a" or "p"
    zone: int | None = None  # minutes to add to come to UTC; None without a zone
    sign: int = 0  # of a zone written in digits
    unknown_zone: bool = False
    mark: str = ""  # between two numbers that may be day and month


@dataclass(eq=False)
class Cells:
    """A column of dates: microseconds since 1970, read with the day first and with the month first."""

    day_first: np.ndarray
    month_first: np.ndarray
    state: np.ndarray  # EMPTY, UNREADABLE, CERTAIN, AMBIGUOUS, SERIAL
    votes: tuple[int, int]  # cells that only make sense with the day, and with the month, first
    zoned: int = 0
    unknown_zones: int = 0
    counted: int = 0  # numbers since 1970
    short_years: int = 0  # 17-04-01, whose year may stand first
    short_years_last: int = 0  # 31-04-99, 04/13/17
    dotted: int = 0  # of those that could be read two ways: 03.04.2024 is taken day first
    dotted_sure: int = 0  # 13.04.2024


def read_cells(cells: pa.LargeStringArray) -> Cells:
    array = _plain(cells)
    size = len(array)
    found = Cells(
        np.full(size, NO_DATE), np.full(size, NO_DATE), np.full(size, UNREADABLE, dtype=np.uint8), (0, 0)
    )
    offsets, data = layout(array)
    shapes, examples = coded(of_bytes(offsets, _DIGITS_TO_0[data]))
    order = np.argsort(shapes, kind="stable")
    bounds = np.searchsorted(shapes[order], np.arange(len(examples) + 1))
    for code, example in enumerate(examples):
        rows = order[bounds[code] : bounds[code + 1]]
        if not example:
            found.state[rows] = EMPTY
        elif len(example) <= LONGEST and "0" in example:
            _read_shape(found, rows, example, offsets[rows], data)
    return found


def parse_date(text: str) -> datetime | None:
    """One date in UTC or as written, None when it is none or when day and month could be swapped."""
    found = read_cells(pa.array([text], pa.large_string()))
    if found.state[0] != CERTAIN:
        return None
    return datetime.fromtimestamp(0, UTC).replace(tzinfo=None) + pd.Timedelta(int(found.day_first[0]), "us")


def _plain(cells: pa.LargeStringArray) -> pa.LargeStringArray:
    array = pc.utf8_trim_whitespace(cells)
    if not pc.all(pc.string_is_ascii(array)).as_py():  # full-width digits, narrow spaces
        array = pc.utf8_trim_whitespace(pc.utf8_normalize(array, form="NFKC"))
    return array


def _read_shape(found: Cells, rows: np.ndarray, example: str, starts: np.ndarray, data: np.ndarray) -> None:
    if match := _NUMBER.fullmatch(example):
        _read_numbers(found, rows, len(match["whole"]), len(example), starts, data)
        return
    shape = shape_of(example)
    if shape is None:
        return
    read = {name: _digits(data, starts + at, length) for name, (at, length) in shape.parts.items()}
    time = _time_of_day(shape, read)
    if shape.mark:
        _read_pairs(found, rows, shape, read, time)
    else:
        moments = _moments(_years(shape, read), read.get("month", shape.month), read["day"], time)
        _certain(found, rows, moments)
    good = found.state[rows] != UNREADABLE
    found.zoned += int(good.sum()) if shape.zone is not None or shape.sign else 0
    found.unknown_zones += int(good.sum()) if shape.unknown_zone else 0


def _certain(found: Cells, rows: np.ndarray, moments: np.ndarray) -> None:
    found.day_first[rows] = found.month_first[rows] = moments
    found.state[rows] = np.where(moments == NO_DATE, UNREADABLE, CERTAIN)


def _read_pairs(
    found: Cells, rows: np.ndarray, shape: Shape, read: dict[str, np.ndarray], time: np.ndarray
) -> None:
    years = _years(shape, read)
    day, month = _moments(years, read["b"], read["a"], time), _moments(years, read["a"], read["b"], time)
    both = (day != NO_DATE) & (month != NO_DATE)
    if shape.parts["year"][1] == 2:
        last = (read["b"] > 12) | (read["year"] > 31) | (read["year"] == 0)
        found.short_years += int((~last).sum())
        found.short_years_last += int((last & ((day != NO_DATE) | (month != NO_DATE))).sum())
    two_ways = both & (read["a"] != read["b"])
    if shape.mark == ".":  # nobody writes the month first with points
        found.dotted += int(two_ways.sum())
        found.dotted_sure += int((day != NO_DATE).sum()) - int(both.sum())
        month, both, two_ways = day, np.zeros_like(both), np.zeros_like(both)
    day_only, month_only = (day != NO_DATE) & (month == NO_DATE), (month != NO_DATE) & (day == NO_DATE)
    found.votes = found.votes[0] + int(day_only.sum()), found.votes[1] + int(month_only.sum())
    found.day_first[rows] = np.where(month_only, month, day)
    found.month_first[rows] = np.where(day_only, day, month)
    readable = (day != NO_DATE) | (month != NO_DATE)
    found.state[rows] = np.where(two_ways, AMBIGUOUS, np.where(readable, CERTAIN, UNREADABLE))


def _read_numbers(
    found: Cells, rows: np.ndarray, whole: int, length: int, starts: np.ndarray, data: np.ndarray
) -> None:
    numbers = _digits(data, starts, whole)
    fraction = length - whole - 1
    if whole == 8 and fraction < 0 or whole == 14 and fraction < 0:
        example = "0" * whole
        match = (_COMPACT if whole == 8 else _COMPACT_TIME).fullmatch(example)
        shape = _shape(match, example)
        read = {name: _digits(data, starts + at, size) for name, (at, size) in shape.parts.items()}
        plausible = (read["year"] >= 1900) & (read["year"] < 2100)
        moments = _moments(read["year"], read["month"], read["day"], _time_of_day(shape, read))
        _certain(found, rows, np.where(plausible, moments, NO_DATE))
        return
    part = _digits(data, starts + whole + 1, fraction) / 10**fraction if fraction > 0 else 0.0
    if whole == 5:
        days = (numbers + SERIAL_ZERO).astype(np.float64) + part
        moments = np.round(days * 86_400).astype(np.int64) * SECOND
        plausible = (moments >= EARLIEST) & (moments < LATEST)
        found.day_first[rows] = found.month_first[rows] = np.where(plausible, moments, NO_DATE)
        found.state[rows] = np.where(plausible, SERIAL, UNREADABLE)
        return
    units = {9: SECOND, 10: SECOND, 12: 1_000, 13: 1_000, 15: 1, 16: 1}.get(whole)
    if whole in (18, 19):
        moments = numbers // 1_000
    elif units:
        moments = numbers * units + np.round(np.asarray(part) * units).astype(np.int64)
    else:
        return
    moments = np.where((moments >= EARLIEST) & (moments < LATEST), moments, NO_DATE)
    _certain(found, rows, moments)
    found.counted += int((moments != NO_DATE).sum())


def shape_of(example: str) -> Shape | None:
    """How the cells of a shape are read; None when they hold no date."""
    for pattern in (*_PATTERNS, _UNIX, _COMPACT_TIME, _COMPACT):
        if match := pattern.fullmatch(example):
            shape = _shape(match, example)
            if shape.month or "month" in shape.parts:
                return shape
    match = _PAIR.fullmatch(example)
    return _shape(match, example) if match else None


def _shape(match: re.Match[str], example: str) -> Shape:
    groups = match.groupdict()
    parts = {}
    for name in (
        "year",
        "month",
        "day",
        "a",
        "b",
        "hour",
        "minute",
        "second",
        "fraction",
        "zone_hour",
        "zone_minute",
    ):
        if groups.get(name):
            before = len(example[: match.start(name)].encode())
            parts[name] = before, len(groups[name])
    word = groups.get("zone") or ""
    return Shape(
        parts=parts,
        month=month_number(groups["name"]) if groups.get("name") else 0,
        half=(groups.get("half") or "").lower(),
        zone=ZONES.get(word),
        sign={"": 0, "+": 1}.get(groups.get("sign") or "", -1),
        unknown_zone=bool(word) and word not in ZONES,
        mark=groups.get("mark") or "",
    )


def _digits(data: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
    """The whole numbers of `length` digits that begin at `starts`."""
    number = np.zeros(len(starts), dtype=np.int64)
    for place in range(length):
        number = number * 10 + (data[starts + place] - ord("0"))
    return number


def _years(shape: Shape, read: dict[str, np.ndarray]) -> np.ndarray:
    years = read["year"]
    return years if shape.parts["year"][1] == 4 else np.where(years < 70, years + 2000, years + 1900)


def _time_of_day(shape: Shape, read: dict[str, np.ndarray]) -> np.ndarray:
    """Microseconds from the day's beginning to the moment in UTC; NO_DATE for 25:00."""
    zero = np.zeros_like(read["year"])
    hour, minute, second = (read.get(name, zero) for name in ("hour", "minute", "second"))
    good = (hour < 24) & (minute < 60) & (second <= 60)
    if shape.half:
        good &= (hour >= 1) & (hour <= 12)
        hour = hour % 12 + (12 if shape.half == "p" else 0)
    moment = (hour * 3_600 + minute * 60 + second) * SECOND
    if "fraction" in read:
        moment = moment + read["fraction"] * SECOND // 10 ** shape.parts["fraction"][1]
    if shape.zone is not None:
        moment = moment + shape.zone * 60 * SECOND
    elif shape.sign:
        away = read["zone_hour"] * 60 + read.get("zone_minute", zero)
        good &= away <= 14 * 60
        moment = moment - shape.sign * away * 60 * SECOND
    return np.where(good, moment, NO_DATE)


def _moments(years: np.ndarray, months: np.ndarray | int, days: np.ndarray, time: np.ndarray) -> np.ndarray:
    """Microseconds since 1970; NO_DATE for 30 February and what lies outside 1970 to 2099."""
    months = np.broadcast_to(months, years.shape)
    good = (years >= 1970) & (years < 2100) & (months >= 1) & (months <= 12) & (days >= 1) & (time != NO_DATE)
    month = np.where(good, (years - 1970) * 12 + months - 1, 0).astype("datetime64[M]")
    date = month.astype("datetime64[D]") + np.where(good, days - 1, 0).astype("timedelta64[D]")
    good &= date.astype("datetime64[M]") == month
    moments = date.astype("datetime64[us]").astype(np.int64) + np.where(good, time, 0)
    return np.where(good & (moments >= EARLIEST) & (moments < LATEST), moments, NO_DATE)
