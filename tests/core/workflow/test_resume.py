"""The real worker process, killed and cancelled in the middle of real trainings."""

import multiprocessing
import os
import shutil
import signal
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from core.domain import TrainingOptions
from core.errors import CannotTrain
from core.jobs import locks
from core.jobs.queue import job_lock, job_log, worker_lock
from core.jobs.watch import Watcher, ensure_worker
from core.store.store import open_store
from core.workflow import runs
from core.workflow.task import Task
from core.workflow.train_here import train_here
from core.workflow.train_job import train

FORK = multiprocessing.get_context("fork")


@pytest.fixture
def settings(settings, monkeypatch):
    monkeypatch.setenv("ROADLENS_SAVE_EVERY_S", "0.2")
    return settings.model_copy(update={"save_every_s": 0.2})


@pytest.fixture
def long_better(tiny_better):
    """Seconds of fine-tuning; the rates are low, so that it does not end in one point."""
    return replace(tiny_better, epochs=10, body_rate=1e-4, batch_tokens=32)


@pytest.fixture
def watched(store, settings, worker_command):
    """A watcher beside the test, as the web process has one."""
    watcher = Watcher(store, settings, worker_command)
    watcher.start()
    yield
    watcher.stop()
    for job in store.jobs.active():
        store.jobs.cancel(job.id)
    if watcher._worker is not None:
        watcher._worker.kill()
        watcher._worker.wait(10)
    for log in settings.jobs_dir.glob("*.log"):
        print(f"{log.name}:\n{log.read_text()}")  # shown when the test failed


def begin(store, settings, dataset, options):
    return runs.start_training(store, settings, *dataset, options)


def worker_of(store, job):
    """The process that works on the job, once it does."""
    owner = store.jobs.get(job.id).owner
    return int(owner.split(":")[1]) if owner else 0


def last_saved(settings, run):
    """The step of the newest state on disk, 0 when there is none."""
    return max(saved_steps(settings, run), default=0)


def saved_steps(settings, run):
    folder = settings.runs_dir / f"run-{run.id}" / "training"
    return {int(path.name[6:]) for path in folder.glob("state-*")}


def kill_worker(store, job):
    os.kill(worker_of(store, job), signal.SIGKILL)
    return time.monotonic()


def ended_once(store, run, job, attempts):
    done = store.runs.get(run.id)
    assert (done.status, done.job_id, len(store.runs.list())) == ("done", job.id, 1)
    finished = store.jobs.get(job.id)
    assert (finished.state, finished.attempt, finished.pct) == ("done", attempts, 100)
    ids, probabilities = store.predictions.table(run.id)
    assert np.array_equal(ids, store.datasets.feedback(run.dataset_id)["id"])
    return probabilities


# ---- killed -------------------------------------------------------------------------------


def test_a_fine_tuning_killed_twice_goes_on_and_ends_as_if_nothing_had_happened(
    store, settings, keep, made_up, long_better, watched, wait_for, record_property
):
    run, job = begin(store, settings, keep(made_up(360)), long_better)
    resumed = []
    for step in (20, 80):
        wait_for(lambda: last_saved(settings, run) > step)  # noqa: B023 (called before the next turn)
        killed, last = kill_worker(store, job), last_saved(settings, run)
        best = settings.runs_dir / f"run-{run.id}" / "training" / "best-0.safetensors"
        judged = best.stat().st_mtime_ns if best.exists() else None  # it goes once a better epoch is safe
        wait_for(lambda: last_saved(settings, run) > last)  # noqa: B023
        resumed.append(round(time.monotonic() - killed, 1))
        if best.exists():
            assert best.stat().st_mtime_ns == judged, "step 0 was judged once: it did not begin again"
        assert store.runs.get(run.id).status == "running"
    wait_for(lambda: store.jobs.get(job.id).state == "done")
    found = ended_once(store, run, job, attempts=3)
    print(f"resumed and beyond the last saved state after {resumed} s")
    record_property("resume_seconds", resumed)

    log = job_log(settings, job.id).read_text()
    first_of_last_attempt = log.split("attempt 3")[1].split("Epoch ")[1][0]
    assert first_of_last_attempt != "1"
    assert list((settings.runs_dir / f"run-{run.id}").iterdir()) == [
        settings.runs_dir / f"run-{run.id}" / "checkpoint"
    ]

    undisturbed = store.runs.add(run.dataset_id, run.label_set_id, run.options, run.data_sha256, "by itself")
    whole = train(store, settings, undisturbed.id, Task())
    assert np.array_equal(store.predictions.table(whole.id)[1], found)
    assert whole.curve == store.runs.get(run.id).curve
    assert whole.model == store.runs.get(run.id).model


