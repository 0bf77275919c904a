"""The time of a tuning holds for all its trials together, whatever ends them."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from core.domain import TrainingOptions
from core.errors import Cancelled, CannotTrain, Paused
from core.jobs.worker import JobContext
from core.workflow import estimate, runs, tuning
from core.workflow.task import Task
from core.workflow.train_job import train
from core.workflow.worker import training_kinds

WORDS = TrainingOptions(mode="tfidf")


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass only when a test says so."""
    made = SimpleNamespace(now=0.0, monotonic=lambda: made.now)
    monkeypatch.setattr(tuning, "time", made)
    return made


@pytest.fixture
def trained(store, settings, keep, made_up):
    """Trains on the same 80 rows with some options, without a worker."""
    dataset = keep(made_up(80))

    def one(options):
        run, job = runs.start_training(store, settings, *dataset, options)
        run = train(store, settings, run.id, Task())
        store.jobs.cancel(job.id)
        return run

    return one


@pytest.fixture
def tuned(store, settings, trained, monkeypatch):
    """A finished run; `tuned(minutes, seeds)` starts a round with a trial for each seed."""
    base = trained(WORDS)

    def start(minutes, seeds=(1, 2, 3)):
        options = [replace(WORDS, trial_of=base.id, seed=seed) for seed in seeds]
        monkeypatch.setattr(tuning, "plan", lambda run, cut: tuple(tuning.Trial("", one) for one in options))
        return tuning.start(store, settings, base.id, minutes)

    return start


@pytest.fixture
def work(store, clock):
    """Claims the next trial and lets seconds pass in it, one report each; ends as the worker would."""

    def work(seconds, ends=None, stages=None):
        job = store.jobs.claim("worker", 60.0)
        fence = (job.id, "worker", job.attempt)
        state, error = "done", ""
        try:
            with tuning.within_budget(store, dict(job.params), Task(fence=fence)) as task:
                for _ in range(seconds):
                    clock.now += 1
                    task.progress(1.0, "")
                if ends:
                    raise ends("")
                store.runs.update(
                    job.params["run"], seconds=stages or {"tfidf": float(seconds)}, status="done"
                )
        except (Cancelled, Paused) as stop:
            state, error = ("paused" if isinstance(stop, Paused) else "cancelled"), str(stop)
        store.jobs.finish(*fence, state, error)
        return store.runs.get(job.params["run"])

    return work


def took(run):
    return sum(run.seconds.values())


def test_a_cancelled_trial_has_used_up_its_time_and_the_waiting_ones_go_with_the_last(store, tuned, work):
    _, _, third = tuned(minutes=1)
    first = work(40, ends=Cancelled)
    assert (first.status, took(first)) == ("cancelled", 40)
    second = work(1000)
    assert (second.status, second.error, took(second)) == ("cancelled", tuning.USED_UP, 20)
    third = store.runs.get(third.id)
    assert (third.status, third.error) == ("cancelled", tuning.USED_UP)
    assert store.jobs.active("") == []


def test_a_round_has_a_time_of_its_own(store, tuned, work):
    tuned(minutes=1, seeds=(1,))
    assert work(50).status == "done"
    tuned(minutes=1, seeds=(2, 3))
    assert work(30).status == "done", "the first round has no share in the second"
    assert took(work(1000)) == 30


def test_the_last_trial_may_overrun_and_takes_the_waiting_ones_along(store, tuned, work, clock):
    _, second = tuned(minutes=1, seeds=(1, 2))
    clock_at_end = {"tfidf": 61.0}
    job = store.jobs.claim("worker", 60.0)
    fence = (job.id, "worker", job.attempt)
    with tuning.within_budget(store, dict(job.params), Task(fence=fence)) as task:
        task.progress(1.0, "")
        clock.now += 61
        store.runs.update(job.params["run"], seconds=clock_at_end, status="done")
    store.jobs.finish(*fence, "done")
    assert took(store.runs.get(job.params["run"])) == 61
    assert store.runs.get(second.id).error == tuning.USED_UP


def test_a_pause_forgets_no_time(store, tuned, work):
    (trial,) = tuned(minutes=1, seeds=(1,))
    assert took(work(30, ends=Paused)) == 30
    runs.resume(store, trial.id)
    assert took(work(10, stages={"tfidf": 9.0})) == 40, "the stages of the last attempt, and the rest"
    (other,) = tuned(minutes=1, seeds=(2,))
    work(30, ends=Paused)
    runs.resume(store, other.id)
    assert took(work(1000)) == 60


