"""`python -m core run`: one process from a CSV to reports, as a program would call it."""

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from core.explain.codec import from_dict
from core.workflow.command import main

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT / "../shared/data"
KEYS = {
    "rows_in",
    "rows_stored",
    "rows_rejected",
    "rejections",
    "labels",
    "model",
    "baseline",
    "seconds",
    "cpu_seconds",
    "run",
    "warnings",
    "files",
}
ROLES = ("--text", "text", "--label", "airline_sentiment", "--date", "tweet_created", "--segment", "airline")
TOPICS = b"text,topic,stars\n" + b"".join(
    b"the %s is %s %d,%s,%d\n" % (thing, state, number, topic, number % 5 + 1)
    for number in range(10)
    for thing, state, topic in ((b"page", b"slow", b"speed"), (b"invoice", b"wrong", b"billing"))
)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Folders of one's own for everything a process might write to, and 302 rows of tweets."""
    if not SHARED.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"the real data is missing: {SHARED}")
        pytest.skip("the real data is not on this machine")
    folder = tmp_path_factory.mktemp("place")
    for name in ("home", "tmp", "cwd"):
        (folder / name).mkdir()
    tweets = pd.read_csv(SHARED / "airline_tweets_60.csv", nrows=300, dtype=str)
    blank = pd.DataFrame({"text": ["", " "], "airline_sentiment": ["neutral", "neutral"]})
    pd.concat([tweets, blank]).to_csv(folder / "tweets.csv", index=False)
    return folder


