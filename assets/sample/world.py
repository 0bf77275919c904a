"""The made-up world of the sample: accounts, people, and which topic is written about on which day."""

import random
from dataclasses import dataclass
from datetime import date, timedelta

from stock import TEXTS

FIRST_DAY, LAST_DAY = date(2025, 7, 1), date(2026, 10, 31)
RELEASE = date(2026, 6, 16)  # Brindle 5.0 breaks notifications
JUMP_FACTOR = 3.5

AI, REPORTING, NOTIFICATIONS = "AI and automation", "Reporting", "Notifications"
ACCESS, BILLING, SPEED = "Access and security", "Billing and plans", "Speed and stability"
TOPICS = {  # topic -> rows a month on the first and on the last day
    AI: (5, 27),
    REPORTING: (6, 25),
    NOTIFICATIONS: (6, 6),  # times JUMP_FACTOR from RELEASE on
    ACCESS: (16, 16),
    BILLING: (16, 16),
    SPEED: (17, 17),
}
PLANS = {"Free": 28, "Team": 42, "Business": 32, "Enterprise": 18}  # accounts, 120 in all
SEATS = {"Free": 1, "Team": 2, "Business": 3, "Enterprise": 5}  # people who write, at most
ENTERPRISE_ACCESS = 4  # how much likelier an Enterprise account writes about access
CHANNELS = {"app review": 30, "support ticket": 32, "survey": 28, "sales note": 10}
REPS = {  # who writes the sales notes
    "North America": ("Corey S.", "Janelle B."),
    "Europe": ("Annika T.", "Marco D."),
    "Asia Pacific": ("Hui Min L.",),
    "Latin America": ("Renata F.",),
}


@dataclass(frozen=True)
class Account:
    name: str
    plan: str
    region: str
    authors: tuple[str, ...]
    weight: float  # how much it writes


@dataclass
class Row:
    date: date
    topic: str  # the true one
    account: Account
    channel: str
    author: str
    comment: str = ""
    rating: int | None = None
    language: str = "en"
    label: str = ""  # as given by a person, "" when nobody did
    vote: bool = False
    personal: str = ""  # kind of the planted personal data
    copy_of: "Row | None" = None


def make_accounts(rng: random.Random) -> list[Account]:
    blocks = (TEXTS / "people.txt").read_text("utf-8").split("## ")[1:]
    lists = {head: body for head, _, body in (block.partition("\n") for block in blocks)}
    plans = [plan for plan, count in PLANS.items() for _ in range(count)]
    rng.shuffle(plans)
    accounts: list[Account] = []
    for region in REPS:
        people = [
            f"{first} {last}." for first in lists[f"names {region}"].split() for last in "BCDGHKLMPRSTW"
        ]
        rng.shuffle(people)
        for name in lists[region].split(";"):
            plan = plans.pop()
            authors = tuple(people.pop() for _ in range(rng.randint(1, SEATS[plan])))
            weight = rng.lognormvariate(0, 0.5) * (1.6 if plan == "Enterprise" else 1.0)
            accounts.append(Account(name.strip(), plan, region, authors, weight))
    return accounts


def monthly_rate(topic: str, day: date) -> float:
    """Rows a month of `topic` expected around `day`."""
    start, end = TOPICS[topic]
    rate = start + (end - start) * (day - FIRST_DAY) / (LAST_DAY - FIRST_DAY)
    return rate * JUMP_FACTOR if topic == NOTIFICATIONS and day >= RELEASE else rate


def expected_share(topic: str, day: date) -> float:
    return monthly_rate(topic, day) / sum(monthly_rate(other, day) for other in TOPICS)


def draw_rows(rng: random.Random, accounts: list[Account]) -> list[Row]:
    rows = []
    for topic in TOPICS:
        for day in draw_days(rng, topic):
            account = pick_account(rng, accounts, topic)
            channel = pick_channel(rng, account)
            people = REPS[account.region] if channel == "sales note" else account.authors
            rows.append(Row(day, topic, account, channel, rng.choice(people)))
    return rows


def pick_channel(rng: random.Random, account: Account) -> str:
    """Nobody from sales visits a Free account."""
    chances = {
        name: 0 if (name, account.plan) == ("sales note", "Free") else n for name, n in CHANNELS.items()
    }
    return rng.choices(list(chances), list(chances.values()))[0]


def draw_days(rng: random.Random, topic: str) -> list[date]:
    """Uneven steps along the cumulated rate: random days, but about as many a month as expected."""
    days, total, due = [], 0.0, rng.random()
    day = FIRST_DAY
    while day <= LAST_DAY:
        total += monthly_rate(topic, day) / 30.4 * (0.45 if day.weekday() >= 5 else 1.22)
        while due < total:
            days.append(day)
            due += rng.uniform(0.2, 1.8)
        day += timedelta(days=1)
    return days


def pick_account(rng: random.Random, accounts: list[Account], topic: str) -> Account:
    def weight(account: Account) -> float:
        over = topic == ACCESS and account.plan == "Enterprise"
        return account.weight * (ENTERPRISE_ACCESS if over else 1)

    return rng.choices(accounts, [weight(account) for account in accounts])[0]
