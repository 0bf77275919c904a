"""Figures of what the held-out rows say: thresholds, confidence, slices, more labels.

Curves and bins come as values with the names of their numbers; this module knows no evaluation.
"""

from collections.abc import Sequence
from typing import Protocol

import plotly.graph_objects as go

from core.charts.labels import label_lines, label_text, percent
from core.charts.theme import (
    ACCENT,
    FONT_SIZE,
    GREY,
    ROW,
    VERMILION,
    framed,
    range_lines,
    ranked_axis,
    shares_from,
)
from core.domain import Estimate, LearningPoint, Slice

MAX_SLICES = 24
SIDE = 380  # pixels
LINE = {"width": 2.5}


class Curve(Protocol):
    x: Sequence[float]
    y: Sequence[float]
    thresholds: Sequence[float]
    area: float


class Bin(Protocol):
    confidence: float
    share: float
    low: float
    high: float
    n: int


class Unsure(Protocol):
    answered: float
    right: float
    low: float
    high: float
    n: int
    threshold: float


def roc_curve(curve: Curve, label: str, theme: str | None = None) -> go.Figure:
    """Rows of the label that are found against other rows that are called so; customdata: [threshold]."""
    figure = go.Figure()
    figure.add_scatter(
        name="by chance",
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": GREY, "width": 1.5, "dash": "dot"},
        hoverinfo="skip",
    )
    words = "%{y:.0%} of its comments are found<br>%{x:.1%} of the others are called so"
    _add_curve(figure, curve, f"{label_text(label)}: area {curve.area:.3f}", words)
    _share_axes(figure, "Others called so (false positive rate)", "Found (recall)")
    return framed(figure, height=SIDE, theme=theme)


def precision_recall_curve(
    curve: Curve, label: str, share: float | None = None, theme: str | None = None
) -> go.Figure:
    """`share`: rows that carry the label, what chance would reach; customdata: [threshold]."""
    figure = go.Figure()
    if share is not None:
        figure.add_scatter(
            name="by chance",
            x=[0, 1],
            y=[share, share],
            mode="lines",
            line={"color": GREY, "width": 1.5, "dash": "dot"},
            hoverinfo="skip",
        )
    words = "%{x:.0%} of its comments are found<br>%{y:.0%} of those called so are right"
    _add_curve(figure, curve, f"{label_text(label)}: average precision {curve.area:.3f}", words)
    _share_axes(figure, "Found (recall)", "Right when called so (precision)")
    return framed(figure, height=SIDE, theme=theme)


def _add_curve(figure: go.Figure, curve: Curve, name: str, words: str) -> None:
    """Above every probability no row is given the label: that threshold is drawn as 1."""
    figure.add_scatter(
        name=name,
        x=list(curve.x),
        y=list(curve.y),
        customdata=[[min(1.0, float(threshold))] for threshold in curve.thresholds],
        mode="lines",
        line={"color": ACCENT, "shape": "linear", **LINE},
        hovertemplate=f"{words}<br>from a probability of %{{customdata[0]:.0%}}<extra></extra>",
    )


def _share_axes(figure: go.Figure, x: str, y: str) -> None:
    figure.update_xaxes(title_text=x, range=[-0.01, 1.02], tickformat=".0%", zeroline=False)
    figure.update_yaxes(title_text=y, range=[-0.01, 1.04], tickformat=".0%", zeroline=False)


def reliability(after: Sequence[Bin], before: Sequence[Bin] = (), theme: str | None = None) -> go.Figure:
    """Confidence against how often it comes true, with 90% ranges; on the line it is as sure as it should
    be. customdata: [confidence, rows]."""
    figure = go.Figure()
    figure.add_scatter(
        name="as sure as it should be",
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": GREY, "width": 1.5, "dash": "dot"},
        hoverinfo="skip",
    )
    for name, bins, colour, symbol in (
        ("before calibration", before, VERMILION, "diamond-open"),
        ("after calibration", after, ACCENT, "circle"),
    ):
        if bins:
            _add_bins(figure, bins, name, colour, symbol)
    _share_axes(figure, "The model's confidence", "Right")
    return framed(figure, height=SIDE, theme=theme)


