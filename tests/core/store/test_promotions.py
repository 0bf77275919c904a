import numpy as np
import pytest

from core.domain import GateResult, GateRule
from core.errors import NotFound

RESULTS = (GateResult("Macro F1", 0.9, 0.8, True, True),)


@pytest.fixture
def done(store, new_run):
    """Adds a finished run."""

    def done(key):
        run, _ = new_run(key)
        store.runs.finish(run.id, None, (np.array([]), np.zeros((0, 2))))
        return store.runs.get(run.id)

    return done


def test_the_newest_promotion_counts_and_the_others_stay(store, done):
    first, second = done("a"), done("b")
    assert store.promotions.current(first.label_set_id) is None
    store.promotions.add(first.id, RESULTS, True)
    late = store.promotions.add(second.id, (), False, "anyway")
    assert store.promotions.current(first.label_set_id) == late
    assert [item.run_id for item in store.promotions.history(first.label_set_id)] == [second.id, first.id]
    assert store.promotions.history(first.label_set_id)[1].results == RESULTS


def test_the_range_of_a_result_is_kept_and_an_older_one_has_none(store, done):
    run = done("a")
    ranged = GateResult("Macro F1", 0.9, 0.8, True, True, (0.85, 0.94))
    assert store.promotions.add(run.id, (ranged,), True).results == (ranged,)
    store.promotions.add(run.id, RESULTS, True)
    with store.engine.begin() as connection:  # as an earlier version stored it
        connection.exec_driver_sql("UPDATE promotion SET results = replace(results, ',\"range\":null', '')")
        connection.exec_driver_sql("UPDATE promotion SET results = replace(results, ', \"range\": null', '')")
        stored = connection.exec_driver_sql("SELECT results FROM promotion ORDER BY id DESC").scalar()
    assert "range" not in stored
    assert store.promotions.current(run.label_set_id).results == RESULTS


def test_a_run_that_is_not_done_is_not_promoted(store, new_run):
    run, _ = new_run()
    with pytest.raises(NotFound):
        store.promotions.add(run.id, (), True)


def test_a_deleted_run_leaves_the_one_before(store, done):
    first, second = done("a"), done("b")
    for run in (first, second):
        store.promotions.add(run.id, RESULTS, True)
    store.runs.delete(second.id)
    assert store.promotions.current(first.label_set_id).run_id == first.id


def test_the_gate_of_a_label_set(store, stored):
    label_set = store.labels.sets(stored.dataset_id)[0]
    assert label_set.gate is None
    store.labels.set_gate(label_set.id, GateRule(0.7, 0.5, 0.1))
    assert store.labels.get(label_set.id).gate == GateRule(0.7, 0.5, 0.1)
    store.labels.set_gate(label_set.id, None)
    assert store.labels.get(label_set.id).gate is None
