"""我的信息: all that is kept about one person, for that person to read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select
from sqlmodel import Session, SQLModel

from data import dossier as beside
from data.broadcast_tables import MemberTag, Subscription
from data.labels import WORDS, called
from data.loop import (
    Lecture,
    Order,
    OrderSeconder,
    Photo,
    Poll,
    PollVote,
    SignUp,
    Voice,
    VoiceKind,
)
from data.mail import Inbox
from data.statements import table_of
from data.tables import Lecturer, Member, Role, Room, Topic, Village

_MEMBER, _VILLAGE, _ROOM, _TOPIC = table_of(Member), table_of(Village), table_of(Room), table_of(Topic)
_LECTURE, _LECTURER, _POLL = table_of(Lecture), table_of(Lecturer), table_of(Poll)
_UP, _ORDER, _SECOND, _VOICE = table_of(SignUp), table_of(Order), table_of(OrderSeconder), table_of(Voice)
_VOTE, _TAG, _SUBSCRIPTION, _ROLE = table_of(PollVote), table_of(MemberTag), table_of(Subscription), table_of(Role)
_IN, _PHOTO = table_of(Inbox), table_of(Photo)


@dataclass(frozen=True, slots=True)
class Kept:
    """How much is kept about somebody."""

    name: str
    village: str
    sign_ups: int
    orders: int
    seconded: int
    cases: int
    ratings: int
    votes: int
    subscriptions: int
    tags: int
    roles: int
    photos: int
    messages: int


def kept(session: Session, member_id: int) -> Kept:
    """Count it."""
    name, village = session.execute(_who(member_id)).one()[:2]

    def count(model: type[SQLModel], *where: Any) -> int:
        table = table_of(model)
        query = select(func.count()).select_from(table).where(table.c.member_id == member_id, *where)
        return int(session.execute(query).scalar_one())

    rated = _VOICE.c.kind == VoiceKind.FEEDBACK
    return Kept(
        name=name,
        village=village or "",
        sign_ups=count(SignUp),
        orders=count(Order),
        seconded=count(OrderSeconder),
        cases=count(Voice, ~rated),
        ratings=count(Voice, rated),
        votes=count(PollVote),
        subscriptions=count(Subscription),
        tags=count(MemberTag),
        roles=count(Role),
        photos=count(Photo),
        messages=count(Inbox, _IN.c.text != ""),
    )


def dossier(session: Session, member_id: int, zone: ZoneInfo) -> dict[str, object]:
    """All that is kept about somebody, ready for JSON, in words that they can read. Raises `NoResultFound`.

    What others wrote is not theirs and is not in it, but for what was told to them and sign-ups in their nickname.
    """
    who = session.execute(_who(member_id)).mappings().one()
    queries = _parts(member_id) | beside.parts(session, session.get_one(Member, member_id))
    kept = {name: [_plain(row, zone) for row in session.execute(query).mappings()] for name, query in queries.items()}
    return dict[str, object](本人=_plain(who, zone)) | kept


def _who(member_id: int) -> Select[Any]:
    return (
        select(
            *called(_MEMBER, "name"),
            _VILLAGE.c.name.label("村"),
            *called(_MEMBER, "transport external_id created_at"),
        )
        .join(_VILLAGE, _VILLAGE.c.id == _MEMBER.c.village_id, isouter=True)
        .where(_MEMBER.c.id == member_id)
    )


def _parts(member_id: int) -> dict[str, Select[Any]]:
    title, topic, where = _LECTURE.c.title.label("课"), _TOPIC.c.name.label("题目"), _ROOM.c.name.label("在哪")
    parts: dict[str, tuple[Sequence[Any], Any, Any]] = {
        "报名": (
            (title, *called(_LECTURE, "starts_at"), *called(_UP, "for_whom people state at")),
            _UP.join(_LECTURE, _LECTURE.c.id == _UP.c.lecture_id),
            _UP.c.id,
        ),
        "点单": (
            (*called(_ORDER, "id"), topic, _LECTURER.c.name.label("老师"),
             *called(_ORDER, "wish when_text place for_whom state created_at")),
            _ORDER.join(_TOPIC, _TOPIC.c.id == _ORDER.c.topic_id, isouter=True)
            .join(_LECTURER, _LECTURER.c.id == _ORDER.c.lecturer_id, isouter=True),
            _ORDER.c.id,
        ),
        "附议": (tuple(called(_SECOND, "order_id at")), _SECOND, _SECOND.c.order_id),
        "意见和评课": (
            tuple(called(_VOICE, "id kind text rating answer at answered_at")),
            _VOICE,
            _VOICE.c.id,
        ),
        "投票": (
            (*called(_POLL, "question"), *called(_VOTE, "choice at")),
            _VOTE.join(_POLL, _POLL.c.id == _VOTE.c.poll_id),
            _VOTE.c.poll_id,
        ),
        "订阅": (
            (topic, *called(_SUBSCRIPTION, "created_at")),
            _SUBSCRIPTION.join(_TOPIC, _TOPIC.c.id == _SUBSCRIPTION.c.topic_id),
            _TOPIC.c.position,
        ),
        "标签": (tuple(called(_TAG, "tag")), _TAG, _TAG.c.tag),
        "身份": (
            tuple(called(_ROLE, "kind granted_by granted_at")),
            _ROLE,
            _ROLE.c.id,
        ),
        "照片": (
            (title, *called(_PHOTO, "path at")),
            _PHOTO.join(_LECTURE, _LECTURE.c.id == _PHOTO.c.lecture_id),
            _PHOTO.c.id,
        ),
        "对机器人说的话": (
            (where, *called(_IN, "text heard_at")),
            _IN.join(_ROOM, _ROOM.c.id == _IN.c.room_id),
            _IN.c.id,
        ),
    }  # fmt: skip
    owners = {
        "报名": _UP, "点单": _ORDER, "附议": _SECOND, "意见和评课": _VOICE, "投票": _VOTE, "订阅": _SUBSCRIPTION,
        "标签": _TAG, "身份": _ROLE, "照片": _PHOTO, "对机器人说的话": _IN,
    }  # fmt: skip
    return {
        name: select(*columns).select_from(tables).where(owners[name].c.member_id == member_id).order_by(order)
        for name, (columns, tables, order) in parts.items()
    }


def _plain(row: Mapping[Any, Any], zone: ZoneInfo) -> dict[str, object]:
    """A row as people read it and JSON can hold it, without what is empty."""
    return {str(name): _said(value, zone) for name, value in row.items() if value not in (None, "", [])}


def _said(value: object, zone: ZoneInfo) -> object:
    match value:
        case datetime():
            return f"{value.astimezone(zone):%Y-%m-%d %H:%M}"
        case date():
            return value.isoformat()
        case StrEnum():
            return WORDS.get(type(value), {}).get(value, value.value)
        case _:
            return value
