"""The tables of audiences: tags on villages, groups and people, saved audiences, and who asked for direct messages."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from data.columns import json_object, moment


class VillageTag(SQLModel, table=True):
    """A tag (标签) on a village: all its groups have it."""

    __tablename__ = "village_tag"

    tag: str = Field(primary_key=True)
    village_id: int = Field(foreign_key="village.id", primary_key=True)


class RoomTag(SQLModel, table=True):
    """A tag on a group."""

    __tablename__ = "room_tag"

    tag: str = Field(primary_key=True)
    room_id: int = Field(foreign_key="room.id", primary_key=True)


class MemberTag(SQLModel, table=True):
    """A tag on a person. It is no leave to write to them: that is theirs to give, by subscribing."""

    __tablename__ = "member_tag"

    tag: str = Field(primary_key=True)
    member_id: int = Field(foreign_key="member.id", primary_key=True)


class SavedAudience(SQLModel, table=True):
    """An audience under a name (名单); ``words`` is how it was said, ``spec`` what that means."""

    __tablename__ = "saved_audience"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    words: str
    spec: dict[str, object] = json_object()
    author_id: int = Field(foreign_key="member.id")
    created_at: datetime = moment()


class Subscription(SQLModel, table=True):
    """That somebody asked for direct messages on a topic (订阅)."""

    topic_id: int = Field(foreign_key="topic.id", primary_key=True)
    member_id: int = Field(foreign_key="member.id", primary_key=True, index=True)
    created_at: datetime = moment()
