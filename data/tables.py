"""The tables of who is who and what is told: orders and lectures are in `data.loop`, messages in `data.mail`.

A person is ``(transport, external_id)`` and so is a room; names are for showing, never for deciding.
A direct chat is a room of kind ``direct`` whose external id is the person's.
"""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from data.columns import choice, json_list, json_object, maybe_moment, moment


class RoomKind(StrEnum):
    """What a room is for."""

    RESIDENTS = "residents"  # 村民群
    MIGRANTS = "migrants"  # 外出务工群
    COORDINATORS = "coordinators"  # 工作群
    DIRECT = "direct"  # a chat with one person
    UNBOUND = "unbound"  # seen, but no coordinator has said yet whose it is: nothing is pushed there


class RoleKind(StrEnum):
    """What a person may do beyond what everyone may."""

    COORDINATOR = "coordinator"
    LECTURER = "lecturer"


class BroadcastState(StrEnum):
    """Where a broadcast (通知) stands: draft → submitted → approved by another → queued."""

    DRAFT = "draft"
    SUBMITTED = "submitted"  # waits for another coordinator
    RETURNED = "returned"  # to its author, with a reason
    APPROVED = "approved"  # waits for its hour
    QUEUED = "queued"
    RECALLED = "recalled"  # what had not left was stopped
    DROPPED = "dropped"


class Release(StrEnum):
    """On whose word a broadcast was queued."""

    TWO = "two"  # written by one, approved by another
    ALONE = "alone"  # 单人发布: the town's config lets its author
    EMERGENCY = "emergency"  # 紧急发布


class Village(SQLModel, table=True):
    """A village; ``aliases`` are what people also call it, ``venues`` where lectures can be held.

    ``near`` are the names of its neighbours, ``free`` the times that suit its people, as they said them.
    ``area_id`` is the town in which it lies (`data.record_tables.Area`), where one bot serves several.
    """

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    aliases: list[str] = json_list()
    venues: list[str] = json_list()
    near: list[str] = json_list()
    free: list[str] = json_list()
    area_id: int | None = Field(default=None, foreign_key="area.id")


class Room(SQLModel, table=True):
    """A group chat, or a direct chat with one person.

    ``bound_at`` is when it came to its village; None: when it was met. ``listen`` is what is heard there when nobody
    addresses the bot (mention, command, natural); empty: as configured.
    """

    __table_args__ = (UniqueConstraint("transport", "external_id"),)

    id: int | None = Field(default=None, primary_key=True)
    transport: str
    external_id: str
    name: str = ""
    kind: RoomKind = choice(RoomKind, default=RoomKind.UNBOUND)
    village_id: int | None = Field(default=None, foreign_key="village.id", index=True)
    created_at: datetime = moment()
    bound_at: datetime | None = maybe_moment()
    listen: str = ""


class Member(SQLModel, table=True):
    """A person as one transport knows them. ``village_id`` is that of the group where we last heard them.

    ``erased_at`` is when all that told who they are was removed, at their word.
    """

    __table_args__ = (UniqueConstraint("transport", "external_id"),)

    id: int | None = Field(default=None, primary_key=True)
    transport: str
    external_id: str
    name: str = ""
    village_id: int | None = Field(default=None, foreign_key="village.id")
    created_at: datetime = moment()
    erased_at: datetime | None = maybe_moment()


class Topic(SQLModel, table=True):
    """A topic (题目) of the catalogue, in the order in which the menu shows them."""

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    position: int = 0


class Lecturer(SQLModel, table=True):
    """A lecturer (宣讲员): ``kind`` is 政策, 技术 or 文明; ``free`` are the times they gave, as they said them.

    ``mentor_id`` is who teaches them (导师制).
    """

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    title: str = ""
    kind: str = ""
    trade: str = ""
    dialects: list[str] = json_list()
    free: list[str] = json_list()
    village_id: int | None = Field(default=None, foreign_key="village.id")
    mentor_id: int | None = Field(default=None, foreign_key="lecturer.id")


class LecturerTopic(SQLModel, table=True):
    """A topic that a lecturer speaks on."""

    __tablename__ = "lecturer_topic"

    lecturer_id: int = Field(foreign_key="lecturer.id", primary_key=True)
    topic_id: int = Field(foreign_key="topic.id", primary_key=True, index=True)


class Role(SQLModel, table=True):
    """What a member may do, and who said so."""

    __table_args__ = (UniqueConstraint("member_id", "kind"),)

    id: int | None = Field(default=None, primary_key=True)
    member_id: int = Field(foreign_key="member.id")
    kind: RoleKind = choice(RoleKind)
    lecturer_id: int | None = Field(default=None, foreign_key="lecturer.id", index=True)
    granted_at: datetime = moment()
    granted_by: str


