"""What looks odd (请看一眼): for coordinators, quietly. It blames nobody and changes no number; there may be a reason.

Each look is one query over the period. It brings a part of what it finds, and says how much it found.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from sqlalchemy import String, and_, case, cast, func, or_, select
from sqlmodel import Session

from data.attendance import CROWDED, VERY_MANY
from data.figures import same_lists as lists
from data.figures.heard import VOICE
from data.figures.held import COUNT, LECTURE, attended, held_here
from data.figures.scope import Scope
from data.figures.sql import seconds_between
from data.loop import VoiceKind
from data.phrases import other_year
from data.statements import table_of
from data.tables import Village

FIVES = 5  # marks
FIVES_WITHIN = 60  # seconds
BURST = 0.8  # of all marks of a lecture
IN_A_ROW = 5  # lectures with one and the same number
MOST = 20  # flags of a kind at a time; lectures of a flag
MOST_LISTS = 1_000  # pairs of lists; of more nobody needs the number
_NAMED = 2  # lectures in the words of a flag
_TITLE = 14  # characters
_VILLAGE = table_of(Village)


class FlagKind(StrEnum):
    """What looks odd."""

    SAME_LIST = "same_list"
    FIVES = "fives"
    CROWDED = "crowded"
    SAME_NUMBER = "same_number"
    EARLY = "early"


KIND_NAMES = {
    FlagKind.SAME_LIST: "报名名单一样",
    FlagKind.FIVES: "一分钟里的5分",
    FlagKind.CROWDED: "到场的人特别多",
    FlagKind.SAME_NUMBER: "接连几场同一个数",
    FlagKind.EARLY: "没开讲就填了数",
}


@dataclass(frozen=True, slots=True)
class Flag:
    """``lectures`` are the numbers of the lectures that it is about, ``names`` how each is called (课5（3月1日
    上坪村《反诈骗》）), ``why`` why it looks odd."""

    kind: FlagKind
    lectures: tuple[int, ...]
    why: str
    names: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """All of it, where no link can say which lectures are meant."""
        more = "等" if len(self.names) > _NAMED else ""
        return f"{'、'.join(self.names[:_NAMED])}{more}：{self.why}"


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of one kind: some of it, and how much there is."""

    kind: FlagKind
    flags: tuple[Flag, ...]
    total: int

    @property
    def name(self) -> str:
        return KIND_NAMES[self.kind]

    @property
    def many(self) -> str:
        """How much there is, in words."""
        least = "至少" if self.kind is FlagKind.SAME_LIST and self.total >= MOST_LISTS else ""
        return f"{least}{self.total:,}处"

    @property
    def more(self) -> int:
        """How much there is beside these, where they are the first."""
        return self.total - len(self.flags)


@dataclass(frozen=True, slots=True)
class Part:
    """Which of what is found is wanted."""

    offset: int = 0
    limit: int = MOST


_Found = tuple[list[Flag], int]


def flags(
    session: Session, scope: Scope, *, kinds: Iterable[FlagKind] = tuple(FlagKind), part: Part | None = None
) -> list[Seen]:
    """What looks odd in a period, by kind: the first `MOST` of each, or another ``part``; no kind of which there is
    nothing."""
    found = [(kind, *LOOKS[kind](session, scope, part or Part())) for kind in kinds]
    names = _names(session, scope, {number for _, some, _ in found for flag in some for number in flag.lectures})
    return [
        Seen(kind, tuple(replace(flag, names=tuple(names[each] for each in flag.lectures)) for flag in some), total)
        for kind, some, total in found
        if total
    ]


def same_lists(session: Session, scope: Scope, part: Part) -> _Found:
    """Lectures with one and the same list of those who signed up, or but one name more."""
    pairs = list(islice(lists.same_lists(session, scope), MOST_LISTS))
    found = []
    for first, second, rows, more in pairs[part.offset : part.offset + part.limit]:
        alike = f"一模一样，都是{rows}条" if rows == more else f"只差一条（{rows}条和{more}条）"
        why = f"报名名单{alike}。也许是同一批乡亲都来了，请看一眼是不是贴重了。"
        found.append(Flag(FlagKind.SAME_LIST, (first, second), why))
    return found, len(pairs)


def quick_fives(session: Session, scope: Scope, part: Part) -> _Found:
    """Lectures most of whose marks are fives that were given within a minute."""
    at = seconds_between(scope.start, VOICE.c.at)
    rated = and_(VOICE.c.lecture_id == LECTURE.c.id, VOICE.c.kind == VoiceKind.FEEDBACK, VOICE.c.rating.is_not(None))
    five = case((VOICE.c.rating == 5, 1), else_=0)
    marks = (
        select(
            LECTURE.c.id.label("lecture"),
            LECTURE.c.starts_at,
            func.sum(five).over(partition_by=LECTURE.c.id, order_by=at, range_=(0, FIVES_WITHIN)).label("burst"),
        )
        .select_from(LECTURE.join(VOICE, rated))
        .where(*held_here(scope), VOICE.c.at >= scope.start)
        .subquery("marks")
    )
    burst = func.max(marks.c.burst)
    query = (
        select(marks.c.lecture, func.count(), burst)
        .group_by(marks.c.lecture, marks.c.starts_at)
        .having(burst >= FIVES, burst >= func.count() * BURST)
        .order_by(marks.c.starts_at, marks.c.lecture)
    )
    rows, total = _some(session, query, part)
    return [
        Flag(
            FlagKind.FIVES,
            (number,),
            f"有{count}个评分，其中{fives}个5分是一分钟内评的。也许是当场一起评的，请看一眼是不是大家自己评的。",
        )
        for number, count, fives in rows
    ], total


