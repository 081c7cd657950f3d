"""Sign-ups: 报名, 报名2人, 帮我妈报名, 取消报名. What would change a record is confirmed when it is unsure."""

import re

from data import lectures
from data.errors import NoOpenLecture
from data.phrases import day_and_time
from handlers.answers import NO
from handlers.turn import Ask, Reply, Turn
from handlers.understand import CONFIRM_BELOW

MAX_PEOPLE = 20
COUNT = r"\s*(?:(\d{1,3}|[一二两俩三四五六七八九十])\s*[个位]?\s*人?)?[。!！]?"
_UNREADABLE = re.compile(r"\d{4,}\s*[个位]?人")  # a number that is no headcount
_COUNT = re.compile(COUNT)
_DIGITS = {each: number for number, each in enumerate("一二三四五六七八九十", 1)} | {"两": 2, "俩": 2}


def read_count(words: str) -> int | None:
    """The number of people in "2人", "两个人"; None where there is none."""
    match = _COUNT.fullmatch(words)
    if match is None or match[1] is None:
        return None
    return int(match[1]) if match[1].isdigit() else _DIGITS[match[1]]


def sign_up(turn: Turn) -> Reply:
    """Sign up for the lecture announced in this room, for as many as were named; ask first when that is unsure."""
    people = turn.act.count or read_count(turn.args) or 1
    whom = turn.act.for_whom or ""
    if _UNREADABLE.search(turn.args):
        people = MAX_PEOPLE + 1
    if not 1 <= people <= MAX_PEOPLE:
        return Reply(f"一次最多报{MAX_PEOPLE}人。人多的话，请村里干部和镇里联系。")
    if turn.act.intent == "sign_up" and turn.act.confidence < CONFIRM_BELOW:
        lecture = lectures.open_in(turn.session, turn.room_id, now=turn.now)
        if lecture is None:
            raise NoOpenLecture
        asked = f"您是要{f'帮{whom}' if whom else ''}报《{lecture.title}》{people}人吗？回“是”或“不是”。"
        return Reply(asked, ask=Ask("confirm_sign_up", {"people": people, "for_whom": whom}))
    return _signed_up(turn, people, whom)


def confirm_sign_up(turn: Turn) -> Reply:
    """The answer to whether they meant to sign up."""
    if turn.args == NO:
        return Reply("好，没有报名。想来时说“报名”就行。")
    return _signed_up(turn, int(str(turn.payload["people"])), str(turn.payload.get("for_whom") or ""))


def cancel(turn: Turn) -> Reply:
    """Take the sign-up for this room's lecture back; ask first when that is unsure."""
    if turn.act.intent == "cancel" and turn.act.confidence < CONFIRM_BELOW:
        lecture = lectures.open_in(turn.session, turn.room_id, now=turn.now)
        if lecture is None:
            raise NoOpenLecture
        asked = f"您是要取消《{lecture.title}》的报名吗？回“是”或“不是”。"
        return Reply(asked, ask=Ask("confirm_cancel", {"for_whom": turn.act.for_whom}))
    return _withdrawn(turn, turn.act.for_whom)


def confirm_cancel(turn: Turn) -> Reply:
    """The answer to whether they meant to withdraw."""
    if turn.args == NO:
        return Reply("好，报名还在。")
    whom = turn.payload.get("for_whom")
    return _withdrawn(turn, str(whom) if whom else None)


def _signed_up(turn: Turn, people: int, whom: str) -> Reply:
    done = lectures.sign_up(
        turn.session, room_id=turn.room_id, member_id=turn.member_id, people=people, now=turn.now, for_whom=whom
    )
    when = day_and_time(done.lecture.starts_at, turn.knowledge.zone, now=turn.now)
    left = "" if done.left is None else f"，还剩{done.left}位"
    verb = ("已帮" + whom if whom else "已") + "报名" if done.changed else "之前报过了，还是"
    return Reply(f"{verb}{done.people}人：{when}《{done.lecture.title}》，{done.lecture.venue}{left}。")


def _withdrawn(turn: Turn, whom: str | None) -> Reply:
    done = lectures.withdraw(turn.session, room_id=turn.room_id, member_id=turn.member_id, now=turn.now, for_whom=whom)
    return Reply(f"已取消{whom or '您'}报的《{done.lecture.title}》。想来时再说“报名”。")
