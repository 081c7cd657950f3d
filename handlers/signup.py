"""Sign-ups: 报名, 报名2人, 帮我妈报名, 报名 课5, 取消报名, and 要 or 不要 where a seat came free.

What would change a record is confirmed when it is unsure.
"""

import re
from datetime import datetime

from sqlmodel import Session

from data import offers, seats, signups
from data.errors import CapacityFull, NoOpenLecture, NoSuchLecture
from data.glance import Glance
from data.loop import Lecture, SignUpState
from data.names import masked
from data.phrases import day_and_time
from data.seats import SignedUp
from handlers.answers import NO, YES, yes_or_no
from handlers.message import Heard, Kind
from handlers.turn import Ask, Gather, Reply, Turn
from handlers.understand import CONFIRM_BELOW
from handlers.understand.slots import headcount

MAX_PEOPLE = 20
WAIT = "wait"
COUNT = r"\s*(?:(\d{1,3}|[一二两俩三四五六七八九十])\s*[个位]?\s*人?)?[。!！]?"
NUMBER = r"\s*(?:课\s*(?:\d{1,6})|(?:\d{1,6})\s*号课)[\s,，]*"  # of the lecture, where several take sign-ups
_UNREADABLE = re.compile(r"\d{4,}\s*[个位]?人")  # a number that is no headcount
_COUNT = re.compile(COUNT)
_ONE = re.compile(r"[1一]\s*[个位人]|名\s*[1一]\s*$")
_NUMBER = re.compile(NUMBER)
_DIGITS = {each: number for number, each in enumerate("一二三四五六七八九十", 1)} | {"两": 2, "俩": 2}
_WAIT = re.compile(r"(候补|排队|等|排候补|等等|我等)(吧|着|一下)?[。!！]?")
_TAKES = r"(?:我?要|[报報]名|好|行|可以|我[来來去])(?:的|了|啊|呀|嘞)?"
_DECLINES = r"(?:我?不[要去来來用]|算了)(?:了)?(?:吧|啊)?"
_OFFER_ANSWER = re.compile(
    rf"\s*(?:@[^\s\u2005]{{1,32}}[\s\u2005]+)?(?:(?P<takes>{_TAKES})|(?P<declines>{_DECLINES})|(?P<waits>{_WAIT.pattern}))[。!！~\s]*"
)
_LONGEST = 40  # characters of such an answer, with the longest name before it
_PARTY = re.compile(r"\d+人$")


def read_count(words: str) -> int | None:
    """The number of people in "2人", "两个人"; None where there is none."""
    match = _COUNT.fullmatch(words)
    if match is None or match[1] is None:
        return None
    return int(match[1]) if match[1].isdigit() else _DIGITS[match[1]]


def read_number(words: str) -> tuple[int | None, str]:
    """The lecture's number ("课5 2人", "两个人 课5"), and the words without it."""
    match = _NUMBER.search(words)
    if match is None:
        return None, words
    return int(re.sub(r"\D", "", match[0])), f"{words[: match.start()]} {words[match.end() :]}".strip()


def sign_up(turn: Turn) -> Reply:
    """Sign up for the next lecture announced here, for as many as were named; ask first when that is unsure."""
    number, rest = read_number(turn.args or turn.text) if turn.number is None else (turn.number, turn.args)
    people = read_count(rest) or (turn.act.count if number is None else headcount(rest))
    if people == 1 and not _ONE.search(turn.text):  # nobody said a number
        people = None
    whom = turn.act.for_whom or ""
    if _UNREADABLE.search(rest):
        people = MAX_PEOPLE + 1
    if people is not None and not 1 <= people <= MAX_PEOPLE:
        return Reply(f"一次最多报{MAX_PEOPLE}人。人多的话，请村里干部和镇里联系。")
    lecture, *others = lectures_here(turn, number)
    if turn.act.intent == "sign_up" and turn.act.confidence < CONFIRM_BELOW:
        asked = (
            f"您是想{f'帮{whom}' if whom else ''}报名听《{lecture.title}》，一共{people or 1}人，对吗？回“是”或“不是”。"
        )
        return Reply(asked, ask=Ask("confirm_sign_up", {"people": people or 1, "for_whom": whom}))
    return _signed_up(turn, lecture, people, whom, others=others if number is None else ())


