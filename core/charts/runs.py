"""Figures of one training run: curves, confusion, scores with ranges, probabilities."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.charts.labels import certainty, label_lines, label_text, percent, shorten
from core.charts.scores import label_estimates
from core.charts.theme import (
    ACCENT,
    CLEAR,
    FONT_SIZE,
    GREY,
    ROW,
    SEQUENTIAL,
    VERMILION,
    cell_words,
    colorscale,
    framed,
    nearest,
    range_lines,
    ranked_axis,
)
from core.domain import CurvePoint, Estimate, LabelScore, Scores

MAX_CONFUSED = 20


def curves(points: Sequence[CurvePoint], theme: str | None = None) -> go.Figure:
    """Loss and macro F1 over steps, one above the other; customdata: [step]."""
    figure = make_subplots(2, 1, shared_xaxes=True, vertical_spacing=0.1)
    rows = (("loss", "Loss", ACCENT, "circle"), ("macro_f1", "Macro F1", VERMILION, "diamond"))
    for row, (field, title, colour, symbol) in enumerate(rows, start=1):
        known = [point for point in points if getattr(point, field) is not None]
        figure.add_scatter(
            row=row,
            col=1,
            name=title,
            x=[point.step for point in known],
            y=[getattr(point, field) for point in known],
            customdata=[[point.step] for point in known],
            mode="lines+markers",
            line={"color": colour, "width": 2.5},
            marker={"symbol": symbol, "size": 7},
            hovertemplate=f"step %{{x}}: {title} %{{y:.3f}}<extra></extra>",
            showlegend=False,
        )
        figure.update_yaxes(title_text=title, rangemode="tozero", row=row, col=1)
    figure.update_yaxes(range=[0, 1.02], tickformat=".1f", row=2, col=1)
    figure.update_xaxes(title_text="Step", row=2, col=1)
    return framed(figure, height=380, theme=theme)


def confusion(scores: Scores, labels: Sequence[str], theme: str | None = None) -> go.Figure:
    """Rows: the true label; columns: what the model said; colour: share of the row.

    The 20 labels with the most mistakes at most. customdata of the squares: [true, predicted].
    """
    counts = np.asarray(scores.confusion, dtype=float).reshape(len(labels), len(labels))
    kept = _most_confused(counts)
    counts, names = counts[np.ix_(kept, kept)], [labels[index] for index in kept]
    whole = np.asarray(scores.confusion, dtype=float).reshape(len(labels), len(labels))[kept].sum(axis=1)
    share = counts / np.maximum(whole, 1)[:, None]
    figure = go.Figure()
    figure.add_heatmap(
        name="confusion",
        z=share.tolist(),
        colorscale=colorscale(SEQUENTIAL),
        zmin=0,
        zmax=1,
        xgap=1,
        ygap=1,
        hoverinfo="skip",
        showscale=False,
    )
    spots = [(row, column) for row in range(len(kept)) for column in range(len(kept))]
    cell_words(
        figure,
        [(column, row) for row, column in spots],
        [f"{int(counts[spot]):,}" if counts[spot] else "" for spot in spots],
        [nearest(SEQUENTIAL, share[spot]) for spot in spots],
    )
    across = _across(len(kept))
    places = [(row, column, column + shift) for row, column in spots for shift in across]
    figure.add_scatter(
        name="cells",
        x=[x for _, _, x in places],
        y=[row for row, _, _ in places],
        customdata=[[names[row], names[column]] for row, column, _ in places],
        mode="markers",
        marker={"symbol": "square", "size": 28, "color": CLEAR, "line": {"width": 0}},
        hovertext=[
            f"{int(counts[row, column]):,} of {int(whole[row]):,} comments labelled "
            f"<b>{label_text(names[row], 60)}</b><br>were read as <b>{label_text(names[column], 60)}</b>"
            for row, column, _ in places
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
    )
    ranked_axis(figure, [label_text(name, 24) for name in names])
    figure.update_yaxes(title_text="People said")
    figure.update_xaxes(
        title_text="The model said",
        tickvals=list(range(len(names))),
        ticktext=[label_text(name, 18) for name in names],
        autotickangles=[0, -45, -90],  # tilted to the right the last name would leave the figure
        range=[-0.5, len(names) - 0.5],
        showgrid=False,
        zeroline=False,
    )
    return framed(figure, height=170 + (ROW - 8) * max(1, len(names)), theme=theme)


def _across(labels: int) -> list[float]:
    """Where marks that can be pressed lie in a square, from its middle: the fewer labels, the wider it is."""
    half = next((half for most, half in ((3, 5), (6, 3), (12, 1)) if labels <= most), 0)
    return [0.45 * place / half for place in range(-half, half + 1)] if half else [0.0]


def _most_confused(counts: np.ndarray) -> list[int]:
    """Indexes of the labels to show, in their own order."""
    mistakes = counts.sum(axis=0) + counts.sum(axis=1) - 2 * np.diag(counts)
    return sorted(np.argsort(-mistakes, kind="stable")[:MAX_CONFUSED].tolist())


def label_scores(scores: Scores, theme: str | None = None, limit: int | None = None) -> go.Figure:
    """Precision and recall of each label with 90% ranges, weakest F1 first; customdata: [label]."""
    ranked = sorted(scores.per_label, key=lambda score: (score.f1, score.label))[:limit]
    estimates = {label: (precision, recall) for label, precision, recall in label_estimates(scores)}
    figure = go.Figure()
    styles = (("Precision", 0, ACCENT, "circle", -0.14), ("Recall", 1, VERMILION, "diamond", 0.14))
    for title, which, colour, symbol, lift in styles:
        known = [(y, score) for y, score in enumerate(ranked) if which or not score.never_said]
        column = [estimates[score.label][which] for _, score in known]
        spots = [y + lift for y, _ in known]
        _add_scored(figure, [score for _, score in known], column, spots, name=title, style=(colour, symbol))
    ranked_axis(
        figure, [label_lines(f"{shorten(score.label, 28)} ({score.support:,})", 20) for score in ranked]
    )
    figure.update_xaxes(range=[0, 1.02], tickformat=".0%")
    return framed(figure, height=110 + ROW * max(1, len(ranked)), theme=theme)


def _add_scored(
    figure: go.Figure,
    ranked: Sequence[LabelScore],
    column: Sequence[Estimate],
    spots: Sequence[float],
    *,
    name: str,
    style: tuple[str, str],
) -> None:
    colour, symbol = style
    labels, ends = [score.label for score in ranked], [(e.low, e.high) for e in column]
    range_lines(figure, name, ends, spots, colour, customdata=[[label] for label in labels])
    figure.add_scatter(
        name=name,
        x=[e.mid for e in column],
        y=spots,
        customdata=[[label] for label in labels],
        mode="markers",
        marker={"color": colour, "symbol": symbol, "size": 11},
        hovertext=[
            f"<b>{label_text(label, 80)}</b><br>{name} {percent(e.mid)} "
            f"({percent(e.low)} to {percent(e.high)})<br>{e.n:,} held-out comments"
            for label, e in zip(labels, column, strict=True)
        ],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def probabilities(
    labels: Sequence[str],
    probs: Sequence[float],
    top: int = 8,
    theme: str | None = None,
    decided: float | None = None,
) -> go.Figure:
    """The model's confidence in its most likely labels, those that it gives in colour: the likeliest one,
    or with `decided` each that is at least so likely; customdata: [label]."""
    ranked = sorted(zip(labels, probs, strict=True), key=lambda pair: -pair[1])[:top]
    given = [place == 0 if decided is None else p >= decided for place, (_, p) in enumerate(ranked)]
    figure = go.Figure()
    figure.add_bar(
        name="confidence",
        orientation="h",
        x=[float(probability) for _, probability in ranked],
        y=list(range(len(ranked))),
        customdata=[[label] for label, _ in ranked],
        marker_color=[ACCENT if one else GREY for one in given],
        text=[certainty(float(probability)) for _, probability in ranked],
        textposition="outside",
        textfont_size=FONT_SIZE,
        hovertext=[f"<b>{label_text(label, 80)}</b>: {certainty(float(p))}" for label, p in ranked],
        hovertemplate="%{hovertext}<extra></extra>",
        cliponaxis=False,
    )
    ranked_axis(figure, [label_lines(label) for label, _ in ranked])
    figure.update_xaxes(range=[0, 1.12], tickvals=[0, 0.25, 0.5, 0.75, 1], tickformat=".0%")
    if decided is not None:
        figure.add_vline(x=decided, line={"color": GREY, "width": 1.5, "dash": "dot"})
    return framed(figure, height=60 + ROW * max(1, len(ranked)), theme=theme)
