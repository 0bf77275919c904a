"""Staged rows of killed imports go, those of living ones and of appends that wait for a word stay."""

import multiprocessing
import os
import signal
import time

import pytest

from core.domain import Columns
from core.store.staging import FileFacts
from core.store.store import open_store
from core.workflow.leftovers import at_work, sweep

FORK = multiprocessing.get_context("fork")
FACTS = FileFacts("a.csv", "0" * 64, "utf-8", ",", ("t",), Columns("t"), {})


def stage(store):
    return store.staging.begin(FACTS, "May")


def stage_and_sleep(settings, staged):
    store = open_store(settings.url, settings.data_dir)
    with at_work(settings):
        staged.put(stage(store))
        time.sleep(60)


@pytest.fixture
def begin(settings, store):
    """Starts a process that imports; returns it and what it staged, once it has begun."""
    processes = []

    def begin():
        staged = FORK.Queue()
        processes.append(FORK.Process(target=stage_and_sleep, args=(settings, staged)))
        processes[-1].start()
        return processes[-1], staged.get(timeout=20)

    yield begin
    for process in processes:
        process.kill()
        process.join()


def test_what_a_killed_import_staged_is_swept_but_not_while_it_lives(store, settings, begin):
    process, staged = begin()
    sweep(store, settings)
    assert store.staging.list() == [staged]
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    sweep(store, settings)
    assert store.staging.list() == []


def test_an_append_that_waits_for_a_word_stays(store, settings):
    left, waiting = stage(store), stage(store)
    job = store.jobs.enqueue("import", {}, device="import")
    store.jobs.claim("me", 20, device="import")
    store.jobs.finish(job.id, "me", 1, "done", result={"status": "staged", "staged": waiting})
    assert store.staging.list() == [left, waiting]
    sweep(store, settings)
    assert store.staging.list() == [waiting]


def test_imports_do_not_wait_for_each_other(store, begin):
    (one, first), (other, second) = begin(), begin()
    assert one.is_alive() and other.is_alive()
    assert store.staging.list() == [first, second]
