"""Writes the sample: feedback on Brindle, a made-up shared inbox for customer teams.

    python assets/sample/generate.py [folder]

Everything is drawn from one seeded generator, so the same code gives the same bytes. What is in it
on purpose (growth, a jump, a segment, duplicates, personal data, wrong labels) stands in truth.json.
"""

import csv
import json
import random
import sys
from pathlib import Path

from compose import Composer
from plant import add_labels, add_personal_data, add_votes, with_duplicates
from truth import describe
from world import Row, draw_rows, make_accounts

SEED = 20261031
COLUMNS = ("date", "channel", "account", "plan", "region", "author", "rating", "topic", "comment")


def make_rows(seed: int) -> list[Row]:
    rng = random.Random(seed)  # noqa: S311 - a sample, not a secret
    accounts = make_accounts(rng)
    rows = draw_rows(rng, accounts)
    rng.shuffle(rows)  # so that a text that is used twice lies anywhere in the file
    Composer(rng).write_all(rows)
    add_votes(rng, rows, accounts)
    rows.sort(key=lambda row: row.date)
    add_personal_data(rng, rows)
    add_labels(rng, rows)
    return with_duplicates(rng, rows)


def cells(row: Row) -> tuple[object, ...]:
    place = (row.account.name, row.account.plan, row.account.region)
    rating = "" if row.rating is None else row.rating
    return (row.date.isoformat(), row.channel, *place, row.author, rating, row.label, row.comment)


def write(folder: Path) -> None:
    rows = make_rows(SEED)
    with (folder / "feedback.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(cells(row) for row in rows)
    truth = json.dumps(describe(rows, SEED), ensure_ascii=False, indent=1)
    (folder / "truth.json").write_text(truth + "\n", "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
