"""Sign-ups: 报名, 报名2人, 取消报名."""

import re

from data import lectures
from handlers.speech import day_and_time
from handlers.turn import Reply, Turn

MAX_PEOPLE = 20
COUNT = r"\s*(?:(\d{1,3}|[一二两俩三四五六七八九十])\s*[个位]?\s*人?)?[。!！]?"
_COUNT = re.compile(COUNT)
_DIGITS = {each: number for number, each in enumerate("一二三四五六七八九十", 1)} | {"两": 2, "俩": 2}


def read_count(words: str) -> int | None:
    """The number of people in "2人", "两个人"; None where there is none."""
    match = _COUNT.fullmatch(words)
    if match is None or match[1] is None:
        return None
    return int(match[1]) if match[1].isdigit() else _DIGITS[match[1]]


def sign_up(turn: Turn) -> Reply:
    """Sign up for the lecture announced in this room, for as many as were named."""
    people = turn.act.count or read_count(turn.args)
    if people is None:
        people = 1
    if not 1 <= people <= MAX_PEOPLE:
        return Reply(f"一次最多报{MAX_PEOPLE}人。人多的话，请村里干部和镇里联系。")
    done = lectures.sign_up(turn.session, room_id=turn.room_id, member_id=turn.member_id, people=people, now=turn.now)
    when = day_and_time(done.lecture.starts_at, turn.knowledge.zone, now=turn.now)
    left = "" if done.left is None else f"，还剩{done.left}位"
    verb = "已报名" if done.changed else "您之前报过了，还是"
    return Reply(f"{verb}{done.people}人：{when}《{done.lecture.title}》，{done.lecture.venue}{left}。")


def cancel(turn: Turn) -> Reply:
    """Take the sign-up for this room's lecture back."""
    done = lectures.withdraw(turn.session, room_id=turn.room_id, member_id=turn.member_id, now=turn.now)
    return Reply(f"已取消您报的《{done.lecture.title}》。想来时再说“报名”。")
