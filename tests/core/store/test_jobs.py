import time
from datetime import UTC

import pytest

from core.errors import LeaseLost, NotFound
from core.store.jobs import Told
from core.store.store import open_store

LEASE = 20.0


@pytest.fixture
def later(monkeypatch):
    """Moves the monotonic clock."""
    real = time.monotonic

    def move(seconds):
        monkeypatch.setattr(time, "monotonic", lambda: real() + seconds)

    return move


def test_a_job_from_queue_to_done(store):
    job = store.jobs.enqueue("count", {"to": 3, "words": ["ä"]})
    assert (job.state, job.params, job.attempt, job.pct) == ("queued", {"to": 3, "words": ["ä"]}, 0, 0)
    held = store.jobs.claim("me", LEASE)
    assert (held.id, held.state, held.owner, held.attempt) == (job.id, "running", "me", 1)
    assert store.jobs.beat(job.id, "me", 1, 40.5, "two of three") == Told(False, False)
    assert (store.jobs.get(job.id).pct, store.jobs.get(job.id).message) == (40.5, "two of three")
    assert store.jobs.beat(job.id, "me", 1) == Told(False, False)
    assert store.jobs.get(job.id).message == "two of three"
    store.jobs.finish(job.id, "me", 1, "done")
    done = store.jobs.get(job.id)
    assert (done.state, done.pct, done.error, done.finished_at.tzinfo) == ("done", 100, "", UTC)
    assert store.jobs.active() == []


def test_the_queue_goes_by_priority_then_age(store):
    late, first, second = (store.jobs.enqueue("k", {}, priority=p) for p in (5, 0, 0))
    assert [job.id for job in store.jobs.active()] == [first.id, second.id, late.id]
    assert [store.jobs.place(job.id) for job in (first, second, late)] == [1, 2, 3]
    assert store.jobs.claim("me", LEASE).id == first.id
    assert [store.jobs.place(job.id) for job in (first, second, late)] == [0, 1, 2]
    assert [job.id for job in store.jobs.active()] == [first.id, second.id, late.id]
    assert [job.id for job in store.jobs.recent(2)] == [second.id, first.id]


def test_a_key_is_one_job_while_it_is_active(store):
    job = store.jobs.enqueue("k", {}, key="a")
    assert store.jobs.enqueue("k", {}, key="a") == job
    assert store.jobs.enqueue("k", {}).id != store.jobs.enqueue("k", {}).id
    store.jobs.cancel(job.id)
    assert store.jobs.enqueue("k", {}, key="a").id != job.id


def test_one_job_at_a_time(store):
    store.jobs.enqueue("k", {})
    store.jobs.enqueue("k", {})
    held = store.jobs.claim("a", LEASE)
    assert store.jobs.claim("b", LEASE) is None
    store.jobs.finish(held.id, "a", 1, "done")
    assert store.jobs.claim("b", LEASE) is not None


def empty_queue(i, start, url, folder):
    store = open_store(url, folder)
    start.wait()
    done = []
    while store.jobs.active():
        job = store.jobs.claim(f"worker {i}", LEASE)
        if job is None:
            time.sleep(0.001)
            continue
        begun = time.monotonic()
        store.jobs.beat(job.id, job.owner, job.attempt, 50.0)
        ended = time.monotonic()
        store.jobs.finish(job.id, job.owner, job.attempt, "done")
        done.append((begun, ended, job.id))
    return done


def test_four_workers_do_200_jobs_once_and_never_two_at_once(store, tmp_path, in_processes):
    ids = [store.jobs.enqueue("k", {}).id for _ in range(200)]
    done = sorted(sum(in_processes(4, empty_queue, store.url, tmp_path), []))
    assert sorted(job_id for _, _, job_id in done) == ids
    assert all(first[1] <= second[0] for first, second in zip(done, done[1:], strict=False))


def test_an_expired_lease_is_taken_over_first_and_the_old_owner_fenced_off(store, later):
    job = store.jobs.enqueue("k", {}, priority=9)
    store.jobs.claim("old", LEASE)
    store.jobs.enqueue("k", {}, priority=0)
    later(LEASE + 1)
    held = store.jobs.claim("new", LEASE)
    assert (held.id, held.owner, held.attempt) == (job.id, "new", 2)
    with pytest.raises(LeaseLost):
        store.jobs.beat(job.id, "old", 1)
    with pytest.raises(LeaseLost):
        store.jobs.finish(job.id, "old", 1, "done")
    assert store.jobs.get(job.id).state == "running"


