"""A data folder of one's own, real and made-up feedback, and the tiny encoder under a hub id."""

import csv
import io
import json
import os
import shutil
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from core.config import load_settings
from core.domain import Columns, TrainingOptions
from core.store.store import open_store
from core.workflow import feedback
from core.workflow.command import main

ROOT = Path(__file__).resolve().parents[3]
SHARED = ROOT / "../shared/data"
TINY = "tests/tiny"
REVISION = "1" * 40


@pytest.fixture(scope="session")
def shared_data():
    """The folder of real feedback."""
    if not SHARED.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"the real data is missing: {SHARED}")
        pytest.skip("the real data is not on this machine")
    return SHARED


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory):
    """A migrated file to copy: faster than migrating for each test."""
    folder = tmp_path_factory.mktemp("empty")
    open_store(f"sqlite:///{folder / 'empty.db'}", folder).close()
    return folder / "empty.db"


@pytest.fixture(scope="session")
def tiny_hub(tmp_path_factory, encoder_folder):
    """A hub cache that holds the tiny encoder as if it had been fetched."""
    cache = tmp_path_factory.mktemp("hub")
    kept = cache / f"models--{TINY.replace('/', '--')}"
    shutil.copytree(encoder_folder, kept / "snapshots" / REVISION)
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text(REVISION)
    return cache


@pytest.fixture
def settings(tmp_path, monkeypatch, tiny_hub):
    """Set in the environment, so that child processes have them too."""
    from huggingface_hub import constants

    for name, value in {
        "ROADLENS_DATA_DIR": tmp_path / "data",
        "ROADLENS_THREADS": 1,
        "ROADLENS_WORKER_IDLE_S": 1,
        "HF_HUB_CACHE": tiny_hub,
        "HF_HUB_OFFLINE": 1,
        "PYTHONPATH": ROOT,
    }.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tiny_hub))
    return load_settings()


@pytest.fixture
def store(settings, empty_database):
    shutil.copy(empty_database, settings.data_dir / "roadlens.db")
    opened = open_store(settings.url, settings.data_dir)
    yield opened
    opened.close()


@pytest.fixture
def keep(store, settings):
    """Stores rows of (text, label) as a dataset; returns the ids of dataset and label set."""

    def keep(rows, **more):
        data = as_csv(pd.DataFrame(rows, columns=["text", "label"]))
        done = feedback.import_bytes(store, settings, data, "rows.csv", Columns("text", "label"), "Rows")
        return done.dataset_id, store.labels.sets(done.dataset_id)[0].id

    return keep


@pytest.fixture
def made_up():
    """Rows of (text, label) that the tiny encoder learns: `of(120)` are 120 different comments."""
    things = ["app", "page", "import", "export", "login", "team", "password", "invoice"]
    ends = ["again", "always", "and bad", "never", "very", "is not so", "fix it", "please", "was great", "my"]

    def of(count):
        texts = [f"{a} {b} {c}" for a in things for b in things for c in ends]
        labels = ["slow", "price"]
        words = {"slow": "the {} is slow crash", "price": "price {} cheap bill"}
        rows = [(words[labels[k % 2]].format(text), labels[k % 2]) for k, text in enumerate(texts)]
        assert len(rows) >= count
        return rows[:count]

    return of


@pytest.fixture
def airline(shared_data):
    """The first rows of the airline tweets as (text, sentiment)."""

    def first(count):
        columns = ["text", "airline_sentiment"]
        table = pd.read_csv(shared_data / "airline_tweets_60.csv", usecols=columns, nrows=count)
        return list(table[columns].itertuples(index=False, name=None))

    return first


@pytest.fixture
def worker_command():
    return [sys.executable, "-m", "core.workflow.worker"]


@pytest.fixture
def tiny_better():
    return TrainingOptions(mode="better", encoder=TINY, epochs=3, body_rate=2e-3, batch_tokens=64)


@pytest.fixture
def wait_for():
    """Waits until a condition holds and says how many seconds that took."""

    def wait(condition, seconds=240.0):  # a niced worker beside busy neighbours is slow
        begun = time.monotonic()
        while not condition():
            assert time.monotonic() - begun < seconds, "waited in vain"
            time.sleep(0.01)
        return time.monotonic() - begun

    return wait


@pytest.fixture
def as_bytes():
    return as_csv


def as_csv(table: pd.DataFrame) -> bytes:
    text = io.StringIO()
    table.to_csv(text, index=False, quoting=csv.QUOTE_ALL)
    return text.getvalue().encode()


# ---- the command line ----------------------------------------------------------------------


@pytest.fixture
def said(capsys):
    """Runs a verb and returns its JSON object."""

    def said(*words):
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        assert code == 0, err
        return json.loads(out)

    return said


@pytest.fixture
def refused(capsys):
    """Runs a verb that fails and returns its sentence."""

    def refused(*words):
        assert main([str(word) for word in words]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        return err.strip().splitlines()[-1]

    return refused


@pytest.fixture
def rows(store, keep, made_up):
    keep(made_up(120))
    return "Rows"
