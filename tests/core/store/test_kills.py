"""SIGKILL before each statement and each commit of what changes a dataset: old or new, never half."""

import os
import signal

import pandas as pd
import pytest
from sqlalchemy import Engine, event, func, select

from core.domain import Columns
from core.store.database import transaction
from core.store.staging import FileFacts
from core.store.store import open_store
from core.store.tables import METADATA

MOST_STEPS = 400
NEW = 4  # rows in the file


def facts(sha256):
    return FileFacts("a.csv", sha256, "utf-8", ",", ("text",), Columns("text"), {})


def stage(store, tables, sha256):
    staged = store.staging.begin(facts(sha256), "A")
    for table in tables:
        store.staging.add(staged, table)
    store.staging.finish(staged, sum(map(len, tables)), (), (), {})
    return staged


def import_new(store, tables, _base):
    store.staging.publish(stage(store, tables, "new"))


def append(store, tables, base):
    """`tables` may be staged already."""
    staged = tables if isinstance(tables, int) else stage(store, tables, "more")
    store.staging.merge(staged, base)


def undo_last(store, _tables, base):
    store.datasets.undo(store.datasets.imports(base)[-1].id)


def delete_it(store, _tables, _base):
    store.datasets.delete(store.datasets.list()[0].id)


def child(url, folder, step, work, tables, base):
    """Does the work and dies at its k-th statement or commit; says so when it lived to the end."""
    store = open_store(url, folder)
    if work is append:
        tables = stage(store, tables, "more")  # its kills are those of `import_new`
    left = [step]

    def count(*_):
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "commit", count)
    work(store, tables, base)
    os._exit(0)


@pytest.fixture
def killed_at_each_step(store, tmp_path, in_fork):
    """Runs work again and again, killed one step later each time, until it completes; calls `check`
    after each kill with the store as a restart finds it."""

    def kill(work, tables, base, check):
        for step in range(1, MOST_STEPS):
            code = in_fork(child, store.url, tmp_path, step, work, tables, base)
            check()
            if code == 0:
                return step
            assert code == -signal.SIGKILL
        raise AssertionError("never done")

    return kill


@pytest.fixture
def tables(make_table):
    first = make_table(["a", "b", "b2"], **{"label:kind": ["x", "", "y"]})
    return [first.iloc[:2], pd.concat([first.iloc[2:], make_table(["c"], **{"label:mood": ["sad"]})])]


def rows_of(store):
    with transaction(store.read_engine) as connection:
        return {
            name: connection.scalar(select(func.count()).select_from(METADATA.tables[name]))
            for name in ("dataset", "import", "feedback", "label", "label_set", "feedback_before")
        }


def test_a_killed_import_leaves_nothing_or_all(store, tables, killed_at_each_step):
    seen = set()

    def check():
        for known in store.datasets.list():
            assert (known.rows, store.datasets.intact(known.id)) == (NEW, True)
            assert sum(store.labels.sets(known.id)[0].counts.values()) == 2
        seen.add(len(store.datasets.list()))
        store.staging.sweep()
        left = rows_of(store)
        if store.datasets.list():
            assert left["feedback"] == NEW
        else:
            assert set(left.values()) == {0}

    steps = killed_at_each_step(import_new, tables, None, check)
    assert seen == {0, 1}
    assert steps > 30
    assert len(store.datasets.list()) == 1


def test_a_killed_append_leaves_the_old_or_the_new(store, tables, make_table, killed_at_each_step):
    base = store.staging.publish(
        stage(store, [make_table(["a", "b", "z"], **{"label:kind": ["x", "y", ""]}, rating=1.0)], "base")
    ).dataset_id
    old, old_rows = store.datasets.get(base), rows_of(store)
    seen = {}

    def check():
        now = store.datasets.get(base)
        assert store.datasets.intact(base)
        assert len(store.datasets.feedback(base)) == now.rows
        seen[now.rows] = now.sha256
        store.staging.sweep()
        if now.sha256 != old.sha256:
            added = store.datasets.imports(base)[-1]
            assert (added.rows_in, added.rows_stored, added.rows_updated) == (NEW, 4, 2)
            store.datasets.undo(added.id)
        assert store.datasets.get(base) == old
        assert rows_of(store) == old_rows

    killed_at_each_step(append, tables, base, check)
    assert set(seen) == {3, 5}
    assert seen[3] == old.sha256


def test_a_killed_undo_leaves_the_old_or_the_new(store, tables, make_table, killed_at_each_step):
    table = make_table(["a", "b", "z"], **{"label:kind": ["x", "y", ""]}, rating=1.0)
    base = store.staging.publish(stage(store, [table], "base")).dataset_id
    undone = store.datasets.get(base)
    append(store, tables, base)
    done = store.datasets.get(base)
    seen = set()

    def check():
        now = store.datasets.get(base)
        assert store.datasets.intact(base)
        seen.add(now.sha256)
        if now == undone:
            append(store, tables, base)
        assert store.datasets.get(base) == done

    killed_at_each_step(undo_last, tables, base, check)
    assert seen == {undone.sha256, done.sha256}


def test_a_killed_deletion_is_seen_at_once_and_finished_later(store, tables, killed_at_each_step):
    seen = set()

    def check():
        there = store.datasets.list()
        seen.add(len(there))
        if there:
            assert store.datasets.intact(there[0].id)
            return
        store.staging.sweep()
        assert set(rows_of(store).values()) == {0}
        import_new(store, tables, None)

    import_new(store, tables, None)
    killed_at_each_step(delete_it, tables, None, check)
    assert seen == {0, 1}
