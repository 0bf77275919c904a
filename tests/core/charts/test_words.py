import math

import pytest

from core.charts.theme import AGAINST, FOR, GREY
from core.charts.words import Bar, Scale, word_bars

POINTS = Scale("points of confidence", "Billing")
BARS = (
    Bar("twice", 0.24, "+24.0", 1.0),
    Bar("<b>again", -0.15, "−15.0", -0.6),
    Bar("thanks", 0.01, "+1.0", 0.0),
)


def bars_of(figure):
    return next(item for item in figure.data if item.name == "weight")


def test_bars_say_what_they_are_given_and_are_told_apart_by_colour_and_pattern():
    figure = word_bars(BARS, POINTS)
    bars = bars_of(figure)
    assert [row[0] for row in bars.customdata] == ["twice", "<b>again", "thanks"]
    assert list(bars.x) == pytest.approx([24, -15, 1])
    assert list(bars.text) == ["+24.0", "−15.0", "+1.0"]
    assert list(bars.marker.color) == [FOR, AGAINST, GREY]
    assert list(bars.marker.pattern.shape) == ["", "/", ""]
    assert figure.layout.yaxis.ticktext[1] == "&lt;b&gt;again"
    assert figure.layout.xaxis.title.text == "points of confidence<br>← against  ·  for →"
    assert bars.hovertext[0] == "<b>twice</b><br>+24.0 points of confidence<br>speaks for Billing"
    assert bars.hovertext[1].endswith("speaks against Billing")


def test_two_labels_stand_at_the_ends_of_the_axis():
    figure = word_bars(BARS, Scale("points of confidence", "bug", "a $x$ <b>"))
    assert figure.layout.xaxis.title.text.endswith("<br>← a &#36;x&#36; &lt;b&gt;  ·  bug →")
    assert bars_of(figure).hovertext[1].endswith("speaks for a &#36;x&#36; &lt;b&gt;")


def test_factors_lie_on_an_axis_of_factors():
    bars = (Bar("twice", math.log(4), "4.00", 1.0), Bar("but", -math.log(2), "0.50", -0.5))
    figure = word_bars(bars, Scale("times the confidence", "bug", factor=True))
    assert list(bars_of(figure).x) == pytest.approx([math.log(4), -math.log(2)])
    named = dict(zip(figure.layout.xaxis.ticktext, figure.layout.xaxis.tickvals, strict=True))
    assert named == pytest.approx({"×1/2": -math.log(2), "×1": 0.0, "×2": math.log(2), "×4": math.log(4)})


def test_where_nothing_can_speak_against_a_label_the_axis_has_no_sides():
    figure = word_bars(BARS[:1], Scale("% of the attention", "bug", signed=False))
    assert figure.layout.xaxis.title.text == "% of the attention"
    assert "speaks" not in bars_of(figure).hovertext[0]


def test_weak_pictures_are_grey_and_no_words_are_no_bars():
    assert set(bars_of(word_bars(BARS, POINTS, faded=True)).marker.color) == {GREY}
    assert list(bars_of(word_bars((), POINTS)).x) == []
    wide = word_bars((Bar("w", 40.0, "", 1.0),), Scale("times", "bug", factor=True))
    assert len(wide.layout.xaxis.ticktext) < 10
