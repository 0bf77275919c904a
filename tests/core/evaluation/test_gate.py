from dataclasses import replace

import numpy as np
import pytest

from core.domain import GateRule, LabelScore, Scores
from core.evaluation.gate import check, passed
from core.evaluation.scores import score

RULE = GateRule(macro_f1=0.8, recall=0.75, calibration_error=0.2)
BEYOND = "Calibration error beyond chance"


def test_each_bound_is_checked_and_equal_is_enough(sure_of):
    scores = score("x", sure_of([0] * 12 + [1] * 12, [0] * 9 + [1] * 15))
    macro, a, b, error = check(scores, RULE)
    assert (macro.name, macro.passed, macro.at_least) == ("Macro F1", True, True)
    assert (a.name, a.value, a.bound, a.passed) == ("Recall of a", 0.75, 0.75, True)
    assert b.passed and (error.name, error.at_least, error.passed) == (BEYOND, False, True)
    assert passed(check(scores, RULE))
    assert macro.range == scores.ranges["macro_f1"] and a.range == scores.per_label[0].recall_range
    assert error.range[0] <= error.value <= error.range[1]
    assert not passed(check(scores, replace(RULE, recall=0.76)))
    assert not passed(check(replace(scores, calibration_chance=0.0), replace(RULE, calibration_error=0.02)))
    assert not passed(check(scores, replace(RULE, macro_f1=0.99)))


def test_a_label_that_no_held_out_row_judges_does_not_pass(sure_of):
    sure = score("x", sure_of([0, 1] * 10, [0, 1] * 10, labels="abc", size=3))
    easy = GateRule(macro_f1=0.1, recall=0.1, calibration_error=1.0)
    found = check(sure, easy)
    assert [result.name for result in found] == [
        "Macro F1",
        "Recall of a",
        "Recall of b",
        "Not judged: c has no held-out comments",
        BEYOND,
    ]
    assert [result.passed for result in found] == [True, True, True, False, True] and not passed(found)
    assert (found[3].value, found[3].bound, found[3].at_least) == (1.0, 0.0, False)
    assert passed(check(sure, replace(easy, recall=0.0))), "no recall is asked for, so none has to be known"


def test_a_perfect_score_on_a_few_rows_is_no_pass(sure_of):
    """Two labels with one held-out row each, both right."""
    scores = score("x", sure_of([0, 1], [0, 1]))
    assert scores.macro_f1 == 1
    easy = GateRule(macro_f1=0.1, recall=0.1, calibration_error=1.0)
    macro, few, _ = found = check(scores, easy, held_share=0.2)
    assert not passed(found) and macro.passed
    assert few.name == (
        "Not judged: too few held-out comments to judge a (1), b (1): label 45 more of each"
    ), "a fifth of 45 is held out"
    assert (few.value, few.bound, few.passed) == (2.0, 0.0, False)
    assert passed(check(scores, replace(easy, recall=0.0))), "no recall is asked for"


@pytest.mark.parametrize(("rows", "judged"), [(9, False), (10, True)])
def test_ten_rows_judge_a_label(sure_of, rows, judged):
    names = [
        result.name
        for result in check(score("x", sure_of([0] * rows + [1] * 10, [0] * rows + [1] * 10)), RULE)
    ]
    assert ("Recall of a" in names) == judged
    assert ("Not judged: too few held-out comments to judge a (9): label 1 more" in names) != judged


def test_many_labels_without_held_out_rows_are_counted(sure_of):
    labels = ["a", "b" * 200, *"cdefgh"]
    found = check(score("x", sure_of([0] * 10, [0] * 10, labels=labels, size=8)), RULE)[2]
    assert found.name == f"Not judged: {'b' * 60}, c, d, e, f and 2 more have no held-out comments"
    assert found.value == 7.0


def test_an_unknown_calibration_error_does_not_pass(sure_of):
    old = replace(score("x", sure_of([0, 1] * 5, [0, 1] * 5)), calibration_error=None)
    assert not check(old, RULE)[-1].passed and "not measured" in check(old, RULE)[-1].name
    assert check(old, RULE, calibration_error=0.1)[-1].passed


def test_what_chance_alone_shows_on_so_few_rows_is_not_held_against_a_model(sure_of):
    rule = replace(RULE, calibration_error=0.05)
    sure = score("x", sure_of([0, 1] * 5, [0, 1] * 5))
    scores = replace(sure, calibration_error=0.077, calibration_chance=0.075)
    left = check(scores, rule)[-1]
    assert (left.name, left.bound, left.passed) == (BEYOND, 0.05, True)
    assert left.value == pytest.approx((0.077**2 - 0.075**2) ** 0.5)
    assert check(replace(scores, calibration_error=0.06), rule)[-1].value == 0
    assert not check(replace(scores, calibration_error=0.1), rule)[-1].passed
    plain = check(replace(scores, calibration_chance=None), rule)[-1]
    assert (plain.name, plain.value, plain.passed) == ("Calibration error", 0.077, False)


def test_a_few_rows_do_not_judge_the_confidence(sure_of):
    few = score("x", sure_of([0, 1] * 4, [0, 1] * 4))
    name = "Not judged: too few held-out comments (8) to judge its confidence: label more comments"
    assert (check(few, RULE)[-1].name, check(few, RULE)[-1].passed) == (name, False)
    assert check(few, replace(RULE, calibration_error=1.0))[-1].passed, "nothing is asked of it"


@pytest.mark.parametrize("rows", [60, 150])
def test_most_models_of_exact_probabilities_pass(held_of, rows):
    """Whatever the rows; the plain error of the same rows is over the bound."""
    right = 0
    for seed in range(40):
        random = np.random.default_rng(seed)
        chances = random.uniform(0.5, 1, rows)
        truth = (random.random(rows) > chances).astype(int)
        scores = score("x", held_of(truth, np.column_stack([chances, 1 - chances])), draws=2)
        right += check(scores, GateRule())[-1].passed
    assert right / 40 >= 0.6


def test_where_to_label_is_said_of_a_test_dataset():
    thin = Scores("m", 0.9, 0.9, 0.9, (LabelScore("a", 1.0, 1.0, 1.0, 4),), (), 4)
    said = [result.name for result in check(thin, GateRule(), where=" in the test dataset")]
    assert any(name.endswith("to judge a (4): label 6 more in the test dataset") for name in said)
