"""Lists of sign-ups that are one list: what is alike is found by a few sums of each, and then compared name by name.

A sign-up is who it is for: the name that was written (whoever pasted the list), else the member.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from functools import cache, partial
from typing import Any

from sqlalchemy import BigInteger, Row, case, cast, func, select
from sqlmodel import Session

from data.figures.held import LECTURE, was_held
from data.figures.scope import Scope
from data.figures.sql import name_code
from data.loop import SignUp, SignUpState
from data.statements import table_of

SAME_LIST = 5  # sign-ups; shorter lists may well be alike
BEFORE = timedelta(days=62)  # a list is pasted again within two months, if it is
_UP = table_of(SignUp)
_HELD = _UP.c.state.in_((SignUpState.SEATED, SignUpState.WAITING))


def same_lists(session: Session, scope: Scope) -> Iterator[tuple[int, int, int, int]]:
    """(lecture, lecture, how many are on its list, on the list of the other): those with one and the same list, or but
    one sign-up more. One of the two lies in the period, the other may have been up to `BEFORE` earlier."""
    alike: dict[tuple[Any, ...], list[Row[Any]]] = defaultdict(list)
    listed = cache(partial(_list, session))
    for each in session.execute(_sums(scope)):
        found = {other.id: other for key in _keys(each) for other in alike[key] if _near(each, other)}
        for other in found.values() if each.starts_at >= scope.start else ():
            if _differ(listed(each.id), listed(other.id)) <= 1:
                yield other.id, each.id, other.rows, each.rows
        for key in _keys(each):
            alike[key].append(each)


def _sums(scope: Scope) -> Any:
    """What tells a list apart, of each lecture that was held, in the order of time."""
    who = case((_UP.c.for_whom != "", name_code(_UP.c.for_whom)), else_=cast(_UP.c.member_id, BigInteger))
    mine = (LECTURE.c.starts_at >= scope.start - BEFORE, LECTURE.c.starts_at < scope.end)
    return (
        select(
            LECTURE.c.id,
            LECTURE.c.starts_at,
            func.count().label("rows"),
            func.sum(who).label("sum"),
            func.sum(who * who).label("squares"),
            func.min(who).label("least"),
            func.max(who).label("most"),
        )
        .select_from(LECTURE.join(_UP, _UP.c.lecture_id == LECTURE.c.id))
        .where(*mine, *scope.here(LECTURE.c.village_id, LECTURE.c.hamlet), was_held(scope), _HELD)
        .group_by(LECTURE.c.id, LECTURE.c.starts_at)
        .having(func.count(who.distinct()) >= SAME_LIST)  # of five who say 我妈 each has another
        .order_by(LECTURE.c.starts_at, LECTURE.c.id)
    )


def _keys(each: Row[Any]) -> tuple[tuple[Any, ...], ...]:
    """Where a list is put: with one sign-up more or less, its least or its most stays what it is."""
    return ("least", each.least), ("most", each.most)


def _near(one: Row[Any], other: Row[Any]) -> bool:
    """Whether the sums can be those of one list, or of one with another sign-up on it."""
    more = int(one.sum) - int(other.sum)
    match one.rows - other.rows:
        case 0:
            return more == 0 and bool(one.squares == other.squares)
        case 1 | -1 as sign:
            return bool(int(one.squares) - int(other.squares) == sign * more * more)
        case _:
            return False


def _list(session: Session, lecture_id: int) -> Counter[tuple[int, str]]:
    query = select(_UP.c.member_id, _UP.c.for_whom).where(_UP.c.lecture_id == lecture_id, _HELD)
    return Counter((0 if name else member, name) for member, name in session.execute(query))


def _differ(one: Counter[tuple[int, str]], other: Counter[tuple[int, str]]) -> int:
    return (one - other).total() + (other - one).total()
