from dataclasses import replace

from core.domain import GateRule
from core.evaluation.gate import check, passed
from core.evaluation.scores import score

RULE = GateRule(macro_f1=0.8, recall=0.75, calibration_error=0.2)


def test_each_bound_is_checked_and_equal_is_enough(sure_of):
    scores = score("x", sure_of([0] * 4 + [1] * 4, [0, 0, 0, 1, 1, 1, 1, 1]))
    macro, a, b, error = check(scores, RULE)
    assert (macro.name, macro.passed, macro.at_least) == ("Macro F1", True, True)
    assert (a.name, a.value, a.bound, a.passed) == ("Recall of a", 0.75, 0.75, True)
    assert b.passed and (error.name, error.at_least, error.passed) == ("Calibration error", False, True)
    assert passed(check(scores, RULE))
    assert not passed(check(scores, replace(RULE, recall=0.76)))
    assert not passed(check(scores, replace(RULE, calibration_error=0.02)))
    assert not passed(check(scores, replace(RULE, macro_f1=0.99)))


def test_labels_without_held_out_rows_have_no_recall_to_check(sure_of):
    names = [result.name for result in check(score("x", sure_of([0, 1], [0, 1], size=3)), RULE)]
    assert names == ["Macro F1", "Recall of a", "Recall of b", "Calibration error"]


def test_an_unknown_calibration_error_does_not_pass(sure_of):
    old = replace(score("x", sure_of([0, 1], [0, 1])), calibration_error=None)
    assert not check(old, RULE)[-1].passed and "not measured" in check(old, RULE)[-1].name
    assert check(old, RULE, calibration_error=0.1)[-1].passed
