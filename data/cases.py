"""Cases: what is done with an opinion, a need or a question, until its answer is back with who asked."""

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, exists, select

from data import steps, tell
from data.errors import CaseClosed, NoSuchVoice, UnknownCoordinator
from data.loop import Step, Subject, Voice, VoiceKind
from data.phrases import day_and_time
from data.rooms import PUSHED
from data.rules import Rules
from data.tables import Member, Role, RoleKind, Room, RoomKind
from data.voices import ANSWERED, KIND_NAMES, shorten
from data.workdays import Span

RECEIVED, PASSED_ON, ANSWER, REFUSED, REMINDED, OVERDUE = (
    "received", "passed_on", "answered", "declined", "reminded", "overdue",
)  # fmt: skip
STEP_NAMES = {
    RECEIVED: "收到", PASSED_ON: "转办", ANSWER: "答复", REFUSED: "不办", REMINDED: "提醒过", OVERDUE: "过了期限",
}  # fmt: skip
_NUMBERS = re.compile(r"\d[\d -]{4,}\d")  # phone numbers and the like are nobody else's business
_QUOTED = 40
_STALE = timedelta(days=60)  # what has been overdue for longer is in 待答, and no longer reminded of
_MOST = 8  # cases in one reminder


@dataclass(frozen=True, slots=True)
class Sent:
    """Where an answer goes, and what is said there: shown to the coordinator before it leaves."""

    room: Room
    text: str
    villages: tuple[Room, ...] = ()
    village_text: str = ""


def find(session: Session, number: int) -> Voice:
    """The case with this number. Raises `NoSuchVoice`."""
    voice = session.get(Voice, number)
    if voice is None or voice.kind not in ANSWERED:
        raise NoSuchVoice(number)
    return voice


def find_open(session: Session, number: int) -> Voice:
    """The case, where it still waits. Raises `NoSuchVoice` or `CaseClosed`."""
    voice = find(session, number)
    if voice.answered_at is not None:
        raise CaseClosed(number, shorten(voice.answer, _QUOTED))
    return voice


def answer(session: Session, number: int, words: str, *, by: int, now: datetime, not_before: datetime) -> Sent:
    """Send the answer to whoever asked, where they asked, and to their village where they agreed.

    Raises `NoSuchVoice` or `CaseClosed`.
    """
    voice = find_open(session, number)
    _close(session, voice, words, ANSWER, by=by, now=now)
    text = f"您{_asked(voice)}，镇里答复：{words}"
    room = _tell_asker(session, voice, text, now=now, not_before=not_before)
    if not voice.share:
        return Sent(room, text)
    villages = _village_rooms(session, voice)
    return Sent(room, text, villages, _publish(session, voice, villages, now=now, not_before=not_before))


def refuse(session: Session, number: int, reason: str, *, by: int, now: datetime, not_before: datetime) -> Sent:
    """Close a case without doing it; the asker is told why. Raises `NoSuchVoice` or `CaseClosed`."""
    voice = find_open(session, number)
    _close(session, voice, reason, REFUSED, by=by, now=now, reason=reason)
    text = f"您{_asked(voice)}，镇里看过了，这次办不了：{reason}"
    return Sent(_tell_asker(session, voice, text, now=now, not_before=not_before), text)


def agree(session: Session, number: int, *, yes: bool, now: datetime, rules: Rules) -> None:
    """The asker said whether their village may read the answer too; one that is given already goes there now."""
    voice = session.get_one(Voice, number)
    voice.share = yes
    if yes and voice.answered_at is not None and not was_refused(session, voice):
        leaves = rules.quiet.after(now)
        _publish(session, voice, _village_rooms(session, voice), now=now, not_before=leaves)


def was_refused(session: Session, voice: Voice) -> bool:
    """Whether a closed case was closed without being done."""
    query = select(Step.state).where(Step.subject == Subject.VOICE, Step.subject_id == voice.id, Step.state == REFUSED)
    return session.exec(query).first() is not None


def find_coordinators(session: Session, words: str) -> list[tuple[int, str]]:
    """(member id, name) of the coordinators whom a name can mean: exactly, else in part; else `UnknownCoordinator`."""
    query = select(Member).join(Role).where(Role.kind == RoleKind.COORDINATOR).order_by(col(Member.id))
    everybody = [(member.id or 0, member.name) for member in session.exec(query)]
    exactly = [each for each in everybody if each[1] == words]
    near = exactly or [each for each in everybody if words and (words in each[1] or each[1] in words)]
    if not near:
        raise UnknownCoordinator(words, tuple(name for _, name in everybody))
    return near


def pass_on(
    session: Session, number: int, owner_id: int, *, by: int, now: datetime, not_before: datetime, rules: Rules
) -> str:
    """Give a case to one coordinator, tell them privately and return their name; its deadline stays.

    Raises `NoSuchVoice` or `CaseClosed`.
    """
    voice = find_open(session, number)
    owner, giver = session.get_one(Member, owner_id), session.get_one(Member, by)
    if voice.owner_id == owner_id:
        return owner.name
    voice.owner_id = owner_id
    session.add(voice)
    steps.record(session, Subject.VOICE, number, PASSED_ON, by=by, now=now, reason=f"转给{owner.name}")
    if owner_id != by:
        due = f"最晚{day_and_time(voice.due_at, rules.zone, now=now)}，" if voice.due_at else ""
        text = f"{giver.name}把意见{number}号转给您：{shorten(voice.text, 80)}\n{due}回“意见{number}号 答复 内容”。"
        tell.member(session, owner_id, text, now=now, not_before=not_before)
    return owner.name


