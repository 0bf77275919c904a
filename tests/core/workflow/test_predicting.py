"""New rows are read by the model that answers, once, whatever happens between."""

import pandas as pd
import pytest

from core.domain import Columns, TrainingOptions
from core.errors import NotFound
from core.workflow import importing, people, promotion, reports, runs
from core.workflow.import_file import Order, import_here, sha256_of
from core.workflow.predicting import predict_new, queue_answers
from core.workflow.task import Task
from core.workflow.train_job import train

WORDS = TrainingOptions(mode="tfidf")
COLUMNS = Columns("text", "label", author="who")


@pytest.fixture
def trained(store, settings, keep, made_up):
    dataset = keep(made_up(120))

    def trained():
        run, _ = runs.start_training(store, settings, *dataset, WORDS)
        return train(store, settings, run.id, Task())

    return trained


@pytest.fixture
def promoted(store, trained):
    run = trained()
    promotion.promote(store, run.id, anyway=True)
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
