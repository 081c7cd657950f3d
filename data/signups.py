"""Sign-ups (报名) for a lecture: seats, and the waiting list where there are too few.

    seated → out                    waiting → offered → seated
                                                  ↘ out, or lapsed when nobody answered

A seat is taken by whoever is seated and held for whoever it is offered to (`data.offers`), so that no seat is promised
twice. The waiting list goes strictly by when each took its place; whoever comes new stands behind it.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case
from sqlalchemy import select as core_select
from sqlmodel import Session, col

from data.errors import CapacityFull, NotSignedUp
from data.loop import Lecture, SignUp, SignUpState
from data.names import masked
from data.offers import lapse, leave, offer_free, take
from data.rules import Rules
from data.seats import HOLDING, Counts, SignedUp, ahead_of, count, id_of, lock, of_member, standing
from data.tables import Member, Room, RoomKind

_ASIDE = re.compile(r"[（(【\[].*$")  # 阿辉（东莞厚街）
__all__ = [
    "RosterLine", "SignedUp", "holds", "lapse", "offer_free", "people_in", "roster",
    "seats_left", "sign_up", "withdraw",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class RosterLine:
    """One party of a lecture's list; phone numbers in its names are masked. ``where`` is the room it signed up in."""

    name: str
    for_whom: str
    people: int
    state: SignUpState
    where: str


def people_in(session: Session, lecture_id: int) -> int:
    """How many people have a seat."""
    return count(session, lecture_id).seated


def seats_left(session: Session, lecture: Lecture) -> int | None:
    """How many seats are neither taken nor held for somebody; None where nobody counts them."""
    return None if lecture.seats is None else count(session, id_of(lecture)).free(lecture)


def holds(session: Session, lecture_id: int, member_id: int) -> bool:
    """Whether a member has a seat, an offer or a place on the waiting list."""
    return any(each.state in HOLDING for each in of_member(session, lecture_id, member_id))


def sign_up(
    session: Session,
    lecture: Lecture,
    *,
    member_id: int,
    people: int | None,
    now: datetime,
    rules: Rules,
    for_whom: str = "",
    room_id: int | None = None,
    name: str = "",
    wait: bool = False,
    by_list: bool = False,
    not_before: datetime | None = None,
) -> SignedUp:
    """Sign a party of ``people`` up in all: the member's own, or whoever ``for_whom`` names. Again: the new number.

    ``people`` is None where no number was said: one, or what it was before; and an offer is taken. ``name`` is the
    member's, under which a 接龙 may have them already. With ``wait`` a party that does not fit waits, as it does
    wherever others wait already. Raises `CapacityFull` where only some seats are left, or no more can be had.
    """
    seats = lock(session, lecture)
    mine = next((each for each in of_member(session, id_of(lecture), member_id) if each.for_whom == for_whom), None)
    called = (name, _ASIDE.sub("", name)) if name and not for_whom and mine is None else ()
    counts = count(session, id_of(lecture), names=called)
    if mine is None and counts.listed is not None:
        mine = session.get_one(SignUp, counts.listed)
        mine.member_id, mine.for_whom, mine.by_list = member_id, "", False
    if mine is not None and mine.state in HOLDING:
        return _again(session, lecture, mine, people, counts, now=now, rules=rules, not_before=not_before)
    wanted = people or 1
    free = counts.free(lecture)
    fits = seats is None or (not counts.waiting and free is not None and wanted <= free)
    if not fits and free and not counts.waiting and not wait:
        raise CapacityFull(lecture.title, left=free, people=wanted)
    if mine is None:
        mine = SignUp(lecture_id=id_of(lecture), member_id=member_id, for_whom=for_whom, at=now)
        session.add(mine)
    mine.people, mine.at, mine.withdrawn_at, mine.room_id, mine.by_list = wanted, now, None, room_id, by_list
    mine.offered = mine.offered_until = None
    mine.state = SignUpState.SEATED if fits else SignUpState.WAITING
    if not fits and counts.last is not None and counts.last >= now:  # a clock set back, or the same tick
        mine.at = counts.last + timedelta(microseconds=1)
    session.flush()
    if fits:
        left = None if free is None else free - wanted
        return SignedUp(lecture, wanted, counts.seated + wanted, left, changed=True, id=mine.id)
    if free and counts.waiting:  # the first in line would not have these few; now somebody would
        offer_free(session, lecture, now=now, rules=rules, not_before=not_before)
    return standing(session, lecture, mine, changed=True)


