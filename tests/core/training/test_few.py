from dataclasses import replace

import pytest

from core.domain import LabelScore, Scores
from core.training.few import exact_range
from core.training.few import knows as all_known


def knows(counts, judged, *rows, right=0.8, likely=(0.7, 0.9)):
    """As it says of a model that finds half of the comments of each label."""
    return all_known(counts, judged, *rows, scores_of(judged, right, likely))


def scores_of(judged, right, likely):
    def label(name, rows):
        found = max(1, round(rows / 2)) if rows else 0
        share = found / max(1, rows)
        return LabelScore(
            name, share, share, share, rows, recall_range=exact_range(found, rows) if rows else None
        )

    per_label = tuple(label(*item) for item in judged.items())
    return Scores("x", right, right, right, per_label, (), 1, ranges={"accuracy": likely})


def test_the_exact_range_worked_out_by_hand():
    # one of one found: the share p at which p^1 = 5 %
    assert exact_range(1, 1) == (pytest.approx(0.05), 1.0)
    assert exact_range(0, 2) == (0.0, pytest.approx(1 - 0.05**0.5))


def test_a_small_label_is_named_with_its_range():
    said = knows({"bug": 30, "wish": 500, "x": 4}, {"bug": 6, "wish": 100, "x": 1}, 107, 534)
    assert "Label 'x' has 4 comments, 1 of them held out" in said[1]
    assert "anywhere between 5% and 100%" in said[1]
    assert "Label 'bug'" in said[2] and not any("'wish'" in line for line in said)


def test_many_comments_need_one_sentence():
    assert len(knows({"a": 1000, "b": 2000}, {"a": 200, "b": 400}, 600, 3000)) == 1


def test_of_many_thin_labels_three_are_named():
    labels = [str(number) for number in range(77)]
    said = knows(dict.fromkeys(labels, 8), dict.fromkeys(labels, 2), 154, 616)
    assert sum(line.startswith("Label '") for line in said) == 3
    assert "Of 77 labels, 77 are so thin." in said


@pytest.mark.parametrize(("counts", "held_out"), [({}, 0), ({"a": 5}, 0)])
def test_nothing_held_out_is_said(counts, held_out):
    assert "nothing says how good" in knows(counts, {}, held_out, sum(counts.values()))[0]


def test_the_number_of_comments_that_is_asked_for_is_enough():
    said = knows({"a": 20, "b": 980}, {"a": 4, "b": 196}, 200, 1000)
    (line,) = [line for line in said if line.startswith("Label 'a'")]
    more = int(line.split("About ")[1].split(" ")[0])
    assert wide(4 + (more - 5) / 5) > 0.30 >= wide(4 + more / 5), "a fifth of the new ones is held out"


def wide(rows):
    low, high = exact_range(round(rows / 2), round(rows))
    return high - low


def test_of_several_labels_a_comment_the_real_held_out_comments_count():
    """1,000 comments carry 2,000 labels; a fifth of the comments, not of the labels, is held out."""
    said = knows({"a": 1000, "b": 900, "c": 100}, {"a": 200, "b": 180, "c": 22}, 200, 1000)
    (line,) = [line for line in said if line.startswith("Label")]
    assert "Label 'c' has 100 comments, 22 of them held out: with 11 of 22 found" in line
    more = int(line.split("About ")[1].split(" ")[0])
    assert wide(22 + (more - 5) / 5) > 0.30 >= wide(22 + more / 5)


def test_a_label_of_which_nothing_is_held_out_is_said_so():
    said = knows({"a": 100, "old": 50}, {"a": 30, "old": 0}, 30, 150)
    assert any("Label 'old' has 50 comments, none of them held out" in line for line in said)


def test_another_dataset_that_judges_is_named_and_needs_more_comments_itself():
    said = knows({"a": 500, "b": 60, "c": 40}, {"a": 150, "b": 5, "c": 0}, 155, 0)
    assert said[0].startswith("The test dataset judges it, with 155 comments: the model gets 124")
    assert "Label 'c' has no comment in the test dataset" in said[1]
    assert "Label 'b' has 5 comments in the test dataset: with 2 of 5 found" in said[2]
    more = int(said[2].split("About ")[1].split(" ")[0])
    assert wide(5 + more - 1) > 0.30 >= wide(5 + more) and "there would narrow" in said[2]
    assert not any("held out" in line for line in said)


def test_the_first_sentence_is_about_this_model():
    """363 of 400 right, with the range that stands beside it."""
    (line,) = knows(
        {"a": 1000, "b": 1000}, {"a": 200, "b": 200}, 400, 2000, right=0.907, likely=(0.881, 0.929)
    )
    assert line == (
        "400 comments held out: the model gets 363 of them right, so it is likely right on 88% to 93% of all "
        "comments with the labels it knows."
    )


def test_a_thin_label_is_told_with_what_the_model_found_of_it():
    """14 of 19 found, with the range that stands beside it; half of them would be 10."""
    judged = {"a": 180, "b": 19}
    scores = scores_of(judged, 0.8, (0.7, 0.9))
    thin = replace(scores.per_label[1], recall=14 / 19, recall_range=(0.549, 0.866))
    said = all_known(
        {"a": 900, "b": 99}, judged, 199, 999, replace(scores, per_label=(scores.per_label[0], thin))
    )
    assert "with 14 of 19 found, its recall could be anywhere between 55% and 87%." in said[1]
