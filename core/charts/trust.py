"""Figures of how far an explanation can be believed."""

from collections.abc import Mapping

import plotly.graph_objects as go

from core.charts.theme import ACCENT, FONT_SIZE, GREY, ROW, framed, ranked_axis

WITHOUT, ALONE = "Without these words", "With these words alone"
ROWS = ((WITHOUT, "comprehensiveness"), (ALONE, "sufficiency"))  # title and its name among the figures


def falls(figures: Mapping[str, float], theme: str | None = None) -> go.Figure:
    """By how many points of confidence a label falls: the words that were named beside random ones.

    customdata: [title].
    """
    figure = go.Figure()
    styles = (("words it names", "", ACCENT), ("random words", " of random words", GREY))
    for name, ending, colour in styles:
        points = [100 * figures[key + ending] for _, key in ROWS]
        figure.add_bar(
            name=name,
            x=points,
            y=list(range(len(ROWS))),
            customdata=[[title] for title, _ in ROWS],
            orientation="h",
            marker_color=colour,
            text=[f"{value:.0f}" for value in points],
            textposition="outside",
            cliponaxis=False,
            constraintext="none",
            textfont_size=FONT_SIZE,
            hovertemplate="%{customdata[0]}: %{x:.1f} points<extra>" + name + "</extra>",
        )
    ranked_axis(figure, [title.replace(" these", "<br>these") for title, _ in ROWS])
    most = max(100 * figures[key + ending] for _, key in ROWS for _, ending, _ in styles)
    least = min(0.0, *(100 * figures[key + ending] for _, key in ROWS for _, ending, _ in styles))
    figure.update_xaxes(range=[1.1 * least, max(5.0, 1.12 * most)], title_text="points the confidence falls")
    figure.update_layout(barmode="group", bargap=0.3)
    return framed(figure, height=110 + 3 * ROW, theme=theme)
