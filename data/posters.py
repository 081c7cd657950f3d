"""Posters of what the town holds and tells: a lecture, a week's programme, a policy text. `data.drawing` draws them.

A picture is kept once, by what it shows; the announcement of a lecture carries it (`attached`).
"""

import hashlib
import logging
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import groupby
from zoneinfo import ZoneInfo

from sqlalchemy import insert, or_
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select

from data import seats
from data.announcements import KINDS, Facts, place
from data.delivery import ends
from data.drawing import posters as drawing
from data.drawing.posters import Day, Drawn, Item, Programme, Text
from data.drawing.qr import MOST as MOST_OF_A_CODE
from data.drawing.qr import codable
from data.drawing.styles import STYLES, Style
from data.errors import Declined
from data.lecture_notes import facts_of
from data.loop import EventKind, Lecture, LectureRoom, LectureState
from data.lunar import lunar_day, lunar_of
from data.phrases import other_year
from data.rules import Rules
from data.statements import insert_one, table_of
from data.tables import DRAWN, Lecturer, Picture, Room, Snippet, Village

log = logging.getLogger("menlou.posters")

MOST = 60  # lectures of a programme: some eleven pages
_WEEKDAYS = "一二三四五六日"
_MONTHS = ("正月", "二月", "三月", "四月", "五月", "六月", "七月", "八月", "九月", "十月", "冬月", "腊月")
_DIGITS = "一二三四五六七八九十"
_PARTS = ((6, "凌晨"), (9, "早上"), (12, "上午"), (13, "中午"), (18, "下午"), (24, "晚上"))  # until which hour
_WEEKS = ("本周", "下周", "下下周")
_SCAN = ("长按识别左边的码，", "或用另一台手机扫")
_PICTURES = table_of(Picture)
_INSERT = insert(_PICTURES)


class NoPosterOfHome(Declined):
    """A visit is at somebody's home, which is on no poster."""

    def __init__(self, title: str) -> None:
        super().__init__(f"《{title}》是送学上门，在人家家里，不画海报。")


class EmptyWeek(Declined):
    """A week with no lecture to come: a poster would say nothing. ``later`` tells where there is one."""

    def __init__(self, week: str, village: str, later: str, *, chat: str = "", desk: str = "") -> None:
        none = "没有要讲的课了" if week == _WEEKS[0] else "还没有排课"
        super().__init__(f"{village}{week}{none}，海报没画。{later}", chat=chat, desk=desk)


class Standing(StrEnum):
    """What a lecture's poster has to say of it."""

    OPEN = "open"
    FULL = "full"
    BEGUN = "begun"
    HELD = "held"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Poster:
    """The pages of a poster as SVG, what it is of, and the characters that cannot be drawn on it.

    ``uncoded`` names the address that is too long for a QR code, and so is not on it.
    """

    name: str
    pages: tuple[str, ...]
    lost: str
    uncoded: str = ""

    @property
    def warning(self) -> str:
        """What to look at before it is passed on; empty where all of it can be drawn."""
        lost = f"海报上画不出“{self.lost}”，已去掉或用别的代替，请看一眼。" if self.lost else ""
        long = f"{self.uncoded}太长（超过{MOST_OF_A_CODE}个字符），手机扫不出，海报上没画二维码。换成短链接就能画了。"
        return lost + (long if self.uncoded else "")


def of_lecture(session: Session, lecture: Lecture, *, style: str, rules: Rules, now: datetime) -> Poster:
    """The poster of a lecture, in one of `STYLES`. Raises `NoPosterOfHome`."""
    if lecture.kind == EventKind.VISIT:
        raise NoPosterOfHome(lecture.title)
    standing = _standing(session, lecture, now)
    return _of_facts(facts_of(session, lecture), _style(style, rules), rules, now, standing)


def of_week(
    session: Session, monday: date, *, village_id: int | None, style: str, rules: Rules, now: datetime
) -> Poster:
    """The lectures still to come of the week that begins on ``monday``: of the town, or held or announced in a village.

    Nobody's visit at home is on it. Raises `EmptyWeek`.
    """
    first = datetime.combine(monday, time(), tzinfo=rules.zone)
    query = _to_come(village_id, max(first - timedelta(microseconds=1), now))
    rows = session.execute(query.where(Lecture.starts_at < first + timedelta(days=7)).limit(MOST + 1)).all()
    village = session.get(Village, village_id) if village_id is not None else None
    if not rows:
        raise _empty(session, monday, village, rules, now)
    today = now.astimezone(rules.zone).date()
    sunday = monday + timedelta(days=6)
    span = f"{_day(monday, today)}—{_day(sunday, monday)}"
    held = groupby(rows[:MOST], key=lambda row: row[0].starts_at.astimezone(rules.zone).date())
    programme = Programme(
        what="一周课表",
        whose=village.name if village is not None else rules.poster.town,
        span=span,
        days=tuple(
            Day(_weekday(day, day), lunar_words(day), tuple(_item(session, *row, zone=rules.zone) for row in items))
            for day, items in held
        ),
        how="想来听的，在自己村的群里说“报名”就行",
        more="后面还有，发“课表”看。" if len(rows) > MOST else "",
    )
    return _poster(f"课表 {span}", drawing.programme(programme, _style(style, rules)))


