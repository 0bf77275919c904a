"""The answers behind the sample: what a good analysis should find."""

from collections import Counter, defaultdict
from datetime import date

from plant import VOTES
from world import (
    ACCESS,
    AI,
    FIRST_DAY,
    JUMP_FACTOR,
    LAST_DAY,
    NOTIFICATIONS,
    RELEASE,
    REPORTING,
    TOPICS,
    Row,
    expected_share,
)

EDGE_MONTHS = 4  # measured growth compares the first with the last months


def describe(rows: list[Row], seed: int) -> dict[str, object]:
    """Everything by row number; 0 is the first row after the header."""
    return {
        "product": "Brindle, a shared inbox and helpdesk for customer teams (made up)",
        "seed": seed,
        "rows": len(rows),
        "accounts": len({row.account.name for row in rows}),
        "first_month": FIRST_DAY.isoformat()[:7],
        "last_month": LAST_DAY.isoformat()[:7],
        "topics": dict(Counter(row.topic for row in rows).most_common()),
        "ratings": {topic: rating_of(rows, topic) for topic in TOPICS},
        "growing": {topic: growth(rows, topic) for topic in (AI, REPORTING)},
        "steady": "The other topics keep their number of comments a month; their share falls as others grow.",
        "jump": jump(rows),
        "segment": segment(rows),
        "duplicates": [
            {"row": at, "copy_of": at - 1} for at, row in enumerate(rows) if row.copy_of is not None
        ],
        "votes": {words: [at for at, row in enumerate(rows) if row.comment == words] for words in VOTES},
        "personal_data": [{"row": at, "kind": row.personal} for at, row in enumerate(rows) if row.personal],
        "wrong_labels": [
            {"row": at, "given": row.label, "true": row.topic}
            for at, row in enumerate(rows)
            if row.label and row.label != row.topic
        ],
        "languages": dict(Counter(row.language for row in rows).most_common()),
        "language_of_row": [row.language for row in rows],
        "topic_of_row": [row.topic for row in rows],
    }


def rating_of(rows: list[Row], topic: str) -> dict[str, float]:
    ratings = [row.rating for row in rows if row.topic == topic and row.rating is not None]
    return {"mean": round(sum(ratings) / len(ratings), 2), "n": len(ratings)}


def growth(rows: list[Row], topic: str) -> dict[str, float]:
    """Designed shares on the first and last day, and the counted ones at both edges."""
    months = sorted({month(row.date) for row in rows})
    return {
        "start_share": round(expected_share(topic, FIRST_DAY), 3),
        "end_share": round(expected_share(topic, LAST_DAY), 3),
        "first_months_share": share(rows, topic, set(months[:EDGE_MONTHS])),
        "last_months_share": share(rows, topic, set(months[-EDGE_MONTHS:])),
        "months": EDGE_MONTHS,
    }


def jump(rows: list[Row]) -> dict[str, object]:
    days = [row.date for row in rows if row.topic == NOTIFICATIONS]
    after = sum(day >= RELEASE for day in days)
    return {
        "topic": NOTIFICATIONS,
        "date": RELEASE.isoformat(),
        "factor": JUMP_FACTOR,
        "cause": "Release 5.0 made notifications late, double or missing.",
        "rows_before": len(days) - after,
        "rows_after": after,
    }


def segment(rows: list[Row]) -> dict[str, object]:
    counts: dict[bool, Counter[bool]] = defaultdict(Counter)
    for row in rows:
        counts[row.account.plan == "Enterprise"][row.topic == ACCESS] += 1
    inside, elsewhere = (counts[at][True] / counts[at].total() for at in (True, False))
    return {
        "column": "plan",
        "value": "Enterprise",
        "topic": ACCESS,
        "share": round(inside, 3),
        "share_elsewhere": round(elsewhere, 3),
    }


def share(rows: list[Row], topic: str, months: set[str]) -> float:
    inside = [row.topic == topic for row in rows if month(row.date) in months]
    return round(sum(inside) / len(inside), 3)


def month(day: date) -> str:
    return day.isoformat()[:7]
