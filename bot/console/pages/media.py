"""媒体报道: articles and reports, noted by hand, and struck where that was a mistake."""

from datetime import date, datetime, time

from bot.console.lists import Column, Filter, Found, Listing, Wanted, show_list
from bot.console.values import Answer, Ask, Deed, Done, Html, Page
from data.desk import figures as desk
from data.desk import lectures as choices
from data.desk_errors import BadEntry, NotThere
from data.desk_tables import ConsoleRole
from data.figures import media
from data.figures.reported import LEVEL_NAMES
from data.loop import Lecture
from data.record_tables import MediaLevel, MediaReport
from data.recording import late_words
from data.tables import Village

PAGE, _ONE = "/media", "/media/{number}"
Row = tuple[MediaReport, str]
_LEVELS = tuple((level.value, name) for level, name in LEVEL_NAMES.items())


def show(ask: Ask) -> Answer:
    """All that was noted, the latest first."""
    listing: Listing[Row] = Listing(
        "媒体报道",
        (
            Column("标题", lambda row: row[0].title, lambda row: f"{PAGE}/{row[0].id}", head=True),
            Column("编号", lambda row: row[0].id, wide=True),
            Column("媒体", lambda row: row[0].outlet),
            Column("级别", lambda row: LEVEL_NAMES[row[0].level]),
            Column("日期", lambda row: row[0].published_on),
            Column("村", lambda row: row[1]),
            Column("网址", lambda row: row[0].url),
            Column("登记", lambda row: row[0].noted_at, wide=True),
            Column("状态", lambda row: "划掉了" if row[0].struck_at else "", mark=lambda _row: "late"),
        ),
        _find,
        (Filter("level", "级别", _LEVELS),),
        searches="标题、媒体",
        empty="还没有登记报道。",
    )
    return show_list(
        ask,
        listing,
        template="media.html",
        may=ask.may(ConsoleRole.COORDINATOR),
        levels=_LEVELS,
        villages=choices.choices(ask.session, Village),
        today=ask.now.astimezone(ask.rules.zone).date(),
    )


def _find(ask: Ask, wanted: Wanted) -> Found[Row]:
    rows, total = desk.media(
        ask.session, words=wanted.words, level=wanted.chosen.get("level", ""), village_id=ask.scope,
        offset=wanted.offset, limit=wanted.limit,
    )  # fmt: skip
    return Found(rows, total)


def add(ask: Ask) -> Done:
    """Note one. Raises `BadEntry`, `BadReport` or `ReportKnown`."""
    level = ask.form.get("level")
    if level not in dict(_LEVELS):
        raise BadEntry("级别", "请选一个。")
    village, lecture = ask.form.get("village"), ask.form.number("lecture", "课号", low=1, high=999_999_999)
    if lecture is not None and ask.session.get(Lecture, lecture) is None:
        raise BadEntry("课号", "没有这节课。")
    report = media.add(
        ask.session,
        title=ask.form.need("title", "标题", longest=200),
        outlet=ask.form.need("outlet", "媒体", longest=60),
        level=MediaLevel(level),
        published_on=_day(ask),
        by=ask.user.member_id,
        now=ask.now,
        zone=ask.rules.zone,
        url=ask.form.get("url")[:500],
        village_id=choices.named(ask.session, Village, village, "村") if village else None,
        lecture_id=lecture,
    )
    zone = ask.rules.zone
    late = late_words(datetime.combine(report.published_on, time(12), zone), zone, now=ask.now)
    said = f"记下了：《{report.title[:30]}》。{late}记错了，点开它可以划掉。"
    return Done(PAGE, said, about=_named(report))


def show_one(ask: Ask) -> Answer:
    """One report, and the button that strikes it: whoever strikes has it before their eyes."""
    report = _report(ask)
    village = ask.session.get(Village, report.village_id) if report.village_id is not None else None
    values = {
        "report": report,
        "level": LEVEL_NAMES[report.level],
        "village": village.name if village is not None else "",
        "may": ask.may(ConsoleRole.COORDINATOR),
    }
    return Html("media_one.html", f"《{report.title}》", values)


def strike(ask: Ask) -> Done:
    """Strike one that was noted by mistake. Raises `NoSuchReport` or `NotThere`."""
    report = media.strike(ask.session, _report(ask).id or 0, now=ask.now)
    return Done(PAGE, f"《{report.title[:30]}》划掉了。点错了，一分钟内可以到“今天”撤销。", about=_named(report))


def _report(ask: Ask) -> MediaReport:
    """The report of the address. Raises `NotThere`, also where it is of another village than this user's."""
    report = ask.session.get(MediaReport, ask.number)
    if report is None:
        raise NotThere("这篇报道")
    ask.own(report.village_id, "这篇报道")
    return report


def _named(report: MediaReport) -> str:
    """As the log has it."""
    return f"第{report.id}篇报道《{report.title[:30]}》"


def _day(ask: Ask) -> date:
    try:
        return date.fromisoformat(ask.form.need("day", "日期"))
    except ValueError as error:
        raise BadEntry("日期", "请写成 2026-11-20。") from error


PAGES: tuple[Page | Deed, ...] = (
    Page(PAGE, show, "媒体报道：登记、划掉", village=True, nav="媒体报道", sheet=True),
    Deed(PAGE, add, "登记报道", PAGE),
    Page(_ONE, show_one, "一篇报道：看清楚了再划掉", village=True),
    Deed(f"{_ONE}/strike", strike, "划掉报道", _ONE, undo=True),
)
