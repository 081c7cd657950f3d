"""Indices by which a year's figures are counted."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_TURNS = sa.text("step.subject = 'order' AND step.state IN ('dispatched', 'accepted')")
_SPOKEN = sa.text("NOT (outbox.state <> 'sent') AND outbox.kind IN ('push', 'notice')")


def upgrade() -> None:
    op.drop_index("ix_step_subject", "step")
    op.create_index("ix_step_subject", "step", ["subject", "subject_id", "state", "at"])
    op.create_index(
        "ix_step_turns", "step", ["state", "at", "subject_id", "subject"], sqlite_where=_TURNS, postgresql_where=_TURNS
    )
    op.create_index("ix_order_created", "lecture_order", ["created_at", "village_id"])
    op.create_index("ix_voice_said", "voice", ["kind", "at", "village_id"])
    op.create_index("ix_inbox_room", "inbox", ["room_id", "heard_at", "member_id"])
    op.create_index(
        "ix_outbox_spoken",
        "outbox",
        ["room_id", "settled_at", "kind", "broadcast_id", "state"],
        sqlite_where=_SPOKEN,
        postgresql_where=_SPOKEN,
    )
