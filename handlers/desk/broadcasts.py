"""A notice by its number: 同意 B7, 退回 B7 理由, 改, 定时, 加急, 紧急, 停发, 更正, 作废."""

import re

from data import broadcasts, recalls, steps
from data.broadcast_texts import RELEASE_NAMES, STATE_NAMES
from data.broadcasts import Outcome
from data.loop import Subject
from data.phrases import day_and_time
from data.tables import Member, Release
from handlers import broadcast
from handlers.desk.wording import in_public, reason, split_time
from handlers.turn import Handler, Reply, Turn

_NUMBER = r"[#＃第]?\s*(?:[BbＢｂ]|通知)\s*第?\s*[0-9０-９零一二两三四五六七八九十]{1,9}\s*号?"
_WORDS = r"(?:改成|改为|改|更正)"
_TO_THE_LETTER = re.compile(rf"\s*(?:{_WORDS}\s*{_NUMBER}|{_NUMBER}[\s,，。.:：、]*{_WORDS})")
_AT_ONCE = re.compile(r"(?:马上|立刻|立即|现在|不定时|取消定时|取消)(?:发|就发)?[。！!]?")
STEP_NAMES = {
    "draft": "写",
    "changed": "改",
    "audience": "群有变化",
    "submitted": "交审",
    "returned": "退回",
    "approved": "同意",
    "queued": "放行",
    "alone": "单人发布",
    "emergency": "紧急发布",
    "recalled": "停发",
    "dropped": "作废",
}
_HOUR = "请写时间，比如“定时 B{number} 明早8点”；要马上发：“定时 B{number} 马上”。"


def privately(handle: Handler) -> Handler:
    """Notices are not handled where residents read along."""

    def asked(turn: Turn) -> Reply:
        if in_public(turn):
            return Reply(broadcast.IN_PUBLIC if turn.heard.addressed else "")
        return handle(turn)

    return asked


def show(turn: Turn) -> Reply:
    """B7: whom it is for, where it stands, and how it came to that."""
    found = broadcasts.find(turn.session, _number(turn))
    author = turn.session.get_one(Member, found.author_id).name
    mark = f"（{RELEASE_NAMES[found.released]}）" if found.released in (Release.ALONE, Release.EMERGENCY) else ""
    hour = f"，定在{_when(turn, found.leaves_at)}" if found.leaves_at else ""
    trail = "\n".join(
        f"· {_when(turn, each.at)} {STEP_NAMES.get(each.state, each.state)}"
        + (f" {each.who}" if each.who else "")
        + (f"：{each.reason}" if each.reason else "")
        for each in list(steps.trail(turn.session, Subject.BROADCAST, found.id or 0))[-8:]
    )
    many = f"{len(found.room_ids)}个群" + (f"、私信{len(found.member_ids)}人" if found.member_ids else "")
    return Reply(
        f"通知B{found.id}·{found.audience}（{many}），{author}写，{STATE_NAMES[found.state]}{mark}{hour}\n"
        f"————\n{found.text}\n————\n{trail}"
    )


def approve(turn: Turn) -> Reply:
    """同意 B7."""
    number = _number(turn)
    result = broadcasts.approve(
        turn.session, number, by=turn.member_id, now=turn.now, rules=turn.rules, speed=turn.knowledge.speed
    )
    if result.outcome is Outcome.CHANGED:
        preview = broadcast.preview(turn, result.broadcast, result.reach)
        return Reply(f"还没发：{result.note}。请您再看一遍：\n{preview}\n照这样发，再回一次“同意 B{number}”。")
    goes = broadcast.goes(turn, result.broadcast, result.reach)
    return Reply(f"好，通知B{number}放行，{goes}有错马上发“停发 B{number}”。")


def give_back(turn: Turn) -> Reply:
    """退回 B7 理由."""
    number, why = _number(turn), reason(turn.args)
    if not why:
        broadcasts.find(turn.session, number)
        return Reply(f"退回要写理由，作者好改：“退回 B{number} 时间写错了”。")
    broadcasts.give_back(turn.session, number, why, by=turn.member_id, now=turn.now, rules=turn.rules)
    return Reply(f"好，通知B{number}退回去了，理由告诉了作者。")


