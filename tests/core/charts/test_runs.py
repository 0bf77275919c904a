from dataclasses import replace

import numpy as np
import pytest

from core.charts import runs as charts
from core.charts.scores import label_estimates, overall_estimates, wilson
from core.domain import CurvePoint, LabelScore, Scores

# Truth a: 8 right, 2 read as <b>; truth <b>: 1 read as a, 4 right.
SCORES = Scores(
    name="model",
    accuracy=12 / 15,
    macro_f1=(16 / 19 + 8 / 11) / 2,
    balanced_accuracy=0.8,
    per_label=(LabelScore("a", 8 / 9, 0.8, 16 / 19, 10), LabelScore("<b>", 4 / 6, 0.8, 8 / 11, 5)),
    confusion=((8, 2), (1, 4)),
    n=15,
)


def trace(figure, name):
    return next(item for item in figure.data if item.name == name)


def test_wilson_by_hand():
    low, high = wilson(8, 10)  # (0.8 + 0.1353 -+ 1.645 sqrt(.016 + .00676)) / 1.2706
    assert (low, high) == (pytest.approx(0.541, abs=2e-3), pytest.approx(0.931, abs=2e-3))
    assert wilson(0, 0) == (0, 1)
    assert wilson(5, 5)[1] == 1 and wilson(5, 5)[0] < 0.8


def test_precision_rests_on_the_rows_the_model_gave_the_label_to():
    (_, precision, recall), _ = label_estimates(SCORES)
    assert (precision.n, recall.n) == (9, 10)
    assert precision.low < 8 / 9 < precision.high


def test_overall_ranges_hold_the_scores_and_repeat():
    first, again = overall_estimates(SCORES), overall_estimates(SCORES)
    assert first == again
    for _, estimate in first:
        assert estimate.low <= estimate.mid <= estimate.high
    assert [measure for measure, _ in first] == ["Macro F1", "Balanced accuracy", "Accuracy"]


def test_perfect_scores_on_few_rows_keep_a_range():
    perfect = Scores(
        "m", 1, 1, 1, (LabelScore("a", 1, 1, 1, 3), LabelScore("b", 1, 1, 1, 3)), ((3, 0), (0, 3)), 6
    )
    assert dict(overall_estimates(perfect))["Macro F1"].low < 0.75


def test_curves_leave_out_points_without_a_value():
    points = (CurvePoint(1, 0.1, loss=2.0), CurvePoint(2, 0.2, loss=1.0, macro_f1=0.5))
    figure = charts.curves(points)
    assert list(trace(figure, "Loss").y) == [2.0, 1.0]
    assert [tuple(row) for row in trace(figure, "Macro F1").customdata] == [(2,)]
    assert list(trace(charts.curves(()), "Loss").x) == []


def test_confusion_colours_by_row_and_names_cells():
    names = ("a", "<b>")
    figure = charts.confusion(SCORES, names)
    assert np.allclose(trace(figure, "confusion").z, [[0.8, 0.2], [0.2, 0.8]])
    cells = trace(figure, "cells")
    pairs = [tuple(row) for row in cells.customdata]
    place = pairs.index(("a", "<b>"))
    assert "2 of 10" in cells.hovertext[place] and "&lt;b&gt;" in cells.hovertext[place]
    assert all(names[round(x)] == pair[1] for x, pair in zip(cells.x, pairs, strict=True))
    wide = [x for x, pair in zip(cells.x, pairs, strict=True) if pair == ("a", "<b>")]
    assert min(wide) < 0.6 and max(wide) > 1.4, "a square of few labels can be pressed over its whole width"
    words = [one for one in figure.data if one.name == "words"]
    assert sorted(text for one in words for text in one.text) == ["1", "2", "4", "8"]
    # Once a cell is chosen plotly fades the words of the others, unless their colour is named.
    assert all(one.unselected.textfont.color == one.textfont.color for one in words)


def test_confusion_of_many_labels_keeps_the_twenty_most_confused():
    count = 30
    table = np.eye(count, dtype=int) * 5
    table[28, 29] = 3
    labels = tuple(f"l{place}" for place in range(count))
    per_label = tuple(LabelScore(label, 1, 1, 1, 5) for label in labels)
    scores = Scores("m", 1, 1, 1, per_label, tuple(map(tuple, table.tolist())), int(table.sum()))
    cells = trace(charts.confusion(scores, labels), "cells")
    assert len(cells.customdata) == 400
    assert ("l28", "l29") in {tuple(row) for row in cells.customdata}


def test_a_label_that_is_never_said_has_no_mark_for_its_precision():
    never = LabelScore("rare", 0.0, 0.0, 0.0, 5, (0.0, 1.0), (0.0, 0.4), (0.0, 0.4))
    figure = charts.label_scores(replace(SCORES, per_label=(never, *SCORES.per_label), confusion=()))
    drawn = {name: [data[0] for data in trace(figure, name).customdata] for name in ("Precision", "Recall")}
    assert "rare" in drawn["Recall"] and "rare" not in drawn["Precision"]
    assert len(drawn["Precision"]) == len(SCORES.per_label)


def test_label_scores_begin_with_the_weakest_and_give_support():
    figure = charts.label_scores(SCORES)
    assert [row[0] for row in trace(figure, "Recall").customdata] == ["<b>", "a"]
    assert list(figure.layout.yaxis.ticktext) == ["&lt;b&gt; (5)", "a (10)"]
    assert list(trace(figure, "Precision").x) == pytest.approx([4 / 6, 8 / 9])
    assert trace(figure, "Precision").marker.symbol != trace(figure, "Recall").marker.symbol
    assert len(trace(charts.label_scores(SCORES, limit=1), "Recall").x) == 1


def test_with_several_labels_every_one_that_is_given_is_in_colour():
    figure = charts.probabilities(["a", "b", "c"], [0.6, 0.9, 0.4], decided=0.5)
    colours = list(figure.data[0].marker.color)
    assert colours[0] == colours[1] != colours[2]
    none = charts.probabilities(["a", "b"], [0.3, 0.2], decided=0.5)
    assert set(none.data[0].marker.color) == {colours[2]}


def test_probabilities_keep_the_top_ones():
    bars = trace(charts.probabilities(("a", "b", "c"), (0.2, 0.7, 0.1), top=2), "confidence")
    assert list(bars.x) == [0.7, 0.2]
    assert [row[0] for row in bars.customdata] == ["b", "a"]


def test_a_bar_never_says_that_a_model_is_quite_sure():
    bars = trace(charts.probabilities(("a", "b"), (0.998, 0.002)), "confidence")
    assert list(bars.text) == ["over 99%", "0.2%"] and bars.hovertext[0].endswith("over 99%")


def test_names_below_a_table_of_mix_ups_tilt_to_the_side_where_there_is_room():
    angles = charts.confusion(SCORES, ("a", "b")).layout.xaxis.autotickangles
    assert max(angles) == 0 and min(angles) == -90
