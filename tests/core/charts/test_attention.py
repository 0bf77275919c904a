import numpy as np

from core.charts import attention as charts
from core.charts.theme import ACCENT, GREY


def trace(figure, name):
    return next(item for item in figure.data if item.name == name)


def test_heads_are_named_by_layer_and_head():
    cells = trace(charts.head_overview(np.arange(6).reshape(2, 3)), "cells")
    assert list(cells.customdata[4]) == [1, 1]
    assert cells.hovertext[4] == "Layer 2, head 2: 4.00"
    assert (cells.x[4], cells.y[4]) == (1, 1)


def test_a_frame_stands_around_the_chosen_head_or_the_whole_layer():
    def frame(chosen):
        (shape,) = charts.head_overview(np.zeros((2, 3)), chosen).layout.shapes
        return (shape.x0, shape.x1, shape.y0, shape.y1, shape.line.color)

    assert frame((1, 2)) == (1.5, 2.5, 0.5, 1.5, ACCENT)
    assert frame((0, None)) == (-0.5, 2.5, -0.5, 0.5, GREY)
    assert not charts.head_overview(np.zeros((2, 3))).layout.shapes


def test_words_stand_down_and_layers_across():
    figure = charts.word_flow(["<b>no</b>", "yes"], np.array([[0.1, 0.3], [0.2, 0.4], [0.25, 0.5]]))
    assert np.allclose(trace(figure, "weights").z, [[0.1, 0.2, 0.25], [0.3, 0.4, 0.5]])
    assert list(figure.layout.yaxis.ticktext) == ["&lt;b&gt;no&lt;/b&gt;", "yes"]
    assert list(figure.layout.xaxis.ticktext) == ["1", "2", "3"]
    words = [one for one in figure.data if one.name == "words"]
    assert ("50%", 2, 1) in [spot for one in words for spot in zip(one.text, one.x, one.y, strict=True)]


def test_of_many_words_the_largest_stay_in_the_order_of_the_text():
    shares = np.arange(30)[None] / 500
    figure = charts.word_flow([f"w{place}" for place in range(30)], shares)
    assert list(figure.layout.yaxis.ticktext) == [f"w{place}" for place in range(6, 30)]
    assert len(charts.word_flow([], np.zeros((2, 0))).data) == 0
