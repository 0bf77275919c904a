"""`python -m core train`, `promote`, `export-model` and `score` on a small dataset."""

import csv

import pandas as pd

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


def test_what_cannot_be_trained_is_one_sentence(refused, rows):
    assert "no dataset 'Nothing'" in refused("train", "Nothing")
    assert "'label'" in refused("train", rows, "--label-set", "mood")
    assert "sideways" in refused("train", rows, "--split", "sideways")
    assert "different dates" in refused("train", rows, *TINY, "--split", "time")


def test_promote_needs_the_gate_or_a_word(said, refused, rows, store):
    from core.domain import GateRule

    first = said("train", rows, *TINY)["run"]
    second = said("train", rows, "--mode", "tfidf")["run"]
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


def test_a_model_of_words_leaves_as_it_is(said, refused, rows, tmp_path):
    run = said("train", rows, "--mode", "tfidf")["run"]
    done = said("export-model", run, "--out", tmp_path / "words")
    assert set(done["formats"]) == {"original", "native"}
    assert "no ONNX form" in refused("export-model", run, "--out", tmp_path / "onnx", "--format", "onnx")
    assert "does not exist" in refused("export-model", 99) or "not there" in refused("export-model", 99)


def test_half_a_pair_of_utf16_is_left_out_of_a_pasted_comment():
    from core.workflow.explanations import clean_pasted

    assert clean_pasted("slow \ud83d page \U0001f600\x00") == "slow  page \U0001f600"
