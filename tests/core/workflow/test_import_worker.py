"""The worker of the import lane as a real process, beside the one that trains."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from core.domain import Columns
from core.jobs.watch import Watcher
from core.workflow import importing, runs
from core.workflow.import_file import Order
from core.workflow.uploads import keep_upload
from core.workflow.worker import LANES

ROWS = 30_000
SLOW = ("torch", "transformers", "sklearn", "streamlit", "plotly")


@pytest.fixture
def watched(store, settings, worker_command):
    """A watcher for each lane, as the web process has them."""
    watchers = [Watcher(store, settings, [*worker_command, lane], lane) for lane in LANES]
    for watcher in watchers:
        watcher.start()
    yield
    for watcher in watchers:
        watcher.stop()
    for job in store.jobs.active():
        store.jobs.cancel(job.id)
    for watcher in watchers:
        if watcher._worker is not None:
            watcher._worker.kill()
            watcher._worker.wait(10)
    for log in settings.jobs_dir.glob("*.log"):
        print(f"{log.name}:\n{log.read_text()}")  # shown when the test failed


@pytest.fixture
def upload(settings):
    """A file whose import takes seconds."""
    lines = [
        f"{number},comment number {number} says that page {number % 7} is slow" for number in range(ROWS)
    ]
    return keep_upload(settings, "\n".join(["id,text", *lines]).encode())


def begin(store, settings, upload):
    return importing.start(store, settings, upload, Order("rows.csv", upload, Columns("text", id="id")))


def owner_of(store, job):
    owner = store.jobs.get(job.id).owner
    return int(owner.split(":")[1]) if owner else 0


def child_of(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def gone(pid):
    return not Path(f"/proc/{pid}").exists()


def test_an_import_needs_no_model():
    script = (
        "import sys\n"
        "from core.workflow import import_child, importing, worker\n"
        f"print([name for name in {SLOW} if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_an_import_is_done_while_a_training_goes_on(
    store, settings, keep, made_up, tiny_better, watched, wait_for, upload
):
    longest = replace(tiny_better, epochs=50, body_rate=1e-4, batch_tokens=32)
    run, training = runs.start_training(store, settings, *keep(made_up(600)), longest)
    wait_for(lambda: "Epoch" in store.jobs.get(training.id).message)
    job = begin(store, settings, upload)
    wait_for(lambda: store.jobs.get(job.id).state == "done")
    assert store.jobs.get(training.id).state == "running"
    assert store.datasets.get(store.jobs.get(job.id).result["dataset_id"]).rows == ROWS
    store.jobs.cancel(training.id)
    wait_for(lambda: store.jobs.get(training.id).state == "cancelled")


def test_a_killed_import_is_done_again_and_stored_once(store, settings, watched, wait_for, upload):
    job = begin(store, settings, upload)
    wait_for(store.staging.list)
    worker = owner_of(store, job)
    [child] = child_of(worker)
    os.kill(worker, signal.SIGKILL)
    assert wait_for(lambda: gone(child)) < 2
    assert store.datasets.list() == []
    wait_for(lambda: store.jobs.get(job.id).state == "done")
    done = store.jobs.get(job.id)
    assert done.attempt == 2
    [dataset] = store.datasets.list()
    assert (dataset.id, dataset.rows) == (done.result["dataset_id"], ROWS)
    assert store.staging.list() == []
