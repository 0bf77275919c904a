"""Bounded tuning: a small search in which each trial is a run, compared on validation rows alone."""

import math
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from core.config import Settings
from core.domain import BETTER, KFOLD, QUICK, TrainingOptions, TrainingRun
from core.errors import Cancelled, CannotTrain, LeaseLost
from core.evaluation.ranges import Z90
from core.store.store import Store
from core.store.tables import CANCELLED, PAUSED, QUEUED
from core.training.rates import body_rate
from core.workflow import estimate, runs
from core.workflow.explanations import finished
from core.workflow.task import OTHER, Task

MOST_TRIALS = 8
SKEWED = 5.0  # the largest label has so many times the rows of the smallest
BOOK_SECONDS = 2.0  # so much of the time of a trial is forgotten by a kill
USED_UP = "The time for tuning is used up. Start the tuning again to try what is left."
TOO_LONG = "It needs more time than was left of this tuning. Start the tuning again with more minutes."
OUT_OF_TIME = USED_UP, TOO_LONG
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
    rate = body_rate(better, estimate.encoder_shape(base.encoder).size)
    fastest = runs.LIMITS["body_rate"][1]
    found = [
        Trial("Better: the whole encoder is fine-tuned", better),
        Trial("Better, half the learning rate, more epochs", replace(better, body_rate=rate / 2, epochs=5)),
        Trial("Better, twice the learning rate", replace(better, body_rate=min(fastest, 2 * rate))),
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
    """The plan without what was trained already, in a tuning or by itself: it would come to the same."""
    tried = {_settings(other) for other in _alike(store, run)}
    return tuple(trial for trial in plan(run, cut_share) if _settings(trial) not in tried)


def _settings(of: Trial | TrainingRun) -> TrainingOptions:
    """Whatever they were tried for."""
    return replace(of.options, trial_of=0)


def _alike(store: Store, run: TrainingRun) -> list[TrainingRun]:
    """Finished runs on the same rows and labels; none where another dataset judges, since a run does not say
    which rows of it there were."""
    same = ("done", run.data_sha256, run.label_set_id)
    return [
        other
        for other in store.runs.list(run.dataset_id)
        if (other.status, other.data_sha256, other.label_set_id) == same and not run.options.test_dataset
    ]


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


def trials_of(store: Store, run: TrainingRun, cut_share: float = 0.0) -> list[TrainingRun]:
    """All trials of the tuning of a run, and runs by themselves with settings that it would try; best on the
    validation rows first, unfinished ones last."""
    planned = set()
    if run.model and not run.options.trial_of:
        planned = {_settings(trial) for trial in plan(run, cut_share)}
    alone = [other for other in _alike(store, run) if not other.options.trial_of and other.options in planned]
    trials = [other for other in store.runs.list(run.dataset_id) if other.options.trial_of == run.id]

    def place(trial: TrainingRun) -> tuple:
        found = trial.evaluation.validation_f1 if trial.evaluation else None
        return (found is None, -(found or 0.0), trial.id)

    return sorted([*trials, *alone], key=place)


def best_of(run: TrainingRun, trials: Sequence[TrainingRun]) -> TrainingRun:
    """The best of the run and its `trials_of` on the validation rows; the held-out rows have no say. Of those
    that so few rows cannot tell apart the run itself, else the earliest.

    Not for runs that `refusal` speaks of: in folds the validation rows are held out as well.
    """
    return min(_as_good(run, trials), key=lambda other: (other.id != run.id, other.id), default=run)


def tie(run: TrainingRun, trials: Sequence[TrainingRun]) -> str:
    """A sentence where the best scored higher than the one that `best_of` keeps, by no more than chance; ""
    otherwise."""
    kept, as_good = best_of(run, trials), _as_good(run, trials)
    if not as_good or _found(as_good[0]) <= _found(kept):
        return ""
    top = as_good[0]
    return (
        f"Run {top.id} reaches {_found(top):.3f} and run {kept.id} {_found(kept):.3f} on the validation "
        f"comments. {top.evaluation.validation:,} of them cannot tell that apart (90% range about "
        f"± {_half_width(top):.2f}), so it is a tie, and run {kept.id} is kept."
    )


def unbeaten(run: TrainingRun, trials: Sequence[TrainingRun]) -> str:
    """A sentence where the run itself has the highest score, and what as many comments can tell."""
    others = [other for other in _as_good(run, trials) if other.id != run.id]
    if _found(run) is None or not any(other.status == "done" for other in trials):
        return ""
    rows = run.evaluation.validation
    said = f"No trial scores higher than run {run.id} on the validation comments"
    if not others:
        return f"{said}, by more than chance."
    return (
        f"{said} ({_found(run):.3f}), but {rows:,} of them cannot tell it from "
        f"{_listed(others)} (90% range about ± {_half_width(run):.2f}). The held-out comments may order them "
        "otherwise."
    )


def _listed(others: Sequence[TrainingRun]) -> str:
    named = [f"run {other.id}" for other in others]
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"


def likely(run: TrainingRun) -> tuple[float, float] | None:
    """90 % range of its score on the validation rows; None where it has none."""
    if not run.evaluation or run.evaluation.validation_f1 is None:
        return None
    half = _half_width(run)
    return max(0.0, _found(run) - half), min(1.0, _found(run) + half)


def _as_good(run: TrainingRun, trials: Sequence[TrainingRun]) -> list[TrainingRun]:
    """The highest score on the validation rows first, then those less than half its 90 % range below it."""
    measured = [
        other
        for other in (run, *trials)
        if other.status == "done" and other.evaluation and other.evaluation.validation_f1 is not None
    ]
    measured.sort(key=lambda other: (-_found(other), other.id != run.id, other.id))
    return [other for other in measured if _found(measured[0]) - _found(other) < _half_width(measured[0])]


def _found(run: TrainingRun) -> float:
    return run.evaluation.validation_f1


def _half_width(run: TrainingRun) -> float:
    """Of the 90 % range of its score on the validation rows, as if that were a share of them: which of them
    it got right is not kept. With one row more that is right and one that is wrong (Agresti and Coull 1998),
    so that a few rows that are all right are not certain."""
    rows = run.evaluation.validation + 2
    share = (_found(run) * run.evaluation.validation + 1) / rows
    return Z90 * math.sqrt(share * (1 - share) / rows)


@contextmanager
def within_budget(
    store: Store, params: Mapping[str, object], task: Task, settings: Settings | None = None
) -> Iterator[Task]:
    """The task of a trial, which is cancelled once the trials of its round have used up their time, and
    those that wait with it. What it took is booked however it ends; other trainings are left as they are.

    With `settings` a trial that cannot end in the time that is left does not begin: those behind it may fit.
    """
    if "budget_s" not in params:
        yield task
        return
    budget = Budget(store, params, task)
    try:
        if settings is not None and not budget.fits(settings):
            raise Cancelled(TOO_LONG)
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

    def fits(self, settings: Settings) -> bool:
        """Whether it may end in time; one that goes on after a pause has a part of its work behind it."""
        run = self.store.runs.get(self.run_id)
        done = [other for other in self.store.runs.list(run.dataset_id) if other.status == "done"]
        read = _reading(run.options) in {_reading(other.options) for other in done}
        place = self.store.datasets.get(run.dataset_id), self.store.labels.get(run.label_set_id)
        found = estimate.estimate(self.store, settings, *place, run.options, read)
        return self.before > 0 or found.low <= self.left

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
