"""The desk's cases (意见、急难、提问): 待答, 意见3号, 答复, 转, 不办."""

import re

from data import cases, steps, voices
from data.errors import NoSuchVoice
from data.loop import Subject, Voice
from data.phrases import day_and_time
from data.tables import Member, RoleKind, Room
from handlers import status
from handlers.answers import NO, first_choice, numbered
from handlers.turn import Ask, Reply, Turn

_ANSWER = re.compile(
    r"\s*(?:答复|回答|回复)\s*(?:意见|问题)?\s*第?(?P<number>\d{1,9})\s*号?[\s:：,，]*(?P<words>.+)", re.DOTALL
)
USAGE = "请这样写：“意见3号 答复 可以补缴，带身份证到社保所办”。发“待答”看还有哪些。"
_SHOWN = 10


def waiting(turn: Turn) -> Reply:
    """待答: the questions, opinions and needs that wait, what is due first in front."""
    found = voices.waiting(turn.session, limit=_SHOWN)
    if not found:
        return Reply("没有等答复的问题和意见。")
    lines = "\n".join(_line(turn, each) for each in found)
    return Reply(f"等答复的：\n{lines}\n回“意见{found[0].number}号 答复 内容”，或把“答复”换成“转 名字”“不办 理由”。")


def _line(turn: Turn, each: voices.OpenVoice) -> str:
    late = "【过期】" if each.overdue(turn.now) else ""
    due = f"，{_when(turn, each)}前" if each.due_at and not late else ""
    owner = f"，{each.owner}办" if each.owner else ""
    kind = voices.KIND_NAMES[each.kind]
    return f"意见{each.number}号{late} {each.who}（{each.where or '私聊'}）：{each.text[:40]}（{kind}{due}{owner}）"


def _when(turn: Turn, each: voices.OpenVoice | Voice) -> str:
    return day_and_time(each.due_at, turn.rules.zone, now=turn.now) if each.due_at else ""


def show(turn: Turn) -> Reply:
    """意见3号: all of it for a coordinator; where it stands for whoever said it."""
    if RoleKind.COORDINATOR not in turn.member.roles:
        return status.of_case(turn)
    voice = cases.find(turn.session, _number(turn))
    assert voice.id is not None
    asker, room = turn.session.get_one(Member, voice.member_id), turn.session.get_one(Room, voice.room_id)
    owner = turn.session.get_one(Member, voice.owner_id).name if voice.owner_id else "各位干事"
    head = f"意见{voice.id}号（{voices.KIND_NAMES[voice.kind]}）{asker.name}，{room.name or '私聊'}：{voice.text}"
    stand = f"答复：{voice.answer}" if voice.answered_at else f"{owner}办，{_when(turn, voice)}前答复"
    shared = "\n答复也发村群（不提名字）" if voice.share and not voice.answered_at else ""
    trail = "\n".join(
        f"· {day_and_time(each.at, turn.rules.zone, now=turn.now)} {cases.STEP_NAMES.get(each.state, each.state)}"
        + (f" {each.who}" if each.who else "")
        + (f"：{each.reason}" if each.reason else "")
        for each in steps.trail(turn.session, Subject.VOICE, voice.id)
    )
    return Reply(f"{head}\n{stand}{shared}\n{trail}")


def answer(turn: Turn) -> Reply:
    """答复 3号 …, 意见3号 答复 …: the answer goes back to whoever asked, to the letter, where they asked."""
    if turn.number is not None:
        number, words = turn.number, _said(turn)
    elif (found := _ANSWER.fullmatch(turn.verbatim)) is not None:
        number, words = int(found["number"]), found["words"].strip()
    else:
        return Reply(USAGE)
    if not words:
        return Reply(USAGE)
    sent = cases.answer(turn.session, number, words, by=turn.member_id, now=turn.now, not_before=turn.leaves)
    return Reply(f"好，意见{number}号的答复{_departure(turn)}发到{_place(sent)}：\n{_preview(sent)}")


def refuse(turn: Turn) -> Reply:
    """意见3号 不办 理由: closed without doing it; the asker is told why."""
    number, reason = _number(turn), _said(turn)
    if not reason:
        cases.find_open(turn.session, number)
        return Reply(f"不办要写理由，会告诉提的人：“意见{number}号 不办 这条路归县里管，已帮您报上去”。")
    sent = cases.refuse(turn.session, number, reason, by=turn.member_id, now=turn.now, not_before=turn.leaves)
    told = f"{_departure(turn)}告诉提的人（{sent.room.name or '私聊'}）"
    return Reply(f"好，意见{number}号不办，{told}：\n{_preview(sent)}")


def pass_on(turn: Turn) -> Reply:
    """意见3号 转 干事小农: another coordinator looks after it; where several are meant it asks which."""
    number = _number(turn)
    cases.find_open(turn.session, number)
    if not turn.args:
        return Reply(f"转给谁？比如“意见{number}号 转 干事小农”。")
    near = cases.find_coordinators(turn.session, turn.args.strip(" 。"))
    if len(near) == 1:
        return _passed(turn, number, near[0][0])
    names = tuple(name for _, name in near[:8])
    payload: dict[str, object] = {"number": number, "owners": [member_id for member_id, _ in near[:8]]}
    return Reply(f"转给哪位：{numbered(names)}？回复数字。", Ask("choose_owner", payload))


def choose_owner(turn: Turn) -> Reply:
    """The answer to which coordinator was meant."""
    number, owners = int(str(turn.payload["number"])), turn.payload["owners"]
    assert isinstance(owners, list)
    if turn.args == NO:
        return Reply("好，没有转。")
    chosen = first_choice(turn.text)
    if chosen is None or not 1 <= chosen <= len(owners):
        return Reply(f"没有这个号，回1到{len(owners)}。", Ask("choose_owner", turn.payload))
    return _passed(turn, number, int(owners[chosen - 1]))


def _passed(turn: Turn, number: int, owner_id: int) -> Reply:
    name = cases.pass_on(
        turn.session, number, owner_id, by=turn.member_id, now=turn.now, not_before=turn.leaves, rules=turn.rules
    )
    return Reply(f"好，意见{number}号归{'您自己' if owner_id == turn.member_id else name}办，期限不变。")


def _number(turn: Turn) -> int:
    if turn.number is None:
        raise NoSuchVoice(0)
    return turn.number


def _said(turn: Turn) -> str:
    """What stands behind the command word, as it was typed: it goes out to the letter."""
    _, found, behind = turn.verbatim.partition(turn.word)
    return behind.strip(" \t\n:：,，") if found else turn.args


def _departure(turn: Turn) -> str:
    return day_and_time(turn.leaves, turn.rules.zone, now=turn.now)


def _place(sent: cases.Sent) -> str:
    return "、".join([sent.room.name or "私聊", *(room.name for room in sent.villages)])


def _preview(sent: cases.Sent) -> str:
    village = f"\n村群：{sent.village_text}" if sent.village_text else ""
    return f"{sent.text}{village}\n要改就在一分钟内发“撤销”。"
