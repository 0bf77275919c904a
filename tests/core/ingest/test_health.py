import numpy as np
import pandas as pd

from core.domain import Columns
from core.ingest.cleaning import clean
from core.ingest.csv_file import RawTable
from core.ingest.health import health


def cleaned(columns: Columns, **cells):
    frame = pd.DataFrame(cells, dtype="str")
    file = RawTable(tuple(frame.columns), frame, np.arange(2, len(frame) + 2), "utf-8", ",", len(frame))
    return clean(file, columns, b"secret")


def test_counts_are_those_of_the_table():
    result = cleaned(
        Columns("t", label="l", date="d", rating="r", author="a"),
        t=["one two three", "送餐很快", "送餐很快", "a b c d e mail x@y.example"],
        l=["slow", "good", "", "slow"],
        d=["2024-01-02", "", "2024-01-05", "2024-01-03"],
        r=["5", "", "", "1"],
        a=["ann", "bob", "cid", "ann"],
    )
    found = health(result.table, result.masked)
    assert (found.rows, found.dated, found.rated, found.labelled, found.authors) == (4, 3, 2, 3, 3)
    assert (found.first_date, found.last_date) == ("2024-01-02", "2024-01-05")
    assert dict(found.label_counts) == {"slow": 2, "good": 1}
    assert dict(found.languages) == {"zh": 2, "unknown": 2}
    assert (found.repeated_texts, found.empty_texts) == (1, 0)
    assert found.words == (1, 2, 4)  # of 1, 1, 3, 7 words
    assert dict(found.masked) == {"email": 1}
    said = " ".join(found.lines)
    for part in (
        "Few comments (4)",
        "3 of 4 comments have a label",
        "without a date",
        "1 × email",
        "2 (50%)",
    ):
        assert part in said


def test_missing_columns_say_what_they_would_give():
    found = health(cleaned(Columns("t"), t=["it is far too slow for us"] * 2).table)
    said = " ".join(found.lines)
    for part in ("No labels", "No dates", "No ratings", "No authors", "repeat the words"):
        assert part in said
    assert found.first_date == ""


def test_an_empty_table():
    table = cleaned(Columns("t", label="l"), t=["x"], l=["y"]).table.iloc[:0]
    found = health(table)
    assert (found.rows, found.words) == (0, (0, 0, 0))
    assert found.lines == ("No comments yet. Upload a file to begin.",)
