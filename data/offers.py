"""Offers: a seat that comes free is held for the head of the waiting list, to take, to decline, or to let pass."""

from datetime import datetime

from sqlmodel import Session, col, select

from data import tell
from data.errors import OfferOver
from data.loop import Lecture, LectureState, SignUp, SignUpState
from data.mail import Outbox, OutboxState
from data.phrases import day_and_time
from data.rules import Rules
from data.seats import SignedUp, count, id_of, lock, standing

LAPSES_AT_ONCE = 200


def offered_to(session: Session, member_id: int, *, room_id: int | None) -> list[SignUp]:
    """The offers that wait for a member's answer: those made in a room, or all where ``room_id`` is None."""
    query = select(SignUp).where(SignUp.state == SignUpState.OFFERED, SignUp.member_id == member_id)
    if room_id is not None:
        query = query.where(SignUp.room_id == room_id)
    return list(session.exec(query.order_by(col(SignUp.offered_until), col(SignUp.id))))


def take_offer(session: Session, sign_up_id: int, *, now: datetime, rules: Rules) -> SignedUp:
    """Take the seats that are held for a party; its number becomes theirs. Raises `OfferOver`."""
    mine, lecture = _offer(session, sign_up_id, now)
    return take(session, lecture, mine, None, now=now, rules=rules)


def decline_offer(session: Session, sign_up_id: int, *, now: datetime, rules: Rules) -> Lecture:
    """Let the seats go to the next in line. Raises `OfferOver`."""
    mine, lecture = _offer(session, sign_up_id, now)
    leave(session, mine, SignUpState.OUT, now)
    session.flush()
    offer_free(session, lecture, now=now, rules=rules)
    return lecture


def offer_free(
    session: Session, lecture: Lecture, *, now: datetime, rules: Rules, not_before: datetime | None = None
) -> int:
    """Offer free seats to the head of the waiting list, told from ``not_before`` on; how many parties were told.

    An offer may be of fewer seats than the party wanted. It stands for ``rules.offer_for`` from when it can be said,
    and never beyond the lecture's start. Where nobody counts seats any more, everybody who waited has theirs.
    """
    seats = lock(session, lecture)
    says_at = rules.quiet.after(not_before or now)
    if says_at >= lecture.starts_at or lecture.state is not LectureState.ANNOUNCED:
        return 0
    free = count(session, id_of(lecture)).free(lecture)
    if free == 0:
        return 0
    waits = (SignUpState.WAITING,) if seats is not None else (SignUpState.WAITING, SignUpState.OFFERED)
    line = select(SignUp).where(SignUp.lecture_id == id_of(lecture), col(SignUp.state).in_(waits))
    told = 0
    for each in session.exec(line.order_by(col(SignUp.at), col(SignUp.id)).limit(free)).all():
        if seats is None or free is None:
            each.state, each.offered, each.offered_until = SignUpState.SEATED, None, None
            text = f"位子够了，{_theirs(each)}报的《{lecture.title}》{each.people}人已经报上。"
        elif free > 0:
            each.state, each.offered = SignUpState.OFFERED, min(free, each.people)
            each.offered_until = min(says_at + rules.offer_for, lecture.starts_at)
            free -= each.offered
            text = _offer_text(lecture, each, rules, says_at)
        else:
            break
        session.flush()
        _tell(session, each, text, what="seat", now=now, not_before=says_at)
        told += 1
    return told


def lapse(session: Session, *, rules: Rules, now: datetime) -> int:
    """End the offers whose time is over; the party is told once, and the next in line gets the seats."""
    query = select(SignUp).where(SignUp.state == SignUpState.OFFERED, col(SignUp.offered_until) <= now)
    told = 0
    for each in session.exec(query.order_by(col(SignUp.offered_until)).limit(LAPSES_AT_ONCE)).all():
        lecture = session.get_one(Lecture, each.lecture_id)
        leave(session, each, SignUpState.LAPSED, now)
        session.flush()
        if lecture.state is not LectureState.ANNOUNCED or lecture.starts_at <= now:
            continue
        says_at = rules.quiet.after(now)
        if says_at < lecture.starts_at:
            text = f"《{lecture.title}》给{_theirs(each)}留的位子过了时间，已让给下一位。还想来就说“报名”，重新排队。"
            _tell(session, each, text, what="lapse", now=now, not_before=says_at)
            told += 1
        told += offer_free(session, lecture, now=now, rules=rules)
    return told


def take(
    session: Session,
    lecture: Lecture,
    mine: SignUp,
    people: int | None,
    *,
    now: datetime,
    rules: Rules,
    not_before: datetime | None = None,
) -> SignedUp:
    """Give a party its offered seats, or as many of them as it wants."""
    held = mine.offered or 0
    _unsay(session, mine, now)
    mine.people = min(people or held, held)
    mine.state, mine.offered, mine.offered_until = SignUpState.SEATED, None, None
    session.flush()
    if mine.people < held:
        offer_free(session, lecture, now=now, rules=rules, not_before=not_before)
    return standing(session, lecture, mine, changed=True)


def leave(session: Session, mine: SignUp, state: SignUpState, now: datetime) -> None:
    """Take a party off the list; the row stays, with the time."""
    if mine.state is SignUpState.OFFERED:
        _unsay(session, mine, now)
    mine.state, mine.withdrawn_at, mine.offered, mine.offered_until = state, now, None, None


def _offer(session: Session, sign_up_id: int, now: datetime) -> tuple[SignUp, Lecture]:
    mine = session.get_one(SignUp, sign_up_id)
    lecture = session.get_one(Lecture, mine.lecture_id)
    lock(session, lecture)
    session.refresh(mine)
    if mine.state is not SignUpState.OFFERED or lecture.state is not LectureState.ANNOUNCED:
        raise OfferOver(lecture.title)
    if lecture.starts_at <= now:
        raise OfferOver(lecture.title)
    return mine, lecture


def _theirs(mine: SignUp) -> str:
    return f"您帮{mine.for_whom}" if mine.for_whom else "您"


def _offer_text(lecture: Lecture, mine: SignUp, rules: Rules, now: datetime) -> str:
    assert mine.offered_until is not None
    when = day_and_time(lecture.starts_at, rules.zone, now=now)
    until = day_and_time(mine.offered_until, rules.zone, now=now)
    fewer = f"（{_theirs(mine)}报的是{mine.people}人）" if mine.offered != mine.people else ""
    whom = f"给{mine.for_whom}" if mine.for_whom else ""
    return f"{when}《{lecture.title}》{whom}空出{mine.offered}位{fewer}。要就回“要”，不要回“不要”，给您留到{until}。"


def _tell(session: Session, mine: SignUp, text: str, *, what: str, now: datetime, not_before: datetime) -> None:
    """Tell a party where it signed up."""
    room_id = mine.room_id or tell.direct_room(session, mine.member_id, now=now)
    once = f"{what}:{mine.id}:{now:%Y%m%d%H%M%S%f}"
    tell.people_in(session, room_id, [mine.member_id], text, now=now, not_before=not_before, once=once)


def _unsay(session: Session, mine: SignUp, now: datetime) -> None:
    """An offer that was not told yet (it waits for the morning) needs no telling any more."""
    query = select(Outbox).where(
        col(Outbox.once) > f"seat:{mine.id}:",
        col(Outbox.once) < f"seat:{mine.id};",
        Outbox.state == OutboxState.PENDING,
    )
    for row in session.exec(query):
        row.state, row.settled_at, row.error = OutboxState.CANCELLED, now, "已有答复"
