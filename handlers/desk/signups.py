"""A lecture's list, for coordinators: 课5 名单, 课5 候补, 课5 代报 张三 2人, 课5 退 张三, 课5 核对."""

import re
from itertools import islice

from sqlmodel import Session

from data import rosters, signups, solitaires, tell
from data.errors import CapacityFull, LectureOver, NoSuchLecture
from data.loop import Lecture, LectureState, SignUpState
from data.phrases import day_and_time
from data.signups import RosterLine
from data.tables import RoomKind
from handlers.jielong.align import same_person
from handlers.jielong.fold import name_key
from handlers.signup import left_over, party, read_count
from handlers.turn import Reply, Turn

MOST_PEOPLE = 200  # a class of children comes with their teacher
MOST_NAME = 20
SHOWN = 60  # parties in one message
_ITEMS = re.compile(r"[、，,;；\n]+")
_ITEM = re.compile(
    r"(?P<name>.*?[^\s\d])[\s:：]*(?P<count>(?:\d{1,3}|[一二两俩三四五六七八九十])\s*[个位]?\s*人|\d{1,3})?[。!！]?"
)


def sign_up_for(turn: Turn) -> Reply:
    """课5 代报 张三 2人，李四: sign people up who have no WeChat; where it is full they wait."""
    lecture = _open(turn)
    parties = [_party(words.strip()) for words in _ITEMS.split(turn.args) if words.strip()]
    if not parties:
        return Reply(f"要报谁？这样说：课{lecture.id} 代报 张三 2人，李四")
    lines, done = [], None
    for name, people in parties:
        if not 1 <= people <= MOST_PEOPLE:
            lines.append(f"{name}：一次最多报{MOST_PEOPLE}人")
            continue
        try:
            done = signups.sign_up(
                turn.session,
                lecture,
                member_id=turn.member_id,
                people=people,
                now=turn.now,
                rules=turn.rules,
                for_whom=name,
                room_id=turn.room_id,
                not_before=turn.leaves,
            )
        except CapacityFull as full:
            lines.append(f"{name}：只剩{full.left}位，{f'还是{full.held}人' if full.held else '没有报上'}")
            continue
        ahead = f"前面{done.ahead}人" if done.ahead else "排在最前"
        waits = f"（候补，{ahead}）" if done.state is SignUpState.WAITING else ""
        lines.append(party(name, done.people) + waits)
    ends = f"现在{done.total}人{left_over(done)}。" if done is not None else ""
    return Reply(f"课{lecture.id}《{lecture.title}》代报：{'、'.join(lines)}。{ends}")


def sign_up_off(turn: Turn) -> Reply:
    """课5 退 张三: take somebody off the list, and tell them where it was they themselves who signed up."""
    lecture = _open(turn)
    words = turn.args.strip()
    if not words:
        return Reply(f"要退谁？这样说：课{lecture.id} 退 张三")
    found = _named(turn.session, lecture, words)
    if not found:
        return Reply(f"课{lecture.id}名单里没有“{words}”。发“课{lecture.id} 名单”看有谁。")
    if len(found) > 1:
        names = "、".join(_who(each.line) for each in found)
        return Reply(f"课{lecture.id}里像“{words}”的有{len(found)}位：{names}。请写全名字。")
    one = found[0]
    signups.withdraw(
        turn.session,
        lecture,
        member_id=one.member_id,
        now=turn.now,
        rules=turn.rules,
        for_whom=one.for_whom,
        not_before=turn.leaves,
    )
    told = ""
    if one.member_id != turn.member_id:
        whose = f"您帮{one.for_whom}" if one.for_whom else "您"
        text = f"{whose}报的《{lecture.title}》，镇里帮着退了。想来还可以说“报名”。"
        room_id = one.room_id or tell.direct_room(turn.session, one.member_id, now=turn.now)
        tell.people_in(turn.session, room_id, [one.member_id], text, now=turn.now, not_before=turn.leaves)
        told = "一分钟后告诉报名的人，要撤回请发“撤销”。"
    return Reply(f"课{lecture.id}《{lecture.title}》已退{_who(one.line)}。{told}")


