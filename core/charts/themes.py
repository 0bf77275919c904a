"""Figures of themes: how large, how they move, where they sit, how they are rated."""

from collections.abc import Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.charts.labels import label_lines, label_text, percent
from core.charts.segments import segment_axes, segment_map
from core.charts.theme import ACCENT, FONT_SIZE, ROW, framed, ranked_axis
from core.domain import Estimate, Theme, Trend

__all__ = ["MAX_TRENDS", "ratings", "segment_axes", "segment_map", "shares", "top_themes", "trend_lines"]

FOLDED = "sum of the ranges of the smaller themes"
MAX_THEMES = 12
MAX_TRENDS = 8


def top_themes(themes: Sequence[Theme], limit: int = MAX_THEMES) -> tuple[Theme, ...]:
    """The largest themes; from the limit on the rest becomes one theme, its range wide on purpose.

    Without draws the ranges cannot be summed honestly: the lows and the highs are added up, which
    holds whatever the themes have to do with each other.
    """
    if any(theme.share.method == FOLDED for theme in themes):
        return tuple(themes)
    ranked = sorted(themes, key=lambda theme: -theme.share.mid)
    if len(ranked) <= limit:
        return tuple(ranked)
    rest = ranked[limit:]
    share = Estimate(
        mid=min(1.0, sum(theme.share.mid for theme in rest)),
        low=min(1.0, sum(theme.share.low for theme in rest)),
        high=min(1.0, sum(theme.share.high for theme in rest)),
        n=max(theme.share.n for theme in rest),
        method=FOLDED,
        checked=all(theme.share.checked for theme in rest),
    )
    ids = tuple(sorted({row for theme in rest for row in theme.ids}))
    return (*ranked[:limit], Theme(f"other ({len(rest)} themes)", share, None, ids))


def shares(themes: Sequence[Theme], theme: str | None = None) -> go.Figure:
    """Share of feedback by theme: a dot with its 90% range. Hollow dot: not checked yet."""
    shown = top_themes(themes)
    estimates = [item.share for item in shown]
    words = [f"{percent(e.mid)}  ({percent(e.low)} to {percent(e.high)})" for e in estimates]
    figure = _dots([item.name for item in shown], estimates, words, theme)
    largest = max((e.high for e in estimates), default=1.0)
    figure.update_xaxes(range=[0, largest * 1.28], tickformat=".0%", title_text="Share of feedback")
    return figure


def ratings(themes: Sequence[Theme], theme: str | None = None) -> go.Figure:
    """Mean rating of the comments of a theme, lowest first, with its 90% range."""
    rated = [(item.name, item.rating) for item in themes if item.rating is not None]
    rated = sorted(rated, key=lambda pair: pair[1].mid)[:MAX_THEMES]
    estimates = [rating for _, rating in rated]
    words = [f"{e.mid:.1f}  ({e.low:.1f} to {e.high:.1f})" for e in estimates]
    figure = _dots([name for name, _ in rated], estimates, words, theme)
    largest = max((e.high for e in estimates), default=1.0)
    figure.update_xaxes(range=[0, largest * 1.28], title_text="Mean rating")
    return figure


