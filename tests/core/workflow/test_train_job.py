import errno
import hashlib
import json
import os
import time
from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.config import Settings
from core.domain import BUNDLED_ENCODER, Columns, Scores, TrainingOptions
from core.errors import Cancelled, CannotTrain, DiskFull, ModelMissing, Paused
from core.jobs.worker import JobContext
from core.models.memory import Shape
from core.store import tables
from core.store.contents import rehashed
from core.store.database import transaction
from core.store.store import open_store
from core.training import resume
from core.workflow import feedback, room, runs, train_job, worker
from core.workflow.explanations import load_classifier
from core.workflow.task import Task
from core.workflow.train_job import train

QUICK, SILENT = TrainingOptions(), Task()
STAGES = {"prepare", "load", "embed", "tfidf", "quick", "predict", "judge", "save"}


@pytest.fixture
def trained(store, settings, keep):
    """Stores rows and trains on them at once, in this process."""

    def trained(rows, options=QUICK, task=SILENT):
        dataset, label_set = rows if isinstance(rows, tuple) else keep(rows)
        run, _ = runs.start_training(store, settings, dataset, label_set, options)
        return train(store, settings, run.id, task)

    return trained


def in_worker(store, settings, run, job):
    context = JobContext(job, None, lambda done, words: None, lambda: False, None)
    worker.training_kinds(store, settings)["train"]({"run": run.id}, context)


# ---- Quick on real comments ---------------------------------------------------------------


@pytest.fixture(scope="module")
def quick(tmp_path_factory, shared_data):
    """(store, settings, run) of a Quick on 400 tweets: 60 without a label, 20 that repeat others."""
    made = Settings(data_dir=tmp_path_factory.mktemp("quick"), threads=1)
    made.runs_dir.mkdir()
    store = open_store(made.url, made.data_dir)
    table = pd.read_csv(shared_data / "airline_tweets_60.csv", nrows=380)
    table.loc[table.index[::6][:60], "airline_sentiment"] = ""
    table = pd.concat([table, table[table["airline_sentiment"] != ""].head(20)])
    data = table.to_csv(index=False).encode()
    columns = Columns("text", "airline_sentiment", segments=("airline",))
    done = feedback.import_bytes(store, made, data, "tweets.csv", columns, "Tweets")
    options = TrainingOptions(seed=7)
    run, _ = runs.start_training(
        store, made, done.dataset_id, store.labels.sets(done.dataset_id)[0].id, options
    )
    seen = []
    done = train(store, made, run.id, Task(lambda pct, what: seen.append((pct, what))))
    yield store, made, done, seen
    store.close()


def test_a_run_says_what_was_done(quick):
    store, _, run, seen = quick
    assert (run.status, run.error, run.options.seed) == ("done", "", 7)
    assert run.labels == ("negative", "neutral", "positive")
    assert run.data_sha256 == store.datasets.get(run.dataset_id).sha256
    assert run.device.startswith("CPU")
    assert set(run.versions) == {"python", *train_job.LIBRARIES}
    assert set(run.seconds) == set(run.cpu_seconds) == STAGES
    assert all(value >= 0 for value in (*run.seconds.values(), *run.cpu_seconds.values()))
    assert run.calibration["temperature"] > 0
    assert 0 <= run.calibration["ece_after"] < 1
    assert run.finished_at >= run.created_at
    assert [pct for pct, _ in seen] == sorted(pct for pct, _ in seen)
    assert any(what.startswith("Reading comments: ") for _, what in seen)


def test_every_row_has_a_prediction(quick):
    store, _, run, _ = quick
    ids, probabilities = store.predictions.table(run.id)
    feedback_ids = store.datasets.feedback(run.dataset_id)["id"].to_numpy()
    assert len(ids) == 400 and np.array_equal(ids, feedback_ids)
    assert probabilities.dtype == np.float32
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_held_out_rows_are_not_learned_from_and_repeats_stay_together(quick):
    store, _, run, _ = quick
    rows = store.runs.rows(run.id)
    assert len(rows) == len(store.labels.table(run.label_set_id)) == 340
    assert Counter(rows["part"]).keys() == {"train", "validation", "test"}
    hashes = store.datasets.feedback(run.dataset_id).set_index("id")["text_hash"]
    sides = rows.groupby(rows["feedback_id"].map(hashes))["part"].nunique()
    assert (rows["feedback_id"].map(hashes).value_counts() > 1).sum() >= 20
    assert sides.max() == 1
    assert 0.15 < (rows["part"] == "test").mean() < 0.25


