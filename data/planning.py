"""Lectures and other events, planned: held, changed, cancelled; who knew of it is told, once, and nobody else.

What was not said yet is replaced, not corrected (`data.lecture_notes`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from data import announcements, posters, progress, steps, tell
from data.announcements import Facts
from data.errors import LectureOver, TimeIsPast
from data.lecture_notes import (
    ANNOUNCED,
    CANCELLED,
    CHANGED,
    FACTS,
    RELEASED,
    Note,
    direct_rooms,
    facts_of,
    last_told,
    orders_of,
    room_notes,
    rooms_of,
    rooms_of_villages,
    say,
    take_back,
)
from data.loop import (
    Assignment,
    AssignmentState,
    EventKind,
    Lecture,
    LectureRoom,
    LectureState,
    Order,
    OrderState,
    Subject,
)
from data.rules import Rules
from data.tables import Lecturer, Role, RoleKind, Room, Topic, Village

MAX_TITLE = 30
_LOOKED_BACK = timedelta(days=60)  # how long the number of a lecture is asked after in 待办


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be held. The first of the villages is where it takes place; it is announced in all of them."""

    kind: EventKind
    topic_id: int
    lecturer_id: int
    village_ids: tuple[int, ...]
    title: str
    venue: str
    starts_at: datetime
    dialect: str = ""
    seats: int | None = None
    live_url: str = ""
    branches: tuple[str, ...] = ()

    def as_lecture(self) -> Lecture:
        """The lecture that it becomes; not in the database yet."""
        return Lecture(
            kind=self.kind,
            topic_id=self.topic_id,
            lecturer_id=self.lecturer_id,
            village_id=self.village_ids[0] if self.village_ids else None,
            title=self.title,
            venue=self.venue,
            branches=list(self.branches),
            live_url=self.live_url,
            dialect=self.dialect,
            seats=self.seats,
            starts_at=self.starts_at,
        )


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be another than it was; None where it stays. ``also`` are villages that it is announced in besides."""

    starts_at: datetime | None = None
    venue: str | None = None
    lecturer_id: int | None = None
    live_url: str | None = None
    branches: tuple[str, ...] | None = None
    also: tuple[int, ...] = ()


def hold(
    session: Session,
    plan: Plan,
    *,
    by: int | None,
    now: datetime,
    not_before: datetime,
    rules: Rules,
    announce: bool = True,
) -> Lecture:
    """Make it a lecture, announce it once in the groups of its villages, and tell the lecturer, unless that is ``by``.

    Raises `TimeIsPast`. Whether somebody or some place is taken then is asked before (`data.clashes`).
    """
    require_future(plan.starts_at, now=now)
    lecture = plan.as_lecture()
    lecture.minutes, lecture.created_at = rules.lecture_minutes, now
    lecture.owner_id = by if by is not None and _coordinates(session, by) else None
    session.add(lecture)
    session.flush()
    assert lecture.id is not None
    steps.record(session, Subject.LECTURE, lecture.id, "announced", by=by, now=now)
    rooms = rooms_of_villages(session, plan.village_ids)
    session.add_all(LectureRoom(lecture_id=lecture.id, room_id=room.id or 0) for room in rooms)
    session.flush()
    facts = facts_of(session, lecture)
    told = rooms if announce else []
    notes = [Note(room, announcements.announcement(facts, room.kind, rules.zone), ANNOUNCED) for room in told]
    for note in _with_poster(session, notes, facts, rules, now):
        say(session, lecture, note, now=now, not_before=not_before)
    for room in _lecturer_rooms(session, plan.lecturer_id, by=by, now=now):
        note = Note(room, announcements.for_lecturer(lecture.id, facts, rules.zone), FACTS)
        say(session, lecture, note, now=now, not_before=not_before)
    return lecture


def change(
    session: Session,
    lecture: Lecture,
    *,
    by: int | None,
    now: datetime,
    not_before: datetime,
    rules: Rules,
    starts_at: datetime | None = None,
    venue: str | None = None,
    lecturer_id: int | None = None,
    live_url: str | None = None,
    branches: Sequence[str] | None = None,
    also: Sequence[int] = (),
) -> bool:
    """Change it and tell whom that concerns, once: its rooms, its lecturers, who signed up or asked in a direct chat.

    See `Change` for what can be another. Returns whether anything is. Raises `LectureOver` or `TimeIsPast`.
    """
    wished = Change(starts_at, venue, lecturer_id, live_url, None if branches is None else tuple(branches), tuple(also))
    before, after = facts_of(session, lecture), what_if(session, lecture, wished, now=now)
    told = announcements.changes(before, after, rules.zone)
    new = new_rooms(session, lecture, also)
    if not told and not new:
        return False
    assert lecture.id is not None
    notes = room_notes(session, lecture, before, after, new, rules)
    people = _lecturer_notes(session, lecture, before, after, rules, by=by, now=now)
    spoken = {note.room.id for note in people}
    for room in direct_rooms(session, lecture):
        if room.id not in spoken:
            people.append(_person_note(session, lecture, room, before, after, rules))
    lecture.starts_at, lecture.venue, lecture.lecturer_id = after.starts_at, after.venue, after.lecturer_id
    lecture.live_url, lecture.branches = after.live_url, list(after.branches)
    session.add_all(LectureRoom(lecture_id=lecture.id, room_id=room.id or 0) for room in new)
    steps.record(session, Subject.LECTURE, lecture.id, "changed", by=by, now=now, reason="；".join(told))
    session.flush()
    for room in (*rooms_of(session, lecture), *(note.room for note in people)):
        take_back(session, lecture, room, now=now)
    for note in (*_with_poster(session, notes, after, rules, now), *people):
        if note.text:
            say(session, lecture, note, now=now, not_before=not_before)
    return True


def cancel(
    session: Session,
    lecture: Lecture,
    reason: str,
    *,
    by: int | None,
    now: datetime,
    not_before: datetime,
    rules: Rules,
) -> None:
    """Cancel it: who knew of it is told once, and its orders wait for another. Raises `LectureOver`."""
    require_coming(lecture, now=now)
    assert lecture.id is not None
    facts = facts_of(session, lecture)
    text = cancel_text(session, lecture, reason, rules)
    theirs = announcements.cancelled_for_lecturer(lecture.id, facts, reason, rules.zone)
    rooms = [(room, text) for room in (*rooms_of(session, lecture), *direct_rooms(session, lecture))]
    rooms += [(room, theirs) for room in _lecturer_rooms(session, lecture.lecturer_id, by=by, now=now)]
    lecture.state = LectureState.CANCELLED
    steps.record(session, Subject.LECTURE, lecture.id, "cancelled", by=by, now=now, reason=reason)
    for room, words in rooms:
        knows = last_told(session, lecture, room, facts) is not None
        take_back(session, lecture, room, now=now)
        if knows:
            say(session, lecture, Note(room, words, CANCELLED), now=now, not_before=not_before)
    _orders_wait_again(session, lecture, reason, by=by, now=now, rules=rules)


def cancel_text(session: Session, lecture: Lecture, reason: str, rules: Rules) -> str:
    """What the groups are told when it is cancelled."""
    topic = session.get_one(Topic, lecture.topic_id).name
    facts, ordered = facts_of(session, lecture), bool(orders_of(session, lecture))
    return announcements.cancelled(facts, reason, rules.zone, topic=short_name(topic), ordered=ordered)


def what_if(session: Session, lecture: Lecture, wished: Change, *, now: datetime) -> Facts:
    """What it would be after a change. Raises `LectureOver` or `TimeIsPast`."""
    require_coming(lecture, now=now)
    if wished.starts_at is not None:
        require_future(wished.starts_at, now=now)
    facts = facts_of(session, lecture)
    if wished.lecturer_id is not None:
        lecturer = session.get_one(Lecturer, wished.lecturer_id)
        trade = lecturer.trade or lecturer.title
        facts = replace(facts, lecturer_id=wished.lecturer_id, lecturer=lecturer.name, trade=trade)
    return replace(
        facts,
        starts_at=facts.starts_at if wished.starts_at is None else wished.starts_at,
        venue=facts.venue if wished.venue is None else wished.venue,
        live_url=facts.live_url if wished.live_url is None else wished.live_url,
        branches=facts.branches if wished.branches is None else wished.branches,
    )


def new_rooms(session: Session, lecture: Lecture, village_ids: Sequence[int]) -> list[Room]:
    """The groups of these villages in which it was not announced."""
    known = {room.id for room in rooms_of(session, lecture)}
    return [room for room in rooms_of_villages(session, village_ids) if room.id not in known]


def who_knows(session: Session, lecture: Lecture) -> list[Room]:
    """The groups that were told of it: not those in which the announcement still waits."""
    facts = facts_of(session, lecture)
    return [room for room in rooms_of(session, lecture) if last_told(session, lecture, room, facts) is not None]


def set_seats(session: Session, lecture: Lecture, seats: int | None, *, by: int, now: datetime) -> None:
    """Say how many seats there are; None: nobody counts them. Whoever waits is not told here (`data.signups`)."""
    assert lecture.id is not None
    lecture.seats = seats
    words = "不限座位" if seats is None else f"{seats}座"
    steps.record(session, Subject.LECTURE, lecture.id, "seats", by=by, now=now, reason=words)
    session.flush()


def set_material(session: Session, lecture: Lecture, *, reviewed: bool, by: int, now: datetime) -> None:
    """Say whether what will be shown was reviewed."""
    assert lecture.id is not None
    lecture.material_reviewed = reviewed
    words = "课件已审" if reviewed else "课件没审"
    steps.record(session, Subject.LECTURE, lecture.id, "material", by=by, now=now, reason=words)
    session.flush()


def require_future(moment: datetime, *, now: datetime) -> None:
    """Raises `TimeIsPast`."""
    if moment <= now:
        raise TimeIsPast


def require_coming(lecture: Lecture, *, now: datetime) -> None:
    """Raises `LectureOver` where there is nothing left to change."""
    if lecture.state != LectureState.ANNOUNCED:
        raise LectureOver(lecture.id or 0, cancelled=lecture.state == LectureState.CANCELLED)
    if lecture.starts_at <= now:
        raise LectureOver(lecture.id or 0)


def title_of(session: Session, order: Order) -> str:
    """What a lecture for this order is called: its topic, else the asker's words, else who speaks."""
    if order.topic_id is not None:
        return short_name(session.get_one(Topic, order.topic_id).name)
    if order.wish:
        return order.wish[:MAX_TITLE]
    lecturer = session.get(Lecturer, order.lecturer_id) if order.lecturer_id is not None else None
    return f"{lecturer.name}老师的课" if lecturer is not None else "村里点的课"


