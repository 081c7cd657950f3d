"""删除我的信息: what tells who somebody is goes, what the town counts stays without a name.

`erase` does all of it in one turn but for the address of the direct chat, where the person still reads that it is done;
`settle` lets go of that a minute later. What others wrote about them is `data.traces` and its parts.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, delete, or_, select, update
from sqlmodel import Session, SQLModel, col
from sqlmodel import select as select_row

from data import reviewing, signups, steps, tell, trace_desk, trace_texts, traces
from data.broadcast_tables import MemberTag, Subscription
from data.cases import REFUSED
from data.database import wipe_after
from data.desk_tables import ConsoleUser
from data.errors import Declined
from data.loop import (
    Deed,
    Lecture,
    LectureState,
    Order,
    OrderSeconder,
    OrderState,
    PollVote,
    SignUp,
    Step,
    Subject,
    Voice,
    VoiceKind,
)
from data.mail import Inbox, Outbox, OutboxState
from data.progress import OPEN
from data.record_tables import Removal
from data.removing import WAITS, mark, stand_in
from data.rules import Rules
from data.seats import HOLDING
from data.statements import changed, table_of
from data.tables import Dialog, Lecturer, Member, Role, RoleKind, Room, RoomKind
from data.trace_desk import ERASED

TRANSPORT = "erased"  # of those who are gone and of their direct chats: no transport has this name, so nothing leaves
KIND = "person"  # of the `Removal`
_FAREWELL = timedelta(hours=2)  # how long the last answer may take to leave
_IN, _OUT, _ORDER, _VOICE = table_of(Inbox), table_of(Outbox), table_of(Order), table_of(Voice)
_UP, _STEP, _ROOM = table_of(SignUp), table_of(Step), table_of(Room)
_NAMED = or_(_ORDER.c.topic_id.is_not(None), _ORDER.c.lecturer_id.is_not(None))  # it is known without their words
_MINE: tuple[type[SQLModel], ...] = (Role, PollVote, MemberTag, Subscription, OrderSeconder, Dialog, Deed)


class HasConsole(Declined):
    """Somebody who can open the console is still needed there under their name."""

    def __init__(self) -> None:
        super().__init__(
            "",
            chat="您还有控制台的账号。请先让管理员停用它，再来发“删除我的信息”。",
            desk="这个人还有控制台的账号。请先在“人员”里停用它，再来删。",
        )


@dataclass(frozen=True, slots=True)
class Erased:
    """What was done: sign-ups and orders taken back, cases closed, and how many rows were changed in all."""

    sign_ups: int
    orders: int
    cases: int
    rows: int


def erase(session: Session, member_id: int, *, now: datetime, rules: Rules) -> Erased:
    """Forget a person; their row stays as a number. Raises `HasConsole`."""
    account = select_row(ConsoleUser.id).where(ConsoleUser.member_id == member_id, col(ConsoleUser.active))
    if session.exec(account).first() is not None:
        raise HasConsole
    person = session.get_one(Member, member_id)
    with session.no_autoflush:
        direct = direct_room(session, person)
    trace = traces.of(session, person)
    unreachable = _coming_lectures(session, member_id, now=now)
    left = _leave_lectures(session, member_id, now=now, rules=rules)
    withdrawn = _withdraw_orders(session, member_id, now=now, rules=rules)
    gone = _become_nobody(session, person, now=now)
    session.flush()
    cases = _close_cases(session, member_id, now=now)
    rows = _blank(session, member_id, direct, gone)
    rows += _strike(session, trace, person, now=now)
    rows += sum(changed(session, delete(each).where(_is_theirs(each, member_id))) for each in _MINE)
    detail: dict[str, object] = {} if direct is None else {"room": direct}
    session.add(Removal(at=now, kind=KIND, rows=rows, member_id=member_id, detail=detail))
    for line in unreachable:
        for coordinator in tell.coordinators(session):
            tell.member(session, coordinator, line, now=now, not_before=rules.quiet.after(now))
    session.flush()
    wipe_after(session)
    session.expire_all()
    return Erased(left, withdrawn, cases, rows)


def _coming_lectures(session: Session, member_id: int, *, now: datetime) -> list[str]:
    """What coordinators must know when a lecturer goes: the town's register stays, but nobody reads for them here."""
    mine = select_row(Role.lecturer_id).where(Role.member_id == member_id, Role.kind == RoleKind.LECTURER)
    query = (
        select_row(Lecture.id, Lecture.title, Lecturer.name)
        .join(Lecturer, col(Lecturer.id) == col(Lecture.lecturer_id))
        .where(Lecture.state == LectureState.ANNOUNCED, Lecture.starts_at > now, col(Lecture.lecturer_id).in_(mine))
        .order_by(col(Lecture.starts_at), col(Lecture.id))
    )
    why = "删除了自己的信息，机器人联系不到了。请另外联系，看还来不来。"
    return [f"课{number}《{title}》的宣讲员{name}{why}" for number, title, name in session.exec(query)]


