"""`python -m core train`, `promote`, `export-model` and `score` on a small dataset."""

import csv
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.errors import CannotTrain

TINY = ("--encoder", "tests/tiny")


def test_train_prints_every_model_with_its_ranges(said, rows, store):
    done = said("train", rows, "--label-set", "label", *TINY, "--split", "kfold:3", "--seed", 4)
    assert set(done["baselines"]) == {"tfidf", "majority"}
    assert [job.kind for job in store.jobs.active("model")] == ["trust"]
    for scores in (done["model"], *done["baselines"].values()):
        low, high = scores["accuracy_range"]
        assert low <= scores["accuracy"] <= high and scores["held_out_rows"] == 120
        assert scores["macro_f1_range"][0] <= scores["macro_f1"] <= scores["macro_f1_range"][1]
        low, high = scores["calibration_error_range"]
        assert low <= scores["calibration_error"] <= high
    assert done["model"]["calibration_error"] == done["calibration_error"]["after"]
    stored = store.runs.get(done["run"]).calibration
    assert stored["ece_before"] != pytest.approx(stored["ece_after"], abs=1e-3), "else they may be swapped"
    assert done["calibration_error"]["before"] == round(stored["ece_before"], 4)
    assert done["calibration_error"]["after"] == round(stored["ece_after"], 4)
    assert set(done["calibration_error"]) == {"before", "after", "by_chance"}
    assert 0 < done["calibration_error"]["by_chance"] < 0.2
    assert set(done["seconds"]) == set(done["cpu_seconds"]) >= {"embed", "quick", "tfidf"}
    assert done["device"].startswith("CPU") and done["best"] in {"quick", "tfidf", "majority"}


def test_a_file_of_its_own_is_the_test(said, rows, made_up, tmp_path, as_bytes, store):
    table = pd.DataFrame(made_up(160)[120:], columns=["text", "label"])
    path = tmp_path / "test.csv"
    path.write_bytes(as_bytes(table))
    done = said("train", rows, *TINY, "--test", path)
    assert done["model"]["held_out_rows"] == done["baselines"]["tfidf"]["held_out_rows"] == 40
    again = said("train", rows, *TINY, "--test", path, "--mode", "tfidf")
    assert again["model"]["held_out_rows"] == 40
    assert len(store.datasets.list()) == 2, "the same file is the same test dataset"


def test_another_test_file_of_the_same_name_gets_another_name(said, rows, tmp_path, store):
    words = ("train", rows, "--mode", "tfidf", "--no-quick", "--test")
    for folder, text in (("one", "the page is slow"), ("two", "the app is slow"), ("three", "a slow team")):
        path = tmp_path / folder / "test.csv"
        path.parent.mkdir()
        path.write_text(f"text,label\n{text},slow\nprice bill {folder},price\n")
        said(*words, path)
    said(*words, tmp_path / "two" / "test.csv")
    name = "Rows, test rows: test.csv"
    assert {item.name for item in store.datasets.list()} == {"Rows", name, f"{name} (2)", f"{name} (3)"}
    assert len(store.datasets.list()) == 4, "the same file is the same test dataset"


def test_what_was_wrong_with_the_test_file_is_told(said, rows, tmp_path):
    path = tmp_path / "test.csv"
    lines = ["the page is slow crash,slow", "price bill cheap write to a@b.co,price", ",slow", "a,b,c"]
    path.write_text("\n".join(["text,label", *lines]) + "\n")
    done = said("train", rows, "--mode", "tfidf", "--no-quick", "--test", path)
    told = [words for words in done["warnings"] if words.startswith("Test file: ")]
    assert any("Masked before storing: 1 email" in words for words in told)
    assert told[-1] == (
        "Test file: rows that were not stored: 2. Why: has more cells than the 2 column names (line 5); "
        "no text (line 4)."
    )


@pytest.mark.parametrize("wrong", [("--split", "grouped"), ("--epochs", 99), ("--split", "sideways")])
def test_wrong_settings_are_refused_before_a_test_file_is_stored(refused, rows, tmp_path, store, wrong):
    path = tmp_path / "test.csv"
    path.write_text("text,label\nthe page is slow,slow\nprice bill,price\n")
    refused("train", rows, *TINY, *wrong, "--test", path)
    assert [item.name for item in store.datasets.list()] == ["Rows"]


