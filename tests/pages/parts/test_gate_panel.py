"""How the gate says what was reached and what was missed."""

from dataclasses import replace

import pytest

from core.domain import GateRule, LabelScore, Scores
from core.evaluation.gate import check
from pages.parts.gate_panel import lines

GOOD = Scores("m", 0.9, 0.9, 0.9, (LabelScore("a", 0.9, 0.9, 0.9, 50),), (), 50)


def said(error: float | None, bound: float, scores: Scores = GOOD) -> str:
    results = check(scores, GateRule(0.8, 0.6, bound), error)
    return [line.replace("\\", "") for line in lines(results, scores)][-1]


@pytest.mark.parametrize(
    ("error", "bound", "line"),
    [
        (0.017, 0.05, "✓ reached: Calibration error (confidence off by) **1.7%**, must be at most 5.0%"),
        (0.0504, 0.05, "✗ missed: Calibration error (confidence off by) **5.04%**, must be at most 5.00%"),
        (0.0504, 0.0505, "✓ reached: Calibration error (confidence off by) **5.04%**, must be at most 5.05%"),
        (None, 0.05, "✗ Calibration error (not measured, train again)"),
    ],
)
def test_an_error_of_confidence_is_a_percentage_and_what_nobody_measured_has_no_figure(error, bound, line):
    assert said(error, bound) == line


def test_what_is_left_beyond_chance_stands_beside_the_error_that_it_is_left_of():
    scores = replace(GOOD, calibration_error=0.0768, calibration_chance=0.0749)
    assert said(None, 0.05, scores) == (
        "✓ reached: Calibration error beyond chance **1.7%**, must be at most 5.0% (confidence off by 7.7%; "
        "on 50 comments even a perfectly calibrated model shows 7.5%)"
    )
    assert said(None, 0.05, replace(scores, calibration_error=0.06)) == (
        "✓ reached: Calibration error beyond chance **0.0%**, must be at most 5.0% (confidence off by 6.0%; "
        "on 50 comments even a perfectly calibrated model shows 7.5%)"
    )


@pytest.mark.parametrize(
    ("bound", "line"),
    [(0.905, "**0.900**, must be at least 0.905"), (0.8, "**0.90**, must be at least 0.80")],
)
def test_a_bound_has_as_many_digits_as_it_was_given(bound, line):
    results = check(GOOD, GateRule(bound, 0.6, 0.5), 0.1)
    assert lines(results, GOOD)[0].replace("\\", "").endswith(line)


def test_a_value_has_its_range_and_too_few_comments_are_said_once():
    scores = replace(
        GOOD,
        ranges={"macro_f1": (0.84, 0.95)},
        per_label=(*GOOD.per_label, LabelScore("b", 1.0, 1.0, 1.0, 3), LabelScore("c", 0.0, 0.0, 0.0, 0)),
    )
    said = [
        line.replace("\\", "") for line in lines(check(scores, GateRule(0.8, 0.6, 0.05), 0.01, 0.2), scores)
    ]
    assert said[0] == "✓ reached: Macro F1 **0.90** (likely 0.84 to 0.95), must be at least 0.80"
    thin, unknown = (line for line in said if line.startswith("✗"))
    assert thin.endswith("to judge b (3): label 35 more, or train with another way to judge")
    assert unknown.endswith(
        "c has no held-out comments. Label more comments with them, or train with another way to judge"
    )
