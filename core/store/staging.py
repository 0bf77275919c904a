"""A file on its way into the store: its rows gather in a hidden dataset until they are all there.

A kill at any moment leaves either nothing that anyone sees, or the whole import.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from json import dumps

import pandas as pd
from sqlalchemy import Connection, Row, desc, func, insert, select, update

from core.domain import LABEL, LABEL_BREAK, Columns, Import, RejectedRow, Rejection
from core.errors import NotFound
from core.store.contents import NOTHING, hex_of, sum_of_labels, sum_of_rows
from core.store.database import Engines, forget_deleted, insert_columns, insert_many, scratch, transaction
from core.store.explanations import forget_findings
from core.store.frames import STORED, texts, to_columns
from core.store.jobs import Fence, check_fence, commit_to
from core.store.labels import add_labels
from core.store.merging import Counts, compare, merge_rows
from core.store.presence import ready_dataset, same_import
from core.store.removal import hide, remove
from core.store.tables import DELETING, READY, STAGING, dataset, feedback, import_, label_set, rejected_row
from core.store.values import to_import, to_roles

ROWS_A_TRANSACTION = 20_000  # so that a training's heartbeat never waits long


@dataclass(frozen=True)
class FileFacts:
    """How a file was read."""

    file_name: str
    sha256: str  # of its bytes
    encoding: str
    delimiter: str
    header: Sequence[str]
    columns: Columns
    answers: Mapping[str, str]


@dataclass(frozen=True)
class Staging:
    engines: Engines

    def begin(self, facts: FileFacts, name: str, sample: bool = False, fence: Fence | None = None) -> int:
        """A hidden dataset for the rows of this file. Raises LeaseLost when `fence` no longer holds."""
        now = datetime.now(UTC)
        hidden = {"name": name, "sample": sample, "created_at": now, "state": STAGING}
        file = {
            "file_name": facts.file_name,
            "sha256": facts.sha256,
            "encoding": facts.encoding,
            "delimiter": facts.delimiter,
            "header": tuple(facts.header),
            "columns": facts.columns,
            "answers": dict(facts.answers),
        }
        empty = {"content_sha256": NOTHING, "rows_in": 0, "rows_stored": 0, "rejections": (), "warnings": ()}
        with transaction(self.engines.write) as connection:
            check_fence(connection, fence)
            new = insert(dataset).values(**hidden, rows=0, sha256=NOTHING)
            staged = connection.execute(new).inserted_primary_key[0]
            values = {"dataset_id": staged, "staged": staged, "opened": True, "created_at": now}
            connection.execute(insert(import_).values(**file, **empty, **values))
        return staged

    def add(
        self,
        staged: int,
        table: pd.DataFrame,
        rejected: Iterable[RejectedRow] = (),
        fence: Fence | None = None,
    ) -> None:
        """Rows of the file: a feedback table without ids, with columns LABEL + name and CELLS.

        Raises NotFound when the staged rows were cleared away, LeaseLost.
        """
        aside = [(row.line, row.reason, dumps(row.cells, ensure_ascii=False)) for row in rejected]
        for start in range(0, max(len(table), 1), ROWS_A_TRANSACTION):
            part = table.iloc[start : start + ROWS_A_TRANSACTION]
            columns = to_columns(part)
            labels, total = _labels(part, columns[STORED.index("row")]), sum_of_rows(columns)
            with transaction(self.engines.bulk) as connection:
                check_fence(connection, fence)
                known = _staged(connection, staged)
                _insert(connection, known, columns, labels, total)
                if not start:
                    _put_aside(connection, known.import_id, aside)

    def finish(  # noqa: PLR0917
        self,
        staged: int,
        rows_in: int,
        rejections: Iterable[Rejection],
        warnings: Iterable[str],
        masked: Mapping[str, int],
        multi: Collection[str] = (),
        fence: Fence | None = None,
    ) -> None:
        """What is known once the file is read; `multi` names the label sets with several labels a row."""
        values = {"rows_in": rows_in, "rejections": tuple(rejections), "warnings": tuple(warnings)}
        several = label_set.c.dataset_id == staged, label_set.c.name.in_(list(multi))
        with transaction(self.engines.write) as connection:
            check_fence(connection, fence)
            known = _staged(connection, staged)
            change = update(import_).where(import_.c.id == known.import_id)
            connection.execute(change.values(**values, masked=dict(masked)))
            connection.execute(update(label_set).where(*several).values(multi=True))

    def counts(self, staged: int, dataset_id: int) -> Counts:
        """What a merge would do. Raises NotFound."""
        with scratch(self.engines.read) as connection:
            _staged(connection, staged)
            ready_dataset(connection, dataset_id)
            return compare(connection, staged, dataset_id)

    def publish(
        self, staged: int, health: Mapping[str, object] | None = None, fence: Fence | None = None
    ) -> Import:
        """Make the staged rows a dataset of their own, in one small commit that outlives a power loss.

        The same file read in the same way that is a dataset already is returned instead, and what was
        staged goes. Calling again gives the same. Raises NotFound, LeaseLost, Cancelled.
        """
        with transaction(self.engines.full) as connection:
            check_fence(connection, fence)
            if (done := _arrived(connection, staged)) is not None:
                return done
            commit_to(connection, fence)
            known = _staged(connection, staged)
            stored = same_import(
                connection,
                known.sha256,
                to_roles(known.columns),
                known.answers,
                None,
                _name(connection, staged),
            )
            if stored is None:
                change = update(dataset).where(dataset.c.id == staged)
                connection.execute(change.values(state=READY, health=health))
                return to_import(connection.execute(select(import_).where(_id(known.import_id))).one())
            hide(connection, staged)
        remove(self.engines, staged)
        return stored

    def merge(
        self,
        staged: int,
        dataset_id: int,
        health: Mapping[str, object] | None = None,
        fence: Fence | None = None,
    ) -> Import:
        """Append the staged rows to a dataset, in one commit: new rows move, changed rows change in place
        and keep their id, rows that are there already are counted as rejected.

        The same file read in the same way that is in the dataset already is returned instead. Calling
        again gives the same. Raises NotFound, CannotTrain while a run of the dataset goes on, LeaseLost,
        Cancelled.
        """
        with transaction(self.engines.full) as connection:
            check_fence(connection, fence)
            if (done := _arrived(connection, staged)) is not None:
                return done
            commit_to(connection, fence)
            known = _staged(connection, staged)
            ready_dataset(connection, dataset_id)
            columns = to_roles(known.columns)
            stored = same_import(connection, known.sha256, columns, known.answers, dataset_id)
            if stored is None:
                merge_rows(connection, staged, known.import_id, dataset_id)
                change = update(dataset).where(dataset.c.id == dataset_id)
                connection.execute(change.values(health=health))
                stored = to_import(connection.execute(select(import_).where(_id(known.import_id))).one())
                if stored.rows_updated:  # what was found in their earlier words
                    forget_findings(connection, dataset_id)
            else:
                hide(connection, staged)
        remove(self.engines, staged)
        return stored

    def drop(self, staged: int) -> None:
        """Nothing of what was staged stays; rows that were published or merged meanwhile do."""
        with transaction(self.engines.write) as connection:
            state = connection.scalar(select(dataset.c.state).where(dataset.c.id == staged))
            if state == STAGING:
                hide(connection, staged)
        if state in (STAGING, DELETING):
            remove(self.engines, staged)
            forget_deleted(self.engines.full)

    def sweep(self, alive: Collection[int] = ()) -> None:
        """Clear away what killed imports and deletions left, but for the staged ids in `alive`."""
        left = select(dataset.c.id).where(dataset.c.state != READY)
        with transaction(self.engines.read) as connection:
            leftovers = connection.scalars(left.order_by(dataset.c.id)).all()
        for staged in leftovers:
            if staged not in alive:
                self.drop(staged)

    def facts(self, staged: int) -> FileFacts:
        """Raises NotFound."""
        with transaction(self.engines.read) as connection:
            known = _staged(connection, staged)._mapping
        values = {name: known[name] for name in FileFacts.__dataclass_fields__}
        return FileFacts(**values | {"header": tuple(known["header"]), "columns": to_roles(known["columns"])})

    def list(self) -> list[int]:  # last: from here on `list` is this method
        """The staged ids, oldest first."""
        staged = select(dataset.c.id).where(dataset.c.state == STAGING).order_by(dataset.c.id)
        with transaction(self.engines.read) as connection:
            return [int(key) for key in connection.scalars(staged)]


def _name(connection: Connection, staged: int) -> str:
    return connection.scalar(select(dataset.c.name).where(dataset.c.id == staged))


def _id(import_id: int):
    return import_.c.id == import_id


def _staged(connection: Connection, staged: int) -> Row:
    """The import of a staged dataset, and the sums that are kept for both."""
    own = [column for column in import_.c if column.name != "id"]
    query = select(import_.c.id.label("import_id"), *own, dataset.c.sha256.label("total"))
    query = query.join_from(import_, dataset).where(dataset.c.id == staged, dataset.c.state == STAGING)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound("This import was cleared away before it was done. Choose the file again.")
    return row


def _arrived(connection: Connection, staged: int) -> Import | None:
    """The import whose rows were staged there, once they are in a dataset."""
    query = select(import_).join_from(import_, dataset)
    row = connection.execute(query.where(import_.c.staged == staged, dataset.c.state == READY)).one_or_none()
    return None if row is None else to_import(row)


def _labels(table: pd.DataFrame, rows: Sequence[str]) -> dict[str, tuple[list[int], list[str], list[str]]]:
    """Label set -> its labels in this table: position, row and label."""
    found = {}
    for column in table.columns:
        if column.startswith(LABEL):
            given = texts(table[column])
            places = [place for place, cell in enumerate(given) if cell]
            labels = [given[place] for place in places]
            if any([LABEL_BREAK in cell for cell in labels]):
                pairs = [(place, name) for place in places for name in _names(given[place])]
                places, labels = (list(part) for part in zip(*pairs, strict=True)) if pairs else ([], [])
            found[column.removeprefix(LABEL)] = places, [rows[place] for place in places], labels
    return found


def _names(cell: str) -> Iterable[str]:
    return dict.fromkeys(filter(None, cell.split(LABEL_BREAK)))


def _put_aside(connection: Connection, import_id: int, rows: Iterable[tuple[int, str, str]]) -> None:
    """Line, reason and cells of rows that are not stored; two may have begun on the same line."""
    numbers = select(func.coalesce(func.max(rejected_row.c.number), 0))
    last = connection.scalar(numbers.where(rejected_row.c.import_id == import_id))
    names = ("import_id", "number", "line", "reason", "cells")
    numbered = ((import_id, number, *row) for number, row in enumerate(rows, last + 1))
    insert_many(connection, rejected_row, names, numbered)


def _insert(
    connection: Connection,
    known: Row,
    columns: Sequence[list],
    labels: Mapping[str, tuple[list[int], list[str], list[str]]],
    total: int,
) -> None:
    """Rows with their labels, and the counts and sums of import and dataset."""
    staged, key, count = known.dataset_id, known.import_id, len(columns[0])
    names = ("dataset_id", "import_id", *STORED)
    insert_columns(connection, feedback, names, ([staged] * count, [key] * count, *columns))
    named = 0
    ids = _newest_ids(connection, key, count)
    for name, (places, rows, given) in labels.items():
        if places:
            add_labels(connection, staged, name, [ids[place] for place in places], given)
            named += sum_of_labels(([name] * len(places), rows, given))
    content = hex_of(int(known.content_sha256, 16) + total)
    change = update(import_).where(import_.c.id == key)
    connection.execute(change.values(content_sha256=content, rows_stored=import_.c.rows_stored + count))
    change = update(dataset).where(dataset.c.id == staged)
    whole = hex_of(int(known.total, 16) + total + named)
    connection.execute(change.values(sha256=whole, rows=dataset.c.rows + count))


def _newest_ids(connection: Connection, import_id: int, count: int) -> Sequence[int]:
    """The ids of the rows that were just inserted, in their order."""
    newest = select(feedback.c.id).where(feedback.c.import_id == import_id).order_by(desc(feedback.c.id))
    last, first = (connection.scalar(newest.limit(1).offset(back)) for back in (0, max(count - 1, 0)))
    if not count or last - first == count - 1:  # no gap, as in SQLite, where one process writes at a time
        return range(last - count + 1, last + 1) if count else ()
    return connection.scalars(newest.limit(count)).all()[::-1]
