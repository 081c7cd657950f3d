"""Versions of policy texts, and series of them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

SNIPPET = (
    sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
    sa.Column("origin", sa.String(20), nullable=False, server_default="file"),
    sa.Column("withdrawn_at", sa.DateTime()),
    sa.Column("also_topic_ids", sa.JSON(), nullable=False, server_default="[]"),
    sa.Column("audience", sa.JSON(), nullable=False, server_default="{}"),
    sa.Column("ask", sa.String(), nullable=False, server_default=""),
    sa.Column("link", sa.String(), nullable=False, server_default=""),
)


def upgrade() -> None:
    op.create_table(
        "series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("days", sa.JSON(), nullable=False),
        sa.Column("every_days", sa.Integer(), nullable=False),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    for column in SNIPPET:
        op.add_column("snippet", column)
    op.add_column("push", sa.Column("part", sa.String(20), nullable=False, server_default="whole"))
    # SQLite takes a new column with its reference only in one statement, which is alike on PostgreSQL.
    op.execute("ALTER TABLE push ADD COLUMN series_id INTEGER REFERENCES series (id)")
    op.create_index("ix_push_outbox", "push", ["outbox_id"])
