import hashlib
import json
from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from core.domain import CELLS, FEEDBACK, LABEL, LABEL_BREAK, NUMBER, SEGMENT
from core.ingest.duplicates import Burst
from core.ingest.health import Health, HealthTally, health

TODAY = datetime(2024, 6, 1, 12)


def table(texts, **columns):
    """A feedback table; dates and ratings as lists, other columns "" unless given."""
    blank = pd.Series([""] * len(texts), dtype="str")
    made = {name: blank for name in FEEDBACK if name != "id"}
    made["text"] = pd.Series(texts, dtype="str")
    made["text_hash"] = pd.Series([hashlib.sha256(t.encode()).hexdigest()[:16] for t in texts], dtype="str")
    made["language"] = pd.Series(["en"] * len(texts), dtype="str")
    made["date"] = pd.to_datetime(
        pd.Series(columns.pop("date", [None] * len(texts))), format="ISO8601"
    ).astype("datetime64[us]")
    made["rating"] = pd.Series(columns.pop("rating", [None] * len(texts)), dtype="float64")
    for name, cells in columns.items():
        made[name] = pd.Series(cells, dtype="float64" if name.startswith(NUMBER) else "str")
    return pd.DataFrame(made)


def tally(*tables, **facts):
    counting = HealthTally(TODAY)
    for part in tables:
        counting.add(part)
    return counting.finish(**facts)


def said(found):
    return " ".join(found.lines)


FOUR = {
    "label": ["slow", "good", "", "slow"],
    "date": ["2024-01-02", None, "2024-01-05", "2024-01-03"],
    "rating": [5, None, None, 1],
    "author": ["a" * 12, "b" * 12, "", "a" * 12],
    "language": ["unknown", "zh", "zh", "en"],
}
TEXTS = ["one two three", "送餐很快", "送餐很快", "a b  c\nd e mail [email]"]


def test_counts_are_those_of_the_table():
    found = health(table(TEXTS, **FOUR), {"email": 1})
    assert (found.rows, found.dated, found.rated, found.labelled, found.authors) == (4, 3, 2, 3, 2)
    assert (found.first_date, found.last_date) == ("2024-01-02", "2024-01-05")
    assert found.label_counts == {"slow": 2, "good": 1}
    assert found.label_sets == {"label": {"slow": 2, "good": 1}}
    assert found.languages == {"zh": 2, "unknown": 1, "en": 1}
    assert (found.repeated_texts, found.empty_texts) == (1, 0)
    assert found.words == (1, 2, 4)  # of 1, 1, 3, 7 words
    assert found.characters == (4, 8, 16)  # of 4, 4, 13, 23
    assert found.tokens == (8, 8, 9)  # of 4 + 2, 2 + 4 signs + 2 twice, 10 + 2
    assert found.masked == {"email": 1}
    for part in (
        "Few comments (4)",
        "3 of 4 comments have a label",
        "without a date",
        "1 × email",
        "2 (50%)",
    ):
        assert part in said(found)


def test_chunks_give_what_the_whole_gives():
    whole = table(TEXTS, **FOUR)
    assert tally(whole.iloc[:2], whole.iloc[2:2], whole.iloc[2:3], whole.iloc[3:]) == tally(whole)


def test_missing_columns_say_what_they_would_give():
    found = health(table(["it is far too slow for us"] * 2))
    for part in ("No labels", "No dates", "No ratings", "No authors", "repeat the words"):
        assert part in said(found)
    assert found.first_date == ""


def test_an_empty_table():
    found = health(table(["x"]).iloc[:0])
    assert (found.rows, found.words) == (0, (0, 0, 0))
    assert found.lines == ("No comments yet. Upload a file to begin.",)


def test_label_sets_are_counted_each_and_cells_of_several_labels_for_each_label():
    found = tally(
        table(
            ["a"] * 20,
            **{
                LABEL + "topic": [f"bug{LABEL_BREAK}login"] * 10 + ["bug"] * 9 + [""],
                LABEL + "mood": ["bad"] * 18 + ["good", ""],
            },
        )
    )
    assert found.label_sets == {"topic": {"bug": 19, "login": 10}, "mood": {"bad": 18, "good": 1}}
    assert found.labelled_rows == {"topic": 19, "mood": 19}
    assert (found.labelled, found.label_counts) == (19, {"bug": 19, "login": 10})
    assert "In 'mood': Labels with fewer than 10 comments: 1 ('good')" in said(found)
    assert "In 'mood': 'bad' is the label of 95% of the labelled comments" in said(found)


