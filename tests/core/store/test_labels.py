from dataclasses import replace

import pytest

from core.domain import Columns, LabelSet
from core.errors import NotFound
from core.store.database import transaction
from core.store.tables import label


def test_labels_of_an_import(store, stored, make_table):
    [found] = store.labels.sets(stored.dataset_id)
    assert found == LabelSet(found.id, stored.dataset_id, "topic", {"bug": 2})
    assert store.labels.get(found.id) == found
    assert store.labels.get(found.id, counted=False) == replace(found, counts={})
    table = store.labels.table(found.id)
    ids = store.datasets.feedback(stored.dataset_id)["id"].tolist()
    assert table.to_dict("list") == {"feedback_id": ids[:2], "label": ["bug", "bug"]}
    with transaction(store.read_engine) as connection:
        assert {(row.origin, row.picked) for row in connection.execute(label.select())} == {
            ("imported", "random")
        }


def test_counts_are_largest_first(store, make_table, add):
    stored = add(store, make_table("abcdef", ["x", "y", "y", "z", "", "z"]))
    [found] = store.labels.sets(stored.dataset_id)
    assert list(found.counts.items()) == [("y", 2), ("z", 2), ("x", 1)]


def test_a_second_axis(store, stored, make_table, add):
    add(store, make_table(["a"], ["good"]), sha256="2", label_set_name="tone", dataset_id=stored.dataset_id)
    assert [found.name for found in store.labels.sets(stored.dataset_id)] == ["topic", "tone"]


@pytest.mark.parametrize("labels", [None, ["", ""]])
def test_no_labels_no_set(store, make_table, add, labels):
    stored = add(store, make_table(["a", "b"], labels))
    assert store.labels.sets(stored.dataset_id) == []


def test_a_set_without_a_name_is_called_as_its_column(store, make_table, add):
    stored = add(store, make_table(["a"], ["x"]), columns=Columns("t", label="Kind"), label_set_name=None)
    assert store.labels.sets(stored.dataset_id)[0].name == "Kind"


def test_an_empty_table_keeps_its_types(store):
    table = store.labels.table(7)
    assert [str(kind) for kind in table.dtypes] == ["int64", "str"]
    with pytest.raises(NotFound):
        store.labels.get(7)
