"""Bounded tuning: a small search in which each trial is a run, compared on validation rows alone."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from core.config import Settings
from core.domain import BETTER, QUICK, TrainingOptions, TrainingRun
from core.errors import Cancelled, CannotTrain
from core.store.store import Store
from core.workflow import runs
from core.workflow.explanations import finished
from core.workflow.task import Task

MOST_TRIALS = 8
SKEWED = 5.0  # the largest label has so many times the rows of the smallest


@dataclass(frozen=True)
class Trial:
    words: str  # what is different, for the person
    options: TrainingOptions


def plan(run: TrainingRun, cut_share: float = 0.0) -> tuple[Trial, ...]:
    """What to try after a run, likeliest gain first; settings that the run had are not tried again."""
    base = replace(run.options, trial_of=run.id)
    better = replace(base, mode=BETTER)
    found = [
        Trial("Better: the whole encoder is fine-tuned", better),
        Trial("Better, half the learning rate, more epochs", replace(better, body_rate=5e-5, epochs=5)),
        Trial("Better, twice the learning rate", replace(better, body_rate=2e-4)),
        Trial("Better, label smoothing 0.1", replace(better, label_smoothing=0.1)),
        Trial("Better, a changed copy of every second comment", replace(better, augment=0.5)),
    ]
    supports = [score.support for score in run.model.per_label if score.support]
    if supports and max(supports) >= SKEWED * min(supports):
        found[1:1] = [
            Trial("Better, rare labels weigh more", replace(better, balance="weights")),
            Trial("Quick, rare labels weigh more", replace(base, mode=QUICK, balance="weights")),
        ]
    if cut_share > 0.05:
        longer = min(512, 2 * base.max_tokens)
        found.insert(0, Trial(f"Longer texts: {longer} tokens", replace(base, max_tokens=longer)))
    same = replace(base, trial_of=0)
    tried = [trial for trial in found if replace(trial.options, trial_of=0) != same]
    return tuple(tried[:MOST_TRIALS])


def start(
    store: Store, settings: Settings, run_id: int, minutes: float, cut_share: float = 0.0
) -> list[TrainingRun]:
    """Queue the trials of a finished run; together they take `minutes` at most, the rest is cancelled.

    Raises CannotTrain, NotFound.
    """
    run = finished(store, run_id)
    if not 0.1 <= minutes <= 24 * 60:
        raise CannotTrain("Give the tuning between 0.1 minutes and a day.")
    if store.datasets.get(run.dataset_id).sha256 != run.data_sha256:
        raise CannotTrain("The comments or labels changed after this run. Train again before tuning.")
    more = {"trial_of": run_id, "budget_s": 60.0 * minutes}
    return [
        runs.start_training(store, settings, run.dataset_id, run.label_set_id, trial.options, more)[0]
        for trial in plan(run, cut_share)
    ]


def trials_of(store: Store, run: TrainingRun) -> list[TrainingRun]:
    """All trials of the tuning of a run, best on the validation rows first, unfinished ones last."""

    def place(trial: TrainingRun) -> tuple:
        found = trial.evaluation.validation_f1 if trial.evaluation else None
        return (found is None, -(found or 0.0), trial.id)

    return sorted(
        (other for other in store.runs.list(run.dataset_id) if other.options.trial_of == run.id), key=place
    )


def best_of(store: Store, run: TrainingRun) -> TrainingRun:
    """The best of the run and its trials on the validation rows; the held-out rows have no say."""
    measured = [
        other
        for other in (run, *trials_of(store, run))
        if other.status == "done" and other.evaluation and other.evaluation.validation_f1 is not None
    ]
    return max(measured, key=lambda other: other.evaluation.validation_f1, default=run)


def within_budget(store: Store, params: dict, task: Task) -> Task:
    """The task of a trial: it is cancelled once the trials of its run have used up their time."""
    if "budget_s" not in params:
        return task
    spent = sum(
        sum(other.seconds.values())
        for other in store.runs.list()
        if other.options.trial_of == params["trial_of"] and other.status == "done"
    )
    return Task(_bounded(task.progress, params["budget_s"] - spent), task.fence)


def _bounded(progress: Callable[[float, str], None], seconds: float) -> Callable[[float, str], None]:
    end = time.monotonic() + seconds

    def report(pct: float, message: str) -> None:
        progress(pct, message)
        if time.monotonic() > end:
            raise Cancelled("The time for tuning is used up.")

    return report
