import multiprocessing
import os
import signal
import sys
from pathlib import Path

import pytest

from core.jobs import locks
from core.jobs.queue import worker_lock
from core.jobs.watch import Watcher, ensure_worker
from core.store.store import open_store

FORK = multiprocessing.get_context("fork")
ROOT = Path(__file__).parents[3]


@pytest.fixture
def command(settings, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return [sys.executable, str(Path(__file__).parent / "worker_script.py"), str(settings.data_dir)]


def ask(settings, command, start, results):
    store = open_store(settings.url, settings.data_dir)
    start.wait()
    worker = ensure_worker(store, settings, command)
    results.put(worker is not None)
    if worker is not None:
        worker.wait(30)


def test_no_work_no_worker(store, settings, command):
    assert ensure_worker(store, settings, command) is None
    assert not worker_lock(settings).exists()


def test_of_many_callers_one_starts_a_worker(store, settings, command, tmp_path, wait_for):
    file = tmp_path / "notes.txt"
    job = store.jobs.enqueue("count", {"file": str(file), "steps": 3, "pause": 0.05})
    start, results = FORK.Barrier(8), FORK.Queue()
    callers = [FORK.Process(target=ask, args=(settings, command, start, results)) for _ in range(8)]
    for caller in callers:
        caller.start()
    assert sorted(results.get(timeout=20) for _ in callers) == [False] * 7 + [True]
    wait_for(lambda: store.jobs.get(job.id).state == "done")
    for caller in callers:
        caller.join(20)
    assert file.read_text().split() == ["1", "2", "3"]
    assert locks.is_free(worker_lock(settings))


def test_the_watcher_replaces_a_killed_worker(store, settings, command, tmp_path, wait_for):
    file = tmp_path / "notes.txt"
    job = store.jobs.enqueue("count", {"file": str(file), "steps": 8, "pause": 0.1})
    watcher = Watcher(store, settings, command)
    watcher.start()
    wait_for(lambda: file.exists() and len(file.read_text().split()) >= 2)
    pid = int(store.jobs.get(job.id).owner.split(":")[1])
    assert os.getsid(pid) == pid  # a session of its own: it outlives the web process
    assert os.getpriority(os.PRIO_PROCESS, pid) >= 10
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: store.jobs.get(job.id).state == "done")
    watcher.stop()
    assert file.read_text().split() == [str(step) for step in range(1, 9)]
    assert store.jobs.get(job.id).attempt == 2
    wait_for(lambda: locks.is_free(worker_lock(settings)))


def test_a_worker_that_cannot_start_is_asked_for_ever_more_slowly(store, settings, wait_for):
    store.jobs.enqueue("count", {})
    watcher = Watcher(store, settings, [sys.executable, "-c", "raise SystemExit('no such module')"])
    watcher._look()
    pauses = []
    for _ in range(3):
        wait_for(lambda: watcher._worker.poll() is not None)
        watcher._look()
        pauses.append(watcher._pause)
    watcher._worker.wait(10)
    assert pauses == [2, 4, 8]
    assert "no such module" in (settings.jobs_dir / "worker.log").read_text()
