"""Frozen reports, each named by its run and its content."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, func, insert, select

from core.errors import NotFound
from core.store.database import Engines, transaction
from core.store.presence import ready
from core.store.tables import dataset, report, run


@dataclass(frozen=True)
class StoredReport:
    id: int
    run_id: int
    title: str
    content: str  # JSON
    sha256: str  # of the content
    created_at: datetime


@dataclass(frozen=True)
class Reports:
    engines: Engines

    def add(self, run_id: int, title: str, content: str, data_sha256: str = "") -> int | None:
        """The id of the report; the same content for the same run is stored once.

        None, and nothing stored, when the dataset is not that of `data_sha256` any more: what was read
        before may have been forgotten meanwhile.
        """
        sha256 = hashlib.sha256(content.encode()).hexdigest()
        same = select(report.c.id).where(report.c.run_id == run_id, report.c.sha256 == sha256)
        values = {"run_id": run_id, "title": title, "content": content, "sha256": sha256}
        now = select(dataset.c.sha256).join_from(run, dataset).where(run.c.id == run_id)
        with transaction(self.engines.write) as connection:
            if data_sha256 and connection.scalar(now) != data_sha256:
                return None
            stored = connection.scalar(same)
            if stored is not None:
                return stored
            new = insert(report).values(**values, created_at=datetime.now(UTC))
            return connection.execute(new).inserted_primary_key[0]

    def get(self, report_id: int) -> StoredReport:
        """Raises NotFound."""
        query = select(report).where(report.c.id == report_id, _visible())
        with transaction(self.engines.read) as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFound("This report is not there any more. Make it again on the Report page.")
        return StoredReport(**row._mapping)

    def latest(self, run_id: int) -> StoredReport | None:
        return next(iter(self.list(run_id)), None)

    def newest_id(self, run_id: int) -> int | None:
        """Of the latest one, without its content."""
        with transaction(self.engines.read) as connection:
            return connection.scalar(
                select(func.max(report.c.id)).where(report.c.run_id == run_id, _visible())
            )

    def list(self, run_id: int) -> list[StoredReport]:
        """Newest first."""
        query = select(report).where(report.c.run_id == run_id, _visible()).order_by(report.c.id.desc())
        with transaction(self.engines.read) as connection:
            return [StoredReport(**row._mapping) for row in connection.execute(query)]


def _visible() -> ColumnElement[bool]:
    return report.c.run_id.in_(select(run.c.id).where(run.c.dataset_id.in_(ready())))
