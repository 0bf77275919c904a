"""What is there for everyone: datasets that are ready, their imports, and whether they may change now."""

from collections.abc import Mapping

from sqlalchemy import Connection, Select, and_, func, select

from core.domain import Columns, Dataset, Import
from core.errors import CannotTrain, NotFound
from core.store.tables import ACTIVE, READY, dataset, feedback, feedback_before, import_, run
from core.store.values import to_dataset, to_import

DATASET = [dataset.c[name] for name in Dataset.__dataclass_fields__]
NO_DATASET = "This dataset is not there any more. Choose another one on the Feedback page."
NO_IMPORT = "This import is not there any more. Look at the Feedback page for what is."


def ready() -> Select:
    """The ids of the datasets that anyone may see."""
    return select(dataset.c.id).where(dataset.c.state == READY)


def ready_dataset(connection: Connection, dataset_id: int) -> Dataset:
    """Raises NotFound, for a hidden one as well."""
    query = select(*DATASET).where(dataset.c.id == dataset_id, dataset.c.state == READY)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(NO_DATASET)
    return to_dataset(row)


def ready_import(connection: Connection, import_id: int) -> Import:
    """Raises NotFound, for one of a hidden dataset as well."""
    query = select(import_).where(import_.c.id == import_id, import_.c.dataset_id.in_(ready()))
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(NO_IMPORT)
    return to_import(row)


def same_import(
    connection: Connection,
    sha256: str,
    columns: Columns,
    answers: Mapping[str, str],
    dataset_id: int | None,
    name: str = "",
) -> Import | None:
    """The import of the same file, read in the same way for the same target (the dataset, or without one
    a dataset of that name), if all its rows are there."""
    named = select(dataset.c.id).where(dataset.c.name == name)
    opened = and_(import_.c.opened, import_.c.dataset_id.in_(named))
    target = opened if dataset_id is None else import_.c.dataset_id == dataset_id
    query = select(import_).where(import_.c.sha256 == sha256, target, import_.c.dataset_id.in_(ready()))
    for row in connection.execute(query.order_by(import_.c.id)).all():
        found = to_import(row)
        # Without a header it was stored when answers were not kept yet.
        read_alike = found.columns == columns and (found.answers == answers or not found.header)
        if read_alike and _rows_there(connection, found.id) == found.rows_stored:
            return found
    return None


def _rows_there(connection: Connection, import_id: int) -> int:
    """Rows that an import brought, and rows that it updated."""
    brought, changed = (
        connection.scalar(select(func.count()).select_from(table).where(table.c.import_id == import_id))
        for table in (feedback, feedback_before)
    )
    hidden = select(dataset.c.id).where(dataset.c.state != READY)  # what its merge left behind
    behind = select(func.count()).select_from(feedback).where(feedback.c.dataset_id.in_(hidden))
    return brought + changed - connection.scalar(behind.where(feedback.c.import_id == import_id))


def refuse_while_training(connection: Connection, dataset_id: int) -> None:
    """Raises CannotTrain while a run of the dataset waits or goes on."""
    going_on = select(run.c.id).where(run.c.dataset_id == dataset_id, run.c.status.in_(ACTIVE))
    if connection.scalar(going_on.limit(1)) is not None:
        raise CannotTrain(
            "A training on this dataset is still going on. Wait until it is done or cancel it, "
            "then try again."
        )
