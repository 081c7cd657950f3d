"""Lecturers as the console lists them, by name and never by rank, and what a coordinator changes of them there."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import ColumnElement, String, cast, func
from sqlmodel import Session, col, delete, select

from data.desk.villages import month
from data.desk_errors import BadEntry, NotThere
from data.freetimes import DayKind, Window, covers, parse_free
from data.loop import Lecture, LecturerTraining, LectureState
from data.rules import Rules
from data.tables import Lecturer, LecturerTopic, Role, RoleKind, Topic, Village

MIN_RATED = 5  # ratings before their mean says anything
_FREE, _DIALECTS = cast(Lecturer.free, String), cast(Lecturer.dialects, String)  # JSON itself cannot be told apart
_WEEK = "一二三四五六日"
_KINDS: Mapping[DayKind, str] = {
    "workday": "平日", "day off": "休息日", "market": "圩日", "no market": "非圩日",
    "slack": "农闲", "farming": "农忙", "summer break": "暑假", "winter break": "寒假",
}  # fmt: skip
# When somebody may be wanted, by the words of the filter: how many days after a Monday, and what o'clock.
TIMES = {
    "day": ("平日白天", 2, time(15)),
    "evening": ("平日晚上", 2, time(19, 30)),
    "saturday": ("周六白天", 5, time(15)),
    "sunday": ("周日白天", 6, time(15)),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A lecturer of the list. ``held`` and ``coming`` are lectures of this month, and those still to come."""

    lecturer: Lecturer
    village: str
    topics: tuple[str, ...]
    held: int
    coming: int
    reachable: bool


