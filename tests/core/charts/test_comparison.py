from dataclasses import dataclass

from core.charts import comparison as charts
from core.domain import Estimate, LabelScore, Scores

RANGES = {"macro_f1": (0.7, 0.8), "balanced_accuracy": (0.7, 0.8), "accuracy": (0.75, 0.85)}


@dataclass(frozen=True)
class Difference:
    measure: str
    first: float
    second: float
    change: Estimate
    clear: bool


def scores(name, macro_f1, ranges=RANGES):
    return Scores(
        name, 0.8, macro_f1, 0.75, (LabelScore("a", 1, 1, 1, 50),), (), 50, ranges=ranges, multi=True
    )


def trace(figure, name):
    return next(item for item in figure.data if item.name == name)


def test_beside_keeps_the_order_and_the_stored_ranges():
    figure = charts.beside([scores("better", 0.75), scores("<tfidf>", 0.72)])
    f1 = trace(figure, "Macro F1")
    assert list(f1.x) == [0.75, 0.72]
    assert [tuple(row) for row in f1.customdata] == [("Macro F1", "better"), ("Macro F1", "<tfidf>")]
    assert list(trace(figure, "Macro F1 range").x)[:3] == [0.7, 0.8, None]
    assert list(figure.layout.yaxis.ticktext) == ["better", "&lt;tfidf&gt;"]
    assert trace(figure, "Right (accuracy)").marker.symbol != f1.marker.symbol


def test_differences_stand_around_zero_and_clear_ones_are_filled():
    items = [
        Difference("Macro F1", 0.7, 0.74, Estimate(0.04, 0.01, 0.07, 100, ""), True),
        Difference("Accuracy", 0.8, 0.79, Estimate(-0.01, -0.04, 0.02, 100, ""), False),
    ]
    figure = charts.differences(items, "run 3", "run <4>")
    clear, open_one = trace(figure, "more than chance"), trace(figure, "may be chance")
    assert (list(clear.x), list(clear.text), clear.marker.symbol) == ([0.04], ["+4.0"], "circle")
    assert (list(open_one.x), list(open_one.y), open_one.marker.symbol) == ([-0.01], [1], "circle-open")
    low, high = figure.layout.xaxis.range
    assert low == -high and high > 0.07
    assert "run &lt;4&gt; better" in figure.layout.xaxis.title.text
    assert charts.differences((), "a", "b").layout.xaxis.range == (-0.02, 0.02)
