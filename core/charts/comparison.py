"""Figures that set models beside each other."""

from collections.abc import Sequence
from typing import Protocol

import plotly.graph_objects as go

from core.charts.labels import label_lines, label_text, percent
from core.charts.scores import overall_estimates
from core.charts.theme import ACCENT, FONT_SIZE, GREY, ROW, VERMILION, framed, range_lines, ranked_axis
from core.domain import Estimate, Scores

BESIDE = (("Macro F1", ACCENT, "circle", -0.14), ("Accuracy", VERMILION, "diamond", 0.14))
SHOWN = {"Accuracy": "Right (accuracy)"}  # as the tables beside the figures call it
STEPS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)  # between the ticks of differences


class Difference(Protocol):
    measure: str
    first: float
    second: float
    change: Estimate
    clear: bool


def beside(models: Sequence[Scores], theme: str | None = None) -> go.Figure:
    """Macro F1 and accuracy of each model on the same held-out rows, with 90% ranges, in the given order.

    customdata: [measure, name].
    """
    figure = go.Figure()
    estimates = [dict(overall_estimates(scores)) for scores in models]
    for measure, colour, symbol, lift in BESIDE:
        column = [found[measure] for found in estimates]
        spots = [place + lift for place in range(len(column))]
        range_lines(figure, measure, [(e.low, e.high) for e in column], spots, colour)
        figure.add_scatter(
            name=SHOWN.get(measure, measure),
            x=[e.mid for e in column],
            y=spots,
            customdata=[[measure, scores.name] for scores in models],
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": 11},
            hovertext=[
                f"<b>{label_text(scores.name, 60)}</b><br>{measure} {percent(e.mid)} "
                f"({percent(e.low)} to {percent(e.high)})<br>{e.n:,} held-out comments"
                for scores, e in zip(models, column, strict=True)
            ],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    ranked_axis(figure, [label_lines(scores.name) for scores in models])
    figure.update_xaxes(range=[0, 1.02], tickformat=".0%")
    return framed(figure, height=110 + (ROW + 8) * max(1, len(models)), theme=theme)


def differences(
    measures: Sequence[Difference], first: str, second: str, theme: str | None = None
) -> go.Figure:
    """Second model minus first with 90% ranges around zero; filled: more than chance.

    customdata: [measure].
    """
    figure = go.Figure()
    figure.add_vline(x=0, line={"color": GREY, "width": 1.5})
    styles = (("more than chance", True, ACCENT, "circle"), ("may be chance", False, GREY, "circle-open"))
    for name, clear, colour, symbol in styles:
        spots = [place for place, item in enumerate(measures) if item.clear == clear]
        _add_differences(figure, [(place, measures[place]) for place in spots], (name, colour, symbol))
    ranked_axis(figure, [SHOWN.get(item.measure, item.measure) for item in measures])
    reach = max((abs(end) for item in measures for end in (item.change.low, item.change.high)), default=0.0)
    reach = max(0.02, 1.15 * reach)
    ticks = _ticks(reach)
    figure.update_xaxes(
        range=[-reach, reach],
        tickvals=ticks,
        ticktext=[f"{100 * tick:+.3g}" if tick else "0" for tick in ticks],
        title_text=f"← {label_text(first, 24)} better · points · {label_text(second, 24)} better →",
    )
    return framed(figure, height=150 + ROW * max(1, len(measures)), theme=theme)


def _ticks(reach: float) -> list[float]:
    """Round differences on both sides of zero, few enough for a narrow window."""
    step = next((step for step in STEPS if reach / step < 4), STEPS[-1])
    count = int(reach / step)
    return [step * place for place in range(-count, count + 1)]


def _add_differences(
    figure: go.Figure, items: Sequence[tuple[int, Difference]], style: tuple[str, str, str]
) -> None:
    name, colour, symbol = style
    ranges = [(item.change.low, item.change.high) for _, item in items]
    range_lines(figure, name, ranges, [place for place, _ in items], colour)
    figure.add_scatter(
        name=name,
        x=[item.change.mid for _, item in items],
        y=[place for place, _ in items],
        customdata=[[item.measure] for _, item in items],
        mode="markers+text",
        marker={"color": colour, "symbol": symbol, "size": 12, "line": {"color": colour, "width": 2}},
        text=[f"{100 * item.change.mid:+.1f}" for _, item in items],
        textposition="top center",
        textfont_size=FONT_SIZE,
        hovertext=[
            f"<b>{item.measure}</b>: {percent(item.first)} and {percent(item.second)}<br>"
            f"{100 * item.change.mid:+.1f} points (likely {100 * item.change.low:+.1f} to "
            f"{100 * item.change.high:+.1f})<br>{name}"
            for _, item in items
        ],
        hovertemplate="%{hovertext}<extra></extra>",
    )
