from dataclasses import asdict, replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from core.domain import (
    CurvePoint,
    Estimate,
    Evaluation,
    LabelScore,
    Leak,
    LearningPoint,
    Scores,
    Slice,
    TrainingOptions,
)
from core.errors import LeaseLost, NotFound
from core.store.store import open_store

SCORES = Scores(
    "model",
    accuracy=0.75,
    macro_f1=1 / 3,
    balanced_accuracy=0.5,
    per_label=(
        LabelScore("bug", 0.1, 0.2, 0.3, 4, recall_range=(0.1, 0.4), auc=0.9),
        LabelScore("praise", 1.0, 1.0, 1.0, 2),
    ),
    confusion=((3, 1), (0, 2)),
    n=6,
    weighted_f1=0.5,
    ranges={"accuracy": (0.4, 0.9)},
)
FIELDS = {
    "status": "running",
    "labels": ("bug", "praise"),
    "device": "cpu",
    "versions": {"torch": "2.13.0"},
    "seconds": {"embed": 1.25},
    "cpu_seconds": {"embed": 2.5},
    "model": SCORES,
    "baseline": Scores("baseline", 0.5, 0.5, 0.5, (), (), 6),
    "calibration": {"ece_before": 0.2, "ece_after": 0.1, "temperature": 1.5},
    "curve": (CurvePoint(1, 0.5, loss=0.7), CurvePoint(2, 1.0, macro_f1=0.4, accuracy=0.6)),
    "warnings": ("few rows",),
    "checkpoint": "1",
    "manifest_sha256": "ab",
    "error": "",
    "finished_at": datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=UTC),
    "evaluation": Evaluation(
        split="Held out at random.",
        train=4,
        validation=1,
        validation_f1=0.5,
        baselines=(SCORES,),
        leaks=(Leak("copies", "Two are alike.", 2, (1, 2)),),
        slices=(Slice("plan", "Pro", Estimate(0.5, 0.2, 0.8, 6, "Wilson"), 0.4, True, True, (1, 3)),),
        learning=(LearningPoint(10, Estimate(0.5, 0.4, 0.6, 6, "measured")),),
        knows=("Little.",),
        facts={"C": 10.0},
    ),
}


def test_a_new_run(store, stored):
    options = TrainingOptions(mode="better", seed=7, epochs=2, head_rate=3e-3)
    label_set = store.labels.sets(stored.dataset_id)[0].id
    run = store.runs.add(stored.dataset_id, label_set, options, "data", "key")
    assert store.runs.get(run.id) == run
    assert (run.options, run.status, run.job_id, run.labels, run.curve) == (options, "queued", None, (), ())
    assert (run.model, run.finished_at, run.data_sha256) == (None, None, "data")


@pytest.mark.parametrize("mode", ["better", "quick", "tfidf", "bilstm"])
def test_settings_of_an_older_version_mean_what_they_did(mode):
    """Better hid no words and averaged no weights then; the others never do, so that what they were trained
    with stays the same."""
    from core.store.values import _to_options

    now = TrainingOptions(mode=mode)
    new = {"token_masking": 0.0, "averaging": 0.0}
    stored = {name: value for name, value in asdict(now).items() if name not in new} | {"body_rate": 1e-4}
    assert _to_options(stored) == (replace(now, body_rate=1e-4, **new) if mode == "better" else now)
    assert _to_options(asdict(now)) == now


def test_every_field_round_trips(store, new_run):
    run, job = new_run()
    store.runs.update(run.id, **FIELDS)
    back = store.runs.get(run.id)
    assert {name: getattr(back, name) for name in FIELDS} == FIELDS
    assert back.job_id == job.id
    assert isinstance(back.model.per_label[0], LabelScore)


def test_numpy_numbers_are_stored(store, new_run):
    run, _ = new_run()
    store.runs.update(
        run.id, calibration={"temperature": np.float32(1.5)}, curve=(CurvePoint(np.int64(3), 1.0),)
    )
    assert store.runs.get(run.id).calibration == {"temperature": 1.5}
    assert store.runs.get(run.id).curve == (CurvePoint(3, 1.0),)


def test_the_same_key_is_one_run_while_it_is_active(store, new_run):
    first = new_run("a")
    assert new_run("a") == first
    assert new_run("b")[0].id != first[0].id
    store.runs.update(first[0].id, status="failed")
    assert new_run("a")[0].id != first[0].id


