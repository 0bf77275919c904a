import numpy as np
import pytest

CELLS = np.array([[0.9, 0.1], [0.2, 0.8], [0.45, 0.55]], np.float32)


@pytest.fixture
def run(store, stored, new_run):
    run, _ = new_run()
    ids = store.datasets.feedback(stored.dataset_id)["id"].to_numpy()
    store.runs.finish(run.id, None, (ids[::-1], CELLS[::-1]))
    return run


def test_the_table_is_ordered_by_id(store, stored, run):
    ids, cells = store.predictions.table(run.id)
    assert ids.tolist() == store.datasets.feedback(stored.dataset_id)["id"].tolist()
    np.testing.assert_array_equal(cells, CELLS)
    assert (ids.dtype, cells.dtype, cells.flags.writeable) == (np.int64, np.float32, True)


def test_pages(store, run):
    page = store.predictions.page(run.id)
    first = store.predictions.table(run.id)[0][0]
    assert page["feedback_id"].tolist() == [first + 2, first + 1, first]
    assert page["label_index"].tolist() == [1, 1, 0]
    assert page["confidence"].tolist() == pytest.approx([0.55, 0.8, 0.9])
    assert store.predictions.page(run.id, order="sure", limit=1, offset=1)["feedback_id"].tolist() == [
        first + 1
    ]
    assert store.predictions.page(run.id, label_index=0)["feedback_id"].tolist() == [first]


def test_no_predictions(store):
    ids, cells = store.predictions.table(7)
    assert (ids.shape, cells.shape) == ((0,), (0, 0))
    assert store.predictions.page(7).empty


def test_a_run_over_no_rows(store, new_run):
    run, _ = new_run()
    store.runs.finish(run.id, None, (np.zeros(0, np.int64), np.zeros((0, 2), np.float32)))
    assert store.runs.get(run.id).status == "done"


def test_rows_that_came_later_are_missing_until_they_are_added(store, stored, run, make_table, add):
    more = make_table(["late", "later"])
    add(store, more, dataset_id=stored.dataset_id, sha256="beef")
    missing = store.predictions.missing(run.id, stored.dataset_id)
    assert len(missing) == 2
    known = store.predictions.table(run.id)[0][0]
    given = np.array([*missing, known, 10**6])  # one that is there and one that is gone
    said = ["late", "later", "slow", "gone"]
    store.predictions.add(run.id, given, said, np.full((4, 2), 0.5, np.float32))
    ids, cells = store.predictions.table(run.id)
    assert ids.tolist()[-2:] == missing and len(ids) == 5
    np.testing.assert_array_equal(cells[:3], CELLS)  # those that were there stay as they were
    assert store.predictions.missing(run.id, stored.dataset_id) == []


def test_what_was_said_of_another_text_is_not_kept(store, stored, run, make_table, add):
    add(store, make_table(["late", "later"]), dataset_id=stored.dataset_id, sha256="beef")
    late, later = store.predictions.missing(run.id, stored.dataset_id)
    store.predictions.add(run.id, np.array([late, later]), ["late", "earlier"], CELLS[:2])
    assert store.predictions.missing(run.id, stored.dataset_id) == [later]
    ids, cells = store.predictions.table(run.id)
    assert ids[-1] == late
    np.testing.assert_array_equal(cells[-1], CELLS[0])
