"""Is a model good enough for its label set?"""

import math
from collections.abc import Iterable, Sequence

from core.domain import BEYOND_CHANCE, NOT_JUDGED, NOT_MEASURED, GateResult, GateRule, LabelScore, Scores
from core.evaluation.confidence import beyond

MOST_NAMED = 5
# Held-out rows of a label. With 9 of 10 found the 90 % range of recall still lies above the usual bound of
# .60 (.65 to .98); with 7 of 8 found it does not, and one row more or less moves the recall by an eighth.
FEWEST_TO_JUDGE = 10


def check(
    scores: Scores,
    rule: GateRule,
    calibration_error: float | None = None,
    held_share: float = 1.0,
    where: str = "",
) -> tuple[GateResult, ...]:
    """Macro F1, the recall of every label that enough held-out rows judge, how many labels too few or none
    judge, and the calibration error; each with the range of its value where that was measured. The third and
    fourth are left out where there is no such label, or no recall is asked for.

    Of the calibration error what is left beyond chance is compared with the bound: on few rows a model
    whose probabilities are exact shows an error, too. Of models scored before chance was kept it is the
    error itself. `calibration_error` stands in for models scored before that was kept with the scores;
    where it is not known at all, it counts as the worst there is. `held_share` of the comments that get a
    label `where` it is said come to be held out.
    """
    results = [_at_least("Macro F1", scores.macro_f1, rule.macro_f1, scores.ranges.get("macro_f1"))]
    results += [
        _at_least(f"Recall of {score.label}", score.recall, rule.recall, score.recall_range)
        for score in scores.per_label
        if score.support >= FEWEST_TO_JUDGE or (score.support and not rule.recall)
    ]
    if rule.recall > 0:
        thin = [score for score in scores.per_label if 0 < score.support < FEWEST_TO_JUDGE]
        unknown = [score for score in scores.per_label if not score.support]
        results += [_too_few(thin, held_share, where)] if thin else []
        results += [_not_judged(unknown)] if unknown else []
    return (*results, _confidence(scores, rule.calibration_error, calibration_error))


def _confidence(scores: Scores, bound: float, stand_in: float | None) -> GateResult:
    error = scores.calibration_error if scores.calibration_error is not None else stand_in
    if error is None:
        return GateResult(f"Calibration error{NOT_MEASURED}", 1.0, bound, at_least=False, passed=False)
    if scores.n < FEWEST_TO_JUDGE and bound < 1:
        return _failed(
            f"too few held-out comments ({scores.n}) to judge its confidence: label more comments", 1
        )
    name, value = "Calibration error", error
    if scores.calibration_chance is not None:
        name, value = BEYOND_CHANCE, beyond(error, scores.calibration_chance)
    ends = scores.ranges.get("calibration_error")  # of endless rows, which chance has no part in
    return GateResult(name, value, bound, at_least=False, passed=value <= bound, range=ends)


def _too_few(thin: Sequence[LabelScore], held_share: float, where: str) -> GateResult:
    """A recall of few rows may lie far from that of all comments, however good it looks."""
    fewest = min(score.support for score in thin)
    more = math.ceil((FEWEST_TO_JUDGE - fewest) / held_share)
    named = _named([f"{score.label[:60]} ({score.support})" for score in thin])
    each = "" if len(thin) == 1 else " of each"
    return _failed(f"too few held-out comments to judge {named}: label {more:,} more{each}{where}", len(thin))


def _not_judged(unknown: Sequence[LabelScore]) -> GateResult:
    """Nobody knows the recall of a label without held-out rows, so it does not pass."""
    has = "has" if len(unknown) == 1 else "have"
    named = _named([score.label[:60] for score in unknown])
    return _failed(f"{named} {has} no held-out comments", len(unknown))


def _named(labels: Sequence[str]) -> str:
    more = f" and {len(labels) - MOST_NAMED:,} more" if len(labels) > MOST_NAMED else ""
    return ", ".join(labels[:MOST_NAMED]) + more


def _failed(why: str, labels: int) -> GateResult:
    return GateResult(f"{NOT_JUDGED}{why}", float(labels), 0.0, at_least=False, passed=False)


def _at_least(name: str, value: float, bound: float, ends: tuple[float, float] | None) -> GateResult:
    return GateResult(name, value, bound, at_least=True, passed=value >= bound, range=ends)


def passed(results: Iterable[GateResult]) -> bool:
    return all(result.passed for result in results)
