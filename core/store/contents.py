"""The SHA-256 of what is stored, kept up to date row by row.

Each row and each label has a SHA-256 of its own; a dataset's is their sum modulo 2**256 (AdHash:
Bellare and Micciancio, "A New Paradigm for Collision-Free Hashing", EUROCRYPT 1997). So the order does
not count, and rows that come, change or go cost only themselves. It shows damage and change; whoever
can write the rows can write the sum as well.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np
from sqlalchemy import ColumnElement, Connection, Table, select, update

from core.store.frames import STORED
from core.store.tables import dataset, feedback, import_, label, label_set

MODULUS = 1 << 256
BATCH = 10_000
NOTHING = f"{0:064x}"


@dataclass
class Sums:
    """Of some rows of a dataset, with their labels."""

    imports: Counter[int] = field(default_factory=Counter)  # import -> sum of its rows
    rows: int = 0
    labels: int = 0

    @property
    def total(self) -> int:
        return sum(self.imports.values()) + self.labels


def hex_of(total: int) -> str:
    return f"{total % MODULUS:064x}"


def sum_of_rows(columns: Sequence[Sequence]) -> int:
    """`columns` hold the cells of STORED, one sequence each."""
    return _total(_digests_of_rows(columns))


def sum_of_labels(columns: Sequence[Sequence[str]]) -> int:
    """`columns` hold the name of the label set, the row of the comment and the label."""
    return _total(_digests(columns))


def _digests_of_rows(columns: Sequence[Sequence]) -> np.ndarray:
    columns = list(columns)
    date, rating = STORED.index("date"), STORED.index("rating")
    columns[date] = [cell or "" for cell in columns[date]]  # "" is no date and no rating
    columns[rating] = ["" if cell is None else repr(cell) for cell in columns[rating]]
    return _digests(columns)


def _digests(columns: Sequence[Sequence[str]]) -> np.ndarray:
    """uint32 (n, 8), little-endian numbers of 256 bits, one a row."""
    lines = list(map("\0".join, zip(*columns, strict=True)))
    if any("\0" in "".join(column) for column in columns):
        lines = [_unmistakable(row) for row in zip(*columns, strict=True)]
    hashed = [sha256(line.encode()).digest() for line in lines]
    return np.frombuffer(b"".join(hashed), dtype="<u4").reshape(-1, 8)


def _unmistakable(row: Sequence[str]) -> str:
    line = "\0".join(row)
    return line if line.count("\0") < len(row) else json.dumps(row)


def _total(digests: np.ndarray) -> int:
    words = digests.sum(axis=0, dtype=np.uint64)  # of 2**32 rows at most
    return sum(int(word) << (32 * place) for place, word in enumerate(words))


def sums(connection: Connection, where: ColumnElement[bool]) -> Sums:
    """Of the feedback rows for which `where` holds, read and hashed anew."""
    found = Sums()
    columns = [feedback.c.import_id, *(feedback.c[name] for name in STORED)]
    for part in _parts(connection, select(*columns).where(where)):
        keys, *cells = zip(*part, strict=True)
        imports, digests = np.array(keys), _digests_of_rows(cells)
        for key in np.unique(imports).tolist():
            found.imports[key] += _total(digests[imports == key])
        found.rows += len(part)
    named = (
        select(label_set.c.name, feedback.c.row, label.c.label)
        .select_from(feedback)
        .join(label, label.c.feedback_id == feedback.c.id)
        .join(label_set, label_set.c.id == label.c.label_set_id)
        .where(where)
    )
    found.labels = sum(sum_of_labels(list(zip(*part, strict=True))) for part in _parts(connection, named))
    return found


def _parts(connection: Connection, query) -> Iterator[Sequence]:
    return connection.execute(query.execution_options(yield_per=BATCH)).partitions(BATCH)


@contextmanager
def rehashed(connection: Connection, dataset_id: int, where: ColumnElement[bool]) -> Iterator[None]:
    """Around a change of those feedback rows or of their labels: counts and hashes follow it.

    `where` must find the rows that are left after the change as well.
    """
    before = sums(connection, where)
    yield
    after = sums(connection, where)
    for key in before.imports.keys() | after.imports.keys():
        shift(connection, import_.c.content_sha256, key, after.imports[key] - before.imports[key])
    shift(connection, dataset.c.sha256, dataset_id, after.total - before.total)
    change = dataset.c.rows + (after.rows - before.rows)
    connection.execute(update(dataset).where(dataset.c.id == dataset_id).values(rows=change))


def shift(connection: Connection, column: ColumnElement[str], key: int, change: int) -> None:
    """Add to a stored sum."""
    table: Table = column.table
    known = connection.scalar(select(column).where(table.c.id == key))
    moved = hex_of(int(known, 16) + change)
    connection.execute(update(table).where(table.c.id == key).values({column: moved}))


def refresh(connection: Connection, dataset_id: int) -> None:
    """Count and hash a whole dataset again."""
    found = sums(connection, feedback.c.dataset_id == dataset_id)
    for key in connection.scalars(select(import_.c.id).where(import_.c.dataset_id == dataset_id)).all():
        values = {"content_sha256": hex_of(found.imports[key])}
        connection.execute(update(import_).where(import_.c.id == key).values(values))
    values = {"rows": found.rows, "sha256": hex_of(found.total)}
    connection.execute(update(dataset).where(dataset.c.id == dataset_id).values(values))


def is_intact(connection: Connection, dataset_id: int) -> bool:
    """Whether the stored rows and labels give what is recorded for the dataset and for each import."""
    found = sums(connection, feedback.c.dataset_id == dataset_id)
    contents = select(import_.c.id, import_.c.content_sha256).where(import_.c.dataset_id == dataset_id)
    known = connection.execute(
        select(dataset.c.rows, dataset.c.sha256).where(dataset.c.id == dataset_id)
    ).one()
    return (found.rows, hex_of(found.total)) == tuple(known) and all(
        hex_of(found.imports[row.id]) == row.content_sha256 for row in connection.execute(contents)
    )
