"""What others keep about somebody who asked to be forgotten: sign-ups in their name, lists, deeds, drafts, the log."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, and_, cast, delete, or_, select, update
from sqlmodel import Session, col
from sqlmodel import select as select_row

from data.desk_tables import Audit, ConsoleLink, ConsoleSession, ConsoleUser, RelayDraft, Throttle
from data.loop import Assignment, AssignmentState, Deed, Order, OrderState, SignUp, Step, Subject, Voice
from data.removing import stand_in
from data.statements import changed, table_of
from data.tables import Dialog, Member, Role
from data.trace_lists import doubts_without, without
from data.traces import DESK, SOMEONE, Trace, as_json, lists_of

ERASED = "已按本人要求删除"
NOBODY = "已删除的账号"
_DEEDS = timedelta(days=60)  # beyond what is kept of them, whatever is set
_UP, _ORDER, _GIVEN, _STEP = table_of(SignUp), table_of(Order), table_of(Assignment), table_of(Step)
_VOICE, _DEED, _AUDIT, _DIALOG = table_of(Voice), table_of(Deed), table_of(Audit), table_of(Dialog)
_USER, _LINK, _SESSION = table_of(ConsoleUser), table_of(ConsoleLink), table_of(ConsoleSession)
_THROTTLE, _ROLE, _MEMBER = table_of(Throttle), table_of(Role), table_of(Member)
_OVER = (OrderState.WITHDRAWN, OrderState.DECLINED)
_AT_WORK = (AssignmentState.OFFERED, AssignmentState.ACCEPTED, AssignmentState.COUNTERED)


def in_their_name(session: Session, trace: Trace) -> int:
    """Sign-ups and orders that others made under just their name: a number instead, and nobody."""
    signed = update(_UP).where(_UP.c.id.in_(trace.listed))
    rows = changed(session, signed.values(for_whom=stand_in(_UP.c.id)))
    ordered = update(_ORDER).where(_ORDER.c.id.in_(trace.placed))
    return rows + changed(session, ordered.values(for_whom=""))


def on_what_they_asked(session: Session, trace: Trace) -> int:
    """What others wrote on their orders and cases: why, where, and what was answered."""
    on = or_(
        and_(_STEP.c.subject == Subject.ORDER, _STEP.c.subject_id.in_(trace.orders)),
        and_(_STEP.c.subject == Subject.VOICE, _STEP.c.subject_id.in_(trace.voices)),
    )
    said = update(_STEP).where(on, _STEP.c.reason != "", _STEP.c.reason != ERASED)
    answered = update(_VOICE).where(_VOICE.c.id.in_(trace.voices), _VOICE.c.answer != "", _VOICE.c.answer != ERASED)
    theirs = _GIVEN.c.id.in_(trace.given)
    dead = select(_ORDER.c.id).where(_ORDER.c.id.in_(trace.orders), _ORDER.c.state.in_(_OVER))
    over = or_(_GIVEN.c.state.not_in(_AT_WORK), _GIVEN.c.order_id.in_(dead))
    own_reason = update(_GIVEN).where(_GIVEN.c.answered_by == trace.member_id, _GIVEN.c.reason != "")
    statements = (
        said.values(reason=ERASED),
        answered.values(answer=ERASED),
        update(_GIVEN).where(theirs, _GIVEN.c.reason != "").values(reason=""),
        update(_GIVEN).where(theirs, over, _GIVEN.c.venue != "").values(venue=""),
        own_reason.values(reason=""),
    )
    return sum(changed(session, each) for each in statements)


def in_lists(session: Session, trace: Trace, tombstone: str) -> int:
    """Their lines in the 接龙 of their groups."""
    touched = 0
    for state in lists_of(session, trace.rooms):
        ids = trace.sign_ups | frozenset(trace.listed)
        lists = without(state.lists, trace.external_id, ids, trace.alone, someone=SOMEONE, tombstone=tombstone)
        unclear = doubts_without(state.unclear, trace.alone, SOMEONE)
        if (lists, unclear) != (state.lists, state.unclear):
            state.lists, state.unclear = lists, unclear
            touched += 1
    return touched


def deeds(session: Session, trace: Trace, now: datetime) -> int:
    """What can no longer be taken back, for it would bring back what was theirs."""
    recent = session.execute(select(_DEED.c.id, _DEED.c.changes).where(_DEED.c.at > now - _DEEDS))
    theirs = [number for number, changes in recent if any(_touches(each, trace) for each in changes)]
    return changed(session, delete(_DEED).where(_DEED.c.id.in_(theirs))) if theirs else 0


def _touches(change: Mapping[str, Any], trace: Trace) -> bool:
    """Whether a change is of a row of theirs: their own, or one on what they asked for."""
    number = change["key"].get("id")
    row = {**change.get("before", {}), **change["after"], **change["key"]}
    match change["table"]:
        case "lecture_order":
            known = number in trace.orders or number in trace.placed
        case "voice":
            known = number in trace.voices
        case "sign_up":
            known = number in trace.sign_ups or number in trace.listed
        case "assignment":
            known = number in trace.given or row.get("order_id") in trace.orders
        case "step":
            owned = {"order": trace.orders, "voice": trace.voices}.get(str(row.get("subject")), ())
            known = row.get("subject_id") in owned
        case "solitaire_state":
            known = row.get("room_id") in trace.rooms and not trace.own.isdisjoint(_strings(change))
        case _:
            known = False
    return known or row.get("member_id") == trace.member_id


def questions(session: Session, trace: Trace, now: datetime) -> int:
    """Questions of ours to others that are over, with just their name in them; one that waits is gone in a day."""
    over = select(_DIALOG.c.room_id, _DIALOG.c.member_id, _DIALOG.c.payload).where(_DIALOG.c.expires_at <= now)
    rows = 0
    for room_id, member_id, payload in session.execute(over).all():
        if not (trace.alone | {trace.external_id}).isdisjoint(_strings(payload)):
            which = (_DIALOG.c.room_id == room_id, _DIALOG.c.member_id == member_id)
            rows += changed(session, delete(_DIALOG).where(*which))
    return rows


def drafts(session: Session, trace: Trace) -> int:
    """Their lines in chat of their groups that was pasted and nobody has taken over yet."""
    touched = 0
    for draft in session.exec(select_row(RelayDraft).where(col(RelayDraft.room_id).in_(trace.rooms))).all():
        lines = [each for each in draft.lines if each.get("who") not in trace.alone]
        if len(lines) < len(draft.lines):
            draft.lines = lines
            touched += 1
    return touched


def log(session: Session, trace: Trace, tombstone: str) -> int:
    """The log of the console, where it is about them by number or id: that it was done stays, and by whom."""
    numbers = [f"成员{trace.member_id}", *(f"{each}号" for each in {*trace.orders, *trace.placed, *trace.voices})]
    numbers += [f"课{lecture} 报名{number}" for number, lecture in _parties(session, trace)]
    by_id = cast(_AUDIT.c.detail, String).contains(as_json(trace.external_id), autoescape=True)
    query = select_row(Audit).where(or_(col(Audit.about).in_((*numbers, trace.external_id)), by_id))
    touched = 0
    for row in session.exec(query).all():
        detail = {key: _struck(value, trace, tombstone) for key, value in row.detail.items()}
        about = str(_struck(row.about, trace, tombstone))
        if (detail, about) != (row.detail, row.about):
            row.detail, row.about = detail, about
            touched += 1
    return touched


def account(session: Session, member_id: int) -> int:
    """An account of the console that was theirs: what was done with it is known by its number."""
    rows = 0
    for number, login in session.execute(select(_USER.c.id, _USER.c.name).where(_USER.c.member_id == member_id)).all():
        name = f"erased-{number}"
        at_desk = and_(_MEMBER.c.transport == DESK, _MEMBER.c.external_id == f"user:{login}")
        for statement in (
            update(_USER).where(_USER.c.id == number).values(name=name, shown_name=NOBODY, password_hash=""),
            update(_USER).where(_USER.c.created_by == login).values(created_by=name),
            delete(_SESSION).where(_SESSION.c.user_id == number),
            delete(_LINK).where(_LINK.c.user_id == number),
            update(_LINK).where(_LINK.c.created_by == login).values(created_by=name),
            delete(_THROTTLE).where(_THROTTLE.c.key == f"name:{login}"),
            update(_ROLE).where(_ROLE.c.granted_by == f"控制台:{login}").values(granted_by=f"控制台:{name}"),
            update(_MEMBER).where(at_desk).values(external_id=f"user:{name}", name=""),
            update(_AUDIT).where(_AUDIT.c.user_id == number).values(who=f"账号{number}", address=""),
        ):
            rows += changed(session, statement)
    return rows


def _parties(session: Session, trace: Trace) -> Iterator[tuple[int, int]]:
    ids = (*trace.sign_ups, *trace.listed)
    query = select(_UP.c.id, _UP.c.lecture_id).where(_UP.c.id.in_(ids))
    return ((number, lecture) for number, lecture in session.execute(query))


def _struck(value: object, trace: Trace, tombstone: str) -> object:
    return trace.struck(value.replace(trace.external_id, tombstone)) if isinstance(value, str) else value


def _strings(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for each in value:
                yield from _strings(each)
        case dict():
            for each in value.values():
                yield from _strings(each)
