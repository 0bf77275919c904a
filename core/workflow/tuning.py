"""Bounded tuning: a small search in which each trial is a run, compared on validation rows alone."""

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from core.config import Settings
from core.domain import BETTER, KFOLD, QUICK, TrainingOptions, TrainingRun
from core.errors import Cancelled, CannotTrain, LeaseLost
from core.store.store import Store
from core.store.tables import CANCELLED, PAUSED, QUEUED
from core.workflow import estimate, runs
from core.workflow.explanations import finished
from core.workflow.task import Task

MOST_TRIALS = 8
SKEWED = 5.0  # the largest label has so many times the rows of the smallest
BOOK_SECONDS = 2.0  # so much of the time of a trial is forgotten by a kill
OTHER = "other"  # seconds of a trial outside its stages, or of an attempt that did not get done
USED_UP = "The time for tuning is used up. Start the tuning again to try what is left."
IN_FOLDS = (
    "A run that is judged in parts cannot be tuned: the comments that would choose its settings are held-out "
    "comments too, so its figures would look better than they are. Train with another way to judge, such as "
    "comments chosen at random, and tune that run."
)


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
        longer = min(estimate.most_tokens(base.mode, base.encoder), 2 * base.max_tokens)
        found.insert(0, Trial(f"Longer texts: {longer} tokens", replace(base, max_tokens=longer)))
    same = replace(base, trial_of=0)
    tried = [trial for trial in found if replace(trial.options, trial_of=0) != same]
    return tuple(tried[:MOST_TRIALS])


def refusal(run: TrainingRun) -> str:
    """Why a run cannot be tuned, for the person; "" when it can."""
    from core.training.split import parse_split

    return IN_FOLDS if parse_split(run.options.split)[0] == KFOLD else ""


def untried(store: Store, run: TrainingRun, cut_share: float = 0.0) -> tuple[Trial, ...]:
    """The plan without what an earlier tuning has finished: it would come to the same."""
    planned = plan(run, cut_share)
    if run.options.test_dataset:  # a run does not say which rows of it there were
        return planned
    same = ("done", run.data_sha256, run.label_set_id)
    tried = {
        other.options
        for other in store.runs.list(run.dataset_id)
        if (other.status, other.data_sha256, other.label_set_id) == same
    }
    return tuple(trial for trial in planned if trial.options not in tried)


def likely_seconds(
    store: Store, settings: Settings, run: TrainingRun, trials: Sequence[Trial]
) -> tuple[float, float]:
    """How long all of them take one after the other, from and to. What one of them, or the run, has read
    the others need not read again."""
    place = store.datasets.get(run.dataset_id), store.labels.get(run.label_set_id)
    low, high, read = 0.0, 0.0, {_reading(run.options)}
    for options in (trial.options for trial in trials):
        found = estimate.estimate(store, settings, *place, options, _reading(options) in read)
        low, high, read = low + found.low, high + found.high, read | {_reading(options)}
    return low, high


def _reading(options: TrainingOptions) -> tuple:
    """Equal where all comments are read to the same vectors; Quick beside another model reads but some."""
    every = options.mode in (QUICK, BETTER)
    return every, options.encoder, options.max_tokens, options.without


def start(
    store: Store, settings: Settings, run_id: int, minutes: float, cut_share: float = 0.0
) -> list[TrainingRun]:
    """Queue the trials of a finished run; together they take `minutes` at most, the rest is cancelled.
    Each start is a round with a time of its own.

    Raises CannotTrain, NotFound.
    """
    run = finished(store, run_id)
    if not 0.1 <= minutes <= 24 * 60:
        raise CannotTrain("Give the tuning between 0.1 minutes and a day.")
    if store.datasets.get(run.dataset_id).sha256 != run.data_sha256:
        raise CannotTrain("The comments or labels changed after this run. Train again before tuning.")
    if why := refusal(run):
        raise CannotTrain(why)
    more = {"trial_of": run_id, "budget": secrets.token_hex(8), "budget_s": 60.0 * minutes}
    return [
        runs.start_training(store, settings, run.dataset_id, run.label_set_id, trial.options, more)[0]
        for trial in untried(store, run, cut_share)
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
    """The best of the run and its trials on the validation rows; the held-out rows have no say.

    Not for runs that `refusal` speaks of: in folds the validation rows are held out as well.
    """
    measured = [
        other
        for other in (run, *trials_of(store, run))
        if other.status == "done" and other.evaluation and other.evaluation.validation_f1 is not None
    ]
    return max(measured, key=lambda other: other.evaluation.validation_f1, default=run)


@contextmanager
def within_budget(store: Store, params: Mapping[str, object], task: Task) -> Iterator[Task]:
    """The task of a trial, which is cancelled once the trials of its round have used up their time, and
    those that wait with it. What it took is booked however it ends; other trainings are left as they are."""
    if "budget_s" not in params:
        yield task
        return
    budget = Budget(store, params, task)
    try:
        yield Task(budget.progress, task.fence)
    except LeaseLost:
        raise  # the books belong to the worker that has taken over
    except BaseException:
        budget.close()
        raise
    else:
        budget.close()


class Budget:
    """The time that one round of trials may take, and the trial that is using it.

    What a trial took is the sum of `seconds` of its run, of all its attempts.
    """

    def __init__(self, store: Store, params: Mapping[str, object], task: Task) -> None:
        self.store, self.params, self.task = store, params, task
        self.run_id = int(params["run"])
        self.before = _took(store.runs.get(self.run_id))
        self.left = float(params["budget_s"]) - sum(_took(run) for run in self._round())
        self.begun = self.booked = time.monotonic()

    def progress(self, pct: float, message: str) -> None:
        self.task.progress(pct, message)
        if time.monotonic() - self.booked >= BOOK_SECONDS:
            self._book()
        if self._used_up():
            raise Cancelled(USED_UP)

    def close(self) -> None:
        self._book()
        if self._used_up():
            self._cancel_waiting()

    def _used_up(self) -> bool:
        return time.monotonic() - self.begun >= self.left

    def _book(self) -> None:
        self.booked = time.monotonic()
        run = self.store.runs.get(self.run_id)
        stages = {name: seconds for name, seconds in run.seconds.items() if name != OTHER}
        other = self.before + self.booked - self.begun - sum(stages.values())
        booked = {**stages, OTHER: round(max(0.0, other), 3)}
        self.store.runs.update(self.run_id, self.task.fence, seconds=booked)

    def _cancel_waiting(self) -> None:
        for run in self._round():
            waits = run.id != self.run_id and run.status in (QUEUED, PAUSED)
            if waits and self.store.jobs.cancel(run.job_id).state == CANCELLED:
                self.store.runs.update(run.id, error=USED_UP)

    def _round(self) -> list[TrainingRun]:
        """The trials that share this time, the one at work among them."""
        dataset_id = self.store.runs.get(self.run_id).dataset_id
        return [
            run
            for run in self.store.runs.list(dataset_id)
            if run.options.trial_of == self.params["trial_of"]
            and run.job_id is not None
            and self.store.jobs.get(run.job_id).params.get("budget") == self.params.get("budget")
        ]


def _took(run: TrainingRun) -> float:
    return sum(run.seconds.values())
