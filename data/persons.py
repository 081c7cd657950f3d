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
from data.loop import (
    AssignmentState,
    Lecture,
    Order,
    OrderSeconder,
    OrderState,
    Photo,
    Poll,
    PollVote,
    SignUp,
    SignUpState,
    Voice,
    VoiceKind,
)
from data.mail import Inbox
from data.progress import STATE_NAMES
from data.statements import table_of
from data.tables import Lecturer, Member, Role, RoleKind, Room, Topic, Village
from data.voices import KIND_NAMES

_MEMBER, _VILLAGE, _ROOM, _TOPIC = table_of(Member), table_of(Village), table_of(Room), table_of(Topic)
_LECTURE, _LECTURER, _POLL = table_of(Lecture), table_of(Lecturer), table_of(Poll)
_UP, _ORDER, _SECOND, _VOICE = table_of(SignUp), table_of(Order), table_of(OrderSeconder), table_of(Voice)
_VOTE, _TAG, _SUBSCRIPTION, _ROLE = table_of(PollVote), table_of(MemberTag), table_of(Subscription), table_of(Role)
_IN, _PHOTO = table_of(Inbox), table_of(Photo)


# What a person reads instead of our own names of things.
_WORDS: Mapping[type[StrEnum], Mapping[Any, str]] = {
    OrderState: STATE_NAMES,
    VoiceKind: KIND_NAMES | {VoiceKind.FEEDBACK: "评课"},
    SignUpState: {
        SignUpState.SEATED: "有位子",
        SignUpState.WAITING: "候补",
        SignUpState.OFFERED: "有位子等您回话",
        SignUpState.OUT: "取消了",
        SignUpState.LAPSED: "没回话，位子让出去了",
    },
    AssignmentState: {
        AssignmentState.OFFERED: "等回话",
        AssignmentState.ACCEPTED: "接了",
        AssignmentState.DECLINED: "没接",
        AssignmentState.COUNTERED: "说了别的时间",
        AssignmentState.TAKEN: "别人先接了",
        AssignmentState.RECALLED: "收回了",
    },
    RoleKind: {RoleKind.COORDINATOR: "宣传干事", RoleKind.LECTURER: "宣讲员"},
}


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
            _MEMBER.c.name.label("昵称"),
            _VILLAGE.c.name.label("村"),
            _MEMBER.c.transport.label("来自"),
            _MEMBER.c.external_id.label("账号"),
            _MEMBER.c.created_at.label("初次见到"),
        )
        .join(_VILLAGE, _VILLAGE.c.id == _MEMBER.c.village_id, isouter=True)
        .where(_MEMBER.c.id == member_id)
    )


def _parts(member_id: int) -> dict[str, Select[Any]]:
    title, topic, where = _LECTURE.c.title.label("课"), _TOPIC.c.name.label("题目"), _ROOM.c.name.label("在哪")
    parts: dict[str, tuple[Sequence[Any], Any, Any]] = {
        "报名": (
            (title, _LECTURE.c.starts_at.label("开讲"), _UP.c.for_whom.label("替谁"), _UP.c.people.label("人数"),
             _UP.c.state.label("状态"), _UP.c.at.label("时间")),
            _UP.join(_LECTURE, _LECTURE.c.id == _UP.c.lecture_id),
            _UP.c.id,
        ),
        "点单": (
            (_ORDER.c.id.label("编号"), topic, _LECTURER.c.name.label("老师"), _ORDER.c.wish.label("原话"),
             _ORDER.c.when_text.label("想要的时间"), _ORDER.c.place.label("地点"), _ORDER.c.for_whom.label("替谁"),
             _ORDER.c.state.label("状态"), _ORDER.c.created_at.label("时间")),
            _ORDER.join(_TOPIC, _TOPIC.c.id == _ORDER.c.topic_id, isouter=True)
            .join(_LECTURER, _LECTURER.c.id == _ORDER.c.lecturer_id, isouter=True),
            _ORDER.c.id,
        ),
        "附议": ((_SECOND.c.order_id.label("编号"), _SECOND.c.at.label("时间")), _SECOND, _SECOND.c.order_id),
        "意见和评课": (
            (_VOICE.c.id.label("编号"), _VOICE.c.kind.label("类别"), _VOICE.c.text.label("原话"),
             _VOICE.c.rating.label("评分"), _VOICE.c.answer.label("答复"), _VOICE.c.at.label("时间"),
             _VOICE.c.answered_at.label("答复时间")),
            _VOICE,
            _VOICE.c.id,
        ),
        "投票": (
            (_POLL.c.question.label("问题"), _VOTE.c.choice.label("选了第几项"), _VOTE.c.at.label("时间")),
            _VOTE.join(_POLL, _POLL.c.id == _VOTE.c.poll_id),
            _VOTE.c.poll_id,
        ),
        "订阅": (
            (topic, _SUBSCRIPTION.c.created_at.label("时间")),
            _SUBSCRIPTION.join(_TOPIC, _TOPIC.c.id == _SUBSCRIPTION.c.topic_id),
            _TOPIC.c.position,
        ),
        "标签": ((_TAG.c.tag.label("标签"),), _TAG, _TAG.c.tag),
        "身份": (
            (_ROLE.c.kind.label("身份"), _ROLE.c.granted_by.label("谁给的"), _ROLE.c.granted_at.label("时间")),
            _ROLE,
            _ROLE.c.id,
        ),
        "照片": (
            (title, _PHOTO.c.path.label("文件"), _PHOTO.c.at.label("时间")),
            _PHOTO.join(_LECTURE, _LECTURE.c.id == _PHOTO.c.lecture_id),
            _PHOTO.c.id,
        ),
        "对机器人说的话": (
            (where, _IN.c.text.label("原话"), _IN.c.heard_at.label("时间")),
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
            return _WORDS.get(type(value), {}).get(value, value.value)
        case _:
            return value
