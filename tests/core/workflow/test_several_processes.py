"""Trainings whose batches are shared by two processes, as several GPUs would share them."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.config import load_settings
from core.errors import ConfigError
from core.jobs.queue import job_log
from core.jobs.watch import ensure_worker
from core.workflow import runs


@pytest.fixture
def shared(settings, monkeypatch):
    """Settings with two processes, also for the worker."""
    more = {"processes": "2", "save_every_s": 0.2}
    for name, value in more.items():
        monkeypatch.setenv(f"ROADLENS_{name.upper()}", str(value))
    return settings.model_copy(update=more)


def test_a_number_of_processes_is_a_number(monkeypatch, tmp_path):
    monkeypatch.setenv("ROADLENS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ROADLENS_PROCESSES", "many")
    with pytest.raises(ConfigError, match="ROADLENS_PROCESSES"):
        load_settings()


def children_of(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def gone(pids):
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_cancel_reaches_all_processes_within_two_seconds(
    store, shared, keep, made_up, tiny_better, worker_command, wait_for, record_property
):
    options = replace(tiny_better, epochs=40, body_rate=1e-4, batch_tokens=32)
    run, job = runs.start_training(store, shared, *keep(made_up(360)), options)
    worker = ensure_worker(store, shared, worker_command)
    try:
        wait_for(lambda: "Epoch" in store.jobs.get(job.id).message)
        ranks = children_of(worker.pid)
        assert len(ranks) == 2
        store.jobs.cancel(job.id)
        took = wait_for(lambda: store.jobs.get(job.id).state == "cancelled" and gone(ranks))
        print(f"cancelled in the middle of a shared fine-tuning after {took:.2f} s")
        record_property("cancel_seconds", round(took, 2))
        assert took < 2
        assert worker.poll() is None, "the worker goes on with the next job"
        assert not (shared.runs_dir / f"run-{run.id}").exists()
    finally:
        worker.kill()
        worker.wait()
        print(job_log(shared, job.id).read_text())
        print((shared.jobs_dir / "worker.log").read_text())
