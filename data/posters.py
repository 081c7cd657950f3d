"""Posters of what the town holds and tells: a lecture, a week's programme, a policy text. `data.drawing` draws them.

A picture is kept once, by what it shows; the announcement of a lecture carries it (`attached`).
"""

import hashlib
import logging
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from sqlalchemy import insert, or_
from sqlmodel import Session, col, select

from data.announcements import KINDS, Facts, place
from data.drawing import posters as drawing
from data.drawing.posters import Day, Drawn, Item, Programme, Text
from data.drawing.styles import STYLES, Style
from data.errors import Declined
from data.lecture_notes import facts_of
from data.loop import EventKind, Lecture, LectureRoom, LectureState
from data.lunar import lunar_day, lunar_of
from data.rules import Rules
from data.statements import insert_one, table_of
from data.tables import DRAWN, Lecturer, Picture, Room, Snippet, Village

log = logging.getLogger("menlou.posters")

MOST = 60  # lectures of a programme: some nine pages
_WEEKDAYS = "一二三四五六日"
_MONTHS = ("正月", "二月", "三月", "四月", "五月", "六月", "七月", "八月", "九月", "十月", "冬月", "腊月")
_DIGITS = "一二三四五六七八九十"
_PARTS = ((6, "凌晨"), (9, "早上"), (12, "上午"), (13, "中午"), (18, "下午"), (24, "晚上"))  # until which hour
_SCAN = ("长按识别左边的码，或用另一台手机扫",)
_PICTURES = table_of(Picture)
_INSERT = insert(_PICTURES)


class NoPosterOfHome(Declined):
    """A visit is at somebody's home, which is on no poster."""

    def __init__(self, title: str) -> None:
        super().__init__(f"《{title}》是送学上门，在人家家里，不画海报。")


@dataclass(frozen=True, slots=True)
class Poster:
    """The pages of a poster as SVG, what it is of, and the characters that cannot be drawn on it."""

    name: str
    pages: tuple[str, ...]
    lost: str

    @property
    def warning(self) -> str:
        """What to look at before it is passed on; empty where all of it can be drawn."""
        return f"海报上画不出“{self.lost}”，已去掉或用别的代替，请看一眼。" if self.lost else ""


def of_lecture(session: Session, lecture: Lecture, *, style: str, rules: Rules) -> Poster:
    """The poster of a lecture, in one of `STYLES`. Raises `NoPosterOfHome`."""
    if lecture.kind == EventKind.VISIT:
        raise NoPosterOfHome(lecture.title)
    return _of_facts(facts_of(session, lecture), STYLES[style], rules)


def of_week(
    session: Session, monday: date, *, village_id: int | None, style: str, rules: Rules, now: datetime
) -> Poster:
    """The lectures still to come of the week that begins on ``monday``: of the town, or held or announced in a village.

    Nobody's visit at home is on it.
    """
    first = datetime.combine(monday, time(), tzinfo=rules.zone)
    query = (
        select(Lecture, Lecturer, Village.name)
        .join(Lecturer, col(Lecture.lecturer_id) == col(Lecturer.id))
        .join(Village, col(Lecture.village_id) == col(Village.id), isouter=True)
        .where(
            Lecture.state == LectureState.ANNOUNCED,
            Lecture.kind != EventKind.VISIT,
            Lecture.starts_at > max(first - timedelta(microseconds=1), now),
            Lecture.starts_at < first + timedelta(days=7),
        )
        .order_by(col(Lecture.starts_at), col(Lecture.id))
        .limit(MOST + 1)
    )
    if village_id is not None:
        here = select(LectureRoom.lecture_id).join(Room).where(Room.village_id == village_id)
        query = query.where(or_(col(Lecture.village_id) == village_id, col(Lecture.id).in_(here)))
    rows = session.execute(query).all()
    village = session.get(Village, village_id) if village_id is not None else None
    span = f"{_day(monday)}—{_day(monday + timedelta(days=6))}"
    held = groupby(rows[:MOST], key=lambda row: row[0].starts_at.astimezone(rules.zone).date())
    programme = Programme(
        what="一周课表",
        whose=village.name if village is not None else rules.poster.town,
        span=span,
        days=tuple(
            Day(_weekday(day), lunar_words(day), tuple(_item(*row, zone=rules.zone) for row in items))
            for day, items in held
        ),
        how="想来听的，在自己村的群里说“报名”就行" if rows else "想听什么，在群里说“点课 反诈骗”就行",
        nothing="这几天还没有排课。",
        more="后面还有，发“课表”看。" if len(rows) > MOST else "",
    )
    return _poster(f"课表 {span}", drawing.programme(programme, STYLES[style]))


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
    return _poster(snippet.title, drawing.text(given, STYLES[style]))


def attached(session: Session, facts: Facts, rules: Rules) -> int | None:
    """The id of the picture that goes with an announcement; None where `of_announcement` has none."""
    poster = of_announcement(facts, rules)
    if poster is None:
        return None
    if poster.lost:
        log.warning("《%s》的海报上有画不出的字：%s", facts.title, poster.lost)
    return keep(session, poster)[0]


def of_announcement(facts: Facts, rules: Rules) -> Poster | None:
    """The poster that goes with an announcement; None where the town wants none, or it cannot be drawn.

    The words of an announcement never wait for its picture. Somebody's home is on no poster.
    """
    if not rules.poster.style or facts.kind == EventKind.VISIT:
        return None
    try:
        return _of_facts(facts, STYLES[rules.poster.style], rules)
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


def _day(day: date) -> str:
    return f"{day.month}月{day.day}日"


def _weekday(day: date) -> str:
    return f"{_day(day)} 星期{_WEEKDAYS[day.weekday()]}"


def _of_facts(facts: Facts, style: Style, rules: Rules) -> Poster:
    local, words = facts.starts_at.astimezone(rules.zone), facts.words
    rows = (
        ("主会场" if facts.branches else "地点", facts.where if facts.venue else ""),
        ("分会场", "、".join(facts.branches)),
        (words.leads, facts.who),
        ("语言", facts.dialect),
        ("位子", f"{facts.seats}个" if facts.seats is not None else ""),
    )
    given = drawing.Lecture(
        what=f"{words.name}通知",
        whose=rules.poster.town or facts.village,
        title=facts.title,
        day=_weekday(local.date()),
        lunar=lunar_words(local.date()),
        time=hour_words(local.time()),
        rows=rows,
        how=words.invites.replace("说“报名”", "在群里说“报名”"),
        link=facts.live_url,
        link_words=("来不了，看直播", *_SCAN) if facts.live_url else (),
    )
    return _poster(f"《{facts.title}》", drawing.lecture(given, style))


def _item(lecture: Lecture, lecturer: Lecturer, village: str | None, *, zone: ZoneInfo) -> Item:
    words, trade = KINDS[lecture.kind], lecturer.trade or lecturer.title
    name = "" if lecture.kind == EventKind.LECTURE else words.name
    told = (
        f"{lecturer.name}{f'（{trade}）' if trade else ''}{words.leads}",
        f"讲{lecture.dialect}" if lecture.dialect else "",
        "可看直播" if lecture.live_url else "",
    )
    branches = f"分会场：{'、'.join(lecture.branches)}" if lecture.branches else ""
    lines = (place(village or "", lecture.venue), branches, "，".join(filter(None, told)))
    hour = hour_words(lecture.starts_at.astimezone(zone).time())
    return Item(hour, f"{name}《{lecture.title}》", tuple(filter(None, lines)))


def _poster(name: str, drawn: Drawn) -> Poster:
    return Poster(name, tuple(drawn.pages), drawn.lost)
