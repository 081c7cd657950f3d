"""When a lecture is over: it was held, its number is asked for, and one day it is put away."""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from data import progress, steps, tell
from data.lecture_notes import orders_of
from data.loop import Lecture, LectureState, OrderState, Subject
from data.rules import Rules

ASKED_WITHIN = timedelta(days=2)  # after a long silence of ours, nobody is asked about what is older
_AT_ONCE = 200  # lectures that one run takes on


def ends(lecture: Lecture) -> datetime:
    """When it ends."""
    return lecture.starts_at + timedelta(minutes=lecture.minutes)


def over(session: Session, *, now: datetime) -> list[Lecture]:
    """The lectures that have ended and of which nobody has said so yet."""
    query = (
        select(Lecture)
        .where(Lecture.state == LectureState.ANNOUNCED, Lecture.starts_at <= now)
        .order_by(col(Lecture.starts_at))
        .limit(_AT_ONCE)
    )
    return [lecture for lecture in session.exec(query) if ends(lecture) <= now]


def deliver(session: Session, lecture: Lecture, *, by: int | None, now: datetime, rules: Rules) -> None:
    """It was held; so every order that it served was."""
    assert lecture.id is not None
    if lecture.state != LectureState.ANNOUNCED:
        return
    lecture.state = LectureState.DELIVERED
    steps.record(session, Subject.LECTURE, lecture.id, LectureState.DELIVERED, by=by, now=now)
    for order in orders_of(session, lecture):
        if order.state == OrderState.SCHEDULED:
            progress.advance(session, order, OrderState.DELIVERED, by=by, now=now, rules=rules)


def ask_for_count(session: Session, lecture: Lecture, *, rules: Rules, now: datetime) -> int:
    """Ask once how many came: the lecturer, or a coordinator where the bot cannot reach them."""
    if lecture.attended is not None or now > ends(lecture) + ASKED_WITHIN:
        return 0
    return _ask(session, lecture, "asked", "《{title}》讲完了，辛苦了！来了多少人？{how}", rules=rules, now=now)


def uncounted(session: Session, *, rules: Rules, now: datetime) -> list[Lecture]:
    """The lectures whose number is due by now, and has been for no more than a day."""
    query = (
        select(Lecture)
        .where(
            Lecture.state == LectureState.DELIVERED,
            Lecture.starts_at > now - timedelta(days=30),
            col(Lecture.attended).is_(None),
        )
        .order_by(col(Lecture.starts_at))
    )
    dues = ((lecture, rules.work.after(ends(lecture), rules.deadlines.count)) for lecture in session.exec(query))
    return [lecture for lecture, due in dues if due <= now <= due + timedelta(days=1)]


def ask_again(session: Session, lecture: Lecture, *, rules: Rules, now: datetime) -> int:
    """The one reminder."""
    return _ask(session, lecture, "asked-again", "《{title}》还差到场人数，大概的数也行。{how}", rules=rules, now=now)


def to_archive(session: Session, *, rules: Rules, now: datetime) -> list[Lecture]:
    """The lectures that were held long enough ago."""
    query = (
        select(Lecture)
        .where(Lecture.state == LectureState.DELIVERED, Lecture.starts_at <= now - rules.archive_after)
        .order_by(col(Lecture.starts_at))
        .limit(_AT_ONCE)
    )
    return [lecture for lecture in session.exec(query) if ends(lecture) <= now - rules.archive_after]


def archive(session: Session, lecture: Lecture, *, now: datetime, rules: Rules) -> None:
    """Put it away, with its orders."""
    assert lecture.id is not None
    lecture.state = LectureState.ARCHIVED
    steps.record(session, Subject.LECTURE, lecture.id, LectureState.ARCHIVED, by=None, now=now)
    for order in orders_of(session, lecture):
        if order.state in (OrderState.DELIVERED, OrderState.RATED):
            progress.advance(session, order, OrderState.ARCHIVED, by=None, now=now, rules=rules)


def _ask(session: Session, lecture: Lecture, what: str, words: str, *, rules: Rules, now: datetime) -> int:
    lecturers = tell.lecturer_members(session, lecture.lecturer_id)
    how = "回“到场 36 发资料 40”就行（换成实际的数）。"
    members = lecturers or tell.coordinators(session, owner_id=lecture.owner_id)
    if not lecturers:
        how = f"回“课{lecture.id} 到场 36 发资料 40”就行（换成实际的数）。"
    text = f"课{lecture.id}" + words.format(title=lecture.title, how=how)
    told = [
        tell.member(
            session,
            member_id,
            text,
            now=now,
            not_before=rules.quiet.after(now),
            once=f"lecture:{lecture.id}:{what}:{member_id}",
        )
        for member_id in members
    ]
    return sum(row is not None for row in told)
