"""Imports that can be appended, updated, undone and looked into; hashes that follow each row.

Columns are added in place, no table is built anew. The hash of a dataset becomes a sum over its rows, so
each stored row is read once; a dataset whose old hash does not hold keeps it and stays damaged.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

BATCH = 10_000
ROWS = (
    'SELECT "row", text, text_hash, date, rating, author, account, channel, language, segments '
    "FROM feedback WHERE import_id = :key ORDER BY id"
)
LABELS = (
    'SELECT s.name, f."row", l.label FROM label_set s JOIN label l ON l.label_set_id = s.id '
    "JOIN feedback f ON f.id = l.feedback_id WHERE s.dataset_id = :key "
    "ORDER BY s.name, l.feedback_id, l.label"
)


def upgrade() -> None:
    _add_columns()
    _add_tables_of_imports()
    _add_tables_of_accounts()
    connection = op.get_bind()
    for key, old in connection.execute(sa.text("SELECT id, sha256 FROM dataset")).all():
        _hash_anew(connection, key, old)


def _add_columns() -> None:
    words = {
        "dataset": {"state": "ready"},
        "import": {"header": "[]", "answers": "{}", "masked": "{}"},
        "feedback": {"external_id": "", "numbers": "{}", "cells": "[]"},
    }
    for table, columns in words.items():
        for name, value in columns.items():
            op.add_column(table, sa.Column(name, sa.Text(), nullable=False, server_default=value))
    op.add_column("dataset", sa.Column("health", sa.Text()))
    op.add_column("import", sa.Column("rows_updated", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("import", sa.Column("staged", sa.Integer()))
    op.add_column("label_set", sa.Column("multi", sa.Boolean(), nullable=False, server_default="0"))
    op.add_column("job", sa.Column("committed", sa.Boolean(), nullable=False, server_default="0"))
    op.add_column("job", sa.Column("result", sa.Text()))


def _add_tables_of_imports() -> None:
    op.create_table(
        "feedback_before",
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("feedback_id", sa.Integer(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["import.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["feedback_id"], ["feedback.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("import_id", "feedback_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_feedback_before_feedback_id", "feedback_before", ["feedback_id"], unique=False)
    op.create_table(
        "rejected_row",
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("cells", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["import.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("import_id", "number"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "similar",
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("feedback_id", sa.Integer(), nullable=False),
        sa.Column("group", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["feedback_id"], ["feedback.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("dataset_id", "feedback_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_similar_feedback_id", "similar", ["feedback_id"], unique=False)
    op.create_table(
        "column_mapping",
        sa.Column("header_sha256", sa.Text(), nullable=False),
        sa.Column("columns", sa.Text(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("used_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("header_sha256"),
    )


def _add_tables_of_accounts() -> None:
    op.create_table(
        "account",
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("revenue", sa.Float(), nullable=True),
        sa.Column("seats", sa.Float(), nullable=True),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("dataset_id", "account"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "account_file",
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("columns", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("dataset_id"),
    )
    op.create_table(
        "segment_size",
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("segment", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("accounts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("dataset_id", "segment", "value"),
        sqlite_with_rowid=False,
    )


# ---- hashes -------------------------------------------------------------------------------


def _hash_anew(connection: sa.Connection, dataset_id: int, old: str) -> None:
    imports = sa.text('SELECT id, content_sha256 FROM "import" WHERE dataset_id = :key ORDER BY id')
    contents, total = {}, 0
    parts = []
    for key, content in connection.execute(imports, {"key": dataset_id}).all():
        in_order, contents[key] = _hashes(connection, ROWS, key)
        if in_order != content:
            return
        parts.append(content)
    in_order, labels = _hashes(connection, LABELS, dataset_id)
    if hashlib.sha256(json.dumps([*parts, in_order]).encode()).hexdigest() != old:
        return
    for key, total in contents.items():
        change = sa.text('UPDATE "import" SET content_sha256 = :new WHERE id = :key')
        connection.execute(change, {"new": _hex(total), "key": key})
    new = _hex(sum(contents.values()) + labels)
    change = sa.text("UPDATE dataset SET sha256 = :new WHERE id = :key")
    connection.execute(change, {"new": new, "key": dataset_id})
    # The runs on these very rows and labels still are; others stay runs on earlier ones.
    change = sa.text("UPDATE run SET data_sha256 = :new WHERE dataset_id = :key AND data_sha256 = :old")
    connection.execute(change, {"new": new, "key": dataset_id, "old": old})


def _hashes(connection: sa.Connection, query: str, key: int) -> tuple[str, int]:
    """The old hash over all rows in their order, and the new sum of one hash a row."""
    digest, total = hashlib.sha256(), 0
    for part in _parts(connection, query, key):
        digest.update(json.dumps(part).encode())
        total += sum(int.from_bytes(_row_hash(row), "little") for row in part)
    return digest.hexdigest(), total


def _parts(connection: sa.Connection, query: str, key: int) -> Iterator[list[tuple]]:
    found = connection.execute(sa.text(query).execution_options(yield_per=BATCH), {"key": key})
    for part in found.partitions(BATCH):
        yield [tuple(row) for row in part]


def _row_hash(row: Sequence) -> bytes:
    """Of a label as it is, of a row with the new cells that are empty for all of them."""
    cells = ["" if cell is None else repr(cell) if isinstance(cell, float) else cell for cell in row]
    if len(row) > 3:
        cells += ["", "{}", "[]"]
    line = "\0".join(cells)
    if line.count("\0") >= len(cells):
        line = json.dumps(cells)
    return hashlib.sha256(line.encode()).digest()


def _hex(total: int) -> str:
    return f"{total % (1 << 256):064x}"