def _add_bins(figure: go.Figure, bins: Sequence[Bin], name: str, colour: str, symbol: str) -> None:
    """The more answers a mark stands for, the larger it is."""
    spots, most = [one.confidence for one in bins], max(one.n for one in bins)
    range_lines(figure, name, [(one.low, one.high) for one in bins], spots, colour, upright=True)
    figure.add_scatter(
        name=name,
        x=[one.confidence for one in bins],
        y=[one.share for one in bins],
        customdata=[[one.confidence, one.n] for one in bins],
        mode="lines+markers",
        line={"color": colour, "width": 1.5},
        marker={
            "color": colour,
            "symbol": symbol,
            "size": [5 + 8 * (one.n / max(1, most)) ** 0.5 for one in bins],
            "line": {"color": colour, "width": 1.5},
        },
        hovertext=[
            f"{name}<br>{percent(one.confidence)} sure, right {percent(one.share)} "
            f"({percent(one.low)} to {percent(one.high)})<br>{one.n:,} answers"
            for one in bins
        ],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def abstention(points: Sequence[Unsure], theme: str | None = None) -> go.Figure:
    """Share right of the answered rows, when the least certain may stay unsure; customdata: [threshold]."""
    figure = go.Figure()
    x = [1 - point.answered for point in points]
    figure.add_scatter(
        name="range",
        x=x + x[::-1],
        y=[point.high for point in points] + [point.low for point in points][::-1],
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillcolor=_pale(ACCENT),
        hoverinfo="skip",
        showlegend=False,
    )
    figure.add_scatter(
        name="right",
        x=x,
        y=[point.right for point in points],
        customdata=[[point.threshold] for point in points],
        mode="lines+markers",
        line={"color": ACCENT, **LINE},
        marker={"size": 7},
        hovertext=[
            f"unsure on {percent(1 - point.answered)}: right {percent(point.right)} of the time "
            f"({percent(point.low)} to {percent(point.high)})<br>{point.n:,} answered, each at least "
            f"{percent(point.threshold)} sure"
            for point in points
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
    )
    figure.update_xaxes(title_text="May stay “unsure” on", range=[-0.01, 0.92], tickformat=".0%")
    figure.update_yaxes(title_text="Right when it answers", range=[0, 1.02], tickformat=".0%")
    return framed(figure, height=320, theme=theme)


def _pale(colour: str) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.18)"


def slices(items: Sequence[Slice], theme: str | None = None) -> go.Figure:
    """Share right by value with 90% ranges, lowest first, 24 at most; worse ones are filled, the worst is
    said so. customdata: [column, value]."""
    shown = sorted(items, key=lambda item: (item.accuracy.mid, item.column, item.value))[:MAX_SLICES]
    figure = go.Figure()
    groups = (("clearly worse", True, VERMILION, "diamond"), ("no clear difference", False, GREY, "circle"))
    for name, worse, colour, symbol in groups:
        spots = [place for place, item in enumerate(shown) if item.worse == worse]
        _add_ranges(figure, spots, [shown[place].accuracy for place in spots], (name, colour, symbol))
        figure.data[-1].update(
            customdata=[[shown[place].column, shown[place].value] for place in spots],
            hovertext=[_slice_words(shown[place]) for place in spots],
            text=["▲ look here first" if shown[place].worst else "" for place in spots],
        )
    ranked_axis(figure, [label_lines(f"{item.column}: {item.value}", 22) for item in shown])
    figure.update_xaxes(
        range=[shares_from([item.accuracy.low for item in shown]) - 0.01, 1.02],
        tickformat=".0%",
        title_text="Right",
    )
    return framed(figure, height=130 + ROW * max(1, len(shown)), theme=theme)


def _add_ranges(
    figure: go.Figure,
    spots: Sequence[float],
    estimates: Sequence[Estimate],
    style: tuple[str, str, str],
) -> None:
    """A line from low to high and a mark at the middle of each row."""
    name, colour, symbol = style
    range_lines(figure, name, [(e.low, e.high) for e in estimates], spots, colour)
    figure.add_scatter(
        name=name,
        x=[e.mid for e in estimates],
        y=list(spots),
        mode="markers+text",
        marker={"color": colour, "symbol": symbol, "size": 11},
        textposition="top center",
        textfont_size=FONT_SIZE,
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _slice_words(item: Slice) -> str:
    e = item.accuracy
    return (
        f"<b>{label_text(item.column, 40)}: {label_text(item.value, 80)}</b><br>right {percent(e.mid)} "
        f"({percent(e.low)} to {percent(e.high)}), macro F1 {item.macro_f1:.2f}<br>{e.n:,} held-out comments"
        + ("<br>clearly worse than the others" if item.worse else "")
    )


def learning_curve(points: Sequence[LearningPoint], theme: str | None = None) -> go.Figure:
    """Macro F1 against labels learned from, with 90% ranges; dashed: the forecast. customdata: [labels]."""
    measured = [point for point in points if not point.forecast]
    ahead = [point for point in points if point.forecast]
    figure = go.Figure()
    if measured and ahead:
        bridge = [measured[-1], ahead[0]]
        figure.add_scatter(
            name="way there",
            x=[point.labels for point in bridge],
            y=[point.macro_f1.mid for point in bridge],
            mode="lines",
            line={"color": VERMILION, "dash": "dash", "width": 2},
            hoverinfo="skip",
            showlegend=False,
        )
    groups = (("measured", measured, ACCENT, "circle"), ("forecast", ahead, VERMILION, "diamond-open"))
    for name, group, colour, symbol in groups:
        if group:
            _add_points(figure, group, name, colour, symbol)
    figure.update_xaxes(title_text="Labelled comments learned from", rangemode="tozero", tickformat=",d")
    lowest = shares_from([point.macro_f1.low for point in points])
    highest = 1.02 - shares_from([1 - point.macro_f1.high for point in points])
    figure.update_yaxes(title_text="Macro F1", range=[lowest, highest], tickformat=".2~f")
    return framed(figure, height=340, theme=theme)


def _add_points(
    figure: go.Figure, points: Sequence[LearningPoint], name: str, colour: str, symbol: str
) -> None:
    ranges = [(point.macro_f1.low, point.macro_f1.high) for point in points]
    range_lines(figure, name, ranges, [point.labels for point in points], colour, upright=True)
    figure.add_scatter(
        name=name,
        x=[point.labels for point in points],
        y=[point.macro_f1.mid for point in points],
        customdata=[[point.labels] for point in points],
        mode="lines+markers",
        line={"color": colour, **LINE},
        marker={"symbol": symbol, "size": 8, "line": {"color": colour, "width": 2}},
        hovertext=[
            f"{name}, {point.labels:,} labels: macro F1 {point.macro_f1.mid:.3f} "
            f"({point.macro_f1.low:.3f} to {point.macro_f1.high:.3f})"
            for point in points
        ],
        hovertemplate="%{hovertext}<extra></extra>",
    )
