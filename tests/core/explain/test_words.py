import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain import Attribution, Span
from core.explain.words import CUT, GAP, POINTS, UNREAD, caption, phrases, pieces, shades, units

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)


def words(text):
    return [text[start:end] for start, end in units(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n\t ", []),
        ("app", ["app"]),
        ("  it can't\nopen v2.3.1 ", ["it", "can't", "open", "v2.3.1"]),
        ("see https://a.example/x?y=1#z now", ["see", "https://a.example/x?y=1#z", "now"]),
        ("配送很慢", ["配", "送", "很", "慢"]),
        ("配送 slow配", ["配", "送", "slow", "配"]),
        ("很好\uff0cok", ["很", "好", "\uff0c", "ok"]),  # full-width comma
        ("很好,ok", ["很", "好", ",ok"]),
        ("か\u3099き", ["か\u3099", "き"]),  # combining voiced sound mark
        ("葛\U000e0100飾", ["葛\U000e0100", "飾"]),  # ideographic variation selector
        ("好\u200d好吃", ["好\u200d好", "吃"]),  # joined by a zero-width joiner
        ("好👩\u200d👩\u200d👧吃", ["好", "👩\u200d👩\u200d👧", "吃"]),
        ("배달이 너무 늦어요", ["배달이", "너무", "늦어요"]),
        ("cafe\u0301 naïve ﬁne", ["cafe\u0301", "naïve", "ﬁne"]),
        ("شكرا جزيلا", ["شكرا", "جزيلا"]),
        ("zero\u200bwidth", ["zero\u200bwidth"]),
    ],
)
def test_units(text, expected):
    assert words(text) == expected


@given(TEXTS)
def test_units_cover_all_but_white_space(text):
    place = 0
    for start, end in units(text):
        assert place <= start < end
        assert not text[place:start].strip()
        assert not any(character.isspace() for character in text[start:end])
        place = end
    assert not text[place:].strip()


@given(TEXTS, st.data())
def test_pieces_joined_are_the_text(text, data):
    marks = st.sampled_from(["", UNREAD, CUT])
    weights = st.floats(-1, 1)
    spans = [Span(*unit, data.draw(weights), data.draw(marks)) for unit in units(text)]
    cut = pieces(text, spans)
    assert "".join(piece.text for piece in cut) == text
    for piece in cut:
        if piece.word != GAP and piece.mark != CUT:
            span = spans[piece.word]
            assert (piece.text, piece.weight, piece.mark) == (
                text[span.start : span.end],
                span.weight,
                span.mark,
            )


def test_words_past_the_limit_are_one_piece():
    spans = [Span(0, 1, 0.2), Span(2, 3, 0.0, CUT), Span(5, 6, 0.0, CUT)]
    assert [(piece.text, piece.mark, piece.word) for piece in pieces("a b  c ", spans)] == [
        ("a", "", 0),
        (" ", "", GAP),
        ("b  c", CUT, 1),
        (" ", "", GAP),
    ]


def test_phrases_join_strong_neighbours_of_one_sign():
    # charged twice | for it | never again; half the top weight is 0.2
    weights = [0.3, 0.4, 0.1, 0.21, -0.3, -0.25]
    spans = [Span(2 * place, 2 * place + 1, weight) for place, weight in enumerate(weights)]
    assert phrases(spans) == (Span(0, 3, 0.4), spans[2], spans[3], Span(8, 11, -0.3))


def test_exactly_half_the_top_weight_does_not_join():
    spans = [Span(0, 1, 0.4), Span(2, 3, 0.2)]
    assert phrases(spans) == tuple(spans)


def test_marked_words_join_no_phrase():
    spans = [Span(0, 1, 0.4), Span(2, 3, 0.4, UNREAD), Span(4, 5, 0.4)]
    assert phrases(spans) == tuple(spans)
    assert phrases([]) == ()


def attribution(*weights, unit=POINTS):
    spans = tuple(Span(2 * place, 2 * place + 1, weight) for place, weight in enumerate(weights))
    return Attribution("x " * len(weights), spans, "bug", "occlusion", unit, 0.9)


def test_shades_are_relative_to_the_top_word_above_20_points():
    assert shades(attribution(0.4, -0.2, 0.0)) == (1.0, -0.5, 0.0)


def test_a_weak_text_never_gets_full_colour_and_under_3_points_none():
    assert shades(attribution(0.05, -0.03, 0.029)) == pytest.approx((0.25, -0.15, 0.0))
    assert shades(attribution()) == ()
    assert shades(attribution(0.0)) == (0.0,)


def test_shares_of_attention_have_no_floor():
    assert shades(attribution(0.02, 0.01, unit="% of the attention")) == (1.0, 0.5)


def test_captions():
    assert caption(Span(0, 1, 0.24), POINTS) == "+24.0 points of confidence"
    assert caption(Span(0, 1, -0.031), POINTS) == "−3.1 points of confidence"
    assert caption(Span(0, 1, 0.125), "% of the attention") == "12.5 % of the attention"
    assert (
        caption(Span(0, 1, 0.125), "% of the score of bug over praise")
        == "+12.5 % of the score of bug over praise"
    )
    assert caption(Span(0, 1, math.log(1.8)), "times the confidence") == "1.80 times the confidence"
    assert caption(Span(0, 1, 0.0, CUT), POINTS) == "past the model's limit, not read"
    assert caption(Span(0, 1, 0.02, UNREAD), POINTS).startswith("no word the model knows; +2.0")