def test_test_rows_go_again_when_the_training_cannot_begin(refused, said, rows, tmp_path, store, monkeypatch):
    words = ("train", rows, "--mode", "tfidf", "--no-quick", "--test")
    path = tmp_path / "test.csv"
    path.write_text("text,label\nthe page is slow,other\nprice bill,another\n")
    assert "has a label that is learned" in refused(*words, path)
    assert [item.name for item in store.datasets.list()] == ["Rows"]
    path.write_text("text,label\nthe page is slow,slow\nprice bill,price\n")

    def broken(*_):
        raise CannotTrain("No way.")

    with monkeypatch.context() as patch:
        patch.setattr("core.workflow.train_job.judge", broken)
        assert refused(*words, path) == "No way."
    assert len(store.datasets.list()) == 2, "a run has read it"
    with monkeypatch.context() as patch:
        patch.setattr("core.workflow.train_job.check_data", broken)
        assert refused(*words, path) == "No way."
    assert len(store.datasets.list()) == 2, "it was there before this call"


def test_a_dataset_without_labels_says_how_to_get_them(refused, store, settings):
    from core.domain import Columns
    from core.workflow import feedback

    data = b"text,topic\n" + b"".join(b"the page is slow %d,\n" % number for number in range(9))
    feedback.import_bytes(store, settings, data, "rows.csv", Columns("text"), "Bare")
    done = feedback.import_bytes(store, settings, data, "rows.csv", Columns("text", label="topic"), "Empty")
    assert any("'topic' is empty" in warning for warning in done.warnings)
    for more in ((), ("--label-set", "topic")):
        sentence = refused("train", "Bare", *more)
        assert "'Bare' has no labels yet" in sentence and "--label COL" in sentence
        sentence = refused("train", "Empty", *more)
        assert "All labels of 'topic' in the dataset 'Empty' are empty" in sentence
        assert "no labels yet" not in sentence and "--label COL" in sentence


def test_the_test_rows_are_read_on_the_scale_of_the_training_ratings(
    said, store, settings, tmp_path, as_bytes
):
    from core.domain import Columns
    from core.workflow import feedback

    words = ("crash slow bad", "page login team", "great love cheap")
    rows = [(f"the app is {words[k % 3]} number {k}", (1, 3, 5)[k % 3]) for k in range(90)]
    table = as_bytes(pd.DataFrame(rows, columns=["text", "stars"]))
    feedback.import_bytes(store, settings, table, "stars.csv", Columns("text", rating="stars"), "Stars")
    path = tmp_path / "test.csv"  # by itself its ratings would be on a scale of 0 to 1
    new = [(f"my invoice {words[0]} again {k}", (0, 1)[k > 0]) for k in range(20)]
    path.write_bytes(as_bytes(pd.DataFrame(new, columns=["text", "stars"])))
    done = said("train", "Stars", "--mode", "tfidf", "--no-quick", "--test", path)
    assert done["model"]["held_out_rows"] == 19, "0 is off the scale"
    outside = store.labels.sets(store.datasets.list()[0].id)[0]
    assert outside.name == "sentiment from rating" and outside.counts == {"negative": 19}


def test_every_way_of_training_prints_its_settings(said, rows, tmp_path):
    quick = said("train", rows, *TINY)["settings"]
    assert quick["Strength of the head (C)"] in (1.0, 3.0, 10.0, 30.0)
    assert quick["Strengths tried (C)"].startswith("1, 3, 10, 30; chosen by the likelihood of the labels of ")
    assert quick["Longest text"] == "32 tokens, all that this encoder can read (128 were asked for)"
    assert quick["Solver"].startswith("L-BFGS, at most 200 steps") and "1e-06" in quick["Solver"]
    assert said("train", rows, *TINY, "--max-tokens", 16)["settings"]["Longest text"] == "16 tokens"
    words = said("train", rows, "--mode", "tfidf", "--no-quick")["settings"]
    assert "words and pairs of words" in words["Terms"] and words["Strength of the regression (C)"] == 10.0
    better = said("train", rows, *TINY, "--mode", "better", "--epochs", 1)["settings"]
    assert better["Longest text"] == quick["Longest text"] and "Best epoch" in better


BETTERS = ("--adapter-rank", 8, "--epochs", 3, "--averaging", 1, "--patience", 3, "--label-smoothing", 0.4)


