"""The real files beside the repository."""

import time

import pandas as pd
import pytest

from core.ingest.columns import guess_columns
from core.ingest.raw import Limits
from core.ingest.table_file import read_csv


def _read(path):
    return read_csv(path.read_bytes(), Limits())


REAL = {
    "airline_tweets_60.csv": (8776, "text", "airline_sentiment", "tweet_created", None, "name"),
    "app_reviews_youtube_ios.csv": (5000, "review text", None, "date", "rating", None),
    "app_reviews_arminer_facebook_tapfish.csv": (6000, "text", "label", None, "rating", None),
    "banking77_train.csv": (10003, "text", "category", None, None, None),
    "banking77_test.csv": (3080, "text", "category", None, None, None),
    "waimai_10k.csv": (11987, "review", "label", None, None, None),
    "github_issues_nlbse24_train.csv": (1500, "body", "label", "created_at", None, None),
    "votes_polis_freshwater/comments.csv": (80, "comment-body", None, "timestamp", None, "author-id"),
}


@pytest.mark.parametrize("name", REAL)
def test_real_files_are_read_whole_and_their_roles_guessed(data, name):
    rows, text, label, date, rating, author = REAL[name]
    raw = _read(data / name)
    assert (len(raw.frame), raw.rejections) == (rows, ())
    found = guess_columns(raw.frame)
    assert (found.text, found.label, found.date, found.rating, found.author) == (
        text,
        label,
        date,
        rating,
        author,
    )


def test_real_cells_equal_those_of_pandas(data):
    for name in REAL:
        theirs = pd.read_csv(data / name, dtype=str, keep_default_na=False, index_col=False)
        ours = _read(data / name).frame
        assert list(ours.columns) == list(theirs.columns)
        pairs = zip(ours.to_numpy().ravel(), theirs.to_numpy().ravel(), strict=True)
        assert all(mine == other for mine, other in pairs), name


def test_ten_thousand_rows_take_half_a_second(data):
    content = (data / "banking77_train.csv").read_bytes()
    start = time.process_time()
    raw = read_csv(content, Limits())
    assert len(raw.frame) == 10_003
    assert time.process_time() - start < 0.5