def confirm_sign_up(turn: Turn) -> Reply:
    """The answer to whether they meant to sign up."""
    if turn.args == NO:
        return Reply("好，没有报名。想来时说“报名”就行。")
    lecture = lectures_here(turn)[0]
    return _signed_up(turn, lecture, int(str(turn.payload["people"])), str(turn.payload.get("for_whom") or ""))


def fewer_or_wait(text: str) -> str | None:
    """`YES` to fewer seats, `WAIT` for as many as were asked for, or `NO`."""
    return WAIT if _WAIT.fullmatch(text) else yes_or_no(text)


def take_fewer(turn: Turn) -> Reply:
    """The answer to whether fewer seats will do."""
    if turn.args == NO:
        return Reply("好，没有报名。想来时说“报名”就行。")
    lecture = lectures_here(turn, int(str(turn.payload["lecture"])))[0]
    people = int(str(turn.payload["left" if turn.args == YES else "people"]))
    return _signed_up(turn, lecture, people, str(turn.payload.get("for_whom") or ""), wait=turn.args == WAIT)


def cancel(turn: Turn) -> Reply:
    """Take the sign-up for a lecture of this room back; ask first when that is unsure."""
    number, _ = read_number(turn.args or turn.text)
    here = lectures_here(turn, number)
    held = (each for each in here if each.id is not None and signups.holds(turn.session, each.id, turn.member_id))
    lecture = next(held, here[0])
    if turn.act.intent == "cancel" and turn.act.confidence < CONFIRM_BELOW:
        asked = f"您是要取消《{lecture.title}》的报名吗？回“是”或“不是”。"
        return Reply(asked, ask=Ask("confirm_cancel", {"lecture": lecture.id, "for_whom": turn.act.for_whom}))
    return _withdrawn(turn, lecture, turn.act.for_whom)


def confirm_cancel(turn: Turn) -> Reply:
    """The answer to whether they meant to withdraw."""
    if turn.args == NO:
        return Reply("好，报名还在。")
    whom = turn.payload.get("for_whom")
    lecture = lectures_here(turn, int(str(turn.payload["lecture"])))[0]
    return _withdrawn(turn, lecture, str(whom) if whom else None)


# 要, 不要: the answer to an offer, hours later too, so it is no question of ours but heard for what it is


def could_answer_offer(heard: Heard) -> bool:
    """Whether a message could be the answer to an offered seat."""
    return len(heard.text) <= _LONGEST and heard.kind is Kind.TEXT and _OFFER_ANSWER.fullmatch(heard.text) is not None


def answers_offer(session: Session, heard: Heard, known: Glance, _now: datetime) -> bool:
    """Whether this person was offered a seat in this room, or (in their direct chat) anywhere."""
    said = _OFFER_ANSWER.fullmatch(heard.text)
    if known.room is None or known.member is None or said is None or said["waits"]:
        return False  # 候补 answers another question of ours
    room_id = None if known.room.direct else known.room.id
    return bool(offers.offered_to(session, known.member.id, room_id=room_id))


def answer_offer(turn: Turn) -> Reply:
    """Take the seats that were offered, or let them go to the next in line."""
    waiting = offers.offered_to(turn.session, turn.member_id, room_id=None if turn.room.direct else turn.room_id)
    said = _OFFER_ANSWER.fullmatch(turn.heard.text)
    declines = said is not None and said["declines"] is not None
    lines = []
    for each in waiting:
        assert each.id is not None
        if declines:
            lecture = offers.decline_offer(turn.session, each.id, now=turn.now, rules=turn.rules)
            lines.append(f"好，《{lecture.title}》的位子让给下一位。想来时再说“报名”。")
        else:
            whom = each.for_whom
            done = offers.take_offer(turn.session, each.id, now=turn.now, rules=turn.rules)
            lines.append(_sentence(turn, done, whom))
    return Reply("\n".join(lines))


