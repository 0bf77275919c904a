import math

import pandas as pd
import pytest

from core.ingest.ratings import parse_rating, read_ratings


@pytest.mark.parametrize(
    ("text", "rating"),
    [("4", 4), ("4,5", 4.5), ("4/5", 4), ("5 out of 5", 5), ("★★★★", 4), ("★★★☆☆", 3), ("⭐⭐", 2)]
    + [("4 stars", 4), ("3 Sterne", 3), ("five", 5), ("80%", 80), ("-1", -1), ("☆☆☆☆☆", 0)],
)
def test_one_rating(text, rating):
    assert parse_rating(text) == rating


@pytest.mark.parametrize("text", ["", "good", "1e400", "inf", "nan", "4 of the best stars I know"])
def test_no_rating(text):
    assert math.isnan(parse_rating(text))


def test_column_counts_what_it_cannot_read():
    ratings = read_ratings(pd.Series(["5", "", "great", "4/5", "8/10"], dtype="str"))
    assert ratings.values.fillna(-1).tolist() == [5, -1, -1, 4, 8]
    assert ratings.unreadable == 1
    assert "several scales (out of 10, 5)" in ratings.warnings[0]
