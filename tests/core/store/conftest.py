import hashlib
import multiprocessing
import shutil
from collections import Counter

import pandas as pd
import pytest

from core.domain import Columns, TrainingOptions
from core.store.store import open_store

FORK = multiprocessing.get_context("fork")  # the children share what is imported already: fast


def _row_ids(texts):
    """12 hex characters by what a row says and how often it was said before."""
    seen = Counter()
    ids = []
    for text in texts:
        ids.append(hashlib.sha256(f"{text} {seen[text]}".encode()).hexdigest()[:12])
        seen[text] += 1
    return ids


def make_table(texts, labels=None, **cells):
    """A feedback table with one row a text; other cells are fixed unless given."""
    n = len(texts)
    table = pd.DataFrame(
        {
            "row": _row_ids(texts),
            "text": list(texts),
            "text_hash": [f"h{text}" for text in texts],
            "date": pd.to_datetime(["2024-03-01"] * n),
            "rating": [4.0] * n,
            "author": ["Ann"] * n,
            "account": ["Acme"] * n,
            "channel": ["mail"] * n,
            "language": ["en"] * n,
            "external_id": [""] * n,
            **cells,
        }
    )
    return table if labels is None else table.assign(label=labels)


def add(store, table, sha256="f00d", columns=None, **options):
    return store.datasets.add_import(
        options.pop("name", "Reviews"),
        "reviews.csv",
        sha256,
        "utf-8",
        ",",
        columns or Columns("text"),
        len(table),
        table,
        options.pop("rejections", ()),
        options.pop("warnings", ()),
        options.pop("label_set_name", "topic"),
        **options,
    )


def in_processes(n, function, *args):
    """Run function(i, start, *args) in n processes that begin together; their results in order of i."""
    start = FORK.Barrier(n)
    pipes = [FORK.Pipe(duplex=False) for _ in range(n)]

    def child(i):
        try:
            pipes[i][1].send(function(i, start, *args))
        except BaseException as error:
            pipes[i][1].send(error)
            raise

    processes = [FORK.Process(target=child, args=(i,)) for i in range(n)]
    for process in processes:
        process.start()
    results = []
    for process, (receiver, _) in zip(processes, pipes, strict=True):
        assert receiver.poll(60), "a process gave no result"
        results.append(receiver.recv())
        assert not isinstance(results[-1], BaseException), results[-1]
        process.join()
    return results


def in_fork(function, *args):
    """Run it in a child process; its exit code, negative for a signal."""
    process = FORK.Process(target=function, args=args)
    process.start()
    process.join(60)
    return process.exitcode


@pytest.fixture(name="in_fork")
def _in_fork():
    return in_fork


@pytest.fixture(name="make_table")
def _make_table():
    return make_table


@pytest.fixture(name="add")
def _add():
    return add


@pytest.fixture(name="in_processes")
def _in_processes():
    return in_processes


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'roadlens.db'}"


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory):
    """A migrated file to copy: faster than migrating for each test."""
    folder = tmp_path_factory.mktemp("empty")
    open_store(f"sqlite:///{folder / 'empty.db'}", folder).close()
    return folder / "empty.db"


@pytest.fixture
def store(url, tmp_path, empty_database):
    shutil.copy(empty_database, tmp_path / "roadlens.db")
    opened = open_store(url, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def stored(store):
    """Three rows, two of them labelled."""
    return add(store, make_table(["slow", "crash", "nice"], ["bug", "bug", ""]))


@pytest.fixture
def new_run(store, stored):
    """Adds a run of `stored` under a key."""
    label_set = store.labels.sets(stored.dataset_id)[0]

    def new(key="k", **options):
        return store.runs.add_with_job(
            stored.dataset_id, label_set.id, TrainingOptions(), "data", key, "train", **options
        )

    return new
