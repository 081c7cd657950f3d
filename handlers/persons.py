"""我的信息, 删除我的信息: what is kept about somebody, and that it is forgotten at their word."""

import re
from datetime import datetime

from sqlmodel import Session

from data import erasure, persons
from data.glance import Glance
from handlers.answers import NO, YES, yes_or_no
from handlers.message import Heard, Kind
from handlers.turn import Ask, Reply, Turn

CONFIRM = "confirm_erase"
_AGAIN = "again"  # a yes that is too easily said to delete on
_SURE = re.compile(r"确[认定](?:删除?|刪除?)?[。.!！]*")
_YES_DELETE = re.compile(
    r"(?:是|对|好|要|嗯|行|真)?的?[,，]?(?:我?要|真的?要?|都|全部?|快|就|请)?删(?:了|掉|除|吧|啦|啊|呀|的)*[。.!！]*"
)
_NOT = re.compile(r"(?:取消|不删了?|不刪了?|算了|不用了?|不要了?|不)[啊呀吧了]?[。.!！]*")
_PRIVATELY = "您的信息只跟您一个人说，请私聊我发“{}”。不方便私聊，就找镇里宣传干事。"
# The commands alone, as they are typed (spaces are taken out before): no neighbour is told so.
_POLITELY = r"(?:[请請]|麻[烦煩][你您]?|唔[该該]|[帮幫给給][我忙]|我?[要想]|我要求|一?下)*"
_MY = r"我[的嘅](?:个人|個人)?(?:信息|资料|資料)"
_END = r"(?:[吧了啦喇啊呀咯]|一下|[谢謝]{2}[你您]?|[\W_])*"
_LONGEST = 40  # characters of a command with all its politeness
_WIPE = r"(?:[删刪][除掉]?|清[除空掉]|注[销銷])"
_ERASE = re.compile(rf"{_POLITELY}(?:{_WIPE}(?:掉|所有|全部)?{_MY}|[把将將]{_MY}(?:都|全部?)?{_WIPE}掉?){_END}")
_MINE = re.compile(rf"{_POLITELY}(?:[导導]出|[查看]+(?:一?下)?)?{_MY}{_END}")


def could_erase(heard: Heard) -> bool:
    """Whether this is the command 删除我的信息, and nothing else, though said to nobody: nobody is left unanswered."""
    return _is(_ERASE, heard)


def could_mine(heard: Heard) -> bool:
    """The same of 我的信息."""
    return _is(_MINE, heard)


def hears(_session: Session, _heard: Heard, _known: Glance, _now: datetime) -> bool:
    """The words alone decide."""
    return True


def _is(command: re.Pattern[str], heard: Heard) -> bool:
    if heard.addressed or heard.kind not in (Kind.TEXT, Kind.NOTE) or not 4 <= len(heard.text) <= _LONGEST:
        return False
    if "我" not in heard.text or not ("息" in heard.text or "料" in heard.text):
        return False  # nearly every line of a group
    return command.fullmatch("".join(heard.text.split())) is not None


def mine(turn: Turn) -> Reply:
    """我的信息: how much is kept, in a few lines; never in a group."""
    if not turn.room.direct:
        return Reply(_PRIVATELY.format("我的信息"))
    kept = persons.kept(turn.session, turn.member_id)
    counted = (
        ("报名", kept.sign_ups, "次"), ("点单", kept.orders, "张"), ("附议", kept.seconded, "张"),
        ("意见和提问", kept.cases, "件"), ("评课", kept.ratings, "次"), ("投票", kept.votes, "次"),
        ("订阅", kept.subscriptions, "个"), ("标签", kept.tags, "个"), ("身份", kept.roles, "个"),
        ("讲课照片", kept.photos, "张"), ("您对我说的话", kept.messages, "句"),
    )  # fmt: skip
    lines = "、".join(f"{name}{number}{unit}" for name, number, unit in counted if number)
    village = f"（{kept.village}）" if kept.village else ""
    return Reply(
        f"我记着您的昵称“{kept.name or '没有'}”{village}"
        f"{'，还有：' + lines if lines else ''}。话到期自动清掉。\n"
        f"要一份完整的文件，请找镇里宣传干事，报{turn.member_id}号就行；不想留了，发“删除我的信息”。"
    )


def ask_to_erase(turn: Turn) -> Reply:
    """删除我的信息: say what it means, and ask."""
    if not turn.room.direct:
        return Reply(_PRIVATELY.format("删除我的信息"))
    roles = "· 您的身份（老师、干事）会取消。\n" if turn.member.roles else ""
    return Reply(
        "删了就找不回来。\n"
        "· 您的昵称、说过的话、意见、投票、订阅，都删掉。\n"
        "· 没讲的课，报名撤下；没排的点单也撤下。\n"
        f"{roles}"
        "· 点单、报名和意见只留个数，不留名字。讲课照片是镇里的档案，会留着。\n"
        "要删，请回“确认”；不删，回“不”。",
        Ask(CONFIRM, {}),
    )


def read_answer(text: str) -> str | None:
    """Only a plain 确认 is one: 好 is too easily said, and is asked again."""
    if _SURE.fullmatch(text):
        return YES
    said = NO if _NOT.fullmatch(text) else yes_or_no(text)
    return _AGAIN if said == YES or _YES_DELETE.fullmatch(text) else said


def decide(turn: Turn) -> Reply:
    """The answer to it."""
    if turn.args == NO:
        return Reply("好，没有删，都还在。")
    if turn.args == _AGAIN:
        return Reply("要删，请回“确认”；不删，回“不”。", Ask(CONFIRM, {}))
    done = erasure.erase(turn.session, turn.member_id, now=turn.now, rules=turn.rules)
    taken = (
        f"{done.sign_ups}堂课的报名" if done.sign_ups else "",
        f"{done.orders}张点单" if done.orders else "",
        f"{done.cases}件没答复的意见" if done.cases else "",
    )
    named = "、".join(filter(None, taken))
    withdrawn = f"{named}已经撤下。" if named else ""
    return Reply(f"删好了，我不再记得您是谁。{withdrawn}以后再找我说话，就当新认识。")
