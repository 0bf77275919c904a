"""The accounts file of a dataset, and how many accounts of each kind the whole customer base has."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd
from sqlalchemy import delete, func, insert, select

from core.domain import SEGMENT
from core.errors import AppError, NotFound
from core.store.database import Engines, forget_deleted, insert_many, transaction
from core.store.tables import account, account_file, dataset, feedback, segment_size

LARGEST_BASE = 10**12


@dataclass(frozen=True)
class AccountFacts:
    """About the file itself."""

    file_name: str
    sha256: str
    columns: Mapping[str, object]  # account, revenue, seats: names of columns; segments: a tuple of them


@dataclass(frozen=True)
class AccountFile:
    dataset_id: int
    file_name: str
    sha256: str
    columns: Mapping[str, object]
    rows: int  # accounts
    created_at: datetime


@dataclass(frozen=True)
class Accounts:
    engines: Engines

    def replace(self, dataset_id: int, facts: AccountFacts, table: pd.DataFrame) -> AccountFile:
        """`table`: account (unique), revenue, seats, SEGMENT + name. The file before goes.

        Raises NotFound.
        """
        values = {
            "dataset_id": dataset_id,
            "file_name": facts.file_name[:200],
            "sha256": facts.sha256,
            "columns": facts.columns,
            "rows": len(table),
            "created_at": datetime.now(UTC),
        }
        with transaction(self.engines.write) as connection:
            if connection.scalar(select(dataset.c.id).where(dataset.c.id == dataset_id)) is None:
                raise NotFound("This dataset is not there any more. Choose another one on the Feedback page.")
            connection.execute(delete(account).where(account.c.dataset_id == dataset_id))
            connection.execute(delete(account_file).where(account_file.c.dataset_id == dataset_id))
            connection.execute(insert(account_file).values(values))
            names = ("dataset_id", "account", "revenue", "seats", "fields")
            insert_many(connection, account, names, _rows(dataset_id, table))
        forget_deleted(self.engines.write)
        return AccountFile(**values)

    def file(self, dataset_id: int) -> AccountFile | None:
        query = select(account_file).where(account_file.c.dataset_id == dataset_id)
        with transaction(self.engines.read) as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else AccountFile(**row._mapping)

    def table(self, dataset_id: int) -> pd.DataFrame:
        """account, revenue, seats (NaN: not known), then SEGMENT + name; ordered by account."""
        names = ("account", "revenue", "seats", "fields")
        query = select(*(account.c[name] for name in names)).where(account.c.dataset_id == dataset_id)
        with transaction(self.engines.read) as connection:
            rows = connection.execute(query.order_by(account.c.account)).all()
        frame = pd.DataFrame(rows, columns=names)
        frame = frame.astype({"account": "str", "revenue": "float64", "seats": "float64"})
        fields = [json.loads(cells) for cells in frame.pop("fields")]
        for name in dict.fromkeys(name for cells in fields for name in cells):
            frame[SEGMENT + name] = pd.Series([cells.get(name, "") for cells in fields], dtype="str")
        return frame

    def remove(self, dataset_id: int) -> None:
        """The accounts and their file; sizes that were typed in stay."""
        with transaction(self.engines.full) as connection:
            connection.execute(delete(account).where(account.c.dataset_id == dataset_id))
            connection.execute(delete(account_file).where(account_file.c.dataset_id == dataset_id))
        forget_deleted(self.engines.full)

    def sizes(self, dataset_id: int) -> dict[str, dict[str, int]]:
        """Segment -> value -> accounts of the whole customer base; what was typed in for a segment takes
        the place of what the file says about it."""
        table = self.table(dataset_id)
        found = {}
        for name in table.columns:
            if name.startswith(SEGMENT):
                counts = table[name][table[name] != ""].value_counts()
                found[name.removeprefix(SEGMENT)] = {str(value): int(n) for value, n in counts.items()}
        return found | self.typed_sizes(dataset_id)

    def typed_sizes(self, dataset_id: int) -> dict[str, dict[str, int]]:
        query = select(segment_size.c.segment, segment_size.c.value, segment_size.c.accounts)
        query = query.where(segment_size.c.dataset_id == dataset_id)
        query = query.order_by(segment_size.c.segment, segment_size.c.accounts.desc(), segment_size.c.value)
        found: dict[str, dict[str, int]] = {}
        with transaction(self.engines.read) as connection:
            for row in connection.execute(query):
                found.setdefault(row.segment, {})[row.value] = row.accounts
        return found

    def set_sizes(self, dataset_id: int, segment: str, sizes: Mapping[str, int]) -> None:
        """Typed in by a person; an empty mapping goes back to the file. Raises AppError, NotFound."""
        for value, accounts in sizes.items():
            if not 0 <= accounts <= LARGEST_BASE or not value:
                raise AppError("The number of accounts of each value must be 0 or more. Correct it.")
        rows = [(dataset_id, segment, value, int(accounts)) for value, accounts in sizes.items()]
        where = (segment_size.c.dataset_id == dataset_id, segment_size.c.segment == segment)
        with transaction(self.engines.write) as connection:
            if connection.scalar(select(dataset.c.id).where(dataset.c.id == dataset_id)) is None:
                raise NotFound("This dataset is not there any more. Choose another one on the Feedback page.")
            connection.execute(delete(segment_size).where(*where))
            insert_many(connection, segment_size, ("dataset_id", "segment", "value", "accounts"), rows)

    def heard(self, dataset_id: int) -> pd.DataFrame:
        """account ("" : none), the segment columns of the feedback file as JSON, comments: one row for each
        combination of the first two."""
        names = ["account", "segments"]
        query = (
            select(*(feedback.c[name] for name in names), func.count().label("comments"))
            .where(feedback.c.dataset_id == dataset_id)
            .group_by(*(feedback.c[name] for name in names))
        )
        with transaction(self.engines.read) as connection:
            rows = connection.execute(query).all()
        frame = pd.DataFrame(rows, columns=[*names, "comments"])
        return frame.astype({"account": "str", "segments": "str", "comments": "int64"})


def _rows(dataset_id: int, table: pd.DataFrame) -> list[tuple]:
    segments = [name for name in table.columns if name.startswith(SEGMENT)]
    names = [name.removeprefix(SEGMENT) for name in segments]
    cells = zip(*(table[name].tolist() for name in segments), strict=True) if segments else [()] * len(table)
    numbers = (table[name].astype(float).tolist() for name in ("revenue", "seats"))
    return [
        (
            dataset_id,
            key,
            None if math.isnan(revenue) else revenue,
            None if math.isnan(seats) else seats,
            json.dumps(dict(zip(names, values, strict=True)), ensure_ascii=False),
        )
        for key, revenue, seats, values in zip(table["account"].tolist(), *numbers, cells, strict=True)
    ]
