"""课5 as it stands, and its numbers: 到场 36 发资料 40, typed once by the lecturer or a coordinator."""

import re

from sqlmodel import select

from data import attendance, lectures, photos, recording, signups, steps
from data.announcements import KINDS
from data.lecture_notes import facts_of, rooms_of
from data.loop import Lecture, Subject
from data.phrases import day_and_time
from data.tables import Role, RoleKind
from handlers.desk.wording import in_public
from handlers.turn import Reply, Turn
from handlers.understand.when.numerals import to_int

MOST = 100_000
_PAPER = r"(?:资料|材料|单张)"
_PAPERS = rf"[\s,，、;；]*(?:发放?|派)?了?(?:{_PAPER}\s*约?\s*\d{{1,6}}\s*[份张本]?|约?\d{{1,6}}\s*份\s*{_PAPER})"
TAIL = rf"\s+.{{1,20}}|\s*-?\d[\d,.\s]{{0,8}}\s*[千万]?[多来余几]?[个位]?人?(?:{_PAPERS})?"
STEPS = {
    "announced": "排课通知",
    "changed": "改",
    "cancelled": "取消",
    "seats": "座位",
    "material": "课件",
    "delivered": "讲完",
    "counted": "报数",
    "recounted": "改数",
    "archived": "归档",
}
_SHOWN = 6  # steps
_HAN = "零一二两三四五六七八九十百"
_NO_RANGE = "".join(rf"(?<![\d{_HAN}]{before}[-~至到]{after})" for before in ("", r"\s") for after in ("", r"\s"))
_WHOLE = rf"(?!\d|[.,点]\d|\s*[千万]|\s*[-~至到]\s*[\d{_HAN}])"
_FIGURE = rf"(?<![\d.,负千万-]){_NO_RANGE}(?:\d{{1,3}}(?:,\d{{3}})+|\d{{1,7}}){_WHOLE}"
_SPELT = rf"(?<![\d.,负千万{_HAN}-]){_NO_RANGE}[{_HAN}]{{1,6}}(?![{_HAN}]){_WHOLE}"
# A whole number, whole: no 3 of 3.5 or 3千, nor 30 or 40 of 30-40 and 三十到四十.
NUMBER = f"(?:{_FIGURE}|{_SPELT})"
_OTHER = r"(?:\s*(?:[年月日号点时次届期场节岁张份元]|个[村组屯])|[:：]\d\d)"
# The 1 of 第1次 and the 9 of 9:30 are passed over; anything else that is no whole number is not.
_CAME = re.compile(rf"^(?:[^\d.负千万-]|\d{{1,4}}{_OTHER})*?({_FIGURE})(?!{_OTHER})")
_PEOPLE = (r"[个位名]?\s*人", r"(?:[个位名](?![村组屯])|左右|上下|\W|$)")  # 一共来了三十六人: not the 一
_CAME_SPELT = tuple(re.compile(rf"^[^负千万-]*?({_SPELT})\s*[多来余几]?\s*{each}") for each in _PEOPLE)
HANDED = re.compile(
    rf"(?:发放?|派)?了?(?:{_PAPER}\s*[:：了]?\s*({NUMBER})(?![人共年月日号点:：]|份?[都也]?没)\s*[份张本]?|"
    rf"(?<![约概各])(?<![每一]人)({NUMBER})\s*份\s*{_PAPER}(?!\s*[都也]?没))"
)
# Papers of which no whole number could be taken: 资料4.5, 资料约40, 每人一份资料.
PAPERS_SAID = re.compile(
    rf"{_PAPER}\s*(?:[:：了约各共有发派]|一共|大[概约]|差不多|将近)*\s*[-负]?\d[\d.,千万]*\s*[份张本]?|"
    rf"\d[\d.,千万]*\s*[多来余几]?\s*份|[{_HAN}]\s*[多来余几]?\s*份\s*{_PAPER}"
)
# What is left must hold no more of a number: 1/2, 36或37, 大概几十个, 男16女20, 50% are asked again.
_AND_SOME = re.compile(r"^\s*[多来余几]")
_OTHERS = re.compile(rf"第?\d{{1,4}}{_OTHER}\d?|第[{_HAN}]+")
_UNREAD = re.compile(rf"[\d%％/／*×+＋半几百千万]|[{_HAN.replace('一', '')}]")
_NOBODY = re.compile(r"没有?[一几]?[个位]?人|人[也都]?没|没(?:有)?(?:人)?来")
_APART = re.compile(r"(?<![\d.,])\d{1,7}(?:\s+\d+)+")  # 5 0 人 is how a voice types 50
_ABOUT = re.compile(r"[\d十百]\s*[多来余几]|约|大概|差不多|左右|上下|将近")
_USAGE = "人数请写一个整数，比如“到场 36 发资料 40”（没发资料就只写“到场 36”）。"


