"""Retention (保存期): what is kept for how long, and what is done when its time is over. `RETENTION` is the whole list.

A run begins once a day (`begin`) with one `Removal` a kind and goes on in batches (`go_on`), so that no turn is long.
Rows that figures count are blanked, never deleted. Where rows stay, a `Removal` keeps in ``detail`` how far it came
(``upto``), so the next run looks only at what became due since; ``left`` marks a run that is not at its end.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import takewhile
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    String,
    Table,
    and_,
    case,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlmodel import Session, col
from sqlmodel import select as select_row

from data.desk_tables import Audit, ConsoleLink, ConsoleSession, RelayDraft, Throttle
from data.loop import Deed, Lecture, Order, Poll, PollState, PollVote, SignUp, SolitaireState, Voice, VoiceKind
from data.mail import Inbox, Outbox, OutboxKind, OutboxState
from data.record_tables import Removal
from data.statements import changed, table_of
from data.tables import DRAWN, BindingCode, Dialog, Picture, Room, RoomKind, Snippet

BATCH = 1_000  # rows that one turn looks at
EXPIRED = "（过了保存期，原话已清除）"
SOMEBODY = "代报"  # and the sign-up's number, for whom somebody else was signed up
ABANDONED = timedelta(days=2)  # a run that did not come to its end within this is begun anew
DAILY = timedelta(hours=26)  # a machine that is off at night begins its run when it is on

_IN, _OUT, _VOICE, _ORDER = table_of(Inbox), table_of(Outbox), table_of(Voice), table_of(Order)
_UP, _LIST, _LECTURE, _ROOM = table_of(SignUp), table_of(SolitaireState), table_of(Lecture), table_of(Room)
_POLL, _VOTE = table_of(Poll), table_of(PollVote)
_PICTURE, _SNIPPET = table_of(Picture), table_of(Snippet)
_LECTURES_A_BATCH = BATCH // 50  # each has a list of people
_POSTERS_A_BATCH = BATCH // 20  # each has some thirty pages of the database
_WAITS = (OutboxState.PENDING, OutboxState.SENDING)


class Fate(StrEnum):
    """What becomes of rows whose time is over."""

    DELETE = "delete"  # 删掉
    BLANK = "blank"  # 只留编号、时间和数，人名和原话清空

    @property
    def words(self) -> str:
        """As the settings tell it."""
        return "到期删掉" if self is Fate.DELETE else "到期清空人名和原话，数照样在"


@dataclass(frozen=True, slots=True)
class Batch:
    """What one look came to: rows changed, rows looked at, how far it came, and whether nothing is left."""

    rows: int
    looked: int
    upto: int | str | None
    done: bool


Remove = Callable[[Session, datetime, int | str | None], Batch]  # session, before, upto


@dataclass(frozen=True, slots=True)
class Retained:
    """A kind of personal data. ``rows`` says which, ``days`` is the default of ``retention.<key>_days`` (0: kept)."""

    key: str
    name: str
    rows: str
    days: int
    fate: Fate
    help: str
    remove: Remove

    @property
    def setting(self) -> str:
        """The key of its setting."""
        return f"retention.{self.key}_days"


def begin(session: Session, days: Mapping[str, int], *, now: datetime) -> None:
    """Begin a run over all kinds that have a time (``days`` by key); what an earlier run left is taken over."""
    for each in RETENTION:
        if span := days.get(each.key, each.days):
            last = _last(session, each.key)
            before = now - timedelta(days=span)
            if last is not None and last.detail.get("left") and last.at > now - ABANDONED:
                last.before = before
            else:
                upto = last.detail.get("upto") if last is not None else None
                session.add(Removal(at=now, kind=each.key, before=before, detail={"left": True, "upto": upto}))
    session.flush()


def is_overdue(session: Session, *, now: datetime) -> bool:
    """Whether no run began for more than a day."""
    recent = select_row(Removal.id).where(Removal.at > now - DAILY, col(Removal.member_id).is_(None)).limit(1)
    return session.exec(recent).first() is None


def go_on(session: Session, *, now: datetime, batch: int = BATCH) -> int:
    """Remove the next ``batch`` rows or so of a run that was begun; returns how many rows were changed."""
    kinds = {each.key: each for each in RETENTION}
    recent = select_row(Removal).where(Removal.at > now - ABANDONED, col(Removal.member_id).is_(None))
    removed = looked = 0
    for run in session.exec(recent.order_by(col(Removal.id))).all():
        while run.detail.get("left") and run.kind in kinds and run.before is not None and looked < batch:
            upto = run.detail.get("upto")
            assert upto is None or isinstance(upto, int | str)
            found = kinds[run.kind].remove(session, run.before, upto)
            run.rows += found.rows
            run.detail = {"upto": found.upto} if found.done else {"left": True, "upto": found.upto}
            removed += found.rows
            looked += found.looked
    session.flush()
    return removed


def _last(session: Session, key: str) -> Removal | None:
    query = select_row(Removal).where(Removal.kind == key, col(Removal.member_id).is_(None))
    return session.exec(query.order_by(col(Removal.at).desc(), col(Removal.id).desc()).limit(1)).first()


# ---- how kinds are gone through ----------------------------------------------------------------------------------


def _blank_by_id(table: Table, at: Column[Any], where: ColumnElement[bool], values: Mapping[str, object]) -> Remove:
    """Rows that are written once, in the order of time: on from the last that was looked at."""

    def remove(session: Session, before: datetime, upto: int | str | None) -> Batch:
        since = upto if isinstance(upto, int) else 0
        rows = session.execute(select(table.c.id, at).where(table.c.id > since).order_by(table.c.id).limit(BATCH)).all()
        due = [row for row, moment in takewhile(lambda row: row[1] < before, rows)]
        if not due:
            return Batch(0, 1, upto, done=True)
        touched = update(table).where(table.c.id > since, table.c.id <= due[-1], where).values(**values)
        return Batch(changed(session, touched), len(due), due[-1], done=len(due) < BATCH)

    return remove


def _blank_after_lectures(statement: Callable[[list[int]], Any]) -> Remove:
    """What belongs to lectures: on from the last moment at which one began that was looked at."""

    def remove(session: Session, before: datetime, upto: int | str | None) -> Batch:
        due = _between(_LECTURE.c.starts_at, upto, before)
        begun = session.execute(
            select(_LECTURE.c.starts_at).where(due).order_by(_LECTURE.c.starts_at).limit(_LECTURES_A_BATCH)
        )
        marks = begun.scalars().all()
        if not marks:
            return Batch(0, 1, upto, done=True)
        ids = session.execute(select(_LECTURE.c.id).where(due, _LECTURE.c.starts_at <= marks[-1])).scalars().all()
        touched = changed(session, statement(list(ids)))
        looked = max(touched, BATCH // 4)
        return Batch(touched, looked, marks[-1].isoformat(), done=len(marks) < _LECTURES_A_BATCH)

    return remove


def _blank_answered(session: Session, before: datetime, upto: int | str | None) -> Batch:
    """Cases, by when they were answered; one that waits keeps its words."""
    cases = _VOICE.c.kind.in_([kind for kind in VoiceKind if kind is not VoiceKind.FEEDBACK])
    due = and_(cases, _between(_VOICE.c.answered_at, upto, before))
    answered = session.execute(select(_VOICE.c.answered_at).where(due).order_by(_VOICE.c.answered_at).limit(BATCH))
    marks = answered.scalars().all()
    if not marks:
        return Batch(0, 1, upto, done=True)
    touched = update(_VOICE).where(due, _VOICE.c.answered_at <= marks[-1], _VOICE.c.text != EXPIRED)
    rows = changed(session, touched.values(text=EXPIRED, answer=EXPIRED))
    return Batch(rows, len(marks), marks[-1].isoformat(), done=len(marks) < BATCH)


def _between(at: Column[Any], upto: int | str | None, before: datetime) -> ColumnElement[bool]:
    """After the moment that was come to, and before the time that is kept."""
    return and_(at < before, at > datetime.fromisoformat(upto)) if isinstance(upto, str) else at < before


def _delete_before(table: Table, at: Column[Any], where: ColumnElement[bool] | None = None) -> Remove:
    """Rows that go: what is due is never there a second time."""
    key = list(table.primary_key)

    def remove(session: Session, before: datetime, _upto: int | str | None) -> Batch:
        due = select(*key).where(at < before).limit(BATCH)
        if where is not None:
            due = due.where(where)
        which = tuple_(*key).in_(due) if len(key) > 1 else key[0].in_(due)
        gone = changed(session, delete(table).where(which))
        return Batch(gone, max(gone, 1), None, done=gone < BATCH)

    return remove


def _delete_votes(session: Session, before: datetime, _upto: int | str | None) -> Batch:
    """Votes of polls that are over; how they ended was told in the group."""
    over = select(_POLL.c.id).where(_POLL.c.state == PollState.CLOSED, _POLL.c.closes_at < before)
    due = select(_VOTE.c.poll_id, _VOTE.c.member_id).where(_VOTE.c.poll_id.in_(over)).limit(BATCH)
    gone = changed(session, delete(_VOTE).where(tuple_(_VOTE.c.poll_id, _VOTE.c.member_id).in_(due)))
    return Batch(gone, max(gone, 1), None, done=gone < BATCH)


def _delete_posters(session: Session, before: datetime, _upto: int | str | None) -> Batch:
    """Drawn posters that everybody was sent long ago; what was sent with one stays, without its picture.

    One that is in doubt may be sent again, and one that a policy text came to share is the town's own.
    """
    fresh = func.coalesce(_OUT.c.settled_at, _OUT.c.queued_at) >= before
    needed = select(_OUT.c.id).where(
        _OUT.c.picture_id == _PICTURE.c.id, or_(fresh, _OUT.c.state.in_((*_WAITS, OutboxState.UNKNOWN)))
    )
    shared = select(_SNIPPET.c.id).where(_SNIPPET.c.picture_id == _PICTURE.c.id)
    due = select(_PICTURE.c.id).where(_PICTURE.c.name.startswith(DRAWN), ~needed.exists(), ~shared.exists())
    ids = session.execute(due.order_by(_PICTURE.c.id).limit(_POSTERS_A_BATCH)).scalars().all()
    session.execute(update(_OUT).where(_OUT.c.picture_id.in_(ids)).values(picture_id=None))
    gone = changed(session, delete(_PICTURE).where(_PICTURE.c.id.in_(ids)))
    return Batch(gone, max(gone * (BATCH // _POSTERS_A_BATCH), 1), None, done=gone < _POSTERS_A_BATCH)


def _for_whom(lectures: list[int]) -> Any:
    """Whom somebody signed up becomes a number: empty would be the member themself."""
    named = and_(_UP.c.for_whom != "", _UP.c.for_whom.not_like(f"{SOMEBODY}%"))
    return (
        update(_UP)
        .where(_UP.c.lecture_id.in_(lectures), named)
        .values(for_whom=literal(SOMEBODY).concat(cast(_UP.c.id, String)))
    )


def _lists(lectures: list[int]) -> Any:
    return (
        update(_LIST)
        .where(_LIST.c.lecture_id.in_(lectures), or_(_LIST.c.posts > 0, _LIST.c.doubts > 0))
        .values(lists={}, unclear=[], posts=0, doubts=0)
    )


_DIRECT = select(_ROOM.c.id).where(_ROOM.c.kind == RoomKind.DIRECT)
_TOLD = and_(
    _OUT.c.text != "",
    _OUT.c.state.not_in(_WAITS),
    _OUT.c.broadcast_id.is_(None),
    _OUT.c.kind != OutboxKind.PUSH,
    or_(_OUT.c.kind == OutboxKind.REPLY, _OUT.c.room_id.in_(_DIRECT)),
)
_MARK = case((_VOICE.c.rating.is_not(None), cast(_VOICE.c.rating, String).concat("分")), else_="")

RETENTION: tuple[Retained, ...] = (
    Retained(
        "inbox", "收到的话", "对机器人说的话的原文、听懂了什么、出错的记录", 90, Fate.BLANK,
        "只留谁、何时、在哪、哪件事",
        _blank_by_id(_IN, _IN.c.handled_at, or_(_IN.c.text != "", _IN.c.error != ""),
                     {"text": "", "understood": {}, "error": ""}),
    ),
    Retained(
        "outbox", "发出的回话", "群里的回话和私聊里说的话，不含通知和推送", 90, Fate.BLANK,
        "只留何时、发到哪、发没发成",
        _blank_by_id(_OUT, _OUT.c.queued_at, _TOLD, {"text": "", "mentions": [], "gathered": [], "error": ""}),
    ),
    Retained(
        "dialogs", "问到一半的话", "机器人问了、过时没答的", 1, Fate.DELETE, "从过时那天算起",
        _delete_before(table_of(Dialog), table_of(Dialog).c.expires_at),
    ),
    Retained(
        "deeds", "撤销用的底稿", "干事、老师办事时改动前的样子", 7, Fate.DELETE, "撤销只有一分钟，七天是留着查错",
        _delete_before(table_of(Deed), table_of(Deed).c.at),
    ),
    Retained(
        "voices", "答复过的意见", "意见、急难、提问的原话和答复", 730, Fate.BLANK, "从答复那天算起；件数照样留着",
        _blank_answered,
    ),
    Retained(
        "ratings", "评课的话", "评课时说的话", 730, Fate.BLANK, "分数照样留着",
        _blank_by_id(_VOICE, _VOICE.c.at, and_(_VOICE.c.kind == VoiceKind.FEEDBACK, _VOICE.c.text != _MARK),
                     {"text": _MARK}),
    ),
    Retained(
        "sign_ups", "替谁报名", "报名里写的家里人、接龙里写的名字", 180, Fate.BLANK, "从开讲那天算起；人数照样留着",
        _blank_after_lectures(_for_whom),
    ),
    Retained(
        "solitaires", "接龙原文", "群接龙合并的底稿", 180, Fate.BLANK, "从开讲那天算起",
        _blank_after_lectures(_lists),
    ),
    Retained(
        "orders", "替谁点单", "代点时写的“为谁”", 730, Fate.BLANK, "题目、时间、村照样留着",
        _blank_by_id(_ORDER, _ORDER.c.created_at, _ORDER.c.for_whom != "", {"for_whom": ""}),
    ),
    Retained("votes", "投票", "结束了的投票里谁选了什么", 180, Fate.DELETE, "结果当时已在群里公布", _delete_votes),
    Retained(
        "codes", "绑定码", "过期的绑定码（只存了校验值）", 30, Fate.DELETE, "从过期那天算起",
        _delete_before(table_of(BindingCode), table_of(BindingCode).c.expires_at),
    ),
    Retained(
        "sessions", "控制台登录", "过期的登录，带网络地址", 30, Fate.DELETE, "从过期那天算起",
        _delete_before(table_of(ConsoleSession), table_of(ConsoleSession).c.expires_at),
    ),
    Retained(
        "links", "控制台一次性链接", "过期的邀请和重设密码的链接", 30, Fate.DELETE, "从过期那天算起",
        _delete_before(table_of(ConsoleLink), table_of(ConsoleLink).c.expires_at),
    ),
    Retained(
        "throttles", "密码输错的记录", "按用户名、网络地址记的次数", 7, Fate.DELETE, "从最后一次输错算起",
        _delete_before(table_of(Throttle), table_of(Throttle).c.last_at),
    ),
    Retained(
        "relay_drafts", "转抄的群聊草稿", "贴进控制台、还没收下的群聊", 1, Fate.DELETE, "收下的当时就删",
        _delete_before(table_of(RelayDraft), table_of(RelayDraft).c.created_at),
    ),
    Retained(
        "posters", "海报图", "通知附的海报，机器人画的", 30, Fate.DELETE,
        "从最后一次发出算起；文字照样留着，再要时再画", _delete_posters,
    ),
    Retained(
        "audit", "控制台操作记录", "谁在控制台做了什么、从哪里", 1_095, Fate.DELETE, "查责任要用，留得久些",
        _delete_before(table_of(Audit), table_of(Audit).c.at),
    ),
)  # fmt: skip
