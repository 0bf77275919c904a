import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain import TEST, TRAIN, VALIDATION
from core.errors import CannotTrain
from core.training.split import fold_parts, make_split, parse_split


def make(labels, groups, how="stratified", people=None, dates=None, **more):
    names = [(label,) if isinstance(label, str) else label for label in labels]
    people = people or [""] * len(groups)
    dates = np.full(len(groups), "NaT", "datetime64[D]") if dates is None else dates
    return make_split(how, names, groups, people, dates, **more)


def split(labels, groups, seed=0):
    return make(labels, groups, seed=seed)


def rows(label, count):
    return [label] * count, [f"{label}-{number}" for number in range(count)]


def two(count=40):
    labels, groups = rows("bug", count)
    more, names = rows("wish", count)
    return labels + more, groups + names


def test_stratified_shares():
    labels, groups = rows("bug", 100)
    more, names = rows("wish", 20)
    found = split(labels + more, groups + names)
    parts = found.parts
    assert [(parts[:100] == part).sum() for part in (TRAIN, VALIDATION, TEST)] == [70, 10, 20]
    assert [(parts[100:] == part).sum() for part in (TRAIN, VALIDATION, TEST)] == [14, 2, 4]
    assert found.labels == ("bug", "wish")


def test_the_same_words_never_stand_on_two_sides():
    labels, groups = rows("bug", 40)
    more, names = rows("wish", 40)
    groups = [f"{name}" for name in groups for _ in range(3)] + names
    found = split([label for label in labels for _ in range(3)] + more, groups)
    assert one_side(groups, found.parts)


def one_side(groups, parts):
    sides = {}
    for group, part in zip(groups, parts, strict=True):
        sides.setdefault(group, set()).add(part)
    return all(len(found) == 1 for found in sides.values())


def test_the_split_does_not_depend_on_the_order_of_the_rows():
    labels, groups = two(30)
    order = np.random.default_rng(1).permutation(60)
    straight = dict(zip(groups, split(labels, groups).parts, strict=True))
    shuffled = split([labels[i] for i in order], [groups[i] for i in order]).parts
    assert straight == dict(zip([groups[i] for i in order], shuffled, strict=True))


def test_small_labels_are_left_out_and_named():
    labels, groups = two(20)
    found = split(labels + ["rare"] * 3, groups + ["a", "b", "c"])
    assert found.left_out == (("rare", 3),)
    assert (found.parts[-3:] == "").all()
    assert "'rare' (3)" in found.warnings[0]


@pytest.mark.parametrize("how", ["stratified", "grouped"])
def test_four_rows_a_label_are_enough(how):
    labels, groups = two(4)
    parts = make(labels, groups, how, people=groups).parts
    for some in (parts[:4], parts[4:]):
        assert sorted(some) == sorted([TEST, VALIDATION, TRAIN, TRAIN])


@pytest.mark.parametrize("count", [0, 1, 50])
def test_one_label_cannot_be_learned(count):
    with pytest.raises(CannotTrain, match="two labels"):
        split(*rows("bug", count))


def test_empty_labels_and_too_many_labels_have_a_sentence():
    with pytest.raises(CannotTrain, match="are empty"):
        split([" "] * 8, [str(number) for number in range(8)])
    labels, groups = two(8)
    found = split([*labels, ""], [*groups, "x"])
    assert found.parts[-1] == "" and "1 comment has an empty label" in found.warnings[0]
    many = [f"label {number // 4}" for number in range(20_000)]
    with pytest.raises(CannotTrain, match="5,000 labels; a model learns 500"):
        split(many, [str(number) for number in range(20_000)])


def test_an_outside_test_leaves_nine_tenths_to_learn_from():
    parts = make(*two(40), outside_test=True).parts
    assert [(parts == part).sum() for part in (TRAIN, VALIDATION, TEST)] == [72, 8, 0]


def test_several_labels_keep_their_shares():
    rng = np.random.default_rng(0)
    truth = rng.random((400, 4)) < [0.5, 0.3, 0.1, 0.03]
    names = [tuple(f"l{k}" for k in np.flatnonzero(row)) for row in truth]
    parts = make(names, [str(number) for number in range(400)]).parts
    for column in truth.T:
        for part, share in ((TEST, 0.2), (VALIDATION, 0.1)):
            found = (parts[column] == part).sum()
            assert found >= 1 and abs(found - share * column.sum()) <= 2
    assert (parts[~truth.any(axis=1)] == "").all()