def test_one_label_and_very_many_labels():
    assert "All labels are the same" in said(tally(table(["a"] * 2, label=["x", "x"])))
    many = table(["a"] * 400, **{LABEL + "id": [str(row // 2) for row in range(400)]})
    assert "200 different labels" in said(tally(many))


def test_dates_that_cannot_be():
    days = ["1970-01-01", "2024-06-01 23:00", "2024-06-02", "2030-01-01"]
    found = tally(table(["a"] * 4, date=days))
    assert (found.old_dates, found.future_dates) == (1, 2)
    assert "dated in the future: 2" in said(found)
    assert "dated before 2000: 1" in said(found)


def test_lengths_against_the_limit_of_the_encoder():
    found = tally(table(["word " * 100, "word " * 97, "short one", "也" * 130]), token_limit=128)
    assert found.longer == {"128": 0.75, "256": 0.0}  # 132, 129, 5 and 134 tokens
    assert "75% of the comments are longer than the 128 tokens" in said(found)
    assert tally(table(["word " * 100]), token_limit=512).longer == {"128": 1.0, "256": 0.0, "512": 0.0}


def test_an_encoder_that_cannot_read_the_text_is_named():
    found = tally(table(["a"]), unknown={"small": 0.051, "large": 0.04})
    assert "The encoder 'small' cannot read 5% of the text" in said(found)
    assert "large" not in said(found)


def test_similar_comments_and_bursts_are_told_without_their_words():
    burst = Burst("secret words", 9, "2024-01-02T10:00:00", "2024-01-02T12:00:00", 2)
    card = tally(table(["a"] * 5))
    assert (card.similar_groups, card.similar_rows) == (None, 0)
    found = card.with_similar(np.array([0, 0, -1, 1, 1]), (burst,))
    assert (found.similar_groups, found.similar_rows, found.bursts[0].rows) == (2, 4, 9)
    assert "4 comments say the same" in said(found)
    assert "the largest has 9 from 2024-01-02 on" in said(found)
    assert "secret" not in json.dumps(found.to_dict())
    assert tally(table(["a"] * 5), groups=np.array([0, 0, -1, 1, 1]), bursts=(burst,)) == found


NAMES = [
    f"{first} {last}"
    for first in ("Anna", "Ben", "Cleo", "Dan", "Eva")
    for last in ("Adler", "Böhm", "Cruz", "Diaz")
]


@pytest.mark.parametrize(
    ("column", "cells", "finding"),
    [
        (SEGMENT + "Plan", ["pro"] * 40, "'Plan' always holds the same value"),
        (NUMBER + "Effort", [3.0] * 40, "'Effort' always holds the same value"),
        (SEGMENT + "Plan", [""] * 40, "'Plan' is empty"),
        (SEGMENT + "Plan", ["pro", "free", *[""] * 38], None),
        (
            SEGMENT + "Ticket",
            [f"t{row}" for row in range(40)],
            "'Ticket' holds a different value in every row",
        ),
        (LABEL + "Ticket", [f"t{row}" for row in range(40)], "'Ticket' holds a different value in every row"),
        (SEGMENT + "City", [f"c{row % 51}" for row in range(110)], "'City' has more than 50 values"),
        (SEGMENT + "City", [f"c{row % 50}" for row in range(110)], None),
        (SEGMENT + "Agent", NAMES * 2, "'Agent' looks like names or addresses of people"),
        (SEGMENT + "Customer name", ["Anna Adler", "Ben Böhm"] * 20, "looks like names or addresses"),
        (SEGMENT + "Airline", ["Virgin America", "US Airways"] * 20, None),
        (
            SEGMENT + "Where",
            [f"{row % 30} Long Street" for row in range(60)],
            "looks like names or addresses",
        ),
        (LABEL + "kind", ["word", "other"] * 20, None),
        ("channel", ["app"] * 40, "'channel' always holds the same value"),
        ("channel", [""] * 40, None),
    ],
)
def test_suspicious_columns(column, cells, finding):
    found = tally(table([f"text {row}" for row in range(len(cells))], **{column: cells}))
    if finding is None:
        assert found.suspicious == ()
    else:
        assert finding in said(found)


def test_a_nearly_empty_column():
    found = tally(table(["a"] * 100, **{SEGMENT + "Plan": ["pro", "free"] + [""] * 98}))
    assert "'Plan' is nearly empty (2 of 100 rows): what it shows" in said(found)


def test_a_label_that_the_text_begins_with():
    texts = ["BUG: it crashes", "Praise, well done"] * 20
    found = tally(table(texts, **{LABEL + "kind": ["bug", "praise"] * 20}))
    assert "'kind' stands as the first word of the text" in said(found)
    found = tally(table(texts, **{LABEL + "kind": ["praise", "bug"] * 20}))
    assert found.suspicious == ()


def test_a_card_survives_its_journey_through_json():
    card = health(
        table(["ab cd"] * 30, **{SEGMENT + "Plan": ["x"] * 30}, label=["a", "b", ""] * 10), {"phone": 2}
    )
    card = card.with_similar(np.zeros(30, dtype=np.int64), (Burst("ab", 6, "2024-01-01", "2024-01-02", 1),))
    assert card.suspicious and card.bursts
    assert Health.from_dict(json.loads(json.dumps(card.to_dict()))) == card


def test_a_card_of_an_earlier_version_can_be_read():
    stored = health(table(["ab"])).to_dict()
    for name in ("label_sets", "tokens", "bursts", "suspicious", "longer"):
        del stored[name]
    found = Health.from_dict({**stored, "something newer": 1})
    assert (found.rows, found.tokens, found.bursts, found.label_sets) == (1, (0, 0, 0), (), {})


def test_other_columns_do_not_matter():
    plain = table(["a", "b"])
    assert tally(plain.assign(**{CELLS: "[]", "id": 1, "external_id": "x"})) == tally(plain)
