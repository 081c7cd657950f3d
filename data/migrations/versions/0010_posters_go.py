"""Posters that were sent long ago can be found, and let go of, without a look at all that was ever said."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_PICTURED = sa.text("outbox.picture_id IS NOT NULL")


def upgrade() -> None:
    op.create_index("ix_outbox_picture", "outbox", ["picture_id"], sqlite_where=_PICTURED, postgresql_where=_PICTURED)
