"""季度总结, 月度总结, 年度总结, 上个月的报表发我: the numbers in a few lines, and one picture to pass on."""

import re

from data import outbox, posters, tell
from data.figures import records
from data.figures.areas import NoSuchPlace, Place
from data.figures.figures import numbers
from data.figures.periods import BadPeriod, Period, PeriodKind
from data.figures.scope import Scope
from data.mail import OutboxKind
from data.posters import Poster
from data.reports import page, told
from data.reports.gathered import place_of
from handlers.desk.periods import period_in
from handlers.turn import Reply, Turn

# How long the period is, by what is said of it; the first that is said counts.
_KINDS = (
    (re.compile(r"半年"), PeriodKind.HALF),
    (re.compile(r"周(?!边)|星期|礼拜"), PeriodKind.WEEK),
    (re.compile(r"季"), PeriodKind.QUARTER),
    (re.compile(r"月(?!亮)"), PeriodKind.MONTH),
    (re.compile(r"年"), PeriodKind.YEAR),
)
_SPANS = re.compile(
    r"[前近][一二两三四五六七八九十几\d]+个?(?:月|季|年|周)|最近|近期|个月|[年季周]|\d+月|下个?(?:月|季|年|周)"
)
_WHAT = re.compile(
    r"(?:季度|月度|年度|半年|年终|年底|全年|工作|活动|宣讲|讲座|讲课|情况|开展)*"
    r"(?:总结|小结|报表|月报|季报|年报|统计表|汇总表?|数据|数字|统计|情况)(?:报告|图|表)?|"
    r"(?:办|讲|开|搞|做|宣讲|组织)过?了?(?:几|多少)(?:场|次|堂|节|回)(?:课|讲座|活动|宣讲)?"
)
_ASKING = (
    r"给|帮|请|麻烦|我们?|你|把|看|要|想|做|出|写|弄|搞|来|发|查|报|拿|下载|生成|一?[份个张下]|的|数|有没有|共|一|"
    r"[季月年周]度?|半年|年[终底]|全年|全部|[全本]?镇里?|所有|各村|吗|呢|吧|啊|呀|了|在|这|那"
)
_AROUND = re.compile(rf"^(?:{_ASKING})+|(?:{_ASKING})+$")


def summary(turn: Turn) -> Reply:
    """The words say which period and which place. Raises `BadPeriod` or `NoSuchPlace`."""
    period, place = _meant(turn)
    scope = Scope(period, place, turn.rules.zone, turn.now)
    found = numbers(turn.session, scope, keys=(*told.SUMMARY, *page.KEYS))
    note = told.standing(scope, recorded=records.reach(turn.session, scope))
    drawn = Poster(period.label, (page.page(place.name, period.label, found, note),), "")
    room_id = turn.room_id if turn.room.direct else tell.direct_room(turn.session, turn.member_id, now=turn.now)
    words = told.summary(place.name, period.label, found, note)
    for text, picture_id in ((words, None), ("一页图，长按可以转发到群里。", posters.keep(turn.session, drawn)[0])):
        outbox.queue(
            turn.session, room_id=room_id, kind=OutboxKind.REPLY, text=text, now=turn.now, picture_id=picture_id
        )
    return Reply("" if turn.room.direct else "总结私聊发给您了。")


def _meant(turn: Turn) -> tuple[Period, Place]:
    said = turn.args.strip(" ，,。")
    kind = next((kind for pattern, kind in _KINDS if pattern.search(turn.word or said)), PeriodKind.QUARTER)
    if found := re.search(r"前[一二两三四1-4]个?季", said):
        raise BadPeriod(found[0])
    period, rest = period_in(said, kind, turn.today)
    try:
        return period, place_of(turn.session, rest, turn.knowledge.town)
    except NoSuchPlace:
        parts = [_AROUND.sub("", part) for part in _WHAT.sub(" ", rest).split()]
    words = "".join(parts).strip(" ，,。的“”?？!！")
    try:
        return period, place_of(turn.session, words, turn.knowledge.town)
    except NoSuchPlace as unknown:
        if span := _SPANS.search(rest):
            raise BadPeriod(span[0]) from unknown
        raise
