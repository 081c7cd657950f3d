"""The self-check against 指尖上的形式主义 (the national opinion of December 2023), from what was sent and nothing else.

Asked is what has words in it that tell people to do something; an invitation to a lecture or a poll is counted beside
it, for nobody has to. Forced is what could be: the bot keeps no list of who did not answer, so there is nothing to
count, and that is what the report says.
"""

import re
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlmodel import Session

from data.figures.figures import BY_KEY
from data.figures.scope import Scope
from data.figures.spoken import OUT, ROOM, SPOKEN, notices
from data.figures.sql import seconds_between
from data.loop import Lecture, LectureRoom, LectureState, Poll, PollState
from data.statements import table_of
from data.tables import Broadcast

_BROADCAST, _POLL = table_of(Broadcast), table_of(Poll)
_LECTURE, _LECTURE_ROOM = table_of(Lecture), table_of(LectureRoom)
_WEEK = 7 * 24 * 3600  # seconds
# Words that tell everybody who reads them to do something for us, not for themselves.
ASKING = re.compile(
    r"收到请?回复|收到回|请回复|请.{0,6}接龙|打卡|签到|截图|请?.{0,4}转发|务必|必须.{0,8}(?:关注|下载|注册|点赞|填)|"
    r"点赞|请.{0,6}投票|请.{0,8}(?:填写|填报|上报|关注|下载|注册)|人人.{0,4}(?:参与|必)"
)


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """``mean_week`` and ``most_week`` are messages to one group in seven days, without replies."""

    texts: int  # policy texts, each to one group
    notices: int
    asking: int  # of the notices, those that tell people to do something
    asking_texts: tuple[tuple[int, str, int], ...]  # (number, text, groups) of the first of them
    invitations: int  # lectures announced, each in one group
    polls: int
    groups: int
    mean_week: float | None
    most_week: int
    forced: int = 0
    forced_why: str = "机器人不点名、不催人、不记谁没回应，也没有打卡、积分、排名，所以这一项没有可数的。"


def check(session: Session, scope: Scope) -> SelfCheck:
    """The self-check of a period."""
    told = _notices(session, scope)
    asking = [each for each in told if ASKING.search(each[1])]
    groups, mean, most = _weeks(session, scope)
    return SelfCheck(
        texts=int(BY_KEY["pushes"].number(session, scope) or 0),
        notices=sum(count for _, _, count in told),
        asking=sum(count for _, _, count in asking),
        asking_texts=tuple(asking[:10]),
        invitations=_invitations(session, scope),
        polls=_polls(session, scope),
        groups=groups,
        mean_week=mean,
        most_week=most,
    )


def _notices(session: Session, scope: Scope) -> list[tuple[int, str, int]]:
    """(number, text, groups that it reached) of each notice."""
    sent = (
        select(OUT.c.broadcast_id, func.count().label("groups"))
        .select_from(SPOKEN.rows_of(scope))
        .where(*SPOKEN.conditions(scope), *notices(scope))
        .group_by(OUT.c.broadcast_id)
        .subquery("sent")
    )
    query = select(_BROADCAST.c.id, _BROADCAST.c.text, sent.c.groups).join(sent, sent.c.broadcast_id == _BROADCAST.c.id)
    return [(number, text, int(count)) for number, text, count in session.execute(query.order_by(_BROADCAST.c.id))]


def _weeks(session: Session, scope: Scope) -> tuple[int, float | None, int]:
    """(groups written to, messages to one of them in a week, the most in a week); weeks begin with the period."""
    week = seconds_between(scope.start, OUT.c.settled_at) // _WEEK
    each = (
        select(ROOM.c.id.label("room"), week.label("week"), func.count().label("count"))
        .select_from(SPOKEN.rows_of(scope))
        .where(*SPOKEN.conditions(scope))
        .group_by(ROOM.c.id, week)
        .subquery("each")
    )
    query = select(func.count(each.c.room.distinct()), func.sum(each.c.count), func.max(each.c.count))
    groups, messages, most = session.execute(query).one()
    weeks = max((min(scope.end, scope.as_of) - scope.start).total_seconds() / _WEEK, 1)
    return int(groups), round(int(messages) / int(groups) / weeks, 2) if groups else None, int(most or 0)


def _invitations(session: Session, scope: Scope) -> int:
    table = _LECTURE.join(_LECTURE_ROOM, _LECTURE_ROOM.c.lecture_id == _LECTURE.c.id)
    mine = (scope.inside(_LECTURE.c.starts_at), *scope.here(_LECTURE.c.village_id, _LECTURE.c.hamlet))
    query = select(func.count()).select_from(table).where(*mine, _LECTURE.c.state != LectureState.CANCELLED)
    return int(session.execute(query).scalar_one())


def _polls(session: Session, scope: Scope) -> int:
    table = _POLL.join(ROOM, ROOM.c.id == _POLL.c.room_id)
    shown = _POLL.c.state.in_((PollState.OPEN, PollState.CLOSED))
    mine = (scope.inside(_POLL.c.created_at), *scope.here(ROOM.c.village_id))
    return int(session.execute(select(func.count()).select_from(table).where(*mine, shown)).scalar_one())