def short_name(topic: str) -> str:
    """A topic without what stands in brackets behind it: 法律(婚姻/劳动/民事)."""
    return topic.partition("(")[0]


def uncounted(session: Session, *, now: datetime, limit: int) -> list[str]:
    """For 待办: the lectures that were held and of which nobody has said how many came, oldest first."""
    query = (
        select(Lecture, Village.name)
        .join(Village, col(Lecture.village_id) == col(Village.id), isouter=True)
        .where(
            Lecture.state == LectureState.DELIVERED,
            Lecture.starts_at > now - _LOOKED_BACK,
            col(Lecture.attended).is_(None),
        )
        .order_by(col(Lecture.starts_at))
        .limit(limit)
    )
    lines = []
    for lecture, village in session.execute(query):
        held = lecture.starts_at.astimezone(now.tzinfo)
        where = f"{held.month}月{held.day}日{village or ''}"
        lines.append(f"课{lecture.id}《{lecture.title}》（{where}）还没报人数，发“课{lecture.id} 到场 36”")
    return lines


def _coordinates(session: Session, member_id: int) -> bool:
    query = select(Role.id).where(Role.member_id == member_id, Role.kind == RoleKind.COORDINATOR)
    return session.exec(query).first() is not None


def _with_poster(session: Session, notes: Sequence[Note], facts: Facts, rules: Rules, now: datetime) -> list[Note]:
    """Each announcement with its poster, drawn once; what tells of a change goes without."""
    if all(note.what != ANNOUNCED for note in notes):
        return list(notes)
    picture_id = posters.attached(session, facts, rules, now=now)
    return [replace(note, picture_id=picture_id) if note.what == ANNOUNCED else note for note in notes]