def submit(turn: Turn) -> Reply:
    """提交 B7: what was shown longer ago, or came back."""
    return broadcast.submit(turn, _number(turn))


def drop(turn: Turn) -> Reply:
    """作废 B7."""
    number = _number(turn)
    broadcasts.drop(turn.session, number, by=turn.member_id, now=turn.now)
    return Reply(f"好，通知B{number}作废了，没有发。")


def change(turn: Turn) -> Reply:
    """改 B7 新内容."""
    number, text = _number(turn), _said(turn)
    if not text:
        broadcasts.find(turn.session, number)
        return Reply(f"改成什么？“改 B{number} 新内容”，整条写全。")
    return _changed(turn, number, text=text)


def set_hour(turn: Turn) -> Reply:
    """定时 B7 明早8点; 定时 B7 马上."""
    number = _number(turn)
    if _AT_ONCE.fullmatch(turn.args.strip()):
        return _changed(turn, number, at_once=True)
    at, _, _ = split_time(turn, turn.args)
    if at is None:
        broadcasts.find(turn.session, number)
        return Reply(_HOUR.format(number=number))
    return _changed(turn, number, leaves_at=at)


def hasten(turn: Turn) -> Reply:
    """加急 B7: passes the quiet hours; 不加急 B7."""
    return _changed(turn, _number(turn), urgent=not turn.word.startswith("不"))


def emergency(turn: Turn) -> Reply:
    """紧急 B7 理由: one person releases it."""
    number = _number(turn)
    result = broadcasts.emergency(
        turn.session, number, reason(turn.args) or "没写理由", by=turn.member_id, now=turn.now, rules=turn.rules
    )
    goes = broadcast.goes(turn, result.broadcast, result.reach)
    return Reply(f"通知B{number}紧急发布，{goes}已记明是您单独放行，也告诉了其他干事。")


def recall(turn: Turn) -> Reply:
    """停发 B7: what has not left is stopped; who has it is told, and how to correct it."""
    number = _number(turn)
    done = recalls.recall(turn.session, number, by=turn.member_id, now=turn.now, rules=turn.rules)
    had = done.sent + done.doubtful
    head = f"好，通知B{number}停了，{done.stopped}处没发。" if done.stopped else f"通知B{number}都已经发了，停不住。"
    if not had:
        return Reply(f"{head}还没有人收到。")
    names = f"（{'、'.join(done.names[:4])}{'…' if len(done.names) > 4 else ''}）" if done.names else ""
    doubt = f"，另有{done.doubtful}处说不准" if done.doubtful else ""
    return Reply(f"{head}已有{done.sent}处收到{names}{doubt}。要更正，发“更正 B{number} 对的内容”，只发给收到的。")


def correct(turn: Turn) -> Reply:
    """更正 B7 对的内容."""
    number, text = _number(turn), _said(turn)
    if not text:
        broadcasts.find(turn.session, number)
        return Reply(f"对的内容是什么？“更正 B{number} 停水改到后天”，只发给收到过的。")
    return broadcast.correct(turn, number, text)


def _changed(turn: Turn, number: int, **what: object) -> Reply:
    found, reach = broadcasts.change(
        turn.session,
        number,
        by=turn.member_id,
        now=turn.now,
        rules=turn.rules,
        **what,  # type: ignore[arg-type]
    )
    return broadcast.shown(turn, found, reach)


def _number(turn: Turn) -> int:
    assert turn.number is not None
    return turn.number


def _said(turn: Turn) -> str:
    """What stands behind the number and the word, in whichever order, as it was typed: it goes out to the letter."""
    head = _TO_THE_LETTER.match(turn.verbatim)
    return turn.verbatim[head.end() :].strip(" \t\r\n:：,，") if head is not None else turn.args


def _when(turn: Turn, moment: object) -> str:
    return day_and_time(moment, turn.rules.zone, now=turn.now)  # type: ignore[arg-type]