def _strike(session: Session, trace: traces.Trace, person: Member, *, now: datetime) -> int:
    """What others wrote and were told about them, rule by rule: what is known by id, by number, then by name."""
    tombstone = person.external_id
    return sum(
        (
            trace_texts.to_them_by_id(session, trace, now),
            trace_texts.by_number(session, trace, now),
            trace_texts.of_commands(session, trace, now),
            trace_texts.in_private(session, trace, now),
            trace_texts.of_lists(session, trace),
            trace_desk.in_lists(session, trace, tombstone),
            trace_desk.deeds(session, trace, now),
            trace_desk.in_their_name(session, trace),
            trace_desk.on_what_they_asked(session, trace),
            trace_desk.questions(session, trace, now),
            trace_desk.drafts(session, trace),
            trace_desk.log(session, trace, tombstone),
            trace_desk.account(session, trace.member_id),
        )
    )


def settle(session: Session, *, now: datetime) -> int:
    """Let go of the direct chats in which somebody was told that it is done; returns how many.

    What was queued for somebody who is gone is called off.
    """
    nowhere = select(_ROOM.c.id).where(_ROOM.c.transport == TRANSPORT)
    _call_off(session, _OUT.c.room_id.in_(nowhere), now)
    settled = 0
    query = select_row(Removal).where(Removal.at > now - timedelta(days=2), Removal.kind == KIND)
    for removal in session.exec(query).all():
        number = removal.detail.get("room")
        if not isinstance(number, int):
            continue
        waits = select(_OUT.c.id).where(_OUT.c.room_id == number, _OUT.c.state.in_(WAITS)).limit(1)
        if removal.at > now - _FAREWELL and session.execute(waits).first() is not None:
            continue
        _call_off(session, _OUT.c.room_id == number, now)
        _forget_chat(session, removal, number)
        removal.detail = {}
        settled += 1
        wipe_after(session)
    session.flush()
    return settled


def _call_off(session: Session, which: ColumnElement[bool], now: datetime) -> None:
    waiting = update(_OUT).where(which, _OUT.c.state == OutboxState.PENDING)
    session.execute(waiting.values(state=OutboxState.CANCELLED, settled_at=now, error=ERASED))


def _forget_chat(session: Session, removal: Removal, number: int) -> None:
    """The chat is nobody's; but where the person is back it is theirs anew, and only the farewell leaves it."""
    room, gone = session.get_one(Room, number), session.get_one(Member, removal.member_id)
    back = select_row(Member.id).where(Member.transport == room.transport, Member.external_id == room.external_id)
    if session.exec(back).first() is None:
        room.transport, room.external_id = TRANSPORT, f"{gone.external_id}-1"
        return
    nowhere = select_row(Room.id).where(Room.transport == TRANSPORT, Room.external_id == gone.external_id)
    last = session.exec(nowhere).one()
    ours = select(_IN.c.id).where(_IN.c.member_id == gone.id, _IN.c.room_id == number)
    session.execute(update(_OUT).where(_OUT.c.inbox_id.in_(ours)).values(room_id=last, text="", mentions=[]))
    session.execute(update(_IN).where(_IN.c.member_id == gone.id, _IN.c.room_id == number).values(room_id=last))


def _is_theirs(model: type[SQLModel], member_id: int) -> ColumnElement[bool]:
    mine: ColumnElement[bool] = table_of(model).c.member_id == member_id
    return mine


def direct_room(session: Session, person: Member) -> int | None:
    """The direct chat with somebody; None where there is none."""
    query = select_row(Room.id).where(Room.transport == person.transport, Room.external_id == person.external_id)
    return session.exec(query.where(Room.kind == RoomKind.DIRECT)).first()


def _leave_lectures(session: Session, member_id: int, *, now: datetime, rules: Rules) -> int:
    """Their seats of lectures to come go to the next in line."""
    mine = select_row(SignUp.lecture_id).where(SignUp.member_id == member_id, col(SignUp.state).in_(HOLDING))
    query = select_row(Lecture).where(Lecture.state == LectureState.ANNOUNCED, Lecture.starts_at > now)
    lectures = session.exec(query.where(col(Lecture.id).in_(mine))).all()
    for lecture in lectures:
        signups.withdraw(session, lecture, member_id=member_id, now=now, rules=rules)
    return len(lectures)