@pytest.mark.parametrize(
    "words, named",
    [
        (
            ("tfidf", "--no-quick", *BETTERS, *TINY),
            "epochs patience label-smoothing adapter-rank averaging encoder",
        ),
        (("tfidf", "--max-tokens", 16, "--seed", 3, *TINY), ""),
        (("tfidf", "--no-quick", "--max-tokens", 16), "max-tokens"),
        (("tfidf", "--no-quick", "--bilstm", *BETTERS), "adapter-rank averaging"),
        (("quick", "--no-quick", "--token-masking", 0), "token-masking no-quick"),
        (("bilstm", "--bilstm", "--frozen-layers", 99), "frozen-layers bilstm"),
        (("better", *BETTERS), ""),
    ],
)
def test_settings_that_the_mode_does_not_use_are_named(capsys, rows, store, monkeypatch, words, named):
    from core.domain import TrainingOptions
    from core.workflow.command import main

    def stopped(store, settings, dataset, label_set, options, task):
        for name in named.replace("-", "_").split():
            assert name == "no_quick" or getattr(options, name) == getattr(TrainingOptions(), name)
        raise CannotTrain("Far enough.")

    monkeypatch.setattr("core.workflow.train_here.train_here", stopped)
    assert main(["train", rows, "--mode", *map(str, words)]) == 2
    told = capsys.readouterr().err.strip().splitlines()
    listed = ", ".join(f"--{name}" for name in named.split())
    sentence = f"The training goes on without settings that --mode {words[0]} does not use: {listed}."
    assert told == ([sentence] if named else []) + ["Far enough."]


def test_what_was_left_out_stands_among_the_warnings(said, rows, store):
    done = said("train", rows, "--mode", "tfidf", "--no-quick", *BETTERS)
    assert done["warnings"][0].endswith("--label-smoothing, --adapter-rank, --averaging.")
    plain = said("train", rows, "--mode", "tfidf", "--no-quick")
    assert store.runs.get(done["run"]).options == store.runs.get(plain["run"]).options
    assert not any("does not use" in words for words in plain["warnings"])


def test_no_more_layers_are_frozen_than_the_encoder_has(refused, said, rows):
    words = ("train", rows, "--mode", "better", "--epochs", 1, "--frozen-layers")
    assert "has 6 layers, so --frozen-layers can be at most 6" in refused(*words, 7)
    assert "has 2 layers" in refused(*words, 3, *TINY)
    done = said(*words, 2, *TINY)
    assert "lowest 2 layers" in done["settings"]["Weights trained"]


def test_a_bilstm_begins_with_a_file_of_word_vectors(said, refused, rows, store, tmp_path):
    path = tmp_path / "glove.txt"
    path.write_text("slow 0.1 0.2 0.3\nprice 0.3 0.4 0.5\n")
    told = said("train", rows, "--mode", "bilstm", "--epochs", 1, "--vectors", path)
    settings = told["settings"]
    assert settings["Word vectors"].startswith("3 numbers for each of ")
    assert settings["Word vectors"].endswith("2 begin as the file of word vectors has them")
    assert settings["Epochs"].startswith("at most 1, each 6 times over the ")
    assert 0 < settings["Best epoch"] <= 1 and settings["Stops early"].startswith("no")
    run = store.runs.get(told["run"])
    assert run.options.vectors and run.curve[-1].epoch == 1
    assert "Add --bilstm" in refused("train", rows, "--vectors", path)
    assert "cannot be read" in refused("train", rows, "--bilstm", "--vectors", tmp_path / "none.txt")
    path.write_text("<html>\n")
    assert "0 numbers after the word" in refused("train", rows, "--bilstm", "--vectors", path)
    assert len(store.runs.list()) == 1, "refused before a run was made"


def test_quick_stands_beside_tfidf_unless_it_is_not_wanted(said, rows):
    names = [
        set(said("train", rows, *TINY, "--mode", "tfidf", *more)["baselines"])
        for more in ((), ("--no-quick",))
    ]
    assert names == [{"quick", "majority"}, {"majority"}]


def test_what_cannot_be_trained_is_one_sentence(refused, rows):
    assert "no dataset 'Nothing'" in refused("train", "Nothing")
    assert "'label'" in refused("train", rows, "--label-set", "mood")
    assert "sideways" in refused("train", rows, "--split", "sideways")
    assert "different dates" in refused("train", rows, *TINY, "--split", "time")


