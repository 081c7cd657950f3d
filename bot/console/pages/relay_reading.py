"""What was said in a hand-served group: pasted, read as if heard, corrected by a person, kept."""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from bot.console.values import Answer, Ask, Deed, Done, Html, Page
from data import relay
from data.desk_errors import BadEntry
from data.desk_tables import RelayDraft
from data.mail import Outbox
from data.names import clean_name
from data.tables import Room
from handlers.message import Heard
from handlers.relay import Line, read_paste
from handlers.take import Outcome

log = logging.getLogger("menlou.console")

FILE = 5 * 1024 * 1024  # bytes of an exported chat
RECENT = timedelta(days=3)  # what was said longer ago is not acted on any more
AT_ONCE = 2_000  # lines that are read in one turn: some ms each, in which the bot hears nobody else
MOST = 400  # lines to correct at a time
SMALL = 60  # lines up to which chatter is shown too, in case that it was misread
CALLS = ("@小门", "＠小门")
NOBODY = "群友"


class _DryRun(Exception):
    """Only to see what would become of it."""


@dataclass(frozen=True, slots=True)
class Read:
    """A line of a draft: who said what, whether to the bot, and what became of it, or would."""

    name: str
    text: str
    at: str = ""  # as ISO, or empty
    addressed: bool = False
    outcome: str = ""
    answer: str = ""


def paste(ask: Ask) -> Done:
    """Read what was pasted, or a whole exported file, and show it for correction."""
    room = relay.find_room(ask.session, ask.number, village_id=ask.scope)
    lines = read_paste(_pasted(ask), now=ask.now, zone=ask.rules.zone)
    if not lines:
        raise BadEntry("群里的话", "没有读到内容。请从微信里复制了再粘贴。")
    fresh = [each for each in lines if each.at is None or each.at > ask.now - RECENT]
    read = [_of(each) for each in fresh[-AT_ONCE:]]
    seen = _rehearse(ask, room, read)
    kept = seen if len(seen) <= SMALL else [each for each in seen if each.outcome != Outcome.SILENT]
    dropped = f"{len(lines) - len(fresh)}条是三天以前的，没有读。" if len(fresh) < len(lines) else ""
    if len(fresh) > AT_ONCE:
        dropped += f"只读了最后{AT_ONCE}条。"
    quiet = len(seen) - len(kept)
    chatter = f"{quiet}条是闲聊，没有留。" if quiet else ""
    over = f"只留了前{MOST}条，其余请再粘贴一次。" if len(kept) > MOST else ""
    if not kept:
        return Done(f"/relay/{room.id}", f"读完了，没有要办的话。{dropped}{chatter}", about=f"群{room.id}")
    draft = relay.keep_draft(
        ask.session, [asdict(each) for each in kept[:MOST]], room_id=ask.number, user_id=ask.user.user_id, now=ask.now
    )
    detail = {"行数": len(lines), "要看的": min(len(kept), MOST)}
    told = f"{dropped}{chatter}{over}"
    return Done(f"/relay/{room.id}/draft/{draft.id}", told, about=f"群{room.id}", detail=detail)


def show(ask: Ask) -> Answer:
    """The lines as they were read, to be corrected."""
    room, draft = _draft(ask)
    lines = [Read(**each) for each in draft.lines]  # type: ignore[arg-type]
    return Html("relay_draft.html", f"{room.name}：请核对", {"room": room, "draft": draft, "lines": lines})


def settle(ask: Ask) -> Done:
    """Look again with what was corrected, keep it, or drop it."""
    room, draft = _draft(ask)
    corrected = list(_corrected(ask, draft))
    back = f"/relay/{room.id}"
    match ask.form.get("what"):
        case "drop":
            ask.session.delete(draft)
            return Done(back, "没有记，粘贴的内容已经删掉。", about=f"群{room.id}")
        case "look":
            draft.lines = [asdict(each) for each in _rehearse(ask, room, corrected)]
            return Done(f"{back}/draft/{draft.id}", "照改过的又读了一遍。", about=f"群{room.id}")
        case _:
            taken = Counter(each.outcome for each in _take(ask, room, corrected))
            ask.session.delete(draft)
            told = f"记下{taken[Outcome.ANSWERED]}条"
            if taken[Outcome.SEEN]:
                told += f"，{taken[Outcome.SEEN]}条以前记过了"
            if taken[FAILED]:
                told += f"，{taken[FAILED]}条没办成，请打电话告诉管理员"
            return Done(
                back, f"{told}。要回的话在下面。", about=f"群{room.id}", detail={"记下": taken[Outcome.ANSWERED]}
            )


