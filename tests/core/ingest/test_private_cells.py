from collections import Counter

import pandas as pd
import pytest

from core.domain import Columns, RejectedRow
from core.ingest.private_cells import Privacy, PrivateCells
from core.ingest.pseudonyms import account_pseudonym, pseudonym, pseudonyms
from core.ingest.raw import RawChunk
from core.ingest.survey import survey

SECRET = b"secret"


def mask(columns: Columns, privacy: Privacy | None = None, **cells):
    """(masked cells by column, places by kind)"""
    frame = pd.DataFrame(cells, dtype="str")
    plan = survey([RawChunk(frame, frame.index.to_numpy())], columns)
    counts = Counter()
    masked = PrivateCells(tuple(frame), columns, plan, privacy or Privacy(SECRET)).mask(frame, counts)
    return {name: column.to_pylist() for name, column in masked.items()}, dict(counts)


def test_every_column_is_masked_and_places_are_counted():
    masked, counts = mask(
        Columns("t", channel="c", account="k", id="i"),
        t=["write to a@b.example", "ok"],
        c=["a@b.example"] * 2,
        k=["c@d.example", "Acme"],
        i=["e@f.example", "7"],
        n=["call 212-555-0123", ""],
    )
    assert masked["t"] == ["write to [email]", "ok"]
    assert masked["c"] == ["[email]"] * 2
    assert masked["k"] == [account_pseudonym("c@d.example", SECRET), "Acme"]
    assert masked["i"] == [account_pseudonym("e@f.example", SECRET), "7"]
    assert masked["n"] == ["call [phone]", ""]
    assert counts == {"email": 5, "phone": 1}


def test_nothing_but_people_is_hidden_without_masking():
    masked, counts = mask(Columns("t", author="a"), Privacy(SECRET, mask=False), t=["a@b.example"], a=["Ann"])
    assert masked == {"t": ["a@b.example"], "a": [pseudonym("ann", SECRET)]}
    assert counts == {}


def test_authors_and_other_columns_of_people_are_pseudonyms():
    masked, _ = mask(
        Columns("t", author="User ID"),
        **{"t": ["x", "y"], "User ID": ["Ann", "@ann "], "Assignee": ["Bob Stone", ""], "Team": ["A", "B"]},
    )
    assert masked["User ID"] == [pseudonym("Ann", SECRET)] * 2
    assert masked["Assignee"] == [pseudonym("Bob Stone", SECRET), ""]
    assert masked["Team"] == ["A", "B"]
    others, _ = mask(Columns("t", author="User ID"), Privacy(b"other"), **{"t": ["x"], "User ID": ["Ann"]})
    assert others["User ID"] != masked["User ID"][:1]


def test_digits_of_ids_are_no_cards_but_those_of_phone_columns_are_phones():
    tweets = [str(570301130888122368 + 97 * i) for i in range(50)]
    masked, counts = mask(
        Columns("t"),
        t=[f"text {i}" for i in range(50)],
        tweet_id=tweets,
        phone=[f"+1 212 555 01{i:02d}" for i in range(50)],
    )
    assert masked["tweet_id"] == tweets
    assert set(masked["phone"]) == {"[phone]"}
    assert counts == {"phone": 50}


def test_a_sentence_among_ids_is_masked():
    masked, _ = mask(Columns("t"), t=["x"] * 40, ref=[str(i) for i in range(39)] + ["call 212-555-0123 now"])
    assert masked["ref"][39] == "call [phone] now"


def test_dates_and_ratings_are_not_taken_for_phones():
    dates = ["2024-03-08 10:11:12", "1501088623000", "ask ann@b.example"]
    masked, _ = mask(Columns("t", date="d", rating="r"), t=["x"] * 3, d=dates, r=["4", "5", "212-555-0123"])
    assert masked["d"] == [*dates[:2], "ask [email]"]
    assert masked["r"] == ["4", "5", "[phone]"]


def test_many_pseudonyms_are_those_of_one_by_one():
    names = ["Ann", "@ann ", "", "  ", "İnci", "x" * 500]
    for secret in (b"s", b"k" * 64, b"k" * 65):
        assert pseudonyms(names, secret) == [pseudonym(name, secret) for name in names]


def test_own_patterns_are_masked():
    privacy = Privacy(SECRET, patterns=(("customer", r"CUST-\d{6}"),))
    masked, counts = mask(Columns("t"), privacy, t=["I am CUST-123456"], o=["CUST-123456"])
    assert masked == {"t": ["I am [customer]"], "o": ["[customer]"]}
    assert counts == {"customer": 2}


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        # One cell too few: the author may stand one place to the left of where it belongs.
        (("Ann Lee", "5"), ("<Ann Lee>", "<5>")),
        (("great app but slow on my phone", "Ann Lee"), ("great app but slow on my phone", "<Ann Lee>")),
        # One too many: one place to either side.
        (
            ("slow", "today", "Ann Lee", "mail a@b.example to me now"),
            ("<slow>", "<today>", "<Ann Lee>", "mail [email] to me now"),
        ),
        (("slow", "Ann Lee", "5"), ("slow", "<Ann Lee>", "5")),
    ],
)  # fmt: skip
def test_rows_kept_aside_show_no_names_even_where_cells_have_moved(cells, shown):
    columns = Columns("text", author="author")
    private = PrivateCells(("text", "author", "stars"), columns, survey([], columns), Privacy(SECRET))
    found = private.reject_raw([RejectedRow(7, "bad", cells)])
    wanted = tuple(pseudonym(c[1:-1], SECRET) if c.startswith("<") else c for c in shown)
    assert found == [RejectedRow(7, "bad", wanted)]


def test_rows_kept_aside_come_back_in_their_order_without_control_characters():
    columns = Columns("a")
    private = PrivateCells(("a", "b"), columns, survey([], columns), Privacy(SECRET))
    rows = [
        RejectedRow(3, "x", ("1",)),
        RejectedRow(4, "y", ("1\0", "2")),
        RejectedRow(5, "x", ("\x013",) * 3),
    ]
    assert [row.cells for row in private.reject_raw(rows)] == [("1",), ("1", "2"), ("3",) * 3]
