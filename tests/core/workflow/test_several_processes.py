"""Trainings whose batches are shared by two processes, as several GPUs would share them."""

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import Paused
from core.jobs.queue import job_log
from core.jobs.watch import Watcher
from core.workflow import runs
from core.workflow.task import Task
from core.workflow.train_job import train


@pytest.fixture
def shared(settings, monkeypatch):
    """Settings with two processes, also for the worker."""
    more = {"processes": "2", "save_every_s": 0.2}
    for name, value in more.items():
        monkeypatch.setenv(f"ROADLENS_{name.upper()}", str(value))
    return settings.model_copy(update=more)


def added(store, dataset, options, key):
    sha = store.datasets.get(dataset[0]).sha256
    return store.runs.add(*dataset, options, sha, key)


def test_two_processes_come_to_what_one_comes_to_and_a_pause_changes_nothing(
    store, settings, shared, keep, made_up, tiny_better
):
    dataset = keep(made_up(120))
    heard, folder = [], None

    def progress(pct, message):
        heard.append(message)
        if len([words for words in heard if words.startswith("Epoch 2")]) == 1:
            raise Paused("paused")

    run = added(store, dataset, tiny_better, "shared")
    with pytest.raises(Paused):
        train(store, shared, run.id, Task(progress))
    folder = shared.runs_dir / f"run-{run.id}" / "training"
    assert list(folder.glob("state-*")) and not (folder / "meeting").exists()
    done = train(store, shared, run.id, Task(lambda pct, message: heard.append(message)))
    again = [words for words in heard[heard.index("Loading the encoder", 3) :] if words.startswith("Epoch")]
    assert again[0].startswith("Epoch 2"), "it went on where it stood"

    alone = train(store, settings, added(store, dataset, tiny_better, "alone").id, Task())
    assert [point.step for point in done.curve] == [point.step for point in alone.curve]
    for one, other in zip(done.curve, alone.curve, strict=True):
        assert one.loss == pytest.approx(other.loss, abs=1e-4)
        assert one.macro_f1 == pytest.approx(other.macro_f1)
    said, expected = (store.predictions.table(found.id)[1] for found in (done, alone))
    assert np.allclose(said, expected, atol=1e-3)
    assert done.evaluation.facts["Processes"].startswith("2, ")


def ranks_of(worker):
    """The processes that the worker has started."""
    try:
        return [int(child) for child in Path(f"/proc/{worker}/task/{worker}/children").read_text().split()]
    except FileNotFoundError:
        return []


def gone(pids):
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_no_process_outlives_a_killed_worker_or_a_cancelled_job(
    store, shared, keep, made_up, tiny_better, worker_command, wait_for, record_property
):
    options = replace(tiny_better, epochs=40, body_rate=1e-4, batch_tokens=32)
    run, job = runs.start_training(store, shared, *keep(made_up(360)), options)
    watcher = Watcher(store, shared, worker_command)
    watcher.start()
    try:
        wait_for(lambda: "Epoch" in store.jobs.get(job.id).message)
        worker = int(store.jobs.get(job.id).owner.split(":")[1])
        ranks = ranks_of(worker)
        assert len(ranks) == 2
        os.kill(worker, signal.SIGKILL)
        took = wait_for(lambda: gone(ranks))
        assert took < 5

        wait_for(lambda: "Epoch" in store.jobs.get(job.id).message and store.jobs.get(job.id).attempt == 2)
        worker = int(store.jobs.get(job.id).owner.split(":")[1])
        ranks = ranks_of(worker)
        assert len(ranks) == 2
        store.jobs.cancel(job.id)
        stopped = wait_for(lambda: store.jobs.get(job.id).state == "cancelled" and gone(ranks))
        print(f"gone {took:.2f} s after the kill, cancelled after {stopped:.2f} s")
        record_property("seconds", [round(took, 2), round(stopped, 2)])
        assert stopped < 2
        assert not (shared.runs_dir / f"run-{run.id}").exists()
    finally:
        watcher.stop()
        if watcher._worker is not None:
            watcher._worker.kill()
            watcher._worker.wait(10)
        print(job_log(shared, job.id).read_text())
        print((shared.jobs_dir / "worker.log").read_text())
