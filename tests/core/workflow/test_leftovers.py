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
def importer(settings, store):
    """A process that has begun to stage an import."""
    staged = FORK.Queue()
    process = FORK.Process(target=stage_and_sleep, args=(settings, staged))
    process.start()
    yield process, staged.get(timeout=20)
    process.kill()
    process.join()


def test_what_a_killed_import_staged_is_swept_but_not_while_it_lives(store, settings, importer):
    process, staged = importer
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


def test_imports_do_not_wait_for_each_other(settings):
    with at_work(settings), at_work(settings):
        pass