@dataclass(frozen=True, slots=True)
class Load:
    """How much somebody has to do: lectures of this month, of this quarter, and the next ones."""

    month: int
    quarter: int
    coming: tuple[Lecture, ...]


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for; empty or None where it does not matter. ``free`` is a key of `TIMES`."""

    words: str = ""
    kind: str = ""
    topic_id: int | None = None
    village_id: int | None = None
    dialect: str = ""
    free: str = ""


def understood(words: str) -> str:
    """Free times told back as they were understood, "" where they were not: 每晚 is 每天 18:00–22:00."""
    read = parse_free(words)
    return "；".join(_window(each) for each in read.windows) if read is not None else ""


def find(
    session: Session, sought: Sought, *, now: datetime, rules: Rules, offset: int, limit: int
) -> tuple[list[Line], int]:
    """Lecturers by name, and how many there are."""
    query = select(Lecturer)
    if sought.words:
        said = (
            col(each).contains(sought.words, autoescape=True)
            for each in (Lecturer.name, Lecturer.trade, Lecturer.title)
        )
        first, second, third = said
        query = query.where(first | second | third)
    if sought.kind:
        query = query.where(Lecturer.kind == sought.kind)
    if sought.village_id is not None:
        query = query.where(Lecturer.village_id == sought.village_id)
    if sought.topic_id is not None:
        speaks = select(LecturerTopic.lecturer_id).where(LecturerTopic.topic_id == sought.topic_id)
        query = query.where(col(Lecturer.id).in_(speaks))
    if sought.dialect:
        query = query.where(
            _DIALECTS.in_([said for said, spoken in _said(session, _DIALECTS) if sought.dialect in spoken])
        )
    if sought.free in TIMES:
        at = _next(sought.free, now, rules)
        free = [said for said, when in _said(session, _FREE) if covers(when, at, rules.market_days, rules.work)]
        query = query.where(_FREE.in_(free))
    total = session.exec(select(func.count()).select_from(query.subquery())).one()
    found = session.exec(query.order_by(col(Lecturer.name), col(Lecturer.id)).offset(offset).limit(limit)).all()
    return _lines(session, found, now, rules), total


def lecturer(session: Session, lecturer_id: int) -> Lecturer:
    """One of them. Raises `NotThere`."""
    found = session.get(Lecturer, lecturer_id)
    if found is None:
        raise NotThere("这位宣讲员")
    return found


def kinds(session: Session) -> list[str]:
    """The kinds that somebody is of."""
    return sorted(each for each in session.exec(select(Lecturer.kind).distinct().limit(50)) if each)


def dialects(session: Session) -> list[str]:
    """The dialects that somebody speaks."""
    return sorted({each for _, spoken in _said(session, _DIALECTS) for each in spoken})


def topic_ids(session: Session, lecturer_id: int) -> set[int]:
    """What somebody speaks on."""
    return set(session.exec(select(LecturerTopic.topic_id).where(LecturerTopic.lecturer_id == lecturer_id)))


def set_topics(session: Session, lecturer_id: int, wanted: Sequence[int]) -> None:
    """Say what somebody speaks on. Raises `BadEntry` for a topic that is not there."""
    known = set(session.exec(select(Topic.id).where(col(Topic.id).in_(wanted))))
    if known != set(wanted):
        raise BadEntry("题目", "请在列出来的里面选。")
    gone = (col(LecturerTopic.lecturer_id) == lecturer_id, col(LecturerTopic.topic_id).not_in(wanted))
    before = topic_ids(session, lecturer_id)
    session.exec(delete(LecturerTopic).where(*gone))
    session.add_all(LecturerTopic(lecturer_id=lecturer_id, topic_id=each) for each in set(wanted) - before)
    session.flush()


def add(session: Session, name: str) -> Lecturer:
    """A new lecturer. Raises `BadEntry` for a name that is there."""
    if session.exec(select(Lecturer.id).where(Lecturer.name == name)).first() is not None:
        raise BadEntry("姓名", f"已经有{name}了。同名的，请在名字后加村名，比如“{name}（上坪）”。")
    made = Lecturer(name=name)
    session.add(made)
    session.flush()
    return made


def load(session: Session, lecturer_id: int, *, now: datetime, rules: Rules) -> Load:
    """How much they have to do."""
    first, following = month(now, rules)
    local = first.astimezone(rules.zone)
    quarter = datetime(local.year, local.month - (local.month - 1) % 3, 1, tzinfo=rules.zone)
    until = (quarter + timedelta(days=95)).replace(day=1)
    coming = select(Lecture).where(
        Lecture.lecturer_id == lecturer_id, Lecture.starts_at > now, Lecture.state == LectureState.ANNOUNCED
    )
    return Load(
        _held(session, (lecturer_id,), first, following).get(lecturer_id, 0),
        _held(session, (lecturer_id,), quarter, until).get(lecturer_id, 0),
        tuple(session.exec(coming.order_by(col(Lecture.starts_at)).limit(10))),
    )


def trainings(session: Session, lecturer_id: int) -> list[LecturerTraining]:
    """What they were trained in, the latest first."""
    query = select(LecturerTraining).where(LecturerTraining.lecturer_id == lecturer_id)
    newest = (col(LecturerTraining.held_on).desc(), col(LecturerTraining.id).desc())
    return list(session.exec(query.order_by(*newest).limit(50)))


def _said(session: Session, column: ColumnElement[str]) -> list[tuple[str, list[str]]]:
    """What lecturers have in a column of lists, each once, as it is kept and as the list it is."""
    return [(said, json.loads(said)) for said in session.exec(select(column).distinct())]


def _next(key: str, now: datetime, rules: Rules) -> datetime:
    """The time of next week that a key of `TIMES` stands for."""
    _, day, clock = TIMES[key]
    today = now.astimezone(rules.zone).date()
    return datetime.combine(today + timedelta(days=7 - today.weekday() + day), clock, tzinfo=rules.zone)


def _lines(session: Session, found: Sequence[Lecturer], now: datetime, rules: Rules) -> list[Line]:
    ids = [each.id or 0 for each in found]
    villages = dict(
        session.exec(
            select(Village.id, Village.name).where(
                col(Village.id).in_([each.village_id for each in found if each.village_id is not None])
            )
        ).all()
    )
    topics: dict[int, tuple[str, ...]] = {}
    spoken = select(LecturerTopic.lecturer_id, Topic.name).join(Topic, col(Topic.id) == col(LecturerTopic.topic_id))
    for number, name in session.exec(
        spoken.where(col(LecturerTopic.lecturer_id).in_(ids)).order_by(col(Topic.position))
    ):
        topics[number] = (*topics.get(number, ()), name)
    held = _held(session, ids, *month(now, rules))
    far = now + timedelta(days=3650)
    coming = _held(session, ids, now, far)
    reached = set(
        session.exec(select(Role.lecturer_id).where(col(Role.lecturer_id).in_(ids), Role.kind == RoleKind.LECTURER))
    )
    return [
        Line(
            each, villages.get(each.village_id, ""), topics.get(each.id or 0, ()),
            held.get(each.id or 0, 0), coming.get(each.id or 0, 0), each.id in reached,
        )
        for each in found
    ]  # fmt: skip


def _held(session: Session, ids: Sequence[int], since: datetime, until: datetime) -> dict[int, int]:
    """Lectures of each within a span; what was cancelled does not count."""
    query = select(Lecture.lecturer_id, func.count()).where(
        col(Lecture.lecturer_id).in_(ids),
        Lecture.starts_at >= since,
        Lecture.starts_at < until,
        Lecture.state != LectureState.CANCELLED,
    )
    return dict(session.exec(query.group_by(col(Lecture.lecturer_id))).all())


def _window(window: Window) -> str:
    days = [
        *([_weekdays(window.weekdays)] if window.weekdays else []),
        *(_KINDS[each] for each in sorted(window.kinds)),
    ]
    hours = [
        f"{_clock(start)}–{_clock(end)}" if (start, end) != (0, 24 * 60) else "全天" for start, end in window.hours
    ]
    never = [_weekdays({each}) if isinstance(each, int) else _KINDS[each] for each in sorted(window.never, key=str)]
    but = f"（{'、'.join(never)}除外）" if never else ""
    return f"{'的'.join(days) or '每天'}{but} {'、'.join(hours)}"


def _weekdays(days: frozenset[int] | set[int]) -> str:
    if days == {5, 6}:
        return "周末"
    if days == {0, 1, 2, 3, 4}:
        return "周一到周五"
    return "周" + "、".join(_WEEK[each] for each in sorted(days))


def _clock(minute: int) -> str:
    return f"{minute // 60}:{minute % 60:02d}"
