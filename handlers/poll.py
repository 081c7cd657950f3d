"""Answers to a poll: a number, or the option's own words, said in the group where it was asked."""

import re
from datetime import datetime

from sqlmodel import Session

from data import polls
from data.glance import Glance
from data.loop import Poll
from handlers.message import Heard, Kind
from handlers.turn import Gather, Reply, Turn
from handlers.understand import choices, normalise

_LONGEST = 16
_LEAD = re.compile(r"^(?:我们?家?|我也)?(?:(?:就|也|还是|都)*(?:选择?|投票?给?|支持|赞成|(?<=[我就])要)|就|还是)第?")
_END = re.compile(r"(?:吧|啊|了|好了?|呗)?[。!！,，~]*$")
# A line that could be an option's own words: short, and with none of the words that chatter has.
_WORDS = re.compile(
    r"(?!哈|嗯|哦|呵|早|晚|今|明|昨|收到|谢|多谢|好|在|图片)[\u4e00-\u9fff]{2,4}(?<![了吗呢吧啊哦呀没的嘛啦])"
)
_CHATTER = re.compile(r"[我你他她咱吃喝睡哪怎什谁是不没去来]")
# The letters of which a number that is chosen is written; most lines hold others.
_CHOICE = re.compile(
    r"[0-9０-９①-⑩A-Ja-j一二两三四五六七八九十第选要就我投是个号项题条吧啊的和、,，跟及都想听那还点 。.!！~]+"
)
_LEADS = frozenset("我就也还都选投支赞")
_LETTER = re.compile(r"[A-Ja-j]")


def could_vote(heard: Heard) -> bool:
    """Whether a line is as short and plain as an answer to a poll; which poll, nobody knows yet."""
    if heard.kind is not Kind.TEXT or heard.direct:
        return False
    text = heard.text.strip()
    if not text or len(text) > _LONGEST + (12 if heard.mentioned else 0):
        return False
    if heard.mentioned:
        return True
    if _CHOICE.fullmatch(text) is not None:
        return _LEAD.match(text) is not None or _LETTER.fullmatch(text) is not None or bool(choices(normalise(text)))
    if text[0] in _LEADS and _LEAD.match(text) is not None:
        return True
    return _WORDS.fullmatch(text) is not None and not _CHATTER.search(text)


def votes(session: Session, heard: Heard, known: Glance, now: datetime) -> bool:
    """Whether this room answers a poll now, and the line is an answer to it."""
    poll = polls.open_in(session, known.room.id, now=now) if known.room is not None else None
    return poll is not None and read_vote(poll, normalise(heard.text)) is not None


def vote(turn: Turn) -> Reply:
    """Record the choice; in a busy group several are said together."""
    poll = polls.open_in(turn.session, turn.room_id, now=turn.now)
    assert poll is not None
    assert poll.id is not None
    chosen = read_vote(poll, turn.text) or ()
    if len(chosen) > 1:
        return Reply("一人选一个就好，回一个数字。")
    if chosen[0] > len(poll.options):
        return Reply(f"没有{chosen[0]}号。这次是1到{len(poll.options)}，想选就回数字。")
    polls.vote(turn.session, poll, member_id=turn.member_id, choice=chosen[0], now=turn.now)
    item = f"{chosen[0]} {turn.member_id} {turn.member.name}"
    text = f"已记：选{chosen[0]} {poll.options[chosen[0] - 1]}。想改再回一个数字。"
    return Reply(text, gather=Gather(f"vote:{poll.id}", item, together))


def together(items: list[str]) -> str:
    """ "已记：甲、乙选2，丙选1": each person's last choice."""
    last: dict[str, tuple[str, str]] = {}
    for item in items:
        choice, member, name = item.split(" ", 2)
        last.pop(member, None)
        last[member] = (choice, name)
    groups: dict[str, list[str]] = {}
    for choice, name in last.values():
        groups.setdefault(choice, []).append(name)
    return "已记：" + "，".join(f"{'、'.join(names)}选{choice}" for choice, names in groups.items()) + "。"


def read_vote(poll: Poll, text: str) -> tuple[int, ...] | None:
    """The option's number that a normalised line names, as the group reads it; None where it is no answer.

    A number that no option has is given back only where nothing else can be meant by it.
    """
    if len(text) > _LONGEST:
        return None
    options = [normalise(option).lower() for option in poll.options]
    said = _END.sub("", _LEAD.sub("", text)).lower()
    if said in options:
        return (options.index(said) + 1,)
    led = _LEAD.match(text) is not None
    if led and len(said) > 1 and len(near := [at for at, option in enumerate(options, 1) if said in option]) == 1:
        return (near[0],)
    if _LETTER.fullmatch(said):
        number = ord(said) - ord("a") + 1
        return (number,) if number <= len(options) else None
    picked = choices(text) or (choices(said) if led else ())
    if not picked:
        return None
    exists = all(1 <= number <= len(options) for number in picked)
    return picked if exists or (len(picked) == 1 and picked[0] < 20 and "号" not in text) else None