def test_promote_needs_the_gate_or_a_word(said, refused, rows, store):
    from core.domain import GateRule

    first = said("train", rows, *TINY)["run"]
    second = said("train", rows, "--mode", "tfidf", "--no-quick")["run"]
    store.runs.update(first, model=replace(store.runs.get(first).model, macro_f1=0.9))
    store.labels.set_gate(1, GateRule(macro_f1=1.0, recall=1.0, calibration_error=0.0))
    assert "does not pass the gate" in refused("promote", first)
    put = said("promote", first, "--anyway", "--note", "for the review")
    low, high = next(result["range"] for result in put["gate"] if result["name"].startswith("Recall"))
    assert put["passed"] is False and 0 <= low < high <= 1
    assert said("promote", second, "--anyway")["run"] == second
    assert said("promote", "--back", "Rows/label")["run"] == first
    assert "Name the run" in refused("promote")


@pytest.fixture
def two_sets(store, settings, made_up, as_bytes):
    """Stores a dataset with the label sets air and sea under a name; returns the ids of the sets."""
    from core.domain import Columns
    from core.workflow import feedback

    def stored(name):
        table = pd.DataFrame(made_up(60), columns=["text", "air"]).assign(sea=lambda rows: rows["air"])
        columns = Columns("text", label="air", more_labels=("sea",))
        done = feedback.import_bytes(store, settings, as_bytes(table), "rows.csv", columns, name)
        return {item.name: item.id for item in store.labels.sets(done.dataset_id)}

    return stored


def test_going_back_says_how_to_name_one_of_several_label_sets(refused, two_sets):
    two_sets("air")
    sentence = refused("promote", "--back", "air")
    assert "'air/air', 'air/sea'" in sentence and "DATASET/LABEL SET" in sentence
    assert "--label-set" not in sentence
    assert "no label set 'land'" in refused("promote", "--back", "air/land")
    assert "no dataset 'none/air'" in refused("promote", "--back", "none/air")


def test_going_back_finds_a_dataset_whose_name_holds_a_slash(store, two_sets, refused):
    from core.workflow.train_verbs import _label_set_of

    sets, others = two_sets("a/b"), two_sets("a")
    assert _label_set_of(store, "a/b/sea").id == sets["sea"]
    assert _label_set_of(store, "a/sea").id == others["sea"]
    assert "'a/b/air', 'a/b/sea'" in refused("promote", "--back", "a/b")
    assert "no earlier model" in refused("promote", "--back", "a/b/air")


def test_a_run_beside_back_is_refused(refused, rows):
    assert "run 3 would not be promoted" in refused("promote", 3, "--back", "Rows/label")


def test_export_and_score_without_the_store(said, refused, rows, tmp_path, store):
    run = said("train", rows, *TINY)["run"]
    out = tmp_path / "model"
    done = said("export-model", run, "--out", out, "--format", "onnx", "--format", "transformers")
    assert set(done["formats"]) == {"original", "onnx", "transformers"}
    for name in ("onnx", "transformers"):
        assert done["formats"][name]["parity"]["passed"] and done["formats"][name]["size_mb"] > 0
    assert (out / "MODEL_CARD.md").read_text().startswith("# Model card")

    path = tmp_path / "new.csv"
    path.write_text(
        'id,comment\n1,the page is slow crash again\n2,=price cheap bill\n3,\n"4",mail a@b.co price cheap\n'
    )
    checkpoint = store.runs.get(run).checkpoint
    from core.config import load_settings

    answers = []
    for folder in (out, out / "transformers", load_settings().runs_dir / checkpoint):
        target = tmp_path / f"scored-{len(answers)}.csv"
        result = said("score", "--model", folder, path, "--text", "comment", "--out", target)
        assert result["rows"] == 4 and result["labels"] == ["price", "slow"]
        answers.append(list(csv.DictReader(target.open(encoding="utf-8-sig"))))
    for row in answers[0]:
        assert not row["comment"].startswith("=")
    labels = [[row["label"] for row in table] for table in answers]
    assert labels[0] == labels[1] == labels[2] and labels[0][2] == ""
    assert "no column 'words'" in refused("score", "--model", out, path, "--text", "words")
    assert "holds no model" in refused("score", "--model", tmp_path, path, "--text", "comment")
    assert "--text" in refused("score", "--model", out, path)


