"""`python -m core train`, `promote`, `export-model` and `score` on a small dataset."""

import csv

import numpy as np
import pandas as pd
import pytest

TINY = ("--encoder", "tests/tiny")


def test_train_prints_every_model_with_its_ranges(said, rows, store):
    done = said("train", rows, "--label-set", "label", *TINY, "--split", "kfold:3", "--seed", 4)
    assert set(done["baselines"]) == {"tfidf", "majority"}
    assert [job.kind for job in store.jobs.active("model")] == ["trust"]
    for scores in (done["model"], *done["baselines"].values()):
        low, high = scores["accuracy_range"]
        assert low <= scores["accuracy"] <= high and scores["held_out_rows"] == 120
        assert scores["macro_f1_range"][0] <= scores["macro_f1"] <= scores["macro_f1_range"][1]
    assert set(done["calibration_error"]) == {"before", "after"}
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
    store.labels.set_gate(1, GateRule(macro_f1=1.0, recall=1.0, calibration_error=0.0))
    assert "does not pass the gate" in refused("promote", first)
    assert said("promote", first, "--anyway", "--note", "for the review")["passed"] is False
    assert said("promote", second, "--anyway")["run"] == second
    assert said("promote", "--back", "Rows/label")["run"] == first
    assert "Name the run" in refused("promote")


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