def command(place, *arguments):
    """The finished process, started in an empty folder."""
    kept = {name: os.environ[name] for name in ("PATH", "CI", "OMP_NUM_THREADS") if name in os.environ}
    folders = {"HOME": "home", "TMPDIR": "tmp", "ROADLENS_DATA_DIR": "data"}
    own = {name: str(place / folder) for name, folder in folders.items()}
    return subprocess.run(
        [sys.executable, "-m", "core", "run", *map(str, arguments)],
        env=kept | own | {"PYTHONPATH": str(ROOT), "ROADLENS_THREADS": "1"},
        cwd=place / "cwd",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def walked(place):
    """(answer, process) of the whole way on the tweets."""
    done = command(place, place / "tweets.csv", *ROLES, "--out", place / "out")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done


def test_standard_output_is_one_json_object(walked, place):
    answer, done = walked
    assert answer.keys() >= KEYS
    assert done.stdout.count("\n") == 1 and done.stdout.startswith("{")
    assert (answer["rows_in"], answer["rows_stored"], answer["rows_rejected"]) == (302, 300, 2)
    (rejection,) = answer["rejections"]
    assert (rejection["reason"], rejection["rows"]) == ("no text", 2)
    lines = (place / "tweets.csv").read_text(encoding="utf-8").splitlines()
    assert rejection["examples"] == [len(lines) - 1, len(lines)], "lines of the file: the last two"
    assert answer["labels"] == ["negative", "neutral", "positive"]
    assert answer["model"].keys() == answer["baseline"].keys() >= {"accuracy", "macro_f1"}
    assert answer["model"]["held_out_rows"] == answer["baseline"]["held_out_rows"] >= 50
    assert 0.5 < answer["model"]["accuracy"] <= 1


def test_seconds_are_given_by_stage(walked):
    answer, _ = walked
    for times in (answer["seconds"], answer["cpu_seconds"]):
        assert {"import", "training", "training.embed", "insights", "explain", "report.pptx", "total"} <= set(
            times
        )
        assert all(value >= 0 for value in times.values())
    assert (
        answer["seconds"]["total"] >= answer["seconds"]["training"] > answer["seconds"]["training.embed"] > 0
    )


def test_progress_goes_to_standard_error(walked):
    _, done = walked
    steps = done.stderr.splitlines()
    assert steps[0].endswith("Importing") and steps[-1] == "100 % Done"
    assert "Traceback" not in done.stderr


def test_the_files_are_there_and_open_again(walked, place):
    from openpyxl import load_workbook
    from pptx import Presentation

    answer, _ = walked
    names = [Path(name).name for name in answer["files"]]
    assert sorted(path.name for path in (place / "out").iterdir()) == sorted(names)
    files = {Path(name).suffix: Path(name) for name in answer["files"] if "report" in name or "jsonl" in name}
    assert set(files) == {".jsonl", ".pptx", ".html", ".xlsx", ".csv"}
    assert "Words that mattered" in (place / "out" / "explanations.html").read_text(encoding="utf-8")
    assert len(Presentation(files[".pptx"]).slides) >= 3
    assert len(load_workbook(files[".xlsx"]).sheetnames) >= 2
    assert len(pd.read_csv(files[".csv"])) > 0
    assert files[".html"].read_text(encoding="utf-8").rstrip().endswith("</html>")
    explained = [json.loads(line) for line in files[".jsonl"].read_text(encoding="utf-8").splitlines()]
    assert explained
    for line in explained:
        attribution = from_dict(line)
        assert attribution.label in answer["labels"]
        assert attribution.spans and 0 < attribution.probability <= 1


def test_nothing_is_written_anywhere_else(walked, place):
    written = sorted(path.name for path in place.iterdir())
    assert written == ["cwd", "data", "home", "out", "tmp", "tweets.csv"]
    for folder in ("home", "tmp", "cwd"):
        assert list((place / folder).rglob("*")) == [], folder


def test_the_second_time_the_dataset_and_its_vectors_are_there(walked, place):
    first, _ = walked
    done = command(place, place / "tweets.csv", *ROLES, "--out", place / "out")
    second = json.loads(done.stdout)
    assert second["dataset"] == first["dataset"]
    assert second["run"] == first["run"] + 1
    assert (second["model"], second["baseline"]) == (first["model"], first["baseline"])
    assert second["seconds"]["training.embed"] < first["seconds"]["training.embed"]


def test_a_wrong_call_ends_with_code_2_and_one_sentence(place):
    done = command(place, place / "tweets.csv", "--text", "no such column", "--out", place / "out2")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no such column" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


# ---- in this process, which is faster -----------------------------------------------------


@pytest.fixture
def run(tmp_path, monkeypatch, capfd):
    """Calls the command line: (exit code, standard output, lines of standard error)."""
    monkeypatch.setenv("ROADLENS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ROADLENS_THREADS", "1")

    def run(data, *arguments, name="feedback.csv", out="out"):
        if data is not None:
            (tmp_path / name).write_bytes(data)
        code = main(["run", str(tmp_path / name), *arguments, "--out", str(tmp_path / out)])
        said = capfd.readouterr()
        assert "Traceback" not in said.err
        return code, said.out, said.err.splitlines()

    return run


def workbook() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        file.writestr("[Content_Types].xml", "<Types/>")
        file.writestr("xl/workbook.xml", "<workbook/>")
    return held.getvalue()


@pytest.mark.parametrize(
    ("data", "arguments", "said"),
    [
        (None, ["--text", "text"], "cannot be read (No such file or directory)"),
        (b"", ["--text", "text"], "empty"),
        (workbook(), ["--text", "text"], "workbook is cut off or damaged"),
        (b"\x00\x01\x02\x03" * 50, ["--text", "text"], ""),
        (TOPICS, ["--text", "comment"], "comment"),
        (TOPICS, ["--text", "text", "--label", "kind"], "kind"),
        (TOPICS, ["--text", "text", "--segment", "plan"], "plan"),
        (TOPICS, ["--label", "topic"], "--text"),
        (TOPICS, ["--text", "text", "--mode", "best"], "Argument --mode: invalid choice: 'best'"),
        (TOPICS, ["--text", "text", "--colour", "red"], "--colour"),
        (TOPICS, ["--text", "text", "--seed", "one"], "--seed"),
        (TOPICS, ["--text", "text", "--label", "topic", "--seed", "-1"], "The seed must lie between 0"),
        (TOPICS, ["--text", "text", "--label", "topic", "--encoder", "../x"], "not a Hugging Face model id"),
        (b"text,topic\na,x\nb,x\nc,x\nd,x\n", ["--text", "text", "--label", "topic"], "at least two labels"),
    ],
    ids=lambda value: value.decode(errors="replace")[:10] if isinstance(value, bytes) else None,
)
def test_what_is_wrong_is_the_last_line(run, tmp_path, data, arguments, said):
    code, out, err = run(data, *arguments)
    assert (code, out) == (2, "")
    assert said in err[-1]
    assert err[-1].endswith((".", "--help")) and len(err[-1]) < 300
    assert not list(tmp_path.glob("out/*"))


def test_an_output_folder_that_cannot_be_used_is_said_at_once(run, tmp_path):
    (tmp_path / "file").write_text("in the way")
    code, out, err = run(TOPICS, "--text", "text", "--label", "topic", out="file/out")
    assert (code, out) == (2, "")
    assert "cannot be made" in err[-1]
    assert len(err) == 1, "before anything was done"


def test_an_output_folder_that_takes_no_file_is_said_at_once(run, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    code, _, err = run(TOPICS, "--text", "text", "--label", "topic")
    assert code == 2
    assert len(err) == 1 and "Nothing can be written" in err[0]


def test_a_run_that_fails_is_listed_as_failed_and_leaves_no_folder(run, tmp_path):
    from core.store.store import open_store

    run(b"text,topic\na,x\nb,x\nc,x\nd,x\n", "--text", "text", "--label", "topic")
    store = open_store(f"sqlite:///{tmp_path / 'data' / 'roadlens.db'}", tmp_path / "data")
    (failed,) = store.runs.list()
    store.close()
    assert failed.status == "failed" and "at least two labels" in failed.error
    assert failed.finished_at is not None
    assert list((tmp_path / "data" / "runs").iterdir()) == []
    left = {path.name for path in (tmp_path / "data" / "jobs").iterdir()}
    assert left == {"abandoned.lock", "staging.lock"}


def test_without_labels_the_rating_is_learned(run):
    code, out, _ = run(TOPICS, "--text", "text", "--rating", "stars")
    answer = json.loads(out)
    assert code == 0
    assert answer["labels"] == ["negative", "neutral", "positive"]
    assert any("serves as label set" in warning for warning in answer["warnings"])
    assert len(answer["files"]) == 6


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "No label column and no rating were named"),
        (["--label", "empty"], "The column 'empty' holds no label"),
        (["--rating", "same"], "The column 'same' holds fewer than two different ratings"),
    ],
)
def test_without_anything_to_learn_the_rows_are_stored_and_that_is_said(run, arguments, reason):
    rows = b"text,empty,same\n" + b"".join(b"comment %d,,4\n" % number for number in range(8))
    code, out, _ = run(rows, "--text", "text", *arguments)
    answer = json.loads(out)
    assert code == 0
    assert (answer["rows_stored"], answer["rows_rejected"]) == (8, 0)
    assert (answer["model"], answer["baseline"], answer["run"], answer["files"]) == (None, None, None, [])
    assert reason in answer["warnings"][-1]


def test_an_unforeseen_error_is_one_line_without_words_of_the_data(run, monkeypatch):
    from core.workflow import whole_way

    def break_down(*args):
        raise ValueError("the private words of a customer")

    monkeypatch.setattr(whole_way, "walk", break_down)
    code, out, err = run(TOPICS, "--text", "text")
    assert (code, out) == (2, "")
    assert err[-1].startswith("Something went wrong (ValueError in test_command.py, line ")
    assert "private" not in "".join(err)


def test_a_table_is_printed_as_it_is(monkeypatch, capsys):
    from core.workflow import command

    parser = command.Parser()
    parser.set_defaults(verb=lambda chosen: "a  b\n1  2")
    monkeypatch.setattr(command, "parser", lambda: parser)
    assert main([]) == 0
    assert capsys.readouterr().out == "a  b\n1  2\n"