def test_a_file_is_scored_by_the_columns_that_the_training_rows_had(said, refused, rows, tmp_path, store):
    import json

    run = said("train", rows, *TINY)["run"]
    out = tmp_path / "model"
    said("export-model", run, "--out", out, "--format", "transformers")
    from core.config import load_settings

    checkpoint = load_settings().runs_dir / store.runs.get(run).checkpoint
    path = tmp_path / "new.csv"
    path.write_text("id,text,note\n1,the page is slow crash again,price\n2,price cheap bill,slow\n")
    for folder in (out, out / "transformers", checkpoint):
        assert said("score", "--model", folder, path)["text"] == ["text"]
        assert said("score", "--model", folder, path, "--text", "note")["text"] == ["note"]
    other = tmp_path / "other.csv"
    other.write_text("id,comment\n1,slow\n")
    assert "--text" in refused("score", "--model", checkpoint, other), "it lacks the column"
    for said_there in (None, "text", [], [[]], [[1]], {"text": 1}):
        manifest = json.loads((checkpoint / "manifest.json").read_text())
        manifest["text_columns"] = said_there
        (checkpoint / "manifest.json").write_text(json.dumps(manifest))
        assert "--text" in refused("score", "--model", checkpoint, path)
    del manifest["text_columns"]
    (checkpoint / "manifest.json").write_text(json.dumps(manifest))
    assert "--text" in refused("score", "--model", checkpoint, path), "as one of an earlier version"
    assert said("score", "--model", checkpoint, path, "--text", "text")["rows"] == 2


def test_title_and_body_are_scored_as_they_were_stored(said, made_up, tmp_path, store, settings, as_bytes):
    """The body was named first at the import and stands second in the file; a long title leaves no room for
    it."""
    from core.domain import Columns
    from core.workflow import feedback

    title = "login team login team login team login team"
    rows = [(title if k % 3 else " ", text, label) for k, (text, label) in enumerate(made_up(120))]
    rows = pd.DataFrame(rows, columns=["title", "body", "label"])
    path = tmp_path / "tickets.csv"
    path.write_bytes(as_bytes(rows))
    columns = Columns("body", more_text=("title",), label="label")
    feedback.import_bytes(store, settings, path.read_bytes(), path.name, columns, "Tickets")
    run = said("train", "Tickets", *TINY, "--max-tokens", 8)["run"]
    out = tmp_path / "scored.csv"
    folder = settings.runs_dir / store.runs.get(run).checkpoint
    done = said("score", "--model", folder, path, "--out", out)
    assert sorted(done["text"]) == ["body", "title"] and done["rows"] == 120
    wanted = store.predictions.table(run)[1]
    found = pd.read_csv(out, encoding="utf-8-sig")[["p(price)", "p(slow)"]].to_numpy()
    assert np.abs(found - wanted).max() < 1e-3, "but for the precision of the vectors that are kept"


@pytest.mark.parametrize("key", ["onnx", "onnx-int8", "torchscript", "transformers", "native"])
def test_a_whole_export_is_opened_by_whatever_format_it_holds(settings, tmp_path, key, monkeypatch):
    from core.workflow import model_verbs

    (tmp_path / key).mkdir()
    (tmp_path / key / "manifest.json").write_text(f'{{"format": "{key}", "files": {{}}}}')
    monkeypatch.setattr("core.export.opened.open_exported", lambda folder, threads: folder)
    assert model_verbs.open_model(settings, tmp_path) == tmp_path / key


def test_torchscript_is_never_what_a_file_is_scored_with(said, refused, rows, tmp_path):
    run = said("train", rows, *TINY)["run"]
    out, alone = tmp_path / "model", tmp_path / "alone"
    said("export-model", run, "--out", out, "--format", "torchscript", "--format", "transformers")
    said("export-model", run, "--out", alone, "--format", "torchscript")
    path = tmp_path / "new.csv"
    path.write_text("text\nslow page\n")
    assert said("score", "--model", out, path)["rows"] == 1, "by the other format"
    for folder in (out / "torchscript", alone, alone / "torchscript"):
        sentence = refused("score", "--model", folder, path)
        assert "ONNX format or with the run's checkpoint" in sentence
    (out / "transformers" / "labels.json").unlink()
    assert "labels.json is missing or damaged" in refused("score", "--model", out, path)


