"""Which staged rows a dataset has already, and how they get into it.

Rows are the same comment when their `row` is equal. The plan is a temporary table with one line for each
staged row that is not simply new.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    not_,
    or_,
    select,
    update,
)

from core.domain import Rejection
from core.store.contents import hex_of, rehashed, shift, sums
from core.store.database import insert_many
from core.store.frames import STORED
from core.store.labels import IMPORTED
from core.store.predictions import forget_predictions
from core.store.presence import refuse_while_training
from core.store.removal import hide
from core.store.tables import dataset, feedback, feedback_before, import_, label, label_set

UPDATED, SAME, REPEATED = "updated", "same", "repeated"
ALREADY = "already in the dataset"
ROWS_A_BATCH = 5_000
EXAMPLES = 20

SCRATCH = MetaData()
plan = Table(
    "plan",
    SCRATCH,
    Column("staged", Integer, primary_key=True),
    Column("target", Integer, nullable=False, index=True),
    Column("fate", Text, nullable=False),
    prefixes=["TEMPORARY"],
)
staged_key = Table(
    "staged_key",
    SCRATCH,
    Column("key", Text, primary_key=True),
    Column("id", Integer, nullable=False),
    prefixes=["TEMPORARY"],
    sqlite_with_rowid=False,
)


@dataclass(frozen=True)
class Counts:
    """What a merge does with the staged rows."""

    new: int
    updated: int
    same: int  # every cell and label is in the dataset already
    repeated: int  # the same words by the same author are there as another row
    examples: Sequence[int] = ()  # ids of some rows that change


def compare(connection: Connection, staged: int, dataset_id: int) -> Counts:
    """Fill the plan, in temporary tables of this transaction, and count it."""
    SCRATCH.create_all(connection, checkfirst=False)
    _match(connection, feedback.c.row, True, SAME, staged, dataset_id)
    changed = or_(_cells_differ(), *_labels_differ(connection, staged, dataset_id))
    connection.execute(update(plan).where(changed).values(fate=UPDATED))
    words = feedback.c.author + "\x1f" + feedback.c.text_hash  # what no author holds
    known = and_(feedback.c.author != "", feedback.c.text_hash != "")
    _match(connection, words, known, REPEATED, staged, dataset_id)
    by_fate = select(plan.c.fate, func.count()).group_by(plan.c.fate)
    found = dict.fromkeys((UPDATED, SAME, REPEATED), 0)
    found |= {fate: rows for fate, rows in connection.execute(by_fate)}
    rows = select(func.count()).select_from(feedback).where(feedback.c.dataset_id == staged)
    examples = connection.scalars(_changing().order_by(plan.c.target).limit(EXAMPLES)).all()
    return Counts(connection.scalar(rows) - sum(found.values()), **found, examples=tuple(examples))


def merge_rows(connection: Connection, staged: int, import_id: int, dataset_id: int) -> None:
    """Move what is staged into the dataset, its import with it. What is not needed stays behind, hidden,
    for `removal.remove`. Raises CannotTrain while a run of the dataset goes on."""
    refuse_while_training(connection, dataset_id)
    counts = compare(connection, staged, dataset_id)
    pairs = _pair_label_sets(connection, staged, dataset_id)
    if counts.updated:
        _keep_before(connection, import_id)
        with rehashed(connection, dataset_id, feedback.c.id.in_(_changing())):
            _update_rows(connection)
            for mine, theirs in pairs:
                _update_labels(connection, mine, theirs)
    _move(connection, staged, import_id, dataset_id, pairs)
    dropped = counts.same + counts.repeated
    row = connection.execute(select(import_.c.rejections).where(import_.c.id == import_id)).one()
    already = (Rejection(ALREADY, dropped, ()),) if dropped else ()
    values = {
        "dataset_id": dataset_id,
        "created_at": datetime.now(UTC),  # its rows come now, however long they were staged
        "opened": False,
        "rows_stored": counts.new + counts.updated,
        "rows_updated": counts.updated,
        "rejections": (*row.rejections, *already),
    }
    connection.execute(update(import_).where(import_.c.id == import_id).values(values))
    hide(connection, staged)
    SCRATCH.drop_all(connection, checkfirst=False)


# ---- the plan -----------------------------------------------------------------------------


def _match(
    connection: Connection,
    key: ColumnElement[str],
    condition: ColumnElement[bool] | bool,
    fate: str,
    staged: int,
    dataset_id: int,
) -> None:
    """Plan the staged rows whose key is in the dataset; those that are planned already keep their fate."""
    planned = exists().where(plan.c.staged == feedback.c.id)
    mine = select(key, func.min(feedback.c.id)).where(feedback.c.dataset_id == staged, ~planned, condition)
    connection.execute(delete(staged_key))
    connection.execute(insert(staged_key).from_select(["key", "id"], mine.group_by(key)))
    # As a scalar subquery: one pass over the dataset, never one for each staged row.
    partner = select(staged_key.c.id).where(staged_key.c.key == key).scalar_subquery()
    theirs = select(partner.label("staged"), feedback.c.id).where(feedback.c.dataset_id == dataset_id)
    found = theirs.where(condition).subquery()
    first = select(found.c.staged, func.min(found.c.id), literal(fate)).where(found.c.staged.is_not(None))
    connection.execute(insert(plan).from_select(["staged", "target", "fate"], first.group_by(found.c.staged)))


def _changing() -> Select:
    """Ids of the rows of the dataset that change."""
    return select(plan.c.target).where(plan.c.fate == UPDATED)


def _cells_differ() -> ColumnElement[bool]:
    new, old = feedback.alias("new"), feedback.alias("old")
    equal = and_(*(new.c[name].is_not_distinct_from(old.c[name]) for name in STORED))
    return exists().where(new.c.id == plan.c.staged, old.c.id == plan.c.target, not_(equal))


def _sets_by_name(connection: Connection, dataset_id: int) -> dict[str, int]:
    query = select(label_set.c.name, label_set.c.id).where(label_set.c.dataset_id == dataset_id)
    return {name: key for name, key in connection.execute(query.order_by(label_set.c.id))}


def _labels_differ(connection: Connection, staged: int, dataset_id: int) -> list[ColumnElement[bool]]:
    """For each label set of the file; a label that a person gave is not touched by a file."""
    theirs = _sets_by_name(connection, dataset_id)
    conditions = []
    for name, mine in _sets_by_name(connection, staged).items():
        new, old = label.alias("new"), label.alias("old")
        ours = and_(new.c.label_set_id == mine, new.c.feedback_id == plan.c.staged)
        if name not in theirs:
            conditions.append(exists().where(ours))
            continue
        before = and_(old.c.label_set_id == theirs[name], old.c.feedback_id == plan.c.target)
        alike = new.c.label == old.c.label
        added = exists(
            select(new.c.label).where(
                ours, ~exists(select(old.c.label).where(before, alike).correlate(new, plan))
            )
        )
        gone = exists(
            select(old.c.label).where(
                before, ~exists(select(new.c.label).where(ours, alike).correlate(old, plan))
            )
        )
        conditions.append(and_(~_by_a_person(theirs[name], plan.c.target), or_(added, gone)))
    return conditions


def _by_a_person(set_id: int, feedback_id: ColumnElement[int]) -> ColumnElement[bool]:
    given = label.alias("given")
    theirs = and_(given.c.label_set_id == set_id, given.c.feedback_id == feedback_id)
    return exists(select(given.c.label).where(theirs, given.c.origin != IMPORTED))


# ---- what changes in place ----------------------------------------------------------------


def _pair_label_sets(connection: Connection, staged: int, dataset_id: int) -> list[tuple[int, int]]:
    """Staged set and the set of that name in the dataset; one that is new there moves over."""
    theirs = _sets_by_name(connection, dataset_id)
    pairs = []
    for name, mine in _sets_by_name(connection, staged).items():
        target = theirs.get(name, mine)
        if target == mine:
            values = {"dataset_id": dataset_id}
            connection.execute(update(label_set).where(label_set.c.id == mine).values(values))
        else:
            multi = select(label_set.c.multi).where(label_set.c.id == mine)
            if connection.scalar(multi):
                connection.execute(update(label_set).where(label_set.c.id == target).values(multi=True))
        pairs.append((mine, target))
    return pairs


def _keep_before(connection: Connection, import_id: int) -> None:
    """What the changing rows and their imported labels say now."""
    ids = connection.scalars(_changing().order_by(plan.c.target)).all()
    for start in range(0, len(ids), ROWS_A_BATCH):
        some = ids[start : start + ROWS_A_BATCH]
        labels: dict[int, list] = {}
        given = select(label.c.feedback_id, label.c.label_set_id, label.c.label, label.c.picked)
        given = given.where(label.c.feedback_id.in_(some), label.c.origin == IMPORTED)
        for key, *cells in connection.execute(given):
            labels.setdefault(key, []).append(cells)
        stored = select(feedback.c.id, *(feedback.c[name] for name in STORED))
        found = connection.execute(stored.where(feedback.c.id.in_(some)).order_by(feedback.c.id)).all()
        rows = []
        for key, *cells in found:
            before = dict(zip(STORED, cells, strict=True)) | {"labels": labels.get(key, [])}
            rows.append((import_id, key, json.dumps(before, ensure_ascii=False)))
        insert_many(connection, feedback_before, ("import_id", "feedback_id", "before"), rows)


def _update_rows(connection: Connection) -> None:
    """What models said of a row goes where its text is another one."""
    new = feedback.alias("new")
    pair = (feedback.c.id == plan.c.target, new.c.id == plan.c.staged, plan.c.fate == UPDATED)
    forget_predictions(connection, select(plan.c.target).where(*pair, new.c.text != feedback.c.text))
    values = {name: new.c[name] for name in STORED}
    connection.execute(update(feedback).where(feedback.c.id.in_(_changing()), *pair).values(values))


def _update_labels(connection: Connection, mine: int, theirs: int) -> None:
    """The file's labels in place of imported ones."""
    free = and_(plan.c.fate == UPDATED, ~_by_a_person(theirs, plan.c.target))
    old = and_(label.c.label_set_id == theirs, label.c.origin == IMPORTED)
    connection.execute(delete(label).where(old, label.c.feedback_id.in_(select(plan.c.target).where(free))))
    new = select(literal(theirs), plan.c.target, label.c.label, label.c.origin, label.c.picked)
    new = new.join_from(plan, label, label.c.feedback_id == plan.c.staged)
    names = ["label_set_id", "feedback_id", "label", "origin", "picked"]
    connection.execute(insert(label).from_select(names, new.where(label.c.label_set_id == mine, free)))