def test_a_paused_training_keeps_its_step_and_ends_as_if_nothing_had_happened(
    store, settings, keep, made_up, long_better, watched, wait_for
):
    run, job = begin(store, settings, keep(made_up(240)), long_better)
    wait_for(lambda: last_saved(settings, run) > 20)
    runs.pause(store, run.id)
    wait_for(lambda: store.jobs.get(job.id).state == "paused")
    stood, seen = saved_steps(settings, run), set()
    paused = store.runs.get(run.id)
    assert paused.status == "paused" and paused.seconds["fine_tune"] > 0 < paused.cpu_seconds["fine_tune"]
    runs.resume(store, run.id)
    wait_for(lambda: seen.update(saved_steps(settings, run)) or store.jobs.get(job.id).state == "done")
    found = ended_once(store, run, job, attempts=2)
    assert min(seen - stood) > max(stood), "it goes on, it does not begin anew"
    spent = store.runs.get(run.id).seconds
    assert spent["fine_tune"] > paused.seconds["fine_tune"] and "other" not in spent, "of both attempts"

    undisturbed = store.runs.add(run.dataset_id, run.label_set_id, run.options, run.data_sha256, "by itself")
    whole = train(store, settings, undisturbed.id, Task())
    assert np.array_equal(store.predictions.table(whole.id)[1], found)
    assert whole.curve == store.runs.get(run.id).curve


def test_a_quick_training_that_is_killed_is_done_again_once(
    store, settings, keep, airline, watched, wait_for, record_property
):
    run, job = begin(store, settings, keep(airline(400)), TrainingOptions())
    wait_for(lambda: store.jobs.get(job.id).message.startswith("Reading comments"))
    killed = kill_worker(store, job)
    wait_for(lambda: store.jobs.get(job.id).attempt == 2)
    wait_for(lambda: store.jobs.get(job.id).message.startswith("Reading comments"))
    record_property("seconds", round(time.monotonic() - killed, 1))
    wait_for(lambda: store.jobs.get(job.id).state == "done")
    probabilities = ended_once(store, run, job, attempts=2)
    assert len(probabilities) == 400 and probabilities.sum(axis=1) == pytest.approx(1.0, abs=1e-3)


def test_a_worker_killed_between_the_end_of_the_run_and_of_the_job_trains_once(
    store, settings, keep, made_up, tiny_better, worker_command, wait_for
):
    run, job = begin(store, settings, keep(made_up(80)), replace(tiny_better, mode="quick"))
    owner = "a worker that was killed"
    store.jobs.claim(owner, 300)
    done = train(store, settings, run.id, Task(fence=(job.id, owner, 1)))
    worker = ensure_worker(store, settings, worker_command)
    wait_for(lambda: store.jobs.get(job.id).state == "done")
    ended_once(store, run, job, attempts=2)
    assert store.runs.get(run.id) == done
    assert worker.wait(20) == 0
    assert locks.is_free(worker_lock(settings))


# ---- one queue ----------------------------------------------------------------------------


def press_start(settings, dataset, options, start, results):
    store = open_store(settings.url, settings.data_dir)
    start.wait()
    run, job = begin(store, settings, dataset, options)
    results.put((run.id, job.id))
    store.close()


