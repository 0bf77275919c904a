import os

from core.jobs import locks
from core.jobs.queue import job_lock, owner_name, release_orphans


def test_a_lock_is_held_until_its_descriptor_is_closed(tmp_path):
    path = tmp_path / "x.lock"
    held = locks.take(path)
    assert locks.take(path) is None
    assert not locks.is_free(path)
    os.close(held)
    assert locks.is_free(path)


def test_only_a_job_without_a_living_worker_is_released(store, settings):
    job = store.jobs.enqueue("k", {})
    store.jobs.claim("me", 20)
    lock = locks.take(job_lock(settings, job.id))
    assert release_orphans(store, settings) == []
    assert store.jobs.get(job.id).state == "running"
    os.close(lock)
    assert [orphan.id for orphan in release_orphans(store, settings)] == [job.id]
    assert store.jobs.get(job.id).state == "queued"


def test_two_owners_of_one_process_differ():
    assert owner_name() != owner_name()


def test_who_shares_a_lock_keeps_it_from_those_who_want_it_alone(tmp_path):
    path = tmp_path / "x.lock"
    with locks.shared(path), locks.shared(path):
        assert locks.take(path) is None
    assert locks.is_free(path)
