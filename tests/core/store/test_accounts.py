import numpy as np
import pandas as pd
import pytest

from core.errors import AppError, NotFound
from core.store.accounts import AccountFacts

FACTS = AccountFacts("accounts.csv", "beef", {"account": "Id", "segments": ("Plan",)})


def accounts(names, plans, revenue=None):
    return pd.DataFrame(
        {
            "account": names,
            "revenue": revenue or [np.nan] * len(names),
            "seats": [5.0] * len(names),
            "segment:Plan": plans,
        }
    )


def test_a_new_file_replaces_the_old_one(store, stored):
    store.accounts.replace(stored.dataset_id, FACTS, accounts(["Old"], ["Free"]))
    file = store.accounts.replace(
        stored.dataset_id, FACTS, accounts(["B", "A"], ["Pro", "Free"], [1.5, np.nan])
    )
    assert (file.rows, file.file_name) == (2, "accounts.csv")
    assert store.accounts.file(stored.dataset_id).columns == {"account": "Id", "segments": ["Plan"]}
    table = store.accounts.table(stored.dataset_id)
    assert table["account"].tolist() == ["A", "B"]
    assert table["segment:Plan"].tolist() == ["Free", "Pro"]
    assert np.isnan(table["revenue"][0]) and table["revenue"][1] == 1.5


def test_without_a_file_the_table_is_empty_and_typed(store, stored):
    table = store.accounts.table(stored.dataset_id)
    assert table.columns.tolist() == ["account", "revenue", "seats"] and len(table) == 0
    assert store.accounts.file(stored.dataset_id) is None
    assert store.accounts.sizes(stored.dataset_id) == {}


def test_sizes_come_from_the_file_unless_typed_in(store, stored):
    store.accounts.replace(stored.dataset_id, FACTS, accounts(list("ABCD"), ["Free", "Free", "Pro", ""]))
    assert store.accounts.sizes(stored.dataset_id) == {"Plan": {"Free": 2, "Pro": 1}}
    store.accounts.set_sizes(stored.dataset_id, "Plan", {"Free": 900, "Pro": 100})
    store.accounts.set_sizes(stored.dataset_id, "Region", {"EU": 0})
    assert store.accounts.sizes(stored.dataset_id) == {
        "Plan": {"Free": 900, "Pro": 100},
        "Region": {"EU": 0},
    }
    store.accounts.set_sizes(stored.dataset_id, "Plan", {})
    assert store.accounts.sizes(stored.dataset_id)["Plan"] == {"Free": 2, "Pro": 1}


@pytest.mark.parametrize("sizes", [{"EU": -1}, {"": 3}, {"EU": 10**13}])
def test_sizes_that_cannot_be_are_refused(store, stored, sizes):
    with pytest.raises(AppError, match="0 or more"):
        store.accounts.set_sizes(stored.dataset_id, "Region", sizes)


def test_a_dataset_that_is_gone_gets_no_accounts(store):
    with pytest.raises(NotFound):
        store.accounts.replace(77, FACTS, accounts(["A"], ["Pro"]))
    with pytest.raises(NotFound):
        store.accounts.set_sizes(77, "Plan", {"Pro": 1})


def test_removing_leaves_the_typed_sizes(store, stored):
    store.accounts.replace(stored.dataset_id, FACTS, accounts(["A"], ["Pro"]))
    store.accounts.set_sizes(stored.dataset_id, "Region", {"EU": 3})
    store.accounts.remove(stored.dataset_id)
    assert store.accounts.file(stored.dataset_id) is None
    assert store.accounts.sizes(stored.dataset_id) == {"Region": {"EU": 3}}


def test_comments_are_counted_by_account_and_segments(store, make_table, add):
    table = make_table(["a", "b", "c"], account=["Acme", "Acme", ""])
    table["segment:Plan"] = ["Pro", "Pro", "Free"]
    done = add(store, table)
    heard = store.accounts.heard(done.dataset_id).sort_values("account")
    assert heard.values.tolist() == [["", '{"Plan": "Free"}', 1], ["Acme", '{"Plan": "Pro"}', 2]]


def test_the_files_columns_are_segments_of_the_comments(store, make_table, add):
    done = add(store, make_table(["a", "b"], account=["Acme", "Other"]))
    store.accounts.replace(done.dataset_id, FACTS, accounts(["Acme"], ["Pro"]))
    assert store.datasets.feedback(done.dataset_id)["segment:Plan"].tolist() == ["Pro", ""]
