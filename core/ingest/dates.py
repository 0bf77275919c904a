"""Dates as people and programs write them, read column by column."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pandas as pd

_TIME = (
    r"(?:[T,\s]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"\s*(?P<half>[AaPp])?(?(half)\.?[Mm]\.?))?"
)
_ZONE = r"\s*(?:Z|\(?[A-Z]{2,5}\)?|(?:UTC|GMT)?[+-]\d{2}:?(?:\d{2})?)?(?:\s*\([^)]{1,40}\))?"
_YEAR_FIRST = re.compile(
    r"(?P<year>\d{4})[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?" + _TIME + _ZONE
)
_YEAR_LAST = re.compile(r"(?P<a>\d{1,2})([-/. ])(?P<b>\d{1,2})\2(?P<year>\d{4}|\d{2})" + _TIME + _ZONE)
_COMPACT = re.compile(r"(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})" + _TIME + _ZONE)
_WEEKDAY = r"(?:[^\W\d]{2,12}\.?,?\s+)?"
_MONTH_FIRST = re.compile(
    _WEEKDAY
    + r"(?P<name>[^\W\d]{3,10})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})"
    + _TIME
    + _ZONE
)
_DAY_FIRST = re.compile(
    _WEEKDAY + r"(?P<day>\d{1,2})(?:st|nd|rd|th|er|\.)?[\s-]+(?:de\s+)?(?P<name>[^\W\d]{3,10})\.?,?[\s-]+"
    r"(?:de\s+)?(?P<year>\d{4}|\d{2})" + _TIME + _ZONE
)
_UNIX = re.compile(  # Wed Jul 26 10:03:43 PDT 2017
    r"[^\W\d]{3}\s+(?P<name>[^\W\d]{3})\s+(?P<day>\d{1,2})\s+(?P<hour>\d{2}):(?P<minute>\d{2}):(?P<second>\d{2})"
    r"\s+(?:[A-Z]{2,5}|[+-]\d{4})?\s*(?P<year>\d{4})"
)
_ISO = re.compile(
    r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)?(?:\s?(?:Z|UTC|[+-]\d{2}:?\d{2}))?"
)

_MONTHS = {
    start: month
    for month, names in enumerate(
        (
            "jan ene gen",
            "feb fév fev",
            "mar mär mrz",
            "apr abr avr",
            "may mai mag",
            "jun juin giu",
            "jul juil lug",
            "aug ago aoû aou",
            "sep set",
            "oct okt ott out",
            "nov",
            "dec dez dic déc",
        ),
        start=1,
    )
    for start in names.split()
}
_EARLIEST, _LATEST = datetime(1970, 1, 2), datetime(2100, 1, 1)
_EPOCH_UNITS = ((9, 10, 1), (12, 13, 1_000), (15, 16, 1_000_000))  # digits from, to, units a second


@dataclass(frozen=True)
class Dates:
    values: pd.Series  # datetime64[us] without zone, NaT where missing or unreadable
    unreadable: int  # cells that hold something that is no date
    warnings: tuple[str, ...] = ()


def read_dates(cells: pd.Series) -> Dates:
    """Read a column of text; times stay as written, whatever their zone.

    The order of day and month is decided over the whole column.
    """
    codes, distinct = pd.factorize(cells.str.strip())
    values = [str(value) for value in distinct]
    found = {value: parse_date(value) for value in values}
    ambiguous = [value for value in values if found[value] is None and _two_orders(value)]
    warnings: tuple[str, ...] = ()
    if ambiguous:
        known = [date for date in found.values() if date is not None]
        day_first, warnings = _day_first(values, ambiguous, known)
        found.update({value: _year_last(value, day_first) for value in ambiguous})
    parsed = pd.Series([found[value] for value in values], dtype="datetime64[us]")
    dates = pd.Series(parsed.to_numpy()[codes], index=cells.index)
    filled = pd.Series([bool(value) for value in values], dtype=bool).to_numpy()[codes]
    return Dates(dates, int((dates.isna() & filled).sum()), warnings)


def parse_date(text: str) -> datetime | None:
    """One date, None when it is none or when day and month could be swapped."""
    if not text or not any(char.isdigit() for char in text[:40]) or len(text) > 60:
        return None
    if _ISO.fullmatch(text):
        return _iso(text)
    if text.replace(".", "", 1).isdecimal():
        return _number(text)
    for pattern in (_YEAR_FIRST, _MONTH_FIRST, _DAY_FIRST, _UNIX, _COMPACT):
        if match := pattern.fullmatch(text):
            return _build(match)
    if not _two_orders(text):
        return _year_last(text, day_first=True) or _year_last(text, day_first=False)
    return None


def _iso(text: str) -> datetime | None:
    try:
        return _plausible(datetime.fromisoformat(text.removesuffix("UTC").rstrip()).replace(tzinfo=None))
    except ValueError:
        return None


def _number(text: str) -> datetime | None:
    if re.fullmatch(r"(19|20)\d{6}", text):
        match = _COMPACT.fullmatch(text)
        return _build(match) if match else None
    digits = text.partition(".")[0]
    for low, high, unit in _EPOCH_UNITS:
        if low <= len(digits) <= high:
            moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=float(text) / unit)
            return _plausible(moment.replace(tzinfo=None))
    return None


def _build(match: re.Match[str]) -> datetime | None:
    parts = match.groupdict()
    month = _MONTHS.get(_month_key(parts["name"])) if parts.get("name") else int(parts["month"])
    return _date(_year(parts["year"]), month, int(parts["day"]), parts) if month else None


def _month_key(name: str) -> str:
    name = name.lower()
    return name[:4] if name[:4] in _MONTHS else name[:3]


def _two_orders(text: str) -> bool:
    """Whether both 3 April and 4 March would do."""
    match = _YEAR_LAST.fullmatch(text)
    return bool(match) and int(match["a"]) <= 12 and int(match["b"]) <= 12 and match["a"] != match["b"]


def _year_last(text: str, day_first: bool) -> datetime | None:
    match = _YEAR_LAST.fullmatch(text)
    if not match:
        return None
    day, month = (match["a"], match["b"]) if day_first else (match["b"], match["a"])
    return _date(_year(match["year"]), int(month), int(day), match.groupdict())


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text) if int(text) < 70 else 1900 + int(text)


def _date(year: int, month: int, day: int, parts: dict[str, str | None]) -> datetime | None:
    hour = int(parts.get("hour") or 0)
    if half := parts.get("half"):
        hour = hour % 12 + 12 * (half in "pP")
    try:
        return _plausible(
            datetime(year, month, day, hour, int(parts.get("minute") or 0), int(parts.get("second") or 0))
        )
    except ValueError:
        return None


def _plausible(date: datetime) -> datetime | None:
    return date if _EARLIEST <= date < _LATEST else None


def _day_first(
    values: list[str], ambiguous: list[str], known: list[datetime]
) -> tuple[bool, tuple[str, ...]]:
    """The order of the ambiguous dates of a column, and a warning unless the column proves it."""
    numeric = [match for value in values if (match := _YEAR_LAST.fullmatch(value))]
    day_first = sum(int(match["a"]) > 12 for match in numeric)
    month_first = sum(int(match["b"]) > 12 for match in numeric)
    if bool(day_first) != bool(month_first):
        return day_first > 0, ()
    chosen = day_first > month_first if day_first != month_first else _closer_together(ambiguous, known)
    read = _year_last(ambiguous[0], chosen)
    example = f"'{ambiguous[0]}' was read as {read:%d %B %Y}" if read else ""
    order = "Day before month" if chosen else "Month before day"
    return chosen, (
        f"Different dates that could be read two ways: {len(ambiguous):,}. {order} was assumed ({example}).",
    )


def _closer_together(ambiguous: list[str], known: list[datetime]) -> bool:
    """True when day-first keeps the dates of the column in the shorter span of time."""

    def span(day_first: bool) -> timedelta:
        dates = [date for value in ambiguous if (date := _year_last(value, day_first))] + known
        return max(dates) - min(dates) if dates else timedelta.max

    by_day, by_month = span(True), span(False)
    if by_day == by_month:
        return "/" not in ambiguous[0]  # 03/04 is mostly American, 03.04. never
    return by_day < by_month
