"""Figures of where a model looked: heads at a glance, words layer by layer."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from core.charts.labels import label_text
from core.charts.theme import (
    ACCENT,
    CLEAR,
    GREY,
    SEQUENTIAL,
    cell_words,
    colorscale,
    framed,
    nearest,
    ranked_axis,
)

CELL = 30  # pixels
MOST_WORDS = 24  # what can be read at once


def head_overview(
    summary: np.ndarray, chosen: tuple[int, int | None] | None = None, theme: str | None = None
) -> go.Figure:
    """One number 0..1 for each head; `summary` (layers, heads); customdata: [layer, head], counted from 0.

    A frame stands around the `chosen` head, or around a whole layer when its head is None.
    """
    table = np.asarray(summary, dtype=float)
    layers, heads = table.shape
    figure = go.Figure()
    _add_heat(figure, table, 1.0)
    spots = [(layer, head) for layer in range(layers) for head in range(heads)]
    # A heat map returns no clicks: almost transparent squares over it do.
    figure.add_scatter(
        name="cells",
        x=[head for _, head in spots],
        y=[layer for layer, _ in spots],
        customdata=[list(spot) for spot in spots],
        mode="markers",
        marker={"symbol": "square", "size": CELL - 4, "color": GREY, "opacity": 0.01, "line_color": CLEAR},
        hovertext=[f"Layer {layer + 1}, head {head + 1}: {table[layer, head]:.2f}" for layer, head in spots],
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
    )
    if chosen is not None:
        layer, head = chosen
        left, right = (0, heads - 1) if head is None else (head, head)
        figure.add_shape(
            type="rect",
            x0=left - 0.5,
            x1=right + 0.5,
            y0=layer - 0.5,
            y1=layer + 0.5,
            line={"color": GREY if head is None else ACCENT, "width": 3},
        )
    ranked_axis(figure, [str(layer + 1) for layer in range(layers)])
    _columns(figure, [str(head + 1) for head in range(heads)])
    figure.update_xaxes(title_text="Head")
    figure.update_yaxes(title_text="Layer")
    return framed(figure, height=90 + CELL * max(1, layers), theme=theme)


def word_flow(words: Sequence[str], shares: np.ndarray, theme: str | None = None) -> go.Figure:
    """Share of each word after each layer; `shares` (layers, words); the `MOST_WORDS` largest after the
    last layer, in the order of the text. customdata of the cells: [place of the word, layer]."""
    table = np.asarray(shares, dtype=float).T
    if not len(table):
        return framed(go.Figure(), height=90, theme=theme)
    kept = sorted(np.argsort(-table[:, -1], kind="stable")[:MOST_WORDS].tolist())
    table = table[kept]
    top = float(table.max(initial=0.0)) or 1.0
    figure = go.Figure()
    _add_heat(figure, table, top)
    spots = [(layer, row) for row in range(len(kept)) for layer in range(table.shape[1])]
    values = [float(table[row, layer]) for layer, row in spots]
    fills = [nearest(SEQUENTIAL, value / top) for value in values]
    cell_words(figure, spots, [f"{value:.0%}" for value in values], fills)
    figure.data[0].customdata = [[[place, layer] for layer in range(table.shape[1])] for place in kept]
    ranked_axis(figure, [label_text(words[place], 20) for place in kept])
    _columns(figure, [str(layer + 1) for layer in range(table.shape[1])])
    figure.update_xaxes(title_text="After layer")
    return framed(figure, height=90 + CELL * len(kept), theme=theme)


def _add_heat(figure: go.Figure, table: np.ndarray, top: float) -> None:
    figure.add_heatmap(
        name="weights",
        z=np.round(table, 4).tolist(),
        colorscale=colorscale(SEQUENTIAL),
        zmin=0,
        zmax=top,
        xgap=1,
        ygap=1,
        hoverinfo="skip",
        showscale=False,
    )


def _columns(figure: go.Figure, names: Sequence[str]) -> None:
    figure.update_xaxes(
        tickvals=list(range(len(names))),
        ticktext=list(names),
        range=[-0.5, len(names) - 0.5],
        side="top",
        showgrid=False,
        zeroline=False,
    )