def waiting(turn: Turn) -> Reply:
    """课5 候补: who waits, and to whom a seat is offered until when."""
    lecture = _lecture(turn)
    lines = [each for each in signups.roster(turn.session, _id(lecture)) if each.state is not SignUpState.SEATED]
    if not lines:
        return Reply(f"课{lecture.id}《{lecture.title}》没有人候补。")
    shown = "\n".join(f"{number} {_line(each)}" for number, each in enumerate(lines[:SHOWN], 1))
    return Reply(f"课{lecture.id}《{lecture.title}》候补{sum(each.people for each in lines)}人：\n{shown}")


def whole_list(turn: Turn) -> Reply:
    """课5 名单: everybody's names, so only in a direct chat or among coordinators."""
    if turn.room.kind not in (RoomKind.DIRECT, RoomKind.COORDINATORS):
        return Reply("名单有各家的名字，请私聊我或到工作群里看。")
    lecture = _lecture(turn)
    lines = signups.roster(turn.session, _id(lecture))
    when = day_and_time(lecture.starts_at, turn.knowledge.zone, now=turn.now)
    head = f"课{lecture.id}《{lecture.title}》{when}"
    if not lines:
        return Reply(f"{head}：还没有人报名。")
    seated = [each for each in lines if each.state is SignUpState.SEATED]
    others = [each for each in lines if each.state is not SignUpState.SEATED]
    left = signups.seats_left(turn.session, lecture)
    text = f"{head}：{sum(each.people for each in seated)}人{'' if left is None else f'，还剩{left}位'}"
    text += "".join(f"\n{number} {_line(each)}" for number, each in enumerate(islice(seated, SHOWN), 1))
    if len(seated) > SHOWN:
        text += f"\n……还有{len(seated) - SHOWN}家"
    if others:
        text += f"\n候补{sum(each.people for each in others)}人："
        text += "".join(f"\n{number} {_line(each)}" for number, each in enumerate(islice(others, SHOWN), 1))
    return Reply(text)


def check(turn: Turn) -> Reply:
    """课5 核对: what was not clear in the 接龙 of its groups; 课5 核对 好 when it was looked at."""
    lecture = _lecture(turn)
    if re.fullmatch(r"(好|好了|看过|看过了|完|完了|可以|清|清空)[。!！]?", turn.args.strip()):
        number = solitaires.checked(turn.session, _id(lecture))
        return Reply(f"好，课{lecture.id}的接龙核对完了。" if number else f"课{lecture.id}的接龙没有要核对的。")
    found = solitaires.to_check(turn.session, _id(lecture))
    if not found:
        return Reply(f"课{lecture.id}的接龙没有要核对的。")
    lines = "\n".join(found)
    ways = f"要改就说“课{lecture.id} 代报 张三 2人”“课{lecture.id} 退 张三”，看过就发“课{lecture.id} 核对 好”。"
    return Reply(f"课{lecture.id}接龙请核对：\n{lines}\n{ways}")


def _party(words: str) -> tuple[str, int]:
    """张三 2人: the name and the number."""
    match = _ITEM.fullmatch(words)
    if match is None:
        return words[:MOST_NAME], 1
    return match["name"].strip()[:MOST_NAME], read_count(match["count"] or "") or 1


def _id(lecture: Lecture) -> int:
    assert lecture.id is not None
    return lecture.id


def _lecture(turn: Turn) -> Lecture:
    lecture = turn.session.get(Lecture, turn.number) if turn.number is not None else None
    if lecture is None:
        raise NoSuchLecture(turn.number or 0)
    return lecture


def _open(turn: Turn) -> Lecture:
    lecture = _lecture(turn)
    if lecture.state is not LectureState.ANNOUNCED or lecture.starts_at <= turn.now:
        raise LectureOver(_id(lecture), cancelled=lecture.state is LectureState.CANCELLED)
    return lecture


def _named(session: Session, lecture: Lecture, words: str) -> list[rosters.Listed]:
    """The parties that the words name: of that very name, else alike."""
    parties = rosters.parties(session, _id(lecture))
    exact = [each for each in parties if name_key(each.called) == name_key(words)]
    return exact or [each for each in parties if same_person(words, each.called)]


def _who(line: RosterLine) -> str:
    """张三, or 张三（李四报）where somebody else signed them up."""
    return f"{line.for_whom}（{line.name}报）" if line.for_whom else line.name


def _line(line: RosterLine) -> str:
    held = "（问着，等回话）" if line.state is SignUpState.OFFERED else ""
    return f"{_who(line)} {line.people}人{held}"
