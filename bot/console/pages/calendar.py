"""日历: the lectures of a month or a week, and the addresses by which a phone's own calendar shows them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlsplit

from bot.console import ics
from bot.console.lists import Column, Found, Listing, Wanted, show_list
from bot.console.pages.lectures import some
from bot.console.values import Answer, Ask, Deed, Done, Download, Go, Html, Knock, Open, Page, address, public_address
from data.announcements import KINDS
from data.desk import calendar as desk
from data.desk import feeds
from data.desk.feeds import Address
from data.desk_errors import NotThere
from data.desk_tables import ConsoleRole
from data.loop import LectureState
from data.names import row_id
from data.tables import Lecturer, Village

FIRST, LAST = 2000, 2098  # years that are shown
_ONLY_HERE = ("127.0.0.1", "localhost", "::1")
UNKNOWN = "没有记"  # who made the oldest feeds
EACH_OF_MONTH, EACH_OF_WEEK = 4, 30  # lectures of one day


@dataclass(frozen=True, slots=True)
class Only:
    """Whose lectures are shown."""

    village_id: int | None
    lecturer_id: int | None
    name: str


def this_month(ask: Ask) -> Answer:
    """The month that it is."""
    return Go(address(f"/lectures/month/{_today(ask):%Y-%m}", **_kept(ask)))


def this_week(ask: Ask) -> Answer:
    """The week that it is."""
    return Go(address(f"/lectures/week/{week_name(_today(ask))}", **_kept(ask)))


def month(ask: Ask) -> Answer:
    """Whole weeks, from the Monday before the first to the Sunday behind the last."""
    first = _first_of_month(ask.path["month"])
    begin = first - timedelta(days=first.weekday())
    before, after = first - timedelta(days=1), (first + timedelta(days=31)).replace(day=1)
    last = after - timedelta(days=1)
    many = (last - begin).days + 7 - last.weekday()
    return _shown(
        ask,
        begin,
        many,
        each=EACH_OF_MONTH,
        title=f"{first.year}年{first.month}月",
        turns=(f"/lectures/month/{before:%Y-%m}", f"/lectures/month/{after:%Y-%m}"),
        within=lambda day: day.month == first.month,
        other=("按周看", "/lectures/week"),
        now=f"/lectures/month/{_today(ask):%Y-%m}",
    )


def week(ask: Ask) -> Answer:
    """Seven days."""
    monday = _monday(ask.path["week"])
    sunday, span = monday + timedelta(days=6), timedelta(days=7)
    return _shown(
        ask,
        monday,
        7,
        each=EACH_OF_WEEK,
        title=f"{monday.month}月{monday.day}日—{sunday.month}月{sunday.day}日",
        turns=(f"/lectures/week/{week_name(monday - span)}", f"/lectures/week/{week_name(monday + span)}"),
        within=lambda day: day >= monday,
        other=("按月看", f"/lectures/month/{monday:%Y-%m}"),
        now=f"/lectures/week/{week_name(_today(ask))}",
    )


def _shown(
    ask: Ask,
    begin: date,
    many: int,
    *,
    each: int,
    title: str,
    turns: tuple[str, str],
    within: Callable[[date], bool],
    other: tuple[str, str],
    now: str,
) -> Answer:
    only = _only(ask)
    kept, base = _kept(ask), public_address(ask.house.config)
    days = desk.days(
        ask.session, begin, many, each=each, village_id=only.village_id, lecturer_id=only.lecturer_id, rules=ask.rules
    )
    values = {
        "weeks": [days[start : start + 7] for start in range(0, many, 7)],
        "total": sum(day.total for day in days if within(day.day)),
        "within": within,
        "today": _today(ask),
        "before": address(turns[0], **kept),
        "after": address(turns[1], **kept),
        "now": address(now, **kept),
        "other": (other[0], address(other[1], **kept)),
        "clock": lambda moment: f"{moment.astimezone(ask.rules.zone):%H:%M}",
        "kind_name": lambda kind: KINDS[kind].name,
        "cancelled": LectureState.CANCELLED,
        "rest": lambda day: address("/lectures", **{**kept, "from": day, "to": day}),
        "villages": () if ask.scope is not None else some(ask, Village, "village"),
        "lecturers": some(ask, Lecturer, "lecturer"),
        "only": only,
        "kept": kept,
        "feeds": feeds.standing(ask.session, village_id=only.village_id, lecturer_id=only.lecturer_id),
        "base": base,
        "unknown": UNKNOWN,
        "lists": ask.may(ConsoleRole.COORDINATOR),
        "only_here": urlsplit(base).hostname in _ONLY_HERE,
        "makes": ask.may(ConsoleRole.COORDINATOR) or (ask.scope is not None and only.lecturer_id is None),
    }
    return Html("calendar.html", title, values)


def make_feed(ask: Ask) -> Done:
    """A new address, of the village or the lecturer that is shown, else of the town."""
    chosen = {key: row_id(ask.form.get(key)) for key in ("village", "lecturer")}
    village_id, lecturer_id = chosen["village"], chosen["lecturer"]
    if ask.scope is not None:
        village_id, lecturer_id = ask.scope, None
    if lecturer_id is not None:
        village_id = None
    feed = feeds.make(
        ask.session, village_id=village_id, lecturer_id=lecturer_id, now=ask.now, made_by=ask.user.user_id
    )
    whose = feeds.name_of(ask.session, feed)
    return Done(
        _back(village_id, lecturer_id), f"建好了{whose}的订阅地址，在本页下面。", about=f"订阅{feed.id} {whose}"
    )


def end_feed(ask: Ask) -> Done:
    """Whoever has the address gets nothing any more."""
    feed = feeds.find(ask.session, ask.number)
    ask.own(feed.village_id, "这个订阅")
    feeds.end(feed, now=ask.now)
    whose = feeds.name_of(ask.session, feed)
    said = f"{whose}的这个订阅停了。已经订了的手机不会再更新。"
    return Done(_back(feed.village_id, feed.lecturer_id), said, about=f"订阅{feed.id} {whose}")


def show_feeds(ask: Ask) -> Answer:
    """All addresses that stand: whose, who made them and when."""
    return show_list(ask, _FEEDS)


def show_feed(ask: Ask) -> Answer:
    """One address, to be ended."""
    feed = feeds.address(ask.session, ask.number)
    return Html(
        "feed.html",
        f"{feed.whose}的日历订阅",
        {"feed": feed, "unknown": UNKNOWN, "base": public_address(ask.house.config)},
    )


def _feeds_found(ask: Ask, wanted: Wanted) -> Found[Address]:
    return Found(*feeds.find_all(ask.session, words=wanted.words, offset=wanted.offset, limit=wanted.limit))


def ics_file(knock: Knock) -> Download:
    """What a calendar gets that was given the address."""
    feed = feeds.of_token(knock.session, knock.path["token"])
    known = knock.house.knowledge()
    name = feeds.name_of(knock.session, feed)
    events = feeds.events(knock.session, feed, now=knock.now)
    body = ics.calendar(name, events, town=known.town, zone=known.rules.zone)
    return Download("menlou.ics", ics.CONTENT_TYPE, body, inline=True)


def week_name(day: date) -> str:
    """2026-W47."""
    year, number, _ = day.isocalendar()
    return f"{year}-W{number:02}"


def _only(ask: Ask) -> Only:
    """Who is chosen; a village's clerk has chosen their own."""
    lecturer_id = row_id(ask.query.get("lecturer", ""))
    lecturer = ask.session.get(Lecturer, lecturer_id) if lecturer_id is not None else None
    village_id = ask.scope if ask.scope is not None else row_id(ask.query.get("village", ""))
    village = ask.session.get(Village, village_id) if village_id is not None else None
    names = [village.name if village else "", f"{lecturer.name}老师" if lecturer else ""]
    return Only(village.id if village else None, lecturer.id if lecturer else None, "、".join(filter(None, names)))


