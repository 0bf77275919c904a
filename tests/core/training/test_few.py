import pytest

from core.training.few import exact_range, knows


def test_the_exact_range_worked_out_by_hand():
    # one of one found: the share p at which p^1 = 5 %
    assert exact_range(1, 1) == (pytest.approx(0.05), 1.0)
    assert exact_range(0, 2) == (0.0, pytest.approx(1 - 0.05**0.5))


def test_a_small_label_is_named_with_its_range():
    said = knows({"bug": 30, "wish": 500, "x": 4}, 107)
    assert "Label 'x' has 4 comments, about 1 of them held out" in said[1]
    assert "anywhere between 5% and 100%" in said[1]
    assert "Label 'bug'" in said[2] and not any("'wish'" in line for line in said)


def test_many_comments_need_one_sentence():
    assert len(knows({"a": 1000, "b": 2000}, 600)) == 1


def test_of_many_thin_labels_three_are_named():
    said = knows({str(number): 8 for number in range(77)}, 120)
    assert sum(line.startswith("Label '") for line in said) == 3
    assert "Of 77 labels, 77 are so thin." in said


@pytest.mark.parametrize(("counts", "held_out"), [({}, 0), ({"a": 5}, 0)])
def test_nothing_held_out_is_said(counts, held_out):
    assert "nothing says how good" in knows(counts, held_out)[0]


def test_the_number_of_comments_that_is_asked_for_is_enough():
    (line,) = [line for line in knows({"a": 20, "b": 980}, 200) if line.startswith("Label 'a'")]
    more = int(line.split("About ")[1].split(" ")[0])
    judged = round((20 + more) * 0.2)
    low, high = exact_range(round(judged / 2), judged)
    assert high - low <= 0.30
