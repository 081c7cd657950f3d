"""Polls (投票): a coordinator writes one as they would say it, sees it, and confirms; 投票2 shows how it stands."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from data import polls, rooms
from data.errors import NoSuchPoll
from data.loop import PollState
from data.phrases import day_and_time
from data.tables import Room, RoomKind
from handlers.answers import NO
from handlers.turn import Ask, Reply, Turn
from handlers.understand.when import read_times

USAGE = "请这样写：“投票 讲什么好？ 1防骗 2医保 3种果 到周五晚上”；私聊里先写村名：“投票 上坪村 讲什么好？ 1… 2…”。"
MOST, LONGEST = 10, 30  # options, and the characters of one
_WITHOUT_END = timedelta(days=2)
_EVENING = 20  # o'clock, at which a poll ends whose day alone was named
_SOONEST = timedelta(minutes=10)  # a poll that ends sooner after it was asked is a slip of the pen
_UNTIL = re.compile(
    r"[\s,，。;；、]*(?:投?到|截止到?|截至)\s*(?P<when>[^\n,，;；]{1,16}?)\s*(?:为止|截止|结束|止)?[。!！]?\s*\Z"
)
_HEAD = re.compile(r"[\s@]*(?:发起|来个)?投票[\s:：,，]*")
_ABOUT = re.compile(r"第?(?P<number>\d{1,6})\s*号?\s*(?P<what>结束|截止|结果|取消)?[。!！]?")
# A mark of an option: 1 1. 1、 （1） A ① 一、
_MARKS = ("123456789", "ABCDEFGHIJ", "abcdefghij", "①②③④⑤⑥⑦⑧⑨⑩", "一二三四五六七八九十")
_EDGE = " \t\n,，。.;；、:：)）(（"


@dataclass(frozen=True, slots=True)
class Wording:
    """A poll as it was written: the question, its options, and the words for its end."""

    question: str
    options: tuple[str, ...]
    until: str


def read_poll(text: str) -> Wording | None:
    """The poll in what a coordinator wrote behind 投票; None where there are not two options to choose from."""
    until = ""
    if found := _UNTIL.search(text):
        text, until = text[: found.start()], found["when"]
    for marks in _MARKS:
        for separated in (True, False):
            if (cut := _cut(text, marks, separated=separated)) is not None:
                return _checked(cut[0], cut[1:], until)
    question, mark, rest = re.sub(r"[?？]", "？", text, count=1).partition("？")
    parts = re.split(r"[\s,，、;；/]+|还是", rest) if mark else text.strip().split("\n")[1:]
    return _checked(question + mark if mark else text.strip().split("\n")[0], parts, until)


def _cut(text: str, marks: str, *, separated: bool) -> list[str] | None:
    """The text cut at 1, 2, 3 … in order; ``separated`` where each must stand apart from the word before it."""
    before = r"(?:(?<=[\s,，。;；、:：?？!！(（])|^)" if separated else r"(?<!\d)"
    spoken = marks.startswith("一")
    behind = r"\s*[、.．:：)）]\s*" if spoken else r"(?!\d)\s*[、.．:：)）]?\s*"
    cuts: list[re.Match[str]] = []
    for mark in marks:
        at = re.compile(before + re.escape(mark) + behind, re.MULTILINE).search(text, cuts[-1].end() if cuts else 0)
        if at is None:
            break
        cuts.append(at)
    if len(cuts) < 2:
        return None
    ends = [*(cut.start() for cut in cuts[1:]), len(text)]
    return [text[: cuts[0].start()], *(text[cut.end() : end] for cut, end in zip(cuts, ends, strict=True))]


def _checked(question: str, parts: list[str], until: str) -> Wording | None:
    options = tuple(dict.fromkeys(part.strip(_EDGE)[:LONGEST] for part in parts if part.strip(_EDGE)))
    asked = " ".join(question.strip(_EDGE).split())
    return Wording(asked[:100], options, until) if asked and 2 <= len(options) <= MOST else None


def begin(turn: Turn) -> Reply:
    """投票 …: show the question as the group will read it, and ask. 投票2, 投票2 结束 are about one that was asked."""
    if about := _ABOUT.fullmatch(turn.args.strip()):
        named = int(about["number"])
        return _end(turn, named) if about["what"] in ("结束", "截止", "取消") else _show(turn, named)
    text = _HEAD.sub("", turn.verbatim, count=1)
    chosen, text = _audience(turn, text)
    if not chosen:
        names = "、".join(village.name for village in rooms.villages(turn.session))
        return Reply(f"在哪个群问？在那个群里发，或先写村名（{names}）：“投票 村名 讲什么好？ 1… 2…”。")
    wording = read_poll(text)
    if wording is None:
        return Reply(USAGE)
    closes_at = _end_of(turn, wording.until)
    if closes_at is None:
        return Reply(f"没听出“{wording.until}”是什么时候。写“到周五晚上”“到25号”“到明天18点”都行。")
    if closes_at < turn.leaves + _SOONEST:
        until = day_and_time(closes_at, turn.rules.zone, now=turn.now)
        return Reply(f"{until}太早了，大家来不及选。写晚一点再发一次。")
    drafts = [
        polls.draft(
            turn.session,
            room_id=room.id or 0,
            author_id=turn.member_id,
            question=wording.question,
            options=wording.options,
            closes_at=closes_at,
            now=turn.now,
        )
        for room in chosen
    ]
    names = "、".join(room.name for room in chosen)
    shown = polls.asked(drafts[0], drafts[0].id, rules=turn.rules, now=turn.now)
    return Reply(
        f"将在{names}问：\n————\n{shown}\n————\n回“确认”发出，回“取消”作废。",
        Ask("release_poll", {"polls": [draft.id for draft in drafts]}),
    )


def decide(turn: Turn) -> Reply:
    """确认 asks the group, 取消 lets it go."""
    numbers = turn.payload["polls"]
    assert isinstance(numbers, list)
    if turn.args == NO:
        for number in numbers:
            polls.drop(turn.session, int(number), by=turn.member_id, now=turn.now)
        return Reply("好，这个投票作废了，没有发。")
    asked = [
        number
        for number in numbers
        if polls.release(
            turn.session, int(number), by=turn.member_id, now=turn.now, not_before=turn.leaves, rules=turn.rules
        )
    ]
    if not asked:
        return Reply("这个投票已经处理过了。")
    when = day_and_time(turn.leaves, turn.rules.zone, now=turn.now)
    return Reply(f"好，{when}发出。发“投票{asked[0]}”看选了多少，“投票{asked[0]} 结束”提前结束；一分钟内可“撤销”。")


def show(turn: Turn) -> Reply:
    """投票2: how it stands, for coordinators."""
    return _show(turn, _number(turn))


def end(turn: Turn) -> Reply:
    """投票2 结束: before its time."""
    return _end(turn, _number(turn))


def _show(turn: Turn, number: int) -> Reply:
    poll = polls.find(turn.session, number)
    counted = polls.tally(turn.session, poll)
    lines = "\n".join(f"{at} {words}：{people}人" for at, words, people in counted.lines)
    until = day_and_time(poll.closes_at, turn.rules.zone, now=turn.now)
    state = "已结束" if poll.state == PollState.CLOSED else f"到{until}，提前结束发“投票{number} 结束”"
    room = turn.session.get_one(Room, poll.room_id)
    return Reply(f"投票{number}（{room.name}，{state}）：{poll.question}\n{lines}\n共{counted.people}人选。")


def _end(turn: Turn, number: int) -> Reply:
    text = polls.close(turn.session, number, by=turn.member_id, now=turn.now, not_before=turn.leaves)
    room = turn.session.get_one(Room, polls.find(turn.session, number).room_id)
    when = day_and_time(turn.leaves, turn.rules.zone, now=turn.now)
    return Reply(f"好，{when}在{room.name}公布结果：\n{text}\n要改就在一分钟内发“撤销”。")


def _audience(turn: Turn, text: str) -> tuple[list[Room], str]:
    """The groups that are asked, and the text without the village's name: this group, or those of the village."""
    first, _, rest = text.strip().replace("\n", " \n", 1).partition(" ")
    for village in rooms.villages(turn.session):
        if first.strip(":：,，") in (village.name, *village.aliases):
            found = rooms.pushed_rooms(turn.session, village=village.name)
            return [room for room in found if room.kind == RoomKind.RESIDENTS] or found, rest
    if turn.room.kind not in rooms.PUSHED:
        return [], text
    return [turn.session.get_one(Room, turn.room_id)], text


def _end_of(turn: Turn, words: str) -> datetime | None:
    """When a poll closes: at the time said, in the evening of a day, before people are not to be disturbed."""
    zone = turn.rules.zone
    if not words:
        day = (turn.now + _WITHOUT_END).astimezone(zone)
        return day.replace(hour=_EVENING, minute=0, second=0, microsecond=0)
    local = turn.now.astimezone(zone).replace(tzinfo=None)
    found = next(iter(read_times(words, local, turn.knowledge.lexicon.calendar)), None)
    if found is None:
        return None
    when = found.when
    if when.grain in ("minute", "hour"):
        return when.start.replace(tzinfo=zone)
    if when.grain == "part" and when.end is not None:
        quiet = datetime.combine(when.start.date(), turn.rules.quiet.start)
        return (min(when.end, quiet) if quiet > when.start else when.end).replace(tzinfo=zone)
    last = (when.end or when.start + timedelta(days=1)) - timedelta(minutes=1)
    return last.replace(hour=_EVENING, minute=0, tzinfo=zone)


def _number(turn: Turn) -> int:
    if turn.number is None:
        raise NoSuchPoll(0)
    return turn.number
