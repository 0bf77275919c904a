"""Is a model good enough for its label set?"""

from collections.abc import Iterable

from core.domain import GateResult, GateRule, Scores


def check(scores: Scores, rule: GateRule, calibration_error: float | None = None) -> tuple[GateResult, ...]:
    """Macro F1, the recall of every label with held-out rows, and the calibration error.

    `calibration_error` stands in for models scored before it was kept with the scores; where it is not
    known at all, it counts as the worst there is.
    """
    results = [_at_least("Macro F1", scores.macro_f1, rule.macro_f1)]
    results += [
        _at_least(f"Recall of {score.label}", score.recall, rule.recall)
        for score in scores.per_label
        if score.support
    ]
    error = scores.calibration_error if scores.calibration_error is not None else calibration_error
    name = "Calibration error" if error is not None else "Calibration error (not measured, train again)"
    value = 1.0 if error is None else error
    passed = error is not None and value <= rule.calibration_error
    return (*results, GateResult(name, value, rule.calibration_error, at_least=False, passed=passed))


def _at_least(name: str, value: float, bound: float) -> GateResult:
    return GateResult(name, value, bound, at_least=True, passed=value >= bound)


def passed(results: Iterable[GateResult]) -> bool:
    return all(result.passed for result in results)
