import multiprocessing
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import delete, event, select, text, update

from core.errors import StoreError
from core.store import database
from core.store.database import insert_columns, insert_many, make_engine, migrate, transaction
from core.store.store import open_store
from core.store.tables import METADATA, dataset, label

ROOT = Path(__file__).parents[3]

REBUILD = '''
"""Rebuild a table that has children."""

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "0004"


def upgrade() -> None:
    with op.batch_alter_table("dataset", recreate="always") as batch:
        batch.add_column(sa.Column("note", sa.Text(), nullable=False, server_default="new"))
'''
HALF = REBUILD + '    op.execute("INSERT INTO nowhere VALUES (1)")\n'
ORPHANS = REBUILD + '    op.execute("DELETE FROM dataset")\n'


def pragma(engine, name):
    with transaction(engine) as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


def test_connections_are_set_up_for_many_writers(store):
    wanted = {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 15000, "secure_delete": 1}
    for engine in (store.engine, store.full_engine, store.read_engine):
        assert {name: pragma(engine, name) for name in wanted} == wanted
    bulk = wanted | {"foreign_keys": 0, "cache_size": -16000}  # only for what `staging.add` inserts
    assert {name: pragma(store.bulk_engine, name) for name in bulk} == bulk
    assert pragma(store.engine, "synchronous") == pragma(store.bulk_engine, "synchronous") == 1  # NORMAL
    assert pragma(store.full_engine, "synchronous") == 2  # FULL


def test_the_read_engine_refuses_writes(store, stored):
    change = update(dataset).values(name="x")
    with pytest.raises(StoreError, match="cannot be written"), transaction(store.read_engine) as connection:
        connection.execute(change)
    assert store.datasets.get(stored.dataset_id).name == "Reviews"


def test_a_reader_sees_one_state_while_others_write(store, stored):
    with transaction(store.read_engine) as connection:
        store.datasets.rename(stored.dataset_id, "New")
        assert connection.scalar(select(dataset.c.name)) == "Reviews"
    assert store.datasets.get(stored.dataset_id).name == "New"


def test_an_error_takes_everything_back(store, stored):
    with pytest.raises(ZeroDivisionError), transaction(store.engine) as connection:
        connection.execute(update(dataset).values(name="x"))
        raise ZeroDivisionError
    assert store.datasets.get(stored.dataset_id).name == "Reviews"


def count_up(_i, start, url, times):
    engine = make_engine(url)
    start.wait()
    for _ in range(times):
        with transaction(engine) as connection:
            rows = connection.scalar(select(dataset.c.rows))
            connection.execute(update(dataset).values(rows=rows + 1))
    return times


def test_eight_processes_lose_no_update(store, stored, in_processes):
    assert in_processes(8, count_up, store.url, 100) == [100] * 8
    assert store.datasets.get(stored.dataset_id).rows == 3 + 800


def commit_for_ever(url, folder, kill, acknowledge, make_table, add):
    store = open_store(url, folder)
    number = 0
    while True:
        number += 1
        table = make_table([f"{kill} {number} {i}" for i in range(40)], ["bug", "praise"] * 20)
        done = add(store, table, sha256=f"{kill}-{number}")
        acknowledge.send(done.dataset_id)


def test_what_was_acknowledged_survives_sigkill(url, tmp_path, make_table, add):
    migrate(url, tmp_path)
    fork = multiprocessing.get_context("fork")
    acknowledged = []
    for kill in range(5):
        receiver, sender = fork.Pipe(duplex=False)
        args = (url, tmp_path, kill, sender, make_table, add)
        child = fork.Process(target=commit_for_ever, args=args)
        child.start()
        acknowledged += [receiver.recv() for _ in range(3 + kill)]
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        while receiver.poll():
            acknowledged.append(receiver.recv())
    store = open_store(url, tmp_path)
    found = {known.id: known.rows for known in store.datasets.list()}
    assert set(acknowledged) <= set(found)
    assert set(found.values()) == {40}
    assert all(store.datasets.intact(key) for key in found)
    assert pragma(store.read_engine, "integrity_check") == "ok"
    store.close()