def _to_come(village_id: int | None, after: datetime) -> Select[Lecture, Lecturer, str]:
    """The lectures after a moment that a programme may have, earliest first."""
    query = (
        select(Lecture, Lecturer, Village.name)
        .join(Lecturer, col(Lecture.lecturer_id) == col(Lecturer.id))
        .join(Village, col(Lecture.village_id) == col(Village.id), isouter=True)
        .where(Lecture.state == LectureState.ANNOUNCED, Lecture.kind != EventKind.VISIT, col(Lecture.starts_at) > after)
        .order_by(col(Lecture.starts_at), col(Lecture.id))
    )
    if village_id is not None:
        here = select(LectureRoom.lecture_id).join(Room).where(Room.village_id == village_id)
        query = query.where(or_(col(Lecture.village_id) == village_id, col(Lecture.id).in_(here)))
    return query


def _empty(session: Session, monday: date, village: Village | None, rules: Rules, now: datetime) -> EmptyWeek:
    """That a week has no lecture, and which has the next."""
    today = now.astimezone(rules.zone).date()
    this, name = today - timedelta(days=today.weekday()), village.name if village is not None else ""
    names = {this + timedelta(weeks=ahead): week for ahead, week in enumerate(_WEEKS)}
    week = names.get(monday, f"{_day(monday, today)}那周")
    found = session.execute(_to_come(village.id if village is not None else None, now).limit(MOST + 1)).all()
    if not found:
        return EmptyWeek(week, name, "后面也还没排，排了课再来画。")
    days = [row[0].starts_at.astimezone(rules.zone).date() for row in found]
    begins = days[0] - timedelta(days=days[0].weekday())
    if begins not in names:
        later = f"最近的一节是{_day(days[0], today)}的课{found[0][0].id}《{found[0][0].title}》。"
        return EmptyWeek(week, name, later, chat=f"发“海报 课{found[0][0].id}”画那一节。")
    other, many = names[begins], sum(day < begins + timedelta(days=7) for day in days)
    later = f"{other}有{'超过' if many > MOST else ''}{min(many, MOST)}节"
    desk = f"，在上面选“{other}”看。" if other in _WEEKS[:2] else "。"
    return EmptyWeek(week, name, later, chat=f"，发“海报 {f'{other} {name}'.strip()}”就画。", desk=desk)


def of_text(snippet: Snippet, *, style: str, rules: Rules) -> Poster:
    """The poster of a policy text."""
    since = snippet.issued_on
    given = Text(
        what="政策短文",
        whose=rules.poster.town,
        title=snippet.title,
        text=snippet.text,
        source=f"出处：{snippet.source}",
        since=f"{since.year}年{since.month}月{since.day}日",
        link=snippet.link,
        link_words=("看原文", *_SCAN) if snippet.link else (),
    )
    poster = _poster(snippet.title, drawing.text(given, _style(style, rules)))
    return replace(poster, uncoded="原文网址" if snippet.link and not codable(snippet.link) else "")


def attached(session: Session, facts: Facts, rules: Rules, *, now: datetime) -> int | None:
    """The id of the picture that goes with an announcement; None where `of_announcement` has none."""
    poster = of_announcement(facts, rules, now=now)
    if poster is None:
        return None
    if poster.warning:
        log.warning("《%s》：%s", facts.title, poster.warning)
    return keep(session, poster)[0]


def of_announcement(facts: Facts, rules: Rules, *, now: datetime) -> Poster | None:
    """The poster that goes with an announcement; None where the town wants none, or it cannot be drawn.

    The words of an announcement never wait for its picture. Somebody's home is on no poster.
    """
    if not rules.poster.style or facts.kind == EventKind.VISIT:
        return None
    try:
        return _of_facts(facts, _style(rules.poster.style, rules), rules, now, Standing.OPEN)
    except ValueError:
        log.exception("《%s》的海报画不出来，只发文字", facts.title)
        return None


def keep(session: Session, poster: Poster) -> list[int]:
    """The ids of its pages as pictures, each kept once; what is taken back later leaves them where they are.

    Nothing is drawn yet: a turn would wait 150 ms for each.
    """
    ids = []
    for page in poster.pages:
        digest = hashlib.sha256(page.encode()).hexdigest()
        known = session.execute(select(_PICTURES.c.id).where(_PICTURES.c.sha256 == digest)).scalar()
        values = {"sha256": digest, "name": f"{DRAWN}{digest[:8]}.png", "png": b"", "svg": page}
        ids.append(known if known is not None else insert_one(session, _INSERT, values))
    return ids


