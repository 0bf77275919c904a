import pytest

from core.charts import drivers as charts
from core.charts.theme import AGAINST, FOR, GREY
from core.domain import Estimate


def estimate(mid, low, high, n=12):
    return Estimate(mid, low, high, n, "")


def trace(figure, kind):
    return next(item for item in figure.data if item.type == kind)


def test_bars_stand_on_both_sides_with_whiskers():
    effects = [estimate(0.3, 0.2, 0.45), estimate(-0.1, -0.15, -0.05), estimate(0.01, -0.02, 0.03)]
    figure = charts.bars(["thanks", "<b>no</b>", "so"], effects, "praise")
    bars = trace(figure, "bar")
    assert list(bars.x) == pytest.approx([30, -10, 1])
    assert list(bars.marker.color) == [FOR, AGAINST, GREY]
    assert list(bars.error_x.array) == pytest.approx([15, 5, 2])
    assert list(bars.error_x.arrayminus) == pytest.approx([10, 5, 3])
    assert [row[0] for row in bars.customdata] == ["thanks", "<b>no</b>", "so"]
    assert figure.layout.yaxis.ticktext[1] == "&lt;b&gt;no&lt;/b&gt; · 12"
    low, high = figure.layout.xaxis.range
    assert low < -15 and high > 45
    assert "may be chance" in bars.hovertext[2] and "may be chance" not in bars.hovertext[0]


def test_only_words_for_the_label_begin_at_zero():
    figure = charts.bars(["thanks"], [estimate(0.3, 0.2, 0.45)], "praise")
    assert figure.layout.xaxis.range[0] == 0 and "against" not in figure.layout.xaxis.title.text
    assert charts.bars([], [], "praise").layout.height > 0


def test_points_are_signed_words():
    assert charts.points(estimate(0.124, 0.081, 0.16)) == "+12.4 (+8.1 to +16.0) points"
    assert charts.points(estimate(-0.1, -0.2, 0.05)) == "−10.0 (−20.0 to +5.0) points"


@pytest.mark.parametrize(("draw", "axis"), [(charts.by_segment, "x"), (charts.by_month, "y")])
def test_parts_are_filled_only_where_they_are_clear(draw, axis):
    figure = draw(["2026-01", "2026-02"], [estimate(0.3, 0.2, 0.4), estimate(0.1, 0.0, 0.2)], [True, False])
    dots = next(item for item in figure.data if item.mode == "markers")
    assert list(dots[axis]) == pytest.approx([30, 10])
    assert list(dots.marker.symbol) == ["circle", "circle-open"]
    assert "clearly unlike" in dots.hovertext[0] and "clearly" not in dots.hovertext[1]
    assert any(item.name == "effect range" for item in figure.data)
