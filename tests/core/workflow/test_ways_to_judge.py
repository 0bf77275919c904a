"""Splits, several labels a comment and a test dataset through the whole training."""

import numpy as np
import pandas as pd
import pytest

from core.domain import LABEL_BREAK, Columns, TrainingOptions
from core.errors import CannotTrain
from core.evaluation.curves import calibration_error
from core.workflow import feedback, judging, learning, reports, runs
from core.workflow.explanations import load_classifier
from core.workflow.task import Task
from core.workflow.train_job import train

TINY = "tests/tiny"


@pytest.fixture
def table(made_up):
    rows = made_up(160)
    return pd.DataFrame(
        {
            "text": [text for text, _ in rows],
            "label": [label for _, label in rows],
            "account": [f"customer {k % 16}" for k in range(160)],
            "date": pd.date_range("2024-01-01", periods=160).strftime("%Y-%m-%d"),
        }
    )


@pytest.fixture
def trained(store, settings, table, as_bytes):
    columns = Columns("text", "label", date="date", account="account")
    done = feedback.import_bytes(store, settings, as_bytes(table), "rows.csv", columns, "Rows")
    label_set = store.labels.sets(done.dataset_id)[0]

    def one(**options):
        run, _ = runs.start_training(
            store, settings, done.dataset_id, label_set.id, TrainingOptions(encoder=TINY, **options)
        )
        return train(store, settings, run.id, Task())

    return one


def parts_of(store, run):
    rows = store.runs.rows(run.id)
    table = store.datasets.feedback(run.dataset_id).set_index("id")
    return rows.assign(
        account=rows["feedback_id"].map(table["account"]), date=rows["feedback_id"].map(table["date"])
    )


def test_by_account_nobody_stands_on_both_sides(store, trained):
    rows = parts_of(store, trained(split="grouped"))
    assert rows.groupby("account")["part"].nunique().max() == 1
    assert set(rows["part"]) == {"train", "validation", "test"}


def test_by_time_the_newest_are_the_test(store, trained):
    rows = parts_of(store, trained(split="time"))
    newest_learned = rows[rows["part"] != "test"]["date"].max()
    assert rows[rows["part"] == "test"]["date"].min() >= newest_learned


@pytest.mark.parametrize("mode", ["quick", "tfidf"])
def test_in_folds_every_comment_is_judged_once_a_repeat(store, trained, mode):
    run = trained(split="kfold:4x2", mode=mode)
    held = judging.held_out(store, run)
    assert run.model.n == 160 and len(held.ids) == 320
    for repeat in (0, 1):
        once = held.ids[held.repeat == repeat]
        assert len(set(once.tolist())) == 160
    assert set(held.fold.tolist()) == {0, 1, 2, 3}
    assert not (parts_of(store, run)["part"] == "test").any()
    names = {scores.name for scores in run.evaluation.baselines}
    assert "majority" in names and run.baseline is not None
    assert len(store.predictions.table(run.id)[0]) == 160


def test_the_figures_of_repeated_folds_agree_with_each_other(store, settings, keep, made_up):
    """Every third label is by chance, so that the repeats say different things."""
    rng = np.random.default_rng(0)
    rows = [(text, str(rng.choice(["slow", "price"])) if rng.random() < 1 / 3 else label)
            for text, label in made_up(120)]  # fmt: skip
    options = TrainingOptions(mode="tfidf", split="kfold:3x3")
    run, _ = runs.start_training(store, settings, *keep(rows), options)
    run = train(store, settings, run.id, Task())
    held = judging.held_out(store, run)
    assert run.calibration["ece_after"] == pytest.approx(run.model.calibration_error)
    before = [calibration_error(part.raw, part.truth, part.multi) for part in held.repeats]
    assert run.calibration["ece_before"] == pytest.approx(np.mean(before))
    for i, true in enumerate(run.labels):
        for j, said in enumerate(run.labels):
            ids = judging.mixed_up(store, run, true, said)
            assert len(ids) == len(set(ids)) == run.model.confusion[i][j]
    for bins in (judging.certainty(held).after, judging.certainty(held).before):
        assert abs(sum(one.n for one in bins) - 120) <= 5, "a comment counts once, whatever the repeats"
    for score in run.model.per_label:
        roc, precise = judging.threshold_curves(held, score.label)
        assert (roc.area, precise.area) == pytest.approx((score.auc, score.average_precision))


