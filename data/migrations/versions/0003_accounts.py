"""What is known of an account, how often a row was held back, and the way to what was sent lately."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("transport", sa.String(), primary_key=True),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("breaker_until", sa.DateTime()),
        sa.Column("breaker_why", sa.String(), nullable=False),
        sa.Column("able_at", sa.DateTime()),
    )
    # An account that has spoken before is no new one.
    op.execute(
        "INSERT INTO account (transport, account_id, since, breaker_why)"
        " SELECT room.transport, '', min(outbox.claimed_at), '' FROM outbox JOIN room ON room.id = outbox.room_id"
        " WHERE outbox.claimed_at IS NOT NULL GROUP BY room.transport"
    )
    op.add_column("outbox", sa.Column("held", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("ix_outbox_claimed", "outbox", ["claimed_at"])
