"""To stop a broadcast (停发) and to put it right (更正): what has not left is cancelled, what was read is corrected."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, update
from sqlalchemy import select as core_select
from sqlmodel import Session

from data import audiences, broadcasts, releasing, tell
from data.audiences import GOT_IT, Audience, Reach
from data.broadcast_errors import BroadcastStands
from data.broadcast_texts import CORRECTION, stands
from data.mail import Outbox, OutboxState
from data.rules import Rules
from data.statements import changed, table_of
from data.tables import Broadcast, BroadcastState, Member

_OUT = table_of(Outbox)
_MINE = _OUT.c.broadcast_id == bindparam("number")
_STATES = core_select(_OUT.c.state, func.count()).where(_MINE).group_by(_OUT.c.state)
_MAY_RETURN = (OutboxState.SENDING, OutboxState.UNKNOWN, OutboxState.FAILED, OutboxState.EXPIRED)


@dataclass(frozen=True, slots=True)
class Stopped:
    """What a recall came to: messages ``stopped``, and groups and people who have it, or may (``doubtful``)."""

    stopped: int
    sent: int
    doubtful: int
    names: tuple[str, ...]  # of the groups that have it


def recall(session: Session, number: int, *, by: int, now: datetime, rules: Rules) -> Stopped:
    """Cancel what has not left yet and say who has it already; its author and who approved it are told.

    What was not released yet is let go by its author, and returned by anybody else. Raises `BroadcastStands`.
    """
    broadcast = broadcasts.find(session, number)
    if broadcast.state in broadcasts.OPEN:
        if broadcast.author_id == by:
            broadcasts.drop(session, number, by=by, now=now)
        else:
            broadcasts.give_back(session, number, "停发", by=by, now=now, rules=rules)
        return Stopped(len(broadcast.room_ids) + len(broadcast.member_ids), 0, 0, ())
    if broadcast.state not in (BroadcastState.QUEUED, BroadcastState.RECALLED):
        raise BroadcastStands(number, stands(broadcast))
    mine = update(_OUT).where(_OUT.c.broadcast_id == number)
    stop = mine.where(_OUT.c.state == OutboxState.PENDING)
    stopped = changed(session, stop.values(state=OutboxState.CANCELLED, settled_at=now, error="停发"))
    # What is on its way, in doubt or held back is not tried again (重发, 补发): such a row has expired by then.
    changed(session, mine.where(_OUT.c.state.in_(_MAY_RETURN)).values(expires_at=now))
    counts = {OutboxState(state): many for state, many in session.execute(_STATES, {"number": number})}
    had = audiences.reach(session, Audience(got=number))
    result = Stopped(
        stopped,
        counts.get(OutboxState.SENT, 0),
        counts.get(OutboxState.SENDING, 0) + counts.get(OutboxState.UNKNOWN, 0),
        tuple(name for _, name in had.rooms),
    )
    if stopped:
        broadcast.state = BroadcastState.RECALLED
        releasing.step(session, broadcast, BroadcastState.RECALLED, by=by, now=now, reason=f"{stopped}处没发")
        words = f"{session.get_one(Member, by).name}停发了通知B{number}，{stopped}处没有发。"
        for member_id in dict.fromkeys((broadcast.author_id, broadcast.approved_by)):
            if member_id not in (None, by):
                tell.member(session, member_id, words, now=now, not_before=rules.quiet.after(now))
    return result


def correct(session: Session, number: int, text: str, *, by: int, now: datetime) -> tuple[Broadcast, Reach]:
    """A new notice, to exactly those who have the old one or may have it; it is released like any other.

    Raises `BroadcastStands` while some of the old one still waits to leave, or where nobody has it.
    """
    old = broadcasts.find(session, number)
    counts = {OutboxState(state): many for state, many in session.execute(_STATES, {"number": number})}
    if not counts:
        raise BroadcastStands(
            number, stands(old), f"还没发出去，直接“改 B{number} 新内容”。", desk="还没发出去，直接改就行。"
        )
    if waits := counts.get(OutboxState.PENDING, 0):
        raise BroadcastStands(
            number,
            f"还有{waits}处没发",
            f"先发“停发 B{number}”，再更正，免得又发出错的。",
            desk="先停发，再更正，免得又发出错的。",
        )
    if not any(counts.get(state) for state in GOT_IT):
        raise BroadcastStands(
            number, "没有发到哪里，不用更正", "重新写一条就行：“通知 全镇 内容”。", desk="重新写一条就行。"
        )
    words = text if text.startswith(CORRECTION) else CORRECTION + text
    return broadcasts.draft(
        session,
        author_id=by,
        audience=Audience(got=number),
        called=f"收到B{number}的",
        text=words,
        now=now,
        corrects_id=number,
    )
