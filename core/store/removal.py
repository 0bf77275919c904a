"""Datasets that go: hidden at once, their rows taken out in short transactions."""

from sqlalchemy import Connection, Table, delete, select, tuple_, update

from core.store.database import Engines, transaction
from core.store.explanations import forget_findings
from core.store.tables import DELETING, dataset, feedback, import_, rejected_row

ROWS_A_TRANSACTION = 5_000


def hide(connection: Connection, dataset_id: int) -> None:
    """From here on nobody sees it; `remove` does the rest, now or after a restart."""
    gone = update(dataset).where(dataset.c.id == dataset_id)
    connection.execute(gone.values(state=DELETING, health=None))
    forget_findings(connection, dataset_id)


def remove(engines: Engines, dataset_id: int) -> None:
    """All rows of a hidden dataset, then the dataset itself; may be killed and called again.

    The write-ahead log still holds what was deleted, until `forget_deleted`.
    """
    while _take_some(engines, dataset_id, feedback) or _take_some(engines, dataset_id, rejected_row):
        pass
    with transaction(engines.full) as connection:
        connection.execute(delete(dataset).where(dataset.c.id == dataset_id, dataset.c.state == DELETING))


def _take_some(engines: Engines, dataset_id: int, table: Table) -> int:
    """How many rows went, with what hangs on them."""
    if table is feedback:
        theirs = feedback.c.dataset_id == dataset_id
    else:
        theirs = rejected_row.c.import_id.in_(select(import_.c.id).where(import_.c.dataset_id == dataset_id))
    key = tuple_(*table.primary_key.columns)
    hidden = select(dataset.c.id).where(dataset.c.id == dataset_id, dataset.c.state == DELETING)
    some = select(*table.primary_key.columns).where(theirs, hidden.exists()).limit(ROWS_A_TRANSACTION)
    with transaction(engines.write) as connection:
        return connection.execute(delete(table).where(key.in_(some))).rowcount