def _again(
    session: Session,
    lecture: Lecture,
    mine: SignUp,
    people: int | None,
    counts: Counts,
    *,
    now: datetime,
    rules: Rules,
    not_before: datetime | None,
) -> SignedUp:
    """The new number of a party that is on the list already, in whatever state. What it holds it keeps."""
    if mine.state is SignUpState.OFFERED:
        return take(session, lecture, mine, people, now=now, rules=rules, not_before=not_before)
    wanted, held = people or mine.people, mine.people
    free = counts.free(lecture)
    if mine.state is SignUpState.WAITING:
        mine.people = wanted
        session.flush()
        if free and wanted <= free and not ahead_of(session, mine):
            mine.state = SignUpState.SEATED
            session.flush()
        return standing(session, lecture, mine, changed=wanted != held or mine.state is SignUpState.SEATED)
    if wanted > held and free is not None and (counts.waiting or wanted - held > free):
        raise CapacityFull(lecture.title, left=0 if counts.waiting else free, people=wanted, held=held)
    mine.people = wanted
    session.flush()
    if wanted < held and counts.waiting:
        offer_free(session, lecture, now=now, rules=rules, not_before=not_before)
        return standing(session, lecture, mine, changed=True)
    left = None if free is None else free + held - wanted
    return SignedUp(lecture, wanted, counts.seated + wanted - held, left, changed=wanted != held, id=mine.id)


def withdraw(
    session: Session,
    lecture: Lecture,
    *,
    member_id: int,
    now: datetime,
    rules: Rules,
    for_whom: str | None = None,
    not_before: datetime | None = None,
) -> SignedUp:
    """Take back all that a member signed up, or only whom they name; the rows stay. Raises `NotSignedUp`."""
    lock(session, lecture)
    held = [
        each
        for each in of_member(session, id_of(lecture), member_id)
        if each.state in HOLDING and for_whom in (None, each.for_whom)
    ]
    if not held:
        raise NotSignedUp(lecture.title)
    for each in held:
        leave(session, each, SignUpState.OUT, now)
    session.flush()
    offer_free(session, lecture, now=now, rules=rules, not_before=not_before)
    counts = count(session, id_of(lecture))
    return SignedUp(lecture, 0, counts.seated, counts.free(lecture), changed=True, state=SignUpState.OUT)


def roster(session: Session, lecture_id: int) -> list[RosterLine]:
    """Everybody on a lecture's list: those with a seat, then those with an offer, then those who wait, in order."""
    place = case((col(SignUp.state) == SignUpState.SEATED, 0), (col(SignUp.state) == SignUpState.OFFERED, 1), else_=2)
    query = (
        core_select(Member.name, SignUp.for_whom, SignUp.people, SignUp.state, Room.name, Room.kind)  # type: ignore[call-overload]
        .join(Member, col(SignUp.member_id) == col(Member.id))
        .join(Room, col(SignUp.room_id) == col(Room.id), isouter=True)
        .where(col(SignUp.lecture_id) == lecture_id, col(SignUp.state).in_(HOLDING))
        .order_by(place, col(SignUp.at), col(SignUp.id))
    )
    return [
        RosterLine(masked(name), masked(whom), people, state, "私聊" if kind == RoomKind.DIRECT else room or "")
        for name, whom, people, state, room, kind in session.execute(query)
    ]
