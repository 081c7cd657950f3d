"""Since when a group is of its village is known; of older ones it counts from when it was met."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("room", sa.Column("bound_at", sa.DateTime(), nullable=True))
