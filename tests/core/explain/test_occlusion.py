import pytest

from core.domain import Span
from core.errors import AppError, NotFound
from core.explain.occlusion import explain, grouped, phrases, without
from core.explain.words import CUT, POINTS, UNREAD


def weights(attribution):
    return [round(span.weight, 9) for span in attribution.spans]


def test_weights_are_the_fall_without_the_word(adding):
    model = adding({"charged": 0.1, "twice": 0.24, "thanks": -0.05})
    found = explain(model, "charged  twice\nthanks all", "bug")
    assert weights(found) == [0.1, 0.24, -0.05, 0.0]
    assert [found.text[span.start : span.end] for span in found.spans] == [
        "charged",
        "twice",
        "thanks",
        "all",
    ]
    assert found.probability == pytest.approx(0.79)
    assert (found.label, found.method, found.unit) == ("bug", "occlusion", POINTS)


def test_one_call_with_each_different_text_once(adding):
    model = adding({"very": 0.1})
    found = explain(model, "very very bad", "bug")
    assert model.calls == [["very very bad", "very bad", "very very"]]
    assert weights(found) == [0.0, 0.0, 0.0]  # one "very" stays, so neither matters alone


def test_against_another_label(adding):
    # p(bug) - p(praise) = 2 p(bug) - 1, so a word's fall doubles.
    found = explain(adding({"crash": 0.2}), "a crash", "bug", against="praise")
    assert weights(found) == [0.0, 0.4]
    assert found.unit == "points of confidence in bug over praise"
    assert found.probability == pytest.approx(0.7)


def test_words_past_the_limit_weigh_nothing_and_never_come_into_view(adding):
    model = adding({"one": 0.1, "three": 0.3}, max_tokens=4)
    found = explain(model, "one two three", "bug")
    assert weights(found) == [0.1, 0.0, 0.0]
    assert [span.mark for span in found.spans] == ["", "", CUT]
    assert "two three" not in model.calls[0]


def test_unread_words_keep_their_measured_weight(adding):
    found = explain(adding({"☃": 0.1}, unknown=("☃",)), "a ☃", "bug")
    assert found.spans[1].mark == UNREAD
    assert weights(found) == [0.0, 0.1]


def test_long_texts_are_explained_by_groups(adding):
    model = adding({"c": 0.1, "d": 0.05})
    found = explain(model, "a b c d e", "bug", limit=3)
    assert [found.text[span.start : span.end] for span in found.spans] == ["a b", "c d", "e"]
    assert weights(found) == [0.0, 0.15, 0.0]
    assert len(model.calls[0]) <= 4


def test_a_group_is_unread_only_when_all_of_it_is():
    spans = [Span(0, 1, 0.0, UNREAD), Span(2, 3, 0.0, UNREAD), Span(4, 5, 0.0, UNREAD), Span(6, 7, 0.0)]
    assert grouped(spans, 2) == (Span(0, 3, 0.0, UNREAD), Span(4, 7, 0.0))


@pytest.mark.parametrize(("text", "expected"), [("", []), (" \n", []), (" crash ", [0.2])])
def test_empty_and_one_word_texts(adding, text, expected):
    found = explain(adding({"crash": 0.2}), text, "bug")
    assert weights(found) == expected
    assert found.text == text
    assert found.probability == pytest.approx(0.5 + sum(expected))


def test_unknown_and_equal_labels(adding):
    with pytest.raises(NotFound, match="label 'fun'"):
        explain(adding(), "a", "fun")
    with pytest.raises(NotFound, match="label 'fun'"):
        explain(adding(), "a", "bug", against="fun")
    with pytest.raises(AppError, match="another label"):
        explain(adding(), "a", "bug", against="bug")


@pytest.mark.parametrize(
    ("text", "start", "end", "expected"),
    [
        ("one two three", 4, 7, "one three"),
        ("one\n\ntwo three", 5, 8, "one three"),
        ("one two", 0, 3, "two"),
        ("one two", 4, 7, "one"),
        ("one", 0, 3, ""),
        (" one ", 1, 4, ""),
        ("配送慢", 1, 2, "配慢"),
        ("配 送慢", 2, 3, "配 慢"),
        ("a  b  c", 3, 4, "a c"),
    ],
)
def test_without(text, start, end, expected):
    assert without(text, start, end) == expected


def test_a_phrase_is_measured_as_a_whole(adding):
    model = adding({"charged": 0.1, "twice": 0.12, "again": 0.01})
    joined = phrases(model, explain(model, "charged twice again", "bug"))
    assert [joined.text[span.start : span.end] for span in joined.spans] == ["charged twice", "again"]
    assert weights(joined) == [0.22, 0.01]


def test_without_phrases_nothing_is_scored_again(adding):
    model = adding({"twice": 0.12})
    found = explain(model, "charged twice again", "bug")
    assert phrases(model, found) is found
    assert len(model.calls) == 1
