import numpy as np
import pytest

from core.domain import Span
from core.errors import AppError, NotFound
from core.explain import editing
from core.explain.editing import Edit


def test_drop_replace_and_add():
    text = "charged twice 配送"
    assert editing.edited(text, [Edit(8, 13, "once")]) == "charged once 配送"
    assert editing.edited(text, [Edit(14, 15)]) == "charged twice 送"
    assert editing.edited(text, [Edit(16, 16, "!"), Edit(0, 0, "I was ")]) == "I was charged twice 配送!"
    assert editing.edited(text, []) == text
    assert editing.dropped("a b c", [Span(0, 1, 0.0), Span(2, 3, 0.0)]) == "c"


@pytest.mark.parametrize("edits", [[Edit(0, 5), Edit(4, 8)], [Edit(3, 1)], [Edit(0, 99)], [Edit(-1, 2)]])
def test_edits_that_overlap_or_lie_outside(edits):
    with pytest.raises(AppError, match="same words"):
        editing.edited("some text here", edits)


def test_all_texts_are_asked_in_one_call(adding):
    model = adding({"crash": 0.3})
    before, after = editing.answers(model, ["a crash", "a"])
    assert before.probabilities == pytest.approx((0.8, 0.2))
    assert after.probabilities == pytest.approx((0.5, 0.5))
    assert len(model.calls) == 1
    assert editing.answers(model, []) == ()


def test_one_word_that_turns_it(adding):
    model = adding({"crash": 0.3, "slow": 0.1, "nice": -0.2})  # p = .7; without crash .4
    flip = editing.smallest_flip(model, "crash slow nice")
    assert [(span.start, span.end) for span in flip.spans] == [(0, 5)]
    assert flip.text == "slow nice"
    assert flip.share == pytest.approx(1 / 3)
    assert flip.probabilities == pytest.approx((0.4, 0.6))


def test_the_strongest_of_several_words_that_turn_it(adding):
    model = adding({"a": 0.2, "b": 0.3, "c": -0.4, "d": 0.05})  # p = .65; without a .45, without b .35
    assert editing.smallest_flip(model, "a b c d").text == "a c d"


def test_several_words_in_the_order_of_occlusion(adding):
    model = adding({"a": 0.1, "b": 0.2, "c": 0.15, "d": -0.05})
    flip = editing.smallest_flip(model, "a b c d")  # p = .9; .7, .55 and .45 without b, c, a
    assert [span.start for span in flip.spans] == [0, 2, 4]
    assert flip.text == "d"


def test_nothing_turns_it(adding):
    model = adding()
    model.probabilities = lambda texts: np.tile([0.9, 0.1], (len(texts), 1))
    assert editing.smallest_flip(model, "a b") is None
    assert editing.smallest_flip(model, "") is None
    assert editing.smallest_flip(model, "a b", "praise") is None  # it is not said
    with pytest.raises(NotFound):
        editing.smallest_flip(model, "a b", "fun")


def test_of_several_labels_each_is_turned_by_itself(adding):
    model = adding({"crash": 0.3})
    model.multi = True
    model.probabilities = lambda texts: np.array([[0.2 + 0.4 * ("crash" in t), 0.9] for t in texts])
    flip = editing.smallest_flip(model, "a crash", "bug")
    assert flip.text == "a" and flip.probabilities == pytest.approx((0.2, 0.9))
    assert editing.smallest_flip(model, "a crash", "praise") is None


def test_robustness_of_each_label(adding):
    model = adding({"crash": 0.3, "bad": 0.15, "slow": 0.15, "nice": -0.3, "so": -0.05})
    told = []
    texts = ["crash so", "bad slow so", "nice day"]
    found = editing.robustness(model, texts, lambda done, total: told.append((done, total)))
    bug, praise = found
    # One of two words, two of three words.
    assert (bug.label, bug.comments, bug.one_word) == ("bug", 2, 0.5)
    assert bug.share == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert (praise.label, praise.share, praise.one_word) == ("praise", 0.5, 1.0)
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert [each.label for each in editing.robustness(model, ["crash so"])] == ["bug"]
    assert [each.label for each in editing.robustness(model, texts, labels=["praise"])] == ["praise"]


def test_long_texts_lose_groups_of_words(adding):
    text = " ".join(f"w{number}" for number in range(10))
    flip = editing.smallest_flip(adding({"w4": 0.3, "w9": -0.1}), text, limit=5)
    assert (flip.spans[0].start, flip.spans[0].end, flip.share) == (12, 17, 0.2)  # "w4 w5"
