import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.domain import Columns, GateRule, TrainingOptions
from core.errors import CannotTrain, Damaged, NotFound
from core.workflow import promotion, reports, runs
from core.workflow.predicting import predict_new
from core.workflow.task import Task
from core.workflow.train_job import train

TINY = TrainingOptions(encoder="tests/tiny")
WORDS = TrainingOptions(mode="tfidf")
HARD = GateRule(macro_f1=1.0, recall=1.0, calibration_error=0.0)
EASY = GateRule(macro_f1=0.0, recall=0.0, calibration_error=1.0)


@pytest.fixture
def trained(store, settings, keep, made_up):
    """Two finished runs on the same rows: Quick, then TF-IDF."""
    dataset = keep(made_up(120))

    def one(options):
        run, _ = runs.start_training(store, settings, *dataset, options)
        return train(store, settings, run.id, Task())

    return one(TINY), one(WORDS)


def test_the_gate_stops_what_is_not_good_enough(store, settings, trained):
    run, _ = trained
    store.runs.update(run.id, model=replace(run.model, macro_f1=0.9))
    promotion.set_rule(store, run.label_set_id, HARD)
    found = promotion.verdict(store, run)
    assert not found.passed and found.missed
    with pytest.raises(CannotTrain, match="does not pass the gate"):
        promotion.promote(store, settings, run.id)
    assert promotion.promoted_run(store, run.dataset_id) is None
    done = promotion.promote(store, settings, run.id, "the review is today", anyway=True)
    assert (done.passed, done.note) == (False, "the review is today")
    assert promotion.promoted_run(store, run.dataset_id).id == run.id


def test_a_label_that_nothing_judges_is_a_reason_not_to_promote(store, settings, trained):
    run, _ = trained
    promotion.set_rule(store, run.label_set_id, replace(EASY, recall=0.01))
    assert promotion.verdict(store, run).passed
    first, *others = run.model.per_label
    model = replace(run.model, per_label=(replace(first, support=0), *others))
    store.runs.update(run.id, model=model)
    sentence = f"does not pass the gate: Not judged: {first.label} has no held-out comments. Tune it"
    with pytest.raises(CannotTrain, match=sentence):
        promotion.promote(store, settings, run.id)
    assert promotion.promote(store, settings, run.id, anyway=True).run_id == run.id


@pytest.mark.parametrize(("way", "more"), [({}, 45), ({"split": "kfold:3"}, 9), ({"test_dataset": 5}, 9)])
def test_a_label_that_few_rows_judge_says_how_many_more_to_label(store, trained, monkeypatch, way, more):
    """A fifth of the comments is held out at random, in folds each of them, elsewhere those of the file."""
    run, _ = trained
    options, finished = replace(run.options, **way), promotion.finished
    monkeypatch.setattr(
        promotion, "finished", lambda store, key: replace(finished(store, key), options=options)
    )
    promotion.set_rule(store, run.label_set_id, replace(EASY, recall=0.01))
    first, *others = run.model.per_label
    store.runs.update(run.id, model=replace(run.model, per_label=(replace(first, support=1), *others)))
    (missed,) = promotion.verdict(store, run).missed
    where = " in the test dataset" if "test_dataset" in way else ""
    assert missed.name.endswith(f"judge {first.label} (1): label {more} more{where}")


def test_promote_and_go_back(store, settings, trained):
    first, second = trained
    promotion.set_rule(store, first.label_set_id, EASY)
    assert promotion.answering_run(store, first.dataset_id).id == second.id, (
        "the newest one, as none is promoted"
    )
    assert promotion.promote(store, settings, first.id).passed
    promotion.promote(store, settings, second.id)
    assert promotion.promoted_run(store, first.dataset_id).id == second.id
    promotion.roll_back(store, settings, first.label_set_id)
    assert promotion.promoted_run(store, first.dataset_id).id == first.id
    assert [item.run_id for item in store.promotions.history(first.label_set_id)] == [
        first.id,
        second.id,
        first.id,
    ]
    for run in trained:
        assert len(store.predictions.table(run.id)[0]) == 120, "old predictions stay with their run"


def test_there_must_be_a_model_to_go_back_to(store, settings, trained):
    with pytest.raises(NotFound, match="no earlier model"):
        promotion.roll_back(store, settings, trained[0].label_set_id)