# ---- what moves ---------------------------------------------------------------------------


def _move(
    connection: Connection, staged: int, import_id: int, dataset_id: int, pairs: Sequence[tuple[int, int]]
) -> None:
    """Rows that nothing is planned for, with their labels; their hashes are added to the dataset's."""
    planned = select(plan.c.staged)
    whole = not connection.scalar(select(func.count()).select_from(plan))
    if not whole:
        connection.execute(delete(label).where(label.c.feedback_id.in_(planned)))
    left = and_(feedback.c.dataset_id == staged, feedback.c.id.not_in(planned))
    connection.execute(update(feedback).where(left).values(dataset_id=dataset_id))
    for mine, theirs in pairs:
        if mine != theirs:
            move = update(label).where(label.c.label_set_id == mine)
            connection.execute(move.values(label_set_id=theirs))
        empty = ~exists().where(label.c.label_set_id == mine)
        connection.execute(delete(label_set).where(label_set.c.id == mine, empty))
    if whole:
        known = connection.execute(
            select(dataset.c.rows, dataset.c.sha256).where(dataset.c.id == staged)
        ).one()
        rows, total = known.rows, int(known.sha256, 16)
    else:
        moved = sums(connection, and_(feedback.c.import_id == import_id, feedback.c.dataset_id == dataset_id))
        rows, total = moved.rows, moved.total
        content = {"content_sha256": hex_of(moved.imports[import_id])}
        connection.execute(update(import_).where(import_.c.id == import_id).values(content))
    shift(connection, dataset.c.sha256, dataset_id, total)
    change = update(dataset).where(dataset.c.id == dataset_id)
    connection.execute(change.values(rows=dataset.c.rows + rows))
