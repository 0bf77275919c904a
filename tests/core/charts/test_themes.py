import pytest

from core.charts import themes as charts
from core.domain import Estimate, Theme, Trend, TrendPoint


def share(mid, checked=False):
    return Estimate(mid, mid / 2, mid * 2, 100, "counted", checked=checked)


def trace(figure, name):
    return next(item for item in figure.data if item.name == name)


def test_shares_are_drawn_largest_first_with_their_ranges_and_names():
    themes = (Theme("small", share(0.1), None, ()), Theme("<b>big", share(0.2, checked=True), None, ()))
    figure = charts.shares(themes)
    mid, span = trace(figure, "mid"), trace(figure, "range")
    assert list(mid.x) == [0.2, 0.1]
    assert list(span.x) == [0.1, 0.4, None, 0.05, 0.2, None]
    assert [list(row) for row in mid.customdata] == [["<b>big"], ["small"]]
    assert list(mid.marker.symbol) == ["circle", "circle-open"]  # checked, not checked
    assert list(figure.layout.yaxis.ticktext) == ["&lt;b&gt;big", "small"]
    assert figure.layout.xaxis.range[0] == 0
    assert "<b>big" not in mid.hovertext[0].replace("<b>&lt;b&gt;big</b>", "")


def test_two_names_cut_to_the_same_label_stay_two_rows():
    long = "the same beginning of a very long name " * 3
    themes = (Theme(long + "A", share(0.2), None, ()), Theme(long + "B", share(0.1), None, ()))
    figure = charts.shares(themes)
    assert len(set(trace(figure, "mid").y)) == 2
    assert trace(figure, "mid").customdata[1][0] == long + "B"


def test_from_the_thirteenth_on_themes_become_other_with_added_ranges():
    themes = tuple(Theme(f"t{place}", share(0.05), None, (place, 99)) for place in range(14))
    top = charts.top_themes(themes)
    assert len(top) == 13
    assert top[-1].name == "other (2 themes)"
    assert top[-1].share.mid == pytest.approx(0.1)
    assert (top[-1].share.low, top[-1].share.high) == (pytest.approx(0.05), pytest.approx(0.2))
    assert top[-1].ids == (12, 13, 99)
    assert charts.top_themes(top) == top  # folding again changes nothing


def test_no_themes_give_an_empty_figure():
    assert list(trace(charts.shares(()), "mid").x) == []
    assert len(charts.trend_lines(()).data) == 0
    assert list(trace(charts.ratings(()), "mid").x) == []


def test_ratings_skip_themes_without_one_and_begin_with_the_lowest():
    def rating(mid):
        return Estimate(mid, mid - 0.5, mid + 0.5, 10, "mean", unit="rating")

    themes = (
        Theme("a", share(0.3), rating(4.0), ()),
        Theme("b", share(0.2), None, ()),
        Theme("c", share(0.1), rating(2.0), ()),
    )
    mid = trace(charts.ratings(themes), "mid")
    assert [(row[0], x) for row, x in zip(mid.customdata, mid.x, strict=True)] == [("c", 2.0), ("a", 4.0)]


def make_trend(name, *mids):
    points = (TrendPoint(f"2024-01-{day:02d}", share(mid), 10, ()) for day, mid in enumerate(mids, start=1))
    return Trend(name, tuple(points))


def test_trends_share_one_scale_from_zero_and_carry_theme_and_period():
    figure = charts.trend_lines((make_trend("a", 0.1, 0.2), make_trend("b", 0.01, 0.02)))
    lines = [item for item in figure.data if item.name == "mid"]
    assert [list(line.y) for line in lines] == [[0.1, 0.2], [0.01, 0.02]]
    assert [list(row) for row in lines[1].customdata] == [["b", "2024-01-01"], ["b", "2024-01-02"]]
    assert figure.layout.yaxis.range == figure.layout.yaxis2.range
    assert figure.layout.yaxis.range[0] == 0 and figure.layout.yaxis.range[1] >= 0.4
    assert list(trace(figure, "range").y) == [0.2, 0.4, 0.1, 0.05]  # highs, then lows backwards


def test_selected_trends_come_in_their_order_eight_at_most():
    trends = [make_trend(f"t{place}", 0.1) for place in range(20)]
    figure = charts.trend_lines(trends, ["t9", "gone", "t2"])
    assert [line.customdata[0][0] for line in figure.data if line.name == "mid"] == ["t9", "t2"]
    assert sum(line.name == "mid" for line in charts.trend_lines(trends).data) == 8
