"""The sign-ups of a lecture as its page lists them, and what is done to one party on somebody's behalf.

Whoever signed up themselves is told where they did it; nobody else is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func
from sqlalchemy import select as core_select
from sqlmodel import Session, col, select

from data import lecture_notes, offers, planning, signups, tell
from data.announcements import fixed
from data.desk_errors import NotThere
from data.errors import CapacityFull, Declined
from data.loop import Lecture, LectureState, SignUp, SignUpState, SolitaireState
from data.rules import Rules
from data.seats import HOLDING, SignedUp, of_member
from data.statements import table_of
from data.tables import Member, Room, RoomKind

TARGETS = 40  # lectures that somebody can be moved to
_UP, _MEMBER, _ROOM = table_of(SignUp), table_of(Member), table_of(Room)
_PLACE = case(
    (_UP.c.state == SignUpState.SEATED, 0),
    (_UP.c.state == SignUpState.OFFERED, 1),
    (_UP.c.state == SignUpState.WAITING, 2),
    else_=3,
)


class NotEnoughSeats(Declined):
    """More people than there are seats; ``held`` is what the party has, and keeps."""

    def __init__(self, title: str, *, left: int, people: int, held: int = 0) -> None:
        keeps = f"原来的{held}人还在。" if held else "人少一点，或勾上“坐不下就候补”。"
        super().__init__(f"《{title}》只剩{left}位，不够{people}人，没有报上。{keeps}")


class FullThere(Declined):
    """Nobody gives up a seat for a place on a waiting list without a word."""

    def __init__(self, title: str) -> None:
        super().__init__(f"《{title}》坐不下，没有换。愿意去那边候补，就勾上“坐不下就候补”再换。")


class AlreadyThere(Declined):
    """They are on the other list too."""

    def __init__(self, number: int) -> None:
        super().__init__(f"他们在课{number}已经报了名。两边都报了的，把这边退掉就行。")


class TooFewSeats(Declined):
    """Fewer seats than people who have one."""

    def __init__(self, taken: int) -> None:
        super().__init__(f"已经报了{taken}人，座位不能少于{taken}。要减，先和报名的人商量。")


@dataclass(frozen=True, slots=True)
class Party:
    """A party of the list. ``called`` is whom the seat is for, ``by`` who signed them up where that is another."""

    id: int
    called: str
    by: str
    people: int
    state: SignUpState
    where: str
    at: datetime
    offered: int | None
    offered_until: datetime | None
    by_list: bool


@dataclass(frozen=True, slots=True)
class Doubts:
    """What is not clear in the 接龙 of one group: (name, why)."""

    room: str
    lines: tuple[tuple[str, str], ...]


def parties(
    session: Session, lecture_id: int, *, words: str = "", states: Sequence[SignUpState], offset: int, limit: int
) -> tuple[list[Party], int]:
    """Some of a lecture's list in the order of the seats, and how many parties there are."""
    where = [_UP.c.lecture_id == lecture_id, _UP.c.state.in_(states)]
    if words:
        where.append(_UP.c.for_whom.contains(words, autoescape=True) | _MEMBER.c.name.contains(words, autoescape=True))
    joined = _UP.join(_MEMBER, _MEMBER.c.id == _UP.c.member_id)
    total = session.execute(core_select(func.count()).select_from(joined).where(*where)).scalar_one()
    query = (
        core_select(
            _UP.c.id, _UP.c.for_whom, _MEMBER.c.name, _UP.c.people, _UP.c.state, _ROOM.c.name, _ROOM.c.kind,
            _UP.c.at, _UP.c.offered, _UP.c.offered_until, _UP.c.by_list,
        )
        .select_from(joined.outerjoin(_ROOM, _ROOM.c.id == _UP.c.room_id))
        .where(*where)
        .order_by(_PLACE, _UP.c.at, _UP.c.id)
        .offset(offset)
        .limit(limit)
    )  # fmt: skip
    found = [
        Party(number, whom or name, name if whom else "", people, state, _where(room, kind), *rest)
        for number, whom, name, people, state, room, kind, *rest in session.execute(query)
    ]
    return found, int(total)


