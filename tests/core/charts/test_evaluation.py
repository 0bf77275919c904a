from dataclasses import dataclass

import pytest

from core.charts import evaluation as charts
from core.domain import Estimate, LearningPoint, Slice


@dataclass(frozen=True)
class Curve:
    x: tuple = (0.0, 0.0, 0.5, 1.0)
    y: tuple = (0.0, 0.5, 1.0, 1.0)
    thresholds: tuple = (float("inf"), 0.9, 0.6, 0.1)
    area: float = 0.875


@dataclass(frozen=True)
class Bin:
    confidence: float = 0.9
    share: float = 0.7
    low: float = 0.6
    high: float = 0.8
    n: int = 50


@dataclass(frozen=True)
class Unsure:
    answered: float
    right: float
    low: float
    high: float
    n: int
    threshold: float


def trace(figure, name):
    return next(item for item in figure.data if item.name == name)


def test_roc_and_precision_recall_name_area_and_thresholds():
    for figure, area in (
        (charts.roc_curve(Curve(), "<b>"), "area 0.875"),
        (charts.precision_recall_curve(Curve(), "<b>", share=0.2), "average precision 0.875"),
    ):
        chance, curve = figure.data
        assert curve.name == f"&lt;b&gt;: {area}"
        assert list(curve.x) == [0, 0, 0.5, 1]
        assert [row[0] for row in curve.customdata] == [1, 0.9, 0.6, 0.1]  # infinity is no JSON
        assert chance.name == "by chance"
    assert list(chance.y) == [0.2, 0.2]
    assert "recall" in figure.layout.xaxis.title.text


def test_reliability_shows_both_with_ranges():
    figure = charts.reliability([Bin(share=0.88)], [Bin()])
    assert list(trace(figure, "before calibration").y) == [0.7]
    assert list(trace(figure, "after calibration").y) == [0.88]
    assert list(trace(figure, "before calibration range").y) == [0.6, 0.8, None]
    assert [tuple(row) for row in trace(figure, "after calibration").customdata] == [(0.9, 50)]
    assert len(charts.reliability([Bin()]).data) == 3


def test_abstention_begins_with_every_row_answered():
    figure = charts.abstention([Unsure(1, 0.8, 0.7, 0.9, 100, 0.3), Unsure(0.5, 0.95, 0.85, 0.99, 50, 0.8)])
    assert list(trace(figure, "right").x) == [0, 0.5]
    assert list(trace(figure, "right").y) == [0.8, 0.95]
    assert list(trace(figure, "range").y) == [0.9, 0.99, 0.85, 0.7]
    assert "50 answered" in trace(figure, "right").hovertext[1]
    assert list(trace(charts.abstention(()), "right").x) == []


def slice_of(value, mid, worse=False, worst=False):
    return Slice("channel", value, Estimate(mid, mid - 0.1, mid + 0.1, 40, ""), 0.5, worse, worst, ())


def test_slices_begin_with_the_lowest_and_mark_the_worst():
    figure = charts.slices(
        [slice_of("web", 0.9), slice_of("<i>", 0.4, True, True), slice_of("mail", 0.6, True)]
    )
    worse = trace(figure, "clearly worse")
    assert [tuple(row) for row in worse.customdata] == [("channel", "<i>"), ("channel", "mail")]
    assert list(worse.text) == ["▲ look here first", ""]
    assert list(worse.y) == [0, 1] and list(trace(figure, "no clear difference").y) == [2]
    assert "&lt;i&gt;" in figure.layout.yaxis.ticktext[0]
    assert worse.marker.symbol != trace(figure, "no clear difference").marker.symbol
    assert len(charts.slices([slice_of(str(place), 0.5) for place in range(40)]).layout.yaxis.ticktext) == 24
    assert charts.slices(()).data


def test_learning_curve_draws_the_forecast_apart():
    points = [
        LearningPoint(100, Estimate(0.6, 0.55, 0.65, 100, "")),
        LearningPoint(200, Estimate(0.7, 0.66, 0.74, 200, "")),
        LearningPoint(400, Estimate(0.75, 0.7, 0.8, 200, ""), forecast=True),
    ]
    figure = charts.learning_curve(points)
    assert list(trace(figure, "measured").x) == [100, 200]
    assert list(trace(figure, "forecast").x) == [400]
    assert list(trace(figure, "way there").x) == [200, 400]
    assert list(trace(figure, "forecast range").y) == [pytest.approx(0.7), 0.8, None]
    assert "forecast" not in [item.name for item in charts.learning_curve(points[:2]).data]
    assert len(charts.learning_curve(()).data) == 0
