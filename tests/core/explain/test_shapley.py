from math import log

import numpy as np
import pytest

from core.errors import AppError, NotFound
from core.explain import shapley
from core.explain.words import CUT


def test_each_order_is_followed_by_itself_backwards():
    found = shapley.orders(4)
    assert len(found) == 10
    assert found[1] == found[0][::-1]
    assert found == shapley.orders(4)
    assert all(sorted(way) == [0, 1, 2, 3] for way in found)


def test_two_words_by_hand(adding):
    # p: none .5, a .7, b .6, both .8. Each order as often as its reverse: the exact Shapley value.
    found = shapley.explain(adding({"a": 0.2, "b": 0.1}), "a b", "bug")
    first = (log(0.7 / 0.5) + log(0.8 / 0.6)) / 2
    second = (log(0.6 / 0.5) + log(0.8 / 0.7)) / 2
    assert [span.weight for span in found.spans] == pytest.approx([first, second], abs=1e-6)
    assert found.probability == pytest.approx(0.8)
    assert found.unit == "times the confidence"


def test_weights_add_up_to_the_whole_change(adding):
    points = {"a": 0.2, "b": -0.1, "d": 0.05}
    found = shapley.explain(adding(points), "a b c d", "bug")
    assert sum(span.weight for span in found.spans) == pytest.approx(log(0.65 / 0.5), abs=1e-6)
    assert found.spans[1].weight < 0
    assert found.spans[2].weight == pytest.approx(0.0)


def test_against_another_label(adding):
    found = shapley.explain(adding({"a": 0.3}), "a", "bug", against="praise")
    assert found.spans[0].weight == pytest.approx(log(0.8 / 0.2), abs=1e-6)
    assert found.unit == "times the confidence in bug over praise"


def test_equal_sets_are_read_once(adding):
    model = adding({"a": 0.1})
    shapley.explain(model, "a b c", "bug")
    assert len(model.calls) == 1
    assert len(set(model.calls[0])) == len(model.calls[0]) <= 8  # there are eight sets of three words


def test_words_that_say_the_same_share_what_they_do(adding):
    found = shapley.explain(adding({"bad": 0.4}), "bad bad", "bug")
    first, second = (span.weight for span in found.spans)
    assert first == pytest.approx(second)
    assert first > 0.2


def test_long_texts_are_explained_by_groups_and_what_is_cut_weighs_nothing(adding):
    model = adding({"w0": 0.2}, max_tokens=12)
    found = shapley.explain(model, " ".join(f"w{number}" for number in range(20)), "bug", limit=5)
    assert [span.mark for span in found.spans] == [""] * 5 + [CUT] * 10
    assert np.argmax([span.weight for span in found.spans]) == 0


def test_empty_texts_and_unknown_labels(adding):
    assert shapley.explain(adding(), "", "bug").spans == ()
    with pytest.raises(NotFound):
        shapley.explain(adding(), "a", "fun")
    with pytest.raises(AppError, match="another label"):
        shapley.explain(adding(), "a", "bug", against="bug")
