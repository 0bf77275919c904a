import time

import numpy as np
import pandas as pd
import pytest

from core.domain import FEEDBACK, Columns, Rejection
from core.errors import BadColumns
from core.ingest.cleaning import clean, normalise
from core.ingest.columns import guess_columns
from core.ingest.csv_file import Limits, RawTable, read_csv

SECRET = b"secret"


def raw(**columns) -> RawTable:
    frame = pd.DataFrame(columns, dtype="str")
    return RawTable(tuple(frame.columns), frame, np.arange(2, len(frame) + 2), "utf-8", ",", len(frame))


def test_columns_and_types_are_those_of_the_domain():
    table = clean(
        raw(t=["hi there"], l=[" slow "], p=["pro"]), Columns("t", label="l", segments=("p",)), SECRET
    ).table
    assert list(table.columns) == [*FEEDBACK[1:], "label", "segment:p"]
    assert table.loc[0, ["text", "label", "segment:p", "author", "account"]].tolist() == [
        "hi there",
        "slow",
        "pro",
        "",
        "",
    ]
    assert str(table["date"].dtype) == "datetime64[us]"
    assert str(table["rating"].dtype) == "float64"
    others = [name for name in table if name not in ("date", "rating")]
    assert {str(table[name].dtype) for name in others} == {"str"}


def test_text_is_verbatim_and_rows_without_any_are_rejected():
    cleaned = clean(raw(t=["  Two\r\n lines! ", " \t", ""]), Columns("t"), SECRET)
    assert cleaned.table["text"].tolist() == ["  Two\r\n lines! "]
    assert cleaned.rejections == (Rejection("no text", 2, (3, 4)),)
    assert cleaned.rows_in == 3


def test_repeats_of_one_author_are_kept_once_and_of_others_all():
    file = raw(
        t=["Too slow!", "too  slow", "Too slow!", "Too slow!", "Too slow!", "Too slow!"],
        a=["ann", "@Ann", "bob", "", "", "ann"],
        d=["2024-01-02"] * 5 + ["2024-01-03"],
    )
    cleaned = clean(file, Columns("t", author="a", date="d"), SECRET)
    assert cleaned.rejections == (Rejection("repeat of an earlier row by the same author", 1, (3,)),)
    assert len(cleaned.table) == 5
    assert cleaned.table["row"].is_unique
    assert cleaned.table["text_hash"].nunique() == 1


def test_repeats_with_another_label_are_told():
    file = raw(t=["slow", "slow", "slow"], a=["ann"] * 3, l=["bad", "bad", "good"])
    cleaned = clean(file, Columns("t", author="a", label="l"), SECRET)
    assert len(cleaned.table) == 1
    assert cleaned.warnings == ("Repeats that were labelled otherwise than the row that is kept: 1.",)


def test_repeats_are_judged_before_masking():
    file = raw(t=["@ann thanks", "@bob thanks"], a=["eve", "eve"])
    cleaned = clean(file, Columns("t", author="a"), SECRET)
    assert cleaned.table["text"].tolist() == ["[handle] thanks"] * 2
    assert cleaned.table["row"].is_unique


def test_without_authors_repeats_are_only_counted():
    cleaned = clean(raw(t=["Slow.", "slow", "fine"]), Columns("t"), SECRET)
    assert len(cleaned.table) == 3
    assert cleaned.rejections == ()
    assert "earlier row: 1." in cleaned.warnings[0]


def test_rows_have_the_same_id_in_each_import_and_order():
    first = clean(raw(t=["a b", "c d"], d=["2024-01-02", "2024-01-03"]), Columns("t", date="d"), SECRET).table
    second = clean(
        raw(t=["c d", "a b"], d=["2024-01-03", "2024-01-02"]), Columns("t", date="d"), SECRET
    ).table
    assert first["row"].tolist() == second["row"].tolist()[::-1]
    assert first["row"].str.fullmatch("[0-9a-f]{12}").all()


def test_authors_are_pseudonyms_that_depend_on_the_secret():
    file = raw(t=["x y", "y z", "z x"], a=["Ann", "@ann ", ""])
    ours = clean(file, Columns("t", author="a"), SECRET).table["author"].tolist()
    theirs = clean(file, Columns("t", author="a"), b"other").table["author"].tolist()
    assert ours[0] == ours[1] and len(ours[0]) == 12 and ours[2] == ""
    assert ours[0] != theirs[0]


def test_personal_data_is_masked_everywhere_but_only_when_wanted():
    file = raw(t=["write to a@b.example"], c=["a@b.example"], s=["a@b.example"], k=["c@d.example"])
    columns = Columns("t", account="k", channel="c", segments=("s",))
    cleaned = clean(file, columns, SECRET)
    assert cleaned.masked == {"email": 1}
    assert not cleaned.table.map(lambda cell: "@" in str(cell)).any().any()
    assert len(cleaned.table.loc[0, "account"]) == 12
    assert clean(file, columns, SECRET, mask=False).table.loc[0, "text"] == "write to a@b.example"


def test_unreadable_dates_and_ratings_are_counted_and_kept():
    file = raw(t=["a b", "c d"], d=["soon", "2024-01-02"], r=["4,5", "great"])
    cleaned = clean(file, Columns("t", date="d", rating="r"), SECRET)
    assert cleaned.table["date"].isna().tolist() == [True, False]
    assert cleaned.table["rating"].fillna(-1).tolist() == [4.5, -1]
    assert [warning.split(":")[1] for warning in cleaned.warnings[:2]] == [
        " 1. Those rows are kept without."
    ] * 2


def test_a_language_column_is_used_where_it_says_something():
    file = raw(t=["送餐很快", "送餐很快", "ok"], g=["", "en-GB", ""])
    assert clean(file, Columns("t", language="g"), SECRET).table["language"].tolist() == [
        "zh",
        "en",
        "unknown",
    ]


def test_bad_columns_are_refused():
    with pytest.raises(BadColumns):
        clean(raw(t=["x"]), Columns("u"), SECRET)


def test_rows_of_the_file_add_up():
    read = read_csv(b"text,a\nslow,ann\nslow,ann\n,bob\n1,2,3\nfine,bob\n", Limits())
    cleaned = clean(read, Columns("text", author="a"), SECRET)
    assert cleaned.rows_in == 5 == len(cleaned.table) + sum(item.rows for item in cleaned.rejections)
    assert {item.reason.split()[0]: item.examples for item in cleaned.rejections} == {
        "has": (5,),
        "no": (4,),
        "repeat": (3,),
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("  Too   SLOW!! ", "too slow"),
        ("ﬁne", "fine"),
        ("Straße.", "strasse"),
        ("!!!", "!!!"),
        ("(a) b", "a) b"),
    ],
)
def test_normalised(text, words):
    assert normalise(text) == words


def test_real_tweets_are_cleaned_within_four_seconds(data):
    content = (data / "airline_tweets_60.csv").read_bytes()
    start = time.process_time()
    read = read_csv(content, Limits())
    cleaned = clean(read, guess_columns(read.frame), SECRET)
    assert time.process_time() - start < 4.0
    assert len(cleaned.table) == 8691
    assert cleaned.rejections[0].rows == 85
    assert cleaned.table["date"].min() == pd.Timestamp("2015-02-16 23:36:05")
    assert cleaned.table["label"].nunique() == 3
    assert (cleaned.table["language"] == "en").mean() > 0.9
    assert not cleaned.table["text"].str.contains("@VirginAmerica", regex=False).any()
