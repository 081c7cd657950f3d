"""Calendar feeds (日历订阅): an address that is a secret, and the lectures that it gives to a phone's calendar.

What it gives may be read by whoever has the address: nobody's name but the lecturer's, no number, nobody's home.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, update
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select

from data.announcements import KINDS, place
from data.desk_errors import NotThere
from data.desk_tables import ConsoleUser, Feed
from data.loop import EventKind, Lecture, LectureRoom, LectureState, Step, Subject
from data.names import masked
from data.statements import changed
from data.tables import Lecturer, Room, Village

BACK = timedelta(days=30)  # how long a lecture stays in a feed
MOST = 2_000  # lectures of one feed
SHOWN = 50  # feeds of one list
_CHANGES = ("changed", "cancelled")
_Row = tuple[Feed, str | None, str | None, str | None]  # with its village, its lecturer, and who made it


@dataclass(frozen=True, slots=True)
class Address:
    """A feed as the pages show it. ``whose`` is its village or lecturer, 全镇 where it has neither.

    ``maker`` is who made it, empty where nobody knows.
    """

    id: int
    token: str
    whose: str
    maker: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """A lecture as a calendar shows it. ``changes`` counts how often it was changed since it was announced."""

    number: int
    title: str
    where: str
    about: str
    live_url: str
    starts_at: datetime
    ends_at: datetime
    cancelled: bool
    changes: int
    changed_at: datetime


def make(
    session: Session, *, village_id: int | None, lecturer_id: int | None, now: datetime, made_by: int | None = None
) -> Feed:
    """A feed of a village or of a lecturer; of the town where both are None. ``made_by``: the console's user.

    Raises `NotThere`.
    """
    if village_id is not None and session.get(Village, village_id) is None:
        raise NotThere("这个村")
    if lecturer_id is not None and session.get(Lecturer, lecturer_id) is None:
        raise NotThere("这位老师")
    token = secrets.token_urlsafe(24)
    feed = Feed(token=token, village_id=village_id, lecturer_id=lecturer_id, made_by=made_by, created_at=now)
    session.add(feed)
    session.flush()
    return feed


def find(session: Session, feed_id: int) -> Feed:
    """A feed that stands. Raises `NotThere`."""
    feed = session.get(Feed, feed_id)
    if feed is None or feed.ended_at is not None:
        raise NotThere("这个订阅")
    return feed


def end(feed: Feed, *, now: datetime) -> None:
    """From now on nobody gets anything at its address."""
    feed.ended_at = now


def end_of(session: Session, user_id: int, *, now: datetime, but_village: int | None = None) -> int:
    """End what a user made, all but those of a village that they still see; returns how many."""
    theirs = [col(Feed.made_by) == user_id, col(Feed.ended_at).is_(None)]
    if but_village is not None:
        theirs.append(col(Feed.village_id).is_distinct_from(but_village))
    return changed(session, update(Feed).where(*theirs).values(ended_at=now))


def of_token(session: Session, token: str) -> Feed:
    """The feed at an address. Raises `NotThere` where there is none, or none any more."""
    feed = session.exec(select(Feed).where(Feed.token == token)).first()
    if feed is None or feed.ended_at is not None:
        raise NotThere("这个订阅")
    return feed


def standing(session: Session, *, village_id: int | None, lecturer_id: int | None) -> list[Address]:
    """The feeds of a village or a lecturer; all, the newest first and at most `SHOWN`, where both are None."""
    query = _standing().limit(SHOWN)
    if village_id is not None:
        query = query.where(Feed.village_id == village_id)
    if lecturer_id is not None:
        query = query.where(Feed.lecturer_id == lecturer_id)
    return [_address(row) for row in session.exec(query)]


def find_all(session: Session, *, words: str, offset: int, limit: int) -> tuple[list[Address], int]:
    """All that stand, the newest first, and how many; ``words`` are in the name of its maker, village or lecturer."""
    query = _standing()
    if words:
        names = (ConsoleUser.shown_name, Village.name, Lecturer.name)
        query = query.where(or_(*(col(name).contains(words, autoescape=True) for name in names)))
    total = session.exec(select(func.count()).select_from(query.order_by(None).subquery())).one()
    return [_address(row) for row in session.exec(query.offset(offset).limit(limit))], total


def address(session: Session, feed_id: int) -> Address:
    """One that stands. Raises `NotThere`."""
    row = session.exec(_standing().where(col(Feed.id) == feed_id)).first()
    if row is None:
        raise NotThere("这个订阅")
    return _address(row)


def count_of(session: Session, user_id: int) -> int:
    """How many that a user made stand."""
    query = select(func.count()).select_from(Feed)
    return session.exec(query.where(Feed.made_by == user_id, col(Feed.ended_at).is_(None))).one()


def name_of(session: Session, feed: Feed) -> str:
    """Whose feed it is: 上坪村, 覃志刚老师, 全镇."""
    village = session.get(Village, feed.village_id) if feed.village_id is not None else None
    lecturer = session.get(Lecturer, feed.lecturer_id) if feed.lecturer_id is not None else None
    return _whose(village.name if village else None, lecturer.name if lecturer else None)


def events(session: Session, feed: Feed, *, now: datetime) -> list[Event]:
    """The lectures of the last 30 days and all to come: those of the lecturer, or held or announced in the village.

    Visits at somebody's home are in their lecturer's feed only, without the place.
    """
    query = (
        select(Lecture, Lecturer, Village.name)
        .join(Lecturer, col(Lecture.lecturer_id) == col(Lecturer.id))
        .join(Village, col(Lecture.village_id) == col(Village.id), isouter=True)
        .where(Lecture.starts_at > now - BACK)
        .order_by(col(Lecture.starts_at), col(Lecture.id))
        .limit(MOST)
    )
    if feed.lecturer_id is not None:
        query = query.where(Lecture.lecturer_id == feed.lecturer_id)
    else:
        query = query.where(Lecture.kind != EventKind.VISIT)
    if feed.village_id is not None:
        here = select(LectureRoom.lecture_id).join(Room).where(Room.village_id == feed.village_id)
        query = query.where(or_(col(Lecture.village_id) == feed.village_id, col(Lecture.id).in_(here)))
    rows = session.execute(query).all()
    changed = _changes(session, [lecture.id or 0 for lecture, _, _ in rows])
    return [
        _event(lecture, lecturer, village, *changed.get(lecture.id or 0, (0, None)))
        for lecture, lecturer, village in rows
    ]


def _standing() -> Select[Feed, str, str, str]:
    """Those that stand, the newest first."""
    return (
        select(Feed, Village.name, Lecturer.name, ConsoleUser.shown_name)
        .join(Village, col(Feed.village_id) == col(Village.id), isouter=True)
        .join(Lecturer, col(Feed.lecturer_id) == col(Lecturer.id), isouter=True)
        .join(ConsoleUser, col(Feed.made_by) == col(ConsoleUser.id), isouter=True)
        .where(col(Feed.ended_at).is_(None))
        .order_by(col(Feed.id).desc())
    )


def _address(row: _Row) -> Address:
    feed, village, lecturer, maker = row
    return Address(feed.id or 0, feed.token, _whose(village, lecturer), maker or "", feed.created_at)


def _changes(session: Session, numbers: Sequence[int]) -> dict[int, tuple[int, datetime | None]]:
    """How often each was changed, and when last."""
    found: dict[int, tuple[int, datetime | None]] = {}
    for start in range(0, len(numbers), 500):
        query = (
            select(Step.subject_id, func.count(), func.max(Step.at))
            .where(Step.subject == Subject.LECTURE, col(Step.subject_id).in_(numbers[start : start + 500]))
            .where(col(Step.state).in_(_CHANGES))
            .group_by(col(Step.subject_id))
        )
        found |= {number: (many, last) for number, many, last in session.execute(query)}
    return found


def _event(lecture: Lecture, lecturer: Lecturer, village: str | None, many: int, last: datetime | None) -> Event:
    words, trade = KINDS[lecture.kind], lecturer.trade or lecturer.title
    at_home = lecture.kind == EventKind.VISIT
    where = village or "" if at_home else place(village or "", lecture.venue)
    told = (
        f"{words.leads}：{lecturer.name}{f'（{trade}）' if trade else ''}",
        f"讲{lecture.dialect}" if lecture.dialect else "",
        f"分会场：{'、'.join(lecture.branches)}" if lecture.branches else "",
        f"直播：{lecture.live_url}" if lecture.live_url else "",
        f"课{lecture.id}",
    )
    return Event(
        number=lecture.id or 0,
        title=words.name if at_home else masked(f"{words.name}《{lecture.title}》"),
        where=masked(where),
        about=masked("\n".join(filter(None, told))),
        live_url=lecture.live_url,
        starts_at=lecture.starts_at,
        ends_at=lecture.starts_at + timedelta(minutes=lecture.minutes),
        cancelled=lecture.state == LectureState.CANCELLED,
        changes=many,
        changed_at=last or lecture.created_at or lecture.starts_at,
    )


def _whose(village: str | None, lecturer: str | None) -> str:
    return village or (f"{lecturer}老师" if lecturer else "全镇")
