import numpy as np
import pytest

from core.domain import TEST, TRAIN, VALIDATION
from core.errors import CannotTrain
from core.training.split import split


def rows(label, count):
    return [label] * count, [f"{label}-{number}" for number in range(count)]


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
    sides = {}
    for group, part in zip(groups, found.parts, strict=True):
        sides.setdefault(group, set()).add(part)
    assert all(len(parts) == 1 for parts in sides.values())


def test_the_split_does_not_depend_on_the_order_of_the_rows():
    labels, groups = rows("bug", 30)
    more, names = rows("wish", 30)
    labels, groups = labels + more, groups + names
    order = np.random.default_rng(1).permutation(60)
    straight = dict(zip(groups, split(labels, groups).parts, strict=True))
    shuffled = split([labels[i] for i in order], [groups[i] for i in order]).parts
    assert straight == dict(zip([groups[i] for i in order], shuffled, strict=True))


def test_small_labels_are_left_out_and_named():
    labels, groups = rows("bug", 20)
    more, names = rows("wish", 20)
    found = split(labels + more + ["rare"] * 3, groups + names + ["a", "b", "c"])
    assert found.left_out == (("rare", 3),)
    assert (found.parts[-3:] == "").all()


def test_four_rows_a_label_are_enough():
    labels, groups = rows("bug", 4)
    more, names = rows("wish", 4)
    parts = split(labels + more, groups + names).parts
    assert sorted(parts.tolist()) == sorted([TEST, VALIDATION, TRAIN, TRAIN] * 2)


@pytest.mark.parametrize("count", [0, 1, 50])
def test_one_label_cannot_be_learned(count):
    labels, groups = rows("bug", count)
    with pytest.raises(CannotTrain, match="two labels"):
        split(labels, groups)
