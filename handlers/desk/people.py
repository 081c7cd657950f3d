"""Lecturers for coordinators: 老师 覃志刚, 培训 …, 导师 ….; nobody is ranked, and no group of residents sees it."""

import re
from datetime import date

from data import cards
from data.cards import Card
from data.tables import Lecturer
from handlers.desk.pieces import lecturer_in
from handlers.desk.wording import in_public
from handlers.turn import Reply, Turn

MAX_TITLE = 40
TRAINING = "培训 覃志刚 2026-11-20 县里普通话培训"
MENTOR = "导师 韦春生 带 莫小燕"
_DATE = re.compile(r"(?:(\d{4})\s*[-./年]\s*)?(\d{1,2})\s*[-./月]\s*(\d{1,2})\s*[日号]?")
_PAIR = re.compile(r"(?P<mentor>\S+?)\s*(?:带|\s)\s*(?P<student>\S+)")
_NOBODY = ("没有", "不带", "无")


def show(turn: Turn) -> Reply:
    """老师 覃志刚: their card."""
    if in_public(turn):
        return Reply("宣讲员的情况请私聊我看，或在工作群里看。")
    lecturer = _named(turn, turn.args)
    return Reply(_card(cards.card(turn.session, lecturer, now=turn.now, rules=turn.rules)))


def train(turn: Turn) -> Reply:
    """培训 覃志刚 2026-11-20 县里普通话培训."""
    said = _DATE.search(turn.args)
    held_on = _date(said, turn.today)
    if said is None or held_on is None:
        return Reply(f"请写上老师、日期和内容，比如“{TRAINING}”。")
    title = turn.args[said.end() :].strip(" ，,：:。")[:MAX_TITLE]
    if not title:
        return Reply(f"培训的内容是什么？比如“{TRAINING}”。")
    lecturer = _named(turn, turn.args[: said.start()])
    if held_on > turn.today:
        return Reply("这个日期还没到，参加完培训再记就行。")
    if not cards.note_training(turn.session, lecturer, held_on=held_on, title=title, by=turn.member_id):
        return Reply(f"{lecturer.name}的这次培训已经记过了。")
    return Reply(f"记下了：{lecturer.name}，{held_on.isoformat()}，{title}。")


def mentor(turn: Turn) -> Reply:
    """导师 韦春生 带 莫小燕; 导师 没有 莫小燕."""
    said = _PAIR.fullmatch(turn.args.strip(" 。"))
    if said is None:
        return Reply(f"请写两位老师，前一位带后一位，比如“{MENTOR}”。")
    nobody = said["mentor"] in _NOBODY
    student = _named(turn, said["student"])
    teacher = None if nobody else _named(turn, said["mentor"])
    changed = cards.set_mentor(turn.session, student, teacher)
    if teacher is None:
        return Reply(f"好，{student.name}现在没有导师。" if changed else f"{student.name}本来就没有导师。")
    return Reply(f"{'记下了' if changed else '早就记着'}：{teacher.name}带{student.name}。")


def _named(turn: Turn, words: str) -> Lecturer:
    """The lecturer that is named, in full or as people call them. Raises `NoSuchLecturer`."""
    name = words.strip(" ，,。老师")
    found, _, _ = lecturer_in(turn, words)
    return cards.find(turn.session, found or name)


def _date(said: re.Match[str] | None, today: date) -> date | None:
    """The day that is named; without a year, the last one that was."""
    if said is None:
        return None
    year, month, day = said.groups()
    try:
        named = date(int(year or today.year), int(month), int(day))
        return named if year or named <= today else named.replace(year=today.year - 1)
    except ValueError:
        return None


def _card(card: Card) -> str:
    who = card.lecturer
    calling = "，".join(filter(None, (who.trade or who.title, who.kind, card.village)))
    rating = f"，评分{card.rating:.1f}（{card.rated}人评）" if card.rating is not None else "，还没有人评"
    reach = "已绑定，能私信" if card.reachable else "没绑定，派单请电话联系"
    pairs = [
        f"导师：{card.mentor}" if card.mentor else "",
        f"带着：{'、'.join(card.students)}" if card.students else "",
    ]
    lines = [
        f"{who.name}（{calling}），{reach}",
        f"讲：{'、'.join(card.topics)}" if card.topics else "",
        f"会说：{'、'.join(who.dialects)}" if who.dialects else "",
        f"有空：{'、'.join(who.free)}" if who.free else "",
        f"本月{card.this_month}场{rating}",
        "；".join(filter(None, pairs)),
        *(f"培训：{each.held_on.isoformat()} {each.title}" for each in card.trainings),
    ]
    return "\n".join(filter(None, lines))
