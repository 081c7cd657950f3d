"""The tables of the console (控制台): who may use it, what they did there, and what they set."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field, SQLModel

from data.columns import choice, json_list, json_object, maybe_moment, moment


class ConsoleRole(StrEnum):
    """What a user of the console may do, each also what those before it may; ``VILLAGE`` in its village only."""

    VIEWER = "viewer"  # 只看
    VILLAGE = "village"  # 村级: one village
    COORDINATOR = "coordinator"  # 宣传干事
    APPROVER = "approver"  # 审核员: releases broadcasts
    ADMIN = "admin"  # 管理员: people and settings


class LinkPurpose(StrEnum):
    """What a one-time link is for."""

    SETUP = "setup"  # the first admin, printed in the terminal
    INVITE = "invite"
    RESET = "reset"  # a new password


class ConsoleUser(SQLModel, table=True):
    """Somebody who may open the console. ``name`` is what they log in with.

    ``member_id`` is as whom they act: a member of the transport "console", or once they have bound their WeChat the
    member there, so that what one person wrote here they cannot release there.
    """

    __tablename__ = "console_user"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    shown_name: str
    password_hash: str
    role: ConsoleRole = choice(ConsoleRole)
    village_id: int | None = Field(default=None, foreign_key="village.id")
    member_id: int = Field(foreign_key="member.id", index=True)
    active: bool = True
    created_at: datetime = moment()
    created_by: str


class ConsoleSession(SQLModel, table=True):
    """A log-in. Only the hash of its token is kept."""

    __tablename__ = "console_session"

    token_hash: str = Field(primary_key=True)
    user_id: int = Field(foreign_key="console_user.id", index=True)
    csrf: str
    created_at: datetime = moment()
    seen_at: datetime = moment()
    expires_at: datetime = moment()
    ended_at: datetime | None = maybe_moment()
    address: str = ""
    agent: str = ""


class ConsoleLink(SQLModel, table=True):
    """A one-time link. Only the hash of its token is kept."""

    __tablename__ = "console_link"

    token_hash: str = Field(primary_key=True)
    purpose: LinkPurpose = choice(LinkPurpose)
    shown_name: str = ""
    role: ConsoleRole = choice(ConsoleRole)
    village_id: int | None = Field(default=None, foreign_key="village.id")
    user_id: int | None = Field(default=None, foreign_key="console_user.id")  # whose password is set anew
    created_at: datetime = moment()
    created_by: str
    expires_at: datetime = moment()
    used_at: datetime | None = maybe_moment()


class Throttle(SQLModel, table=True):
    """Wrong passwords by name or by address, and until when no more are looked at."""

    key: str = Field(primary_key=True)
    failures: int = 0
    last_at: datetime = moment()
    until: datetime | None = maybe_moment()


class Audit(SQLModel, table=True):
    """A write in the console, a log-in, an export, a number that was opened: who, when, from where, what."""

    __table_args__ = (Index("ix_audit_at", "at"), Index("ix_audit_user", "user_id", "at"))

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = moment()
    user_id: int | None = Field(default=None, foreign_key="console_user.id")
    who: str
    what: str
    about: str = ""
    detail: dict[str, object] = json_object()
    address: str = ""


class Feed(SQLModel, table=True):
    """The secret address of a calendar (ICS) of a village or a lecturer; neither: the whole town's.

    It ends with the account of whoever made it (``made_by``), who is not known of the oldest.
    """

    id: int | None = Field(default=None, primary_key=True)
    token: str = Field(unique=True)
    village_id: int | None = Field(default=None, foreign_key="village.id")
    lecturer_id: int | None = Field(default=None, foreign_key="lecturer.id")
    made_by: int | None = Field(default=None, foreign_key="console_user.id")
    created_at: datetime = moment()
    ended_at: datetime | None = maybe_moment()


class SettingChange(SQLModel, table=True):
    """A setting that was changed in the console, over config.yaml; ``value`` is as YAML would give it."""

    __tablename__ = "setting_change"

    key: str = Field(primary_key=True)
    value: object = Field(default=None, sa_column=Column(JSON, nullable=False))
    at: datetime = moment()
    by_id: int | None = Field(default=None, foreign_key="console_user.id")


class TopicAlias(SQLModel, table=True):
    """Words by which this town's people ask for a topic, beside those that ship."""

    __tablename__ = "topic_alias"

    id: int | None = Field(default=None, primary_key=True)
    topic_id: int = Field(foreign_key="topic.id", index=True)
    words: str = Field(unique=True)
    added_at: datetime = moment()
    added_by: int | None = Field(default=None, foreign_key="console_user.id")


class RelayDraft(SQLModel, table=True):
    """Pasted chat that a person still corrects; gone when it is kept or left alone for a day."""

    __tablename__ = "relay_draft"

    id: int | None = Field(default=None, primary_key=True)
    room_id: int = Field(foreign_key="room.id")
    user_id: int = Field(foreign_key="console_user.id", index=True)
    created_at: datetime = moment()
    lines: list[dict[str, object]] = json_list()