def test_nobody_stands_on_two_sides_of_a_grouped_split():
    labels, groups = two(60)
    people = [f"p{number % 30}" for number in range(120)]
    groups[5] = groups[6]  # the same words join two people
    found = make(labels, groups, "grouped", people)
    assert one_side(people, found.parts) and one_side(groups, found.parts)
    assert found.parts[5] == found.parts[6]
    assert 0.1 <= (found.parts == TEST).mean() <= 0.3 and "person" in found.sentence


def test_a_grouped_split_needs_people_and_not_one_alone():
    labels, groups = two(20)
    with pytest.raises(CannotTrain, match="No labelled comment has an account"):
        make(labels, groups, "grouped")
    with pytest.raises(CannotTrain, match="62%"):
        make(labels, groups, "grouped", ["ann"] * 25 + [f"p{n}" for n in range(15)])


def days(*numbers):
    return np.array([np.datetime64("2024-01-01") + number for number in numbers])


def test_by_time_the_newest_are_the_test():
    labels, groups = ["bug", "wish"] * 20, [str(number) for number in range(40)]
    parts = make(labels, groups, "time", dates=days(*range(40))).parts
    assert (parts == [TRAIN] * 28 + [VALIDATION] * 4 + [TEST] * 8).all()


def test_by_time_repeated_words_stand_where_they_were_first_and_undated_rows_train():
    labels, groups = ["bug", "wish"] * 20, [str(number) for number in range(40)]
    groups[38] = groups[0]
    dates = days(*range(40))
    dates[39] = np.datetime64("NaT")
    parts = make(labels, groups, "time", dates=dates).parts
    assert parts[38] == TRAIN and parts[39] == TRAIN and parts[37] == TEST


def test_comments_of_rare_labels_alone_are_counted_as_not_judged():
    labels, groups = two()
    labels, groups = [*labels, *"abcde"], [*groups, *"abcde"]
    (warning,) = split(labels, groups).warnings
    assert (
        "5 comments, 6% of the labelled ones, carry no label that is learned: they are not judged" in warning
    )
    labels[-1] = ("bug", "e")  # judged on the label that is learned
    assert "4 comments, 5% of" in split(labels, groups).warnings[0]


def test_by_time_labels_that_come_later_are_left_out_with_a_warning():
    labels = ["bug", "wish"] * 18 + ["new"] * 4
    found = make(labels, [str(number) for number in range(40)], "time", dates=days(*range(40)))
    assert found.labels == ("bug", "wish") and found.left_out == (("new", 4),)
    assert (found.parts[-4:] == "").all() and "'new' (4)" in found.warnings[-1]


def test_by_time_it_is_said_how_many_later_repeats_of_earlier_words_are_learned():
    """38 and 39 are newer than some that are held out and repeat words of the first two days."""
    labels, groups, dates = ["bug", "wish"] * 20, [str(number) for number in range(40)], days(*range(40))
    groups[38], groups[39] = groups[0], groups[1]
    found = make(labels, groups, "time", dates=dates)
    assert found.parts[38] == found.parts[39] == TRAIN and found.parts[37] == TEST
    assert "learned from the past and from 2 later repeats of earlier words" in found.sentence
    groups[38], groups[39], groups[10] = "38", "39", groups[0]  # a repeat that is older than all held out
    assert make(labels, groups, "time", dates=dates).sentence.endswith("learned from the past alone.")


def test_by_time_it_is_said_how_many_comments_without_a_date_are_learned_from():
    labels, groups, dates = ["bug", "wish"] * 20, [str(number) for number in range(40)], days(*range(40))
    assert make(labels, groups, "time", dates=dates).sentence.endswith("learned from the past alone.")
    dates[:4], dates[39], groups[39] = np.datetime64("NaT"), np.datetime64("NaT"), groups[38]
    found = make(labels, groups, "time", dates=dates)  # the last repeats words of the newest: held out
    assert found.parts[39] == TEST and "learned from the past and from 4 comments without" in found.sentence
    dates[:3] = days(0, 1, 2)
    assert "from 1 comment without a date" in make(labels, groups, "time", dates=dates).sentence


