import errno
import os
import signal
import time

import pytest

from core.errors import AppError, Cancelled, DiskFull, LeaseLost, Paused
from core.jobs import locks
from core.jobs import worker as worker_module
from core.jobs.queue import job_log, worker_lock
from core.store.jobs import Jobs

SECRET = "the private words of a customer"


@pytest.fixture
def file(tmp_path):
    return tmp_path / "notes.txt"


def state(store, job):
    return store.jobs.get(job.id).state


def test_jobs_are_done_one_after_another_until_idle(store, settings, start_worker, file):
    jobs = [store.jobs.enqueue("count", {"file": str(file), "steps": n, "pause": 0}) for n in (2, 4)]
    worker = start_worker()
    worker.join(20)
    assert worker.exitcode == 0
    assert file.read_text().split() == ["1", "2", "3", "4"]
    for job, last in zip(jobs, ("step 2", "step 4"), strict=True):
        done = store.jobs.get(job.id)
        assert (done.state, done.pct, done.message, done.attempt) == ("done", 100, last, 1)
    assert list(settings.jobs_dir.glob("[0-9]*.lock")) == []


def test_a_second_worker_leaves_at_once(store, settings, start_worker, wait_for):
    first = start_worker(worker_idle_s=60)
    wait_for(lambda: not locks.is_free(worker_lock(settings)))
    second = start_worker(worker_idle_s=60)
    second.join(5)
    assert second.exitcode == 2
    assert first.is_alive()


def test_a_killed_worker_is_followed_by_one_that_goes_on(store, start_worker, wait_for, file):
    job = store.jobs.enqueue("count", {"file": str(file), "steps": 12, "pause": 0.05})
    first = start_worker()
    wait_for(lambda: file.exists() and len(file.read_text().split()) >= 4)
    os.kill(first.pid, signal.SIGKILL)
    first.join()
    begun = time.monotonic()
    start_worker(lease_s=300)  # the free lock counts, not the lease
    wait_for(lambda: state(store, job) == "done")
    assert time.monotonic() - begun < 5
    assert file.read_text().split() == [str(step) for step in range(1, 13)]
    assert store.jobs.get(job.id).attempt == 2


def test_a_job_that_kills_its_worker_fails_in_the_end(store, start_worker, file):
    job = store.jobs.enqueue("crash", {"file": str(file)}, max_attempts=3)
    for _ in range(4):
        start_worker().join(20)
    failed = store.jobs.get(job.id)
    assert (failed.state, file.read_text().split()) == ("failed", ["1", "2", "3"])
    assert "memory" in failed.error


@pytest.mark.parametrize(("kind", "exit_code"), [("stuck", 3), ("obedient", 0)])
def test_cancel_takes_effect_within_two_seconds(store, start_worker, wait_for, file, kind, exit_code):
    job = store.jobs.enqueue(kind, {"file": str(file)})
    worker = start_worker()
    wait_for(lambda: file.exists() and file.read_text())
    store.jobs.cancel(job.id)
    assert wait_for(lambda: state(store, job) == "cancelled") < 2
    worker.join(5)
    assert worker.exitcode == exit_code


def test_cancel_reaches_the_run(store, start_worker, wait_for, file, run_and_job, kinds):
    run, job = run_and_job
    given = {"file": str(file), "steps": 1000, "pause": 0.01}
    start_worker({"train": lambda params, context: kinds["count"](given, context)})
    wait_for(file.exists)
    assert store.runs.get(run.id).status == "running"
    store.jobs.cancel(job.id)
    wait_for(lambda: state(store, job) == "cancelled")
    assert store.runs.get(run.id).status == "cancelled"


def test_a_deleted_run_stops_its_worker(store, start_worker, wait_for, file, run_and_job, kinds):
    run, _ = run_and_job
    worker = start_worker({"train": lambda params, context: kinds["stuck"]({"file": str(file)}, context)})
    wait_for(lambda: file.exists() and file.read_text())
    store.runs.delete(run.id)
    worker.join(5)
    assert worker.exitcode == 3


def test_an_unforeseen_error_gets_a_reference_and_leaves_no_cell_in_the_log(store, settings, start_worker):
    job = store.jobs.enqueue("break_down", {})
    start_worker().join(20)
    failed = store.jobs.get(job.id)
    log = job_log(settings, job.id).read_text()
    reference = failed.error.split("reference ")[1].split(")")[0]
    assert failed.state == "failed"
    assert failed.error.startswith("Something went wrong (reference ")
    assert f"reference {reference}" in log
    assert "builtins.KeyError" in log
    assert "builtins.ValueError" in log
    assert "worker_script.py" in log
    assert SECRET not in log + failed.error