def start(i, barrier, store_url, folder, dataset_id, label_set_id):
    store = open_store(store_url, folder)
    barrier.wait()
    run, job = store.runs.add_with_job(dataset_id, label_set_id, TrainingOptions(), "d", "same", "train")
    return run.id, job.id, dict(job.params)


def test_twenty_processes_start_the_same_run_once(store, stored, tmp_path, in_processes):
    label_set = store.labels.sets(stored.dataset_id)[0].id
    started = in_processes(20, start, store.url, tmp_path, stored.dataset_id, label_set)
    [run] = store.runs.list()
    [job] = store.jobs.recent(30)
    assert started == [(run.id, job.id, {"run": run.id})] * 20


def test_runs_of_a_dataset_newest_first(store, stored, new_run):
    first, second = new_run("a")[0], new_run("b")[0]
    assert [run.id for run in store.runs.list(stored.dataset_id)] == [second.id, first.id]
    assert store.runs.list(99) == []


def test_rows_are_replaced(store, stored, new_run):
    run, _ = new_run()
    ids = store.datasets.feedback(stored.dataset_id)["id"].tolist()
    frame = pd.DataFrame({"feedback_id": ids[::-1], "part": ["test", "train", "train"], "label": list("xyz")})
    store.runs.set_rows(run.id, frame)
    store.runs.set_rows(run.id, frame)
    back = store.runs.rows(run.id)
    assert back.to_dict("list") == {
        "feedback_id": ids,
        "part": ["train", "train", "test"],
        "label": list("zyx"),
    }


def test_finish_stores_predictions_and_status_together(store, stored, new_run):
    run, job = new_run()
    held = store.jobs.claim("me", 20)
    ids = store.datasets.feedback(stored.dataset_id)["id"].to_numpy()
    cells = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]], np.float32)
    for _ in range(2):  # a second time replaces
        store.runs.finish(run.id, (job.id, "me", held.attempt), (ids, cells), labels=("bug", "praise"))
    done = store.runs.get(run.id)
    assert (done.status, done.labels, done.finished_at is not None) == ("done", ("bug", "praise"), True)
    back = store.predictions.table(run.id)
    np.testing.assert_array_equal(back[0], ids)
    np.testing.assert_array_equal(back[1], cells)


@pytest.mark.parametrize("change", ["released", "finished", "taken over"])
def test_a_lost_lease_changes_nothing(store, stored, new_run, change):
    run, _ = new_run()
    old = store.jobs.claim("old", 20)
    fence = (old.id, "old", old.attempt)
    if change == "finished":
        store.jobs.finish(*fence, "failed", "no")
    else:
        store.jobs.release(old.id, "old")
        if change == "taken over":
            store.jobs.claim("old", 20)  # the same name again, but a later attempt
    before = store.runs.get(run.id)
    ids = store.datasets.feedback(stored.dataset_id)["id"].to_numpy()
    with pytest.raises(LeaseLost):
        store.runs.finish(run.id, fence, (ids, np.ones((3, 2), np.float32)))
    with pytest.raises(LeaseLost):
        store.runs.update(run.id, fence, device="gpu")
    with pytest.raises(LeaseLost):
        store.runs.set_rows(run.id, pd.DataFrame({"feedback_id": ids, "part": "train", "label": "x"}), fence)
    assert store.runs.get(run.id) == before
    assert len(store.runs.rows(run.id)) == len(store.predictions.table(run.id)[0]) == 0


def test_deleting_a_run_takes_its_results_and_job(store, stored, new_run):
    run, job = new_run()
    ids = store.datasets.feedback(stored.dataset_id)["id"].to_numpy()
    store.runs.finish(run.id, None, (ids, np.ones((3, 1), np.float32)))
    store.runs.delete(run.id)
    assert len(store.predictions.table(run.id)[0]) == 0
    for ask, key in ((store.runs.get, run.id), (store.jobs.get, job.id), (store.runs.delete, run.id)):
        with pytest.raises(NotFound):
            ask(key)


def test_what_cannot_be_is_refused(store, stored, new_run):
    run, _ = new_run()
    with pytest.raises(TypeError, match="options"):
        store.runs.update(run.id, options=TrainingOptions())
    with pytest.raises(NotFound):
        store.runs.update(99, device="cpu")
    with pytest.raises(NotFound):
        store.runs.add(stored.dataset_id, 99, TrainingOptions(), "d", "k2")
