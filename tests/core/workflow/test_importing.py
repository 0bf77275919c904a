"""Imports as jobs: a worker of their own, a child with limits, killed and gone on."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict

import pytest

from core.domain import Columns, TrainingOptions
from core.errors import BadFile, NotFound
from core.jobs.watch import ensure_worker
from core.workflow import importing, runs
from core.workflow.import_file import STAGED, STORED, Order
from core.workflow.uploads import keep_upload

COLUMNS = Columns(text="comment", label="topic", author="who", id="id")


def file_of(rows, start=0, change=""):
    lines = [f"{n},person {n % 50},The page {n} is slow{change},speed" for n in range(start, start + rows)]
    return ("id,who,comment,topic\n" + "\n".join(lines) + "\n").encode()


@pytest.fixture
def order(settings):
    """The upload and the order of a file."""

    def make(data, **more):
        upload = keep_upload(settings, data)
        return upload, Order("may.csv", upload, COLUMNS, name="May", **more)

    return make


@pytest.fixture
def run(store, settings, order):
    """Imports bytes without a queue, in the child."""

    def run(data, **more):
        upload, wanted = order(data, **more)
        params = {"upload": upload, "order": asdict(wanted)}
        return importing.to_outcome(importing.run_import(store, settings, params))

    return run


def test_a_look_stores_nothing_and_names_all(store, settings):
    upload = keep_upload(settings, file_of(100))
    seen = importing.look(store, settings, upload, {})
    assert seen.rows_in == 100
    assert seen.columns.text == "comment"
    assert seen.first_rows[0][2] == "The page 0 is slow"
    assert store.datasets.list() == []


def test_a_choice_is_remembered_for_the_next_file_with_the_same_header(store, settings, run):
    upload = keep_upload(settings, file_of(5))
    assert importing.look(store, settings, upload, {}).columns != COLUMNS
    run(file_of(20))
    seen = importing.look(store, settings, upload, {})
    assert seen.columns == COLUMNS
    assert "before" in seen.source


def test_an_append_is_counted_then_confirmed_and_can_be_undone(store, settings, run):
    first = run(file_of(30))
    before = store.datasets.get(first.dataset_id)
    second = run(file_of(30, start=20, change=" still"), dataset_id=first.dataset_id)
    assert second.status == STAGED
    assert (second.counts.new, second.counts.updated, second.counts.same) == (20, 10, 0)
    assert store.datasets.get(first.dataset_id).rows == 30, "nothing yet"
    done = importing.merge(store, second.staged, first.dataset_id)
    assert (done.rows_in, done.rows_stored, done.rows_updated) == (30, 30, 10)
    assert store.datasets.get(first.dataset_id).rows == 50
    texts = store.datasets.feedback(first.dataset_id)["text"]
    assert (texts == "The page 25 is slow still").sum() == 1
    assert (texts == "The page 25 is slow").sum() == 0
    importing.undo(store, settings, done.id)
    assert store.datasets.get(first.dataset_id) == before
    assert importing.health.of_dataset(store, first.dataset_id).rows == 30


def test_the_only_import_takes_its_dataset_with_it(store, settings, run):
    done = run(file_of(10))
    importing.undo(store, settings, done.import_id)
    assert store.datasets.list() == []
    with pytest.raises(NotFound):
        store.datasets.import_of(done.import_id)


def test_an_append_that_is_not_wanted_leaves_nothing(store, run):
    first = run(file_of(30))
    run(file_of(30, start=30), dataset_id=first.dataset_id)
    job = store.jobs.enqueue("import", {}, device="import")
    assert importing.waiting(store, first.dataset_id) == [], "no job has this result"
    store.jobs.cancel(job.id)


def test_a_hundred_kilobytes_of_commas_are_refused_within_ten_seconds(store, settings):
    upload = keep_upload(settings, b"," * 100_000)
    begun = time.monotonic()
    with pytest.raises(BadFile):
        importing.look(store, settings, upload, {})
    assert time.monotonic() - begun < 10


@pytest.fixture
def import_worker(store, settings):
    """Starts the import worker as the web server does."""
    started: list[subprocess.Popen] = []

    def start():
        worker = ensure_worker(
            store, settings, [sys.executable, "-m", "core.workflow.worker", "import"], "import"
        )
        if worker is not None:
            started.append(worker)
        return worker

    yield start
    for worker in started:
        worker.kill()
        worker.wait()


def test_a_killed_import_leaves_no_half_dataset_and_goes_on(store, settings, order, import_worker, wait_for):
    upload, wanted = order(file_of(3_000))
    job = importing.start(store, settings, upload, wanted)
    assert importing.start(store, settings, upload, wanted).id == job.id, "a double click is one import"
    for delay in (0.3, 1.5, 2.2, 2.9):
        worker = import_worker()
        assert worker is not None
        time.sleep(delay)
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
        datasets = store.datasets.list()
        assert all(dataset.rows == 3_000 for dataset in datasets), "whole or not there"
        if store.jobs.get(job.id).state == "done":
            break
    if store.jobs.get(job.id).state != "done":
        import_worker()
        wait_for(lambda: store.jobs.get(job.id).state in ("done", "failed"))
    done = store.jobs.get(job.id)
    assert (done.state, done.result["status"]) == ("done", STORED), done.error
    assert [dataset.rows for dataset in store.datasets.list()] == [3_000]
    assert store.datasets.intact(done.result["dataset_id"])
    assert store.staging.list() == []


def test_a_cancelled_import_leaves_nothing(store, settings, order, import_worker, wait_for):
    upload, wanted = order(file_of(300_000))
    job = importing.start(store, settings, upload, wanted)
    import_worker()
    wait_for(lambda: store.jobs.get(job.id).pct > 5)
    store.jobs.cancel(job.id)
    took = wait_for(lambda: store.jobs.get(job.id).state not in ("queued", "running"))
    assert store.jobs.get(job.id).state == "cancelled", store.jobs.get(job.id)
    assert took < 2
    wait_for(lambda: store.staging.list() == [])
    assert store.datasets.list() == []


def test_a_finished_run_says_when_its_comments_changed(store, settings, keep, made_up):
    dataset_id, label_set_id = keep(made_up(20))
    run, job = runs.start_training(store, settings, dataset_id, label_set_id, TrainingOptions())
    assert runs.changed_since(store, run) == ""
    store.jobs.cancel(job.id)
    staged = importing.to_outcome(
        importing.run_import(
            store,
            settings,
            {
                "upload": (upload := keep_upload(settings, b"text,label\nwholly new words,slow\n")),
                "order": asdict(Order("x.csv", upload, Columns("text", "label"), dataset_id=dataset_id)),
            },
        )
    )
    importing.merge(store, staged.staged, dataset_id)
    assert "21 comments now" in runs.changed_since(store, store.runs.get(run.id))


def test_the_same_file_under_another_name_is_a_dataset_of_its_own(store, run, order, settings):
    first, again = run(file_of(5)), run(file_of(5))
    assert first.dataset_id == again.dataset_id, "the same name: nothing twice"
    upload, wanted = order(file_of(5))
    params = {"upload": upload, "order": asdict(wanted) | {"name": "June"}}
    other = importing.to_outcome(importing.run_import(store, settings, params))
    assert other.dataset_id != first.dataset_id
    assert {dataset.name for dataset in store.datasets.list()} == {"May", "June"}