def change_weights(folder):
    path = next(folder.glob("*.safetensors"))
    path.write_bytes(path.read_bytes()[:-1] + b"?")


def write_another_manifest(folder):
    path = folder / "manifest.json"
    path.write_text(path.read_text() + "\n")


@pytest.mark.parametrize("damage", [shutil.rmtree, change_weights, write_another_manifest])
def test_a_damaged_model_is_not_put_to_work_whatever_the_gate_says(store, settings, trained, damage):
    first, second = trained
    promotion.set_rule(store, first.label_set_id, EASY)
    promotion.promote(store, settings, first.id)
    damage(settings.runs_dir / second.checkpoint)
    sentence = f"Run {second.id} was not put to work. The model's file .* Train again, or choose another run."
    for anyway in (False, True):
        with pytest.raises(Damaged, match=sentence):
            promotion.promote(store, settings, second.id, anyway=anyway)
    assert promotion.promoted_run(store, first.dataset_id).id == first.id


def test_the_way_back_passes_over_damaged_models(store, settings, trained):
    first, second = trained
    run, _ = runs.start_training(
        store, settings, first.dataset_id, first.label_set_id, replace(WORDS, seed=5)
    )
    third = train(store, settings, run.id, Task())
    for run in (first, second, third):
        promotion.promote(store, settings, run.id, anyway=True)
    change_weights(settings.runs_dir / second.checkpoint)
    done = promotion.roll_back(store, settings, first.label_set_id)
    assert (done.run_id, done.note) == (
        first.id,
        f"Back from run {third.id}. Passed over, as files of theirs are missing or damaged: run {second.id}.",
    )
    promotion.promote(store, settings, third.id, anyway=True)
    shutil.rmtree(settings.runs_dir / first.checkpoint)
    sentence = f"run {first.id}, run {second.id}. Run {third.id} answers as before. Promote another run"
    with pytest.raises(Damaged, match=sentence):
        promotion.roll_back(store, settings, first.label_set_id)
    assert promotion.promoted_run(store, first.dataset_id).id == third.id


@pytest.mark.parametrize("rule", [GateRule(macro_f1=1.2), GateRule(recall=-0.1)])
def test_a_bound_that_no_score_can_have_is_refused(store, trained, rule):
    with pytest.raises(CannotTrain, match="between 0 and 1"):
        promotion.set_rule(store, trained[0].label_set_id, rule)


def test_comments_that_come_later_are_predicted_and_counted(store, settings, trained, as_bytes):
    for run in trained:
        before = reports.freeze(store, run.id)
        more = pd.DataFrame({"text": [f"the page is slow crash {run.id} {k}" for k in range(5)]})
        feedback_rows = as_bytes(more.assign(label=""))
        import_more(store, settings, feedback_rows, run, name=f"more-{run.id}.csv")
        assert promotion.queue_predictions(store, run).kind == "predict"
        answer = predict_new(store, settings, run.id)
        assert answer["rows"] > 0
        assert promotion.queue_predictions(store, run) is None
        after = reports.freeze(store, run.id)
        assert after.rows == before.rows + answer["rows"]
        ids, cells = store.predictions.table(run.id)
        assert len(ids) == after.rows and np.allclose(cells.sum(axis=1), 1, atol=1e-5)


def import_more(store, settings, data, run, name):
    from core.workflow.import_file import Order, import_here, sha256_of

    order = Order(name, sha256_of(data), Columns("text", "label"), dataset_id=run.dataset_id, assume=True)
    outcome = import_here(store, settings, data, order, Task())
    if outcome.import_id is None:
        store.staging.merge(outcome.staged, run.dataset_id)


def test_a_model_without_a_transformer_is_a_model(store, settings, trained):
    from core.workflow.explanations import load_classifier, words_that_mattered

    _, words = trained
    assert words.model.name == "tfidf" and words.baseline.name == "majority"
    model = load_classifier(store, settings, words.id)
    texts = store.datasets.feedback(words.dataset_id)["text"].tolist()
    assert np.allclose(model.probabilities(texts), store.predictions.table(words.id)[1], atol=1e-5)
    attribution = words_that_mattered(model, texts[0], words.labels[0])
    assert any(span.weight for span in attribution.spans)
