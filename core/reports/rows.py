"""The numbers of a figure in long form: one row a number, the same in every format."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from core.domain import Estimate, SegmentCell, Theme, Trend


@dataclass(frozen=True)
class Row:
    """One estimate of a figure. Empty numbers: too few rows to show one."""

    figure: str
    theme: str
    part: str  # what the theme is cut by: a period start, a segment value, a measure; "" for all
    mid: float | None
    low: float | None
    high: float | None
    unit: str
    n: int
    method: str
    checked: str
    mark: str  # "more than elsewhere", "too few rows", ""
    ids: tuple[int, ...] = ()  # evidence: ids of the feedback


COLUMNS = tuple(field.name for field in fields(Row) if field.name != "ids")


def estimate_row(theme: str, part: str, estimate: Estimate, mark: str = "", ids: tuple[int, ...] = ()) -> Row:
    return Row(
        figure="",
        theme=theme,
        part=part,
        mid=estimate.mid,
        low=estimate.low,
        high=estimate.high,
        unit=estimate.unit,
        n=estimate.n,
        method=estimate.method,
        checked="checked" if estimate.checked else "not checked yet",
        mark=mark,
        ids=ids,
    )


def theme_rows(themes: Sequence[Theme]) -> tuple[Row, ...]:
    shares = [estimate_row(theme.name, "", theme.share, ids=theme.ids) for theme in themes]
    ratings = [estimate_row(theme.name, "rating", theme.rating) for theme in themes if theme.rating]
    return (*shares, *ratings)


def trend_rows(trends: Sequence[Trend]) -> tuple[Row, ...]:
    return tuple(
        estimate_row(trend.theme, point.start, point.share, ids=point.ids)
        for trend in trends
        for point in trend.points
    )


def cell_rows(cells: Sequence[SegmentCell]) -> tuple[Row, ...]:
    return tuple(_small_row(cell) if cell.small else _cell_row(cell) for cell in cells)


def _cell_row(cell: SegmentCell) -> Row:
    mark = "more than elsewhere" if cell.over else ""
    return estimate_row(cell.theme, cell.value, cell.share, mark, cell.ids)


def _small_row(cell: SegmentCell) -> Row:
    return Row(
        figure="",
        theme=cell.theme,
        part=cell.value,
        mid=None,
        low=None,
        high=None,
        unit=cell.share.unit,
        n=cell.total,
        method=cell.share.method,
        checked="",
        mark="too few rows",
    )