def test_an_error_with_a_sentence_is_shown_as_it_is(store, settings, start_worker):
    def refuse(params, context):
        raise AppError("Give each label two rows.")

    job = store.jobs.enqueue("refuse", {})
    start_worker({"refuse": refuse}).join(20)
    assert (state(store, job), store.jobs.get(job.id).error) == ("failed", "Give each label two rows.")


def test_a_reason_to_cancel_reaches_the_person(store, start_worker, run_and_job):
    def give_up(params, context):
        raise Cancelled("The time is used up.")

    run, job = run_and_job
    start_worker({"train": give_up}).join(20)
    assert (state(store, job), store.jobs.get(job.id).error) == ("cancelled", "The time is used up.")
    assert store.runs.get(run.id).error == "The time is used up."


def fill_the_disk(params, context):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_reason_to_pause_reaches_the_person_until_they_resume(store, start_worker, run_and_job):
    def wait(params, context):
        raise Paused("There is no room.")

    run, job = run_and_job
    start_worker({"train": wait}).join(20)
    assert (state(store, job), store.runs.get(run.id).status) == ("paused", "paused")
    assert (store.jobs.get(job.id).error, store.runs.get(run.id).error) == ("There is no room.",) * 2
    store.jobs.resume(job.id)
    assert (store.jobs.get(job.id).error, store.runs.get(run.id).error) == ("", "")
    start_worker({"train": lambda params, context: None}).join(20)
    assert state(store, job) == "done"


def test_a_full_disk_is_said(store, start_worker):
    job = store.jobs.enqueue("fill", {})
    start_worker({"fill": fill_the_disk}).join(20)
    assert state(store, job) == "failed"
    assert store.jobs.get(job.id).error.endswith("Free some space, then start it again.")


def test_the_end_of_a_job_waits_for_room_on_the_disk(store, start_worker, monkeypatch):
    """Another worker that took it up again would find the disk as full."""
    finish, left = Jobs.finish, iter([True, True])

    def full(jobs, *arguments):
        if next(left, False):
            raise DiskFull("The disk is full.")
        return finish(jobs, *arguments)

    monkeypatch.setattr(Jobs, "finish", full)
    monkeypatch.setattr(worker_module, "FULL_POLL_S", 0.05)
    job = store.jobs.enqueue("nothing", {})
    start_worker({"nothing": lambda params, context: None}).join(20)  # forked: it has the patches
    assert (state(store, job), store.jobs.get(job.id).attempt) == ("done", 1)


def test_who_cancels_needs_no_reason(store, start_worker, wait_for, file):
    job = store.jobs.enqueue("count", {"file": str(file), "steps": 1000, "pause": 0.01})
    start_worker()
    wait_for(lambda: file.exists() and file.read_text())
    store.jobs.cancel(job.id)
    wait_for(lambda: state(store, job) == "cancelled")
    assert store.jobs.get(job.id).error == ""


def test_an_unknown_kind_fails_and_the_next_job_is_done(store, start_worker, file):
    unknown = store.jobs.enqueue("juggle", {})
    known = store.jobs.enqueue("count", {"file": str(file), "steps": 1, "pause": 0})
    start_worker().join(20)
    assert (state(store, unknown), state(store, known)) == ("failed", "done")
    assert "does not know" in store.jobs.get(unknown.id).error


def test_an_old_owner_can_write_nothing_any_more(store, settings, start_worker, file):
    job = store.jobs.enqueue("count", {"file": str(file), "steps": 1, "pause": 0})
    old = store.jobs.claim("a worker that froze", 300)
    start_worker().join(20)  # nobody holds the lock of the job
    assert state(store, job) == "done"
    with pytest.raises(LeaseLost):
        store.jobs.finish(job.id, old.owner, old.attempt, "failed")
    assert state(store, job) == "done"


def test_the_log_names_attempts_and_progress_on_one_line_each(store, settings, start_worker, file):
    job = store.jobs.enqueue("count", {"file": str(file), "steps": 1, "pause": 0})
    start_worker().join(20)
    lines = job_log(settings, job.id).read_text().splitlines()
    assert [line.split(" INFO ")[1] for line in lines] == [
        f"job {job.id} count attempt 1",
        "100.0 % step 1",
        "done",
    ]
