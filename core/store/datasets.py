"""Datasets, their imports and their feedback."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd
from sqlalchemy import Connection, Select, delete, func, insert, select, update

from core.domain import Columns, Dataset, Import, Rejection
from core.errors import NotFound
from core.store.database import Engines, forget_deleted, insert_many, transaction
from core.store.frames import HASH_ROWS, STORED, sha256_of_rows, texts, to_frame, to_rows
from core.store.labels import add_labels
from core.store.tables import dataset, feedback, import_, label, label_set
from core.store.values import to_dataset, to_import

IDS_A_QUERY = 10_000  # below SQLite's limit of parameters


@dataclass(frozen=True)
class Datasets:
    engines: Engines

    def add_import(  # noqa: PLR0917
        self,
        name: str,
        file_name: str,
        sha256: str,
        encoding: str,
        delimiter: str,
        columns: Columns,
        rows_in: int,
        table: pd.DataFrame,
        rejections: Sequence[Rejection],
        warnings: Sequence[str],
        label_set_name: str | None,
        sample: bool = False,
        dataset_id: int | None = None,
    ) -> Import:
        """Store one file as a new dataset, or into `dataset_id`; all of it or nothing.

        The same file with the same columns for the same target returns the import that is there.
        """
        rows = to_rows(table)
        labels = texts(table["label"]) if "label" in table.columns else []
        now = datetime.now(UTC)
        facts = {
            "file_name": file_name,
            "sha256": sha256,
            "content_sha256": sha256_of_rows(rows),
            "encoding": encoding,
            "delimiter": delimiter,
            "columns": columns,
            "rows_in": rows_in,
            "rows_stored": len(rows),
            "rejections": tuple(rejections),
            "warnings": tuple(warnings),
            "created_at": now,
        }
        with transaction(self.engines.full) as connection:
            stored = _stored_import(connection, sha256, columns, dataset_id)
            if stored is not None:
                return stored
            target = dataset_id
            if target is None:
                values = {"name": name, "rows": 0, "sha256": "", "sample": sample, "created_at": now}
                target = connection.execute(insert(dataset).values(values)).inserted_primary_key[0]
            _dataset(connection, target)
            facts |= {"dataset_id": target, "opened": dataset_id is None}
            key = connection.execute(insert(import_).values(facts)).inserted_primary_key[0]
            names = ("dataset_id", "import_id", *STORED)
            insert_many(connection, feedback, names, ((target, key, *row) for row in rows))
            if any(labels):
                ids = connection.scalars(_feedback_ids(key)).all()
                pairs = [(i, cell) for i, cell in zip(ids, labels, strict=True) if cell]
                add_labels(connection, target, label_set_name or columns.label or "label", pairs)
            refresh(connection, target)
            return to_import(connection.execute(select(import_).where(import_.c.id == key)).one())

    def get(self, dataset_id: int) -> Dataset:
        """Raises NotFound."""
        with transaction(self.engines.read) as connection:
            return _dataset(connection, dataset_id)

    def imports(self, dataset_id: int) -> list[Import]:
        """Oldest first."""
        query = select(import_).where(import_.c.dataset_id == dataset_id).order_by(import_.c.id)
        with transaction(self.engines.read) as connection:
            return [to_import(row) for row in connection.execute(query)]

    def feedback(self, dataset_id: int, ids: Iterable[int] | None = None) -> pd.DataFrame:
        """The columns of domain.FEEDBACK, then the segment columns, ordered by id.

        With `ids` only those of them that belong to the dataset. Raises NotFound.
        """
        columns = [feedback.c.id, *(feedback.c[name] for name in STORED)]
        query = select(*columns).where(feedback.c.dataset_id == dataset_id).order_by(feedback.c.id)
        with transaction(self.engines.read) as connection:
            _dataset(connection, dataset_id)
            if ids is None:
                return to_frame(connection.execute(query).all())
            wanted = sorted({int(i) for i in ids})
            rows = []
            for start in range(0, len(wanted), IDS_A_QUERY):
                part = feedback.c.id.in_(wanted[start : start + IDS_A_QUERY])
                rows += connection.execute(query.where(part)).all()
            return to_frame(rows)

    def intact(self, dataset_id: int) -> bool:
        """Whether every stored row and label still gives the recorded SHA-256. Raises NotFound."""
        with transaction(self.engines.read) as connection:
            known = _dataset(connection, dataset_id)
            for row in connection.execute(select(import_).where(import_.c.dataset_id == dataset_id)):
                query = _rows_of_import(row.id).execution_options(yield_per=HASH_ROWS)
                if sha256_of_rows(connection.execute(query)) != row.content_sha256:
                    return False
            return _fingerprint(connection, dataset_id) == known.sha256

    def rename(self, dataset_id: int, name: str) -> None:
        """Raises NotFound."""
        with transaction(self.engines.write) as connection:
            _dataset(connection, dataset_id)
            connection.execute(update(dataset).where(dataset.c.id == dataset_id).values(name=name))

    def delete(self, dataset_id: int) -> None:
        """With its imports, feedback, labels, runs, predictions and reports. Raises NotFound."""
        with transaction(self.engines.full) as connection:
            _dataset(connection, dataset_id)
            connection.execute(delete(dataset).where(dataset.c.id == dataset_id))
        forget_deleted(self.engines.full)

    def list(self) -> list[Dataset]:  # last: from here on `list` is this method
        """Newest first."""
        with transaction(self.engines.read) as connection:
            return [
                to_dataset(row) for row in connection.execute(select(dataset).order_by(dataset.c.id.desc()))
            ]


def refresh(connection: Connection, dataset_id: int) -> None:
    """Count and hash a dataset again; call after each change of its rows or labels."""
    rows = select(func.count()).select_from(feedback).where(feedback.c.dataset_id == dataset_id)
    values = {"rows": connection.scalar(rows), "sha256": _fingerprint(connection, dataset_id)}
    connection.execute(update(dataset).where(dataset.c.id == dataset_id).values(values))


def _fingerprint(connection: Connection, dataset_id: int) -> str:
    """SHA-256 over the contents of the imports and the labels; ids and names of datasets do not count."""
    contents = (
        select(import_.c.content_sha256).where(import_.c.dataset_id == dataset_id).order_by(import_.c.id)
    )
    labels = (
        select(label_set.c.name, feedback.c.row, label.c.label)
        .join_from(label_set, label)
        .join(feedback, feedback.c.id == label.c.feedback_id)
        .where(label_set.c.dataset_id == dataset_id)
        .order_by(label_set.c.name, label.c.feedback_id, label.c.label)
        .execution_options(yield_per=HASH_ROWS)
    )
    parts = [*connection.scalars(contents), sha256_of_rows(connection.execute(labels))]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _dataset(connection: Connection, dataset_id: int) -> Dataset:
    row = connection.execute(select(dataset).where(dataset.c.id == dataset_id)).one_or_none()
    if row is None:
        raise NotFound("This dataset is not there any more. Choose another one on the Feedback page.")
    return to_dataset(row)


def _feedback_ids(import_id: int) -> Select:
    return select(feedback.c.id).where(feedback.c.import_id == import_id).order_by(feedback.c.id)


def _rows_of_import(import_id: int) -> Select:
    columns = [feedback.c[name] for name in STORED]
    return select(*columns).where(feedback.c.import_id == import_id).order_by(feedback.c.id)


def _stored_import(
    connection: Connection, sha256: str, columns: Columns, dataset_id: int | None
) -> Import | None:
    """The import of the same file for the same target, if all of its rows are still there."""
    target = import_.c.opened if dataset_id is None else import_.c.dataset_id == dataset_id
    rows = select(func.count()).select_from(feedback).where(feedback.c.import_id == import_.c.id)
    query = (
        select(import_)
        .where(import_.c.sha256 == sha256, import_.c.columns == columns, target)
        .where(rows.scalar_subquery() == import_.c.rows_stored)
        .order_by(import_.c.id)
    )
    row = connection.execute(query).first()
    return None if row is None else to_import(row)