def test_of_twenty_who_press_start_at_once_all_get_one_run(store, settings, keep, made_up, long_better):
    dataset = keep(made_up(40))
    start, results = FORK.Barrier(20), FORK.Queue()
    racers = [
        FORK.Process(target=press_start, args=(settings, dataset, long_better, start, results))
        for _ in range(20)
    ]
    for racer in racers:
        racer.start()
    found = {results.get(timeout=60) for _ in racers}
    for racer in racers:
        racer.join()
    assert len(found) == 1
    assert len(store.runs.list()) == len(store.jobs.recent()) == 1


def test_other_settings_wait_in_line_and_cancel_reaches_both_within_two_seconds(
    store, settings, keep, made_up, long_better, watched, wait_for, record_property
):
    dataset = keep(made_up(600))
    first, first_job = begin(store, settings, dataset, long_better)
    second, second_job = begin(store, settings, dataset, replace(long_better, seed=1))
    wait_for(lambda: "Epoch" in store.jobs.get(first_job.id).message)
    assert [store.runs.get(run.id).status for run in (first, second)] == ["running", "queued"]
    assert [store.jobs.place(job.id) for job in (first_job, second_job)] == [0, 1]
    with pytest.raises(CannotTrain, match="Cancel it first"):
        runs.delete_run(store, settings, first.id)

    store.jobs.cancel(second_job.id)
    assert store.runs.get(second.id).status == "cancelled", "at once: nobody works on it"
    store.jobs.cancel(first_job.id)
    took = wait_for(lambda: store.jobs.get(first_job.id).state == "cancelled")
    print(f"cancelled in the middle of a fine-tuning after {took:.2f} s")
    record_property("cancel_seconds", round(took, 2))
    assert took < 2
    nothing_is_offered(store, settings, first)


def test_cancel_while_comments_are_read_takes_two_seconds_at_most(
    store, settings, keep, airline, watched, wait_for, record_property
):
    run, job = begin(store, settings, keep(airline(1200)), TrainingOptions())
    wait_for(lambda: store.jobs.get(job.id).message.startswith("Reading comments"))
    store.jobs.cancel(job.id)
    took = wait_for(lambda: store.jobs.get(job.id).state == "cancelled")
    print(f"cancelled while comments were read after {took:.2f} s")
    record_property("cancel_seconds", round(took, 2))
    assert took < 2
    nothing_is_offered(store, settings, run)


def nothing_is_offered(store, settings, run):
    stopped = store.runs.get(run.id)
    assert (stopped.status, stopped.checkpoint, stopped.model) == ("cancelled", "", None)
    assert len(store.predictions.table(run.id)[0]) == 0
    assert runs.latest_done(store, run.dataset_id) is None
    assert not (settings.runs_dir / f"run-{run.id}" / "checkpoint").exists()


# ---- what is left on disk -----------------------------------------------------------------


def test_a_deleted_run_takes_its_folder_with_it(store, settings, keep, made_up, tiny_better):
    run, job = begin(store, settings, keep(made_up(40)), replace(tiny_better, mode="quick"))
    store.jobs.claim("me", 300)
    train(store, settings, run.id, Task())
    store.jobs.finish(job.id, "me", 1, "done")
    assert (settings.runs_dir / f"run-{run.id}" / "checkpoint" / "manifest.json").exists()
    runs.delete_run(store, settings, run.id)
    assert list(settings.runs_dir.iterdir()) == []
    assert store.runs.list() == [] and store.jobs.recent() == []


def test_a_dataset_takes_its_runs_with_it(store, settings, keep, made_up, tiny_better):
    dataset, label_set = keep(made_up(40))
    run = store.runs.add(dataset, label_set, replace(tiny_better, mode="quick"), sha(store, dataset), "k")
    train(store, settings, run.id, Task())
    runs.delete_dataset(store, settings, dataset)
    assert list(settings.runs_dir.iterdir()) == []
    assert store.datasets.list() == []


