"""Orders: 点课, 点将, 撤单, and the questions that an unclear wish needs."""

import re
from dataclasses import replace
from datetime import datetime

from data import orders, reviewing, wishes
from data.errors import UnknownLecturer
from data.kinds import kind_of
from data.loop import EventKind
from data.phrases import day_and_time
from handlers.answers import NO, first_choice, numbered
from handlers.turn import Ask, Reply, Turn
from handlers.understand import When, named_exactly
from handlers.understand.slots import headcount
from handlers.understand.when import first_time

MAX_WISH = 60
_PEOPLE = re.compile(r"[个位人口]")  # no number of people is told without one of these


def place(turn: Turn) -> Reply:
    """Place a wish for a topic, a lecturer, or both; the same wish of the same village is seconded instead.

    When it is not sure which topic or lecturer is meant it asks once, with numbers.
    """
    turn, kind = _kind_of(turn)
    act = turn.act
    if len(act.lecturer_options) > 1:
        return _ask_which(turn, "choose_lecturer", "您想请哪位", act.lecturer_options)
    if len(act.topic_options) > 1:
        return _ask_which(turn, "choose_topic", "您想听", act.topic_options)
    known = turn.knowledge.lecturer_ids
    names = [name for name in (act.lecturer or "").split("、") if name]
    strangers = [name for name in names if name not in known]
    if strangers and not act.topic:
        raise UnknownLecturer(strangers[0], tuple(known))
    if strangers:
        placed = _place(turn, None, kind)
        return replace(placed, text=f"没找到“{strangers[0]}”，先按题目登记。{placed.text}")
    replies = [_place(turn, name, kind) for name in names] or [_place(turn, None, kind)]
    return Reply("\n".join(reply.text for reply in replies), ask=replies[-1].ask)


def choose_topic(turn: Turn) -> Reply:
    """The answer to which topic was meant."""
    return _chosen(turn, "topic")


def choose_lecturer(turn: Turn) -> Reply:
    """The answer to which lecturer was meant."""
    return _chosen(turn, "lecturer")


def say_when(turn: Turn) -> Reply:
    """The answer to when: kept with the order when it can be placed."""
    number = int(str(turn.payload["number"]))
    if turn.args == NO:
        return Reply("好，那就由镇里来定时间。")
    when = _aware(turn, first_time(turn.text, _local(turn), turn.knowledge.lexicon.calendar))
    if when is None:
        return Reply(f"还是没听出是哪天，{number}号就先由镇里来定时间。")
    orders.set_time(turn.session, number, when=when, text=turn.text[:MAX_WISH])
    return Reply(f"好，{number}号记上：{day_and_time(when[0], turn.knowledge.zone, now=turn.now)}前后。")


def withdraw(turn: Turn) -> Reply:
    """撤单, 12号 撤单: the asker does not wish for it any more."""
    number = turn.number or first_choice(turn.args.removeprefix("第"))
    if number is None:
        lines = orders.of_member(turn.session, turn.member_id)
        if not lines:
            return Reply("您没有在办的点单，不用撤。")
        if len(lines) > 1:
            shown = "、".join(f"{each.number}号 {each.what}" for each in lines)
            return Reply(f"您点了{len(lines)}件：{shown}。要撤哪件？说“{lines[0].number}号 撤单”。")
        number = lines[0].number
    leaves = turn.rules.quiet.after(turn.now)
    done = reviewing.withdraw(
        turn.session, number, member_id=turn.member_id, now=turn.now, not_before=leaves, rules=turn.rules
    )
    if done.people:
        return Reply(f"好，{number}号不算您的了，另外{done.people}人还想听，照样办。")
    return Reply(f"好，{number}号撤了。想听什么随时说。")


def _kind_of(turn: Turn) -> tuple[Turn, EventKind]:
    """What kind of event is wished for; where its name is all that was said, there is no topic in it."""
    kind, rest = kind_of((turn.act.wish or turn.args).strip())
    if kind is EventKind.LECTURE:
        return turn, kind
    exact = named_exactly(rest, turn.knowledge.lexicon) if rest else None
    topic = exact.topic if exact else turn.act.topic if rest else None
    return replace(turn, act=replace(turn.act, topic=topic, topic_options=())), kind


