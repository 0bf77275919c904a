import math

import pytest

from core.charts.segments import averages, distance, segment_axes, segment_map
from core.domain import Estimate, SegmentCell


def cell(theme, value, mid, total, over=False, small=False):
    return SegmentCell(
        "Plan", value, theme, Estimate(mid, mid / 2, mid * 2, total, "m"), total, over, small, ()
    )


CELLS = (
    cell("<i>late", "Free", 0.1, 300),
    cell("<i>late", "Pro", 0.3, 100, over=True),
    cell("price", "Free", 0.4, 300),
    cell("price", "Pro", 0.4, 100, small=True),
)


def trace(figure, name):
    return next(item for item in figure.data if item.name == name)


def test_average_weighs_values_by_their_rows():
    assert averages(CELLS) == {"<i>late": pytest.approx(0.15), "price": pytest.approx(0.4)}


@pytest.mark.parametrize(("share", "away"), [(0.2, 1), (0.8, 1), (0.1, 0), (0.05, -1), (0, -1)])
def test_distance_is_one_at_double_and_half_the_average(share, away):
    assert distance(share, 0.1) == pytest.approx(away)


def test_distance_from_nothing_is_none():
    assert distance(0.2, 0) == 0


def test_axes_put_large_themes_and_values_first():
    assert segment_axes(CELLS, "Plan") == (["price", "<i>late"], ["Free", "Pro"])
    assert segment_axes(CELLS, "Region") == ([], [])


def test_map_shows_shares_marks_and_hides_small_cells():
    figure = segment_map(CELLS, "Plan")
    share, small = trace(figure, "share").z, trace(figure, "small").z
    assert share[1] == pytest.approx((math.log2(0.1 / 0.15), 1))  # the <i>late row: Free, Pro
    assert share[0][0] == 0 and math.isnan(share[0][1])
    assert small[0][1] == 1 and math.isnan(small[1][1])
    words = {text: one.textfont.color for one in figure.data if one.name == "words" for text in one.text}
    assert sorted(words) == ["10%", "40%", "few", "▲ 30%"]
    assert [text for text, colour in words.items() if colour is None] == ["few"]
    assert len(figure.layout.shapes) == 1 and figure.layout.shapes[0].x0 == pytest.approx(0.54)


def test_squares_over_the_map_carry_theme_and_value_and_can_be_hovered():
    squares = trace(segment_map(CELLS, "Plan"), "cells")
    picked = {(x, y): tuple(row) for x, y, row in zip(squares.x, squares.y, squares.customdata, strict=True)}
    assert picked[1, 1] == ("<i>late", "Pro")
    assert picked[0, 0] == ("price", "Free")
    assert squares.hoverinfo != "skip" and squares.marker.opacity < 0.05
    assert not any("<i>" in words for words in squares.hovertext)
    assert "40%" not in next(words for words in squares.hovertext if "too few" in words)
