import re

import plotly.graph_objects as go
import pytest

from core.charts import theme


def contrast(one: str, other: str) -> float:
    def luminance(value: str) -> float:
        parts = [int(value[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scale", [theme.SEQUENTIAL, theme.DIVERGING])
def test_scales_have_exactly_ten_steps(scale):
    assert len(set(scale)) == 10
    assert all(re.fullmatch("#[0-9A-F]{6}", step) for step in scale)


@pytest.mark.parametrize("surface", [theme.LIGHT, theme.DARK])
@pytest.mark.parametrize("mark", [theme.ACCENT, theme.FOR, theme.AGAINST])
def test_marks_stand_out_on_both_backgrounds(surface, mark):
    assert contrast(mark, surface.background) >= 3


@pytest.mark.parametrize("surface", [theme.LIGHT, theme.DARK])
def test_text_reads_on_page_and_panel(surface):
    for back in (surface.background, surface.panel):
        assert contrast(surface.text, back) >= 7
        assert contrast(surface.muted, back) >= 4.5


def test_words_in_cells_read_on_every_step():
    for fill in (*theme.SEQUENTIAL, *theme.DIVERGING):
        assert round(contrast(theme.ink(fill), fill), 1) >= 4.5


def test_frame_is_transparent_leaves_colours_to_the_page_and_has_no_title():
    figure = theme.framed(go.Figure(go.Scatter(x=[1], y=[1])), 100)
    assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert figure.layout.font.color is None
    assert figure.layout.title.text is None
    assert figure.layout.font.size == figure.layout.xaxis.tickfont.size >= 14


def test_report_template_brings_its_own_text_colour():
    assert theme.template("light").layout.font.color == theme.LIGHT.text
    assert theme.template("dark").layout.font.color == theme.DARK.text


def test_nearest_step():
    assert theme.nearest(theme.SEQUENTIAL, 0) == theme.SEQUENTIAL[0]
    assert theme.nearest(theme.SEQUENTIAL, 2) == theme.SEQUENTIAL[9]


def test_axes_on_a_light_page_are_written_in_ink_that_can_be_read():
    figure = go.Figure()
    theme.inked(theme.framed(figure, 200), "light")
    inks = (
        figure.layout.font.color,
        figure.layout.xaxis.tickfont.color,
        figure.layout.yaxis.title.font.color,
    )
    assert all(contrast(ink, theme.LIGHT.background) >= 4.5 for ink in inks)


@pytest.mark.parametrize(("lows", "begins"), [((0.75, 0.9), 0.7), ((0.51,), 0.4), ((0.03,), 0.0), ((), 0.0)])
def test_an_axis_of_shares_begins_below_the_lowest_range(lows, begins):
    assert theme.shares_from(lows) == pytest.approx(begins)
