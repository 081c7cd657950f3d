"""Retention (保存期): what is kept for how long, and what is done when its time is over. `RETENTION` is the whole list.

A run begins once a day (`begin`) with one `Removal` a kind and goes on in batches (`go_on`), so that no turn is long.
Rows that figures count are blanked, never deleted. Where rows stay, a `Removal` keeps in ``detail`` how far it came
(``upto``), so the next run looks only at what became due since; ``left`` marks a run that is not at its end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import String, and_, case, cast, delete, func, or_, select, tuple_, update
from sqlmodel import Session, col
from sqlmodel import select as select_row

from data.broadcast_tables import Subscription
from data.database import wipe_after
from data.desk_tables import Audit, ConsoleLink, ConsoleSession, ConsoleUser, RelayDraft, Throttle
from data.loop import (
    Assignment,
    Deed,
    Order,
    Poll,
    PollState,
    PollVote,
    SignUp,
    SolitaireState,
    Step,
    Voice,
    VoiceKind,
)
from data.mail import Inbox, Outbox, OutboxKind, OutboxState
from data.record_tables import MaterialDownload, Removal
from data.removing import (
    BATCH,
    SOMEBODY,
    WAITS,
    Batch,
    Remove,
    between,
    blank_after_lectures,
    blank_by_id,
    delete_before,
    mark,
    stand_in,
)
from data.statements import changed, table_of
from data.tables import DRAWN, BindingCode, Dialog, Member, Picture, Role, Room, RoomKind, Snippet

EXPIRED = "（过了保存期，原话已清除）"
ABANDONED = timedelta(days=2)  # a run that did not come to its end within this is begun anew
DAILY = timedelta(hours=26)  # a machine that is off at night begins its run when it is on
FAR = timedelta(days=45)  # after such a silence the clock may be wrong
HELD = timedelta(days=1)  # it is believed when it has gone on for this long
CLOCK = "clock"  # the `Removal` that says since when it says what it says

_IN, _OUT, _VOICE, _ORDER = table_of(Inbox), table_of(Outbox), table_of(Voice), table_of(Order)
_UP, _LIST, _ROOM, _MEMBER = table_of(SignUp), table_of(SolitaireState), table_of(Room), table_of(Member)
_STEP, _GIVEN, _TAKEN = table_of(Step), table_of(Assignment), table_of(MaterialDownload)
_POLL, _VOTE = table_of(Poll), table_of(PollVote)
_PICTURE, _SNIPPET = table_of(Picture), table_of(Snippet)
_POSTERS_A_BATCH = BATCH // 20  # each has some thirty pages of the database


class Fate(StrEnum):
    """What becomes of rows whose time is over."""

    DELETE = "delete"  # 删掉
    BLANK = "blank"  # 只留编号、时间和数，人名和原话清空

    @property
    def words(self) -> str:
        """As the settings tell it."""
        return "到期删掉" if self is Fate.DELETE else "到期清空人名和原话，数照样在"


@dataclass(frozen=True, slots=True)
class Retained:
    """A kind of personal data. ``rows`` says which, ``days`` is the default of ``retention.<key>_days`` (0: kept).

    Where a later ``version`` removes more than one before it, the rows that were gone through are gone through again.
    """

    key: str
    name: str
    rows: str
    days: int
    fate: Fate
    help: str
    remove: Remove
    version: int = 1

    @property
    def setting(self) -> str:
        """The key of its setting."""
        return f"retention.{self.key}_days"


def begin(session: Session, days: Mapping[str, int], *, now: datetime) -> bool:
    """Begin a run over all kinds that have a time (``days`` by key); what an earlier run left is taken over.

    Returns whether it was begun: not while the clock is not believed (`_believed`), for what is removed is gone.
    """
    if not _believed(session, now):
        return False
    for each in RETENTION:
        if span := days.get(each.key, each.days):
            last = _last(session, each.key)
            before = now - timedelta(days=span)
            if last is not None and last.detail.get("left") and now - ABANDONED < last.at <= now:
                last.before = before
            else:
                detail = {"left": True, "upto": _came_to(last, each, before), "version": each.version}
                session.add(Removal(at=now, kind=each.key, before=before, detail=detail))
    session.flush()
    return True


def is_overdue(session: Session, *, now: datetime) -> bool:
    """Whether no run began for more than a day."""
    recent = select_row(Removal.id).where(Removal.at > now - DAILY, Removal.at <= now, *_of_a_run())
    return session.exec(recent.limit(1)).first() is None


def go_on(session: Session, *, now: datetime, batch: int = BATCH) -> int:
    """Remove the next ``batch`` rows or so of a run that was begun; returns how many rows were changed."""
    kinds = {each.key: each for each in RETENTION}
    recent = select_row(Removal).where(Removal.at > now - ABANDONED, Removal.at <= now, *_of_a_run())
    removed = looked = 0
    for run in session.exec(recent.order_by(col(Removal.id))).all():
        while run.detail.get("left") and run.kind in kinds and run.before is not None and looked < batch:
            upto = run.detail.get("upto")
            assert upto is None or isinstance(upto, int | str)
            found = kinds[run.kind].remove(session, run.before, upto)
            run.rows += found.rows
            kept = {"upto": found.upto, "version": run.detail.get("version", 1)}
            run.detail = kept if found.done else {"left": True} | kept
            removed += found.rows
            looked += found.looked
    session.flush()
    if removed:
        wipe_after(session)
    return removed


def _of_a_run() -> tuple[Any, Any]:
    return col(Removal.member_id).is_(None), Removal.kind != CLOCK


def _last(session: Session, key: str) -> Removal | None:
    query = select_row(Removal).where(Removal.kind == key, col(Removal.member_id).is_(None))
    return session.exec(query.order_by(col(Removal.id).desc()).limit(1)).first()


def _came_to(last: Removal | None, kind: Retained, before: datetime) -> object:
    """How far an earlier run came; never beyond what is due now, where the clock was wrong then."""
    if last is None or last.detail.get("version", 1) != kind.version:
        return None
    upto = last.detail.get("upto")
    return min(upto, before.astimezone(UTC).isoformat()) if isinstance(upto, str) else upto


def _believed(session: Session, now: datetime) -> bool:
    """Whether the clock may be right: it is near what was last heard or removed, or has said so for a day by now."""
    heard = select(_IN.c.heard_at).where(_IN.c.heard_at <= now).order_by(_IN.c.id.desc()).limit(1)
    ran = select(func.max(table_of(Removal).c.at)).where(table_of(Removal).c.at <= now, *_of_a_run())
    last = max(filter(None, (session.execute(each).scalar() for each in (heard, ran))), default=now)
    if now - last < FAR:
        return True
    mark = _last(session, CLOCK)
    if mark is None or not now - FAR < mark.at <= now:
        session.add(Removal(at=now, kind=CLOCK))
        session.flush()
        return False
    return now - mark.at >= HELD


# ---- what needs a way of its own -----------------------------------------------------------------------------------


def _blank_answered(session: Session, before: datetime, upto: int | str | None) -> Batch:
    """Cases, by when they were answered; one that waits keeps its words."""
    cases = _VOICE.c.kind.in_([kind for kind in VoiceKind if kind is not VoiceKind.FEEDBACK])
    due = and_(cases, between(_VOICE.c.answered_at, upto, before))
    answered = session.execute(select(_VOICE.c.answered_at).where(due).order_by(_VOICE.c.answered_at).limit(BATCH))
    marks = answered.scalars().all()
    if not marks:
        return Batch(0, 1, upto, done=True)
    touched = update(_VOICE).where(due, _VOICE.c.answered_at <= marks[-1], _VOICE.c.text != EXPIRED)
    rows = changed(session, touched.values(text=EXPIRED, answer=EXPIRED))
    return Batch(rows, len(marks), marks[-1].isoformat(), done=len(marks) < BATCH)


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
        _OUT.c.picture_id == _PICTURE.c.id, or_(fresh, _OUT.c.state.in_((*WAITS, OutboxState.UNKNOWN)))
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
    return update(_UP).where(_UP.c.lecture_id.in_(lectures), named).values(for_whom=stand_in(_UP.c.id))


def _lists(lectures: list[int]) -> Any:
    return (
        update(_LIST)
        .where(_LIST.c.lecture_id.in_(lectures), or_(_LIST.c.posts > 0, _LIST.c.doubts > 0))
        .values(lists={}, unclear=[], posts=0, doubts=0)
    )


def _blank_names(session: Session, before: datetime, upto: int | str | None) -> Batch:
    """Names of those who were not heard since, the next of all members; who comes back says their name anew."""
    since = upto if isinstance(upto, int) else 0
    some = select(_MEMBER.c.id).where(_MEMBER.c.id > since).order_by(_MEMBER.c.id).limit(BATCH)
    ids = session.execute(some).scalars().all()
    if not ids:
        return Batch(0, 1, None, done=True)
    heard = select(_IN.c.id).where(_IN.c.member_id == _MEMBER.c.id, _IN.c.heard_at >= before)
    needed = [
        select(table.c.member_id).where(table.c.member_id == _MEMBER.c.id).exists()
        for table in (table_of(Role), table_of(ConsoleUser), table_of(Subscription))
    ]
    silent = and_(_MEMBER.c.name != "", _MEMBER.c.created_at < before, ~heard.exists(), *(~each for each in needed))
    touched = update(_MEMBER).where(_MEMBER.c.id > since, _MEMBER.c.id <= ids[-1], silent).values(name="")
    done = len(ids) < BATCH
    return Batch(changed(session, touched), len(ids), None if done else ids[-1], done=done)


_PRIVATE = select(_ROOM.c.id).where(_ROOM.c.kind.in_((RoomKind.DIRECT, RoomKind.COORDINATORS)))
_TOLD = and_(
    _OUT.c.text != "",
    _OUT.c.state.not_in(WAITS),
    _OUT.c.broadcast_id.is_(None),
    _OUT.c.kind != OutboxKind.PUSH,
    or_(
        _OUT.c.kind == OutboxKind.REPLY,
        cast(_OUT.c.mentions, String) != "[]",  # told to somebody by name
        _OUT.c.room_id.in_(_PRIVATE),
    ),
)
_MARK = mark(_VOICE.c.rating)
_UNANSWERED = and_(_VOICE.c.kind != VoiceKind.FEEDBACK, _VOICE.c.answered_at.is_(None), _VOICE.c.text != EXPIRED)
_NAMELESS = and_(_ORDER.c.topic_id.is_(None), _ORDER.c.lecturer_id.is_(None))  # its words are all that it is
_WORDED = or_(
    _ORDER.c.for_whom != "", _ORDER.c.when_text != "", _ORDER.c.place != "",
    case((_NAMELESS, EXPIRED), else_="") != _ORDER.c.wish,
)  # fmt: skip
_UNWORDED = {"for_whom": "", "when_text": "", "place": "", "wish": case((_NAMELESS, EXPIRED), else_="")}

RETENTION: tuple[Retained, ...] = (
    Retained(
        "inbox", "收到的话", "对机器人说的话的原文、听懂了什么、出错的记录", 90, Fate.BLANK,
        "只留谁、何时、在哪、哪件事",
        blank_by_id(_IN, _IN.c.handled_at, or_(_IN.c.text != "", _IN.c.error != ""),
                     {"text": "", "understood": {}, "error": ""}),
    ),
    Retained(
        "outbox", "发出的回话", "群里的回话、点了名说的话，私聊和工作群里说的话；不含通知和推送", 90, Fate.BLANK,
        "只留何时、发到哪、发没发成",
        blank_by_id(_OUT, _OUT.c.queued_at, _TOLD, {"text": "", "mentions": [], "gathered": [], "error": ""}),
        version=2,  # what was told in a group to somebody by name was kept before
    ),
    Retained(
        "dialogs", "问到一半的话", "机器人问了、过时没答的", 1, Fate.DELETE, "从过时那天算起",
        delete_before(table_of(Dialog), table_of(Dialog).c.expires_at),
    ),
    Retained(
        "deeds", "撤销用的底稿", "干事、老师办事时改动前的样子", 7, Fate.DELETE, "撤销只有一分钟，七天是留着查错",
        delete_before(table_of(Deed), table_of(Deed).c.at),
    ),
    Retained(
        "voices", "答复过的意见", "意见、急难、提问的原话和答复", 730, Fate.BLANK, "从答复那天算起；件数照样留着",
        _blank_answered,
    ),
    Retained(
        "open_voices", "没答复的意见", "没答复的意见、急难、提问的原话", 1_095, Fate.BLANK,
        "从说的那天算起；件数照样留着",
        blank_by_id(_VOICE, _VOICE.c.at, _UNANSWERED, {"text": EXPIRED}),
    ),
    Retained(
        "ratings", "评课的话", "评课时说的话", 730, Fate.BLANK, "分数照样留着",
        blank_by_id(_VOICE, _VOICE.c.at, and_(_VOICE.c.kind == VoiceKind.FEEDBACK, _VOICE.c.text != _MARK),
                     {"text": _MARK}),
    ),
    Retained(
        "sign_ups", "替谁报名", "报名里写的家里人、接龙里写的名字", 180, Fate.BLANK, "从开讲那天算起；人数照样留着",
        blank_after_lectures(_for_whom),
    ),
    Retained(
        "solitaires", "接龙原文", "群接龙合并的底稿", 180, Fate.BLANK, "从开讲那天算起",
        blank_after_lectures(_lists),
    ),
    Retained(
        "orders", "点单的话", "点单的原话、想要的时间和地点、代点时写的“为谁”", 730, Fate.BLANK,
        "题目、村和走到哪一步照样留着",
        blank_by_id(_ORDER, _ORDER.c.created_at, _WORDED, _UNWORDED), version=2,  # only whom it was for, before
    ),
    Retained(
        "reasons", "办理的理由", "每一步写的理由", 730, Fate.BLANK, "谁在何时办到哪一步照样留着",
        blank_by_id(_STEP, _STEP.c.at, _STEP.c.reason != "", {"reason": ""}),
    ),
    Retained(
        "offers", "派单的话", "派单写的地点、不接的理由", 730, Fate.BLANK, "派给谁、接没接照样留着",
        blank_by_id(_GIVEN, _GIVEN.c.offered_at, or_(_GIVEN.c.reason != "", _GIVEN.c.venue != ""),
                    {"reason": "", "venue": ""}),
    ),
    Retained(
        "downloads", "谁取过课件", "取课件的人", 365, Fate.BLANK, "取了几次照样留着",
        blank_by_id(_TAKEN, _TAKEN.c.at, _TAKEN.c.member_id.is_not(None), {"member_id": None}),
    ),
    Retained(
        "names", "不来了的人的昵称", "很久没跟机器人说话的人的昵称", 730, Fate.BLANK,
        "有身份、有控制台账号、有订阅的不清；再来说话就又有了", _blank_names,
    ),
    Retained("votes", "投票", "结束了的投票里谁选了什么", 180, Fate.DELETE, "结果当时已在群里公布", _delete_votes),
    Retained(
        "codes", "绑定码", "过期的绑定码（只存了校验值）", 30, Fate.DELETE, "从过期那天算起",
        delete_before(table_of(BindingCode), table_of(BindingCode).c.expires_at),
    ),
    Retained(
        "sessions", "控制台登录", "过期的登录，带网络地址", 30, Fate.DELETE, "从过期那天算起",
        delete_before(table_of(ConsoleSession), table_of(ConsoleSession).c.expires_at),
    ),
    Retained(
        "links", "控制台一次性链接", "过期的邀请和重设密码的链接", 30, Fate.DELETE, "从过期那天算起",
        delete_before(table_of(ConsoleLink), table_of(ConsoleLink).c.expires_at),
    ),
    Retained(
        "throttles", "密码输错的记录", "按用户名、网络地址记的次数", 7, Fate.DELETE, "从最后一次输错算起",
        delete_before(table_of(Throttle), table_of(Throttle).c.last_at),
    ),
    Retained(
        "relay_drafts", "转抄的群聊草稿", "贴进控制台、还没收下的群聊", 1, Fate.DELETE, "收下的当时就删",
        delete_before(table_of(RelayDraft), table_of(RelayDraft).c.created_at),
    ),
    Retained(
        "posters", "海报图", "通知附的海报，机器人画的", 30, Fate.DELETE,
        "从最后一次发出算起；文字照样留着，再要时再画", _delete_posters,
    ),
    Retained(
        "audit", "控制台操作记录", "谁在控制台做了什么、从哪里", 1_095, Fate.DELETE, "查责任要用，留得久些",
        delete_before(table_of(Audit), table_of(Audit).c.at),
    ),
)  # fmt: skip