def test_better_in_folds_starts_each_fold_afresh(store, settings, trained):
    options = {"mode": "better", "epochs": 1, "body_rate": 2e-3, "batch_tokens": 64}
    run = trained(split="kfold:2", **options)
    assert run.status == "done" and run.model.n == 160
    assert {scores.name for scores in run.evaluation.baselines} == {"quick", "tfidf", "majority"}
    assert not list((settings.runs_dir / f"run-{run.id}").glob("training*"))


def test_another_dataset_is_the_test(store, settings, trained, table, as_bytes):
    columns = Columns("text", "label")
    other = table.head(30).assign(text=table["text"].head(30) + " indeed")
    done = feedback.import_bytes(store, settings, as_bytes(other), "test.csv", columns, "Test")
    run = trained(test_dataset=done.dataset_id)
    theirs = set(store.datasets.feedback(done.dataset_id)["id"])
    held = judging.held_out(store, run)
    assert set(held.ids.tolist()) == theirs and run.model.n == 30
    assert run.evaluation.train + run.evaluation.validation == 160
    assert len(store.predictions.table(run.id)[0]) == 160, "only its own comments are predicted"
    assert reports.freeze(store, run.id).rows == 160
    assert run.evaluation.knows[0].startswith("The test dataset judges it, with 30 comments")


def test_a_learning_curve_is_not_measured_on_another_test_than_the_run(
    store, settings, trained, table, as_bytes
):
    other = table.head(30).assign(text=table["text"].head(30) + " indeed", label=["slow", "price"] * 15)
    columns = Columns("text", "label")
    done = feedback.import_bytes(store, settings, as_bytes(other), "test.csv", columns, "Test")
    run = trained(test_dataset=done.dataset_id, mode="tfidf")
    learning.measure(store, settings, run.id)
    assert store.runs.get(run.id).evaluation.learning
    with store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE label SET label = 'slow' WHERE feedback_id = 162")
    with pytest.raises(CannotTrain, match="test dataset changed after this run was trained"):
        learning.measure(store, settings, run.id)


def test_comments_of_a_test_dataset_whose_labels_are_not_learned_are_told(
    store, settings, trained, table, as_bytes
):
    labels = ["slow"] * 3 + ["praise", "praise", "bug"] + [""] * 4
    other = table.head(10).assign(text=table["text"].head(10) + " indeed", label=labels)
    done = feedback.import_bytes(
        store, settings, as_bytes(other), "test.csv", Columns("text", "label"), "Test"
    )
    run = trained(test_dataset=done.dataset_id, mode="tfidf")
    assert run.model.n == 3
    assert (
        "3 of 6 labelled comments of the test dataset carry labels that are not learned: 'praise' (2), 'bug' "
        "(1). They are not judged, and the model would be wrong on each of them."
    ) in run.warnings


def test_a_test_dataset_with_several_labels_a_comment_is_not_for_one_label(
    store, settings, trained, table, as_bytes
):
    other = table.head(30).assign(label="slow; price")
    columns = Columns("text", "label", multi=("label",))
    done = feedback.import_bytes(store, settings, as_bytes(other), "test.csv", columns, "Test")
    with pytest.raises(CannotTrain, match="'Test' may carry several labels, those learned from carry one"):
        trained(test_dataset=done.dataset_id, mode="tfidf")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"split": "sideways"}, "sideways"),
        ({"split": "kfold:1"}, "2"),
        ({"mode": "magic"}, "no training mode"),
        ({"balance": "fair"}, "no balance"),
        ({"test_dataset": 1, "split": "time"}, "stratified"),
        ({"label_smoothing": 0.9}, "label smoothing"),
    ],
)
def test_settings_that_make_no_sense_are_a_sentence(trained, options, sentence):
    with pytest.raises(CannotTrain, match=sentence):
        trained(**options)


def test_words_can_be_left_out(store, settings, trained):
    run = trained(mode="tfidf", without=("slow", "cheap"))
    model = load_classifier(store, settings, run.id)
    assert not {"slow", "cheap"} & set(model.vocabulary)


