"""The colours of Roadlens and the frame of every figure.

The hex values here are the only ones: `.streamlit/config.toml` and the slide template use the same.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

# Okabe & Ito: told apart by people with any common form of colour blindness.
BLACK = "#000000"
ORANGE = "#E69F00"
SKY = "#56B4E9"
GREEN = "#009E73"
YELLOW = "#F0E442"
BLUE = "#0072B2"
VERMILION = "#D55E00"
PURPLE = "#CC79A7"

ACCENT = BLUE
FOR = BLUE  # speaks for the label
AGAINST = VERMILION  # the orange of the set that keeps 3:1 on white and on the dark background
GREY = "#8A96A3"  # rest, context, "too few to say"; 3:1 on both backgrounds

CATEGORIES = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY, GREY, YELLOW)
SEQUENTIAL = (
    "#EAF3FA", "#D3E6F4", "#B5D5EB", "#92C1E0", "#6BABD3",
    "#4694C4", "#2A7DB2", "#14679B", "#0A5283", "#063B61",
)  # fmt: skip
DIVERGING = (  # below the average blue, above it orange
    "#0A4C7D", "#2B78B0", "#5BA3D0", "#9CCAE5", "#DCEBF5",
    "#FBE9DC", "#F7C6A0", "#EE9D63", "#D9702B", "#A84A0B",
)  # fmt: skip

FONT_SIZE = 14
FONTS = "Source Sans, Segoe UI, Helvetica Neue, Arial, sans-serif"
SLIDE_FONT = "Arial"  # on every machine that opens a deck, so that text keeps its width
ROW = 42  # pixels for one row of a ranked figure: two lines of a label
CLEAR = "rgba(0,0,0,0)"


@dataclass(frozen=True)
class Surface:
    """What lies behind the figures: the page in its light or dark dress."""

    background: str
    panel: str
    text: str
    muted: str
    line: str
    accent: str


LIGHT = Surface("#FFFFFF", "#F4F6F9", "#17212B", "#56636F", "#DCE2E9", BLUE)
# Between sky and blue: white words on a button and the button on the dark page can both be read.
DARK_ACCENT = "#2C8ACD"
DARK = Surface("#10161D", "#19222C", "#E8EDF2", "#A3B0BC", "#2E3A46", DARK_ACCENT)
SURFACES = {"light": LIGHT, "dark": DARK}


def colorscale(steps: Sequence[str]) -> list[list]:
    """Plotly's form of a scale of colours, 0..1."""
    last = len(steps) - 1
    return [[index / last, colour] for index, colour in enumerate(steps)]


def template(theme: str | None = None) -> go.layout.Template:
    """Fonts, lines and colours; `theme` None leaves text and lines to the page that shows the figure."""
    if theme is None:
        return go.layout.Template(layout={"colorway": CATEGORIES})
    surface = SURFACES[theme]
    axis = {"gridcolor": surface.line, "linecolor": surface.line, "zerolinecolor": surface.muted}
    return go.layout.Template(
        layout={
            "colorway": CATEGORIES,
            "font": {"family": FONTS, "color": surface.text},
            "xaxis": axis,
            "yaxis": axis,
        }
    )


def ink(fill: str) -> str:
    """Dark or white text, whichever reads better on the colour (WCAG contrast)."""

    def luminance(hex_value: str) -> float:
        parts = [int(hex_value[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    back, dark = luminance(fill) + 0.05, luminance(LIGHT.text) + 0.05
    return LIGHT.text if back / dark >= 1.05 / back else LIGHT.background


def nearest(steps: Sequence[str], place: float) -> str:
    """The step of a scale at `place` 0..1."""
    return steps[round(min(1.0, max(0.0, place)) * (len(steps) - 1))]


def cell_words(
    figure: go.Figure, spots: Sequence[tuple[int, int]], words: Sequence[str], fills: list
) -> None:
    """Text in the cells of a map at (x, y), its colour fit to the fill; None: the page's own colour.

    Plotly's automatic text colour is too pale on the middle of a scale. It also fades all words once a cell
    is chosen, unless their colour is named: one, so the words of each colour are a trace.
    """
    inks = [None if fill is None else ink(fill) for fill in fills]
    for colour in sorted(set(inks), key=str):
        kept = [place for place, found in enumerate(inks) if found == colour and words[place]]
        figure.add_scatter(
            name="words",
            x=[spots[place][0] for place in kept],
            y=[spots[place][1] for place in kept],
            text=[words[place] for place in kept],
            mode="text",
            textfont={"size": FONT_SIZE, "color": colour},
            unselected={"textfont": {"color": colour or GREY}},
            hoverinfo="skip",
            showlegend=False,
        )


def range_lines(
    figure: go.Figure,
    name: str,
    ranges: Sequence[tuple[float, float]],
    spots: Sequence[float],
    colour: str,
    upright: bool = False,
    customdata: Sequence[list] | None = None,
) -> None:
    """A line from low to high of each range, lying at the height of its spot or standing on it.

    `customdata` has one entry a range.
    """
    ends = [end for low, high in ranges for end in (low, high, None)]
    places = [place for spot in spots for place in (spot, spot, None)]
    figure.add_scatter(
        name=f"{name} range",
        x=places if upright else ends,
        y=ends if upright else places,
        customdata=None if customdata is None else [item for item in customdata for _ in range(3)],
        mode="lines",
        line={"color": colour, "width": 3},
        opacity=0.7,
        hoverinfo="skip",
        showlegend=False,
    )


def framed(figure: go.Figure, height: int, theme: str | None = None) -> go.Figure:
    """The figure with our sizes; transparent, so that it stands on light and dark pages."""
    figure.update_layout(
        template=template(theme),
        height=height,
        margin={"l": 8, "r": 16, "t": 8, "b": 8},
        paper_bgcolor=CLEAR,
        plot_bgcolor=CLEAR,
        font_size=FONT_SIZE,
        hoverlabel={"font_size": FONT_SIZE, "align": "left"},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font_size": FONT_SIZE},
        dragmode=False,
        modebar={"bgcolor": CLEAR, "color": GREY, "activecolor": ACCENT},
    )
    axes = {"tickfont_size": FONT_SIZE, "title_font_size": FONT_SIZE, "automargin": True, "fixedrange": True}
    figure.update_xaxes(ticks="", **axes)
    figure.update_yaxes(ticks="", ticklabelstandoff=6, **axes)
    return figure


def inked(figure: go.Figure, theme: str) -> go.Figure:
    """The page's own ink of axes is too pale on white: ours keeps 4.5:1 there."""
    surface = SURFACES[theme]
    figure.update_layout(font_color=surface.text)
    axes = {"tickfont_color": surface.muted, "title_font_color": surface.muted}
    figure.update_xaxes(**axes)
    figure.update_yaxes(**axes)
    return figure


def shares_from(lows: Sequence[float]) -> float:
    """Where an axis of shares begins that shows marks, not bars: the ten per cent below the lowest, so that
    ranges can be told apart in a narrow window."""
    return max(0.0, math.floor(10 * min(lows, default=0.0) - 0.2) / 10)


def ranked_axis(figure: go.Figure, labels: Sequence[str]) -> None:
    """Rows 0..n-1 from the top down; numbered places, since two long names may be cut to the same label."""
    figure.update_yaxes(
        tickvals=list(range(len(labels))),
        ticktext=list(labels),
        range=[len(labels) - 0.5, -0.5],
        showgrid=False,
        zeroline=False,
    )
