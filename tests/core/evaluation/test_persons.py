import numpy as np
import pytest

from core.evaluation.persons import likeness, persons_of


def test_comments_of_one_person_that_are_all_right_or_all_wrong_tell_as_much_as_one():
    """Ten people of ten comments each."""
    right = np.repeat([1.0, 0.0], 50)
    found = persons_of([f"person {place // 10}" for place in range(100)], right)
    assert found.likeness == 1
    assert found.design_effect(np.ones((100, 1))) == pytest.approx([10])
    some = np.arange(100)[:, None] % 10 < [1, 2, 5]  # one, two and five comments of each
    assert found.design_effect(some) == pytest.approx([1, 2, 5])


def test_who_wrote_more_weighs_more():
    """Of one person 3 comments, of another 1: by comment (3 x 3 + 1 x 1) / 4 of one writer on average."""
    found = persons_of(["a", "a", "a", "b"], np.array([1.0, 1.0, 1.0, 0.0]))
    assert found.design_effect(np.ones((4, 1))) == pytest.approx([2.5])


def test_parts_are_marks_of_which_each_row_has_one():
    random = np.random.default_rng(3)
    found = persons_of([f"person {who}" for who in random.integers(0, 9, 60)], random.random(60))
    parts = random.integers(0, 4, 60)
    marks = parts[:, None] == np.arange(5)  # nothing falls into the last
    assert found.effect_by_part(parts, 5) == pytest.approx(found.design_effect(marks))
    assert found.effect_by_part(parts, 5)[4] == 1


def test_likeness_by_hand():
    """Two people, right on 3 of 4 and on 1 of 4: between 4 x 2 x 0.25^2 / 1 = 0.5, within 1.5 / 6 = 0.25."""
    values, codes = np.array([1, 1, 1, 0, 1, 0, 0, 0.0]), np.repeat([0, 1], 4)
    assert likeness(values, codes) == pytest.approx((0.5 - 0.25) / (0.5 + 3 * 0.25))
    assert likeness(np.tile([1.0, 0.0], 4), codes) == 0, "people who are as different as anybody"


def test_nothing_to_tell_by_counts_as_alike():
    assert likeness(np.ones(6), np.repeat([0, 1, 2], 2)) == 1
    assert likeness(np.array([1.0, 0.0]), np.zeros(2, dtype=int)) == 1
    assert likeness(np.ones(3), np.arange(3)) == 0, "nobody has two rows"


def test_comments_of_nobody_known_stand_for_themselves():
    found = persons_of(["", "a", "", "a", "row 0"], np.zeros(5))
    assert found.codes.tolist() == [0, 1, 2, 1, 3]


def test_chance_alone_makes_nobody_alike():
    random = np.random.default_rng(0)
    found = [likeness((random.random(900) < 0.8).astype(float), np.arange(900) // 3) for _ in range(50)]
    assert np.mean(found) < 0.03
