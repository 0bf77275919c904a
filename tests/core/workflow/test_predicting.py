"""New rows are read by the model that answers, once, whatever happens between."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.domain import Columns, TrainingOptions
from core.errors import NotFound
from core.workflow import feedback, importing, people, promotion, reports, runs
from core.workflow.explanations import load_classifier
from core.workflow.import_file import Order, import_here, sha256_of
from core.workflow.predicting import predict_new, queue_answers
from core.workflow.task import Task
from core.workflow.train_job import train

WORDS = TrainingOptions(mode="tfidf")
TICKETS = [f"T{number}" for number in range(120)]
OTHER = ["the price is cheap bill", "price cheap login bill", "cheap bill please"]
COLUMNS = Columns("text", "label", author="who")


@pytest.fixture
def trained(store, settings, keep, made_up):
    dataset = keep(made_up(120))

    def trained():
        run, _ = runs.start_training(store, settings, *dataset, WORDS)
        return train(store, settings, run.id, Task())

    return trained


@pytest.fixture
def promoted(store, settings, trained):
    run = trained()
    promotion.promote(store, settings, run.id, anyway=True)
    return run


@pytest.fixture
def stage(store, settings, as_bytes):
    """Reads more comments for the dataset of a run; the number by which they wait."""

    def stage(run, count, name="later"):
        rows = [(f"the page is {name} {number}", "", f"{name} {number % 2}") for number in range(count)]
        data = as_bytes(pd.DataFrame(rows, columns=["text", "label", "who"]))
        order = Order(f"{name}.csv", sha256_of(data), COLUMNS, dataset_id=run.dataset_id, assume=True)
        return import_here(store, settings, data, order).staged

    return stage


@pytest.fixture
def ticketed(store, settings, made_up, as_bytes):
    """A run that answers for comments with ids of their own, and a function that appends some of them with
    other texts or dates."""
    columns = replace(COLUMNS, author=None, id="ticket", date="day")
    rows = pd.DataFrame(made_up(120), columns=["text", "label"]).assign(ticket=TICKETS, day="2026-05-01")
    done = feedback.import_bytes(store, settings, as_bytes(rows), "rows.csv", columns, "Rows")
    label_set = store.labels.sets(done.dataset_id)[0]
    run, _ = runs.start_training(store, settings, done.dataset_id, label_set.id, WORDS)
    run = train(store, settings, run.id, Task())
    promotion.promote(store, settings, run.id, anyway=True)

    def append(**cells):
        """By column, a list of cells for the first tickets."""
        count = len(next(iter(cells.values())))
        data = as_bytes(rows.head(count).assign(**cells))
        order = Order("later.csv", sha256_of(data), columns, dataset_id=run.dataset_id, assume=True)
        return importing.merge(store, import_here(store, settings, data, order).staged, run.dataset_id)

    return run, append


def answers(store, run, texts):
    """Of the model, by the ids of the comments that say so now."""
    table = store.datasets.feedback(run.dataset_id)
    ids, cells = store.predictions.table(run.id)
    stored = dict(zip(ids.tolist(), cells, strict=True))
    return [stored[key] for key in table.loc[table["text"].isin(texts), "id"]]


def waiting(store):
    return [job.params["run"] for job in store.jobs.active(promotion.LANE) if job.kind == promotion.PREDICT]


def test_the_model_that_answers_reads_new_rows_without_being_told(store, settings, promoted, trained, stage):
    trained()  # newer, and answers for nothing
    staged = stage(promoted, 10)
    assert waiting(store) == [], "nothing is added yet"
    params = {"staged": staged, "dataset": promoted.dataset_id}
    importing.run_merge(store, params)
    assert waiting(store) == [promoted.id]
    importing.run_merge(store, params)
    promotion.queue_predictions(store, promoted)
    assert waiting(store) == [promoted.id], "the merge after a kill, and a press, are the same work"
    (job,) = (job for job in store.jobs.active(promotion.LANE) if job.kind == promotion.PREDICT)
    predict_new(store, settings, job.params["run"])
    assert store.predictions.missing(promoted.id, promoted.dataset_id) == []
    store.jobs.cancel(job.id)
    assert queue_answers(store, promoted.dataset_id) == [], "nothing is left to read"


def test_without_a_model_that_answers_nothing_is_queued(store, trained, stage):
    run = trained()
    importing.merge(store, stage(run, 10), run.dataset_id)
    assert waiting(store) == []


def test_two_imports_are_read_in_one_go_unless_the_first_is_being_read(store, promoted, stage):
    importing.merge(store, stage(promoted, 5, "first"), promoted.dataset_id)
    importing.merge(store, stage(promoted, 5, "second"), promoted.dataset_id)
    assert waiting(store) == [promoted.id]
    begun = store.jobs.claim("worker", 60.0, promotion.LANE)
    importing.merge(store, stage(promoted, 5, "third"), promoted.dataset_id)
    assert waiting(store) == [promoted.id] * 2, "the job that has begun does not see the third"
    importing.merge(store, stage(promoted, 5, "fourth"), promoted.dataset_id)
    assert waiting(store) == [promoted.id] * 2
    assert begun.kind == promotion.PREDICT


def test_an_import_of_the_command_line_leaves_the_work_to_the_application(store, promoted, said, tmp_path):
    file = tmp_path / "more.csv"
    file.write_text("text,label\n" + "".join(f"the page is new {number},\n" for number in range(8)))
    done = said("import", file, "--dataset", "Rows", "--text", "text", "--label", "label")
    assert done["append"]["new"] == 8
    assert waiting(store) == [promoted.id]


def test_rows_that_were_forgotten_or_taken_back_need_no_reading(store, settings, promoted, stage):
    done = importing.merge(store, stage(promoted, 10), promoted.dataset_id)
    people.forget(store, settings, author="later 0")
    assert predict_new(store, settings, promoted.id)["rows"] == 5
    importing.undo(store, settings, done.id)
    importing.merge(store, stage(promoted, 10, "again"), promoted.dataset_id)
    people.forget(store, settings, author="again 0")
    people.forget(store, settings, author="again 1")
    assert predict_new(store, settings, promoted.id)["rows"] == 0


def test_rows_that_go_while_they_are_read_are_not_stored(store, settings, promoted, stage):
    importing.merge(store, stage(promoted, 10), promoted.dataset_id)
    left = ["later 0", "later 1"]

    def forget_one(pct, message):
        if left:
            people.forget(store, settings, author=left.pop())

    predict_new(store, settings, promoted.id, Task(forget_one))
    assert len(store.predictions.table(promoted.id)[0]) == 120


@pytest.mark.parametrize("remove", [runs.delete_run, lambda *given: runs.delete_dataset(*given[:2], 1)])
def test_a_run_that_goes_while_it_reads_is_a_plain_sentence(store, settings, promoted, stage, remove):
    importing.merge(store, stage(promoted, 10), promoted.dataset_id)

    still = [promoted.id]

    def go(pct, message):
        if pct > 2 and still:
            remove(store, settings, still.pop())

    with pytest.raises(NotFound):
        predict_new(store, settings, promoted.id, Task(go))


def test_what_was_read_before_a_kill_is_counted_after_it(store, settings, promoted, stage):
    reports.freeze(store, promoted.id)
    importing.merge(store, stage(promoted, 10), promoted.dataset_id)

    def killed(pct, message):
        if pct >= 95:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        predict_new(store, settings, promoted.id, Task(killed))
    assert store.predictions.missing(promoted.id, promoted.dataset_id) == []
    assert reports.freeze(store, promoted.id).rows == 120
    predict_new(store, settings, promoted.id)
    assert reports.freeze(store, promoted.id).rows == 130


# ---- rows that say something else -------------------------------------------------------------


def test_a_changed_text_is_read_anew_and_once_more_when_it_is_taken_back(store, settings, ticketed):
    run, append = ticketed
    reports.freeze(store, run.id)
    done = append(text=OTHER)
    assert done.rows_updated == len(store.predictions.missing(run.id, run.dataset_id)) == 3
    assert waiting(store) == [run.id]
    (job,) = store.jobs.active(promotion.LANE)
    assert predict_new(store, settings, run.id)["rows"] == 3
    said = load_classifier(store, settings, run.id).probabilities(OTHER)
    assert np.allclose(answers(store, run, OTHER), said, atol=1e-5)
    assert reports.freeze(store, run.id).rows == 120
    store.jobs.cancel(job.id)
    importing.undo(store, settings, done.id)
    assert waiting(store) == [run.id]
    assert predict_new(store, settings, run.id)["rows"] == 3


def test_another_date_is_no_reason_to_read_again(store, ticketed):
    run, append = ticketed
    assert append(day=["2026-05-09"] * 3).rows_updated == 3
    assert waiting(store) == [] == store.predictions.missing(run.id, run.dataset_id)


def test_what_was_said_of_a_text_that_changed_meanwhile_is_not_said_of_the_new_one(store, settings, ticketed):
    run, append = ticketed
    append(text=["the page is slow crash"])
    begun = store.jobs.claim("worker", 60.0, promotion.LANE)
    still = [OTHER[:1]]

    def change(pct, message):
        if pct > 2 and still:
            append(text=still.pop())

    predict_new(store, settings, run.id, Task(change, (begun.id, "worker", 1)))
    assert len(store.predictions.missing(run.id, run.dataset_id)) == 1
    store.jobs.finish(begun.id, "worker", 1, "done")
    assert waiting(store) == [run.id], "a job of its own"
    predict_new(store, settings, run.id)
    said = load_classifier(store, settings, run.id).probabilities(OTHER[:1])
    assert np.allclose(answers(store, run, OTHER), said, atol=1e-5)


def test_each_change_while_a_job_reads_is_seen_by_a_job_that_begins_later(store, ticketed):
    run, append = ticketed
    append(text=["the page is slow"])
    for number in range(2):
        begun = store.jobs.claim("worker", 60.0, promotion.LANE)
        append(text=[f"the page is slow {number}"])
        assert waiting(store) == [run.id] * 2
        store.jobs.finish(begun.id, "worker", 1, "done")
    assert waiting(store) == [run.id]


def test_a_model_that_answers_again_while_it_reads_gets_a_job_for_what_came_since(
    store, settings, promoted, stage
):
    importing.merge(store, stage(promoted, 5), promoted.dataset_id)
    store.jobs.claim("worker", 60.0, promotion.LANE)
    store.staging.merge(stage(promoted, 5, "others"), promoted.dataset_id)
    promotion.promote(store, settings, promoted.id, anyway=True)
    assert waiting(store) == [promoted.id] * 2
    promotion.promote(store, settings, promoted.id, anyway=True)
    assert waiting(store) == [promoted.id] * 2


def test_changed_texts_are_counted_anew_after_a_kill(store, settings, ticketed):
    run, append = ticketed
    before = reports.freeze(store, run.id)
    append(text=OTHER)

    def killed(pct, message):
        if pct >= 95:
            raise KeyboardInterrupt

    job = store.jobs.claim("worker", 60.0, promotion.LANE)
    with pytest.raises(KeyboardInterrupt):
        predict_new(store, settings, run.id, Task(killed, (job.id, "worker", 1)))
    store.jobs.release(job.id, "worker")
    again = store.jobs.claim("worker", 60.0, promotion.LANE)
    assert reports.freeze(store, run.id) == before
    predict_new(store, settings, run.id, Task(fence=(again.id, "worker", 2)))
    after = reports.freeze(store, run.id)
    assert (after.rows, after != before) == (120, True)