def test_model_and_baseline_are_judged_on_the_same_held_out_rows(quick):
    store, _, run, _ = quick
    rows = store.runs.rows(run.id).query("part == 'test'")
    ids, probabilities = store.predictions.table(run.id)
    called = dict(zip(ids, probabilities.argmax(axis=1), strict=True))
    right = [run.labels[called[row.feedback_id]] == row.label for row in rows.itertuples()]
    assert run.model.n == run.baseline.n == len(rows) == np.sum(run.model.confusion)
    assert run.model.accuracy == pytest.approx(np.mean(right))
    assert [score.support for score in run.model.per_label] == [
        score.support for score in run.baseline.per_label
    ]
    assert run.model.accuracy > 0.6, "three labels, one of them on half of the rows"


def test_the_checkpoint_is_whole_and_answers_as_the_predictions_do(quick):
    store, settings, run, _ = quick
    folder = settings.runs_dir / run.checkpoint
    assert folder == settings.runs_dir / f"run-{run.id}" / "checkpoint"
    assert sha256(folder / "manifest.json") == run.manifest_sha256
    manifest = json.loads((folder / "manifest.json").read_text())
    assert {path.name for path in folder.iterdir()} == {"manifest.json", *manifest["files"]}
    for name, known in manifest["files"].items():
        assert sha256(folder / name) == known["sha256"]
    assert (manifest["seed"], manifest["data_sha256"]) == (7, run.data_sha256)
    classifier = load_classifier(store, settings, run.id)
    texts = store.datasets.feedback(run.dataset_id)["text"].head(20).tolist()
    stored = store.predictions.table(run.id)[1][:20]
    assert np.allclose(classifier.probabilities(texts), stored, atol=0.05)


def sha256(path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_same_again_reads_nothing_anew_and_predicts_the_same(quick, monkeypatch):
    from core.models.encoder import Encoder

    store, settings, run, _ = quick
    read = []
    embed = Encoder.embed
    monkeypatch.setattr(
        Encoder, "embed", lambda self, texts, *more: read.extend(texts) or embed(self, texts, *more)
    )
    second, _ = runs.start_training(store, settings, run.dataset_id, run.label_set_id, run.options)
    second = train(store, settings, second.id, Task())
    assert second.id != run.id
    assert [text for text in read if text != "a"] == [], "the probe of a fresh encoder aside"
    first_ids, first = store.predictions.table(run.id)
    second_ids, again = store.predictions.table(second.id)
    assert np.array_equal(first_ids, second_ids) and np.array_equal(first, again)
    assert (second.model, second.baseline, second.calibration) == (run.model, run.baseline, run.calibration)


def test_a_run_that_is_done_stays_as_it_is(quick, monkeypatch):
    """A worker killed between the end of the run and the end of its job calls it once more."""
    store, settings, run, _ = quick
    monkeypatch.setattr(train_job, "_train", lambda *args: pytest.fail("it trained again"))
    assert train(store, settings, run.id, Task()) == run
    assert (settings.runs_dir / run.checkpoint / "manifest.json").exists()


# ---- Better -------------------------------------------------------------------------------


def test_better_judges_each_epoch_beside_quick(store, settings, keep, made_up, tiny_better):
    dataset = keep(made_up(160))
    run, _ = runs.start_training(store, settings, *dataset, tiny_better)
    done = train(store, settings, run.id, Task())
    by_epoch = {point.epoch: point.macro_f1 for point in done.curve if point.macro_f1 is not None}
    assert set(by_epoch) == {0, 1, 2, 3}, "epoch 0 is Quick"
    manifest = json.loads((settings.runs_dir / done.checkpoint / "manifest.json").read_text())
    assert manifest["encoder"]["tuned"]  # made-up comments are told apart ever more surely
    assert done.evaluation.validation_f1 >= by_epoch[0]
    assert {"fine_tune", *STAGES} - {"quick"} <= set(done.seconds)
    assert not (settings.runs_dir / f"run-{run.id}" / "training").exists()
    assert np.allclose(store.predictions.table(run.id)[1].sum(axis=1), 1, atol=1e-5)


def test_where_no_epoch_is_better_the_answers_are_those_of_quick(
    trained, store, keep, made_up, tiny_better, monkeypatch
):
    dataset = keep(made_up(80))
    quick = trained(dataset, TrainingOptions(encoder=tiny_better.encoder))
    monkeypatch.setattr(
        "core.training.loop.surprises", lambda answers, truth, multi: np.full(len(truth), 0.5)
    )
    better = trained(dataset, tiny_better)
    assert np.array_equal(store.predictions.table(quick.id)[1], store.predictions.table(better.id)[1])


def test_better_twice_with_one_seed_predicts_the_same(trained, store, keep, made_up, tiny_better):
    dataset = keep(made_up(80))
    first, second = trained(dataset, tiny_better), trained(dataset, tiny_better)
    assert np.array_equal(store.predictions.table(first.id)[1], store.predictions.table(second.id)[1])
    assert first.curve == second.curve


def test_a_tuned_checkpoint_predicts_what_was_stored(trained, store, settings, made_up, tiny_better):
    run = trained(made_up(160), tiny_better)
    texts = store.datasets.feedback(run.dataset_id)["text"].tolist()
    found = load_classifier(store, settings, run.id).probabilities(texts)
    assert np.allclose(found, store.predictions.table(run.id)[1], atol=1e-4)


def test_a_training_that_is_stopped_leaves_no_file_and_no_model(
    trained, store, settings, made_up, tiny_better
):
    def stop(pct, what):
        if what.startswith("Epoch 2"):
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        trained(made_up(160), tiny_better, Task(stop))
    (run,) = store.runs.list()
    assert (run.checkpoint, run.manifest_sha256, run.model) == ("", "", None)
    assert list(settings.runs_dir.iterdir()) == []
    assert len(store.predictions.table(run.id)[0]) == 0


# ---- what a training says no to, or warns of ----------------------------------------------


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([(f"comment {k}", "only") for k in range(9)], "at least two labels with 4 different comments"),
        ([(f"comment {k}", "only") for k in range(9)], "has 1 label, with 9 different comments."),
        ([(f"comment {k}", f"label {k}") for k in range(9)], "9 labels; the two largest have 1 and 1."),
        ([(f"comment {k}", f"label {k // 8}") for k in range(9)], "2 labels; the two largest have 8 and 1."),
        ([("same words", "a"), ("same words!", "b")] * 9, "2 labels; the two largest have 1 and 0."),
    ],
)
def test_too_few_labels_are_a_sentence(store, settings, keep, rows, sentence):
    dataset, label_set = keep(rows)
    run, _ = runs.start_training(store, settings, dataset, label_set, TrainingOptions())
    with pytest.raises(CannotTrain, match=sentence):
        train(store, settings, run.id, Task())


