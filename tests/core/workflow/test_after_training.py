"""What is asked of finished runs: comparison, tuning, learning curve, drift, advice, time estimate."""

from dataclasses import replace

import pandas as pd
import pytest

from core.domain import TrainingOptions
from core.errors import CannotTrain
from core.training import modes
from core.workflow import (
    advising,
    comparing,
    drifting,
    estimate,
    explain_jobs,
    judging,
    learning,
    runs,
    tuning,
)
from core.workflow.predicting import predict_new
from core.workflow.task import Task
from core.workflow.train_job import train

TINY = TrainingOptions(encoder="tests/tiny")
WORDS = TrainingOptions(mode="tfidf")


@pytest.fixture
def trained(store, settings, keep, made_up):
    """Trains on the same 120 rows with some options."""
    dataset = keep(made_up(120))

    def one(options, **more):
        run, _ = runs.start_training(store, settings, *dataset, options, **more)
        return train(store, settings, run.id, Task())

    return one


# ---- comparison ---------------------------------------------------------------------------


def test_two_runs_side_by_side(store, trained):
    first, second = trained(TINY), trained(replace(WORDS, seed=3))
    found = comparing.compare(store, first, second)
    assert found.comparison.rows == first.model.n == second.model.n
    assert ("mode", "quick", "tfidf") in found.settings and ("seed", "0", "3") in found.settings
    assert found.rows == "Both learned from the same comments and labels."
    held = [judging.held_out(store, run) for run in (first, second)]
    won = (held[1].right & ~held[0].right).sum()
    assert len(found.flips[f"Run {second.id} is right, run {first.id} was wrong"]) == won


def test_a_run_from_before_cannot_be_compared(store, trained):
    run = trained(WORDS)
    with store.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM held_out")
    assert judging.held_out(store, run) is None
    assert advising.advice(store, run) == ()
    with pytest.raises(CannotTrain, match="Train it again"):
        comparing.compare(store, run, run)


def test_the_rows_behind_a_cell_of_the_confusion(store, trained):
    run = trained(TINY)
    for i, true in enumerate(run.labels):
        for j, said in enumerate(run.labels):
            assert len(judging.mixed_up(store, run, true, said)) == run.model.confusion[i][j]


# ---- tuning -------------------------------------------------------------------------------


def test_trials_are_runs_and_the_best_is_chosen_on_validation_rows(store, settings, trained, monkeypatch):
    base = trained(TINY)
    plan = tuning.plan(base)
    assert all(trial.options.trial_of == base.id for trial in plan)
    assert len({trial.options for trial in plan}) == len(plan) <= tuning.MOST_TRIALS
    few = tuple(
        tuning.Trial("", replace(base.options, trial_of=base.id, mode="tfidf", seed=seed)) for seed in (1, 2)
    )
    monkeypatch.setattr(tuning, "plan", lambda run, cut: few)
    queued = tuning.start(store, settings, base.id, minutes=5)
    for run in queued:
        train(store, settings, run.id, Task())
    found = tuning.trials_of(store, base)
    assert {run.id for run in found} == {run.id for run in queued}
    best = tuning.best_of(base, tuning.trials_of(store, base))
    highest = max(run.evaluation.validation_f1 for run in (base, *found))
    assert best.evaluation.validation_f1 == highest or tuning.tie(base, tuning.trials_of(store, base))
    held = {run.id: set(judging.held_out(store, run).ids.tolist()) for run in (base, *found)}
    assert len(set(map(frozenset, held.values()))) == 1, "every trial leaves the same rows untouched"


@pytest.mark.parametrize("minutes", [0, 10_000])
def test_a_senseless_time_limit_is_refused(store, settings, trained, minutes):
    with pytest.raises(CannotTrain, match="between"):
        tuning.start(store, settings, trained(WORDS).id, minutes)


# ---- learning curve and advice ------------------------------------------------------------


@pytest.mark.parametrize("options", [TINY, WORDS])
def test_the_learning_curve_of_a_run(store, settings, trained, options, monkeypatch):
    run, seen, fit = trained(options), [], modes.fit

    def counting(mode, material, train, validation, tools):
        seen.append(len(train) + len(validation))
        return fit(mode, material, train, validation, tools)

    monkeypatch.setattr(modes, "fit", counting)
    assert explain_jobs.pending(store, run, learning.LEARN) is None
    job = learning.queue(store, run)
    assert explain_jobs.pending(store, run, learning.LEARN).id == job.id == learning.queue(store, run).id
    learning.measure(store, settings, run.id)
    points = store.runs.get(run.id).evaluation.learning
    measured = [point for point in points if not point.forecast]
    assert [point.labels for point in measured] == sorted(point.labels for point in measured)
    assert measured[-1].labels == run.evaluation.train + run.evaluation.validation
    assert set(seen) == {point.labels for point in measured}, "no part learns from more than it counts"
    assert all(0 <= point.macro_f1.low <= point.macro_f1.mid <= point.macro_f1.high <= 1 for point in points)


def test_advice_names_rows_of_the_dataset(store, trained):
    run = trained(TINY)
    ids = set(store.datasets.feedback(run.dataset_id)["id"])
    for item in advising.advice(store, run):
        assert item.words and set(item.ids) <= ids


# ---- drift --------------------------------------------------------------------------------


def test_drift_is_told_once_comments_came(store, settings, trained, as_bytes):
    from tests.core.workflow.test_promotion import import_more

    run = trained(TINY)
    assert drifting.drift(store, settings, run) is None
    words = [
        f"Guten Tag die Rechnung {k} ist viel zu teuer und falsch bitte sofort ändern" for k in range(60)
    ]
    import_more(store, settings, as_bytes(pd.DataFrame({"text": words, "label": ""})), run, "new.csv")
    before = drifting.drift(store, settings, run)
    assert (before.rows, before.unpredicted, before.matters) == (60, 60, True)
    assert "languages changed: German went from 0% to" in " ".join(
        finding.words for finding in before.findings
    )
    predict_new(store, settings, run.id)
    found = drifting.drift(store, settings, run)
    assert found.unpredicted == 0


# ---- time before the start ----------------------------------------------------------------


def test_an_estimate_learns_from_earlier_runs(store, settings, trained):
    run = trained(WORDS)
    dataset, label_set = store.datasets.get(run.dataset_id), store.labels.get(run.label_set_id)
    first = estimate.estimate(store, settings, dataset, label_set, WORDS)
    assert first.low < first.seconds < first.high and first.memory_mb > 100
    assert "earlier run" in first.why
    unknown = estimate.estimate(store, settings, dataset, label_set, TrainingOptions(mode="better"))
    assert "first steps" in unknown.why and unknown.device == "CPU"
    folded = estimate.estimate(
        store, settings, dataset, label_set, TrainingOptions(mode="better", split="kfold:10")
    )
    assert folded.seconds > unknown.seconds
    large = estimate.estimate(
        store, settings, dataset, label_set, TrainingOptions(mode="better", batch_tokens=8192)
    )
    assert large.memory_mb > unknown.memory_mb