def chase(session: Session, *, now: datetime, rules: Rules) -> int:
    """Remind who is responsible, privately: half-way to the deadline and when it is over, each case once for each.

    What is reminded of together is said in one message. Returns how many were queued.
    """
    if rules.work.after(now, Span()) > now:  # out of office hours: what is answered till then needs no reminder
        return 0
    said: dict[int, list[tuple[Voice, str]]] = defaultdict(list)
    for voice in _untold(session, OVERDUE, col(Voice.due_at) < now, now=now):
        _note(session, voice, OVERDUE, said, now=now)
    for voice in _untold(session, REMINDED, col(Voice.due_at) >= now, now=now):
        assert voice.due_at is not None
        if now >= voice.at + (voice.due_at - voice.at) / 2:
            _note(session, voice, REMINDED, said, now=now)
    told = [_remind(session, member_id, owed, now=now, rules=rules) for member_id, owed in said.items()]
    return sum(row is not None for row in told)


def _remind(
    session: Session, member_id: int, owed: list[tuple[Voice, str]], *, now: datetime, rules: Rules
) -> int | None:
    first, state = owed[0]
    lines = "\n".join(_line(voice, now=now, rules=rules) for voice, _ in owed[:_MOST])
    more = f"\n…还有{len(owed) - _MOST}件，发“待答”看。" if len(owed) > _MOST else ""
    text = f"等您答复：\n{lines}{more}\n回“意见{first.id}号 答复 内容”，或把“答复”换成“转 名字”“不办 理由”。"
    once = f"chase:{first.id}:{state}:{member_id}"
    return tell.member(session, member_id, text, now=now, not_before=rules.quiet.after(now), once=once)


def _untold(session: Session, state: str, due: object, *, now: datetime) -> list[Voice]:
    told = exists().where(
        col(Step.subject) == Subject.VOICE, col(Step.subject_id) == col(Voice.id), col(Step.state) == state
    )
    query = select(Voice).where(
        col(Voice.answered_at).is_(None), col(Voice.kind).in_(ANSWERED), col(Voice.due_at) > now - _STALE
    )
    return list(session.exec(query.where(due, ~told).order_by(col(Voice.due_at), col(Voice.id))))  # type: ignore[arg-type]


def _note(
    session: Session, voice: Voice, state: str, said: dict[int, list[tuple[Voice, str]]], *, now: datetime
) -> None:
    assert voice.id is not None
    steps.record(session, Subject.VOICE, voice.id, state, by=None, now=now)
    for member_id in tell.coordinators(session, owner_id=voice.owner_id):
        said[member_id].append((voice, state))


def _line(voice: Voice, *, now: datetime, rules: Rules) -> str:
    assert voice.due_at is not None
    due = "过期了" if voice.due_at < now else f"{day_and_time(voice.due_at, rules.zone, now=now)}前"
    return f"意见{voice.id}号（{KIND_NAMES[voice.kind]}，{due}）：{shorten(voice.text, 30)}"


def _close(session: Session, voice: Voice, words: str, state: str, *, by: int, now: datetime, reason: str = "") -> None:
    assert voice.id is not None
    voice.answer, voice.answered_by, voice.answered_at = words, by, now
    session.add(voice)
    steps.record(session, Subject.VOICE, voice.id, state, by=by, now=now, reason=reason)
    session.flush()


def _tell_asker(session: Session, voice: Voice, text: str, *, now: datetime, not_before: datetime) -> Room:
    once = f"voice:{voice.id}"
    tell.people_in(session, voice.room_id, [voice.member_id], text, now=now, not_before=not_before, once=once)
    return session.get_one(Room, voice.room_id)


def _asked(voice: Voice) -> str:
    verb = {VoiceKind.QUESTION: "问的", VoiceKind.NEED: "说的急事"}.get(voice.kind, "提的")
    return f"{verb}“{shorten(voice.text, 30)}”"


def _village_rooms(session: Session, voice: Voice) -> tuple[Room, ...]:
    if voice.village_id is None:
        return ()
    query = select(Room).where(Room.village_id == voice.village_id, col(Room.kind).in_(PUSHED))
    return tuple(session.exec(query.order_by(col(Room.id))))


def _publish(session: Session, voice: Voice, rooms: tuple[Room, ...], *, now: datetime, not_before: datetime) -> str:
    """The answer for the village: what was asked, not by whom. Where it was asked in a group it is public already."""
    if session.get_one(Room, voice.room_id).kind != RoomKind.DIRECT:
        return ""
    asker = session.get_one(Member, voice.member_id)
    asked = _NUMBERS.sub("…", voice.text.replace(asker.name, "…") if asker.name else voice.text)
    verb = "问" if voice.kind == VoiceKind.QUESTION else "提议"
    text = f"有乡亲{verb}：“{shorten(asked, _QUOTED)}”，镇里答复：{voice.answer}"
    for room in rooms:
        assert room.id is not None
        tell.room(session, room.id, text, now=now, not_before=not_before, once=f"voice:{voice.id}:{room.id}")
    return text