def show(turn: Turn) -> Reply:
    """课5: what it is, its numbers, and how it came to that."""
    if in_public(turn):
        return Reply("课的详情请私聊我看，或在工作群里看。大家看安排，发“课表”就行。")
    lecture = lectures.find(turn.session, turn.number or 0)
    if refused := not_theirs(turn, lecture):
        return refused
    assert lecture.id is not None
    zone, facts = turn.rules.zone, facts_of(turn.session, lecture)
    kind = KINDS[lecture.kind].name
    signed, left = signups.people_in(turn.session, lecture.id), signups.seats_left(turn.session, lecture)
    places = [facts.where, *(f"分会场{each}" for each in lecture.branches)]
    spoken = f"，讲{lecture.dialect}" if lecture.dialect else ""
    when = day_and_time(lecture.starts_at, zone, now=turn.now)
    lines = [
        f"课{lecture.id} {kind}《{lecture.title}》，{lectures.STATE_NAMES[lecture.state]}",
        f"{when}，{'、'.join(places)}，{facts.who}{facts.words.leads}{spoken}",
        f"直播：{lecture.live_url}" if lecture.live_url else "",
        f"群：{'、'.join(room.name for room in rooms_of(turn.session, lecture)) or '没有'}",
        f"报名{signed}人{'' if left is None else f'，还剩{left}位' if left else '，满了'}；{_material(lecture)}",
        _numbers(turn, lecture),
    ]
    trail = list(steps.trail(turn.session, Subject.LECTURE, lecture.id))[-_SHOWN:]
    for stride in trail:
        who = stride.who or steps.CLOCK
        what = STEPS.get(stride.state, stride.state)
        why = f"：{stride.reason}" if stride.reason else ""
        lines.append(f"· {day_and_time(stride.at, zone, now=turn.now)} {who} {what}{why}")
    return Reply("\n".join(filter(None, lines)))


def count(turn: Turn) -> Reply:
    """到场 36 发资料 40, 课5 到场 36: written down with the lecture, which then was held."""
    read = read_numbers(turn.args)
    if apart := _APART.search(turn.args):
        return Reply(f"“{apart.group()}”是一个数还是两个数？没有记，怕记错。{_USAGE}")
    if read is None:
        return Reply(_USAGE)
    came, handed = read
    if came > MOST or (handed or 0) > MOST:
        return Reply(f"这个数太大了，请核对一下。{_USAGE}")
    lecture = _meant(turn)
    if isinstance(lecture, Reply):
        return lecture
    done = attendance.count(
        turn.session, lecture, attended=came, handouts=handed, by=turn.member_id, now=turn.now, rules=turn.rules
    )
    papers = f"，发资料{done.handouts}份" if done.handouts is not None else ""
    before = f"（原来{done.before}人）" if done.before is not None else ""
    about = "约" if _ABOUT.search(turn.args.partition("资料")[0]) else ""
    kept = "改好了" if before else "记下了"
    late = recording.late_words(lecture.starts_at, turn.rules.zone, now=turn.now)
    said = f"{kept}：课{lecture.id}《{lecture.title}》到场{about}{came}人{before}{papers}。{late}"
    if large := attendance.doubt(lecture, came, handed):
        again = f"课{lecture.id} 到场 36{' 发资料 40' if handed is not None else ''}"
        return Reply(f"{said}{large}，要是打错了，照样再发一次就改，比如“{again}”；没错就不用管。")
    return Reply(said if before else f"{said}有照片可以直接发给我。")