def _lecturer_rooms(session: Session, lecturer_id: int, *, by: int | None, now: datetime) -> list[Room]:
    """The direct chats of the people who stand for a lecturer, but for whoever does it themselves."""
    members = (each for each in tell.lecturer_members(session, lecturer_id) if each != by)
    return [session.get_one(Room, tell.direct_room(session, each, now=now)) for each in members]


def _person_note(session: Session, lecture: Lecture, room: Room, before: Facts, after: Facts, rules: Rules) -> Note:
    told = last_told(session, lecture, room, before) or before
    return Note(room, announcements.change(told, after, room.kind, rules.zone), CHANGED, told)


def _lecturer_notes(
    session: Session, lecture: Lecture, before: Facts, after: Facts, rules: Rules, *, by: int | None, now: datetime
) -> list[Note]:
    """Who stays is told what is another; who was replaced, that they need not come; who is new, everything."""
    assert lecture.id is not None
    zone, number = rules.zone, lecture.id
    replaced = before.lecturer_id != after.lecturer_id
    notes = []
    for room in _lecturer_rooms(session, after.lecturer_id, by=by, now=now):
        told = last_told(session, lecture, room, before)
        if told is None or told.lecturer_id != after.lecturer_id:
            notes.append(Note(room, announcements.for_lecturer(number, after, zone), FACTS))
        else:
            words = announcements.change_for_lecturer(number, told, after, zone)
            notes.append(Note(room, words, CHANGED, told))
    for room in _lecturer_rooms(session, before.lecturer_id, by=by, now=now) if replaced else ():
        told = last_told(session, lecture, room, before)
        words = announcements.released(number, told, zone) if told is not None else ""
        notes.append(Note(room, words, RELEASED, told))
    return notes


def _orders_wait_again(
    session: Session, lecture: Lecture, reason: str, *, by: int | None, now: datetime, rules: Rules
) -> None:
    """The orders that it was to serve go back to who dispatches them; nobody holds them any more."""
    orders = orders_of(session, lecture)
    taken = select(Assignment).where(
        col(Assignment.order_id).in_([order.id for order in orders]), Assignment.state == AssignmentState.ACCEPTED
    )
    for assignment in session.exec(taken).all():
        assignment.state, assignment.reason = AssignmentState.RECALLED, reason
    for order in orders:
        order.lecture_id = None
        if order.state == OrderState.SCHEDULED:
            progress.advance(session, order, OrderState.REVIEWED, by=by, now=now, rules=rules, reason=reason)
    session.flush()
