import pytest

from core.domain import Attribution, Span
from core.errors import AppError
from core.explain.agreement import agree
from core.explain.words import CUT

TEXT = "a b c d e"


def attribution(*weights, text=TEXT):
    spans = tuple(Span(2 * place, 2 * place + 1, weight) for place, weight in enumerate(weights))
    return Attribution(text, spans, "bug", "", "", 0.5)


def test_the_same_words_in_the_same_order():
    found = agree(attribution(5, 4, 3, 2, 1), attribution(10, 8, 6, 4, 2))
    assert (found.shared, found.top, found.order) == (3, 3, pytest.approx(1.0))
    assert found.words == (
        "Both methods name the same 3 words first, and the order of all words is much alike (1.00). "
        "That they agree is no proof that they are right."
    )


def test_other_words_are_a_caution():
    found = agree(attribution(9, 8, 1, 2, 3), attribution(1, 2, 9, 8, 3))
    assert found.shared == 1  # the fifth
    assert found.order == pytest.approx(-1.0)
    assert "1 of the same 3 words" in found.words and "with care" in found.words


def test_what_speaks_against_is_named_too():
    assert agree(attribution(-9, 8, 7, 0, 0), attribution(9, 8, 7, 0, 0)).shared == 3


def test_groups_are_compared_with_the_words_in_them():
    grouped = Attribution(TEXT, (Span(0, 3, 0.9), Span(4, 7, 0.1), Span(8, 9, 0.2)), "bug", "", "", 0.5)
    found = agree(attribution(0.5, 0.5, 0.0, 0.1, 0.3), grouped)
    assert (found.shared, found.order) == (3, pytest.approx(1.0))


def test_short_texts_and_equal_weights():
    one = agree(attribution(1, text="a"), attribution(2, text="a"))
    assert (one.shared, one.top, one.order) == (1, 1, None)
    none = agree(attribution(text=""), attribution(text=""))
    assert (none.top, none.words) == (0, "There are no words to compare.")
    assert agree(attribution(1, 1, 1, 1, 1), attribution(1, 2, 3, 4, 5)).order is None


def test_different_texts():
    with pytest.raises(AppError, match="one comment"):
        agree(attribution(1, text="a"), attribution(1, text="b"))


def test_what_neither_read_is_not_compared():
    cut = [Span(2 * place, 2 * place + 1, 0.0, CUT) for place in range(3, 5)]
    one, other = (attribution(*weights).spans for weights in ((3, 2, 1), (1, 2, 3)))
    found = agree(*(Attribution(TEXT, (*spans, *cut), "bug", "", "", 0.5) for spans in (one, other)))
    assert (found.shared, found.top, found.order) == (3, 3, pytest.approx(-1.0))
