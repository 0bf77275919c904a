"""Where a person or an account is in the tables."""

import json
from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import ColumnElement, Connection, and_, false, func, or_, select

from core.store.erasing import Traces, touched_runs
from core.store.tables import (
    DELETING,
    account,
    dataset,
    feedback,
    feedback_before,
    import_,
    rejected_row,
    report,
    run,
)
from core.store.traces import Person, is_their_row, is_their_version, without_rows


def _theirs(person: Person) -> ColumnElement[bool]:
    """By author or account; in a row without an author, or of a dataset that is going, any cell may
    name them."""
    by = [feedback.c.author.in_(person.authors)] if person.authors else []
    by += [feedback.c.account.in_(person.accounts)] if person.accounts else []
    going = feedback.c.dataset_id.in_(select(dataset.c.id).where(dataset.c.state == DELETING))
    nobody = or_(feedback.c.author == "", going)
    return or_(false(), *by, and_(nobody, _named_in(person)))


def _named_in(person: Person) -> ColumnElement[bool]:
    """Their pseudonym is a cell of the row, in whichever column."""
    keys = sorted(person.pseudonyms)
    cells = (feedback.c.cells, feedback.c.segments)
    return or_(
        false(),
        feedback.c.external_id.in_(keys),
        *(cell.contains(json.dumps(key), autoescape=True) for key in keys for cell in cells),
    )


def find_traces(connection: Connection, person: Person, mentions: bool) -> Traces:
    rows = connection.execute(
        select(feedback.c.id, feedback.c.dataset_id, feedback.c.import_id)
        .where(_theirs(person))
        .order_by(feedback.c.id)
    ).all()
    ids = tuple(row.id for row in rows)
    named = _named(connection, person, frozenset(ids))
    others = _mentions(connection, person, frozenset(ids)) | named if mentions else {}
    every = (*ids, *others)
    datasets = sorted({row.dataset_id for row in rows} | set(others.values()))
    names = select(dataset.c.id, dataset.c.name).where(dataset.c.id.in_(datasets)).order_by(dataset.c.id)
    return Traces(
        ids=ids,
        datasets={row.id: row.name for row in connection.execute(names)},
        imports=tuple(sorted({row.import_id for row in rows})),
        runs=tuple(touched_runs(connection, every).values()),
        reports=_reports(connection, datasets, frozenset(every)),
        rejected=tuple(_rejected(connection, person)),
        versions=tuple(_versions(connection, person, frozenset(every))),
        accounts=_accounts(connection, person),
        mentions=tuple(others),
        named={} if mentions else named,
    )


def _named(connection: Connection, person: Person, theirs: Collection[int]) -> dict[int, int]:
    """Rows of others that name them in a column of their own, such as the agent who answered."""
    query = select(feedback.c.id, feedback.c.dataset_id).where(_named_in(person)).order_by(feedback.c.id)
    return {row.id: row.dataset_id for row in connection.execute(query) if row.id not in theirs}


def _mentions(connection: Connection, person: Person, theirs: Collection[int]) -> dict[int, int]:
    """Rows of others with the name in a cell: feedback id -> dataset."""
    if person.pattern is None:
        return {}
    columns = (feedback.c[name] for name in ("id", "dataset_id", "text", "cells", "segments"))
    query = select(*columns).order_by(feedback.c.id).execution_options(yield_per=10_000)
    return {
        row.id: row.dataset_id
        for row in connection.execute(query)
        if row.id not in theirs and any(person.in_text(cell) for cell in (row.text, row.cells, row.segments))
    }


def _reports(connection: Connection, datasets: Sequence[int], ids: Collection[int]) -> tuple[int, ...]:
    query = select(report.c.id, report.c.content).join_from(report, run).where(run.c.dataset_id.in_(datasets))
    rows = connection.execute(query.order_by(report.c.id))
    return tuple(row.id for row in rows if without_rows(row.content, ids)[0] != row.content)


def _rejected(connection: Connection, person: Person) -> Iterator[tuple[int, int]]:
    imports = {
        row.id: (row.header, row.columns)
        for row in connection.execute(select(import_.c.id, import_.c.header, import_.c.columns))
    }
    query = select(rejected_row.c.import_id, rejected_row.c.number, rejected_row.c.cells)
    for row in connection.execute(query.execution_options(yield_per=10_000)):
        if is_their_row(json.loads(row.cells), *imports[row.import_id], person):
            yield row.import_id, row.number


def _versions(connection: Connection, person: Person, theirs: Collection[int]) -> Iterator[tuple[int, int]]:
    query = select(feedback_before.c.import_id, feedback_before.c.feedback_id, feedback_before.c.before)
    for row in connection.execute(query.execution_options(yield_per=10_000)):
        if row.feedback_id not in theirs and is_their_version(row.before, person):
            yield row.import_id, row.feedback_id


def _accounts(connection: Connection, person: Person) -> int:
    where = account.c.account.in_(person.accounts)
    return connection.scalar(select(func.count()).select_from(account).where(where))