def test_by_time_a_hundred_thousand_comments_take_a_few_seconds():
    labels, groups = ["bug", "wish"] * 50_000, [str(number) for number in range(100_000)]
    start = time.process_time()
    make(labels, groups, "time", dates=np.datetime64("2024-01-01", "D") + np.arange(100_000))
    assert time.process_time() - start < 8


def test_a_split_that_leaves_nothing_to_judge_on_is_refused_before_anything_is_learned():
    labels = ["bug", "wish"] * 18 + ["new"] * 9
    with pytest.raises(CannotTrain, match="newest comments carry only labels that do not occur before"):
        make(labels, [str(number) for number in range(45)], "time", dates=days(*range(45)))
    labels = [("c",), ("a", "b"), ("b", "c"), ("b", "c"), ("b",), ("a",), ("a",), ("a", "c"), ("a", "b")]
    with pytest.raises(CannotTrain, match="leaves no comment to judge on"):
        make(labels, list("123456789"), "grouped", [f"p{name}" for name in "231113223"])


def test_by_time_needs_dates():
    with pytest.raises(CannotTrain, match="different dates"):
        make(*two(), "time")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("stratified", ("stratified", 0, 0)), ("kfold:5", ("kfold", 5, 1)), ("kfold:5x3", ("kfold", 5, 3))],
)
def test_splits_are_read(text, expected):
    assert parse_split(text) == expected


@pytest.mark.parametrize("text", ["", "kfold", "kfold:1", "kfold:21", "kfold:5x0", "kfold:5x11", "kfold:-5"])
def test_bad_splits_have_a_sentence(text):
    with pytest.raises(CannotTrain, match="kfold:5x3"):
        parse_split(text)


@pytest.mark.parametrize("several", [False, True])
def test_in_folds_every_row_is_held_out_once_a_repeat(several):
    labels, groups = two(30)
    names = [(label, "all") if several and place % 3 == 0 else (label,) for place, label in enumerate(labels)]
    groups[1] = groups[0]
    found = make(names, groups, "kfold:5x2")
    assert len(found.folds) == 2 and not (found.folds[0] == found.folds[1]).all()
    for repeat, folds in enumerate(found.folds):
        assert folds[0] == folds[1] and np.bincount(folds).min() >= 10 and folds.max() == 4
        parts = fold_parts(found, repeat, 2)
        assert ((parts == TEST) == (folds == 2)).all()
        assert 3 <= (parts == VALIDATION).sum() <= 8 and one_side(groups, parts)
    assert set(found.parts) == {TRAIN, VALIDATION}


def test_more_folds_than_comments_have_a_sentence():
    with pytest.raises(CannotTrain, match="too few for 20 folds"):
        make(*two(4), "kfold:20")


WAYS = st.sampled_from(["stratified", "grouped", "time", "kfold:3x2"])


@settings(max_examples=60, deadline=None)
@given(WAYS, st.booleans(), st.integers(16, 80), st.integers(0, 9), st.randoms(use_true_random=False))
def test_parts_hold_for_any_rows(how, several, count, seed, chance):
    texts = [f"t{chance.randrange(count)}" for _ in range(count)] + [f"u{number}" for number in range(16)]
    label_of = {text: ("a",) if chance.random() < 0.5 else ("b",) for text in texts}
    label_of |= {f"u{number}": ("a",) if number % 2 else ("b",) for number in range(16)}
    if several:
        label_of["u0"] = ("a", "b")
    people = [f"p{chance.randrange(20)}" if chance.random() < 0.3 else "" for _ in texts]
    people[-1] = "p1"
    dates = days(*(chance.randrange(300) for _ in texts))
    labels = [label_of[text] for text in texts]

    def parts(order):
        found = make(
            [labels[i] for i in order],
            [texts[i] for i in order],
            how,
            [people[i] for i in order],
            dates[order],
            seed=seed,
        )
        return np.column_stack([found.parts, *found.folds])

    order = np.array(chance.sample(range(len(texts)), len(texts)))
    try:
        straight = parts(np.arange(len(texts)))
    except CannotTrain:
        with pytest.raises(CannotTrain):
            parts(order)
        return
    assert set(straight[:, 0]) <= {TRAIN, VALIDATION, TEST, ""}
    assert TRAIN in straight[:, 0]
    assert one_side(texts, [tuple(row) for row in straight])
    assert how != "grouped" or one_side([p or f"alone {i}" for i, p in enumerate(people)], straight[:, 0])
    assert (parts(order) == straight[order]).all()
