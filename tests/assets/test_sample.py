"""The sample is what its truth says: counted from the CSV alone, never from the code that wrote it."""

import csv
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

SAMPLE = Path(__file__).resolve().parents[2] / "assets" / "sample"
PATTERNS = {
    "email": r"[\w.-]+@example\.(com|org)\b",
    "phone": r"\+\d{1,2} \(?\d{2,3}\)?[ -]\d{3,4}[ -]\d{4}\b",
    "card": r"\b\d{4}([ -]\d{4}){3}\b",
    "ip": r"\b(192\.0\.2|198\.51\.100|203\.0\.113)\.\d{1,3}\b",
}
COLUMNS = ["date", "channel", "account", "plan", "region", "author", "rating", "topic", "comment"]


@pytest.fixture(scope="module")
def rows():
    with (SAMPLE / "feedback.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def truth():
    return json.loads((SAMPLE / "truth.json").read_text("utf-8"))


def words(text):
    return " ".join(re.sub(r"[^\w]+", " ", text.lower()).split())


def share(flags):
    flags = list(flags)
    return sum(flags) / len(flags)


def test_shape(rows, truth):
    assert list(rows[0]) == COLUMNS
    assert len(rows) == truth["rows"] == len(truth["topic_of_row"]) == len(truth["language_of_row"])
    assert 1400 <= len(rows) <= 1600
    assert Counter(truth["topic_of_row"]) == truth["topics"]
    assert len(truth["topics"]) == 6
    assert b"\r" not in (SAMPLE / "feedback.csv").read_bytes()


def test_sixteen_months_in_order(rows, truth):
    dates = [row["date"] for row in rows]
    months = sorted({day[:7] for day in dates})
    assert dates == sorted(dates)
    assert (months[0], months[-1], len(months)) == (truth["first_month"], truth["last_month"], 16)
    assert min(Counter(day[:7] for day in dates).values()) >= 50


def test_accounts_keep_their_plan_and_region(rows, truth):
    places = {row["account"]: (row["plan"], row["region"]) for row in rows}
    assert all(places[row["account"]] == (row["plan"], row["region"]) for row in rows)
    assert len(places) == truth["accounts"] == 120
    assert {plan for plan, _ in places.values()} == {"Free", "Team", "Business", "Enterprise"}
    assert {region for _, region in places.values()} == {
        "North America",
        "Europe",
        "Asia Pacific",
        "Latin America",
    }
    assert {row["channel"] for row in rows} == {"app review", "support ticket", "survey", "sales note"}


def test_ratings_differ_by_topic(rows, truth):
    assert {row["rating"] for row in rows} == {"", "1", "2", "3", "4", "5"}
    for topic, expected in truth["ratings"].items():
        own = [
            int(row["rating"])
            for row, of in zip(rows, truth["topic_of_row"], strict=True)
            if of == topic and row["rating"]
        ]
        assert (round(sum(own) / len(own), 2), len(own)) == (expected["mean"], expected["n"])
    means = {topic: expected["mean"] for topic, expected in truth["ratings"].items()}
    assert min(means, key=means.get) == truth["jump"]["topic"]
    assert max(means, key=means.get) == "AI and automation"


def test_labels_are_partial_with_known_mistakes(rows, truth):
    wrong = {mistake["row"]: mistake for mistake in truth["wrong_labels"]}
    assert share(bool(row["topic"]) for row in rows) == pytest.approx(0.60, abs=0.02)
    assert len(wrong) / sum(bool(row["topic"]) for row in rows) == pytest.approx(0.03, abs=0.006)
    for at, (row, topic) in enumerate(zip(rows, truth["topic_of_row"], strict=True)):
        if at in wrong:
            assert (row["topic"], topic) == (wrong[at]["given"], wrong[at]["true"])
            assert row["topic"] != topic
        else:
            assert row["topic"] in {"", topic}


def test_growth(rows, truth):
    months = sorted({row["date"][:7] for row in rows})
    assert len(truth["growing"]) == 2
    for topic, growth in truth["growing"].items():
        for key, edge in (
            ("first_months_share", months[: growth["months"]]),
            ("last_months_share", months[-growth["months"] :]),
        ):
            found = share(
                of == topic
                for row, of in zip(rows, truth["topic_of_row"], strict=True)
                if row["date"][:7] in edge
            )
            assert found == pytest.approx(growth[key], abs=0.0006)
        assert growth["last_months_share"] > 1.5 * growth["first_months_share"]


def test_jump_has_its_factor(rows, truth):
    """Rows a day over the 120 days before and after the release."""
    days = sorted({row["date"] for row in rows})
    release = days.index(next(day for day in days if day >= truth["jump"]["date"]))
    before, after = set(days[release - 120 : release]), set(days[release : release + 120])
    own = [
        row["date"]
        for row, of in zip(rows, truth["topic_of_row"], strict=True)
        if of == truth["jump"]["topic"]
    ]
    factor = sum(day in after for day in own) / sum(day in before for day in own)
    assert factor == pytest.approx(truth["jump"]["factor"], rel=0.3)
    assert sum(day < truth["jump"]["date"] for day in own) == truth["jump"]["rows_before"]
    assert len(own) == truth["jump"]["rows_before"] + truth["jump"]["rows_after"]


def test_other_topics_keep_their_count(rows, truth):
    months = sorted({row["date"][:7] for row in rows})
    for topic in set(truth["topics"]) - set(truth["growing"]) - {truth["jump"]["topic"]}:
        counts = Counter(
            row["date"][:7] for row, of in zip(rows, truth["topic_of_row"], strict=True) if of == topic
        )
        first, second = (sum(counts[month] for month in half) for half in (months[:8], months[8:]))
        assert second / first == pytest.approx(1, abs=0.2)


def test_segment(rows, truth):
    segment = truth["segment"]
    pairs = list(zip(rows, truth["topic_of_row"], strict=True))
    inside = share(of == segment["topic"] for row, of in pairs if row[segment["column"]] == segment["value"])
    elsewhere = share(
        of == segment["topic"] for row, of in pairs if row[segment["column"]] != segment["value"]
    )
    assert inside == pytest.approx(segment["share"], abs=0.0006)
    assert elsewhere == pytest.approx(segment["share_elsewhere"], abs=0.0006)
    assert inside > 2 * elsewhere


def test_duplicates_and_votes_explain_every_repeated_text(rows, truth):
    copies = {pair["row"]: pair["copy_of"] for pair in truth["duplicates"]}
    assert len(copies) == 15
    assert all(rows[copy] == rows[first] for copy, first in copies.items())
    votes = [at for ids in truth["votes"].values() for at in ids]
    assert 18 <= len(votes) <= 24
    for text, ids in truth["votes"].items():
        assert {rows[at]["comment"] for at in ids} == {text}
        assert len({rows[at]["author"] for at in ids}) == len(ids) > 1
    others = [words(row["comment"]) for at, row in enumerate(rows) if at not in copies and at not in votes]
    assert len(set(others)) == len(others)


def test_texts_are_mostly_distinct_and_of_all_lengths(rows, truth):
    assert len({words(row["comment"]) for row in rows}) / len(rows) > 0.9
    spaced = [row for row, code in zip(rows, truth["language_of_row"], strict=True) if code != "ja"]
    lengths = [len(row["comment"].split()) for row in spaced]
    assert min(lengths) == 2
    assert 50 <= max(lengths) <= 90
    assert sum("\n" in row["comment"] for row in rows) >= 20
    assert {row["comment"][0] for row in rows} >= {"=", "-"}


def test_personal_data_is_where_truth_says(rows, truth):
    planted = {item["row"]: item["kind"] for item in truth["personal_data"]}
    found = {
        at: kind
        for at, row in enumerate(rows)
        for kind, pattern in PATTERNS.items()
        if re.search(pattern, row["comment"])
    }
    assert found == planted
    assert Counter(planted.values()) == {"email": 8, "phone": 5, "card": 3, "ip": 4}


def test_languages(rows, truth):
    counts = Counter(truth["language_of_row"])
    assert counts == truth["languages"]
    assert 0.06 <= sum(counts[code] for code in ("de", "es", "fr")) / len(rows) <= 0.08
    assert counts["ja"] and counts["pt"]
    japanese = [at for at, row in enumerate(rows) if re.search(r"[\u3040-\u30ff]", row["comment"])]
    assert japanese == [at for at, code in enumerate(truth["language_of_row"]) if code == "ja"]


def test_generating_again_gives_the_same_bytes(tmp_path):
    subprocess.run([sys.executable, SAMPLE / "generate.py", tmp_path], check=True)
    for name in ("feedback.csv", "truth.json"):
        assert (tmp_path / name).read_bytes() == (SAMPLE / name).read_bytes()
