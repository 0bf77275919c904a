"""Label sets and their labels."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from sqlalchemy import Connection, and_, func, insert, select, update

from core.domain import GateRule, LabelSet
from core.errors import NotFound
from core.store.database import Engines, insert_columns, transaction
from core.store.presence import ready
from core.store.tables import label, label_set
from core.store.values import to_label_set

IMPORTED, RANDOM = "imported", "random"


@dataclass(frozen=True)
class Labels:
    engines: Engines

    def sets(self, dataset_id: int) -> list[LabelSet]:
        """In the order they were made."""
        visible = and_(label_set.c.dataset_id == dataset_id, label_set.c.dataset_id.in_(ready()))
        query = select(label_set).where(visible).order_by(label_set.c.id)
        with transaction(self.engines.read) as connection:
            rows = connection.execute(query).all()
            return [to_label_set(row, _counts(connection, row.id)) for row in rows]

    def get(self, label_set_id: int, counted: bool = True) -> LabelSet:
        """Without `counted` nothing is known of how many rows each label has, which takes reading all of
        them. Raises NotFound."""
        query = select(label_set).where(label_set.c.id == label_set_id, label_set.c.dataset_id.in_(ready()))
        with transaction(self.engines.read) as connection:
            row = connection.execute(query).one_or_none()
            if row is None:
                raise NotFound("These labels are not there any more. Choose others on the Feedback page.")
            return to_label_set(row, _counts(connection, row.id) if counted else {})

    def set_gate(self, label_set_id: int, gate: GateRule | None) -> None:
        """What models of this label set must reach; None: the defaults again. Raises NotFound."""
        self.get(label_set_id, counted=False)
        with transaction(self.engines.write) as connection:
            change = update(label_set).where(label_set.c.id == label_set_id)
            connection.execute(change.values(gate=gate))

    def table(self, label_set_id: int) -> pd.DataFrame:
        """feedback_id and label of every labelled row, ordered by feedback_id."""
        query = select(label.c.feedback_id, label.c.label).where(label.c.label_set_id == label_set_id)
        with transaction(self.engines.read) as connection:
            rows = connection.execute(query.order_by(label.c.feedback_id, label.c.label)).all()
        frame = pd.DataFrame(rows, columns=["feedback_id", "label"])
        return frame.astype({"feedback_id": "int64", "label": "str"})


def _counts(connection: Connection, label_set_id: int) -> dict[str, int]:
    rows = func.count().label("rows")
    query = (
        select(label.c.label, rows)
        .where(label.c.label_set_id == label_set_id)
        .group_by(label.c.label)
        .order_by(rows.desc(), label.c.label)
    )
    return {row.label: row.rows for row in connection.execute(query)}


def add_labels(
    connection: Connection, dataset_id: int, name: str, ids: Sequence[int], labels: Sequence[str]
) -> None:
    """Labels of imported rows, aligned with their feedback ids, into the set of that name."""
    found = select(label_set.c.id).where(label_set.c.dataset_id == dataset_id, label_set.c.name == name)
    key = connection.scalar(found)
    if key is None:
        values = {"dataset_id": dataset_id, "name": name}
        key = connection.execute(insert(label_set).values(values)).inserted_primary_key[0]
    names = ("label_set_id", "feedback_id", "label", "origin", "picked")
    sets, origins, picked = ([value] * len(ids) for value in (key, IMPORTED, RANDOM))
    insert_columns(connection, label, names, (sets, ids, labels, origins, picked))
