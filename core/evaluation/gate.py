"""Is a model good enough for its label set?"""

from collections.abc import Iterable, Sequence

from core.domain import BEYOND_CHANCE, NOT_JUDGED, NOT_MEASURED, GateResult, GateRule, LabelScore, Scores
from core.evaluation.confidence import beyond

MOST_NAMED = 5


def check(scores: Scores, rule: GateRule, calibration_error: float | None = None) -> tuple[GateResult, ...]:
    """Macro F1, the recall of every label, how many labels no held-out row judges, and the calibration
    error. The third is left out where there is no such label, or no recall is asked for.

    Of the calibration error what is left beyond chance is compared with the bound: on few rows a model
    whose probabilities are exact shows an error, too. Of models scored before chance was kept it is the
    error itself. `calibration_error` stands in for models scored before that was kept with the scores;
    where it is not known at all, it counts as the worst there is.
    """
    results = [_at_least("Macro F1", scores.macro_f1, rule.macro_f1)]
    results += [
        _at_least(f"Recall of {score.label}", score.recall, rule.recall)
        for score in scores.per_label
        if score.support
    ]
    unknown = [score for score in scores.per_label if not score.support]
    if unknown and rule.recall > 0:
        results.append(_not_judged(unknown))
    return (*results, _confidence(scores, rule.calibration_error, calibration_error))


def _confidence(scores: Scores, bound: float, stand_in: float | None) -> GateResult:
    error = scores.calibration_error if scores.calibration_error is not None else stand_in
    if error is None:
        return GateResult(f"Calibration error{NOT_MEASURED}", 1.0, bound, at_least=False, passed=False)
    name, value = "Calibration error", error
    if scores.calibration_chance is not None:
        name, value = BEYOND_CHANCE, beyond(error, scores.calibration_chance)
    return GateResult(name, value, bound, at_least=False, passed=value <= bound)


def _not_judged(unknown: Sequence[LabelScore]) -> GateResult:
    """Nobody knows the recall of a label without held-out rows, so it does not pass."""
    named = ", ".join(score.label[:60] for score in unknown[:MOST_NAMED])
    more = f" and {len(unknown) - MOST_NAMED:,} more" if len(unknown) > MOST_NAMED else ""
    has = "has" if len(unknown) == 1 else "have"
    name = f"{NOT_JUDGED}{named}{more} {has} no held-out comments"
    return GateResult(name, float(len(unknown)), 0.0, at_least=False, passed=False)


def _at_least(name: str, value: float, bound: float) -> GateResult:
    return GateResult(name, value, bound, at_least=True, passed=value >= bound)


def passed(results: Iterable[GateResult]) -> bool:
    return all(result.passed for result in results)
