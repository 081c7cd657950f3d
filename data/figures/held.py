"""How lectures and other events are counted: what was held, who came, what was handed out, and how it was held.

Held is what begins in the period and was written down as held before its books were closed. How many came is what was
said last before then (`data.record_tables.LectureCount`); what is said later is late.
"""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, String, case, cast, func, literal, or_, select

from data.figures.figure import Column, Dim, Source, Things, months, places, plain
from data.figures.scope import Scope
from data.loop import EventKind, Lecture, LectureState, SignUp, SignUpState, Step, Subject
from data.record_tables import LectureCount
from data.statements import table_of
from data.tables import Lecturer, Member, Topic, Village

LECTURE, COUNT, STEP = table_of(Lecture), table_of(LectureCount), table_of(Step)
_SIGN_UP, _TOPIC, _LECTURER = table_of(SignUp), table_of(Topic), table_of(Lecturer)
_VILLAGE, _MEMBER = table_of(Village), table_of(Member)
KIND_NAMES = {
    EventKind.LECTURE: "讲座", EventKind.COURTYARD: "屋场会", EventKind.VOLUNTEER: "志愿服务",
    EventKind.TRAINING: "培训", EventKind.SHOW: "文艺活动", EventKind.VISIT: "送学上门",
}  # fmt: skip
# The kind of a place, as far as its name tells: the first of which a word stands in it.
VENUES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("校园", ("学校", "小学", "中学", "校园", "幼儿园")),
    ("船头码头", ("船", "码头", "渡口")),
    ("车间企业", ("车间", "工厂", "厂房", "公司", "企业", "工地")),
    ("文化室、实践站", ("文化室", "文化站", "活动室", "实践站", "讲堂", "礼堂", "祠堂", "书屋", "图书")),
    ("村委会", ("村委", "党群", "会议室", "居委", "服务中心")),
    ("集市", ("圩", "集市", "市场", "街")),
    ("田间地头", ("田", "地头", "果园", "茶园", "基地", "大棚", "园子", "林场")),
    ("农家大院", ("院", "屋场", "晒谷", "家", "门口", "地坪", "禾坪", "晒坪", "榕树", "树下")),
    ("广场", ("广场", "戏台", "球场", "公园")),
)
_ONLINE = ("线上", "网上", "直播")


def _stepped(state: LectureState, *when: ColumnElement[bool], of: FromClause = LECTURE) -> ColumnElement[bool]:
    mine = (STEP.c.subject == Subject.LECTURE, STEP.c.subject_id == of.c.id, STEP.c.state == state.value)
    return select(literal(1)).where(*mine, *when).correlate(of).exists()


def was_held(scope: Scope) -> ColumnElement[bool]:
    """That a lecture was written down as held in time."""
    return _stepped(LectureState.DELIVERED, scope.known(STEP.c.at))


def held_here(scope: Scope) -> tuple[ColumnElement[bool], ...]:
    """That a lecture was held in the period and the place; of one that was cancelled there is nothing to tell."""
    return (scope.inside(LECTURE.c.starts_at), was_held(scope), *scope.here(LECTURE.c.village_id, LECTURE.c.hamlet))


def written_before(moment: ColumnElement[Any], of: FromClause) -> ColumnElement[bool]:
    """That a lecture (``of``: its table by whatever name) was written down as held before a moment."""
    return _stepped(LectureState.DELIVERED, STEP.c.at < moment, of=of)


def was_cancelled(scope: Scope) -> ColumnElement[bool]:
    """That it was cancelled in time."""
    return _stepped(LectureState.CANCELLED, scope.known(STEP.c.at))


def came_late(scope: Scope) -> ColumnElement[bool]:
    """That it was written down as held only afterwards."""
    return _stepped(LectureState.DELIVERED, STEP.c.at > scope.closes) & ~was_held(scope)


def said_last(column: Any, scope: Scope) -> Column:
    """A number of a lecture as it was said last before the books were closed."""
    latest = select(column).where(COUNT.c.lecture_id == LECTURE.c.id, scope.known(COUNT.c.at))
    return latest.order_by(COUNT.c.at.desc(), COUNT.c.id.desc()).limit(1).correlate(LECTURE).scalar_subquery()


def attended(scope: Scope) -> Column:
    """How many came to a lecture."""
    return said_last(COUNT.c.attended, scope)


def handouts(scope: Scope) -> Column:
    """How much was handed out at a lecture."""
    return said_last(COUNT.c.handouts, scope)


def _venue(_scope: Scope) -> Column:
    words = [(or_(*(LECTURE.c.venue.contains(word) for word in each)), literal(name)) for name, each in VENUES]
    return case(*words, (_online(), literal("线上")), else_=literal("别处"))


