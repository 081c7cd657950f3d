"""What looks odd (请看一眼): for coordinators, quietly. It blames nobody and changes no number; there may be a reason.

Each look is one query over the period and brings no more than a few rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlmodel import Session

from data.figures.heard import VOICE
from data.figures.held import COUNT, LECTURE, attended, was_held
from data.figures.scope import Scope
from data.figures.sql import seconds_between
from data.loop import SignUp, SignUpState, VoiceKind
from data.statements import table_of

SIGN_UP = table_of(SignUp)
SAME_LIST = 5  # sign-ups; shorter lists may well be alike
FIVES = 5  # marks
FIVES_WITHIN = 60  # seconds
CROWDED = 1.5  # people to a seat
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
    """Lectures with one and the same list of those who signed up."""
    person, length = SIGN_UP.c.member_id, func.length(SIGN_UP.c.for_whom)
    print_ = (
        func.count().label("rows"),
        func.sum(person).label("sum"),
        func.sum(person * person).label("squares"),
        func.sum(length).label("lengths"),
        func.min(SIGN_UP.c.for_whom).label("first"),
        func.max(SIGN_UP.c.for_whom).label("last"),
    )
    lists = (
        select(LECTURE.c.id.label("lecture"), *print_)
        .select_from(LECTURE.join(SIGN_UP, SIGN_UP.c.lecture_id == LECTURE.c.id))
        .where(*_mine(scope), SIGN_UP.c.state.in_((SignUpState.SEATED, SignUpState.WAITING)))
        .group_by(LECTURE.c.id)
        .having(func.count() >= SAME_LIST)
        .cte("lists")
    )
    keys = ("rows", "sum", "squares", "lengths", "first", "last")
    one, other = lists.alias("one"), lists.alias("other")
    alike = and_(one.c.lecture < other.c.lecture, *(one.c[key] == other.c[key] for key in keys))
    pairs = select(one.c.lecture, other.c.lecture, one.c.rows).join(other, alike)
    found = session.execute(pairs.order_by(one.c.lecture, other.c.lecture).limit(MOST)).all()
    return [
        Flag(
            FlagKind.SAME_LIST,
            (first, second),
            f"课{first}和课{second}的报名名单一模一样，都是{rows}条。也许是同一批乡亲都来了，请看一眼是不是贴重了。",
        )
        for first, second, rows in found
        if _list(session, first) == _list(session, second)  # the sums only narrow it down
    ]


def quick_fives(session: Session, scope: Scope) -> list[Flag]:
    """Lectures whose marks are all fives, given within a minute."""
    first, last = func.min(VOICE.c.at), func.max(VOICE.c.at)
    rated = and_(VOICE.c.lecture_id == LECTURE.c.id, VOICE.c.kind == VoiceKind.FEEDBACK, VOICE.c.rating.is_not(None))
    query = (
        select(LECTURE.c.id, func.count())
        .select_from(LECTURE.join(VOICE, rated))
        .where(*_mine(scope), VOICE.c.at >= scope.start)
        .group_by(LECTURE.c.id)
        .having(func.count() >= FIVES, func.min(VOICE.c.rating) == 5, seconds_between(first, last) <= FIVES_WITHIN)
        .order_by(LECTURE.c.id)
        .limit(MOST)
    )
    return [
        Flag(
            FlagKind.FIVES,
            (number,),
            f"课{number}的{count}个评分都是5分，而且一分钟内评完。也许是当场一起评的，请看一眼是不是大家自己评的。",
        )
        for number, count in session.execute(query)
    ]


def crowded(session: Session, scope: Scope) -> list[Flag]:
    """Lectures to which many more people came than there are seats, with no live link nor second place."""
    came = attended(scope)
    query = (
        select(LECTURE.c.id, LECTURE.c.seats, came, LECTURE.c.branches)
        .where(*_mine(scope), LECTURE.c.live_url == "", LECTURE.c.seats > 0, came > LECTURE.c.seats * CROWDED)
        .order_by(LECTURE.c.starts_at, LECTURE.c.id)
        .limit(MOST)
    )
    return [
        Flag(
            FlagKind.CROWDED,
            (number,),
            f"课{number}有{seats}个座位，填的到场是{people}人。也许站着听的多，请看一眼是不是多打了一位数。",
        )
        for number, seats, people, branches in session.execute(query)
        if not branches
    ]


def same_numbers(session: Session, scope: Scope) -> list[Flag]:
    """Lectures in a row of one lecturer for all of which the same number of people was typed."""
    came = (
        select(LECTURE.c.id, LECTURE.c.lecturer_id, LECTURE.c.starts_at, attended(scope).label("came"))
        .where(*_mine(scope), was_held(scope))
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
    return (scope.inside(LECTURE.c.starts_at), *scope.here(LECTURE.c.village_id, LECTURE.c.hamlet))


def _list(session: Session, lecture_id: int) -> list[tuple[int, str]]:
    query = select(SIGN_UP.c.member_id, SIGN_UP.c.for_whom).where(
        SIGN_UP.c.lecture_id == lecture_id, SIGN_UP.c.state.in_((SignUpState.SEATED, SignUpState.WAITING))
    )
    return [(member, name) for member, name in session.execute(query.order_by(*query.selected_columns))]


def _between(session: Session, scope: Scope, lecturer_id: int, first: Any, last: Any) -> tuple[int, ...]:
    query = select(LECTURE.c.id).where(
        LECTURE.c.lecturer_id == lecturer_id, LECTURE.c.starts_at >= first, LECTURE.c.starts_at <= last, *_mine(scope)
    )
    ids = session.execute(query.where(was_held(scope)).order_by(LECTURE.c.starts_at, LECTURE.c.id).limit(MOST))
    return tuple(ids.scalars())
