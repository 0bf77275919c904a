import time

import numpy as np

from core.evaluation.copies import copied, words_of


def sentences(count, length=12):
    random = np.random.default_rng(0)
    words = ["".join(random.choice(list("abcdefghiklmnoprstuw"), 6)) for _ in range(2000)]
    return [" ".join(random.choice(words, length)) for _ in range(count)]


def test_words_and_signs():
    assert words_of("The App's 3rd_try 很好吃!") == ["the", "app", "s", "3rd", "try", "很", "好", "吃"]


def test_small_edits_are_copies_other_words_are_not():
    texts = [
        "I live in the US but want to get a card",
        "The invoice page crashes whenever I export it to a spreadsheet",
        "i want to get a card but i live in the US.",
        "The invoice page is lovely, and so is the search",
        "THE INVOICE PAGE CRASHES whenever I export it to a spreadsheet!!",
    ]
    assert copied(texts, np.array([0, 0, 1, 1, 1])).tolist() == [2, 4, 0, -1, 1]


def test_copies_on_one_side_or_outside_do_not_count():
    texts = ["The export is far too slow for us"] * 3
    assert copied(texts, np.array([0, 0, 0])).tolist() == [-1, -1, -1]
    assert copied(texts, np.array([0, 1, -1])).tolist() == [1, 0, -1]


def test_texts_without_words_are_no_copies():
    assert copied(["!!!", "!!!", "", ""], np.array([0, 1, 0, 1])).tolist() == [-1] * 4
    assert copied(["one"], np.array([0])).tolist() == [-1]


def test_chinese_copies_are_found():
    texts = [
        "味道很好吃，送餐也很快，下次还会再来",
        "味道很好吃，送餐也很快，下次还会再来！",
        "太慢了，等了两个小时",
    ]
    assert copied(texts, np.array([0, 1, 1])).tolist() == [1, 0, -1]


def test_many_equal_texts_are_all_found():
    """Each of 500 has a copy across, though not every pair can be compared."""
    texts, sides = ["thank you so much"] * 500, np.arange(500) % 2
    found = copied(texts, sides)
    assert (found >= 0).all() and (sides[found] != sides).all()


def test_planted_copies_among_ten_thousand_in_seconds():
    texts = sentences(9_500)
    texts += [f"{texts[row]} please" for row in range(500)]
    sides = np.repeat([0, 1], [9_500, 500])
    start = time.process_time()
    found = copied(texts, sides)
    assert time.process_time() - start < 6
    assert (found[9_500:] == np.arange(500)).mean() > 0.98
    assert (found[500:9_500] >= 0).sum() == 0