def test_a_kill_forgets_no_more_than_two_seconds(store, tuned, clock):
    tuned(minutes=1, seeds=(1,))
    job = store.jobs.claim("worker", 60.0)
    task = Task(fence=(job.id, "worker", job.attempt))
    killed = tuning.Budget(store, job.params, task)
    for _ in range(31):
        clock.now += 1
        killed.progress(1.0, "")
    assert 29 <= took(store.runs.get(job.params["run"])) <= 31
    assert tuning.Budget(store, job.params, task).left <= 31


def test_a_trial_that_cannot_end_in_time_does_not_begin_and_the_next_that_fits_does(
    store, settings, tuned, clock, monkeypatch
):
    """25 seconds are left of a minute; the second trial needs 79 at least, the third 20."""
    needs = {1: 30.0, 2: 79.0, 3: 20.0}
    monkeypatch.setattr(
        estimate, "estimate", lambda *what: SimpleNamespace(low=needs[what[4].seed], high=99.0)
    )
    begun = []

    def work(seconds):
        job = store.jobs.claim("worker", 60.0)
        fence = (job.id, "worker", job.attempt)
        try:
            with tuning.within_budget(store, dict(job.params), Task(fence=fence), settings) as task:
                begun.append(job.params["run"])
                clock.now += seconds
                task.progress(1.0, "")
        except Cancelled as stop:
            store.jobs.finish(*fence, "cancelled", str(stop))
        else:
            store.jobs.finish(*fence, "done")

    first, second, third = tuned(minutes=1)
    for seconds in (35, 79, 20):
        work(seconds)
    assert begun == [first.id, third.id]
    skipped = store.runs.get(second.id)
    assert (skipped.status, skipped.error, took(skipped)) == ("cancelled", tuning.TOO_LONG, 0)


def test_a_trial_that_was_paused_goes_on_in_what_is_left(store, settings, tuned, work, clock, monkeypatch):
    monkeypatch.setattr(estimate, "estimate", lambda *what: SimpleNamespace(low=50.0, high=99.0))
    (trial,) = tuned(minutes=1, seeds=(1,))
    work(30, ends=Paused)
    runs.resume(store, trial.id)
    job = store.jobs.claim("worker", 60.0)
    budget = tuning.Budget(store, job.params, Task(fence=(job.id, "worker", job.attempt)))
    assert budget.left == 30 and budget.fits(settings)


def test_other_trainings_have_no_budget(store):
    free = Task()
    with tuning.within_budget(store, {"run": 1}, free) as task:
        assert task is free


def test_the_worker_ends_a_trial_whose_time_is_used_up(store, settings, tuned, clock):
    tuned(minutes=1, seeds=(1,))
    job = store.jobs.claim("worker", 60.0)

    def slow(pct, message):
        clock.now += 100

    context = JobContext(job, (job.id, "worker", job.attempt), slow, lambda: False, None)
    with pytest.raises(Cancelled, match="The time for tuning is used up"):
        training_kinds(store, settings)["train"](dict(job.params), context)
    assert took(store.runs.get(job.params["run"])) == 100
    assert not (settings.runs_dir / f"run-{job.params['run']}").exists(), "nothing of it is kept"


# ---- before it starts -------------------------------------------------------------------


def test_comments_are_read_once_for_all_trials(store, settings, trained, monkeypatch):
    """100 seconds of reading each, were it not kept; 10 of all else."""
    run, other = trained(WORDS), TrainingOptions(mode="better", max_tokens=64)
    monkeypatch.setattr(
        estimate, "work", lambda amount, options, *_: [(estimate.READ, 100.0), (options.mode, 10.0)]
    )
    better = [tuning.Trial("", replace(other, seed=seed)) for seed in range(3)]
    longer = tuning.Trial("", replace(other, max_tokens=128))

    def middle(of, trials):
        low, high = tuning.likely_seconds(store, settings, of, trials)
        return np.sqrt(low * high)

    assert middle(run, better) == pytest.approx(3 * 16 + 100), "TF-IDF has read nothing"
    had = replace(run, options=other)
    assert middle(had, better) == pytest.approx(3 * 16)
    assert middle(had, [longer, *better]) == pytest.approx(4 * 16 + 100)
    assert middle(had, []) == 0


# ---- what is tried ----------------------------------------------------------------------


def test_folds_are_not_tuned(store, settings, trained):
    """Every comment is held out in some fold, those too that choose between the trials."""
    run = trained(replace(WORDS, split="kfold:3"))
    assert "Train with another way to judge" in tuning.refusal(run) and tuning.refusal(trained(WORDS)) == ""
    with pytest.raises(CannotTrain, match="judged in parts cannot be tuned"):
        tuning.start(store, settings, run.id, minutes=5)
    assert tuning.trials_of(store, run) == []