FAILED = "failed"


def _rehearse(ask: Ask, room: Room, lines: Sequence[Read]) -> list[Read]:
    """What would become of these lines: done, and undone."""
    found: list[Read] = []
    try:
        with ask.session.begin_nested():
            found = list(_take(ask, room, lines))
            raise _DryRun
    except _DryRun:
        ask.session.expire_all()
    return found


def _take(ask: Ask, room: Room, lines: Sequence[Read]) -> Iterator[Read]:
    """Take the lines in order as if they were heard; one that fails takes nothing with it."""
    turns = Counter[tuple[str, str, str]]()
    for each in lines:
        stamp = each.at or f"{ask.now.astimezone(ask.rules.zone):%Y-%m-%d}"
        turns[(each.name, each.text, stamp)] += 1
        heard = _heard(ask, room, each, stamp, turns[(each.name, each.text, stamp)])
        before = _last_letter(ask.session)
        try:
            with ask.session.begin_nested():
                outcome: str = ask.house.take(ask.session, heard, now=ask.now)
        except Exception:  # whatever it was, the other lines are good
            log.exception("粘贴的一行没办成")
            outcome = FAILED
        answers = _answers(ask.session, before) if outcome == Outcome.ANSWERED else ""
        yield Read(each.name, each.text, each.at, each.addressed, outcome, answers)


def _heard(ask: Ask, room: Room, each: Read, stamp: str, turn: int) -> Heard:
    name = each.name or NOBODY
    return Heard(
        transport=relay.TRANSPORT,
        message_id=relay.message_id(room, name, each.text, stamp, turn),
        room_id=room.external_id,
        sender_id=relay.person_id(room, name),
        text=each.text,
        at=datetime.fromisoformat(each.at) if each.at else ask.now,
        sender_name=name,
        room_name=room.name,
        mentioned=each.addressed,
    )


def _last_letter(session: Session) -> int:
    return session.exec(select(func.max(Outbox.id))).one() or 0


def _answers(session: Session, after: int) -> str:
    rows = session.exec(select(Outbox.text).where(col(Outbox.id) > after).order_by(col(Outbox.id)).limit(3))
    return "\n".join(rows)


def _pasted(ask: Ask) -> str:
    """What was pasted, and what a file holds. Raises `BadEntry`."""
    files = [each.body for each in ask.form.files.get("file", ())]
    try:
        texts = [body.decode("utf-8-sig") for body in files]
    except UnicodeDecodeError:
        try:
            texts = [body.decode("gb18030") for body in files]
        except UnicodeDecodeError as error:
            raise BadEntry("聊天记录文件", "要是文本文件（.txt），不是压缩包或图片。") from error
    return "\n".join([ask.form.get("text"), *texts]).strip()


def _of(line: Line) -> Read:
    at = line.at.isoformat() if line.at is not None else ""
    return Read(line.name, line.text, at, addressed=any(call in line.text for call in CALLS))


def _corrected(ask: Ask, draft: RelayDraft) -> Iterator[Read]:
    """The lines with what was typed over them; one that is struck out is left out."""
    for number, kept in enumerate(draft.lines):
        old = Read(**kept)  # type: ignore[arg-type]
        if ask.form.get(f"skip{number}"):
            continue
        name = clean_name(ask.form.get(f"name{number}", old.name))
        text = ask.form.get(f"text{number}", old.text)
        if text:
            yield Read(name, text, old.at, addressed=bool(ask.form.get(f"to{number}")))


def _draft(ask: Ask) -> tuple[Room, RelayDraft]:
    room = relay.find_room(ask.session, ask.number, village_id=ask.scope)
    draft = relay.find_draft(ask.session, ask.id("draft"), user_id=ask.user.user_id, room_id=ask.number)
    return room, draft


DRAFT_PAGES: tuple[Page | Deed, ...] = (
    Deed("/relay/{number}/paste", paste, "粘贴群聊", "/relay/{number}", village=True, largest=FILE),
    Page("/relay/{number}/draft/{draft}", show, "核对粘贴的内容", village=True),
    Deed("/relay/{number}/draft/{draft}", settle, "核对粘贴的内容", "/relay/{number}/draft/{draft}", village=True),
)
