"""All that is stored about one person or account: found, handed out, removed."""

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import (
    Connection,
    Table,
    Text,
    and_,
    delete,
    or_,
    select,
    type_coerce,
    update,
)

from core.errors import StoreError
from core.store.database import Engines, transaction
from core.store.erasing import (
    Erased,
    Traces,
    erase_cells,
    erase_rows,
    erase_versions,
    refuse_while_busy,
)
from core.store.finding import find_traces
from core.store.person_export import export_rows
from core.store.tables import (
    ACTIVE,
    READY,
    account,
    account_file,
    dataset,
    feedback,
    feedback_before,
    import_,
    job,
    label,
    rejected_row,
    report,
    run,
)
from core.store.traces import Person, scrubbed

FORGOTTEN_REASON = "forgotten at a person's request"
AGED_REASON = "older than the retention limit"
SHORTEST_TEXT = 12  # characters: shorter ones stand for too much else
A_BATCH = 50_000  # aged rows that leave in one transaction
FULL_OR_DAMAGED = (
    "The rows are removed, but the database file could not be written anew. Free some disk space, then "
    "repeat this."
)
# Small cells that may quote a name: titles, messages, results of jobs.
NOTES: tuple[tuple[Table, tuple[str, ...]], ...] = (
    (dataset, ("name",)),
    (import_, ("file_name", "warnings")),
    (account_file, ("file_name",)),
    (run, ("warnings", "error")),
    (report, ("title",)),
    (job, ("params", "message", "error", "result")),
)
# Where the words of other people are: they may hold the same name or the same sentence.
WORDS = (
    (feedback.c.text, feedback.c.cells, feedback.c.segments, feedback.c.account, feedback.c.channel),
    (label.c.label,),
    (feedback_before.c.before,),
    (rejected_row.c.cells,),
    (account.c.account, account.c.fields),
    (report.c.content,),
)


@dataclass
class Aged:
    erased: list[Erased] = field(default_factory=list)
    rejected: int = 0
    versions: int = 0
    waiting: tuple[int, ...] = ()  # datasets that are trained on: next time


@dataclass(frozen=True)
class People:
    engines: Engines

    def find(self, person: Person, mentions: bool = False) -> Traces:
        """`mentions`: look into the texts and cells of other people as well; these rows, and those that name
        them in a column of its own, then count as theirs."""
        with transaction(self.engines.read) as connection:
            return find_traces(connection, person, mentions)

    def forget(self, person: Person, mentions: bool = False, blocking: Collection[str] = ()) -> Erased:
        """In one transaction that outlives a power loss. Raises CannotTrain while a run or import that is
        concerned goes on."""
        with transaction(self.engines.full) as connection:
            found = find_traces(connection, person, mentions)
            refuse_while_busy(connection, {*found.datasets, *found.named.values()}, blocking)
            findings = erase_cells(connection, found.named, person.pseudonyms)
            erased = erase_rows(connection, (*found.ids, *found.mentions), FORGOTTEN_REASON)
            _erase_aside(connection, found, erased)
            _erase_accounts(connection, person, erased)
            _scrub(connection, person, erased)
            erased.rows["feedback: cells"] += len(found.named)
            erased.rows["finding"] += findings
        return erased

    def export(self, person: Person) -> dict:
        """JSON-ready: the rows with all their cells, labels, predictions and earlier versions, the rows
        kept aside, the imports they came by, the reports that quote them, the account."""
        with transaction(self.engines.read) as connection:
            found = find_traces(connection, person, mentions=False)
            return export_rows(connection, person, found)

    def remove_older(self, cutoff: datetime, days: int) -> Aged:
        """Rows dated (without a date: imported) before `cutoff`, rows kept aside and earlier versions of
        imports before it. The sample stays. Raises StoreError."""
        aged = Aged()
        reason = f"{AGED_REASON} of {days} days"
        while True:
            with transaction(self.engines.full) as connection:
                ids, aged.waiting = _older(connection, cutoff)
                if ids:
                    aged.erased.append(erase_rows(connection, ids, reason))
                    continue
                old = (
                    select(import_.c.id).join(dataset).where(import_.c.created_at < cutoff, ~dataset.c.sample)
                )
                gone = delete(rejected_row).where(rejected_row.c.import_id.in_(old))
                aged.rejected = connection.execute(gone).rowcount
                pair = (feedback_before.c.import_id, feedback_before.c.feedback_id)
                rows = connection.execute(select(*pair).where(pair[0].in_(old)))
                versions = [tuple(row) for row in rows]
                erase_versions(connection, versions, reason)
                aged.versions = len(versions)
                return aged

    def files(self) -> tuple[Path, ...]:
        """Of the database, its log among them; none when it is not a file."""
        url = self.engines.full.url
        if url.get_backend_name() != "sqlite" or not url.database:
            return ()
        return tuple(Path(url.database + end) for end in ("", "-wal", "-shm", "-journal"))

    def empty_log(self) -> bool:
        """Move the write-ahead log into the database and cut it; False when somebody still reads it."""
        done = self._bare("PRAGMA wal_checkpoint(TRUNCATE)")
        return done is not None and done[0] == 0

    def rebuild(self) -> bool:
        """Write the database anew, without what moving cells between pages left behind; False when it is
        busy."""
        return self._bare("VACUUM") is not None and self.empty_log()

    def _bare(self, statement: str) -> tuple | None:
        """The first row of the answer, () without any; None when others hold the database."""
        if self.engines.full.dialect.name != "sqlite":
            return (0,)
        with closing(self.engines.full.raw_connection()) as connection:
            try:
                return connection.execute(statement).fetchone() or ()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                    raise StoreError(FULL_OR_DAMAGED) from error
                return None

    def words(self) -> Iterator[str]:
        """Every stored cell that holds words of people, as it is written in the database."""
        for columns in WORDS:
            query = select(*(type_coerce(column, Text) for column in columns))
            with transaction(self.engines.read) as connection:
                for row in connection.execute(query.execution_options(yield_per=5_000)):
                    yield from filter(None, row)


