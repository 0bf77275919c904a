import numpy as np
import pytest

from core.models.without import Without


@pytest.mark.parametrize(
    ("text", "words", "left"),
    [
        ("Thanks, it is SLOW thanks", ["thanks", "slow"], "      , it is            "),
        ("slower than slow", ["slow"], "slower than     "),
        ("[handle] is late", ["[handle]"], "         is late"),
        ("a late flight, late", ["late", "late flight"], "a            ,     "),
        ("我的航班延误了", ["航班"], "我的  延误了"),
        ("nothing  of it", ["slow"], "nothing  of it"),
        (
            "Thank  you, thank, you\nthank\nyou",
            ["thank you"],
            " " * 10 + ", " + " " * 10 + "\n" + " " * 9,
        ),
        ("cafe\u0301 closed", ["caf\u00e9"], "      closed"),
        ("\u0130stanbul late", ["i\u0307stanbul"], "         late"),
        ("it is late ", [" late "], "it is      "),
        ("人々は late", ["人々"], "  は late"),
        ("ｱﾌﾟﾘは late", ["ｱﾌﾟﾘ"], "    は late"),
        ("nothing", ["", " "], "nothing"),
        ("nothing", [], "nothing"),
    ],
)
def test_words_are_blanked_whole_and_all_else_keeps_its_place(text, words, left):
    assert Without(tuple(words)).blanked(text) == left
    assert len(left) == len(text)


def test_an_encoder_that_does_not_read_a_word_says_the_same_with_and_without_it(tiny_encoder):
    blind = tiny_encoder.reading_without(["slow"])
    with_it, without_it, other = blind.embed(["the app is slow", "the app is", "the app is fine"])
    assert np.allclose(with_it, without_it) and not np.allclose(with_it, other)
    assert [token.text for token in blind.tokens("the Slow app") if not token.special] == ["the", "app"]
    assert blind.tokens("the Slow app")[2].start == 9
    assert not np.allclose(tiny_encoder.embed(["the app is slow"])[0], with_it)