def people(session: Session, lecture_id: int) -> Mapping[SignUpState, int]:
    """How many people stand in each state."""
    query = core_select(_UP.c.state, func.sum(_UP.c.people)).where(_UP.c.lecture_id == lecture_id)
    return {state: int(many) for state, many in session.execute(query.group_by(_UP.c.state))}


def find(session: Session, lecture: Lecture, sign_up_id: int) -> SignUp:
    """A party of this lecture. Raises `NotThere`."""
    party = session.get(SignUp, sign_up_id)
    if party is None or party.lecture_id != lecture.id:
        raise NotThere("这一家")
    return party


def called(session: Session, party: SignUp) -> str:
    """Whom the seat is for."""
    return party.for_whom or session.get_one(Member, party.member_id).name


def add(
    session: Session, lecture: Lecture, name: str, many: int, *, by: int, wait: bool, not_before: datetime,
    now: datetime, rules: Rules,
) -> SignedUp:  # fmt: skip
    """Sign somebody up who has no WeChat; the same name again is the new number.

    Raises `LectureOver` or `NotEnoughSeats`.
    """
    planning.require_coming(lecture, now=now)
    try:
        return signups.sign_up(
            session, lecture, member_id=by, people=many, now=now, rules=rules, for_whom=name,
            room_id=tell.direct_room(session, by, now=now), wait=wait, not_before=not_before,
        )  # fmt: skip
    except CapacityFull as full:
        raise NotEnoughSeats(lecture.title, left=full.left, people=many, held=full.held) from full


def renumber(
    session: Session, lecture: Lecture, party: SignUp, many: int, *, by: int, wait: bool, not_before: datetime,
    now: datetime, rules: Rules,
) -> SignedUp:  # fmt: skip
    """Give a party another number of people, or its place again where it had left. Raises as `add` does."""
    planning.require_coming(lecture, now=now)
    try:
        done = signups.sign_up(
            session, lecture, member_id=party.member_id, people=many, now=now, rules=rules, for_whom=party.for_whom,
            room_id=party.room_id, wait=wait, by_list=party.by_list, not_before=not_before,
        )  # fmt: skip
    except CapacityFull as full:
        raise NotEnoughSeats(lecture.title, left=full.left, people=many, held=full.held) from full
    if done.changed:
        ends = f"现在{done.people}人" + ("，先排候补" if done.state is SignUpState.WAITING else "")
        text = f"{_whose(party)}报的《{lecture.title}》，镇里帮着改了：{ends}。"
        _tell(session, party, text, by=by, now=now, not_before=not_before)
    return done


def seat(session: Session, lecture: Lecture, party: SignUp, *, by: int, not_before: datetime, now: datetime,
         rules: Rules) -> SignedUp:  # fmt: skip
    """Take, for a party, the seats that are held for it. Raises `OfferOver`."""
    done = offers.take_offer(session, party.id or 0, now=now, rules=rules)
    text = f"{_whose(party)}报的《{lecture.title}》，镇里帮着定下了{done.people}位。"
    _tell(session, party, text, by=by, now=now, not_before=not_before)
    return done


def take_off(
    session: Session, lecture: Lecture, party: SignUp, *, by: int, not_before: datetime, now: datetime, rules: Rules
) -> None:
    """Take a party off the list. Raises `LectureOver` or `NotSignedUp`."""
    planning.require_coming(lecture, now=now)
    signups.withdraw(
        session, lecture, member_id=party.member_id, now=now, rules=rules, for_whom=party.for_whom,
        not_before=not_before,
    )  # fmt: skip
    text = f"{_whose(party)}报的《{lecture.title}》，镇里帮着退了。想来还可以说“报名”。"
    _tell(session, party, text, by=by, now=now, not_before=not_before)


