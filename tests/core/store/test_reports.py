import hashlib

import pytest

from core.errors import NotFound


def test_the_same_content_is_one_report(store, new_run):
    run, _ = new_run()
    first = store.reports.add(run.id, "March", '{"a": 1}')
    assert store.reports.add(run.id, "Again", '{"a": 1}') == first
    second = store.reports.add(run.id, "April", '{"a": 2}')
    assert [report.id for report in store.reports.list(run.id)] == [second, first]
    assert store.reports.latest(run.id) == store.reports.get(second)
    kept = store.reports.get(first)
    assert (kept.title, kept.content, kept.run_id) == ("March", '{"a": 1}', run.id)
    assert kept.sha256 == hashlib.sha256(b'{"a": 1}').hexdigest()


def test_the_same_content_of_two_runs_is_two_reports(store, new_run):
    one, two = new_run("a")[0], new_run("b")[0]
    assert store.reports.add(one.id, "x", "{}") != store.reports.add(two.id, "x", "{}")


def test_no_report(store):
    assert (store.reports.latest(7), store.reports.list(7)) == (None, [])
    with pytest.raises(NotFound):
        store.reports.get(7)


def test_a_report_of_rows_that_changed_meanwhile_is_not_kept(store, stored, new_run):
    run, _ = new_run()
    now = store.datasets.get(stored.dataset_id).sha256
    assert store.reports.add(run.id, "t", "{}", "of before somebody was forgotten") is None
    assert store.reports.list(run.id) == []
    assert store.reports.add(run.id, "t", "{}", now) == store.reports.list(run.id)[0].id
