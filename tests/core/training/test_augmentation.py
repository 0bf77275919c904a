import numpy as np
import pytest

from core.training import augmentation
from core.training.augmentation import changed, copies

TEXTS = [f"the app number {number} is very slow" for number in range(40)]


def test_the_share_gets_one_changed_copy_each():
    rows, made = copies(TEXTS, 0.5, seed=3)
    assert len(rows) == len(made) == len(set(rows.tolist())) == 20
    assert all(text != TEXTS[row] for row, text in zip(rows, made, strict=True))


def test_the_same_seed_makes_the_same_copies():
    first, again, other = (copies(TEXTS, 0.5, seed) for seed in (1, 1, 2))
    assert first[1] == again[1] and np.array_equal(first[0], again[0])
    assert first[1] != other[1]


def test_no_share_makes_none():
    rows, made = copies(TEXTS, 0.0, seed=0)
    assert len(rows) == 0 and made == []


@pytest.mark.parametrize("seed", range(12))
def test_each_change_is_light(seed):
    text = "I love the New app"
    words, after = text.lower().split(), changed(text, np.random.default_rng(seed)).lower().split()
    assert set(after) <= set(words) and len(after) >= len(words) - 1


def test_all_three_changes_occur():
    text = "I love the New app"
    found = {changed(text, np.random.default_rng(seed)) for seed in range(40)}
    assert text.lower() in found
    assert any(len(one.split()) == 4 for one in found)
    assert any(sorted(one.split()) == sorted(text.split()) and one != text for one in found)


def test_scripts_without_spaces_change_by_characters():
    rng = np.random.default_rng(0)
    made = {changed("味道很好吃", rng) for _ in range(30)}
    assert any(len(text) == 4 for text in made)
    assert any(sorted(text) == sorted("味道很好吃") and text != "味道很好吃" for text in made)


@pytest.mark.parametrize("text", ["", "👍", "速い"])
def test_a_text_with_nothing_to_change_gets_no_copy(text):
    assert copies([text], 1.0, seed=0)[1] == []


def test_long_texts_lose_a_tenth_of_their_words():
    text = " ".join(str(number) for number in range(100))
    after = augmentation._drop(text.split(), " ", np.random.default_rng(0))
    assert len(after.split()) == 90
