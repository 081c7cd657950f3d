"""How voices are counted: opinions, needs and questions with their answers, and what marks lectures got."""

from typing import Any

from sqlalchemy import ColumnElement, and_, case, literal, or_, select

from data.cases import REFUSED
from data.figures.figure import Column, Dim, Source, months, places, plain
from data.figures.held import LECTURE, was_held
from data.figures.scope import Scope
from data.figures.sql import minutes_between
from data.loop import Step, Subject, Voice, VoiceKind
from data.statements import table_of
from data.tables import Topic
from data.voices import ANSWERED, KIND_NAMES

VOICE, _TOPIC, _STEP = table_of(Voice), table_of(Topic), table_of(Step)
_CLOSED = (_STEP.c.subject == Subject.VOICE, _STEP.c.subject_id == VOICE.c.id, _STEP.c.state == REFUSED)
# 删除我的信息 closes the cases of who asks for it, by nobody's hand. Its words may go, its step stays.
_BY_NOBODY = select(_STEP.c.id).where(*_CLOSED, _STEP.c.by_id.is_(None)).correlate(VOICE).exists()
_LET_GO = and_(VOICE.c.answered_by.is_(None), _BY_NOBODY)


def _kind(_scope: Scope) -> Column:
    return case(*((VOICE.c.kind == kind, literal(name)) for kind, name in KIND_NAMES.items()))


_DIMS = {
    **places(VOICE.c.village_id),
    "kind": Dim("类别", _kind),
    "topic": plain("题目", _TOPIC.c.name, ((_TOPIC, _TOPIC.c.id == VOICE.c.topic_id),)),
}


def _cases(at: Column, *also: Any) -> Source:
    return Source(
        subject="voice",
        table=VOICE,
        id=VOICE.c.id,
        at=at,
        text=VOICE.c.text,
        where=lambda scope: (VOICE.c.kind.in_(ANSWERED), scope.inside(at), *(each(scope) for each in also)),
        village=VOICE.c.village_id,
        dims={"month": months(at), **_DIMS},
    )


def _done(scope: Scope) -> ColumnElement[bool]:
    return scope.known(VOICE.c.answered_at)


def _answered(scope: Scope) -> ColumnElement[bool]:
    return and_(_done(scope), ~_LET_GO)


def _overdue(scope: Scope) -> ColumnElement[bool]:
    """Answered, or let go, after its deadline; or still without an answer then."""
    late = VOICE.c.answered_at > VOICE.c.due_at
    waits = or_(VOICE.c.answered_at.is_(None), VOICE.c.answered_at > scope.as_of)
    return or_(and_(_done(scope), late), and_(waits, VOICE.c.due_at < scope.as_of))


COLLECTED = _cases(VOICE.c.at)
ANSWERED_OF = _cases(VOICE.c.at, _answered)
OVERDUE = _cases(VOICE.c.at, _overdue)
ANSWERS = _cases(VOICE.c.answered_at, lambda _scope: ~_LET_GO)


def until_answer(_scope: Scope) -> Column:
    """Minutes until a case was answered."""
    return minutes_between(VOICE.c.at, VOICE.c.answered_at)


RATED = Source(
    subject="voice",
    table=VOICE.join(LECTURE, LECTURE.c.id == VOICE.c.lecture_id),
    id=VOICE.c.id,
    at=VOICE.c.at,
    text=VOICE.c.text,
    where=lambda scope: (
        literal("") + VOICE.c.kind == VoiceKind.FEEDBACK.value,  # as a sum, so that SQLite begins with the lectures
        VOICE.c.rating.is_not(None),
        VOICE.c.at >= scope.start,
        scope.known(VOICE.c.at),
        scope.inside(LECTURE.c.starts_at),
        was_held(scope),
    ),
    village=LECTURE.c.village_id,
    hamlet=LECTURE.c.hamlet,
    dims={
        "month": months(LECTURE.c.starts_at),
        **places(LECTURE.c.village_id),
        "hamlet": plain("村小组", LECTURE.c.hamlet),
        "topic": plain("题目", _TOPIC.c.name, ((_TOPIC, _TOPIC.c.id == LECTURE.c.topic_id),)),
    },
)


def rating(_scope: Scope) -> Column:
    """The mark of a rating, 1 to 5."""
    return VOICE.c.rating
