"""What we say may carry a piece of material; the sign-ups of one person are found when they ask to be forgotten."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_index("ix_sign_up_member_id", "sign_up", ["member_id"])
    # SQLite takes a new column with its reference only in one statement, which is alike on PostgreSQL.
    op.execute("ALTER TABLE outbox ADD COLUMN material_id INTEGER REFERENCES material (id)")