def _online() -> ColumnElement[bool]:
    """That it has no place, or one that is none."""
    return or_(LECTURE.c.venue == "", *(LECTURE.c.venue.startswith(word) for word in _ONLINE))


def _mode(_scope: Scope) -> Column:
    both = (LECTURE.c.live_url != "", literal("现场加直播"))
    return case((_online(), literal("线上")), both, else_=literal("现场"))


def _kind(_scope: Scope) -> Column:
    return case(*((LECTURE.c.kind == kind, literal(name)) for kind, name in KIND_NAMES.items()))


_TOPIC_OF = (_TOPIC, _TOPIC.c.id == LECTURE.c.topic_id)
_LECTURER_OF = (_LECTURER, _LECTURER.c.id == LECTURE.c.lecturer_id)
_MORE = {
    "题目": _TOPIC.c.name, "宣讲员": _LECTURER.c.name, "地点": LECTURE.c.venue, "村小组": LECTURE.c.hamlet,
}  # fmt: skip
_DIMS = {
    "month": months(LECTURE.c.starts_at),
    **places(LECTURE.c.village_id),
    "hamlet": plain("村小组", LECTURE.c.hamlet),
    "topic": plain("题目", _TOPIC.c.name, (_TOPIC_OF,)),
    "lecturer_kind": plain("宣讲员类别", _LECTURER.c.kind, (_LECTURER_OF,)),
    "dialect": plain("方言", LECTURE.c.dialect),
    "venue": Dim("场所", _venue),
    "mode": Dim("方式", _mode),
    "event": Dim("活动", _kind),
}


def _lectures(where: Any, *, late: bool = False) -> Source:
    return Source(
        subject="lecture",
        table=LECTURE,
        id=LECTURE.c.id,
        at=LECTURE.c.starts_at,
        text=LECTURE.c.title,
        where=lambda scope: (scope.inside(LECTURE.c.starts_at), where(scope)),
        village=LECTURE.c.village_id,
        hamlet=LECTURE.c.hamlet,
        text_joins=(_TOPIC_OF, _LECTURER_OF),
        dims=_DIMS,
        more=_MORE,
        late=late,
    )


HELD = _lectures(was_held)
CANCELLED = _lectures(was_cancelled)
HELD_LATE = _lectures(came_late, late=True)
_SIGNED = LECTURE.join(_SIGN_UP, _SIGN_UP.c.lecture_id == LECTURE.c.id)
SIGNED = Source(
    subject="lecture",
    table=_SIGNED,
    id=LECTURE.c.id,
    at=LECTURE.c.starts_at,
    text=LECTURE.c.title,
    where=lambda scope: (
        scope.inside(LECTURE.c.starts_at), was_held(scope), _SIGN_UP.c.state == SignUpState.SEATED
    ),
    village=LECTURE.c.village_id,
    hamlet=LECTURE.c.hamlet,
    text_joins=(_TOPIC_OF, _LECTURER_OF),
    dims=_DIMS,
    more=_MORE,
)  # fmt: skip
_COUNTED = LECTURE.join(COUNT, COUNT.c.lecture_id == LECTURE.c.id)


def _typed(column: Column, unit: str) -> Column:
    return func.coalesce(cast(column, String) + unit, "没填")


COUNTED_LATE = Source(
    subject="lecture",
    table=_COUNTED,
    id=LECTURE.c.id,
    at=COUNT.c.at,
    text=LECTURE.c.title
    + "：到场"
    + _typed(COUNT.c.attended, "人")
    + "，资料"
    + _typed(COUNT.c.handouts, "份")
    + func.coalesce("（" + _MEMBER.c.name + "填）", ""),
    where=lambda scope: (scope.inside(LECTURE.c.starts_at), COUNT.c.at > scope.closes),
    village=LECTURE.c.village_id,
    hamlet=LECTURE.c.hamlet,
    text_joins=((_MEMBER, _MEMBER.c.id == COUNT.c.by_id), _TOPIC_OF, _LECTURER_OF),
    dims=_DIMS,
    more=_MORE,
    late=True,
)


def people(_scope: Scope) -> Column:
    """Persons of a sign-up."""
    return _SIGN_UP.c.people


def only(kind: EventKind) -> Any:
    """Events of one kind."""
    return lambda _scope: (LECTURE.c.kind == kind,)


def village(_scope: Scope) -> Column:
    """The village in which it was held."""
    return LECTURE.c.village_id


VILLAGES = Things(
    "village", _VILLAGE.c.name, func.count(), "场次", ((_VILLAGE, _VILLAGE.c.id == LECTURE.c.village_id),)
)
