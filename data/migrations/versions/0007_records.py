"""What stays: areas, counts as they came in, media reports, material, and what was removed when."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "area",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(20), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("parent_id", sa.Integer()),
        sa.ForeignKeyConstraint(["parent_id"], ["area.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("level", "name", "parent_id"),
    )
    op.create_index("ix_area_parent_id", "area", ["parent_id"])
    op.create_table(
        "material",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("uploaded_by", sa.Integer()),
        sa.Column("uploaded_at", sa.DateTime(), nullable=False),
        sa.Column("reviewed_by", sa.Integer()),
        sa.Column("reviewed_at", sa.DateTime()),
        sa.Column("note", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["reviewed_by"], ["member.id"]),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"]),
        sa.ForeignKeyConstraint(["uploaded_by"], ["member.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("topic_id", "title", "version"),
    )
    op.create_index("ix_material", "material", ["topic_id", "state"])
    op.create_table(
        "removal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("before", sa.DateTime()),
        sa.Column("member_id", sa.Integer()),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_removal_at", "removal", ["at"])
    op.create_table(
        "lecture_count",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lecture_id", sa.Integer(), nullable=False),
        sa.Column("attended", sa.Integer()),
        sa.Column("handouts", sa.Integer()),
        sa.Column("by_id", sa.Integer()),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["member.id"]),
        sa.ForeignKeyConstraint(["lecture_id"], ["lecture.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_lecture_count", "lecture_count", ["lecture_id", "at"])
    op.create_table(
        "material_download",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("material_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer()),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["material_id"], ["material.id"]),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_material_download", "material_download", ["material_id", "at"])
    op.create_table(
        "media_report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("outlet", sa.String(), nullable=False),
        sa.Column("level", sa.String(20), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("village_id", sa.Integer()),
        sa.Column("lecture_id", sa.Integer()),
        sa.Column("noted_by", sa.Integer()),
        sa.Column("noted_at", sa.DateTime(), nullable=False),
        sa.Column("struck_at", sa.DateTime()),
        sa.ForeignKeyConstraint(["lecture_id"], ["lecture.id"]),
        sa.ForeignKeyConstraint(["noted_by"], ["member.id"]),
        sa.ForeignKeyConstraint(["village_id"], ["village.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_media_report_published_on", "media_report", ["published_on"])
    op.execute(
        "INSERT INTO lecture_count (lecture_id, attended, handouts, by_id, at) "
        "SELECT id, attended, handouts, counted_by, coalesce(counted_at, starts_at) FROM lecture "
        "WHERE attended IS NOT NULL OR handouts IS NOT NULL"
    )
    op.add_column("lecture", sa.Column("hamlet", sa.String(), nullable=False, server_default=""))
    op.add_column("member", sa.Column("erased_at", sa.DateTime()))
    # SQLite takes a new column with its reference only in one statement, which is alike on PostgreSQL.
    op.execute("ALTER TABLE village ADD COLUMN area_id INTEGER REFERENCES area (id)")