@pytest.mark.parametrize(
    ("theirs", "mine", "said"),
    [
        (0.9, 0.8, "0.900 against 0.800"),
        (0.0004, 0.0, ""),
        (0.5, 0.5, ""),
        (0.0006, 0.0, "0.001 against 0.000"),
    ],
)
def test_a_simpler_model_is_better_only_where_the_printed_figures_differ(theirs, mine, said):
    model, other = (Scores(name, 0, f1, 0, (), (), 9) for name, f1 in (("quick", mine), ("tfidf", theirs)))
    warnings = train_job.beaten(model, (other, model))
    assert [said in warning for warning in warnings] == ([True] if said else [])


def test_a_label_with_too_few_rows_is_named_and_left_out(trained, made_up):
    run = trained(
        [*made_up(40), ("rare words", "rare"), ("rare again", "rare")], TrainingOptions(encoder="tests/tiny")
    )
    assert run.labels == ("price", "slow")
    assert any("'rare' (2)" in warning for warning in run.warnings)


def test_a_language_the_encoder_does_not_know_is_said(trained, shared_data):
    table = pd.read_csv(shared_data / "waimai_10k.csv").sample(60, random_state=0)
    run = trained(list(zip(table["review"], table["label"].map({0: "bad", 1: "good"}), strict=True)))
    (warning,) = [warning for warning in run.warnings if "does not know" in warning]
    assert BUNDLED_ENCODER in warning and "multilingual" in warning


def test_what_nobody_labelled_says_nothing_of_the_words_that_are_unknown(trained, shared_data):
    table = pd.read_csv(shared_data / "waimai_10k.csv").sample(60, random_state=0)
    others = [(f"the page is {word} {number}", label) for number in range(20) for word, label in
              (("slow", "bad"), ("quick", "good"))]  # fmt: skip
    run = trained([*others, *((text, "") for text in table["review"])])
    assert run.evaluation.facts["unknown_share"] < 0.05
    assert not any("does not know" in warning for warning in run.warnings)


def test_comments_of_emoji_alone_do_not_stop_a_training(trained):
    rows = [("👍" * k, "good") for k in range(1, 9)] + [("👎" * k, "bad") for k in range(1, 9)]
    run = trained(rows, TrainingOptions(encoder="tests/tiny"))
    assert run.status == "done"


def test_an_encoder_that_is_not_here_is_said_within_three_seconds(store, settings, keep, made_up):
    dataset = keep(made_up(40))
    begun = time.monotonic()
    with pytest.raises(ModelMissing, match="Choose the bundled encoder"):
        runs.start_training(store, settings, *dataset, TrainingOptions(encoder="nobody/has-this"))
    assert time.monotonic() - begun < 3
    assert store.runs.list() == []


