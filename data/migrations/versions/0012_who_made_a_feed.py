"""Who made a calendar's address is known, so that it ends with their account; of older ones nobody knows."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    # SQLite takes a new column with its reference only in one statement, which is alike on PostgreSQL.
    op.execute("ALTER TABLE feed ADD COLUMN made_by INTEGER REFERENCES console_user (id)")