def _place(turn: Turn, lecturer: str | None, kind: EventKind) -> Reply:
    known, act = turn.knowledge, turn.act
    wish = (act.wish or turn.args).strip()[:MAX_WISH]
    if act.topic is None and lecturer is None and not wish:
        return Reply("想听什么课？比如“点课 反诈骗”。发“菜单”看全部题目。")
    when = _aware(turn, act.when)
    village_id, where = _where(turn)
    placed = orders.place(
        turn.session,
        member_id=turn.member_id,
        room_id=turn.room_id,
        village_id=village_id,
        topic_id=known.topic_ids.get(act.topic) if act.topic else None,
        lecturer_id=known.lecturer_ids[lecturer] if lecturer else None,
        wish=wish,
        now=turn.now,
        rules=turn.rules,
        when_text=(act.when_text or "")[:MAX_WISH],
        when=when,
        dialect=act.dialect or "",
        kind=kind,
        place=where,
        listeners=act.count or _listeners(turn.text),
    )
    what = orders.describe(act.topic, lecturer, wish, kind)
    if placed.arranged is not None:
        return Reply(_arranged(turn, placed.arranged, what))
    if placed.repeated:
        return Reply(f"您已经点过了：{placed.number}号，{what}，现在{placed.people}人想听。")
    if not placed.new:
        return Reply(f"已加到{placed.number}号：{what}，现在{placed.people}人想听。")
    if act.when_text and when is None:  # kept as the person's words, and asked about
        text = f"已登记{placed.number}号：{what}。您说的“{act.when_text}”，大概是哪天？说个日子我记上。"
        return Reply(text, ask=Ask("say_when", {"number": placed.number}))
    wished = "".join((f"，{act.dialect}" if act.dialect else "", f"，{act.when_text}" if act.when_text else ""))
    return Reply(f"已登记{placed.number}号：{what}{wished}。镇里安排好时间就在群里告诉大家。")


def _arranged(turn: Turn, lecture: orders.Arranged, what: str) -> str:
    when = day_and_time(lecture.starts_at, turn.knowledge.zone, now=turn.now)
    return f"{what}已经排好了：{when}，{lecture.venue}，《{lecture.title}》（课{lecture.lecture_id}）。想来就说“报名”。"


def _where(turn: Turn) -> tuple[int | None, str]:
    """The village that the wish is for, and the place that was named; a village's name alone is no place."""
    said = (turn.act.place or "")[:MAX_WISH]
    if not said:
        return turn.village_id, ""
    own = wishes.village_named(turn.session, said)
    if own is None:
        return turn.village_id, said
    return (turn.village_id if turn.village_id is not None else own.id), ""


def _listeners(text: str) -> int | None:
    people = headcount(text) if _PEOPLE.search(text) else None
    return people if people is not None and people > 1 else None


def _ask_which(turn: Turn, kind: str, words: str, options: tuple[str, ...]) -> Reply:
    act = turn.act
    payload: dict[str, object] = {
        "options": list(options),
        "topic": act.topic if kind == "choose_lecturer" else None,
        "lecturer": act.lecturer if kind == "choose_topic" else None,
        "wish": (act.wish or turn.args)[:MAX_WISH],
        "dialect": act.dialect,
        "when_text": act.when_text,
    }
    return Reply(f"{words}：{numbered(options)}？回复数字。", ask=Ask(kind, payload))


def _chosen(turn: Turn, part: str) -> Reply:
    options = [str(each) for each in _list(turn.payload["options"])]
    if turn.args == NO:
        return Reply("好，那就不点了。想听什么随时说。")
    number = first_choice(turn.text)
    if number is None or not 1 <= number <= len(options):
        again = Ask(f"choose_{part}", turn.payload)
        return Reply(f"没有这个号。{numbered(tuple(options))}，回复数字。", ask=again)
    kept = {name: turn.payload.get(name) for name in ("topic", "lecturer", "wish", "dialect", "when_text")}
    kept[part] = options[number - 1]
    words = {name: str(value) for name, value in kept.items() if value}
    act = replace(
        turn.act,
        intent="order_lecturer" if words.get("lecturer") else "order_topic",
        topic=words.get("topic"),
        lecturer=words.get("lecturer"),
        wish=words.get("wish"),
        dialect=words.get("dialect"),
        when_text=words.get("when_text"),
    )
    return place(replace(turn, act=act, args=""))


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _local(turn: Turn) -> datetime:
    return turn.now.astimezone(turn.knowledge.zone).replace(tzinfo=None)


def _aware(turn: Turn, when: When | None) -> tuple[datetime, datetime | None] | None:
    """A wished time in the town's zone; None for one that is over."""
    if when is None or (when.end or when.start) < _local(turn):
        return None
    zone = turn.knowledge.zone
    return when.start.replace(tzinfo=zone), when.end.replace(tzinfo=zone) if when.end else None