def test_a_beat_keeps_the_lease(store, later):
    job = store.jobs.enqueue("k", {})
    store.jobs.claim("a", LEASE)
    later(LEASE - 1)
    store.jobs.beat(job.id, "a", 1)
    later(2 * LEASE - 2)
    assert store.jobs.claim("b", LEASE) is None


def test_a_heartbeat_from_before_the_machine_started_is_dead(store, later):
    store.jobs.enqueue("k", {})
    store.jobs.claim("a", LEASE)
    later(-5)
    assert store.jobs.claim("b", LEASE).attempt == 2


def test_a_worn_out_training_waits_for_somebody_to_resume_it(store, new_run, later):
    run, job = new_run()
    for round in range(2):
        for attempt in range(5):
            assert store.jobs.claim("a", LEASE).attempt == 5 * round + attempt + 1
            later((5 * round + attempt + 1) * (LEASE + 1))
        assert store.jobs.claim("a", LEASE) is None
        waits, its_run = store.jobs.get(job.id), store.runs.get(run.id)
        assert (waits.state, its_run.status) == ("paused", "paused")
        assert "Press Resume" in waits.error and its_run.error == waits.error
        store.jobs.resume(job.id)
        assert (store.jobs.get(job.id).error, store.runs.get(run.id).error) == ("", "")


def test_a_worn_out_job_without_a_run_fails(store, later):
    job = store.jobs.enqueue("k", {})
    for attempt in range(5):
        assert store.jobs.claim("a", LEASE).attempt == attempt + 1
        later((attempt + 1) * (LEASE + 1))
    assert store.jobs.claim("a", LEASE) is None
    assert store.jobs.get(job.id).state == "failed" and "memory" in store.jobs.get(job.id).error


def test_release_queues_again_until_worn_out(store, new_run):
    run, job = new_run()
    for attempt in range(5):
        held = store.jobs.claim("a", LEASE)
        assert (held.attempt, store.runs.get(run.id).status) == (attempt + 1, "running")
        store.jobs.release(job.id, "somebody else")
        assert store.jobs.get(job.id).state == "running"
        store.jobs.release(job.id, "a")
        expected = "queued" if attempt < 4 else "paused"
        assert (store.jobs.get(job.id).state, store.runs.get(run.id).status) == (expected, expected)


def test_cancel_while_queued(store, new_run):
    run, job = new_run()
    assert store.jobs.cancel(job.id).state == "cancelled"
    assert store.runs.get(run.id).status == "cancelled"
    assert store.jobs.claim("me", LEASE) is None


def test_cancel_while_running(store, new_run):
    run, job = new_run()
    store.jobs.claim("me", LEASE)
    asked = store.jobs.cancel(job.id)
    assert (asked.state, asked.cancel_requested) == ("running", True)
    assert store.jobs.beat(job.id, "me", 1) == Told(True, False)
    store.jobs.finish(job.id, "me", 1, "cancelled")
    assert store.runs.get(run.id).status == "cancelled"
    assert store.jobs.cancel(job.id).state == "cancelled"  # once more does nothing


def test_a_cancelled_job_of_a_dead_worker_is_not_taken_up_again(store, new_run):
    run, job = new_run()
    store.jobs.claim("me", LEASE)
    store.jobs.cancel(job.id)
    store.jobs.release(job.id, "me")
    assert (store.jobs.get(job.id).state, store.runs.get(run.id).status) == ("cancelled", "cancelled")


def test_a_failed_job_leaves_a_done_run_alone(store, new_run):
    run, job = new_run()
    store.jobs.claim("me", LEASE)
    store.runs.update(run.id, status="done")
    store.jobs.finish(job.id, "me", 1, "failed", "too late")
    assert (store.runs.get(run.id).status, store.runs.get(run.id).error) == ("done", "")


def test_no_such_job(store):
    for ask in (store.jobs.get, store.jobs.cancel, store.jobs.place):
        with pytest.raises(NotFound):
            ask(7)


# ---- lanes --------------------------------------------------------------------------------


def test_an_import_runs_beside_a_training(store):
    first, second = (store.jobs.enqueue("train", {}) for _ in range(2))
    one, two = (store.jobs.enqueue("import", {}, device="import") for _ in range(2))
    assert store.jobs.claim("trainer", LEASE).id == first.id
    assert store.jobs.claim("importer", LEASE, device="import").id == one.id
    assert store.jobs.claim("other", LEASE) is None
    assert store.jobs.claim("other", LEASE, device="import") is None
    assert [job.id for job in store.jobs.active("import")] == [one.id, two.id]
    assert [job.id for job in store.jobs.active("")] == [first.id, second.id]
    assert [job.id for job in store.jobs.active()] == [first.id, one.id, second.id, two.id]
    assert [store.jobs.place(job.id) for job in (first, second, one, two)] == [0, 1, 0, 1]


