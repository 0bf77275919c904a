"""The map of themes by segment value."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from core.charts.labels import label_lines, label_text, percent
from core.charts.theme import (
    BLACK,
    CLEAR,
    DIVERGING,
    FONT_SIZE,
    GREY,
    ROW,
    cell_words,
    colorscale,
    framed,
    nearest,
    ranked_axis,
)
from core.domain import SegmentCell

MAX_THEMES = 12
MAX_VALUES = 8
FEW = "few"
COLORBAR = {
    "orientation": "h",
    "thickness": 12,
    "len": 0.6,
    "y": -0.02,
    "yanchor": "top",
    "tickvals": [-1, 0, 1],
    "ticktext": ["half", "average", "twice"],
    "tickfont": {"size": FONT_SIZE},
    "tickangle": 0,
}


def segment_axes(cells: Sequence[SegmentCell], segment: str) -> tuple[list[str], list[str]]:
    """Themes (largest average first, 12 at most) and values (most rows first, 8 at most) of the map."""
    inside = [cell for cell in cells if cell.segment == segment]
    average = averages(inside)
    rows = {cell.value: cell.total for cell in inside}
    themes = sorted(average, key=lambda name: -average[name])
    values = sorted(rows, key=lambda value: -rows[value])
    return themes[:MAX_THEMES], values[:MAX_VALUES]


def averages(cells: Sequence[SegmentCell]) -> dict[str, float]:
    """Theme -> its share over all values of the segment, each value weighted by its rows."""
    hits: dict[str, float] = {}
    rows: dict[str, int] = {}
    for cell in cells:
        hits[cell.theme] = hits.get(cell.theme, 0.0) + cell.share.mid * cell.total
        rows[cell.theme] = rows.get(cell.theme, 0) + cell.total
    return {name: hits[name] / rows[name] if rows[name] else 0.0 for name in hits}


def distance(share: float, average: float) -> float:
    """How far a share lies from the average: -1 half of it or less, 0 equal, 1 twice or more."""
    if average <= 0:
        return 0.0
    return float(np.clip(np.log2(max(share, 1e-9) / average), -1, 1))


def segment_map(cells: Sequence[SegmentCell], segment: str, theme: str | None = None) -> go.Figure:
    """Theme by segment value. Colour: distance from the theme's average; ▲ and frame: clearly more.

    Grey "few": too few rows. Squares over the map take the clicks; customdata: [theme, value].
    """
    themes, values = segment_axes(cells, segment)
    inside = {(cell.theme, cell.value): cell for cell in cells if cell.segment == segment}
    average = averages(list(inside.values()))
    shown = [inside[row, value] for row in themes for value in values if (row, value) in inside]
    spot = {id(cell): (values.index(cell.value), themes.index(cell.theme)) for cell in shown}
    figure = go.Figure()
    _add_heat(figure, (len(themes), len(values)), shown, spot, average)
    _add_squares(figure, shown, spot, average)
    for cell in (cell for cell in shown if cell.over and not cell.small):
        x, y = spot[id(cell)]
        box = {"x0": x - 0.46, "x1": x + 0.46, "y0": y - 0.43, "y1": y + 0.43}
        figure.add_shape(type="rect", **box, line={"color": BLACK, "width": 2})
    ranked_axis(figure, [label_lines(name) for name in themes])
    figure.update_xaxes(
        tickvals=list(range(len(values))),
        ticktext=[label_lines(value, 12) for value in values],
        range=[-0.5, len(values) - 0.5],
        side="top",
        showgrid=False,
        zeroline=False,
    )
    return framed(figure, height=130 + ROW * max(1, len(themes)), theme=theme)


def _add_heat(
    figure: go.Figure,
    shape: tuple[int, int],
    cells: Sequence[SegmentCell],
    spot: dict[int, tuple[int, int]],
    average: dict[str, float],
) -> None:
    """Coloured cells with their share in words; pale grey ones where a number would mislead."""
    heat, few = np.full(shape, np.nan), np.full(shape, np.nan)
    words, fills = [], []
    for cell in cells:
        x, y = spot[id(cell)]
        away = distance(cell.share.mid, average[cell.theme])
        (few if cell.small else heat)[y, x] = 1.0 if cell.small else away
        words.append(FEW if cell.small else ("▲ " if cell.over else "") + percent(cell.share.mid))
        fills.append(None if cell.small else nearest(DIVERGING, (away + 1) / 2))
    common = {"xgap": 2, "ygap": 2, "hoverinfo": "skip"}
    grey = {"colorscale": [[0, GREY], [1, GREY]], "opacity": 0.35, "showscale": False}
    figure.add_heatmap(name="small", z=few.tolist(), **grey, **common)
    figure.add_heatmap(
        name="share",
        z=heat.tolist(),
        colorscale=colorscale(DIVERGING),
        zmin=-1,
        zmax=1,
        colorbar=COLORBAR,
        **common,
    )
    cell_words(figure, [spot[id(cell)] for cell in cells], words, fills)


def _add_squares(
    figure: go.Figure,
    cells: Sequence[SegmentCell],
    spot: dict[int, tuple[int, int]],
    average: dict[str, float],
) -> None:
    """A heat map returns no clicks: almost transparent squares do."""
    figure.add_scatter(
        name="cells",
        x=[spot[id(cell)][0] for cell in cells],
        y=[spot[id(cell)][1] for cell in cells],
        customdata=[[cell.theme, cell.value] for cell in cells],
        mode="markers",
        marker={"symbol": "square", "size": 32, "color": GREY, "opacity": 0.01, "line": {"color": CLEAR}},
        hovertext=[_cell_words(cell, average[cell.theme]) for cell in cells],
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
    )


def _cell_words(cell: SegmentCell, average: float) -> str:
    head = f"<b>{label_text(cell.theme, 80)}</b><br>{label_text(cell.value, 80)}: "
    if cell.small:
        return f"{head}too few rows to say ({cell.total:,})"
    share = cell.share
    return (
        f"{head}{percent(share.mid)} ({percent(share.low)} to {percent(share.high)})"
        f"<br>average {percent(average)}, {cell.total:,} rows"
        + ("<br>▲ clearly more than elsewhere" if cell.over else "")
    )