def test_a_busy_database_is_tried_again_then_said(url, tmp_path, monkeypatch):
    migrate(url, tmp_path)
    monkeypatch.setitem(database.PRAGMAS, "busy_timeout", "1")
    engine = make_engine(url)
    other = sqlite3.connect(tmp_path / "roadlens.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    tries = []

    @event.listens_for(engine, "before_cursor_execute")
    def on_try(*_):
        tries.append(1)
        if len(tries) == 4 + 3:
            other.execute("COMMIT")

    with pytest.raises(StoreError, match=r"busy.*try again"), transaction(engine):
        pass
    assert len(tries) == 1 + database.RETRIES
    with transaction(engine):  # free at its third try
        assert len(tries) == 4 + 3
    other.close()


def test_error_texts_never_hold_cells(store, stored):
    with pytest.raises(StoreError) as caught, transaction(store.engine) as connection:
        connection.execute(text("INSERT INTO nowhere VALUES (:cell)"), {"cell": "a private word"})
    assert "private" not in str(caught.value) + str(caught.value.__cause__)


@pytest.mark.parametrize("count", [1, 180, 181])  # 900 cells a statement: 180 rows of five
def test_columns_are_inserted_row_by_row(store, stored, count):
    names = ("label_set_id", "feedback_id", "label", "origin", "picked")
    labels = [f"x{number:03}" for number in range(count)]
    columns = [[1] * count, [1] * count, labels, ["imported"] * count, ["random"] * count]
    with transaction(store.engine) as connection:
        connection.execute(delete(label))
        insert_columns(connection, label, names, columns)
        rows = connection.execute(select(label).order_by(label.c.label)).all()
        assert [tuple(row) for row in rows] == [(1, 1, word, "imported", "random") for word in labels]
        with pytest.raises(ValueError, match="sequence of size"):
            insert_columns(connection, label, names, [*columns[:4], ["random"] * (count + 1)])


def test_tuples_in_another_order_than_the_table_are_refused(store, stored):
    names = ("feedback_id", "label_set_id", "label", "origin", "picked")
    with pytest.raises(ValueError, match="column order"), transaction(store.engine) as connection:
        insert_many(connection, label, names, [(1, 1, "x", "imported", "random")])


def test_a_folder_that_takes_no_file_is_not_called_missing(store, url, tmp_path):
    store.close()
    (tmp_path / "roadlens.db-wal").mkdir()  # what SQLite must write beside it cannot be made
    with pytest.raises(StoreError, match="may write to it"):
        open_store(url, tmp_path)


# ---- migrations ---------------------------------------------------------------------------


def scripts(tmp_path, monkeypatch, second):
    """The project's migrations and one more."""
    folder = tmp_path / "migrations"
    shutil.copytree(database.MIGRATIONS, folder)
    (folder / "versions" / "9999_next.py").write_text(second)
    monkeypatch.setattr(database, "MIGRATIONS", folder)
    monkeypatch.setattr(database, "HEAD", "9999")


def test_head_is_the_newest_migration():
    config = Config()
    config.set_main_option("script_location", str(database.MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == database.HEAD


def schema(engine):
    with transaction(engine) as connection:
        found = connection.execute(text("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"))
        words = {row.name: sorted(re.sub(r"([(),])", r" \1 ", row.sql).split()) for row in found}
    return {name: found for name, found in words.items() if name != "alembic_version"}


def test_migrations_make_the_tables_of_the_code(store, tmp_path):
    fresh = make_engine(f"sqlite:///{tmp_path / 'fresh.db'}")
    METADATA.create_all(fresh)
    assert schema(store.read_engine) == schema(fresh)
    fresh.dispose()


def test_an_up_to_date_start_does_not_import_alembic(store, tmp_path):
    code = (
        "import sys; from pathlib import Path; from core.store.store import open_store;"
        f"open_store({store.url!r}, Path({str(tmp_path)!r})); print('alembic' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


def open_together(_i, start, url, folder):
    start.wait()
    store = open_store(url, folder)
    return len(store.datasets.list())


def test_many_first_starts_at_once(url, tmp_path, in_processes):
    assert in_processes(6, open_together, url, tmp_path) == [0] * 6


def test_rebuilding_a_parent_keeps_its_children(store, stored, tmp_path, monkeypatch):
    scripts(tmp_path, monkeypatch, REBUILD)
    migrate(store.url, tmp_path)
    assert store.datasets.feedback(stored.dataset_id)["text"].tolist() == ["slow", "crash", "nice"]
    assert len(store.labels.table(1)) == 2
    with transaction(store.read_engine) as connection:
        assert connection.scalar(text("SELECT note FROM dataset")) == "new"
    [copy] = (tmp_path / "backups").glob("*-0004.db")
    kept = sqlite3.connect(copy)
    assert kept.execute("SELECT count(*) FROM feedback").fetchone() == (3,)
    assert "note" not in [row[1] for row in kept.execute("PRAGMA table_info(dataset)")]
    kept.close()


@pytest.mark.parametrize("script", [HALF, ORPHANS])
def test_a_failed_migration_leaves_the_old_schema(store, stored, tmp_path, monkeypatch, script):
    with monkeypatch.context() as patch:
        scripts(tmp_path, patch, script)
        with pytest.raises(StoreError):
            migrate(store.url, tmp_path)
    with transaction(store.read_engine) as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "0004"
        assert "note" not in [row[1] for row in connection.execute(text("PRAGMA table_info(dataset)"))]
    assert store.datasets.intact(stored.dataset_id)


def test_a_newer_schema_is_left_alone(store, stored, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        scripts(tmp_path, patch, REBUILD)
        migrate(store.url, tmp_path)
    with pytest.raises(StoreError, match="newer version of Roadlens"):
        open_store(store.url, tmp_path)
    with transaction(store.read_engine) as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"


def test_old_backups_go(store, tmp_path, monkeypatch):
    folder = tmp_path / "backups"
    folder.mkdir()
    for day in range(4):
        (folder / f"2020010{day}T000000000000-0000.db").write_bytes(b"old")
    scripts(tmp_path, monkeypatch, REBUILD)
    migrate(store.url, tmp_path)
    assert [path.name[:8] for path in sorted(folder.iterdir())][:2] == ["20200102", "20200103"]
    assert len(list(folder.iterdir())) == database.BACKUPS_KEPT


@pytest.mark.parametrize("content", [b"text,label\n" * 500, b"SQLite format 3\0" * 400])
def test_a_file_that_is_no_database_is_kept(url, tmp_path, content):
    file = tmp_path / "roadlens.db"
    file.write_bytes(content)
    with pytest.raises(StoreError, match="damaged"):
        open_store(url, tmp_path)
    assert file.read_bytes() == content


def test_the_database_of_another_program_is_kept(url, tmp_path):
    other = sqlite3.connect(tmp_path / "roadlens.db")
    other.execute("CREATE TABLE bookmark (id)")
    other.close()
    with pytest.raises(StoreError, match="another program"):
        open_store(url, tmp_path)
