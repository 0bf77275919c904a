"""Explanations of comments, what was measured of a model, places on its map.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def _parent(name: str, target: str) -> sa.Column:
    return sa.Column(name, sa.Integer(), sa.ForeignKey(f"{target}.id", ondelete="CASCADE"), primary_key=True)


def upgrade() -> None:
    op.create_table(
        "attribution",
        _parent("run_id", "run"),
        _parent("feedback_id", "feedback"),
        sa.Column("label", sa.Text(), primary_key=True),
        sa.Column("against", sa.Text(), primary_key=True),
        sa.Column("method", sa.Text(), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text_hash", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_attribution_feedback_id", "attribution", ["feedback_id"])
    op.create_table(
        "finding",
        _parent("run_id", "run"),
        sa.Column("kind", sa.Text(), primary_key=True),
        sa.Column("label", sa.Text(), primary_key=True),
        sa.Column("data_sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "place",
        _parent("run_id", "run"),
        _parent("feedback_id", "feedback"),
        sa.Column("x", sa.Float(), nullable=False),
        sa.Column("y", sa.Float(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_place_feedback_id", "place", ["feedback_id"])
