"""Figures of the words that mattered."""

import math
from collections.abc import Sequence

import plotly.graph_objects as go

from core.charts.bars import Bar, Scale
from core.charts.labels import label_text
from core.charts.theme import AGAINST, FONT_SIZE, FOR, GREY, framed, ranked_axis

THIN = 30  # pixels for one row: its label is one line
ABOVE = 24  # pixels: the buttons that come with the mouse would hide the first number
TICKS = 6  # on an axis of factors, about
ROOM = 0.22  # of all bars, for the number behind the longest


def word_bars(bars: Sequence[Bar], scale: Scale, faded: bool = False, theme: str | None = None) -> go.Figure:
    """The given bars from the top down; x is the weight, or 100 times it in points and shares.

    customdata: [word]. `faded`: in grey, for a picture that is not to be relied on.
    """
    values = [bar.weight * (1 if scale.factor else 100) for bar in bars]
    figure = go.Figure()
    figure.add_bar(
        name="weight",
        orientation="h",
        x=values,
        y=list(range(len(bars))),
        customdata=[[bar.word] for bar in bars],
        marker={
            "color": [GREY if faded else _colour(bar.shade) for bar in bars],
            "pattern": {"shape": ["/" if bar.shade < 0 else "" for bar in bars], "size": 6},
        },
        text=[bar.amount for bar in bars],
        textposition="outside",
        textfont_size=FONT_SIZE,
        hovertext=[_hover(bar, scale) for bar in bars],
        hovertemplate="%{hovertext}<extra></extra>",
        cliponaxis=False,
    )
    low, high = min((0.0, *values)), max((0.0, *values))
    room = ROOM * (high - low or 1.0)
    low, high = low - room * (low < 0), high + room
    figure.update_xaxes(range=[low, high], zeroline=True, title_text=_title(scale))
    if scale.factor:
        _factor_ticks(figure, low, high)
    ranked_axis(figure, [label_text(bar.word, 24) for bar in bars])
    figure = framed(figure, height=90 + ABOVE + THIN * max(1, len(bars)), theme=theme)
    return figure.update_layout(margin_t=ABOVE)


def _colour(shade: float) -> str:
    if shade == 0:
        return GREY
    return FOR if shade > 0 else AGAINST


def _hover(bar: Bar, scale: Scale) -> str:
    words = f"<b>{label_text(bar.word, 60)}</b><br>{bar.amount} {label_text(scale.unit, 60)}"
    return f"{words}<br>{label_text(scale.says(bar.weight), 80)}" if scale.signed and bar.weight else words


def _title(scale: Scale) -> str:
    """Two lines, so that long labels fit on a phone."""
    unit = label_text(scale.unit, 40)
    if not scale.signed:
        return unit
    if scale.against:
        return f"{unit}<br>← {label_text(scale.against, 16)}  ·  {label_text(scale.label, 16)} →"
    return f"{unit}<br>← against  ·  for →"


def _factor_ticks(figure: go.Figure, low: float, high: float) -> None:
    """Weights are logarithms; the axis says factors, in powers of two far enough apart to be read."""
    first, last = math.ceil(low / math.log(2)), math.floor(high / math.log(2))
    step = max(1, -(-(last - first) // TICKS))
    powers = [power for power in range(first, last + 1) if power % step == 0]
    figure.update_xaxes(
        tickvals=[power * math.log(2) for power in powers],
        ticktext=[f"×{2**power}" if power >= 0 else f"×1/{2**-power}" for power in powers],
    )
