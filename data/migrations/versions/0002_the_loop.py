"""The loop: the tables of its steps, and what the first tables lacked for it."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

COLUMNS: tuple[tuple[str, sa.Column[Any]], ...] = (
    ("lecture", sa.Column("kind", sa.String(20), nullable=False, server_default="lecture")),
    ("lecture", sa.Column("branches", sa.JSON(), nullable=False, server_default="[]")),
    ("lecture", sa.Column("live_url", sa.String(), nullable=False, server_default="")),
    ("lecture", sa.Column("material_reviewed", sa.Boolean())),
    ("lecture", sa.Column("minutes", sa.Integer(), nullable=False, server_default="60")),
    ("lecture", sa.Column("created_at", sa.DateTime())),
    ("lecture", sa.Column("attended", sa.Integer())),
    ("lecture", sa.Column("handouts", sa.Integer())),
    ("lecture", sa.Column("counted_at", sa.DateTime())),
    ("lecture_order", sa.Column("kind", sa.String(20), nullable=False, server_default="lecture")),
    ("lecture_order", sa.Column("place", sa.String(), nullable=False, server_default="")),
    ("lecture_order", sa.Column("listeners", sa.Integer())),
    ("lecture_order", sa.Column("for_whom", sa.String(), nullable=False, server_default="")),
    ("lecture_order", sa.Column("urgent", sa.Boolean(), nullable=False, server_default=sa.false())),
    ("lecture_order", sa.Column("changed_at", sa.DateTime())),
    ("lecture_order", sa.Column("due_at", sa.DateTime())),
    ("lecture_order", sa.Column("reminded_at", sa.DateTime())),
    ("outbox", sa.Column("gather", sa.String())),
    ("outbox", sa.Column("gathered", sa.JSON(), nullable=False, server_default="[]")),
    ("sign_up", sa.Column("state", sa.String(20), nullable=False, server_default="seated")),
    ("sign_up", sa.Column("by_list", sa.Boolean(), nullable=False, server_default=sa.false())),
    ("sign_up", sa.Column("offered", sa.Integer())),
    ("sign_up", sa.Column("offered_until", sa.DateTime())),
    ("village", sa.Column("near", sa.JSON(), nullable=False, server_default="[]")),
    ("village", sa.Column("free", sa.JSON(), nullable=False, server_default="[]")),
    ("voice", sa.Column("due_at", sa.DateTime())),
    ("voice", sa.Column("share", sa.Boolean())),
)
# SQLite takes a new column with its reference only in one statement, which is alike on PostgreSQL.
REFERENCES = (
    ("lecture", "owner_id", "member"),
    ("lecture", "counted_by", "member"),
    ("lecture_order", "owner_id", "member"),
    ("lecture_order", "merged_into", "lecture_order"),
    ("lecture_order", "lecture_id", "lecture"),
    ("lecturer", "mentor_id", "lecturer"),
    ("sign_up", "room_id", "room"),
    ("voice", "village_id", "village"),
    ("voice", "owner_id", "member"),
)


def upgrade() -> None:
    _create_loop_tables()
    _create_echo_tables()
    for table, column in COLUMNS:
        op.add_column(table, column)
    for table, name, referred in REFERENCES:
        op.execute(f"ALTER TABLE {table} ADD COLUMN {name} INTEGER REFERENCES {referred} (id)")
    _create_indices()
    op.execute("UPDATE lecture_order SET changed_at = created_at")
    op.execute("UPDATE sign_up SET state = 'out' WHERE withdrawn_at IS NOT NULL")


def _create_loop_tables() -> None:
    op.create_table(
        "lecturer_training",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lecturer_id", sa.Integer(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("noted_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["lecturer_id"],
            ["lecturer.id"],
        ),
        sa.ForeignKeyConstraint(
            ["noted_by"],
            ["member.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(20), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"],
            ["member.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "photo",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lecture_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["lecture_id"],
            ["lecture.id"],
        ),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["member.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("lecture_id", "sha256"),
    )
    op.create_table(
        "solitaire_state",
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.Column("lecture_id", sa.Integer(), nullable=False),
        sa.Column("lists", sa.JSON(), nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("unclear", sa.JSON(), nullable=False),
        sa.Column("doubts", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["lecture_id"],
            ["lecture.id"],
        ),
        sa.ForeignKeyConstraint(
            ["room_id"],
            ["room.id"],
        ),
        sa.PrimaryKeyConstraint("room_id", "lecture_id"),
    )
    op.create_table(
        "assignment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("lecturer_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("starts_at", sa.DateTime(), nullable=False),
        sa.Column("venue", sa.String(), nullable=False),
        sa.Column("paper", sa.Boolean(), nullable=False),
        sa.Column("offered_by", sa.Integer(), nullable=False),
        sa.Column("offered_at", sa.DateTime(), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=True),
        sa.Column("answered_by", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.DateTime(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("counter_start", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["answered_by"],
            ["member.id"],
        ),
        sa.ForeignKeyConstraint(
            ["lecturer_id"],
            ["lecturer.id"],
        ),
        sa.ForeignKeyConstraint(
            ["offered_by"],
            ["member.id"],
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["lecture_order.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )


def _create_echo_tables() -> None:
    op.create_table(
        "deed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("outbox_ids", sa.JSON(), nullable=False),
        sa.Column("undone_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["member.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "poll",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("closes_at", sa.DateTime(), nullable=False),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["author_id"],
            ["member.id"],
        ),
        sa.ForeignKeyConstraint(
            ["room_id"],
            ["room.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "poll_vote",
        sa.Column("poll_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("choice", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["member.id"],
        ),
        sa.ForeignKeyConstraint(
            ["poll_id"],
            ["poll.id"],
        ),
        sa.PrimaryKeyConstraint("poll_id", "member_id"),
    )


def _create_indices() -> None:
    op.create_index("ix_deed_member", "deed", ["member_id", "at"], unique=False)
    op.create_index("ix_lecturer_training_lecturer_id", "lecturer_training", ["lecturer_id"], unique=False)
    op.create_index("ix_poll_closing", "poll", ["state", "closes_at"], unique=False)
    op.create_index("ix_poll_open", "poll", ["room_id", "state"], unique=False)
    op.create_index("ix_step_subject", "step", ["subject", "subject_id"], unique=False)
    op.create_index("ix_assignment_lecturer", "assignment", ["lecturer_id", "state"], unique=False)
    op.create_index(
        "ix_assignment_one_taker",
        "assignment",
        ["order_id"],
        unique=True,
        sqlite_where=sa.text("state = 'accepted'"),
        postgresql_where=sa.text("state = 'accepted'"),
    )
    op.create_index("ix_assignment_order", "assignment", ["order_id", "state"], unique=False)
    op.create_index("ix_lecture_lecturer", "lecture", ["lecturer_id", "starts_at"], unique=False)
    op.create_index("ix_lecture_state", "lecture", ["state", "starts_at"], unique=False)
    op.create_index("ix_lecture_village", "lecture", ["village_id", "starts_at"], unique=False)
    op.create_index("ix_lecture_order_lecture_id", "lecture_order", ["lecture_id"], unique=False)
    op.create_index("ix_lecture_order_merged_into", "lecture_order", ["merged_into"], unique=False)
    op.create_index("ix_order_desk", "lecture_order", ["state", "due_at"], unique=False)
    op.create_index("ix_lecturer_topic_topic_id", "lecturer_topic", ["topic_id"], unique=False)
    op.create_index("ix_role_lecturer_id", "role", ["lecturer_id"], unique=False)
    op.create_index("ix_voice_case", "voice", ["kind", "answered_at", "due_at"], unique=False)
    op.drop_index("ix_voice_answered_at", "voice")
    waits = sa.text("answered_at IS NULL AND kind <> 'feedback'")
    op.create_index("ix_voice_waiting", "voice", ["due_at", "id"], sqlite_where=waits, postgresql_where=waits)
    op.create_index("ix_sign_up_list", "sign_up", ["lecture_id", "state", "at", "id"], unique=False)
    op.create_index("ix_sign_up_offered", "sign_up", ["state", "offered_until"], unique=False)
    op.create_index("ix_solitaire_state_doubts", "solitaire_state", ["doubts"], unique=False)