def _withdraw_orders(session: Session, member_id: int, *, now: datetime, rules: Rules) -> int:
    """What they wished for and nobody has scheduled; who wishes for the same keeps it."""
    seconded = select_row(OrderSeconder.order_id).where(OrderSeconder.member_id == member_id)
    query = select_row(Order.id).where(or_(col(Order.member_id) == member_id, col(Order.id).in_(seconded)))
    placed = select_row(Order.id).where(Order.member_id == member_id, col(Order.state).in_(OPEN))
    own = session.exec(placed).all()
    numbers = session.exec(query.where(col(Order.state).in_(OPEN)).order_by(col(Order.id))).all()
    for number in numbers:
        reviewing.withdraw(
            session, number or 0, member_id=member_id, now=now, not_before=rules.quiet.after(now), rules=rules
        )
    handed_on = update(_ORDER).where(_ORDER.c.id.in_(own), _ORDER.c.member_id != member_id, _NAMED)
    session.execute(handed_on.values(wish="", place="", for_whom=""))
    return len(numbers)


def _become_nobody(session: Session, person: Member, *, now: datetime) -> int:
    """The row goes on as a number that nobody can guess; returns the room in which its past conversation lies."""
    person.transport, person.external_id = TRANSPORT, secrets.token_hex(16)
    person.name, person.erased_at = "", now
    room = Room(transport=TRANSPORT, external_id=person.external_id, kind=RoomKind.DIRECT, created_at=now)
    session.add(room)
    session.flush()
    assert room.id is not None
    return room.id


def _close_cases(session: Session, member_id: int, *, now: datetime) -> int:
    """What nobody can be answered any more waits for no answer."""
    query = select_row(Voice).where(
        Voice.member_id == member_id, Voice.kind != VoiceKind.FEEDBACK, col(Voice.answered_at).is_(None)
    )
    found = session.exec(query).all()
    for voice in found:
        voice.answered_at, voice.answer = now, ERASED
        steps.record(session, Subject.VOICE, voice.id or 0, REFUSED, by=None, now=now, reason=ERASED)
    session.flush()
    return len(found)


def _blank(session: Session, member_id: int, direct: int | None, gone: int) -> int:
    """Empty their own words, and move their conversation out of the direct chat; returns how many rows changed."""
    voiced = case(
        (_VOICE.c.kind != VoiceKind.FEEDBACK, ERASED),
        else_=mark(_VOICE.c.rating),
    )
    mine = _IN.c.member_id == member_id
    wished = case((_NAMED, ""), else_=ERASED)
    alive = _ORDER.c.state.in_((OrderState.SCHEDULED, OrderState.MERGED))  # those who asked are told of these
    answers = _OUT.c.inbox_id.in_(select(_IN.c.id).where(mine))
    statements: list[Any] = [
        update(_VOICE).where(_VOICE.c.member_id == member_id).values(text=voiced, room_id=gone),
        update(_ORDER).where(_ORDER.c.member_id == member_id).values(wish=wished, when_text="", place="", for_whom=""),
        update(_ORDER)
        .where(_ORDER.c.member_id == member_id, or_(_ORDER.c.room_id == direct, alive))
        .values(room_id=gone),
        update(_UP)
        .where(_UP.c.member_id == member_id)
        .values(
            for_whom=case((_UP.c.for_whom != "", stand_in(_UP.c.id)), else_=""),
            room_id=case((_UP.c.room_id == direct, gone), else_=_UP.c.room_id),
        ),
        *_reasons(session, member_id),
        update(_OUT).where(answers, _OUT.c.state.not_in(WAITS)).values(text="", mentions=[], gathered=[]),
        update(_IN).where(mine, _IN.c.room_id == direct).values(room_id=gone),
        update(_IN).where(mine).values(text="", understood={}, error=""),
        update(_OUT).where(_OUT.c.room_id == direct).values(room_id=gone, text="", mentions=[], gathered=[], error=""),
    ]
    return sum(changed(session, each) for each in statements)


def _reasons(session: Session, member_id: int) -> list[Any]:
    """Why they did what they did, in their words. Only who held a role acted on what is not their own."""
    said = and_(_STEP.c.by_id == member_id, _STEP.c.reason != "")
    role = select_row(Role.id).where(Role.member_id == member_id)
    if session.exec(role).first() is not None:
        return [update(_STEP).where(said).values(reason=ERASED)]
    orders = select(_ORDER.c.id).where(_ORDER.c.member_id == member_id)
    voices = select(_VOICE.c.id).where(_VOICE.c.member_id == member_id)
    return [
        update(_STEP).where(said, _STEP.c.subject == subject, _STEP.c.subject_id.in_(ids)).values(reason=ERASED)
        for subject, ids in ((Subject.ORDER, orders), (Subject.VOICE, voices))
    ]
