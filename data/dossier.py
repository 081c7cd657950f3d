"""The parts of a dossier beside what somebody did themself: as a lecturer, at the desk, told to them, and by others."""

from typing import Any

from sqlalchemy import Select, String, and_, cast, or_, select
from sqlmodel import Session

from data import traces
from data.desk_tables import Audit, ConsoleSession, ConsoleUser
from data.erasure import direct_room
from data.labels import called
from data.loop import Assignment, Lecture, LecturerTraining, Poll, SignUp
from data.mail import Inbox, Outbox
from data.record_tables import Material, MaterialDownload
from data.statements import table_of
from data.tables import Broadcast, Lecturer, Member, Role, Room

_LECTURER, _ROLE, _TRAINING = table_of(Lecturer), table_of(Role), table_of(LecturerTraining)
_GIVEN, _POLL, _BROADCAST = table_of(Assignment), table_of(Poll), table_of(Broadcast)
_UP, _LECTURE, _OUT, _IN, _ROOM = table_of(SignUp), table_of(Lecture), table_of(Outbox), table_of(Inbox), table_of(Room)
_MATERIAL, _TAKEN = table_of(Material), table_of(MaterialDownload)
_USER, _SESSION, _AUDIT = table_of(ConsoleUser), table_of(ConsoleSession), table_of(Audit)


def parts(session: Session, person: Member) -> dict[str, Select[Any]]:
    """Each part by its name, in the words of the dossier."""
    assert person.id is not None
    return {
        "写着您昵称的报名": _by_others(session, person),
        "对您说的话": _told(session, person),
        **_as_lecturer(person.id),
        **_at_desk(person.id),
    }


def _by_others(session: Session, person: Member) -> Select[Any]:
    """Sign-ups that others made under just their nickname, in their village or their groups."""
    listed = traces.of(session, person).listed
    columns = (_LECTURE.c.title.label("课"), _UP.c.for_whom.label("写的名字"), *called(_UP, "people state at"))
    return select(*columns).join(_LECTURE, _LECTURE.c.id == _UP.c.lecture_id).where(_UP.c.id.in_(listed))


def _told(session: Session, person: Member) -> Select[Any]:
    """What was told to them: privately, in answer, or by name."""
    heard = select(_IN.c.id).where(_IN.c.member_id == person.id)
    groups = traces.rooms_of(session, person.id or 0)
    named = cast(_OUT.c.mentions, String).contains(traces.as_json(person.external_id), autoescape=True)
    to_them = or_(
        _OUT.c.room_id == (direct_room(session, person) or 0),
        _OUT.c.inbox_id.in_(heard),
        and_(_OUT.c.room_id.in_(groups), named),
    )
    columns = (_ROOM.c.name.label("在哪"), *called(_OUT, "text queued_at"))
    spoken = select(*columns).join(_ROOM, _ROOM.c.id == _OUT.c.room_id)
    return spoken.where(_OUT.c.text != "", to_them).order_by(_OUT.c.id)


def _as_lecturer(member_id: int) -> dict[str, Select[Any]]:
    mine = select(_ROLE.c.lecturer_id).where(_ROLE.c.member_id == member_id, _ROLE.c.lecturer_id.is_not(None))
    return {
        "宣讲员登记": select(*called(_LECTURER, "name title kind trade dialects free")).where(_LECTURER.c.id.in_(mine)),
        "培训": select(*called(_TRAINING, "title held_on"))
        .where(_TRAINING.c.lecturer_id.in_(mine)).order_by(_TRAINING.c.id),
        "回过的派单": select(*called(_GIVEN, "order_id state reason answered_at"))
        .where(_GIVEN.c.answered_by == member_id).order_by(_GIVEN.c.id),
        "取过的课件": select(*called(_MATERIAL, "title"), *called(_TAKEN, "at"))
        .join(_MATERIAL, _MATERIAL.c.id == _TAKEN.c.material_id)
        .where(_TAKEN.c.member_id == member_id).order_by(_TAKEN.c.id),
        "传过的课件": select(*called(_MATERIAL, "title uploaded_at"))
        .where(_MATERIAL.c.uploaded_by == member_id).order_by(_MATERIAL.c.id),
    }  # fmt: skip


def _at_desk(member_id: int) -> dict[str, Select[Any]]:
    """What a coordinator wrote, and the account of the console with its log-ins; not whom they dealt with."""
    accounts = select(_USER.c.id).where(_USER.c.member_id == member_id)
    return {
        "写的通知": select(*called(_BROADCAST, "text created_at"))
        .where(_BROADCAST.c.author_id == member_id).order_by(_BROADCAST.c.id),
        "发起的投票": select(*called(_POLL, "question created_at"))
        .where(_POLL.c.author_id == member_id).order_by(_POLL.c.id),
        "控制台账号": select(*called(_USER, "name shown_name role active created_at"))
        .where(_USER.c.member_id == member_id),
        "控制台登录": select(*called(_SESSION, "created_at address agent"))
        .where(_SESSION.c.user_id.in_(accounts)).order_by(_SESSION.c.created_at),
        "控制台操作": select(*called(_AUDIT, "what at address"))
        .where(_AUDIT.c.user_id.in_(accounts)).order_by(_AUDIT.c.id),
    }  # fmt: skip
