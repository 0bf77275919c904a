import numpy as np
import pandas as pd
import pytest

from core.errors import BadColumns
from core.ingest.accounts import AccountColumns, clean_accounts, guess_account_columns
from core.ingest.pseudonyms import account_pseudonym

SECRET = b"key"


def frame(**columns):
    return pd.DataFrame({name: pd.array(cells, dtype="str") for name, cells in columns.items()})


FILE = frame(
    Row=["1", "2", "3", "4", "5", "6"],
    Name=["Acme", "Beta", "Core", "Delta", "Echo", "Foxy"],
    Crm=["a-1", "a-2", "a-3", "a-4", "a-5", "a-6"],
    Plan=["Pro", "Free", "Pro", "Free", "Pro", "Free"],
    ARR=["$1,200", "0", "$3,400.50", "", "7", "9"],
    Seats=["10", "20", "x", "40", "50", "60"],
    Owner=["o1", "o2", "o3", "o4", "o5", "o6"],
)


def test_the_id_is_the_column_that_shares_accounts_with_the_feedback():
    columns = guess_account_columns(FILE, {"a-2", "A-3", "zz"}, SECRET)
    assert columns == AccountColumns("Crm", "ARR", "Seats", ("Plan",))


def test_without_shared_accounts_the_names_of_the_columns_tell():
    renamed = FILE.rename(columns={"Crm": "Account ID"})
    assert guess_account_columns(renamed, set(), SECRET).account == "Account ID"


def test_a_file_without_columns_is_refused():
    with pytest.raises(BadColumns, match="no columns"):
        guess_account_columns(pd.DataFrame(), set(), SECRET)


def test_the_last_row_of_an_account_counts_and_is_counted():
    file = frame(id=["A", " B ", "A", ""], plan=["old", "x", "new", "y"], arr=["1", "2", "3", "4"])
    found = clean_accounts(file, AccountColumns("id", "arr", None, ("plan",)), set(), SECRET)
    assert found.table["account"].tolist() == ["B", "A"]
    assert found.table["segment:plan"].tolist() == ["x", "new"]
    assert found.table["revenue"].tolist() == [2.0, 3.0]
    assert (found.rows_in, found.without_id, found.repeated) == (4, 1, 1)
    assert len(found.warnings) == 2


def test_ids_become_those_of_the_feedback():
    file = frame(id=["ann@x.org", "ACME", "bob@x.org", "Other"])
    known = {account_pseudonym("ann@x.org", SECRET), "Acme"}
    found = clean_accounts(file, AccountColumns("id"), known, SECRET)
    assert found.table["account"].tolist() == [
        account_pseudonym("Ann@x.org", SECRET),
        "Acme",
        account_pseudonym("bob@x.org", SECRET),
        "Other",
    ]
    assert found.respelled == 1


def test_two_accounts_that_differ_in_case_alone_are_not_mixed_up():
    found = clean_accounts(frame(id=["ACME"]), AccountColumns("id"), {"Acme", "acme"}, SECRET)
    assert found.table["account"].tolist() == ["ACME"] and found.respelled == 0


def test_other_cells_are_masked_and_numbers_that_are_none_counted():
    file = frame(id=["A", "B"], note=["call ann@x.org", "fine  here"], seats=["5", "many"])
    found = clean_accounts(file, AccountColumns("id", None, "seats", ("note",)), set(), SECRET)
    assert found.table["segment:note"].tolist() == ["call [email]", "fine here"]
    assert found.masked == {"email": 1} and found.unreadable == {"seats": 1}
    assert np.isnan(found.table["seats"][1]) and found.table["revenue"].isna().all()


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (AccountColumns("nope"), "no column 'nope'"),
        (AccountColumns(""), "account ids"),
        (AccountColumns("id", revenue="id"), "chosen twice"),
    ],
)
def test_a_choice_that_does_not_fit_is_refused(columns, words):
    with pytest.raises(BadColumns, match=words):
        clean_accounts(frame(id=["A"]), columns, set(), SECRET)