def _older(connection: Connection, cutoff: datetime) -> tuple[list[int], tuple[int, ...]]:
    """Ids of a batch of aged rows, and the datasets with aged rows that must wait."""
    day = cutoff.replace(tzinfo=None).isoformat(timespec="microseconds")
    imported = and_(feedback.c.date.is_(None), import_.c.created_at < cutoff)
    aged = and_(or_(feedback.c.date < day, imported), ~dataset.c.sample, dataset.c.state == READY)
    busy = select(run.c.dataset_id).where(run.c.status.in_(ACTIVE))
    base = (
        select(feedback.c.id)
        .join_from(feedback, import_)
        .join(dataset, dataset.c.id == feedback.c.dataset_id)
    )
    ids = connection.scalars(base.where(aged, dataset.c.id.not_in(busy)).limit(A_BATCH)).all()
    waits = base.with_only_columns(dataset.c.id).where(aged, dataset.c.id.in_(busy)).distinct()
    return list(ids), tuple(sorted(connection.scalars(waits)))


# ---- removing -----------------------------------------------------------------------------


def _erase_aside(connection: Connection, found: Traces, erased: Erased) -> None:
    """Rows kept aside, and earlier versions of rows that are another person's now."""
    for import_id, number in found.rejected:
        where = (rejected_row.c.import_id == import_id, rejected_row.c.number == number)
        connection.execute(delete(rejected_row).where(*where))
    erased.rows["rejected_row"] += len(found.rejected)
    erased.texts += erase_versions(connection, found.versions, FORGOTTEN_REASON)
    erased.rows["feedback_before"] += len(found.versions)


def _erase_accounts(connection: Connection, person: Person, erased: Erased) -> None:
    where = account.c.account.in_(person.accounts)
    gone = Counter(connection.scalars(select(account.c.dataset_id).where(where)))
    connection.execute(delete(account).where(where))
    for dataset_id, number in gone.items():
        change = update(account_file).where(account_file.c.dataset_id == dataset_id)
        connection.execute(change.values(rows=account_file.c.rows - number))
    erased.rows["account"] += gone.total()


def _scrub(connection: Connection, person: Person, erased: Erased) -> None:
    """The names out of titles, messages and results of jobs that ended."""
    texts = frozenset(text for text in erased.texts if len(text) >= SHORTEST_TEXT)
    for table, names in NOTES:
        columns = [table.c[name] for name in names]
        query = select(*table.primary_key.columns, *columns)
        if table is job:
            query = query.where(job.c.state.not_in(ACTIVE))
        key = next(iter(table.primary_key.columns))
        for row in connection.execute(query).all():
            old = {name: row._mapping[column] for name, column in zip(names, columns, strict=True)}
            new = {name: scrubbed(value, person, texts) for name, value in old.items()}
            changed = {name: value for name, value in new.items() if value != old[name]}
            if changed:
                connection.execute(update(table).where(key == row._mapping[key]).values(changed))
                erased.rows[f"{table.name}: names"] += 1