# Where and what


def lectures_here(turn: Turn, number: int | None = None) -> list[Lecture]:
    """The lectures that 报名 can mean here, the next one first: at least one. In a direct chat, the village's.

    Raises `NoOpenLecture` or `NoSuchLecture`.
    """
    village_id = turn.village_id if turn.room.direct else None
    room_id = None if turn.room.direct else turn.room_id
    here = seats.open_lectures(turn.session, now=turn.now, room_id=room_id, village_id=village_id, number=number)
    if not here and number is not None:
        raise NoSuchLecture(number)
    if not here:
        raise NoOpenLecture(direct=turn.room.direct)
    return here


def party(whom: str, people: int) -> str:
    """张三, 张三2人."""
    return f"{masked(whom)}{people}人" if people > 1 else masked(whom)


def left_over(done: SignedUp) -> str:
    """ "，还剩3位", or nothing where nobody counts the seats."""
    return "" if done.left is None else f"，还剩{done.left}位"


def _signed_up(
    turn: Turn,
    lecture: Lecture,
    people: int | None,
    whom: str,
    *,
    others: "list[Lecture] | tuple[()]" = (),
    wait: bool = False,
) -> Reply:
    try:
        done = signups.sign_up(
            turn.session,
            lecture,
            member_id=turn.member_id,
            people=people,
            now=turn.now,
            rules=turn.rules,
            for_whom=whom,
            room_id=turn.room_id,
            name=turn.member.name,
            wait=wait,
        )
    except CapacityFull as full:
        if full.held:
            raise
        payload: dict[str, object] = {"lecture": lecture.id, "left": full.left, "people": full.people, "for_whom": whom}
        return Reply(str(full), ask=Ask("take_fewer", payload))
    text = _sentence(turn, done, whom)
    if others:
        more = "、".join(f"课{each.id}《{each.title}》" for each in others)
        text += f"另外还有{more}，要报就说“报名 课{others[0].id}”。"
    if done.state is not SignUpState.SEATED or not done.changed or turn.room.direct:
        return Reply(text)
    item = party(f"{whom}（{turn.member.name}报）" if whom else turn.member.name, done.people)
    return Reply(text, gather=Gather(f"sign_up:{lecture.id}", item, lambda items: _together(items, done)))


def _sentence(turn: Turn, done: SignedUp, whom: str) -> str:
    lecture, whom = done.lecture, _yours(whom)
    if done.state is SignUpState.WAITING:
        why = "前面有人在等" if done.left else "报满了"
        ahead = f"前面还有{done.ahead}人" if done.ahead else "排在最前"
        put = ("给" + whom if whom else "") + ("排上候补" if done.changed else "还在候补")
        return f"《{lecture.title}》{why}，{put}{done.people}人，{ahead}。有空位就在这里告诉您。"
    when = day_and_time(lecture.starts_at, turn.knowledge.zone, now=turn.now)
    verb = ("已帮" + whom if whom else "已") + "报名" if done.changed else "之前报过了，还是"
    return f"{verb}{done.people}人：{when}《{lecture.title}》，{lecture.venue}{left_over(done)}。"


def _yours(whom: str) -> str:
    """我妈, said back to whose mother she is: 您妈."""
    return f"您{whom[1:]}" if whom.startswith("我") else whom


def _together(items: list[str], done: SignedUp) -> str:
    """Several people's answers in one; whoever changed their number stands there once."""
    latest = {_PARTY.sub("", item): item for item in items}
    return f"已报名：{'、'.join(latest.values())}。现在{done.total}人{left_over(done)}。"


def _withdrawn(turn: Turn, lecture: Lecture, whom: str | None) -> Reply:
    done = signups.withdraw(
        turn.session, lecture, member_id=turn.member_id, now=turn.now, rules=turn.rules, for_whom=whom
    )
    return Reply(f"已取消{_yours(whom or '您')}报的《{done.lecture.title}》。想来时再说“报名”。")