def test_the_format_that_scored_is_named_and_a_better_one_that_is_gone(said, refused, rows, tmp_path):
    import shutil

    run = said("train", rows, *TINY)["run"]
    out = tmp_path / "model"
    said("export-model", run, "--out", out, "--format", "onnx", "--format", "transformers")
    path = tmp_path / "new.csv"
    path.write_text("text\nslow page\n")
    done = said("score", "--model", out, path)
    assert (done["format"], done["warnings"]) == ("onnx", [])
    done = said("score", "--model", out / "transformers", path)
    assert (done["format"], done["warnings"]) == ("transformers", [])
    (out / "onnx" / "manifest.json").unlink()
    told = said("score", "--model", out, path)
    shutil.rmtree(out / "onnx")
    done = said("score", "--model", out, path)
    assert done["format"] == told["format"] == "transformers" and done["warnings"] == told["warnings"]
    assert done["warnings"] == [
        "This export was written with onnx too, but the folder is missing or its manifest cannot be read, so "
        "transformers gave the answers. Export the model again to score with onnx."
    ]


def test_cells_that_do_not_stay_as_they_were_are_counted(said, words, tmp_path):
    path = tmp_path / "new.csv"
    path.write_text("id,text\n-1,=slow\n2,a\u202eb price\n3,+price\n4,slow\n", encoding="utf-8")
    done = said("score", "--model", words, path)
    assert [row[1] for row in scored(tmp_path / "new.scored.csv")[1:]] == [
        "'=slow",
        "ab price",
        "'+price",
        "slow",
    ]
    assert done["format"] == "checkpoint"
    assert done["warnings"] == [
        "Cells that were changed in the written file: a leading ' before what a spreadsheet would take for a "
        "formula: 2; control, direction or invisible characters left out: 1."
    ]


@pytest.fixture
def words(said, rows, settings, store):
    """The checkpoint of a model of words."""
    run = said("train", rows, "--mode", "tfidf", "--no-quick")["run"]
    return settings.runs_dir / store.runs.get(run).checkpoint


