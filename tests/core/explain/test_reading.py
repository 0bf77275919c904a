import numpy as np
import pytest

from core.domain import Span, Token
from core.explain.reading import read, shares
from core.explain.words import CUT, UNREAD


def marks(reading):
    return [span.mark for span in reading.spans]


def test_words_past_the_limit_are_cut(adding):
    reading = read(adding(max_tokens=4), "one two  three four")
    assert marks(reading) == ["", "", CUT, CUT]
    assert reading.seen == "one two"
    assert [span.start for span in reading.read] == [0, 4]


def test_a_text_that_just_fits_is_not_cut(adding):
    reading = read(adding(max_tokens=4), "one two ")
    assert marks(reading) == ["", ""]
    assert reading.seen == "one two "


def test_unknown_words_are_unread(adding):
    assert marks(read(adding(unknown=("☃",)), "a ☃ b")) == ["", UNREAD, ""]


def test_words_without_any_token_are_unread(adding):
    model = adding()
    model.tokens = lambda text: (Token("a", 0, 1, False),)
    assert marks(read(model, "a \u200b b")) == ["", UNREAD, UNREAD]


def test_a_word_cut_in_the_middle_is_read_as_far_as_it_goes(adding):
    model = adding(max_tokens=3)
    model.tokens = lambda text: (
        Token("[CLS]", 0, 0, True),
        Token("ab", 0, 2, False),
        Token("[SEP]", 0, 0, True),
    )
    reading = read(model, "abcd")
    assert reading.spans == (Span(0, 4, 0.0),)
    assert reading.seen == "ab"


@pytest.mark.parametrize("text", ["", "  \n"])
def test_nothing_to_read(adding, text):
    reading = read(adding(), text)
    assert reading.spans == ()
    assert reading.seen == text


def test_pieces_of_a_word_and_tokens_over_two_words():
    words = [(0, 3), (3, 5), (6, 7)]
    tokens = [
        Token("[CLS]", 0, 0, True),
        Token("ab", 0, 2, False),
        Token("c", 2, 3, False),
        Token("de", 2, 5, False),  # a third in the first word
        Token(" f", 5, 7, False),  # with the space before it
    ]
    expected = [[0, 1, 1, 1 / 3, 0], [0, 0, 0, 2 / 3, 0], [0, 0, 0, 0, 1]]
    assert shares(words, tokens) == pytest.approx(np.array(expected))


def test_several_tokens_with_one_span():
    tokens = [Token("ᄒ", 0, 1, False), Token("##ᅡ", 0, 1, False)]
    assert shares([(0, 1)], tokens).tolist() == [[1.0, 1.0]]
