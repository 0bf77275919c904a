import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain import Attribution, Span
from core.explain.words import (
    CUT,
    FACTOR,
    GAP,
    POINTS,
    SCORE,
    UNREAD,
    bars,
    caption,
    nothing_matters,
    phrases,
    pieces,
    scale,
    sentence,
    shades,
    strongest,
    units,
)

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


TEXT = "charged twice but fine"
SPANS = (Span(0, 7, 0.01), Span(8, 13, 0.24), Span(14, 17, -0.3), Span(18, 22, 0.0, CUT))


def asked(unit=POINTS, against="", spans=SPANS):
    said = f"{unit} in bug over {against}" if against else unit
    return Attribution(TEXT, spans, "bug", "occlusion", said, 0.9, against)


def test_bars_are_the_strongest_words_that_were_read():
    assert [(bar.word, bar.amount) for bar in bars(asked())] == [
        ("but", "−30.0"),
        ("twice", "+24.0"),
        ("charged", "+1.0"),
    ]
    assert [bar.shade for bar in bars(asked())] == pytest.approx([-1.0, 0.8, 0.0])
    assert [bar.word for bar in bars(asked(), top=1)] == ["but"]
    unread = (Span(0, 7, 0.1, UNREAD),)
    assert bars(asked(FACTOR, spans=unread))[0].amount == "1.11"


def test_a_scale_has_the_unit_without_its_labels():
    found = scale(asked(against="a request"))
    assert (found.unit, found.says(1), found.says(-1)) == (POINTS, "speaks for bug", "speaks for a request")
    assert scale(asked()).says(-1) == "speaks against bug"
    assert scale(asked(FACTOR)).factor and not scale(asked(SCORE)).factor
    assert not scale(asked("% of the attention")).signed


def test_the_strongest_word_speaks_for_the_label_where_one_does():
    assert strongest(asked()) == 1
    assert strongest(asked(spans=SPANS[2:])) == 0
    assert strongest(asked(spans=SPANS[:1])) is None


def test_a_text_in_which_nothing_matters_says_so_in_its_own_unit():
    weak = SPANS[:1]
    assert nothing_matters(asked()) == nothing_matters(asked(spans=())) == ""
    assert nothing_matters(asked(spans=weak)).startswith("No single word matters here: without any one")
    assert "3 % of the score" in nothing_matters(asked(SCORE, "praise", weak))
    assert "less than 3 %" in nothing_matters(asked(FACTOR, spans=weak))


@pytest.mark.parametrize(
    ("unit", "against", "place", "said"),
    [
        (POINTS, "", 1, "Without “twice” the confidence in bug falls by 24 points."),
        (POINTS, "", 2, "Without “but” the confidence in bug rises by 30 points."),
        (POINTS, "", 0, "Without “charged” the confidence in bug falls by 1 point."),
        (POINTS, "praise", 1, "Without “twice” the lead of bug over praise falls by 24 points."),
        (POINTS, "", 3, "“fine” is past the model's limit; it was not read."),
        (SCORE, "", 1, "“twice” carries 24 % of the score."),
        (SCORE, "", 2, "“but” carries 30 % of the score, against bug."),
        (SCORE, "praise", 2, "“but” carries 30 % of the score, for praise and against bug."),
        (FACTOR, "", 1, "“twice” multiplies the confidence in bug by 1.27."),
        ("% of the attention", "", 1, "“twice” has 24 % of the attention."),
    ],
)
def test_a_word_says_what_it_does(unit, against, place, said):
    assert sentence(asked(unit, against), place) == said


def test_a_word_that_changes_nothing_says_so():
    same = asked(spans=(Span(0, 7, -0.001),))
    assert sentence(same, 0) == "Without “charged” the confidence in bug stays the same."
