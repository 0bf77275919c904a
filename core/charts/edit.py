"""Figure of a changed comment: the confidence in each label before and now."""

from collections.abc import Mapping

import plotly.graph_objects as go

from core.charts.labels import label_lines, label_text, percent
from core.charts.theme import ACCENT, FONT_SIZE, GREY, ROW, framed, ranked_axis


def before_after(
    before: Mapping[str, float], after: Mapping[str, float], top: int = 6, theme: str | None = None
) -> go.Figure:
    """Two bars a label; the labels that are likeliest in either, in the order of `before`.

    customdata: [label].
    """
    kept = sorted(before, key=lambda label: -max(before[label], after[label]))[:top]
    kept.sort(key=lambda label: -before[label])
    figure = go.Figure()
    for name, shares, colour in (("before", before, GREY), ("now", after, ACCENT)):
        figure.add_bar(
            name=name,
            orientation="h",
            x=[float(shares[label]) for label in kept],
            y=list(range(len(kept))),
            customdata=[[label] for label in kept],
            marker_color=colour,
            text=[percent(float(shares[label])) for label in kept],
            textposition="outside",
            textfont_size=FONT_SIZE,
            hovertext=[
                f"<b>{label_text(label, 80)}</b><br>{percent(float(before[label]))} before, "
                f"{percent(float(after[label]))} now"
                for label in kept
            ],
            hovertemplate="%{hovertext}<extra></extra>",
            cliponaxis=False,
        )
    figure.update_layout(barmode="group", bargap=0.3, bargroupgap=0.05)
    ranked_axis(figure, [label_lines(label) for label in kept])
    figure.update_xaxes(range=[0, 1.15], tickvals=[0, 0.25, 0.5, 0.75, 1], tickformat=".0%")
    return framed(figure, height=90 + round(1.3 * ROW) * max(1, len(kept)), theme=theme)