def read_numbers(words: str) -> tuple[int, int | None] | None:
    """(who came, what was handed out) of "36 发资料 40"; None where no number is said, or one that is not whole."""
    handed = HANDED.search(words)
    before, after = (words[: handed.start()], words[handed.end() :]) if handed else (words, "")
    came = _came(before)
    if came is None or (handed is None and PAPERS_SAID.search(words)):
        return None
    left = f"{before[: came.start(1)]}|{_AND_SOME.sub('', before[came.end(1) :])}|{after}"
    if _NOBODY.search(words) or _UNREAD.search(_OTHERS.sub("", left)):
        return None
    people = _int(came[1])
    return (people, _int(handed[1] or handed[2]) if handed else None) if people is not None else None


def _came(words: str) -> re.Match[str] | None:
    """Figures go before what is spelt: 一共来了36人 is 36."""
    ways = (_CAME,) if re.search(r"\d", words) else _CAME_SPELT
    return next(filter(None, (way.search(words) for way in ways)), None)


def own_lecturer(turn: Turn) -> int | None:
    """The lecturer that this member stands for."""
    query = select(Role.lecturer_id).where(Role.member_id == turn.member_id, Role.kind == RoleKind.LECTURER)
    return turn.session.exec(query).first()


def not_theirs(turn: Turn, lecture: Lecture) -> Reply | None:
    """What a lecturer is told about somebody else's lecture."""
    if RoleKind.COORDINATOR in turn.member.roles or lecture.lecturer_id == own_lecturer(turn):
        return None
    return Reply(f"课{lecture.id}不是您讲的，由镇里宣传干事来办。您自己的课，直接说“到场 36”就行。")


def _int(words: str) -> int | None:
    words = words.replace(",", "")
    return int(words) if words.isdigit() and words.isascii() else to_int(words)


def _material(lecture: Lecture) -> str:
    if lecture.material_reviewed is None:
        return f"课件审没审还没说（“课{lecture.id} 课件已审”）"
    return "课件已审" if lecture.material_reviewed else "课件没审"


def _numbers(turn: Turn, lecture: Lecture) -> str:
    kept = photos.count(turn.session, lecture.id or 0)
    said = [
        f"到场{lecture.attended}人" if lecture.attended is not None else "",
        f"发资料{lecture.handouts}份" if lecture.handouts is not None else "",
        f"照片{kept}张" if kept else "",
    ]
    return "，".join(filter(None, said))


def _meant(turn: Turn) -> Lecture | Reply:
    """The lecture that a number is about: the one that was named, or the one that began lately."""
    if turn.number is not None:
        lecture = lectures.find(turn.session, turn.number)
        return not_theirs(turn, lecture) or lecture
    mine = own_lecturer(turn)
    if mine is None and RoleKind.COORDINATOR not in turn.member.roles:
        return Reply("没找到您的课。请镇里宣传干事来报。")
    recent = attendance.recent(turn.session, now=turn.now, lecturer_id=mine)
    waiting = [each for each in recent if each.attended is None] or recent
    if mine is not None and not recent:
        coming = attendance.next_of(turn.session, mine, now=turn.now)
        if coming is not None:
            attendance.require_begun(coming, now=turn.now, rules=turn.rules)
    if not waiting:
        return Reply("最近三天没有讲过的课。请带上课号，比如“课5 到场 36”。")
    if mine is None and len(waiting) > 1:
        named = "、".join(f"课{each.id}《{each.title}》" for each in waiting[:6])
        return Reply(f"是哪一场？{named}。请带上课号，比如“课{waiting[0].id} 到场 36”。")
    return waiting[0]