@pytest.mark.parametrize(("without", "warned"), [((), True), (("price", "slow"), False)])
def test_a_name_of_a_label_that_is_left_out_is_warned_of_no_more(
    store, settings, keep, made_up, without, warned
):
    rows = [(f"[{label}] {text}", label) for text, label in made_up(120)]
    options = TrainingOptions(mode="tfidf", without=without)
    run, _ = runs.start_training(store, settings, *keep(rows), options)
    run = train(store, settings, run.id, Task())
    assert ("label_words" in {leak.kind for leak in run.evaluation.leaks}) == warned


# ---- several labels a comment -------------------------------------------------------------


@pytest.fixture
def several(store, settings, made_up, as_bytes):
    rows = [(text, label) for text, label in made_up(160)]
    texts = [f"{rows[k][0]} {rows[k + 1][0]}" if k % 3 == 0 else rows[k][0] for k in range(150)]
    labels = [f"{rows[k][1]}; {rows[k + 1][1]}" if k % 3 == 0 else rows[k][1] for k in range(150)]
    table = pd.DataFrame({"text": texts, "topics": labels})
    columns = Columns("text", "topics", multi=("topics",))
    done = feedback.import_bytes(store, settings, as_bytes(table), "several.csv", columns, "Several")
    return done.dataset_id, store.labels.sets(done.dataset_id)[0].id


@pytest.mark.parametrize("mode", ["quick", "tfidf", "better"])
def test_several_labels_a_comment(store, settings, several, mode):
    options = TrainingOptions(mode=mode, encoder=TINY, epochs=1, body_rate=2e-3, batch_tokens=64)
    run, _ = runs.start_training(store, settings, *several, options)
    run = train(store, settings, run.id, Task())
    assert run.labels == ("price", "slow") and run.model.multi
    for line in run.evaluation.knows[1:3]:
        label, held_out = line.split("'")[1], int(line.split(", ")[1].split(" ")[0])
        assert held_out == next(score.support for score in run.model.per_label if score.label == label)
    ids, probabilities = store.predictions.table(run.id)
    both = (probabilities >= 0.5).all(axis=1)
    truth = {key: set(label.split(LABEL_BREAK)) for key, label in rows_of(store, run)}
    expected = np.array([len(truth.get(key, ())) == 2 for key in ids.tolist()])
    assert (both == expected).mean() > 0.7, "comments that say both are told from those that say one"
    assert run.model.macro_f1 > run.evaluation.baselines[-1].macro_f1
    found = reports.freeze(store, run.id)
    assert {theme.name for theme in found.themes} == {"price", "slow"}
    assert sum(theme.share.mid for theme in found.themes) > 1.1
    for key in reports.formats():
        assert len(reports.build(store, run.id, key)) > 500


def rows_of(store, run):
    rows = store.runs.rows(run.id)
    return zip(rows["feedback_id"].tolist(), rows["label"].tolist(), strict=True)


# ---- few and strange labels ---------------------------------------------------------------


def test_two_labels_of_four_comments(store, settings, keep, made_up):
    run, _ = runs.start_training(store, settings, *keep(made_up(8)), TrainingOptions(encoder=TINY))
    run = train(store, settings, run.id, Task())
    assert run.status == "done" and run.model.n == 2
    assert run.evaluation.knows, "it says what so few can tell"
    low, high = run.model.ranges["accuracy"]
    assert high - low > 0.3


def test_thousands_of_labels_are_a_sentence(store, settings, keep):
    rows = [(f"comment {k} {i}", f"label {k}") for k in range(600) for i in range(4)]
    run, _ = runs.start_training(store, settings, *keep(rows), TrainingOptions(mode="tfidf"))
    with pytest.raises(CannotTrain, match="500"):
        train(store, settings, run.id, Task())


@pytest.mark.parametrize("mode", ["quick", "tfidf", "bilstm"])
def test_the_validation_score_is_of_a_model_that_has_not_seen_these_rows(
    store, settings, keep, made_up, mode
):
    """Labels by chance: whoever is right on rows it chose settings by has learned them by heart."""
    rng = np.random.default_rng(0)
    rows = [(f"{text} {k}", str(rng.choice(["a", "b"]))) for k, (text, _) in enumerate(made_up(160))]
    run, _ = runs.start_training(store, settings, *keep(rows), TrainingOptions(mode=mode, encoder=TINY))
    run = train(store, settings, run.id, Task())
    assert run.evaluation.validation_f1 < 0.85
