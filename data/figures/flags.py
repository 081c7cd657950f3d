"""What looks odd (请看一眼): for coordinators, quietly. It blames nobody and changes no number; there may be a reason.

Each look is one query over the period and brings no more than a few rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any

from sqlalchemy import String, and_, case, cast, func, or_, select
from sqlmodel import Session

from data.figures import same_lists as lists
from data.figures.heard import VOICE
from data.figures.held import COUNT, LECTURE, attended, was_held
from data.figures.scope import Scope
from data.figures.sql import seconds_between
from data.loop import VoiceKind

FIVES = 5  # marks
FIVES_WITHIN = 60  # seconds
BURST = 0.8  # of all marks of a lecture
CROWDED = 1.5  # people to a seat
VERY_MANY = 1_000  # people at one place, whatever its seats
IN_A_ROW = 5  # lectures with one and the same number
MOST = 20  # flags of a kind


class FlagKind(StrEnum):
    """What looks odd."""

    SAME_LIST = "same_list"
    FIVES = "fives"
    CROWDED = "crowded"
    SAME_NUMBER = "same_number"
    EARLY = "early"


@dataclass(frozen=True, slots=True)
class Flag:
    """``lectures`` are the numbers of the lectures that it is about, ``words`` why it looks odd."""

    kind: FlagKind
    lectures: tuple[int, ...]
    words: str


def flags(session: Session, scope: Scope) -> list[Flag]:
    """All that looks odd in a period, by kind."""
    return [flag for look in LOOKS for flag in look(session, scope)]


def same_lists(session: Session, scope: Scope) -> list[Flag]:
    """Lectures with one and the same list of those who signed up, or but one name more."""
    flags = []
    for first, second, rows, more in islice(lists.same_lists(session, scope), MOST):
        alike = f"一模一样，都是{rows}条" if rows == more else f"只差一条（{rows}条和{more}条）"
        why = "也许是同一批乡亲都来了，请看一眼是不是贴重了。"
        flags.append(Flag(FlagKind.SAME_LIST, (first, second), f"课{first}和课{second}的报名名单{alike}。{why}"))
    return flags


def quick_fives(session: Session, scope: Scope) -> list[Flag]:
    """Lectures most of whose marks are fives that were given within a minute."""
    at = seconds_between(scope.start, VOICE.c.at)
    rated = and_(VOICE.c.lecture_id == LECTURE.c.id, VOICE.c.kind == VoiceKind.FEEDBACK, VOICE.c.rating.is_not(None))
    five = case((VOICE.c.rating == 5, 1), else_=0)
    marks = (
        select(
            LECTURE.c.id.label("lecture"),
            func.sum(five).over(partition_by=LECTURE.c.id, order_by=at, range_=(0, FIVES_WITHIN)).label("burst"),
        )
        .select_from(LECTURE.join(VOICE, rated))
        .where(*_mine(scope), VOICE.c.at >= scope.start)
        .subquery("marks")
    )
    burst = func.max(marks.c.burst)
    query = (
        select(marks.c.lecture, func.count(), burst)
        .group_by(marks.c.lecture)
        .having(burst >= FIVES, burst >= func.count() * BURST)
        .order_by(marks.c.lecture)
        .limit(MOST)
    )
    return [
        Flag(
            FlagKind.FIVES,
            (number,),
            f"课{number}有{count}个评分，其中{fives}个5分是一分钟内评的。也许是当场一起评的，请看一眼是不是大家自己评的。",
        )
        for number, count, fives in session.execute(query)
    ]


def crowded(session: Session, scope: Scope) -> list[Flag]:
    """Lectures to which many more came than there are seats, with no live link nor second place; or very many."""
    came = attended(scope)
    alone = and_(cast(LECTURE.c.branches, String) == "[]", LECTURE.c.live_url == "")
    full = and_(alone, LECTURE.c.seats > 0, came > LECTURE.c.seats * CROWDED)
    query = (
        select(LECTURE.c.id, LECTURE.c.title, LECTURE.c.starts_at, LECTURE.c.seats, came)
        .where(*_mine(scope), or_(full, came >= VERY_MANY))
        .order_by(LECTURE.c.starts_at, LECTURE.c.id)
        .limit(MOST)
    )
    found = []
    for number, title, starts_at, seats, people in session.execute(query):
        day = starts_at.astimezone(scope.zone)
        room = f"有{seats}个座位" if seats else "没写座位"
        why = f"{room}，填的到场是{people}人。也许站着听的多，请看一眼是不是多打了一位数。"
        found.append(Flag(FlagKind.CROWDED, (number,), f"课{number}《{title}》（{day.month}月{day.day}日）{why}"))
    return found


def same_numbers(session: Session, scope: Scope) -> list[Flag]:
    """Lectures in a row of one lecturer for all of which the same number of people was typed."""
    came = (
        select(LECTURE.c.id, LECTURE.c.lecturer_id, LECTURE.c.starts_at, attended(scope).label("came"))
        .where(*_mine(scope))
        .cte("came")
    )
    # Two counters that run side by side keep their distance as long as the number stays the same.
    order = (came.c.starts_at, came.c.id)
    all_of = func.row_number().over(partition_by=came.c.lecturer_id, order_by=order)
    alike = func.row_number().over(partition_by=(came.c.lecturer_id, came.c.came), order_by=order)
    runs = select(came, (all_of - alike).label("run")).where(came.c.came.is_not(None)).cte("runs")
    query = (
        select(runs.c.lecturer_id, runs.c.came, func.count(), func.min(runs.c.starts_at), func.max(runs.c.starts_at))
        .group_by(runs.c.lecturer_id, runs.c.came, runs.c.run)
        .having(func.count() >= IN_A_ROW, runs.c.came > 0)
        .order_by(func.min(runs.c.starts_at), runs.c.lecturer_id)
        .limit(MOST)
    )
    found = session.execute(query).all()
    return [
        Flag(
            FlagKind.SAME_NUMBER,
            _between(session, scope, lecturer, first, last),
            f"同一位宣讲员接连{count}场，到场都填{people}人。也许是估的，请看一眼，以后照实数填就好。",
        )
        for lecturer, people, count, first, last in found
    ]


def early(session: Session, scope: Scope) -> list[Flag]:
    """Lectures whose people were counted before they began."""
    query = (
        select(LECTURE.c.id)
        .select_from(LECTURE.join(COUNT, COUNT.c.lecture_id == LECTURE.c.id))
        .where(
            *_mine(scope), COUNT.c.at < LECTURE.c.starts_at, or_(COUNT.c.attended.is_not(None), COUNT.c.handouts > 0)
        )
        .distinct()
        .order_by(LECTURE.c.id)
        .limit(MOST)
    )
    return [
        Flag(
            FlagKind.EARLY,
            (number,),
            f"课{number}还没到开讲时间，人数就填好了。也许是改过时间，请看一眼，数还对不对。",
        )
        for number in session.execute(query).scalars()
    ]


LOOKS: Sequence[Callable[[Session, Scope], list[Flag]]] = (same_lists, quick_fives, crowded, same_numbers, early)


def _mine(scope: Scope) -> tuple[Any, ...]:
    """Those that were held; of one that was cancelled there is nothing to look at."""
    here = scope.here(LECTURE.c.village_id, LECTURE.c.hamlet)
    return (scope.inside(LECTURE.c.starts_at), was_held(scope), *here)


def _between(session: Session, scope: Scope, lecturer_id: int, first: Any, last: Any) -> tuple[int, ...]:
    query = select(LECTURE.c.id).where(
        LECTURE.c.lecturer_id == lecturer_id, LECTURE.c.starts_at >= first, LECTURE.c.starts_at <= last, *_mine(scope)
    )
    ids = session.execute(query.order_by(LECTURE.c.starts_at, LECTURE.c.id).limit(MOST))
    return tuple(ids.scalars())
