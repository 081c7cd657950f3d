"""通知: a coordinator drafts, sees what will go where, and confirms; another one releases it."""

import re

from data import broadcast_texts, broadcasts, recalls, releasing
from data.audience_words import Reader
from data.audiences import Reach
from data.broadcast_errors import RoomsFull
from data.broadcasts import Outcome
from data.lexicon import OTHER
from data.phrases import day_and_time
from data.tables import Broadcast
from handlers.answers import NO
from handlers.desk.wording import in_public
from handlers.turn import Ask, Reply, Turn
from handlers.understand import Utterance, named_exactly, normalise, understand

_HEAD = re.compile(r"\s*通知[\s:：,，]*")
USAGE = "请这样写：“通知 全镇 明天上午停水”，或“通知 上坪村 …”。"
IN_PUBLIC = "通知、标签和名单请私聊我，或在工作群里办。通知先给您看，另一位干事同意了才发。"


def draft(turn: Turn) -> Reply:
    """通知 全镇 …: show what would go where, and ask."""
    if in_public(turn):
        return Reply(IN_PUBLIC if turn.heard.addressed else "")
    words = _HEAD.sub("", turn.verbatim, count=1)
    if not words:
        return Reply(USAGE)
    audience, called, text = reader(turn).split(words)  # official speech goes out to the letter
    if not text:
        return Reply(f"要通知“{called}”什么？{USAGE}")
    kept, reach = broadcasts.draft(
        turn.session, author_id=turn.member_id, audience=audience, called=called, text=text, now=turn.now
    )
    return shown(turn, kept, reach)


def decide(turn: Turn) -> Reply:
    """确认 asks another coordinator to release the notice, 取消 lets it go."""
    number = int(str(turn.payload["broadcast_id"]))
    if turn.args == NO:
        broadcasts.drop(turn.session, number, by=turn.member_id, now=turn.now)
        return Reply(f"好，通知B{number}作废了，没有发。")
    return submit(turn, number)


def submit(turn: Turn, number: int) -> Reply:
    """Ask the others, or queue it where the town wants no second person."""
    result = broadcasts.submit(
        turn.session, number, by=turn.member_id, now=turn.now, rules=turn.rules, speed=turn.knowledge.speed
    )
    if result.outcome is Outcome.CHANGED:
        return shown(turn, result.broadcast, result.reach, f"{result.note}。请再看一遍：\n")
    if result.outcome is Outcome.QUEUED:
        return Reply(f"通知B{number}已排队（单人发布），{goes(turn, result.broadcast, result.reach)}")
    at = result.asked_at or turn.now
    waits = at > turn.now  # nobody is asked at night, unless it is urgent
    when = day_and_time(at, turn.rules.zone, now=turn.now) if waits else "已"
    hasten = f"等不及就“加急 B{number}”；" if waits else ""
    return Reply(
        f"通知B{number}{when}私下请{result.asked}位干事看，有一位同意就放行，办了告诉您。"
        f"{hasten}要改：“改 B{number} 新内容”；不发了：“作废 B{number}”。"
    )


def shown(turn: Turn, broadcast: Broadcast, reach: Reach, head: str = "") -> Reply:
    """The preview, and the question that goes with it."""
    words = f"{head}{preview(turn, broadcast, reach)}"
    try:
        releasing.refuse_full(turn.session, broadcast, rules=turn.rules, now=turn.now)
    except RoomsFull as full:
        return Reply(f"{words}\n{full}")
    then = "回“确认”交另一位干事放行" if turn.rules.broadcast.two_people else "回“确认”发出"
    return Reply(f"{words}\n{then}，回“取消”作废。", Ask("release_broadcast", {"broadcast_id": broadcast.id}))


def preview(turn: Turn, broadcast: Broadcast, reach: Reach) -> str:
    """What would go where."""
    return broadcast_texts.preview(broadcast, reach, rules=turn.rules, speed=turn.knowledge.speed, now=turn.now)


def goes(turn: Turn, broadcast: Broadcast, reach: Reach) -> str:
    """Where it goes, from when until when."""
    return broadcast_texts.goes(broadcast, reach, rules=turn.rules, speed=turn.knowledge.speed, now=turn.now)


def correct(turn: Turn, number: int, text: str) -> Reply:
    """更正 B7 …: a new notice to those who have the old one."""
    kept, reach = recalls.correct(turn.session, number, text, by=turn.member_id, now=turn.now)
    return shown(turn, kept, reach)


def reader(turn: Turn) -> Reader:
    """Reads whom words mean, as this town says it."""
    return Reader(turn.session, normalise, lambda words: topic_named(turn, words)[0])


def topic_named(turn: Turn, words: str) -> tuple[tuple[int, str] | None, tuple[str, ...]]:
    """The topic of the catalogue that ``words`` name, as (id, name); else those that may be meant."""
    lexicon, ids = turn.knowledge.lexicon, turn.knowledge.topic_ids
    if words in ids:
        return (ids[words], words), ()
    local = turn.now.astimezone(turn.knowledge.zone).replace(tzinfo=None)
    act = named_exactly(words, lexicon)
    if act is None:
        act = understand(Utterance(f"点课 {words}", addressed=True), lexicon, local).first
    said = any(each.part == "topic" and each.why != "model" for each in act.evidence)  # and not guessed
    if said and act.topic in ids and act.topic not in (None, OTHER):
        return (ids[act.topic], act.topic), ()
    return None, act.topic_options if said else ()
