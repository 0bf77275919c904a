import numpy as np

from core.charts import tokens as charts
from core.charts.theme import AGAINST, FOR, GREY
from core.domain import Attribution, Span

TEXT = "charged twice <b>again thanks"
FOUND = Attribution(
    text=TEXT,
    spans=(
        Span(0, 7, 0.10),
        Span(8, 13, 0.24),
        Span(14, 22, -0.15),
        Span(23, 29, 0.01),
        Span(0, 0, 0.9, mark="cut"),
    ),
    label="Billing",
    method="occlusion",
    unit="points of confidence",
    probability=0.9,
)


def trace(figure, name):
    return next(item for item in figure.data if item.name == name)


def test_word_bars_are_points_sorted_by_strength_and_signed_by_colour_and_pattern():
    figure = charts.word_bars(FOUND)
    bars = trace(figure, "weight")
    assert [row[0] for row in bars.customdata] == ["twice", "<b>again", "charged", "thanks"]
    assert np.allclose(bars.x, [24, -15, 10, 1])
    assert list(bars.marker.color) == [FOR, AGAINST, FOR, GREY]
    assert list(bars.marker.pattern.shape) == ["", "/", "", ""]
    assert figure.layout.yaxis.ticktext[1] == "&lt;b&gt;again"
    assert "points of confidence" in figure.layout.xaxis.title.text


def test_word_bars_keep_the_strongest_and_survive_no_words():
    assert len(trace(charts.word_bars(FOUND, top=2), "weight").x) == 2
    empty = Attribution("", (), "Billing", "occlusion", "points", 0.5)
    assert list(trace(charts.word_bars(empty), "weight").x) == []


def test_attention_tells_repeated_tokens_apart():
    matrix = np.array([[0.1, 0.9], [0.6, 0.4]])
    figure = charts.attention_map(["no", "no"], matrix)
    cells = trace(figure, "cells")
    assert tuple(cells.customdata[1]) == ("no", "no", 0, 1)
    assert np.allclose(trace(figure, "weights").z, matrix)
    assert cells.hovertext[1] == "<b>no</b> → <b>no</b><br>90%"
    assert list(figure.layout.xaxis.ticktext) == ["no", "no"]


def test_long_texts_are_cut_to_what_can_be_read():
    tokens = [f"t{place}" for place in range(100)]
    figure = charts.attention_map(tokens, np.zeros((100, 100)))
    assert np.shape(trace(figure, "weights").z) == (64, 64)


def test_heads_are_named_by_layer_and_head():
    figure = charts.head_overview(np.arange(6).reshape(2, 3))
    cells = trace(figure, "cells")
    assert tuple(cells.customdata[4]) == (1, 1)
    assert cells.hovertext[4] == "Layer 2, head 2: 4.00"
    assert (cells.x[4], cells.y[4]) == (1, 1)
