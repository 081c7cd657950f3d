"""Broadcasts that two people release, audiences, tags and subscriptions."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

COLUMNS: tuple[sa.Column[Any], ...] = (
    sa.Column("spec", sa.JSON(), nullable=False, server_default="{}"),
    sa.Column("member_ids", sa.JSON(), nullable=False, server_default="[]"),
    sa.Column("leaves_at", sa.DateTime()),
    sa.Column("urgent", sa.Boolean(), nullable=False, server_default=sa.false()),
    sa.Column("digest", sa.String(), nullable=False, server_default=""),
    sa.Column("submissions", sa.Integer(), nullable=False, server_default="0"),
    sa.Column("approved_digest", sa.String(), nullable=False, server_default=""),
    sa.Column("released", sa.String(20)),
)
# SQLite takes a new column with its reference only in one statement, which is alike on PostgreSQL.
REFERENCES = (("approved_by", "member"), ("corrects_id", "broadcast"))
TAGGED = ("village", "room", "member")


def upgrade() -> None:
    for column in COLUMNS:
        op.add_column("broadcast", column)
    for name, referred in REFERENCES:
        op.execute(f"ALTER TABLE broadcast ADD COLUMN {name} INTEGER REFERENCES {referred} (id)")
    op.create_index("ix_broadcast_state", "broadcast", ["state", "leaves_at"])
    op.execute("UPDATE broadcast SET released = 'alone' WHERE state = 'queued'")
    for what in TAGGED:
        op.create_table(
            f"{what}_tag",
            sa.Column("tag", sa.String(), nullable=False),
            sa.Column(f"{what}_id", sa.Integer(), sa.ForeignKey(f"{what}.id"), nullable=False),
            sa.PrimaryKeyConstraint("tag", f"{what}_id"),
        )
    op.create_table(
        "saved_audience",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("spec", sa.JSON(), nullable=False),
        sa.Column("author_id", sa.Integer(), sa.ForeignKey("member.id"), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "subscription",
        sa.Column("topic_id", sa.Integer(), sa.ForeignKey("topic.id"), nullable=False),
        sa.Column("member_id", sa.Integer(), sa.ForeignKey("member.id"), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("topic_id", "member_id"),
    )
    op.create_index("ix_subscription_member_id", "subscription", ["member_id"])
