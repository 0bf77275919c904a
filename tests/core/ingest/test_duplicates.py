import csv
import os
import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.ingest.duplicates import Burst, bursts, near_duplicates

DATA = Path(__file__).resolve().parents[3] / "../shared/data"


def together(*texts, **options):
    """The texts of each group."""
    groups = near_duplicates(texts, **options)
    return [
        [text for text, group in zip(texts, groups, strict=True) if group == number]
        for number in range(groups.max(initial=-1) + 1)
    ]


def test_equal_words_are_one_group_whatever_the_marks():
    texts = ("Great app!", "other", "great  APP 😀", "app great", "Ｇｒｅａｔ app", "", " ", "other one")
    assert near_duplicates(texts).tolist() == [0, -1, 0, -1, 0, -1, -1, -1]
    assert near_duplicates(texts).dtype == np.int64


def test_exact_groups_hold_equal_words_only():
    texts = ("my card has not arrived", "My card has not arrived!", "my card has not arrived, please")
    assert together(*texts, exact=True) == [list(texts[:2])]
    assert together(*texts) == [list(texts)]


def test_groups_are_numbered_in_the_order_of_appearance():
    assert near_duplicates(["b b", "a", "c", "a", "b b"]).tolist() == [0, 1, -1, 1, 0]
    assert near_duplicates([]).tolist() == []


def test_texts_without_words_are_compared_as_they_are():
    assert near_duplicates(["!!!", "???", " !!! ", "", ""]).tolist() == [0, -1, 0, -1, -1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The app crashes after log in", "the app crashes after log-in, please"),
        ("please, the app crashes on start", "the app crashes on start!"),
        ("My account is blocked since Monday", "My acocunt is blocked since Monday"),
        ("My payment is blocked since Monday", "My paymment is blocked since Monday"),
        ("cant log in with my phone number", "Can't log in with my phone number"),
        ("Our fleet is on fleek http://t.co/abc", "Our fleet is on fleek https://t.co/xyz?q=1"),
        ("送餐很快，这么冷的天气辛苦了", "送餐快，这么冷的天气，辛苦了！"),
        (
            "I waited two weeks for the parcel and nobody could tell me where it was",
            "I waited two weeks for the parcel and nobody at the desk could tell me where it was",
        ),
    ],
)
def test_small_edits_stay_together(one, other):
    assert together(one, "something else was said here today", other) == [[one, other]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("the app is working on my phone", "the app is not working on my phone"),
        ("I can log in with my phone number", "I can't log in with my phone number"),
        ("i love the new update of this app", "i hate the new update of this app"),
        ("the app crashes before the payment is done", "the app crashes after the payment is done"),
        ("it works without the latest update installed", "it works with the latest update installed"),
        ("my order 4711 has not arrived until today", "my order 4712 has not arrived until today"),
        ("where is my virtual card now please", "where is my card now please"),
        ("I want to charge my card right now", "I want to change my card right now"),
        ("the dog bites the man at the gate", "the man bites the dog at the gate"),
        ("the app works on android phones only", "the app works on iphone phones only"),
        ("味道很好服务态度也好", "味道不好服务态度也好"),
        ("等了两个小时才送到家里来", "等了三个小时才送到家里来"),
        ("great app", "great app thanks"),
        ("die App funktioniert auf meinem Handy", "die App funktioniert nicht auf meinem Handy"),
        ("x" * 30 + " word" * 2_000 + " yes", "x" * 30 + " word" * 2_000 + " no"),
    ],
)
def test_what_turns_the_meaning_stays_apart(one, other):
    assert together(one, other) == []


def test_a_rare_word_beside_a_frequent_one_is_a_slip():
    texts = [f"{place} please refund the order" for place in ("rome", "oslo", "bern", "wien", "paris")]
    texts += [f"the order from {place} came late" for place in ("rome", "oslo", "bern", "wien", "paris")]
    groups = near_duplicates([*texts, "rome please refund the ordar"])
    assert groups[-1] == groups[0] >= 0
    assert near_duplicates(["rome please refund the order", "rome please refund the ordar"]).tolist() == [
        -1,
        -1,
    ]


def real_texts():
    if not DATA.exists():
        reason = "the real data is not on this machine"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    for name, column in (("airline_tweets_60.csv", "text"), ("banking77_train.csv", "text")):
        with (DATA / name).open(encoding="utf-8-sig", newline="") as file:
            yield from (row[column] for row in csv.DictReader(file))


def test_planted_copies_of_real_comments_are_found_and_planted_opposites_are_not():
    chance = random.Random(5)
    texts = [text for text in dict.fromkeys(real_texts()) if 6 <= len(text.split()) <= 60]
    chosen = chance.sample(range(len(texts)), 1_500)
    copies, opposites = [], []
    for row in chosen:
        copies.append(f"Hi {texts[row]} please!!")
        copies.append(texts[row].upper() + " 😡")
        words = texts[row].split()
        words.insert(chance.randrange(1, len(words)), "not")
        opposites.append(" ".join(words))
    groups = near_duplicates([*texts, *copies, *opposites])
    own = groups[chosen]
    found = (groups[len(texts) : len(texts) + 3_000].reshape(-1, 2) == own[:, None]) & (own[:, None] >= 0)
    wrong = (groups[len(texts) + 3_000 :] == own) & (own >= 0)
    assert found.mean() >= 0.9
    assert wrong.mean() <= 0.002


# ---- bursts ---------------------------------------------------------------------------------------


def spread(rows, start="2024-01-01", step="1h"):
    return pd.Series(pd.date_range(start, periods=rows, freq=step))


def test_a_burst_is_far_more_than_the_pace_of_all_comments():
    dates = spread(1_000)  # 24 comments a day
    texts = [f"comment number {row}" for row in range(1_000)]
    groups = np.full(1_000, -1)
    groups[500:508] = 0  # eight within a night
    groups[10:1000:120] = 1  # nine over six weeks
    authors = pd.Series(["ann", "bob"] * 500)
    assert bursts(texts, groups, dates, authors) == (
        Burst("comment number 500", 8, "2024-01-21T20:00:00", "2024-01-22T03:00:00", 2),
    )


def test_no_burst_where_all_comments_came_at_once_or_no_date_is_known():
    texts = ["same"] * 50
    groups = np.zeros(50, dtype=np.int64)
    assert bursts(texts, groups, spread(50, step="1min")) == ()
    assert bursts(texts, groups, pd.Series([pd.NaT] * 50, dtype="datetime64[us]")) == ()
    assert bursts(texts, groups, None) == ()


def test_two_bursts_of_one_group_are_told_apart():
    dates = pd.concat([spread(2_000), spread(6, "2024-01-10", "1min"), spread(7, "2024-03-01", "1min")])
    groups = np.concatenate([np.full(2_000, -1), np.zeros(13, dtype=np.int64)])
    found = bursts(["x"] * 2_013, groups, dates.reset_index(drop=True))
    assert [(burst.rows, burst.first[:10], burst.authors) for burst in found] == [
        (7, "2024-03-01", 0),
        (6, "2024-01-10", 0),
    ]
    assert bursts(["x"] * 2_013, groups * 0 - 1, dates.reset_index(drop=True)) == ()
