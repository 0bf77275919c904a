"""Figures of what drives a label: words for and against it, by segment and by month."""

from collections.abc import Sequence

import plotly.graph_objects as go

from core.charts.labels import label_lines, label_text
from core.charts.theme import (
    ACCENT,
    AGAINST,
    FONT_SIZE,
    FOR,
    GREY,
    ROW,
    framed,
    range_lines,
    ranked_axis,
)
from core.domain import Estimate

POINTS = 100  # effects are shares of confidence


def bars(
    words: Sequence[str], effects: Sequence[Estimate], label: str, theme: str | None = None
) -> go.Figure:
    """Mean effect of each word in points of confidence with its 90% range, in the given order; for the label
    to the right, against it to the left, grey where it may be chance.

    customdata: [word].
    """
    figure = go.Figure()
    figure.add_vline(x=0, line={"color": GREY, "width": 1.5})
    points = [effect.mid * POINTS for effect in effects]
    figure.add_bar(
        name="effect",
        orientation="h",
        x=points,
        y=list(range(len(words))),
        customdata=[[word] for word in words],
        marker={
            "color": [_colour(effect) for effect in effects],
            "pattern": {"shape": ["/" if effect.mid < 0 else "" for effect in effects], "size": 6},
        },
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [(effect.high - effect.mid) * POINTS for effect in effects],
            "arrayminus": [(effect.mid - effect.low) * POINTS for effect in effects],
            "color": GREY,
            "thickness": 2,
            "width": 4,
        },
        hovertext=[_hover(word, effect, label) for word, effect in zip(words, effects, strict=True)],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    ends = [end * POINTS for effect in effects for end in (effect.low, effect.high)]
    low, high = min([*ends, 0.0]), max([*ends, 0.0])
    room = 0.05 * max(high - low, 1.0)
    figure.update_xaxes(
        range=[low - room if low < 0 else 0, high + room],
        zeroline=False,
        title_text="← against    points of confidence    for →" if low < 0 else "points of confidence",
    )
    ranked_axis(
        figure,
        [f"{label_text(word, 26)} · {effect.n:,}" for word, effect in zip(words, effects, strict=True)],
    )
    figure.update_layout(bargap=0.35)
    return framed(figure, height=80 + round(0.8 * ROW) * max(1, len(words)), theme=theme)


def _colour(effect: Estimate) -> str:
    if effect.low <= 0 <= effect.high:
        return GREY
    return FOR if effect.mid > 0 else AGAINST


def points(effect: Estimate) -> str:
    """ "+12.4 (+8.1 to +16.0) points"."""
    mid, low, high = (f"{POINTS * value:+.1f}" for value in (effect.mid, effect.low, effect.high))
    return f"{mid} ({low} to {high}) points".replace("-", "\N{MINUS SIGN}")


def _hover(word: str, effect: Estimate, label: str) -> str:
    chance = "" if effect.low > 0 or effect.high < 0 else "<br>may be chance"
    return (
        f"<b>{label_text(word, 60)}</b><br>{points(effect)} for {label_text(label, 60)}"
        f"<br>in {effect.n:,} comments{chance}"
    )


def by_segment(
    values: Sequence[str], effects: Sequence[Estimate], clear: Sequence[bool], theme: str | None = None
) -> go.Figure:
    """Mean effect of one word by the values of a segment with 90% ranges; filled: clearly unlike the others.

    customdata: [value].
    """
    figure = go.Figure()
    figure.add_vline(x=0, line={"color": GREY, "width": 1.5})
    spots = list(range(len(values)))
    ends = [(effect.low * POINTS, effect.high * POINTS) for effect in effects]
    range_lines(figure, "effect", ends, spots, ACCENT)
    _add_dots(figure, values, effects, clear, upright=False)
    ranked_axis(figure, [label_lines(value) for value in values])
    figure.update_xaxes(title_text="points of confidence", zeroline=False)
    return framed(figure, height=80 + ROW * max(1, len(values)), theme=theme)


def by_month(
    months: Sequence[str], effects: Sequence[Estimate], clear: Sequence[bool], theme: str | None = None
) -> go.Figure:
    """The same by month ("2026-03"), in time order; customdata: [month]."""
    figure = go.Figure()
    figure.add_hline(y=0, line={"color": GREY, "width": 1.5})
    ends = [(effect.low * POINTS, effect.high * POINTS) for effect in effects]
    range_lines(figure, "effect", ends, list(months), ACCENT, upright=True)
    _add_dots(figure, months, effects, clear, upright=True)
    figure.update_yaxes(title_text="points of confidence", zeroline=False)
    figure.update_xaxes(type="category", showgrid=False)
    return framed(figure, height=260, theme=theme)


def _add_dots(
    figure: go.Figure,
    names: Sequence[str],
    effects: Sequence[Estimate],
    clear: Sequence[bool],
    upright: bool,
) -> None:
    middles = [effect.mid * POINTS for effect in effects]
    places = list(names) if upright else list(range(len(names)))
    figure.add_scatter(
        name="effect",
        x=places if upright else middles,
        y=middles if upright else places,
        customdata=[[name] for name in names],
        mode="markers",
        marker={
            "color": ACCENT,
            "size": 12,
            "line": {"color": ACCENT, "width": 2},
            "symbol": ["circle" if is_clear else "circle-open" for is_clear in clear],
        },
        hovertext=[
            f"<b>{label_text(name, 60)}</b><br>{points(effect)}<br>in {effect.n:,} comments"
            + ("<br>clearly unlike the other comments" if is_clear else "")
            for name, effect, is_clear in zip(names, effects, clear, strict=True)
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        hoverlabel={"font_size": FONT_SIZE},
        showlegend=False,
    )
