"""Figures of one text: words that mattered, attention between tokens, heads at a glance."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from core.charts.labels import label_text
from core.charts.theme import (
    AGAINST,
    CLEAR,
    FONT_SIZE,
    FOR,
    GREY,
    ROW,
    SEQUENTIAL,
    colorscale,
    framed,
    ranked_axis,
)
from core.domain import Attribution

FAINT = 0.03  # below 3 points no word is coloured
MAX_TOKENS = 64


def word_bars(attribution: Attribution, top: int = 12, theme: str | None = None) -> go.Figure:
    """The strongest words, largest first: for the label to the right, against it to the left.

    x is the weight times 100 (points of confidence for occlusion); customdata: [word].
    """
    spans = [span for span in attribution.spans if span.mark == ""]
    spans = sorted(spans, key=lambda span: -abs(span.weight))[:top]
    words = [attribution.text[span.start : span.end] for span in spans]
    points = [span.weight * 100 for span in spans]
    figure = go.Figure()
    figure.add_bar(
        name="weight",
        orientation="h",
        x=points,
        y=list(range(len(spans))),
        customdata=[[word] for word in words],
        marker={
            "color": [_colour(span.weight) for span in spans],
            "pattern": {"shape": ["/" if span.weight <= -FAINT else "" for span in spans], "size": 6},
        },
        text=[f"{point:+.1f}" for point in points],
        textposition="outside",
        textfont_size=FONT_SIZE,
        hovertext=[
            f"<b>{label_text(word, 60)}</b><br>{point:+.1f} {'for' if point >= 0 else 'against'} "
            f"{label_text(attribution.label, 60)}"
            for word, point in zip(words, points, strict=True)
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        cliponaxis=False,
    )
    widest = max((abs(point) for point in points), default=1.0) or 1.0
    low = -widest * 1.25 if any(point < 0 for point in points) else 0
    figure.update_xaxes(
        range=[low, widest * 1.25],
        zeroline=True,
        title_text=f"← against    {label_text(attribution.unit, 60)}    for →",
    )
    ranked_axis(figure, [label_text(word, 28) for word in words])
    return framed(figure, height=80 + ROW * max(1, len(spans)), theme=theme)


def _colour(weight: float) -> str:
    if abs(weight) < FAINT:
        return GREY
    return FOR if weight > 0 else AGAINST


def attention_map(tokens: Sequence[str], matrix: np.ndarray, theme: str | None = None) -> go.Figure:
    """Attention from the token of the row to the token of the column; `matrix` (tokens, tokens), 0..1.

    The first 64 tokens at most. customdata: [from token, to token, place of from, place of to];
    the places tell repeated tokens apart.
    """
    names = list(tokens)[:MAX_TOKENS]
    weights = np.asarray(matrix, dtype=float)[: len(names), : len(names)]
    figure = go.Figure()
    _add_squares(
        figure,
        np.round(weights, 4),
        [[[names[y], names[x], y, x] for x in range(len(names))] for y in range(len(names))],
        [
            [
                f"<b>{label_text(names[y])}</b> → <b>{label_text(names[x])}</b><br>{weights[y, x]:.0%}"
                for x in range(len(names))
            ]
            for y in range(len(names))
        ],
        size=20,
    )
    _square_axes(figure, [label_text(name, 16) for name in names], [label_text(name, 16) for name in names])
    return framed(figure, height=140 + 24 * max(3, len(names)), theme=theme)


def head_overview(summary: np.ndarray, theme: str | None = None) -> go.Figure:
    """One number for each head; `summary` (layers, heads); customdata: [layer, head], counted from 0."""
    table = np.asarray(summary, dtype=float)
    layers, heads = table.shape
    figure = go.Figure()
    _add_squares(
        figure,
        np.round(table, 4),
        [[[layer, head] for head in range(heads)] for layer in range(layers)],
        [
            [f"Layer {layer + 1}, head {head + 1}: {table[layer, head]:.2f}" for head in range(heads)]
            for layer in range(layers)
        ],
        size=26,
    )
    across, down = [str(head + 1) for head in range(heads)], [str(layer + 1) for layer in range(layers)]
    _square_axes(figure, across, down)
    figure.update_xaxes(title_text="Head")
    figure.update_yaxes(title_text="Layer")
    return framed(figure, height=110 + ROW * max(1, layers), theme=theme)


def _add_squares(figure: go.Figure, heat: np.ndarray, values: list, words: list, size: int) -> None:
    """The heat map and, since it returns no clicks, almost transparent squares over it."""
    rows, columns = heat.shape
    figure.add_heatmap(
        name="weights",
        z=heat.tolist(),
        colorscale=colorscale(SEQUENTIAL),
        zmin=0,
        xgap=1,
        ygap=1,
        hoverinfo="skip",
        showscale=False,
    )
    figure.add_scatter(
        name="cells",
        x=[x for _ in range(rows) for x in range(columns)],
        y=[y for y in range(rows) for _ in range(columns)],
        customdata=[value for row in values for value in row],
        mode="markers",
        marker={"symbol": "square", "size": size, "color": GREY, "opacity": 0.01, "line": {"color": CLEAR}},
        hovertext=[word for row in words for word in row],
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
    )


def _square_axes(figure: go.Figure, across: Sequence[str], down: Sequence[str]) -> None:
    ranked_axis(figure, down)
    figure.update_xaxes(
        tickvals=list(range(len(across))),
        ticktext=list(across),
        range=[-0.5, len(across) - 0.5],
        side="top",
        showgrid=False,
        zeroline=False,
    )
