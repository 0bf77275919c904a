import multiprocessing
import os
import runpy
import shutil
import signal
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from core.config import Settings
from core.domain import FEEDBACK, Columns, TrainingOptions
from core.jobs.worker import run_worker
from core.store.store import open_store

KINDS = runpy.run_path(str(Path(__file__).parent / "worker_script.py"))["KINDS"]
FORK = multiprocessing.get_context("fork")  # the children share what is imported already: fast


@pytest.fixture
def settings(tmp_path):
    made = Settings(data_dir=tmp_path, worker_idle_s=0.3)
    made.jobs_dir.mkdir()
    return made


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory):
    """A migrated file to copy: faster than migrating for each test."""
    folder = tmp_path_factory.mktemp("empty")
    open_store(f"sqlite:///{folder / 'empty.db'}", folder).close()
    return folder / "empty.db"


@pytest.fixture
def store(settings, empty_database):
    shutil.copy(empty_database, settings.data_dir / "roadlens.db")
    opened = open_store(settings.url, settings.data_dir)
    yield opened
    opened.close()


def work(settings, kinds, lane):
    store = open_store(settings.url, settings.data_dir)
    sys.exit(0 if run_worker(store, settings, kinds, lane) else 2)


@pytest.fixture
def start_worker(settings):
    """Starts a worker in a process of its own; whatever is left is killed at the end."""
    started = []

    def start(kinds=KINDS, lane="", **changes):
        process = FORK.Process(target=work, args=(settings.model_copy(update=changes), kinds, lane))
        process.start()
        started.append(process)
        return process

    yield start
    for process in started:
        if process.is_alive():
            os.kill(process.pid, signal.SIGKILL)
        process.join()


@pytest.fixture
def kinds():
    return KINDS


@pytest.fixture
def run_and_job(store):
    """A run that waits for a job of kind "train"."""
    row = dict.fromkeys(FEEDBACK[1:], "x") | {"date": None, "rating": 1.0, "label": "bug"}
    stored = store.datasets.add_import(
        "d", "f.csv", "s", "utf-8", ",", Columns("t"), 1, pd.DataFrame([row]), (), (), "topic"
    )
    label_set = store.labels.sets(stored.dataset_id)[0]
    return store.runs.add_with_job(stored.dataset_id, label_set.id, TrainingOptions(), "d", "k", "train")


@pytest.fixture
def wait_for():
    """Waits until a condition holds and says how long that took."""

    def wait(condition, seconds=20.0):
        begun = time.monotonic()
        while not condition():
            assert time.monotonic() - begun < seconds, "waited in vain"
            time.sleep(0.01)
        return time.monotonic() - begun

    return wait