def lunar_words(day: date) -> str:
    """农历十月十三, 农历闰六月初一; "" where the calendar's table ends."""
    lunar = lunar_of(day)
    if lunar is None:
        return ""
    year, month, number = lunar
    leap = "闰" if lunar_day(year, month, number, leap=True) == day else ""
    return f"农历{leap}{_MONTHS[month - 1]}{_lunar_number(number)}"


def hour_words(moment: time) -> str:
    """晚上7点半, 上午9点, 下午3点05分: as people say it."""
    part = next(word for until, word in _PARTS if moment.hour < until)
    minutes = {0: "点", 30: "点半"}.get(moment.minute, f"点{moment.minute:02}分")
    return f"{part}{moment.hour - 12 if moment.hour > 12 else moment.hour}{minutes}"


def _lunar_number(number: int) -> str:
    if number in (20, 30):
        return f"{_DIGITS[number // 10 - 1]}十"
    return f"{'初十廿'[(number - 1) // 10]}{_DIGITS[(number - 1) % 10]}"


def _style(name: str, rules: Rules) -> Style:
    return replace(STYLES[name], cut=rules.poster.cut)


def _day(day: date, today: date) -> str:
    """With its year, where that is not this one."""
    return f"{other_year(day, today)}{day.month}月{day.day}日"


def _weekday(day: date, today: date) -> str:
    return f"{_day(day, today)} 星期{_WEEKDAYS[day.weekday()]}"


def _standing(session: Session, lecture: Lecture, now: datetime) -> Standing:
    if lecture.state is LectureState.CANCELLED:
        return Standing.CANCELLED
    if lecture.state is not LectureState.ANNOUNCED or ends(lecture) <= now:
        return Standing.HELD
    if lecture.starts_at <= now:
        return Standing.BEGUN
    return Standing.FULL if _full(session, lecture) else Standing.OPEN


def _full(session: Session, lecture: Lecture) -> bool:
    return lecture.seats is not None and seats.count(session, seats.id_of(lecture)).free(lecture) == 0


def _of_facts(facts: Facts, style: Style, rules: Rules, now: datetime, standing: Standing) -> Poster:
    local, words = facts.starts_at.astimezone(rules.zone), facts.words
    takes = standing in (Standing.OPEN, Standing.FULL)
    live = facts.live_url if takes or standing is Standing.BEGUN else ""
    full = "，已报满" if standing is Standing.FULL else ""
    rows = (
        ("主会场" if facts.branches else "地点", facts.where if facts.venue else ""),
        ("分会场", "、".join(facts.branches)),
        (words.leads, facts.who),
        ("语言", facts.dialect),
        ("位子", f"{facts.seats}个{full}" if facts.seats is not None and takes else ""),
        ("直播", "有，网址看群里的通知" if live and not codable(live) else ""),
    )
    given = drawing.Lecture(
        what=words.name + {Standing.HELD: "回顾", Standing.CANCELLED: "取消"}.get(standing, "通知"),
        whose=rules.poster.town or facts.village,
        title=facts.title,
        day=_weekday(local.date(), now.astimezone(rules.zone).date()),
        lunar=lunar_words(local.date()),
        time=hour_words(local.time()),
        rows=rows,
        how=_how(facts, standing),
        link=live,
        link_words=("来不了，看直播", *_SCAN) if live else (),
    )
    poster = _poster(f"《{facts.title}》", drawing.lecture(given, style))
    return replace(poster, uncoded="直播网址" if live and not codable(live) else "")


def _how(facts: Facts, standing: Standing) -> str:
    """What one does about it: signs up, waits, or nothing any more."""
    words = facts.words
    match standing:
        case Standing.OPEN:
            return words.invites.replace("说“报名”", "在群里说“报名”")
        case Standing.FULL:
            return "名额已满，在群里说“报名”可以候补"
        case Standing.BEGUN:
            return f"这场{words.name}已经开始了"
        case Standing.HELD:
            return f"这场{words.name}已{'讲' if facts.kind == EventKind.LECTURE else '办'}过"
        case Standing.CANCELLED:
            return f"这场{words.name}已取消，不用跑一趟"


def _item(session: Session, lecture: Lecture, lecturer: Lecturer, village: str | None, *, zone: ZoneInfo) -> Item:
    words, trade = KINDS[lecture.kind], lecturer.trade or lecturer.title
    name = "" if lecture.kind == EventKind.LECTURE else words.name
    told = (
        f"{lecturer.name}{f'（{trade}）' if trade else ''}{words.leads}",
        f"讲{lecture.dialect}" if lecture.dialect else "",
        "可看直播" if lecture.live_url else "",
    )
    branches = f"分会场：{'、'.join(lecture.branches)}" if lecture.branches else ""
    full = "名额已满，可以候补" if _full(session, lecture) else ""
    lines = (place(village or "", lecture.venue), branches, "，".join(filter(None, told)), full)
    hour = hour_words(lecture.starts_at.astimezone(zone).time())
    return Item(hour, f"{name}《{lecture.title}》", tuple(filter(None, lines)))


def _poster(name: str, drawn: Drawn) -> Poster:
    return Poster(name, tuple(drawn.pages), drawn.lost)
