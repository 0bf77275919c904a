import numpy as np
import pytest

from core.insights.rows import count_rows
from core.insights.words import marginal_relevance, phrases, quotes, relevance, theme_words, word_count

LABELS = ("billing", "login")


def rows_of(probabilities, given, settings, accounts=None):
    return count_rows(
        LABELS,
        np.arange(len(given)) + 1,
        given=np.array(given),
        probabilities=np.array(probabilities, dtype=float),
        prior=np.array([0.5, 0.5]),
        balanced_accuracy=0.9,
        accounts=accounts,
        settings=settings,
    )


def sure(p):
    return [p, 1 - p]


TEXTS = [
    "I was charged twice for the same month of service",
    "I was charged twice for the same month of service!!",
    "The invoice shows the wrong company address again",
    "Please refund the fee for my cancelled plan",
    "bad",
    "I cannot sign in since the last update of the app",
]


def test_quotes_are_verbatim_probable_and_varied(settings):
    rows = rows_of([sure(0.95), sure(0.94), sure(0.8), sure(0.59), sure(0.9), sure(0.1)], [-1] * 6, settings)
    found = quotes(TEXTS, None, rows, [f"context {i}" for i in range(6)], settings)
    billing = [quote for quote in found if quote.theme == "billing"]
    assert billing[0].id == 1
    assert billing[1].id == 3  # the near copy 2 is more probable, but says nothing new
    assert 4 not in [quote.id for quote in billing]  # below .6
    assert [quote.id for quote in found if quote.theme == "login"] == [6]
    assert all(quote.text == TEXTS[quote.id - 1] for quote in found)
    assert all(quote.context == f"context {quote.id - 1}" for quote in found)


def test_a_label_counts_as_certain(settings):
    rows = rows_of(
        [sure(0.9), sure(0.7), sure(0.7), sure(0.2), sure(0.2), sure(0.5)], [-1] * 3 + [0, 1, -1], settings
    )
    found = quotes(TEXTS, None, rows, [""] * 6, settings)
    assert found[0].id == 4  # labelled billing by a person against the model
    assert found[0].probability == 1
    assert {quote.id for quote in found if quote.theme == "login"} == {5}


def test_one_quote_an_account_and_five_a_theme(settings):
    texts = [f"Comment {i} about {word} and the many bills I get" for i, word in enumerate("abcdefghij")]
    rows = rows_of([sure(0.9)] * 10, [-1] * 10, settings, np.array([0, 0, 0, 0, 1, 2, 3, 4, 5, 6]))
    found = quotes(texts, None, rows, [""] * 10, settings)
    assert len(found) == 5
    assert sum(quote.id <= 4 for quote in found) <= 1
    rows = rows_of([sure(0.9)] * 10, [-1] * 10, settings, np.array([0] * 10))
    assert len(quotes(texts, None, rows, [""] * 10, settings)) == 1


def test_embeddings_decide_what_is_near(settings):
    texts = [
        "one two three four five six",
        "seven eight nine ten eleven twelve",
        "red green blue black white pink",
    ]
    rows = rows_of([sure(0.9), sure(0.89), sure(0.8)], [-1] * 3, settings)
    near = np.array([[1.0, 0.0], [1.0, 0.01], [0.0, 1.0]])
    assert [quote.id for quote in quotes(texts, near, rows, [""] * 3, settings)] == [1, 3, 2]
    assert [quote.id for quote in quotes(texts, None, rows, [""] * 3, settings)] == [1, 2, 3]


def test_length_of_a_good_quote(settings):
    assert relevance("five words are too few", 0.9, settings) == pytest.approx(0.6)
    assert relevance("six words are just good enough", 0.9, settings) == 0.9
    assert relevance("word " * 41, 0.9, settings) == pytest.approx(0.6)
    assert word_count("很快，好吃，味道足") == pytest.approx(
        3.5 + 2
    )  # 7 characters and 2 commas between blanks


def test_marginal_relevance_by_hand():
    """After the first: .7 x .8 - .3 x .9 = .29 against .7 x .7 - 0 = .49."""
    near = np.array([[1, 0.9, 0], [0.9, 1, 0], [0, 0, 1.0]])
    assert marginal_relevance(np.array([0.9, 0.8, 0.7]), near, 2, 0.7) == [0, 2]
    assert marginal_relevance(np.array([0.9, 0.8, 0.7]), near, 9, 0.7) == [0, 2, 1]


def test_phrases_of_both_scripts():
    found = phrases("@you The card was declined! see http://x.y/z 味道足", 3)
    assert found == ["card", "declined", "card was declined", "味道", "道足"]


def test_words_tell_themes_apart():
    texts = [
        "the card was declined",
        "my card is declined",
        "declined card",
        "login fails",
        "the login fails",
        "app login",
    ]
    found = theme_words([*texts, "the app"], np.array([0, 0, 0, 1, 1, 1, -1]), 3)
    assert set(found[0][:2]) == {"card", "declined"}
    assert found[1][0] == "login"
    assert found[2] == ()  # a theme without rows


def test_chinese_words_are_pairs():
    found = theme_words(["送餐很快", "送餐慢", "味道好", "味道不好"], np.array([0, 0, 1, 1]), 2)
    assert (found[0][0], found[1][0]) == ("送餐", "味道")