def _dots(
    names: Sequence[str], estimates: Sequence[Estimate], words: Sequence[str], theme: str | None
) -> go.Figure:
    """Traces "range" and "mid", one row a name from the top down; customdata: [name]."""
    figure = go.Figure()
    places = list(range(len(names)))
    figure.add_scatter(
        name="range",
        x=[x for e in estimates for x in (e.low, e.high, None)],
        y=[y for place in places for y in (place, place, None)],
        customdata=[[name] for name in names for _ in range(3)],
        mode="lines",
        line={"color": ACCENT, "width": 3},
        opacity=0.55,
        hoverinfo="skip",
        showlegend=False,
    )
    figure.add_scatter(
        name="mid",
        x=[e.mid for e in estimates],
        y=places,
        customdata=[[name] for name in names],
        mode="markers",
        marker={
            "color": ACCENT,
            "size": 13,
            "line": {"color": ACCENT, "width": 2},
            "symbol": ["circle" if e.checked else "circle-open" for e in estimates],
        },
        hovertext=[_hover(*row) for row in zip(names, words, estimates, strict=True)],
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
    )
    figure.add_scatter(
        name="words",
        x=[e.high for e in estimates],
        y=places,
        customdata=[[name] for name in names],
        text=[f"\u2003{word.split('  ')[0]}" for word in words],
        mode="text",
        textposition="middle right",
        textfont_size=FONT_SIZE,
        hoverinfo="skip",
        showlegend=False,
    )
    ranked_axis(figure, [label_lines(name) for name in names])
    return framed(figure, height=70 + ROW * max(1, len(names)), theme=theme)


def _hover(name: str, words: str, estimate: Estimate) -> str:
    state = "checked by a person" if estimate.checked else "not checked yet"
    return f"<b>{label_text(name, 80)}</b><br>{words}<br>{estimate.n:,} rows, {state}"


def trend_lines(
    trends: Sequence[Trend], selected: Sequence[str] = (), theme: str | None = None, columns: int = 2
) -> go.Figure:
    """Small multiples on one scale from zero: line, 90% band; customdata: [theme, period start].

    `selected` are names of themes in the order wanted; empty takes the first ones. Eight at most.
    """
    by_name = {trend.theme: trend for trend in trends}
    names = [name for name in selected if name in by_name] or list(by_name)
    shown = [by_name[name] for name in names[:MAX_TRENDS]]
    rows = max(1, -(-len(shown) // columns))
    height = 24 + 188 * rows
    figure = make_subplots(
        rows,
        columns,
        subplot_titles=[label_text(trend.theme, 30) for trend in shown],
        horizontal_spacing=0.12 if columns > 1 else 0,
        vertical_spacing=min(1 / rows, 84 / height) if rows > 1 else 0,
    )
    for place, trend in enumerate(shown):
        cell = {"row": place // columns + 1, "col": place % columns + 1}
        figure.add_trace(_band(trend), **cell)
        figure.add_trace(_line(trend), **cell)
    largest = max((point.share.high for trend in shown for point in trend.points), default=1.0)
    framed(figure, height=height, theme=theme)
    figure.update_yaxes(range=[0, largest * 1.08], tickformat=".0%", nticks=4)
    figure.update_xaxes(nticks=3, tickangle=0, showgrid=False, type="date")  # level: narrow screens
    figure.update_annotations(font_size=FONT_SIZE)
    figure.update_layout(margin_t=28)
    return figure


def _band(trend: Trend) -> go.Scatter:
    there = [point.start for point in trend.points]
    return go.Scatter(
        name="range",
        x=there + there[::-1],
        y=[point.share.high for point in trend.points] + [point.share.low for point in trend.points][::-1],
        customdata=[[trend.theme, start] for start in there + there[::-1]],
        mode="lines",
        line={"width": 0, "color": ACCENT},
        fill="toself",
        fillcolor="rgba(0,114,178,0.22)",  # ACCENT
        hoverinfo="skip",
        showlegend=False,
    )


def _line(trend: Trend) -> go.Scatter:
    return go.Scatter(
        name="mid",
        x=[point.start for point in trend.points],
        y=[point.share.mid for point in trend.points],
        customdata=[[trend.theme, point.start] for point in trend.points],
        mode="lines+markers",
        cliponaxis=False,  # a mark at 0% stays whole
        line={"color": ACCENT, "width": 2.5},
        marker={"size": 7},
        hovertext=[
            f"<b>{label_text(trend.theme, 80)}</b><br>from {point.start}: {percent(point.share.mid)} "
            f"({percent(point.share.low)} to {percent(point.share.high)})<br>{point.total:,} rows"
            for point in trend.points
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
    )