def crowded(session: Session, scope: Scope, part: Part) -> _Found:
    """Lectures to which many more came than there are seats, with no live link nor second place; or very many."""
    came = attended(scope)
    alone = and_(cast(LECTURE.c.branches, String) == "[]", LECTURE.c.live_url == "")
    full = and_(alone, LECTURE.c.seats > 0, came > LECTURE.c.seats * CROWDED)
    query = (
        select(LECTURE.c.id, LECTURE.c.seats, came)
        .where(*held_here(scope), or_(full, came >= VERY_MANY))
        .order_by(LECTURE.c.starts_at, LECTURE.c.id)
    )
    rows, total = _some(session, query, part)
    found = []
    for number, seats, people in rows:
        room = f"有{seats}个座位" if seats else "没写座位"
        why = f"{room}，填的到场是{people}人。也许站着听的多，请看一眼是不是多打了一位数。"
        found.append(Flag(FlagKind.CROWDED, (number,), why))
    return found, total


def same_numbers(session: Session, scope: Scope, part: Part) -> _Found:
    """Lectures in a row of one lecturer for all of which the same number of people was typed."""
    after = seconds_between(scope.start, LECTURE.c.starts_at)
    query = select(LECTURE.c.lecturer_id, attended(scope), LECTURE.c.id, after).where(*held_here(scope))
    rows = session.execute(query.order_by(LECTURE.c.lecturer_id, LECTURE.c.starts_at, LECTURE.c.id))
    typed = (row for row in rows if row[1] is not None)
    runs = ((came, list(run)) for (_, came), run in groupby(typed, key=itemgetter(0, 1)))
    odd = [(came, run) for came, run in runs if len(run) >= IN_A_ROW and came]  # nobody: sad, not odd
    odd.sort(key=lambda run: (run[1][0][3], run[1][0][0]))
    found = []
    for people, run in odd[part.offset : part.offset + part.limit]:
        why = f"同一位宣讲员接连{len(run)}场，到场都填{people}人。也许是估的，请看一眼，以后照实数填就好。"
        found.append(Flag(FlagKind.SAME_NUMBER, tuple(row[2] for row in run[:MOST]), why))
    return found, len(odd)


def early(session: Session, scope: Scope, part: Part) -> _Found:
    """Lectures whose people were counted before they began."""
    query = (
        select(LECTURE.c.id)
        .select_from(LECTURE.join(COUNT, COUNT.c.lecture_id == LECTURE.c.id))
        .where(
            *held_here(scope),
            COUNT.c.at < LECTURE.c.starts_at,
            or_(COUNT.c.attended.is_not(None), COUNT.c.handouts > 0),
        )
        .group_by(LECTURE.c.id, LECTURE.c.starts_at)
        .order_by(LECTURE.c.starts_at, LECTURE.c.id)
    )
    rows, total = _some(session, query, part)
    why = "还没到开讲时间，人数就填好了。也许是改过时间，请看一眼，数还对不对。"
    return [Flag(FlagKind.EARLY, (number,), why) for (number,) in rows], total


LOOKS: Mapping[FlagKind, Callable[[Session, Scope, Part], _Found]] = {
    FlagKind.SAME_LIST: same_lists,
    FlagKind.FIVES: quick_fives,
    FlagKind.CROWDED: crowded,
    FlagKind.SAME_NUMBER: same_numbers,
    FlagKind.EARLY: early,
}
assert set(LOOKS) == set(KIND_NAMES) == set(FlagKind)


def _some(session: Session, query: Any, part: Part) -> tuple[list[Any], int]:
    """A part of the rows of a query, and how many it has in all."""
    counted = query.add_columns(func.count().over()).limit(part.limit).offset(part.offset)
    rows = session.execute(counted).all()
    return [row[:-1] for row in rows], rows[0][-1] if rows else 0


def _names(session: Session, scope: Scope, lectures: set[int]) -> dict[int, str]:
    """How each lecture is called: by its number, day, village and title. The year is said where it is another."""
    query = (
        select(LECTURE.c.id, LECTURE.c.starts_at, func.coalesce(_VILLAGE.c.name, ""), LECTURE.c.title)
        .select_from(LECTURE.outerjoin(_VILLAGE, _VILLAGE.c.id == LECTURE.c.village_id))
        .where(LECTURE.c.id.in_(lectures))
    )
    found = {}
    for number, starts_at, village, title in session.execute(query):
        day = starts_at.astimezone(scope.zone)
        year = other_year(day, scope.period.first)
        short = title if len(title) <= _TITLE else f"{title[: _TITLE - 1]}…"
        found[number] = f"课{number}（{year}{day.month}月{day.day}日{f' {village}' if village else ''}《{short}》）"
    return found