def test_what_was_tried_is_not_tried_again(store, settings, trained, monkeypatch):
    base = trained(WORDS)
    trials = [tuning.Trial("", replace(base.options, trial_of=base.id, seed=seed)) for seed in (1, 2)]
    monkeypatch.setattr(tuning, "plan", lambda run, cut: tuple(trials))
    first, second = tuning.start(store, settings, base.id, minutes=5)
    train(store, settings, first.id, Task())
    store.jobs.cancel(second.job_id)
    assert tuning.untried(store, base) == (trials[1],)
    (again,) = tuning.start(store, settings, base.id, minutes=5)
    assert again.options == second.options and again.id != second.id


def test_what_was_trained_by_itself_is_not_tried_but_takes_part(store, settings, trained, monkeypatch):
    base, other = trained(WORDS), trained(replace(WORDS, seed=1))
    trials = [tuning.Trial("", replace(WORDS, trial_of=base.id, seed=seed)) for seed in (1, 2)]
    monkeypatch.setattr(tuning, "plan", lambda run, cut: tuple(trials))
    assert tuning.untried(store, base) == (trials[1],)
    assert [run.id for run in tuning.trials_of(store, base)] == [other.id]
    assert tuning.trials_of(store, replace(base, options=trials[0].options)) == []


# ---- what is chosen ---------------------------------------------------------------------


@pytest.fixture
def measured(store, tuned, work):
    """A run and one trial that reached these scores on so many validation rows."""

    def measured(own, trial, rows):
        (queued,) = tuned(minutes=1, seeds=(1,))
        base = store.runs.get(queued.options.trial_of)
        work(1)
        for run, score in ((base, own), (queued, trial)):
            evaluation = replace(base.evaluation, validation=rows, validation_f1=score)
            store.runs.update(run.id, evaluation=evaluation)
        return store.runs.get(base.id), store.runs.get(queued.id)

    return measured


def test_what_chance_makes_of_few_validation_rows_is_a_tie(store, measured):
    """1.645 sqrt(.76 .24 / 80) is .079."""
    base, trial = measured(0.69, 0.76, rows=80)
    assert tuning.best_of(base, tuning.trials_of(store, base)).id == base.id, "the run that was there first"
    assert tuning.tie(base, tuning.trials_of(store, base)) == (
        f"Run {trial.id} reaches 0.760 and run {base.id} 0.690 on the validation comments. 80 of them cannot "
        f"tell that apart (90% range about ± 0.08), so it is a tie, and run {base.id} is kept."
    )


@pytest.mark.parametrize(("own", "rows"), [(0.68, 80), (0.74, 5000)])
def test_what_is_more_than_chance_wins(store, measured, own, rows):
    base, trial = measured(own, 0.76, rows)
    assert (
        tuning.best_of(base, tuning.trials_of(store, base)).id == trial.id
        and tuning.tie(base, tuning.trials_of(store, base)) == ""
    )


def test_the_run_itself_on_top_is_no_tie(store, measured):
    base, _ = measured(1.0, 1.0, rows=80)
    assert (
        tuning.best_of(base, tuning.trials_of(store, base)).id == base.id
        and tuning.tie(base, tuning.trials_of(store, base)) == ""
    )


@pytest.mark.parametrize(
    ("trial", "rows", "said"),
    [
        (0.70, 80, "(0.760), but 80 of them cannot tell it from run 2 (90% range about ± 0.08)"),
        (0.60, 80, "No trial scores higher than run 1 on the validation comments, by more than chance."),
    ],
)
def test_where_no_trial_scores_higher_it_is_said_what_so_few_comments_can_tell(
    store, measured, trial, rows, said
):
    base, other = measured(0.76, trial, rows)
    assert (base.id, other.id) == (1, 2)
    assert said in tuning.unbeaten(base, tuning.trials_of(store, base))
    assert tuning.unbeaten(base, []) == ""
    low, high = tuning.likely(base)
    assert (low, high) == pytest.approx((0.76 - 0.078, 0.76 + 0.078), abs=0.002)
    assert tuning.likely(replace(base, evaluation=None)) is None


def test_the_worker_does_not_begin_what_cannot_end(store, settings, tuned, monkeypatch):
    monkeypatch.setattr(estimate, "estimate", lambda *what: SimpleNamespace(low=61.0, high=99.0))
    tuned(minutes=1, seeds=(1,))
    job = store.jobs.claim("worker", 60.0)
    context = JobContext(job, (job.id, "worker", job.attempt), lambda *said: None, lambda: False, None)
    with pytest.raises(Cancelled, match="more time than was left"):
        training_kinds(store, settings)["train"](dict(job.params), context)
