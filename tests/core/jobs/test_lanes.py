"""Trainings and imports beside each other: one worker a lane."""

import os
import signal
import sys
from pathlib import Path

import pytest

from core.jobs import locks
from core.jobs.queue import job_lock, release_orphans, worker_lock
from core.jobs.watch import Watcher

ROOT = Path(__file__).parents[3]
LANE = "import"


@pytest.fixture
def file(tmp_path):
    return tmp_path / "notes.txt"


def state(store, job):
    return store.jobs.get(job.id).state


def lines(file):
    return file.read_text().split() if file.exists() else []


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_an_import_does_not_wait_for_a_training(store, settings, start_worker, wait_for, tmp_path):
    first, second = tmp_path / "training", tmp_path / "import"
    training = store.jobs.enqueue("obedient", {"file": str(first)})
    importing = store.jobs.enqueue("obedient", {"file": str(second)}, device=LANE)
    workers = [start_worker(), start_worker(lane=LANE)]
    wait_for(lambda: lines(first) and lines(second))
    assert [state(store, job) for job in (training, importing)] == ["running", "running"]
    assert [lines(path) for path in (first, second)] == [[str(worker.pid)] for worker in workers]

    store.jobs.cancel(importing.id)
    assert wait_for(lambda: state(store, importing) == "cancelled") < 2
    third = store.jobs.enqueue(
        "count", {"file": str(tmp_path / "third"), "steps": 1, "pause": 0}, device=LANE
    )
    wait_for(lambda: state(store, third) == "done")
    assert state(store, training) == "running"
    assert store.jobs.get(training.id).attempt == 1
    assert workers[0].is_alive()


def test_a_worker_takes_no_job_of_another_lane(store, start_worker, file):
    job = store.jobs.enqueue("count", {"file": str(file), "steps": 1, "pause": 0})
    start_worker(lane=LANE).join(20)
    assert state(store, job) == "queued"
    assert not file.exists()


def test_each_lane_has_its_own_line(store):
    first, second = (store.jobs.enqueue("k", {}) for _ in range(2))
    third, fourth = (store.jobs.enqueue("k", {}, device=LANE) for _ in range(2))
    assert [store.jobs.place(job.id) for job in (first, second, third, fourth)] == [1, 2, 1, 2]
    assert store.jobs.claim("me", 20, device=LANE).id == third.id
    assert store.jobs.claim("me too", 20, device=LANE) is None
    assert store.jobs.claim("you", 20).id == first.id
    assert [job.id for job in store.jobs.active(LANE)] == [third.id, fourth.id]
    assert [job.id for job in store.jobs.active("")] == [first.id, second.id]
    assert {job.id for job in store.jobs.active()} == {first.id, second.id, third.id, fourth.id}


def test_a_worker_leaves_the_orphans_of_another_lane_to_it(store, settings):
    """It may see a job between its claim and its lock."""
    job = store.jobs.enqueue("k", {}, device=LANE)
    store.jobs.claim("a worker about to lock it", 20, device=LANE)
    assert locks.is_free(job_lock(settings, job.id))
    assert release_orphans(store, settings) == []
    assert state(store, job) == "running"
    assert [orphan.id for orphan in release_orphans(store, settings, LANE)] == [job.id]


def test_the_result_is_kept_with_the_job_that_is_done(store, settings, start_worker, file, kinds):
    params = {"file": str(file), "steps": 2, "pause": 0}
    done = store.jobs.enqueue("count", params, device=LANE)
    silent = store.jobs.enqueue("silent", {}, device=LANE)
    failed = store.jobs.enqueue("break_down", {}, device=LANE)
    start_worker(kinds | {"silent": lambda params, context: None}, lane=LANE).join(20)
    assert [state(store, job) for job in (done, silent, failed)] == ["done", "done", "failed"]
    assert [store.jobs.get(job.id).result for job in (done, silent, failed)] == [{"steps": 2}, None, None]


def test_a_cancelled_job_has_no_result(store, start_worker, wait_for, file, kinds):
    def late(params, context):
        kinds["obedient"](params, context)
        return {"half": True}

    job = store.jobs.enqueue("late", {"file": str(file)}, device=LANE)
    start_worker({"late": late}, lane=LANE)
    wait_for(lambda: lines(file))
    store.jobs.cancel(job.id)
    wait_for(lambda: state(store, job) == "cancelled")
    assert store.jobs.get(job.id).result is None


# ---- a job with a limited child -----------------------------------------------------------


def test_cancel_ends_the_child_within_two_seconds(store, start_worker, wait_for, file):
    job = store.jobs.enqueue("in_child", {"file": str(file), "do": ["sleep"]}, device=LANE)
    worker = start_worker(lane=LANE)
    wait_for(lambda: lines(file))
    [child] = lines(file)
    assert alive(child)
    store.jobs.cancel(job.id)
    took = wait_for(lambda: state(store, job) == "cancelled")
    print(f"cancelled after {took:.2f} s")
    assert took < 2
    assert not alive(child)
    worker.join(5)
    assert worker.exitcode == 0, "it stopped by itself"


def test_a_killed_import_worker_leaves_no_child_and_its_job_is_done_again(
    store, settings, start_worker, wait_for, file
):
    job = store.jobs.enqueue("in_child", {"file": str(file), "do": ["sleep", "echo"]}, device=LANE)
    worker = start_worker(lane=LANE)
    wait_for(lambda: lines(file))
    [child] = lines(file)
    os.kill(worker.pid, signal.SIGKILL)
    worker.join()
    assert wait_for(lambda: not alive(child), seconds=2) < 2
    start_worker(lane=LANE, lease_s=300).join(20)
    again = store.jobs.get(job.id)
    assert (again.state, again.attempt, again.result) == ("done", 2, {"seen": "all of them"})


# ---- watchers -----------------------------------------------------------------------------


def test_the_watchers_of_two_lanes_start_a_worker_each(store, settings, monkeypatch, tmp_path, wait_for):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    command = [sys.executable, str(Path(__file__).with_name("worker_script.py")), str(settings.data_dir)]
    files = {lane: tmp_path / f"notes{lane}" for lane in ("", LANE)}
    jobs = [
        store.jobs.enqueue("count", {"file": str(file), "steps": 12, "pause": 0.1}, device=lane)
        for lane, file in files.items()
    ]
    watchers = [Watcher(store, settings, [*command, lane], lane) for lane in files]
    for watcher in watchers:
        watcher.start()
    wait_for(lambda: all(lines(file) for file in files.values()))
    assert [state(store, job) for job in jobs] == ["running", "running"]
    assert {path.name for path in settings.jobs_dir.glob("worker*.lock")} == {
        "worker.lock",
        "worker-import.lock",
    }
    pid = int(store.jobs.get(jobs[1].id).owner.split(":")[1])
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: all(state(store, job) == "done" for job in jobs))
    for watcher in watchers:
        watcher.stop()
    assert [store.jobs.get(job.id).attempt for job in jobs] == [1, 2]
    assert [lines(file) for file in files.values()] == [[str(step) for step in range(1, 13)]] * 2
    wait_for(lambda: all(locks.is_free(worker_lock(settings, lane)) for lane in files))
