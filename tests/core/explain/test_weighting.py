import numpy as np
import pytest

from core.domain import Attribution, Span, Token
from core.errors import AppError, NotFound
from core.explain.reading import read
from core.explain.weighting import on_words, pair, spread
from core.explain.words import CUT


def test_labels_must_be_known_and_different(adding):
    assert pair(adding(), "praise", None) == (1, None)
    assert pair(adding(), "praise", "bug") == (1, 0)
    with pytest.raises(NotFound, match="'fun'"):
        pair(adding(), "bug", "fun")
    with pytest.raises(AppError, match="another label"):
        pair(adding(), "bug", "bug")


def test_a_word_has_the_sum_of_its_tokens_and_what_is_cut_has_none(adding):
    model = adding(max_tokens=4)
    pieces = [Token("ab", 0, 2, False), Token("##c", 2, 3, False), Token("de", 4, 6, False)]
    found = on_words(read(model, "abc de fg"), pieces, np.array([0.25, 0.5, -1.0]))
    assert [span.weight for span in found] == [0.75, -1.0, 0.0]
    assert found[2].mark == CUT


def test_a_token_over_two_characters_is_shared():
    class Model:
        max_tokens = 9

        def tokens(self, text):
            return (Token("配送", 0, 2, False),)

        def unknown_tokens(self, text):
            return []

    found = on_words(read(Model(), "配送"), Model().tokens(""), np.array([1.0]))
    assert [span.weight for span in found] == [0.5, 0.5]


def test_groups_are_dealt_out_to_their_words():
    words = [Span(0, 1, 0.0), Span(2, 3, 0.0), Span(4, 5, 0.0)]
    grouped = Attribution("a b c", (Span(0, 3, 0.6), Span(4, 5, -0.2)), "bug", "", "", 0.5)
    assert spread(grouped, words).tolist() == [0.3, 0.3, -0.2]
