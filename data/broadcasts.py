"""Broadcasts (通知): written by one coordinator, released by another.

draft → submitted → approved by another → queued; or returned with a reason, dropped, recalled. An approval binds to a
digest of text, groups, members, hour and urgency: `approve` and `release_due` look up the audience anew, and what is
not exactly what was shown is shown again instead of sent. Every step is written down (`data.steps`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel import Session, col, select

from data import audiences, broadcast_texts, releasing, tell
from data.audiences import Audience, Reach
from data.broadcast_errors import (
    BroadcastStands,
    NobodyThere,
    NoSecondPerson,
    NoSuchBroadcast,
    OthersBroadcast,
    OwnBroadcast,
    TwoNeeded,
)
from data.broadcast_texts import CORRECTION, begins_urgent, stands
from data.errors import TimeIsPast
from data.pace import Speed
from data.phrases import day_and_time
from data.rules import Rules
from data.tables import Broadcast, BroadcastState, Member, Release

OPEN = (BroadcastState.DRAFT, BroadcastState.SUBMITTED, BroadcastState.RETURNED, BroadcastState.APPROVED)


class Outcome(StrEnum):
    """What became of a wish to submit or to approve."""

    SUBMITTED = "submitted"
    APPROVED = "approved"  # it waits for its hour
    QUEUED = "queued"
    CHANGED = "changed"  # its audience is not what was shown: nothing was done but to look again


@dataclass(frozen=True, slots=True)
class Result:
    """A notice after a step, and whom it reaches. ``note`` says what changed where something did."""

    outcome: Outcome
    broadcast: Broadcast
    reach: Reach
    note: str = ""
    asked: int = 0  # coordinators
    asked_at: datetime | None = None


# ---- to write it ---------------------------------------------------------------------------------------------------


def draft(
    session: Session,
    *,
    author_id: int,
    audience: Audience,
    called: str,
    text: str,
    now: datetime,
    corrects_id: int | None = None,
    leaves_at: datetime | None = None,
    urgent: bool = False,
) -> tuple[Broadcast, Reach]:
    """Keep a notice and whom it is for, as they are shown to its author. Raises `NobodyThere` or `TimeIsPast`."""
    if leaves_at is not None and leaves_at <= now:
        raise TimeIsPast
    reach = audiences.reach(session, audience)
    if not reach.messages:
        raise NobodyThere(called, silent=reach.silent, subscribed=bool(audience.topics))
    broadcast = Broadcast(
        author_id=author_id,
        audience=called,
        spec=audience.as_spec(),
        text=text,
        urgent=urgent or begins_urgent(text),
        leaves_at=leaves_at,
        corrects_id=corrects_id,
        created_at=now,
    )
    _note_reach(broadcast, reach)
    session.add(broadcast)
    session.flush()
    releasing.step(session, broadcast, BroadcastState.DRAFT, by=author_id, now=now)
    return broadcast, reach


def change(
    session: Session,
    number: int,
    *,
    by: int,
    now: datetime,
    rules: Rules,
    text: str | None = None,
    leaves_at: datetime | None = None,
    at_once: bool = False,
    urgent: bool | None = None,
    audience: tuple[Audience, str] | None = None,
) -> tuple[Broadcast, Reach]:
    """Change what was not released: its text, its hour, its urgency, whom it is for (and how that is called).

    Voids an approval and tells who had approved.

    Raises `OthersBroadcast`, `BroadcastStands`, `TimeIsPast` or `NobodyThere`.
    """
    broadcast = _open(session, number)
    _mine(session, broadcast, by)
    if audience is not None:
        broadcast.spec, broadcast.audience = audience[0].as_spec(), audience[1]
    if leaves_at is not None and leaves_at <= now:
        raise TimeIsPast
    reach = _reach(session, broadcast)
    did = ((audience, "改对象"), (text, "改内容"), (leaves_at or at_once or None, "定时"))
    what = "、".join(words for value, words in did if value is not None) or ("加急" if urgent else "不加急")
    if text is not None:
        said_urgent = begins_urgent(broadcast.text)
        broadcast.urgent = begins_urgent(text) or (broadcast.urgent and not said_urgent)
        corrects = broadcast.corrects_id is not None and not text.startswith(CORRECTION)
        broadcast.text = CORRECTION + text if corrects else text
    if leaves_at is not None or at_once:
        broadcast.leaves_at = leaves_at
    if urgent is not None:
        broadcast.urgent = urgent
    approver = broadcast.approved_by
    _void(session, broadcast, BroadcastState.DRAFT)
    _note_reach(broadcast, reach)
    releasing.step(session, broadcast, "changed", by=by, now=now, reason=what)
    if approver is not None:
        words = f"您同意过的通知B{number}，{_name(session, by)}又改了（{what}），您的同意作废。改好了会再请您看。"
        tell.member(session, approver, words, now=now, not_before=rules.quiet.after(now))
    session.flush()
    return broadcast, reach


def drop(session: Session, number: int, *, by: int, now: datetime) -> Broadcast:
    """Its author lets it go before it was released. Raises `OthersBroadcast` or `BroadcastStands`."""
    broadcast = _open(session, number)
    _mine(session, broadcast, by)
    _void(session, broadcast, BroadcastState.DROPPED)
    broadcast.decided_at = now
    releasing.step(session, broadcast, BroadcastState.DROPPED, by=by, now=now)
    return broadcast


# ---- to release it -------------------------------------------------------------------------------------------------


def submit(session: Session, number: int, *, by: int, now: datetime, rules: Rules, speed: Speed) -> Result:
    """Its author asks for it to be released: the others who may do so are asked, privately and once.

    Where the town's config wants no second person it is queued. Raises `OthersBroadcast`, `BroadcastStands`,
    `NoSecondPerson` or `RoomsFull`.
    """
    broadcast = _open(session, number)
    _mine(session, broadcast, by)
    if broadcast.state not in (BroadcastState.DRAFT, BroadcastState.RETURNED):
        raise BroadcastStands(number, stands(broadcast), f"要改发“改 B{number} 新内容”。", desk="要改，在它的页上改。")
    others = releasing.approvers(session, but=(by,))
    if rules.broadcast.two_people and not others:
        raise NoSecondPerson(number, alone=rules.broadcast.emergency)
    reach = _reach(session, broadcast)
    if (note := _unlike(broadcast, reach)) is not None:
        return _look_again(session, broadcast, reach, note, now=now)
    releasing.refuse_full(session, broadcast, rules=rules, now=now)
    if not rules.broadcast.two_people:
        releasing.release(session, broadcast, Release.ALONE, by=by, now=now, rules=rules)
        return Result(Outcome.QUEUED, broadcast, reach)
    broadcast.state = BroadcastState.SUBMITTED
    releasing.step(session, broadcast, BroadcastState.SUBMITTED, by=by, now=now)
    at = _show(session, broadcast, reach, others, now=now, rules=rules, speed=speed)
    return Result(Outcome.SUBMITTED, broadcast, reach, asked=len(others), asked_at=at)


def approve(session: Session, number: int, *, by: int, now: datetime, rules: Rules, speed: Speed) -> Result:
    """Another coordinator releases exactly what they were shown: it is queued, or waits for its hour.

    Raises `OwnBroadcast`, `NotAnApprover`, `BroadcastStands` (it was done, or is not there yet) or `RoomsFull`.
    """
    broadcast = find(session, number)
    if broadcast.state in (BroadcastState.APPROVED, BroadcastState.QUEUED):
        who = _name(session, broadcast.approved_by or broadcast.author_id)
        raise BroadcastStands(number, f"已经由{who}放行了，不用再同意")
    if broadcast.author_id == by:
        raise OwnBroadcast(number)
    releasing.refuse_others(session, number, by=by)
    if broadcast.state != BroadcastState.SUBMITTED:
        hint = "等作者改好、再交上来，会请您看。" if broadcast.state in OPEN else ""
        raise BroadcastStands(number, stands(broadcast), hint, desk=hint)
    reach = _reach(session, broadcast)
    if (note := _unlike(broadcast, reach)) is not None:
        result = _look_again(session, broadcast, reach, note, now=now)
        others = releasing.approvers(session, but=(by, broadcast.author_id))
        _show(session, broadcast, reach, others, now=now, rules=rules, speed=speed)
        words = f"您的通知B{number}还没发：{note}，同意的人要再看一遍。"
        _tell_author(session, broadcast, words, now=now, rules=rules)
        return result
    releasing.refuse_full(session, broadcast, rules=rules, now=now)
    broadcast.approved_by, broadcast.approved_digest = by, broadcast.digest
    releasing.step(session, broadcast, BroadcastState.APPROVED, by=by, now=now)
    if broadcast.leaves_at is not None and broadcast.leaves_at > now:
        broadcast.state = BroadcastState.APPROVED
        session.flush()
    else:
        releasing.release(session, broadcast, Release.TWO, by=by, now=now, rules=rules)
    when = broadcast_texts.departure(broadcast, reach, rules=rules, speed=speed, now=now, at_once="现在开始发")
    words = f"{_name(session, by)}同意了您的通知B{number}，{when}。写错了可以“停发 B{number}”。"
    _tell_author(session, broadcast, words, now=now, rules=rules)
    outcome = Outcome.APPROVED if broadcast.state == BroadcastState.APPROVED else Outcome.QUEUED
    return Result(outcome, broadcast, reach)


def give_back(session: Session, number: int, reason: str, *, by: int, now: datetime, rules: Rules) -> Broadcast:
    """Another coordinator does not release it and says why. Raises `OwnBroadcast` or `BroadcastStands`."""
    broadcast = find(session, number)
    if broadcast.author_id == by:
        raise OwnBroadcast(number)
    if broadcast.state not in (BroadcastState.SUBMITTED, BroadcastState.APPROVED):
        if broadcast.state == BroadcastState.QUEUED:
            raise BroadcastStands(number, stands(broadcast), f"要停下发“停发 B{number}”。", desk="要停下，请停发。")
        raise BroadcastStands(number, stands(broadcast))
    _return(session, broadcast, reason, by=by, now=now, rules=rules)
    return broadcast


def emergency(session: Session, number: int, reason: str, *, by: int, now: datetime, rules: Rules) -> Result:
    """One person releases it alone, at once and in quiet hours too; it is marked, and the others are told at once.

    Raises `TwoNeeded` where the town's config does not let them, `NotAnApprover`, `BroadcastStands` or `NobodyThere`.
    """
    broadcast = _open(session, number)
    releasing.refuse_others(session, number, by=by)
    if not rules.broadcast.emergency:
        raise TwoNeeded(number)
    reach = _reach(session, broadcast)
    broadcast.urgent, broadcast.leaves_at = True, None
    _void(session, broadcast, broadcast.state)
    _note_reach(broadcast, reach)
    releasing.release(session, broadcast, Release.EMERGENCY, by=by, now=now, rules=rules, reason=reason)
    words = (
        f"【紧急发布】{_name(session, by)}单独放行了通知B{number}（{reason}），发到{reach.messages}处：\n"
        f"{broadcast.text}\n有错请马上回“停发 B{number}”。"
    )
    for member_id in tell.coordinators(session):
        if member_id != by:
            once = f"broadcast-emergency:{number}:{member_id}"
            tell.member(session, member_id, words, now=now, not_before=now, once=once)
    return Result(Outcome.QUEUED, broadcast, reach)


def release_due(session: Session, *, now: datetime, rules: Rules, grace: timedelta) -> int:
    """Queue what was approved and whose hour has come; returns how many messages.

    What is not what was approved goes back to its author, as does what is later than ``grace`` after a downtime.
    """
    query = select(Broadcast).where(Broadcast.state == BroadcastState.APPROVED, col(Broadcast.leaves_at) <= now)
    queued = 0
    for broadcast in session.exec(query.order_by(col(Broadcast.leaves_at), col(Broadcast.id))).all():
        assert broadcast.leaves_at is not None
        begin = broadcast.leaves_at if broadcast.urgent else rules.quiet.after(broadcast.leaves_at)
        reach = audiences.reach(session, Audience.of_spec(broadcast.spec))
        full = releasing.full_rooms(session, broadcast, rules=rules, now=now)
        if now > begin + grace:
            why = f"定在{day_and_time(begin, rules.zone, now=now)}，那时机器人没在运行，错过了"
        elif releasing.digest_of(broadcast, reach) != broadcast.approved_digest:
            why = f"群变了：{_unlike(broadcast, reach)}"
        elif full:
            why = f"{'、'.join(full[:4])}当天已有{rules.broadcast.per_room_day}条通知"
        else:
            queued += releasing.release(session, broadcast, Release.TWO, by=None, now=now, rules=rules)
            continue
        _return(session, broadcast, why, by=None, now=now, rules=rules)
    return queued


# ---- to look it up -------------------------------------------------------------------------------------------------


def find(session: Session, number: int) -> Broadcast:
    """The notice with this number. Raises `NoSuchBroadcast`."""
    broadcast = session.get(Broadcast, number)
    if broadcast is None:
        raise NoSuchBroadcast(number)
    return broadcast


def waiting(session: Session, *, since: datetime) -> list[Broadcast]:
    """What was written lately and is not released, the newest first; submitted ones however old."""
    late = col(Broadcast.state).in_((BroadcastState.SUBMITTED, BroadcastState.APPROVED))
    query = select(Broadcast).where(col(Broadcast.state).in_(OPEN), late | (col(Broadcast.created_at) >= since))
    return list(session.exec(query.order_by(col(Broadcast.id).desc()).limit(8)))


def _reach(session: Session, broadcast: Broadcast) -> Reach:
    audience = Audience.of_spec(broadcast.spec)
    reach = audiences.reach(session, audience)
    if not reach.messages:
        raise NobodyThere(broadcast.audience, silent=reach.silent, subscribed=bool(audience.topics))
    return reach


def _unlike(broadcast: Broadcast, reach: Reach) -> str | None:
    """What differs from what was last shown, or None."""
    if releasing.digest_of(broadcast, reach) == broadcast.digest:
        return None
    return broadcast_texts.changes(broadcast, set(broadcast.room_ids), set(broadcast.member_ids), reach)


def _look_again(session: Session, broadcast: Broadcast, reach: Reach, note: str, *, now: datetime) -> Result:
    """Nothing is released that was not shown: keep who it is now, to be shown once more."""
    _note_reach(broadcast, reach)
    releasing.step(session, broadcast, "audience", by=None, now=now, reason=note)
    return Result(Outcome.CHANGED, broadcast, reach, note=note)


def _note_reach(broadcast: Broadcast, reach: Reach) -> None:
    broadcast.room_ids, broadcast.member_ids = reach.room_ids, list(reach.members)
    broadcast.digest = releasing.digest_of(broadcast, reach)


def _open(session: Session, number: int) -> Broadcast:
    broadcast = find(session, number)
    if broadcast.state == BroadcastState.QUEUED:
        raise BroadcastStands(
            number,
            "已经放行，改不了了",
            f"要停下发“停发 B{number}”，发出去的再“更正 B{number} 新内容”。",
            desk="要停下，请停发；发出去的再更正。",
        )
    if broadcast.state not in OPEN:
        raise BroadcastStands(number, stands(broadcast), "要发请另写一条：“通知 全镇 内容”。", desk="要发请另写一条。")
    return broadcast


def _mine(session: Session, broadcast: Broadcast, by: int) -> None:
    if broadcast.author_id != by:
        raise OthersBroadcast(broadcast.id or 0, _name(session, broadcast.author_id))


def _void(session: Session, broadcast: Broadcast, state: BroadcastState) -> None:
    broadcast.state, broadcast.approved_by, broadcast.approved_digest = state, None, ""
    session.flush()


def _name(session: Session, member_id: int) -> str:
    return session.get_one(Member, member_id).name


def _show(
    session: Session,
    broadcast: Broadcast,
    reach: Reach,
    members: list[int],
    *,
    now: datetime,
    rules: Rules,
    speed: Speed,
) -> datetime:
    """Ask coordinators to approve it as it is now; returns when they are asked. Each hears it once."""
    broadcast.submissions += 1
    shown = broadcast_texts.preview(broadcast, reach, rules=rules, speed=speed, now=now)
    words = broadcast_texts.request(_name(session, broadcast.author_id), shown, broadcast.id or 0)
    leaves = now if broadcast.urgent else rules.quiet.after(now)
    for member_id in members:
        once = f"broadcast-ask:{broadcast.id}:{broadcast.submissions}:{member_id}"
        tell.member(session, member_id, words, now=now, not_before=leaves, once=once)
    return leaves


def _return(
    session: Session, broadcast: Broadcast, reason: str, *, by: int | None, now: datetime, rules: Rules
) -> None:
    _void(session, broadcast, BroadcastState.RETURNED)
    releasing.step(session, broadcast, BroadcastState.RETURNED, by=by, now=now, reason=reason)
    number, who = broadcast.id, f"{_name(session, by)}退回了您的" if by is not None else "没有发出您的"
    how = f"改好再交：“改 B{number} 新内容”；不用改就“提交 B{number}”；不发了：“作废 B{number}”。"
    words = f"{who}通知B{number}：{reason}。\n{how}"
    _tell_author(session, broadcast, words, now=now, rules=rules)


def _tell_author(session: Session, broadcast: Broadcast, words: str, *, now: datetime, rules: Rules) -> None:
    leaves = now if broadcast.urgent else rules.quiet.after(now)
    tell.member(session, broadcast.author_id, words, now=now, not_before=leaves)
