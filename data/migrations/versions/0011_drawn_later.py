"""A poster is kept as it was laid out, and becomes a PNG when somebody is to see it."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("picture", sa.Column("svg", sa.String(), nullable=False, server_default=""))