@pytest.mark.parametrize(
    "options",
    [
        TrainingOptions(mode="best"),
        TrainingOptions(seed=-1),
        TrainingOptions(epochs=0),
        TrainingOptions(max_tokens=2),
        TrainingOptions(body_rate=1.0),
        TrainingOptions(body_rate=1e-12),
        TrainingOptions(head_rate=float("nan")),
        TrainingOptions(batch_tokens=0),
    ],
)
def test_settings_out_of_bounds_are_refused_before_a_job_is_made(store, settings, keep, made_up, options):
    dataset = keep(made_up(40))
    with pytest.raises(CannotTrain, match="[Cc]hoose"):
        runs.start_training(store, settings, *dataset, options)
    assert store.jobs.active() == []


def test_labels_of_another_dataset_are_refused(store, settings, keep, made_up):
    (first, _), (_, other) = keep(made_up(20)), keep(made_up(22))
    with pytest.raises(CannotTrain, match="belongs to another dataset"):
        runs.start_training(store, settings, first, other, TrainingOptions())


def test_rows_that_change_while_a_training_waits_are_not_trained_on(store, settings, keep, made_up):
    dataset, label_set = keep(made_up(40))
    run, _ = runs.start_training(store, settings, dataset, label_set, TrainingOptions(encoder="tests/tiny"))
    first = tables.feedback.c.id == int(store.datasets.feedback(dataset)["id"].min())
    with transaction(store.engine) as connection, rehashed(connection, dataset, first):
        connection.execute(tables.feedback.delete().where(first))
    with pytest.raises(CannotTrain, match="changed after this training was started"):
        train(store, settings, run.id, Task())


def test_a_full_disk_is_said_before_the_training(monkeypatch, tmp_path):
    usage = room.shutil.disk_usage(tmp_path)._replace(free=100 * 2**20)
    monkeypatch.setattr(room.shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(DiskFull, match="100 MB left and this training needs 600 MB"):
        room.check_room(tmp_path / "run-1")


def test_what_a_training_has_written_need_not_be_written_again(monkeypatch, tmp_path):
    usage = room.shutil.disk_usage(tmp_path)._replace(free=1 * 2**20)
    monkeypatch.setattr(room.shutil, "disk_usage", lambda folder: usage)
    folder = tmp_path / "run-1" / "training"
    folder.mkdir(parents=True)
    (folder / "state").write_bytes(b"0" * 2**21)
    room.check_room(folder.parent, 3)
    with pytest.raises(DiskFull, match="needs 2 MB"):
        room.check_room(folder.parent, 4)


@pytest.mark.parametrize(
    ("changes", "folds", "copies"),
    [
        ({"mode": "better"}, 0, 8.5),
        ({"mode": "better"}, 5, 26),
        ({"mode": "better", "frozen_layers": 1}, 0, 2),
        ({"mode": "quick"}, 5, 2),
    ],
)
def test_larger_encoders_need_more_of_the_disk(changes, folds, copies):
    options = TrainingOptions(**changes)
    small = Shape(size=32, layers=1, heads=2, inner=64, words=100)
    assert room.needed_mb(options, small, folds) == 600  # the least
    large = Shape(size=1024, layers=24, heads=16, inner=4096, words=250_000)  # XLM-R large: 560 million
    assert room.needed_mb(options, large, folds) == pytest.approx(copies * 2_136, rel=0.01)


def test_without_room_to_go_on_a_paused_training_waits_on(
    store, settings, keep, made_up, tiny_better, monkeypatch
):
    run, job = runs.start_training(store, settings, *keep(made_up(60)), tiny_better)
    state = settings.runs_dir / f"run-{run.id}" / "training" / "state-00000001"
    state.mkdir(parents=True)
    usage = room.shutil.disk_usage(settings.data_dir)._replace(free=100 * 2**20)
    monkeypatch.setattr(room.shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(Paused, match="100 MB left.*Then press Resume"):
        in_worker(store, settings, run, job)
    assert state.is_dir()


def test_a_training_that_fills_the_disk_keeps_its_state_and_goes_on(
    store, settings, keep, made_up, tiny_better, monkeypatch
):
    options = replace(tiny_better, epochs=3)
    data = keep(made_up(60))
    settings = settings.model_copy(update={"save_every_s": 0.0})
    whole, _ = runs.start_training(store, settings, *data, options)
    train(store, settings, whole.id, Task())
    run, job = runs.start_training(store, settings, *data, options)
    saves = []

    def full(folder, *arguments):
        saves.append(folder)
        if len(saves) == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return save(folder, *arguments)

    save = resume.save
    monkeypatch.setattr(resume, "save", full)
    with pytest.raises(Paused, match="disk is full.* press Resume"):
        in_worker(store, settings, run, job)
    assert list((settings.runs_dir / f"run-{run.id}" / "training").glob("state-*"))
    again = train(store, settings, run.id, Task())
    assert again.status == "done"
    assert again.model == store.runs.get(whole.id).model
