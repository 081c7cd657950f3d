"""What we say may carry a piece of material."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    # SQLite takes a new column with its reference only in one statement, which is alike on PostgreSQL.
    op.execute("ALTER TABLE outbox ADD COLUMN material_id INTEGER REFERENCES material (id)")
