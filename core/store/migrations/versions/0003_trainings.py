"""Held-out rows, evaluation, promotions and gates; jobs that pause.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

OPEN_KEYS = {"ux_run_active_key": ("run", "status"), "ux_job_active_key": ("job", "state")}


def upgrade() -> None:
    op.add_column("run", sa.Column("evaluation", sa.Text()))
    op.add_column("label_set", sa.Column("gate", sa.Text()))
    op.add_column("job", sa.Column("pause_requested", sa.Boolean(), nullable=False, server_default="0"))
    _add_held_out()
    _add_promotion()
    for name, (table, column) in OPEN_KEYS.items():  # a paused one still is the one with its key
        condition = sa.text(f"{column} IN ('queued', 'running', 'paused')")
        op.drop_index(name, table_name=table)
        op.create_index(name, table, ["key"], unique=True, sqlite_where=condition, postgresql_where=condition)


def _add_held_out() -> None:
    op.create_table(
        "held_out",
        sa.Column("run_id", sa.Integer(), sa.ForeignKey("run.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("model", sa.Text(), primary_key=True),
        sa.Column("repeat", sa.Integer(), primary_key=True),
        sa.Column(
            "feedback_id", sa.Integer(), sa.ForeignKey("feedback.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("fold", sa.Integer(), nullable=False),
        sa.Column("probabilities", sa.LargeBinary(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_held_out_feedback_id", "held_out", ["feedback_id"])


def _add_promotion() -> None:
    op.create_table(
        "promotion",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column(
            "label_set_id", sa.Integer(), sa.ForeignKey("label_set.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("run_id", sa.Integer(), sa.ForeignKey("run.id", ondelete="CASCADE"), nullable=False),
        sa.Column("results", sa.Text(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False, server_default=""),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_promotion_label_set_id", "promotion", ["label_set_id"])
    op.create_index("ix_promotion_run_id", "promotion", ["run_id"])