def _kept(ask: Ask) -> dict[str, str]:
    return {key: ask.query[key] for key in ("village", "lecturer") if row_id(ask.query.get(key, "")) is not None}


def _today(ask: Ask) -> date:
    return ask.now.astimezone(ask.rules.zone).date()


def _first_of_month(words: str) -> date:
    """Raises `NotThere`."""
    try:
        return _in_reach(date.fromisoformat(f"{words}-01"))
    except ValueError as error:
        raise NotThere("这个月") from error


def _monday(words: str) -> date:
    """Raises `NotThere`."""
    year, _, number = words.partition("-W")
    if not (year.isascii() and year.isdecimal() and len(number) == 2 and number.isascii() and number.isdecimal()):
        raise NotThere("这一周")
    try:
        return _in_reach(date.fromisocalendar(int(year[:5]), int(number), 1))
    except ValueError as error:
        raise NotThere("这一周") from error


def _in_reach(day: date) -> date:
    if not FIRST <= day.year <= LAST:
        raise ValueError(day)
    return day


def _back(village_id: int | None, lecturer_id: int | None) -> str:
    return address("/lectures/month", village=village_id, lecturer=lecturer_id)


_FEEDS: Listing[Address] = Listing(
    "日历订阅",
    (
        Column("谁的课", lambda row: row.whose, lambda row: f"/lectures/feeds/{row.id}", head=True),
        Column("谁建的", lambda row: row.maker or UNKNOWN),
        Column("哪天建的", lambda row: row.created_at),
    ),
    _feeds_found,
    searches="谁建的、村、老师",
    empty="没有这样的订阅。",
    none="还没有订阅地址。",
)
_MONTH = "/lectures/month"
PAGES: tuple[Page | Deed | Open, ...] = (
    Page(_MONTH, this_month, "日历：这个月", village=True),
    Page("/lectures/week", this_week, "日历：这个星期", village=True),
    Page(f"{_MONTH}/{{month}}", month, "日历：一个月的课，订到手机日历", village=True),
    Page("/lectures/week/{week}", week, "日历：一个星期的课", village=True),
    Page("/lectures/feeds", show_feeds, "日历订阅：谁建的、哪天建的", may=ConsoleRole.COORDINATOR, sheet=True),
    Page("/lectures/feeds/{number}", show_feed, "一个日历订阅，停掉", may=ConsoleRole.COORDINATOR),
    Deed("/lectures/feeds", make_feed, "建日历订阅", _MONTH, village=True),
    Deed("/lectures/feeds/{number}/end", end_feed, "停日历订阅", _MONTH, village=True),
    Open("/ics/{token}.ics", ics_file, "手机日历订阅的课表，不用登录"),
)