def test_a_lane_takes_over_its_own_jobs_only(store, later):
    trained = store.jobs.enqueue("train", {})
    imported = store.jobs.enqueue("import", {}, device="import")
    store.jobs.claim("trainer", LEASE)
    later(LEASE + 1)
    assert store.jobs.claim("importer", LEASE, device="import").id == imported.id
    assert store.jobs.get(trained.id).owner == "trainer"
    assert store.jobs.claim("new", LEASE).attempt == 2


def test_a_worn_out_job_is_ended_by_its_own_lane(store, later):
    job = store.jobs.enqueue("import", {}, device="import", max_attempts=1)
    store.jobs.claim("importer", LEASE, device="import")
    later(LEASE + 1)
    assert store.jobs.claim("trainer", LEASE) is None
    assert store.jobs.get(job.id).state == "running"
    assert store.jobs.claim("importer", LEASE, device="import") is None
    assert store.jobs.get(job.id).state == "failed"


def test_a_released_job_stays_in_its_lane(store):
    job = store.jobs.enqueue("import", {}, device="import")
    store.jobs.claim("importer", LEASE, device="import")
    store.jobs.release(job.id, "importer")
    assert store.jobs.claim("trainer", LEASE) is None
    assert store.jobs.claim("importer", LEASE, device="import").attempt == 2


def test_a_result_is_kept(store):
    done, plain = (store.jobs.enqueue("import", {}, device="import") for _ in range(2))
    for job, result in ((done, {"status": "stored", "rows": [1, 2]}), (plain, None)):
        store.jobs.claim("importer", LEASE, device="import")
        store.jobs.finish(job.id, "importer", 1, "done", result=result)
        assert store.jobs.get(job.id).result == result


def test_pause_and_resume(store):
    first = store.jobs.enqueue("train", {}, max_attempts=1)
    assert store.jobs.pause(first.id).state == "paused"
    assert store.jobs.claim("me", LEASE) is None
    assert [job.id for job in store.jobs.paused()] == [first.id]
    assert store.jobs.enqueue("train", {}, key=None).id != first.id
    assert store.jobs.resume(first.id).state == "queued"
    held = store.jobs.claim("me", LEASE)
    assert (held.id, held.attempt) == (first.id, 1)
    assert store.jobs.pause(first.id).state == "running"
    assert store.jobs.beat(first.id, "me", 1) == Told(False, True)
    store.jobs.finish(first.id, "me", 1, "paused")
    assert store.jobs.resume(first.id).pause_requested is False
    assert store.jobs.claim("me", LEASE).attempt == 2, "two pauses used up no attempt"
    store.jobs.finish(first.id, "me", 2, "done")
    assert store.jobs.resume(first.id).state == "done"


def test_the_same_work_asked_for_while_it_is_paused_is_that_work(store):
    first = store.jobs.enqueue("train", {}, key="k")
    store.jobs.pause(first.id)
    assert store.jobs.enqueue("train", {}, key="k").id == first.id
    assert store.jobs.cancel(first.id).state == "cancelled"
    assert store.jobs.enqueue("train", {}, key="k").id != first.id


def test_a_worker_killed_while_it_pauses_leaves_a_paused_job(store):
    job = store.jobs.enqueue("train", {})
    store.jobs.claim("me", LEASE)
    store.jobs.pause(job.id)
    store.jobs.release(job.id, "me")
    assert store.jobs.get(job.id).state == "paused"


def test_a_cancel_that_comes_while_a_worker_pauses_ends_the_job_and_its_run(store, new_run):
    run, job = new_run()
    store.jobs.claim("me", LEASE)
    store.jobs.pause(job.id)
    assert store.jobs.cancel(job.id).cancel_requested
    store.jobs.finish(job.id, "me", 1, "paused", "The disk is full.")
    ended = store.jobs.get(job.id)
    assert (ended.state, ended.error, store.runs.get(run.id).status) == ("cancelled", "", "cancelled")
    assert store.jobs.resume(job.id).state == "cancelled"
    with pytest.raises(LeaseLost):
        store.jobs.finish(job.id, "me", 1, "paused")
