"""Counts that are true: sent only where there is evidence, people as they were known then, replies of one day."""

from datetime import datetime, timedelta

from sqlmodel import Session, select

from data import inbox, outbox, reach
from data.mail import Outbox, OutboxKind, OutboxState
from data.reach import Reached
from data.tables import Broadcast, Member, Push, PushPart, Room, RoomKind, Snippet
from tests.town import NOW, DemoTown

DAY = timedelta(days=1)


def rooms_of(session: Session) -> list[int]:
    kinds = (RoomKind.RESIDENTS, RoomKind.MIGRANTS)
    return [room.id or 0 for room in session.exec(select(Room)) if room.kind in kinds]


def pushed(
    session: Session, room_id: int, state: OutboxState, at: datetime, *, part: PushPart = PushPart.WHOLE, text: int = 1
) -> None:
    row = outbox.queue(session, room_id=room_id, kind=OutboxKind.PUSH, text="短文", now=at)
    assert row is not None
    kept = session.get_one(Outbox, row)
    kept.state, kept.claimed_at = state, at
    session.add(Push(room_id=room_id, snippet_id=text, occurrence=at, outbox_id=row, part=part))
    session.flush()


def said(session: Session, room_id: int, member: int, at: datetime, *, number: int = 0) -> None:
    inbox.record(
        session, transport="webchat", message_id=f"{room_id}-{member}-{at}-{number}", room_id=room_id,
        member_id=member, text="课表", heard_at=at, handled_at=at, route="schedule",
    )  # fmt: skip


def only(session: Session, now: datetime) -> Reached:
    (found,) = reach.since(session, NOW - 7 * DAY, now=now)
    return found


def test_only_evidence_counts_as_sent(town: DemoTown) -> None:
    states = (OutboxState.SENT, OutboxState.UNKNOWN, OutboxState.FAILED, OutboxState.PENDING, OutboxState.EXPIRED)
    with town.session() as session:
        for room_id, state in zip(rooms_of(session), states, strict=True):
            pushed(session, room_id, state, NOW)
        found = only(session, NOW + DAY)
        assert (found.groups, found.unknown, found.failed, found.waiting) == (1, 1, 2, 1)
        row = session.exec(select(Outbox).where(Outbox.state == OutboxState.UNKNOWN)).one()
        row.state = OutboxState.SENT  # a coordinator looked, or its echo came
        session.flush()
        assert (only(session, NOW + DAY).groups, only(session, NOW + DAY).unknown) == (2, 0)


def test_members_are_those_who_were_known_by_then(town: DemoTown) -> None:
    with town.session() as session:
        room, other = rooms_of(session)[:2]
        people = [each.id or 0 for each in session.exec(select(Member))][:4]
        said(session, room, people[0], NOW - 30 * DAY)
        said(session, room, people[1], NOW - DAY)
        said(session, room, people[0], NOW - DAY)
        said(session, other, people[2], NOW - DAY)
        said(session, room, people[3], NOW + timedelta(hours=1))
        pushed(session, room, OutboxState.SENT, NOW)
        assert only(session, NOW + 2 * DAY).members == 2


def test_replies_are_those_of_its_group_within_a_day(town: DemoTown) -> None:
    with town.session() as session:
        room, other = rooms_of(session)[:2]
        one, two, three = [each.id or 0 for each in session.exec(select(Member))][:3]
        pushed(session, room, OutboxState.SENT, NOW)
        pushed(session, other, OutboxState.UNKNOWN, NOW)
        said(session, room, one, NOW - timedelta(seconds=1))
        said(session, room, two, NOW)
        said(session, room, one, NOW + timedelta(minutes=1))
        said(session, room, one, NOW + timedelta(minutes=2))
        said(session, room, two, NOW + DAY)
        said(session, room, two, NOW + DAY + timedelta(seconds=1))
        said(session, other, three, NOW + timedelta(minutes=1))
        found = only(session, NOW + 2 * DAY)
        assert (found.replies, found.repliers, found.open) == (3, 2, 0)
        early = only(session, NOW + timedelta(seconds=90))
        assert (early.replies, early.repliers, early.open) == (1, 1, 1)


def test_somebody_in_two_groups_is_one_person(town: DemoTown) -> None:
    with town.session() as session:
        room, other = rooms_of(session)[:2]
        who = session.exec(select(Member.id)).first() or 0
        for each in (room, other):
            said(session, each, who, NOW - DAY)
            said(session, each, who, NOW + timedelta(hours=1), number=1)
            pushed(session, each, OutboxState.SENT, NOW)
        found = only(session, NOW + 2 * DAY)
        assert (found.groups, found.members, found.repliers, found.replies) == (2, 1, 1, 2)


def test_direct_messages_are_people_not_groups(town: DemoTown) -> None:
    with town.session() as session:
        direct = Room(transport="webchat", external_id="p-ahui", kind=RoomKind.DIRECT, created_at=NOW)
        session.add(direct)
        session.flush()
        pushed(session, direct.id or 0, OutboxState.SENT, NOW)
        found = only(session, NOW + DAY)
        assert (found.groups, found.people, found.members) == (0, 1, 0)


def test_a_question_a_notice_and_a_version_stand_apart(town: DemoTown) -> None:
    with town.session() as session:
        room = rooms_of(session)[0]
        text = session.get_one(Snippet, 1)
        text.ask, text.key = "要备案吗？", f"{text.key}@1"
        author = session.exec(select(Member.id)).first() or 0
        notice = Broadcast(author_id=author, audience="全镇", text="停水通知", created_at=NOW)
        session.add(notice)
        session.flush()
        pushed(session, room, OutboxState.SENT, NOW, part=PushPart.QUESTION)
        pushed(session, room, OutboxState.SENT, NOW + timedelta(hours=17), part=PushPart.ANSWER)
        row = outbox.queue(
            session, room_id=room, kind=OutboxKind.NOTICE, text="停水通知", now=NOW + DAY, broadcast_id=notice.id
        )
        kept = session.get_one(Outbox, row)
        kept.state, kept.claimed_at = OutboxState.SENT, NOW + DAY
        session.flush()
        names = [each.name for each in reach.since(session, NOW - DAY, now=NOW + 2 * DAY)]
        assert names == ["停水通知", f"{text.title}（第1版，已撤）", "问：要备案吗？"]
        assert reach.since(session, NOW + 2 * DAY, now=NOW + 2 * DAY) == []