def test_the_next_worker_clears_away_what_a_stopped_training_left(
    store, settings, keep, made_up, tiny_better, worker_command
):
    """A worker that is ended from outside cannot tidy up itself."""
    dataset = keep(made_up(40))
    stopped, job = begin(store, settings, dataset, tiny_better)
    store.jobs.cancel(job.id)
    for run in (stopped.id, stopped.id + 1):
        left = settings.runs_dir / f"run-{run}" / "training"
        left.mkdir(parents=True)
        (left / "best-0.safetensors").write_bytes(b"weights")
    waiting, job = begin(store, settings, dataset, tiny_better)
    store.jobs.claim("a worker that lives", 300)
    held = locks.take(job_lock(settings, job.id))
    worker = ensure_worker(store, settings, worker_command)
    assert worker.wait(30) == 0, "it found nothing to do"
    os.close(held)
    assert [path.name for path in settings.runs_dir.iterdir()] == [f"run-{waiting.id}"]


def test_the_run_of_a_command_line_that_was_killed_can_be_deleted(
    store, settings, keep, made_up, tiny_better
):
    dataset, label_set = keep(made_up(40))
    alone = store.runs.add(dataset, label_set, tiny_better, sha(store, dataset), "k")
    store.runs.update(alone.id, status="running")
    held = locks.take(runs.run_lock(settings, alone.id))
    with pytest.raises(CannotTrain, match="Cancel it first"):
        runs.delete_run(store, settings, alone.id)
    os.close(held)  # as the kernel does when the process dies
    runs.end_abandoned(store, settings)
    assert store.runs.get(alone.id).status == "failed"
    assert "ended before it was done" in store.runs.get(alone.id).error
    runs.delete_run(store, settings, alone.id)
    assert store.runs.list() == []
    shutil.rmtree(settings.runs_dir)


def command_line(settings, dataset, options):
    train_here(open_store(settings.url, settings.data_dir), settings, *dataset, options, Task())


def test_a_command_line_that_was_killed_goes_on_where_it_was(
    store, settings, keep, made_up, long_better, wait_for
):
    dataset = keep(made_up(360))
    child = FORK.Process(target=command_line, args=(settings, dataset, long_better))
    child.start()
    wait_for(lambda: any(last_saved(settings, run) > 80 for run in store.runs.list()))
    wait_for(lambda: store.runs.list()[0].seconds.get("fine_tune", 0) > 0)
    os.kill(child.pid, signal.SIGKILL)
    child.join(10)
    (killed,) = store.runs.list()
    runs.forget_unfinished(store, settings)
    assert last_saved(settings, killed) > 80, "what it left stays, whatever begins meanwhile"
    assert "within a day the same command" in store.runs.get(killed.id).error
    other = train_here(store, settings, *dataset, TrainingOptions(mode="tfidf"), Task())
    assert other.id != killed.id

    told = []
    run = train_here(store, settings, *dataset, long_better, Task(lambda pct, words: told.append(words)))
    assert (run.id, run.status, run.error) == (killed.id, "done", "")
    epochs = [words.split()[1] for words in told if words.startswith("Epoch ")]
    assert epochs[0] != "1", "it did not begin again"
    assert run.seconds["fine_tune"] > killed.seconds["fine_tune"], "the time of both attempts"
    whole = train_here(store, settings, *dataset, long_better, Task())
    assert whole.id not in (run.id, other.id)
    for found in zip(store.predictions.table(run.id), store.predictions.table(whole.id), strict=True):
        assert np.array_equal(*found)


def test_what_a_killed_command_line_left_goes_after_a_day(store, settings, keep, made_up, tiny_better):
    dataset, label_set = keep(made_up(40))
    alone = store.runs.add(dataset, label_set, tiny_better, sha(store, dataset), "k")
    state = settings.runs_dir / f"run-{alone.id}" / "training" / "state-00000001"
    state.mkdir(parents=True)
    (state / "weights.safetensors").write_bytes(b"weights")
    runs.forget_unfinished(store, settings)
    assert state.exists() and store.runs.get(alone.id).status == "failed"
    assert runs.take_interrupted(store, settings, dataset, label_set, replace(tiny_better, seed=9)) is None
    store.runs.update(alone.id, finished_at=datetime.now(UTC) - timedelta(days=2))
    runs.forget_unfinished(store, settings)
    assert not state.exists()
    shutil.rmtree(settings.runs_dir)


def sha(store, dataset):
    return store.datasets.get(dataset).sha256
