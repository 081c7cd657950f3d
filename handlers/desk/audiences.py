"""标签 and 名单: words by which a coordinator speaks to some of the town."""

import re

from data import audiences, tags
from data.audience_words import KIND_NAMES
from data.broadcast_errors import NoSuchAudience
from handlers import broadcast
from handlers.turn import Reply, Turn
from handlers.understand import normalise

_TAG = re.compile(r"[\s,，、;；:：]+")
_NO_TAG = re.compile(r"[\d\W_]+")
_RESERVED = frozenset({"全镇", "全部", "大家", "标签", "订阅", *KIND_NAMES.values()})
_LONGEST = 12
_SHOWN = 12
_TAG_USAGE = "请写谁和什么标签：“标签 上坪村乡亲群 种植户”；发“标签”看有哪些，去掉用“去标签 …”。"
_SAVE_USAGE = "请写名字和给谁：“存名单 果农 上坪村、榕木坳村 标签:种植户”。"


def tag(turn: Turn) -> Reply:
    """标签: all of them; 标签 上坪村乡亲群 种植户: put some on."""
    words = _split(turn)
    if not words:
        return Reply(_all(turn))
    if len(words) == 1:
        who = tags.bearer(turn.session, words[0])
        return Reply(f"{who.name}的标签：{'、'.join(tags.of(turn.session, who)) or '还没有'}。{_TAG_USAGE}")
    name, *said = words
    if wrong := [each for each in said if not _is_name(each)]:
        return Reply(f"“{wrong[0][:_LONGEST]}”不能当标签，标签用短短的词，比如：种植户、老党员、学生家长。")
    who = tags.bearer(turn.session, name)
    done = [each for each in said if tags.put(turn.session, each, who)]
    now = "、".join(tags.of(turn.session, who))
    return Reply(f"{'好，' if done else '本来就有。'}{who.name}的标签：{now}。通知时写“通知 标签:{said[0]} 内容”。")


def untag(turn: Turn) -> Reply:
    """去标签 上坪村乡亲群 种植户."""
    words = _split(turn)
    if len(words) < 2:
        return Reply("请写谁和什么标签：“去标签 上坪村乡亲群 种植户”。")
    name, *said = words
    who = tags.bearer(turn.session, name)
    done = [each for each in said if tags.take_off(turn.session, each, who)]
    left = "、".join(tags.of(turn.session, who)) or "没有了"
    return Reply(f"{'好，去掉了' if done else '本来就没有'}“{'、'.join(done or said)}”。{who.name}现在的标签：{left}。")


def save(turn: Turn) -> Reply:
    """存名单 果农 上坪村、榕木坳村 标签:种植户."""
    name, _, words = turn.args.strip().partition(" ")
    name = name.strip("“”\"'：:，,")
    if not words.strip():
        return Reply(_SAVE_USAGE)
    if not _is_name(name):
        return Reply(f"“{name[:_LONGEST]}”不能当名单的名字，换个短短的词，比如“果农”。")
    read = broadcast.reader(turn)
    if read.knows(name):
        return Reply(f"“{name}”已经是村名、群名或标签，换个名字存。")
    audience, called = read.whole(words)
    reach = audiences.reach(turn.session, audience)
    again = audiences.save(turn.session, name, audience, called, author_id=turn.member_id, now=turn.now)
    people = f"{len(reach.rooms)}个群" + (f"、私信{len(reach.members)}人" if reach.members else "")
    return Reply(f"名单“{name}”{'改' if again else '存'}好了：{called}（现在{people}）。用它：“通知 {name} 内容”。")


def forget(turn: Turn) -> Reply:
    """删名单 果农."""
    name = turn.args.strip(" “”")
    if not name:
        raise NoSuchAudience("", tuple(each.name for each in audiences.saved(turn.session)))
    audiences.forget(turn.session, name)
    return Reply(f"好，名单“{name}”删了，发过的通知不受影响。")


def listed(turn: Turn) -> Reply:
    """名单: the saved audiences."""
    kept = audiences.saved(turn.session)
    if not kept:
        return Reply(f"还没有存过名单。{_SAVE_USAGE}")
    lines = "\n".join(f"· {each.name}：{each.words}" for each in kept[:_SHOWN])
    return Reply(f"存过的名单：\n{lines}\n用它：“通知 {kept[0].name} 内容”；删掉：“删名单 {kept[0].name}”。")


def _all(turn: Turn) -> str:
    found = tags.lines(turn.session)
    if not found:
        return f"还没有标签。{_TAG_USAGE}"
    lines = "\n".join(
        f"· {each.tag}：{'、'.join(f'{many}{unit}' for many, unit in each.counts)}" for each in found[:_SHOWN]
    )
    return f"标签：\n{lines}\n加：“标签 群名 {found[0].tag}”；看一个群的：“标签 群名”。"


def _split(turn: Turn) -> list[str]:
    """The words behind the command. A group's or a person's name is kept as it is known."""
    return [each for each in _TAG.split(normalise(turn.args)) if each]


def _is_name(words: str) -> bool:
    return 1 < len(words) <= _LONGEST and words not in _RESERVED and _NO_TAG.fullmatch(words) is None
