"""Datasets, their imports and their feedback."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
from sqlalchemy import Connection, delete, func, select, update

from core.domain import CELLS, LABEL, Columns, Dataset, Import, Rejection
from core.store.contents import is_intact
from core.store.database import Engines, forget_deleted, insert_many, transaction
from core.store.frames import SHOWN, to_frame
from core.store.presence import DATASET, ready, ready_dataset, ready_import, same_import
from core.store.removal import hide, remove
from core.store.staging import FileFacts, Staging
from core.store.tables import (
    READY,
    account,
    dataset,
    feedback,
    feedback_before,
    import_,
    rejected_row,
    similar,
)
from core.store.undoing import undo_rows
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
        """Store a whole table as a new dataset, or append it to `dataset_id`; all of it or nothing.

        Labels are columns LABEL + name, or `label` for the set `label_set_name`. The same file with the
        same columns for the same target returns the import that is there. Raises as `Staging.merge`.
        """
        with transaction(self.engines.read) as connection:
            if dataset_id is not None:
                ready_dataset(connection, dataset_id)
            stored = same_import(connection, sha256, columns, {}, dataset_id, name)
        if stored is not None:
            return stored
        table = table.rename(columns={"label": LABEL + (label_set_name or columns.label or "label")})
        staging = Staging(self.engines)
        facts = FileFacts(file_name, sha256, encoding, delimiter, (), columns, {})
        staged = staging.begin(facts, name, sample)
        try:
            staging.add(staged, table)
            staging.finish(staged, rows_in, rejections, warnings, {}, columns.multi)
            return staging.publish(staged) if dataset_id is None else staging.merge(staged, dataset_id)
        except BaseException:
            staging.drop(staged)
            raise

    def get(self, dataset_id: int) -> Dataset:
        """Raises NotFound."""
        with transaction(self.engines.read) as connection:
            return ready_dataset(connection, dataset_id)

    def imports(self, dataset_id: int) -> list[Import]:
        """Oldest first."""
        theirs = import_.c.dataset_id == dataset_id, import_.c.dataset_id.in_(ready())
        query = select(import_).where(*theirs).order_by(import_.c.id)
        with transaction(self.engines.read) as connection:
            return [to_import(row) for row in connection.execute(query)]

    def import_of(self, import_id: int) -> Import:
        """Raises NotFound."""
        with transaction(self.engines.read) as connection:
            return ready_import(connection, import_id)

    def rejected(self, import_id: int) -> pd.DataFrame:
        """line, reason and cells (a list) of the rows that were kept aside, in the order of the file.

        Raises NotFound.
        """
        names = ["line", "reason", "cells"]
        query = select(*(rejected_row.c[name] for name in names)).where(rejected_row.c.import_id == import_id)
        with transaction(self.engines.read) as connection:
            ready_import(connection, import_id)
            rows = connection.execute(query.order_by(rejected_row.c.line, rejected_row.c.number)).all()
        frame = pd.DataFrame(rows, columns=names).astype({"line": "int64", "reason": "str"})
        frame["cells"] = pd.Series([json.loads(cells) for cells in frame["cells"]], dtype=object)
        return frame

    def feedback(self, dataset_id: int, ids: Iterable[int] | None = None) -> pd.DataFrame:
        """The columns of domain.FEEDBACK, then SEGMENT columns, those of the accounts too, then NUMBER
        columns; ordered by id.

        With `ids` only those of them that belong to the dataset. Raises NotFound.
        """
        columns = [feedback.c.id, *(feedback.c[name] for name in SHOWN)]
        query = select(*columns).where(feedback.c.dataset_id == dataset_id).order_by(feedback.c.id)
        with transaction(self.engines.read) as connection:
            ready_dataset(connection, dataset_id)
            accounts = _account_fields(connection, dataset_id)
            if ids is None:
                return to_frame(connection.execute(query).all(), accounts)
            wanted = sorted({int(i) for i in ids})
            rows = []
            for start in range(0, len(wanted), IDS_A_QUERY):
                part = feedback.c.id.in_(wanted[start : start + IDS_A_QUERY])
                rows += connection.execute(query.where(part)).all()
            return to_frame(rows, accounts)

    def cells(self, dataset_id: int) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
        """The column names of the file and the cells of each row, as they were stored, ordered by id.

        Both are empty for rows of an import that kept no cells. Raises NotFound.
        """
        columns = [feedback.c[name] for name in ("id", "import_id", "text", CELLS)]
        query = select(*columns).where(feedback.c.dataset_id == dataset_id).order_by(feedback.c.id)
        with transaction(self.engines.read) as connection:
            ready_dataset(connection, dataset_id)
            headers = select(import_.c.id, import_.c.header).where(import_.c.dataset_id == dataset_id)
            header = {key: tuple(names) for key, names in connection.execute(headers)}
            latest = _latest_change(connection, header)
            for row in connection.execute(query.execution_options(yield_per=IDS_A_QUERY)):
                cells = json.loads(row.cells)
                names = header[latest.get(row.id, row.import_id)] if cells else ()
                yield names, tuple(row.text if cell is None else cell for cell in cells)

    def intact(self, dataset_id: int) -> bool:
        """Whether every stored row and label still gives the recorded SHA-256. Raises NotFound."""
        with transaction(self.engines.read) as connection:
            ready_dataset(connection, dataset_id)
            return is_intact(connection, dataset_id)

    def health(self, dataset_id: int) -> dict | None:
        """The stored health card, None when the rows changed since. Raises NotFound."""
        with transaction(self.engines.read) as connection:
            ready_dataset(connection, dataset_id)
            return connection.scalar(select(dataset.c.health).where(dataset.c.id == dataset_id))

    def set_health(self, dataset_id: int, health: Mapping[str, object] | None) -> None:
        """Raises NotFound."""
        self._change(dataset_id, health=health)

    def mean_length(self, dataset_id: int, sample: int = 5_000) -> float:
        """Letters of a comment on average, over the first `sample` comments; 0 without any."""
        some = select(func.length(feedback.c.text).label("letters"))
        some = some.where(feedback.c.dataset_id == dataset_id).limit(sample).subquery()
        with transaction(self.engines.read) as connection:
            return float(connection.scalar(select(func.avg(some.c.letters))) or 0.0)

    def lengths(self, dataset_id: int, sample: int) -> list[int]:
        """Letters of each of the first `sample` comments."""
        query = select(func.length(feedback.c.text)).where(feedback.c.dataset_id == dataset_id)
        with transaction(self.engines.read) as connection:
            return list(connection.scalars(query.limit(sample)))

    def since(self, dataset_id: int, moment: datetime) -> list[int]:
        """Ids of the rows that imports after `moment` brought or made say something else, ascending."""
        theirs = (feedback.c.dataset_id == dataset_id, import_.c.created_at > moment)
        came = select(feedback.c.id).join(import_, import_.c.id == feedback.c.import_id).where(*theirs)
        changes = (
            select(feedback.c.id, feedback.c.text, feedback_before.c.before)
            .join_from(feedback, feedback_before)
            .join(import_, import_.c.id == feedback_before.c.import_id)
            .where(*theirs)
            .order_by(import_.c.created_at, import_.c.id)
        )
        changed: dict[int, bool] = {}
        with transaction(self.engines.read) as connection:
            found = set(connection.scalars(came))
            for key, text, before in connection.execute(changes.execution_options(yield_per=IDS_A_QUERY)):
                changed.setdefault(key, before["text"] != text)  # the first change tells what it said then
        return sorted(found | {key for key, other in changed.items() if other})

    def similar(self, dataset_id: int) -> pd.DataFrame:
        """feedback_id and group of the comments that say nearly what another one says, by id; a group is
        named by its smallest id."""
        names = ["feedback_id", "group"]
        query = select(*(similar.c[name] for name in names)).where(similar.c.dataset_id == dataset_id)
        with transaction(self.engines.read) as connection:
            rows = connection.execute(query.order_by(similar.c.feedback_id)).all()
        return pd.DataFrame(rows, columns=names).astype("int64")

    def set_similar(self, dataset_id: int, ids: np.ndarray, groups: np.ndarray) -> None:
        """`groups` (n,): a number of any kind, negative for comments that stand alone. Raises NotFound.

        Comments that are gone meanwhile are left out.
        """
        table = pd.DataFrame({"id": np.asarray(ids), "group": np.asarray(groups)})
        table = table[table["group"] >= 0]
        table["group"] = table.groupby("group")["id"].transform("min")
        pairs = sorted(table.itertuples(index=False, name=None))
        with transaction(self.engines.write) as connection:
            ready_dataset(connection, dataset_id)
            there = select(feedback.c.id).where(feedback.c.dataset_id == dataset_id)
            known = set(connection.scalars(there)) if pairs else ()
            connection.execute(delete(similar).where(similar.c.dataset_id == dataset_id))
            rows = ((dataset_id, int(key), int(group)) for key, group in pairs if key in known)
            insert_many(connection, similar, ("dataset_id", "feedback_id", "group"), rows)

    def rename(self, dataset_id: int, name: str) -> None:
        """Raises NotFound."""
        self._change(dataset_id, name=name)

    def undo(self, import_id: int) -> None:
        """Take an import back, exactly; with its only import the dataset goes.

        Raises NotFound, CannotTrain while a run goes on, StoreError when a later import changed its rows.
        """
        with transaction(self.engines.full) as connection:
            gone = undo_rows(connection, import_id)
        if gone is not None:
            remove(self.engines, gone)
        forget_deleted(self.engines.full)

    def delete(self, dataset_id: int) -> None:
        """With its imports, feedback, labels, runs, predictions and reports: hidden at once, then taken
        out in short transactions. Raises NotFound."""
        with transaction(self.engines.full) as connection:
            ready_dataset(connection, dataset_id)
            hide(connection, dataset_id)
        remove(self.engines, dataset_id)
        forget_deleted(self.engines.full)

    def _change(self, dataset_id: int, **values: object) -> None:
        with transaction(self.engines.write) as connection:
            ready_dataset(connection, dataset_id)
            connection.execute(update(dataset).where(dataset.c.id == dataset_id).values(**values))

    def list(self) -> list[Dataset]:  # last: from here on `list` is this method
        """Newest first."""
        query = select(*DATASET).where(dataset.c.state == READY).order_by(dataset.c.id.desc())
        with transaction(self.engines.read) as connection:
            return [to_dataset(row) for row in connection.execute(query)]


def _account_fields(connection: Connection, dataset_id: int) -> dict[str, dict[str, str]]:
    query = select(account.c.account, account.c.fields).where(account.c.dataset_id == dataset_id)
    return {row.account: json.loads(row.fields) for row in connection.execute(query)}


def _latest_change(connection: Connection, imports: Iterable[int]) -> dict[int, int]:
    """Feedback id -> the import that was the last to change it."""
    query = select(feedback_before.c.feedback_id, import_.c.id).join(import_)
    query = query.where(import_.c.id.in_(list(imports))).order_by(import_.c.created_at, import_.c.id)
    return dict(tuple(row) for row in connection.execute(query))  # of several the last stays
