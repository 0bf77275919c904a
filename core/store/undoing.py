"""Taking an import back: the dataset is again what it was without it."""

from collections.abc import Collection

from sqlalchemy import Connection, and_, bindparam, delete, exists, func, or_, select, tuple_, update

from core.domain import Import
from core.errors import StoreError
from core.store.contents import rehashed
from core.store.database import insert_many
from core.store.explanations import forget_findings
from core.store.frames import STORED
from core.store.labels import IMPORTED
from core.store.predictions import forget_predictions
from core.store.presence import ready_import, refuse_while_training
from core.store.removal import hide
from core.store.tables import attribution, dataset, feedback, feedback_before, import_, label, label_set, run
from core.store.values import to_roles

ROWS_A_BATCH = 5_000


def undo_rows(connection: Connection, import_id: int) -> int | None:
    """The id of the dataset when it goes as well, since this is its only import: it is hidden then.

    Raises NotFound, CannotTrain while a run goes on, StoreError when a later import changed its rows.
    """
    known = ready_import(connection, import_id)
    refuse_while_training(connection, known.dataset_id)
    others = and_(import_.c.dataset_id == known.dataset_id, import_.c.id != import_id)
    if not connection.scalar(select(func.count()).select_from(import_).where(others)):
        hide(connection, known.dataset_id)
        return known.dataset_id
    _refuse_when_changed_later(connection, known)
    brought = feedback.c.import_id == import_id
    changed = select(feedback_before.c.feedback_id).where(feedback_before.c.import_id == import_id)
    with rehashed(connection, known.dataset_id, or_(brought, feedback.c.id.in_(changed))):
        touched = _label_sets(connection, known)
        _put_back(connection, import_id)
        connection.execute(delete(feedback).where(brought))
    connection.execute(delete(import_).where(import_.c.id == import_id))
    _forget_label_sets(connection, known, touched)
    change = update(dataset).where(dataset.c.id == known.dataset_id)
    connection.execute(change.values(health=None))
    forget_findings(connection, known.dataset_id)
    return None


def _refuse_when_changed_later(connection: Connection, known: Import) -> None:
    """Later is what was merged later, which of two that wait may be the one that was staged first."""
    earlier = feedback_before.alias("earlier")
    own = exists().where(earlier.c.import_id == known.id, earlier.c.feedback_id == feedback.c.id)
    after = (
        tuple_(import_.c.created_at, import_.c.id)
        > select(import_.c.created_at, import_.c.id).where(import_.c.id == known.id).scalar_subquery()
    )
    later = (
        select(import_.c.file_name)
        .join_from(feedback_before, feedback, feedback.c.id == feedback_before.c.feedback_id)
        .join(import_, import_.c.id == feedback_before.c.import_id)
        .where(after, or_(feedback.c.import_id == known.id, own))
        .order_by(import_.c.created_at.desc(), import_.c.id.desc())
    )
    name = connection.scalar(later.limit(1))
    if name is not None:
        raise StoreError(
            f"A later import, '{name}', changed rows of this one. Undo that import first, then this one."
        )


def _put_back(connection: Connection, import_id: int) -> None:
    """The earlier versions of the rows that the import changed, with their imported labels; what models
    said of a row goes where its text is another one."""
    query = select(feedback_before.c.feedback_id, feedback_before.c.before)
    query = query.where(feedback_before.c.import_id == import_id).order_by(feedback_before.c.feedback_id)
    sets = set(connection.scalars(select(label_set.c.id)))
    back = update(feedback).where(feedback.c.id == bindparam("key"))
    back = back.values({name: bindparam("old_" + name) for name in STORED})
    found = connection.execute(query).all()
    for start in range(0, len(found), ROWS_A_BATCH):
        some = {row.feedback_id: row.before for row in found[start : start + ROWS_A_BATCH]}
        rows = [
            {"key": key, **{"old_" + name: before[name] for name in STORED}} for key, before in some.items()
        ]
        present = select(feedback.c.id, feedback.c.text).where(feedback.c.id.in_(list(some)))
        changed = [row.id for row in connection.execute(present) if row.text != some[row.id]["text"]]
        forget_predictions(connection, changed)
        connection.execute(back, rows)
        connection.execute(delete(attribution).where(attribution.c.feedback_id.in_(list(some))))
        theirs = label.c.feedback_id.in_(list(some))
        connection.execute(delete(label).where(theirs, label.c.origin == IMPORTED))
        left = select(label.c.label_set_id, label.c.feedback_id, label.c.label).where(theirs)
        kept = {tuple(row) for row in connection.execute(left)}
        labels = (
            (set_id, key, name, IMPORTED, picked)
            for key, before in some.items()
            for set_id, name, picked in before["labels"]
            if set_id in sets and (set_id, key, name) not in kept
        )
        names = ("label_set_id", "feedback_id", "label", "origin", "picked")
        insert_many(connection, label, names, labels)


def _label_sets(connection: Connection, known: Import) -> list[int]:
    """Those of the dataset in which the import's rows have labels."""
    rows = exists().where(
        label.c.label_set_id == label_set.c.id,
        label.c.feedback_id == feedback.c.id,
        or_(
            feedback.c.import_id == known.id,
            exists().where(
                feedback_before.c.import_id == known.id, feedback_before.c.feedback_id == feedback.c.id
            ),
        ),
    )
    query = select(label_set.c.id).where(label_set.c.dataset_id == known.dataset_id, rows)
    return list(connection.scalars(query))


def _forget_label_sets(connection: Connection, known: Import, touched: Collection[int]) -> None:
    """Sets that only this import had labels for go, unless a run uses them; `multi` as the others say."""
    empty = ~exists().where(label.c.label_set_id == label_set.c.id)
    unused = ~exists().where(run.c.label_set_id == label_set.c.id)
    connection.execute(delete(label_set).where(label_set.c.id.in_(list(touched)), empty, unused))
    others = select(import_.c.columns).where(import_.c.dataset_id == known.dataset_id)
    still = {name for columns in connection.scalars(others) for name in to_roles(columns).multi}
    single = [name for name in known.columns.multi if name not in still]
    theirs = and_(label_set.c.dataset_id == known.dataset_id, label_set.c.name.in_(single))
    connection.execute(update(label_set).where(theirs).values(multi=False))
