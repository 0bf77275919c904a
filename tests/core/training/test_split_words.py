import pytest

from core.training import split_words


@pytest.mark.parametrize(
    "way, folds, repeats, outside, undated, again, said",
    [
        (
            "stratified",
            0,
            0,
            False,
            3,
            0,
            "A fifth of the comments was held out at random, with equal shares",
        ),
        ("grouped", 0, 0, False, 0, 0, "nobody stands on both sides"),
        ("time", 0, 0, False, 0, 0, "learned from the past alone."),
        ("time", 0, 0, False, 1, 0, "learned from the past and from 1 comment without a date."),
        ("time", 0, 0, False, 1200, 0, "from 1,200 comments without a date."),
        (
            "time",
            0,
            0,
            False,
            0,
            1,
            "from the past and from 1 later repeat of earlier words.",
        ),
        (
            "time",
            0,
            0,
            False,
            2,
            3,
            "from the past, from 3 later repeats of earlier words and from 2 comments",
        ),
        ("kfold", 5, 1, False, 0, 0, "In 5 folds: each labelled comment was held out once, with"),
        (
            "kfold",
            5,
            3,
            False,
            0,
            0,
            "In 5 folds, 3 times over: each labelled comment was held out once each time",
        ),
        ("time", 0, 0, True, 9, 9, "Judged on another dataset"),
    ],
)
def test_the_split_in_a_sentence(way, folds, repeats, outside, undated, again, said):
    assert said in split_words.sentence(way, folds, repeats, outside, undated, again)


def test_five_labels_are_named_and_long_names_cut():
    left_out = [(f"{letter}" * 60, 3) for letter in "abcdefg"]
    listed = split_words.listed(left_out)
    assert listed.count("(3)") == 5 and listed.endswith(" and 2 more")
    assert "a" * 40 in listed and "a" * 41 not in listed
    (missing,) = split_words.missing([label for label, _ in left_out])
    assert missing.count("'") == 10 and "and 2 more: no held-out comment judges them." in missing


def test_labels_that_are_not_learned_are_wrong_in_no_figure():
    (many,) = split_words.rare([("odd", 1)] * 500, 4, 500, 800)
    assert many.endswith(
        "500 comments, 62% of the labelled ones, carry no label that is learned: they are not judged, and "
        "the model would be wrong on each of them."
    )
    (few,) = split_words.rare([("odd", 3)], 4, 3, 301)
    assert "3 comments carry no label" in few and "%" not in few
    assert "3 comments, 1% of the labelled ones, carry" in split_words.rare([("odd", 3)], 4, 3, 300)[0]
    assert (
        "it is not judged, and the model would be wrong on it."
        in split_words.rare([("odd", 1)], 4, 1, 900)[0]
    )
    assert "never gives these labels" in split_words.rare([("odd", 1)], 4, 0, 900)[0]
    (late,) = split_words.later([("new", 10)], 10, 40)
    assert "10 comments, 25% of" in late and late.endswith("Choose another split to learn them.")


def test_nothing_to_say_is_no_sentence():
    assert split_words.rare((), 4, 0, 9) == split_words.later((), 0, 9) == split_words.missing([]) == ()
    assert split_words.blank([["a"], []], [("a",), ()]) == ()
    assert split_words.blank([["a"], [" "]], [("a",), ()]) == (
        "1 comment has an empty label and is left out.",
    )
