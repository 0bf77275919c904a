"""What is put into the sample on purpose: votes, duplicates, personal data, labels with mistakes."""

import random
import re
import unicodedata
from dataclasses import replace
from datetime import timedelta

from world import ACCESS, AI, BILLING, LAST_DAY, NOTIFICATIONS, RELEASE, REPORTING, SPEED, Account, Row

VOTES = {  # short words that several people sent in a one-question survey: topic, first day, rating, people
    "Love it": (AI, LAST_DAY - timedelta(days=200), 5, 6),
    "Too slow": (SPEED, LAST_DAY - timedelta(days=480), 1, 6),
    "Too expensive": (BILLING, LAST_DAY - timedelta(days=480), 2, 5),
    "Notifications are broken": (NOTIFICATIONS, RELEASE, 1, 4),
}
DUPLICATES, LABELLED, WRONG = 15, 0.60, 0.03
LIKELY_MISTAKE = {  # what a hurried person confuses
    AI: NOTIFICATIONS,
    REPORTING: SPEED,
    NOTIFICATIONS: SPEED,
    ACCESS: BILLING,
    BILLING: ACCESS,
    SPEED: REPORTING,
}
ANYTHING = ""
# Addresses, numbers and networks that are reserved for examples and reach nobody.
PERSONAL = {  # kind -> which comments it fits, and how it is said
    "email": (
        ANYTHING,
        "You can reach me at {first}.k@example.com.",
        "Please answer to {first}@example.org, I'm out of the office next week.",
        "Please also write to my colleague dana.whit@example.com.",
        "Please keep r.ortega@example.org in copy.",
        "Send the answer to it-desk@example.com as well, please.",
        "The quickest way to reach me is {first}.test@example.org.",
        "Copy accounts@example.com on the reply.",
        "My private address is {first}77@example.com in case I'm cut off.",
    ),
    "phone": (
        ANYTHING,
        "Call me on +1 202 555 0143 if that's quicker.",
        "My direct line is +1 415 555 0187.",
        "Best reached at +44 20 7946 0958 after two.",
        "Phone: +1 (303) 555-0121",
        "You can also ring our front desk, +44 161 496 0342.",
    ),
    "card": (
        r"[Cc]harged|card|[Bb]illed|[Pp]ayment|refund",
        "It's the card 4111 1111 1111 1111.",
        "We paid with 5555 5555 5555 4444, please check that one.",
        "The number on file is 4012-8888-8888-1881.",
    ),
    "ip": (
        r"[Ll]og ?in|[Ll]ogged|SSO|SAML|[Ss]ign.?(in|on)|account was locked|[Pp]assword",
        "Our office address is 192.0.2.17 in case you need it.",
        "The log shows 198.51.100.23 for that session.",
        "Requests come from 203.0.113.80 and 203.0.113.81.",
        "We sign in from 192.0.2.144.",
    ),
}


def add_votes(rng: random.Random, rows: list[Row], accounts: list[Account]) -> None:
    for words, (topic, first, rating, people) in VOTES.items():
        for account in rng.sample(accounts, people):
            day = first + timedelta(days=rng.randint(0, (LAST_DAY - first).days))
            author = rng.choice(account.authors)
            rows.append(Row(day, topic, account, "survey", author, words, rating, vote=True))


def add_personal_data(rng: random.Random, rows: list[Row]) -> None:
    tickets = [row for row in rows if row.channel == "support ticket" and row.language == "en"]
    for kind, (fits, *sentences) in reversed(PERSONAL.items()):
        homes = [row for row in tickets if not row.personal and fitting(row, kind, fits)]
        for sentence, row in zip(sentences, rng.sample(homes, len(sentences)), strict=True):
            stop = "" if row.comment[-1] in ".?!" else "."
            row.comment += stop + " " + sentence.format(first=mailbox(row.author))
            row.personal = kind


def fitting(row: Row, kind: str, pattern: str) -> bool:
    topic = {"card": BILLING, "ip": ACCESS}.get(kind, row.topic)
    signed = row.comment.endswith(row.author.split(maxsplit=1)[0])
    short = len(row.comment) < 250 and not signed
    return row.topic == topic and short and re.search(pattern, row.comment) is not None


def mailbox(author: str) -> str:
    """The first name as it stands in an address: small, without accents."""
    plain = unicodedata.normalize("NFKD", author.split(maxsplit=1)[0]).encode("ascii", "ignore")
    return plain.decode().lower()


def add_labels(rng: random.Random, rows: list[Row]) -> None:
    """A person labelled a random part of the rows, and slipped now and then."""
    labelled = rng.sample(rows, round(LABELLED * len(rows)))
    for row in labelled:
        row.label = row.topic
    for row in rng.sample(labelled, round(WRONG * len(labelled))):
        row.label = LIKELY_MISTAKE[row.topic]


def with_duplicates(rng: random.Random, rows: list[Row]) -> list[Row]:
    """The rows with some of them sent a second time, right behind the first."""
    once = [row for row in rows if row.language == "en" and not row.vote and not row.personal]
    twice = {id(row) for row in rng.sample(once, DUPLICATES)}
    result = []
    for row in rows:
        result.append(row)
        if id(row) in twice:
            result.append(replace(row, copy_of=row))
    return result