class BindingCode(SQLModel, table=True):
    """A one-time code that gives a role to whoever says it first in a direct chat. Only its hash is kept.

    ``user_id`` is the user of the console who binds their WeChat with it.
    """

    __tablename__ = "binding_code"

    id: int | None = Field(default=None, primary_key=True)
    code_hash: str = Field(unique=True)
    kind: RoleKind = choice(RoleKind)
    lecturer_id: int | None = Field(default=None, foreign_key="lecturer.id")
    user_id: int | None = Field(default=None, foreign_key="console_user.id")
    created_at: datetime = moment()
    expires_at: datetime = moment()
    used_at: datetime | None = maybe_moment()


DRAWN = "poster-"  # how the names of pictures begin that were drawn here, and can be drawn again


class Picture(SQLModel, table=True):
    """A picture that can be sent, kept once by the SHA-256 of its PNG.

    What was drawn here goes by that of its SVG, and its ``png`` is empty until it was to be seen (`data.pictures`).
    """

    id: int | None = Field(default=None, primary_key=True)
    sha256: str = Field(unique=True)
    name: str
    png: bytes = b""
    svg: str = ""


class SnippetOrigin(StrEnum):
    """Who keeps a policy text."""

    FILE = "file"  # the town's own files
    IMPORT = "import"  # python -m bot texts import


class PushPart(StrEnum):
    """Which part of a policy text a push is."""

    WHOLE = "whole"
    QUESTION = "question"  # of a text that asks first: in the evening
    ANSWER = "answer"  # and the text itself, on the next day


class Snippet(SQLModel, table=True):
    """One version of a policy text (政策短文): sourced, dated, with an expiry after which it never leaves.

    ``key`` is that of the version in force; one that a newer version took the place of is kept under ``key@version``,
    with when it was withdrawn. ``ask`` is a question that goes out before the text; ``audience`` is for whom it is
    (`data.listeners`), everybody when empty.
    """

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    version: int = 1
    origin: SnippetOrigin = choice(SnippetOrigin, default=SnippetOrigin.FILE)
    withdrawn_at: datetime | None = maybe_moment()
    topic_id: int = Field(foreign_key="topic.id")
    also_topic_ids: list[int] = json_list()
    audience: dict[str, list[str]] = json_object()
    ask: str = ""
    link: str = ""
    title: str
    text: str
    source: str
    issued_on: date
    expires_on: date
    questions: list[str] = json_list()
    picture_id: int | None = Field(default=None, foreign_key="picture.id")


class Push(SQLModel, table=True):
    """That a snippet went to a room at one occurrence of the timetable: unique, so firing twice is harmless."""

    __table_args__ = (
        UniqueConstraint("room_id", "occurrence"),
        Index("ix_push_rotation", "room_id", "snippet_id"),
        Index("ix_push_outbox", "outbox_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    room_id: int = Field(foreign_key="room.id")
    snippet_id: int = Field(foreign_key="snippet.id")
    occurrence: datetime = moment()
    outbox_id: int = Field(foreign_key="outbox.id")
    part: PushPart = choice(PushPart, default=PushPart.WHOLE)
    series_id: int | None = Field(default=None, foreign_key="series.id")


class Broadcast(SQLModel, table=True):
    """An official notice (通知) from a coordinator, shown as B7.

    ``spec`` is whom it is for (`data.audiences.Audience`), ``audience`` the same in words, ``room_ids`` and
    ``member_ids`` (by direct message) who that was when it was last shown. ``digest`` is of all that an approval binds
    to, as last shown; ``approved_digest`` of what was approved.
    """

    __table_args__ = (Index("ix_broadcast_state", "state", "leaves_at"),)

    id: int | None = Field(default=None, primary_key=True)
    author_id: int = Field(foreign_key="member.id")
    audience: str
    spec: dict[str, object] = json_object()
    room_ids: list[int] = json_list()
    member_ids: list[int] = json_list()
    text: str
    state: BroadcastState = choice(BroadcastState, default=BroadcastState.DRAFT)
    created_at: datetime = moment()
    leaves_at: datetime | None = maybe_moment()  # the hour that was wished for; None: at once
    urgent: bool = False  # passes the quiet hours
    digest: str = ""
    submissions: int = 0  # times that others were asked to approve it
    approved_by: int | None = Field(default=None, foreign_key="member.id")
    approved_digest: str = ""
    released: Release | None = choice(Release, default=None, nullable=True)
    corrects_id: int | None = Field(default=None, foreign_key="broadcast.id")  # 更正
    decided_at: datetime | None = maybe_moment()


class Dialog(SQLModel, table=True):
    """A question of ours that waits for one person's answer in one room; a restart does not forget it."""

    room_id: int = Field(foreign_key="room.id", primary_key=True)
    member_id: int = Field(foreign_key="member.id", primary_key=True)
    kind: str
    payload: dict[str, object] = json_object()
    expires_at: datetime = moment()