def move(
    session: Session, lecture: Lecture, party: SignUp, to: Lecture, *, by: int, wait: bool, not_before: datetime,
    now: datetime, rules: Rules,
) -> SignedUp:  # fmt: skip
    """Move a party to another lecture: off this list, onto that one, and told once.

    Raises `LectureOver`, `NotSignedUp`, `AlreadyThere`, or `FullThere` unless they may ``wait`` there.
    """
    planning.require_coming(to, now=now)
    planning.require_coming(lecture, now=now)
    there = of_member(session, to.id or 0, party.member_id)
    if to.id == lecture.id or any(each.for_whom == party.for_whom and each.state in HOLDING for each in there):
        raise AlreadyThere(to.id or 0)
    whose, many, room_id = _whose(party), party.people, party.room_id
    signups.withdraw(
        session, lecture, member_id=party.member_id, now=now, rules=rules, for_whom=party.for_whom,
        not_before=not_before,
    )  # fmt: skip
    try:
        done = signups.sign_up(
            session, to, member_id=party.member_id, people=many, now=now, rules=rules, for_whom=party.for_whom,
            room_id=room_id, wait=wait, not_before=not_before,
        )  # fmt: skip
    except CapacityFull as full:
        raise FullThere(to.title) from full
    waits = done.state is SignUpState.WAITING
    if waits and not wait:
        raise FullThere(to.title)
    facts = lecture_notes.facts_of(session, to)
    text = (
        f"{whose}报的《{lecture.title}》，镇里帮着换到了《{to.title}》（{fixed(to.starts_at, rules.zone)}，"
        f"{facts.where}），{many}人{'，先排候补' if waits else ''}。不合适就说“取消报名”。"
    )
    _tell(session, party, text, by=by, now=now, not_before=not_before)
    return done


def reseat(
    session: Session, lecture: Lecture, seats: int | None, *, by: int, not_before: datetime, now: datetime, rules: Rules
) -> int:
    """Say how many seats there are (None: nobody counts); what comes free is offered to whoever waits, in order.

    Returns how many were told. Raises `LectureOver` or `TooFewSeats`.
    """
    planning.require_coming(lecture, now=now)
    taken = signups.people_in(session, lecture.id or 0)
    if seats is not None and seats < taken:
        raise TooFewSeats(taken)
    planning.set_seats(session, lecture, seats, by=by, now=now)
    return offers.offer_free(session, lecture, now=now, rules=rules, not_before=not_before)


def targets(session: Session, lecture: Lecture, *, village_id: int | None, now: datetime) -> list[Lecture]:
    """Where a party could be moved: what is to come, of the same topic first; in one village where given."""
    same = case((col(Lecture.topic_id) == lecture.topic_id, 0), else_=1)
    query = (
        select(Lecture)
        .where(Lecture.state == LectureState.ANNOUNCED, Lecture.starts_at > now, Lecture.id != lecture.id)
        .order_by(same, col(Lecture.starts_at), col(Lecture.id))
        .limit(TARGETS)
    )
    if village_id is not None:
        query = query.where(Lecture.village_id == village_id)
    return list(session.exec(query))


def doubts(session: Session, lecture_id: int) -> list[Doubts]:
    """What a person should look at in the lecture's lists (请核对), group by group."""
    query = (
        select(SolitaireState, Room.name)
        .join(Room, col(SolitaireState.room_id) == col(Room.id))
        .where(SolitaireState.lecture_id == lecture_id, SolitaireState.doubts > 0)
    )
    return [
        Doubts(room, tuple((str(each["name"]), str(each["why"])) for each in state.unclear))
        for state, room in session.execute(query)
    ]


def _tell(session: Session, party: SignUp, text: str, *, by: int, now: datetime, not_before: datetime) -> None:
    """Tell who signed the party up, where they did; not whoever does this themselves."""
    if party.member_id == by:
        return
    room_id = party.room_id or tell.direct_room(session, party.member_id, now=now)
    tell.people_in(session, room_id, [party.member_id], text, now=now, not_before=not_before)


def _whose(party: SignUp) -> str:
    return f"您帮{party.for_whom}" if party.for_whom else "您"


def _where(room: str | None, kind: RoomKind | None) -> str:
    return "私聊" if kind == RoomKind.DIRECT else room or ""
