"""`python -m core import`, `table` and `forget`, as a program would call them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.workflow.command import main

ROOT = Path(__file__).resolve().parents[2]
FILE = (
    "id;when;who;comment;topic\n"
    "1;2026-01-02;ann;The page is slow, write to ann@example.org;speed\n"
    "2;2026-01-03;ben;The invoice 00123 is wrong;billing\n"
    "3;2026-01-04;ben;;billing\n"
    "4;2026-01-05;cho;One cell too many;billing;x\n"
)
LATER = (
    "id;when;who;comment;topic\n"
    "2;2026-01-03;ben;The invoice 00123 is right now;billing\n"
    "5;2026-02-01;dan;Please export to Excel;export\n"
    "1;2026-01-02;ann;The page is slow, write to ann@example.org;speed\n"
)
MAY = ("--dataset", "May", "--text", "comment", "--label", "topic", "--author", "who", "--id", "id")


@pytest.fixture
def call(tmp_path):
    """Runs one command in a folder of its own; gives its JSON object."""

    def run(*words, code=0):
        kept = {name: os.environ[name] for name in ("PATH", "CI", "OMP_NUM_THREADS") if name in os.environ}
        done = subprocess.run(
            [sys.executable, "-m", "core", *map(str, words)],
            check=False,
            cwd=tmp_path,
            env={
                **kept,
                "PYTHONPATH": str(ROOT),
                "ROADLENS_DATA_DIR": str(tmp_path / "data"),
                "HOME": str(tmp_path),
            },
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=120,
        )
        assert done.returncode == code, done.stderr
        return json.loads(done.stdout) if code == 0 else done.stderr

    return run


@pytest.fixture
def call_here(tmp_path, monkeypatch, capfd):
    """The same in this process, which is faster."""
    monkeypatch.setenv("ROADLENS_DATA_DIR", str(tmp_path / "data"))

    def run(*words, code=0):
        assert main([*map(str, words)]) == code
        said = capfd.readouterr()
        return json.loads(said.out) if code == 0 else said.err

    return run


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "may.csv"
    path.write_text(FILE)
    return path


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_import_append_table_and_forget(call, file, tmp_path):
    done = call("import", file, *MAY)
    assert done["status"] == "ok"
    assert (done["encoding"], done["delimiter"]) == ("utf-8", ";")
    assert done["header"] == ["id", "when", "who", "comment", "topic"]
    assert done["roles"]["text"] == "comment"
    assert done["roles"]["author"] == "who"
    assert done["roles"]["id"] == "id"
    assert (done["rows_in_file"], done["rows_stored"], done["rows_rejected"]) == (4, 2, 2)
    assert sum(item["rows"] for item in done["rejections"]) == 2
    assert done["masked"] == {"email": 1}
    assert not list((tmp_path / "data" / "uploads").iterdir())

    table = call("table", "May", "--out", tmp_path / "t.jsonl")
    rows = lines(tmp_path / "t.jsonl")
    assert table["rows"] == len(rows) == 2
    assert rows[0]["comment"] == "The page is slow, write to [email]"
    assert rows[1]["comment"] == "The invoice 00123 is wrong"
    assert [row["when"] for row in rows] == ["2026-01-02", "2026-01-03"]
    assert rows[0]["who"] not in ("ann", "")

    later = tmp_path / "june.csv"
    later.write_text(LATER)
    checked = call("import", later, *MAY, "--dry-run")
    assert (checked["status"], checked["stored"]) == ("ok", False)
    added = call("import", later, *MAY)
    assert added["dataset"] == done["dataset"]
    assert {key: added["append"][key] for key in ("new", "updated", "same")} == {
        "new": 1,
        "updated": 1,
        "same": 1,
    }
    assert added["rows_in_file"] == added["rows_stored"] + added["rows_rejected"] == 3
    call("table", "May", "--out", tmp_path / "t.jsonl")
    assert sorted(row["comment"] for row in lines(tmp_path / "t.jsonl")) == [
        "Please export to Excel",
        "The invoice 00123 is right now",
        "The page is slow, write to [email]",
    ]

    gone = call("forget", "--author", "ben")
    assert gone["removed"]["feedback"] == 1
    assert gone["proof"]["hits"] == 0
    call("table", "May", "--out", tmp_path / "t.jsonl")
    assert len(lines(tmp_path / "t.jsonl")) == 2


def test_a_file_that_only_a_person_can_read_asks_and_stores_nothing(call_here, tmp_path):
    path = tmp_path / "dates.csv"
    path.write_text("comment,date\n" + "".join(f"Words number {n},0{n}/0{n + 1}/2026\n" for n in range(1, 8)))
    asked = call_here("import", path)
    assert asked["status"] == "ask"
    (question,) = asked["questions"]
    assert question["key"] == "dates:date"
    assert {answer["value"] for answer in question["answers"]} == {"day", "month"}
    assert "There is no dataset" in call_here("table", "dates", "--out", tmp_path / "t.jsonl", code=2)
    done = call_here("import", path, "--answer", "dates:date=day")
    assert (done["status"], done["rows_stored"]) == ("ok", 7)


def test_what_is_no_table_is_refused_with_a_reason(call_here, tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(b"PK\x03\x04" + os.urandom(2000))
    refused = call_here("import", path)
    assert refused["status"] == "refused"
    assert "CSV" in refused["reason"]
    assert not list((tmp_path / "data" / "uploads").iterdir())


def test_words_that_do_not_fit_end_with_a_sentence(call_here, file):
    assert "dates:NAME" in call_here("import", file, "--answer", "nothing=1", code=2)
    assert "two letters" in call_here("import", file, "--answer", "region=Germany")["reason"]
    assert "KEY=VALUE" in call_here("import", file, "--answer", "nothing", code=2)
    assert "no column" in call_here("import", file, "--text", "missing")["reason"]
    assert "required" in call_here("forget", code=2)