def scored(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_rows_that_cannot_be_read_are_written_without_an_answer(said, words, tmp_path):
    path = tmp_path / "new.csv"
    lines = ["id,text", "1,the page is slow", "2,slow, they said,again", ",", "", "3,price", "4,=cheap", "5"]
    path.write_text("\n".join(lines) + "\n")
    done = said("score", "--model", words, path)
    header, *found = scored(tmp_path / "new.scored.csv")
    assert (done["rows"], done["rows_rejected"]) == (len(found), 3) == (6, 3)
    assert [row[:2] for row in found] == [
        ["1", "the page is slow"],
        ["2", "slow"],
        ["", ""],
        ["3", "price"],
        ["4", "'=cheap"],
        ["5", ""],
    ]
    assert {len(row) for row in found} == {len(header)}
    assert [bool(row[2]) for row in found] == [True, False, False, True, True, False]
    assert done["warnings"][-1] == (
        "Rows that could not be read and have no answer: 3. Why: has more cells than the 2 column names "
        "(line 3); every cell is empty (line 4); has fewer cells than the 2 column names (line 8)."
    )
    path.write_text("id,text\n1,slow\n")
    done = said("score", "--model", words, path)
    assert (done["rows"], done["rows_rejected"], done["warnings"]) == (1, 0, [])


def test_unread_rows_stand_in_their_place_in_a_long_file(said, words, tmp_path):
    """Longer than a chunk of the reader."""
    path = tmp_path / "new.csv"
    kept = 45_000
    lines = [f"{number},slow" if number % 9_000 else f"{number},a,b" for number in range(1, kept + 1)]
    path.write_text("\n".join(["id,text", *lines]) + "\n")
    done = said("score", "--model", words, path, "--labels-only")
    _, *found = scored(tmp_path / "new.scored.csv")
    assert (done["rows"], done["rows_rejected"]) == (kept, 5)
    assert [row[0] for row in found] == [str(number) for number in range(1, kept + 1)]
    assert [int(row[0]) for row in found if not row[2]] == list(range(9_000, kept + 1, 9_000))


def test_a_scoring_that_is_stopped_leaves_the_file_as_it_was(said, words, tmp_path, monkeypatch, capsys):
    from core.models.linear_text import LinearText
    from core.workflow.command import main

    path, out = tmp_path / "new.csv", tmp_path / "out.csv"
    path.write_text("text\nslow\n")
    out.write_text("an earlier result")

    def stop(*_):
        assert len(list(tmp_path.iterdir())) >= 3, "it is written beside"
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(LinearText, "probabilities", stop)
        assert main(["score", "--model", str(words), str(path), "--out", str(out)]) == 130
    assert "Nothing half-done was kept" in capsys.readouterr().err
    assert out.read_text() == "an earlier result"
    assert {item.name for item in tmp_path.iterdir()} == {"data", "new.csv", "out.csv"}
    said("score", "--model", words, path, "--out", out)
    assert [row[0] for row in scored(out)] == ["text", "slow"]


def test_the_scored_file_never_takes_the_place_of_its_source(refused, words, tmp_path):
    import os

    path = tmp_path / "new.csv"
    path.write_text("text\nslow\n")
    (tmp_path / "link.csv").symlink_to(path)
    os.link(path, tmp_path / "hard.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    for name in ("new.csv", "link.csv", "hard.csv"):
        assert "written over itself" in refused("score", "--model", words, path, "--out", tmp_path / name)
    for name in ("pipe.csv", "data", "nowhere/out.csv"):
        assert "cannot be written" in refused("score", "--model", words, path, "--out", tmp_path / name)
    assert path.read_text() == "text\nslow\n" and (tmp_path / "pipe.csv").is_fifo()


def test_an_export_into_the_folder_one_stands_in_is_refused_at_once(
    said, refused, rows, tmp_path, monkeypatch, settings
):
    run = said("train", rows, "--mode", "tfidf", "--no-quick")["run"]
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr("core.workflow.exporting.load_classifier", None)  # nothing is loaded for it
    assert "Name a folder in it, such as" in refused("export-model", run, "--out", ".")


def test_an_export_that_fails_leaves_no_folder(said, refused, rows, tmp_path, store):
    from core.domain import TrainingOptions

    out = tmp_path / "new" / "model"
    refused("export-model", 99, "--out", out)
    failed = store.runs.add(1, 1, TrainingOptions(), "0" * 64, "key").id
    assert "not finished" in refused("export-model", failed, "--out", out)
    for status, words in (("failed", "failed"), ("cancelled", "was cancelled")):
        store.runs.update(failed, status=status)
        for verb in (("export-model", failed, "--out", out), ("promote", failed)):
            sentence = refused(*verb)
            assert sentence.startswith(f"Run {failed} {words} and has no model. Train again")
    run = said("train", rows, *TINY)["run"]
    sentence = refused("export-model", run, "--out", out, "--format", "native")
    assert sentence.startswith("An encoder model has no Roadlens form.")
    assert not (tmp_path / "new").exists()
    out.mkdir(parents=True)
    refused("export-model", run, "--out", out, "--format", "native")
    assert out.is_dir(), "it was there before"


def test_an_export_whose_only_format_is_damaged_names_the_file(said, refused, rows, tmp_path):
    run = said("train", rows, "--mode", "tfidf", "--no-quick")["run"]
    out = tmp_path / "words"
    said("export-model", run, "--out", out)
    path = tmp_path / "new.csv"
    path.write_text("text\nslow page\n")
    assert said("score", "--model", out, path)["rows"] == 1
    (out / "native" / "manifest.json").unlink()
    assert "native/manifest.json is missing or damaged" in refused("score", "--model", out, path)


def test_a_model_of_words_leaves_as_it_is(said, refused, rows, tmp_path):
    run = said("train", rows, "--mode", "tfidf", "--no-quick")["run"]
    done = said("export-model", run, "--out", tmp_path / "words")
    assert set(done["formats"]) == {"original", "native"}
    assert "no ONNX form" in refused("export-model", run, "--out", tmp_path / "onnx", "--format", "onnx")
    assert "does not exist" in refused("export-model", 99) or "not there" in refused("export-model", 99)


def test_half_a_pair_of_utf16_is_left_out_of_a_pasted_comment():
    from core.workflow.explanations import clean_pasted

    assert clean_pasted("slow \ud83d page \U0001f600\x00") == "slow  page \U0001f600"
