"""A database of the first version with rows becomes one of this version."""

import hashlib
import json
import os
import signal
import sqlite3

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, event

from core.domain import Columns, TrainingOptions
from core.store.contents import refresh
from core.store.database import MIGRATIONS, make_engine, transaction
from core.store.store import open_store

OLD_COLUMNS = {"text": "Comment", "label": "Topic", "date": None, "rating": None, "author": None}
OLD_COLUMNS |= {"account": None, "channel": None, "language": None, "segments": ["Plan"]}
ROWS = [
    ("00", "slow", "h1", "2024-03-01T00:00:00.000000", 4.0, "Ann", "Acme", "mail", "en", '{"Plan": "Pro"}'),
    ("01", "crash\0", "h2", None, None, "", "", "", "de", "{}"),
    ("02", "nice 🙂", "h3", None, 0.5, "Bo", "", "", "en", "{}"),
]
LABELS = [(1, 1, "bug"), (1, 3, "praise")]


def old_hash(rows):
    return hashlib.sha256(json.dumps(rows).encode() if rows else b"").hexdigest()


def named(label):
    return ("topic", ROWS[label[1] - 1][0], label[2])


CONTENT = old_hash(ROWS)
OLD = hashlib.sha256(json.dumps([CONTENT, old_hash([named(label) for label in LABELS])]).encode()).hexdigest()


@pytest.fixture
def old(tmp_path):
    """As the first version wrote it: a dataset with two runs, one of them on other labels."""
    url = f"sqlite:///{tmp_path / 'roadlens.db'}"
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = make_engine(url)
    with transaction(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        run = connection.exec_driver_sql
        run("INSERT INTO dataset VALUES (1, 'May', 3, ?, 0, '2024-05-01 00:00:00')", (OLD,))
        facts = (CONTENT, json.dumps(OLD_COLUMNS))
        run(
            "INSERT INTO import VALUES (1, 1, 1, 'may.csv', 'f00d', ?, 'utf-8', ',', ?, 3, 3, '[]', '[]', "
            "'2024-05-01 00:00:00')",
            facts,
        )
        for row in ROWS:
            run(
                'INSERT INTO feedback (dataset_id, import_id, "row", text, text_hash, date, rating, author, '
                "account, channel, language, segments) VALUES (1, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
        run("INSERT INTO label_set VALUES (1, 1, 'topic')")
        for label in LABELS:
            run("INSERT INTO label VALUES (?, ?, ?, 'imported', 'random')", label)
        for key, sha256 in enumerate((OLD, "of other labels")):
            run(
                "INSERT INTO run (dataset_id, label_set_id, key, status, options, labels, data_sha256, "
                "versions, seconds, cpu_seconds, calibration, curve, warnings, created_at) VALUES "
                "(1, 1, ?, 'done', ?, '[]', ?, '{}', '{}', '{}', '{}', '[]', '[]', '2024-05-01 00:00:00')",
                (str(key), json.dumps(TrainingOptions().__dict__), sha256),
            )
        run(
            "INSERT INTO job (kind, params, priority, state, max_attempts, created_at) VALUES "
            "('train', '{}', 0, 'queued', 5, '2024-05-01 00:00:00')"
        )
    engine.dispose()
    return url


def test_rows_labels_runs_and_jobs_are_all_there(old, tmp_path, make_table):
    store = open_store(old, tmp_path)
    [known] = store.datasets.list()
    assert (known.name, known.rows, store.datasets.health(1)) == ("May", 3, None)
    back = store.datasets.feedback(1)
    assert back["text"].tolist() == [row[1] for row in ROWS]
    assert back["external_id"].tolist() == ["", "", ""]
    assert list(store.datasets.cells(1)) == [((), ())] * 3
    [done] = store.datasets.imports(1)
    assert done.columns == Columns("Comment", label="Topic", segments=("Plan",))
    assert (done.header, done.answers, done.masked, done.rows_updated) == ((), {}, {}, 0)
    [topic] = store.labels.sets(1)
    assert (topic.counts, topic.multi) == ({"bug": 1, "praise": 1}, False)
    assert [(job.kind, job.result) for job in store.jobs.active()] == [("train", None)]
    assert store.datasets.intact(1)
    store.close()


def test_the_new_hash_is_that_of_the_same_rows_hashed_now(old, tmp_path):
    store = open_store(old, tmp_path)
    known, done = store.datasets.get(1), store.datasets.imports(1)
    with transaction(store.engine) as connection:
        connection.exec_driver_sql("UPDATE import SET content_sha256 = ''")
        refresh(connection, 1)
    assert (store.datasets.get(1), store.datasets.imports(1)) == (known, done)
    assert known.sha256 != OLD
    store.close()


def test_runs_on_these_rows_still_are_and_others_are_not(old, tmp_path):
    store = open_store(old, tmp_path)
    second, first = store.runs.list()
    assert first.data_sha256 == store.datasets.get(1).sha256
    assert first.data_sha256 != OLD
    assert second.data_sha256 == "of other labels"
    store.close()


def test_the_same_file_is_still_known(old, tmp_path, make_table, add):
    store = open_store(old, tmp_path)
    columns = Columns("Comment", label="Topic", segments=("Plan",))
    again = add(store, make_table(["slow"]), sha256="f00d", columns=columns, name="May")
    assert again == store.datasets.imports(1)[0]
    store.close()


@pytest.mark.parametrize(
    "damage",
    ["UPDATE feedback SET text = 'slaw' WHERE id = 1", "UPDATE label SET label = 'bag' WHERE label = 'bug'"],
)
def test_damage_from_before_is_not_blessed(old, tmp_path, damage):
    with sqlite3.connect(tmp_path / "roadlens.db") as connection:
        connection.execute(damage)
    connection.close()
    store = open_store(old, tmp_path)
    assert store.datasets.get(1).sha256 == OLD
    assert not store.datasets.intact(1)
    store.close()


def migrate_and_die(url, folder, step):
    left = [step]

    def count(*_):
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "commit", count)
    open_store(url, folder)
    os._exit(0)


def test_a_killed_migration_leaves_the_old_or_the_new(old, tmp_path, in_fork):
    for step in range(8, 400, 7):
        code = in_fork(migrate_and_die, old, tmp_path, step)
        connection = sqlite3.connect(tmp_path / "roadlens.db")
        version = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
        names = [row[1] for row in connection.execute("PRAGMA table_info(dataset)")]
        sha256 = connection.execute("SELECT sha256 FROM dataset").fetchone()[0]
        connection.close()
        assert (version, "state" in names, sha256 == OLD) in (("0001", False, True), ("0004", True, False))
        if code == 0:
            break
    assert version == "0004"
    store = open_store(old, tmp_path)
    assert store.datasets.intact(1)
    store.close()
