"""通知: the list of notices, what waits for approval first among the filters."""

from bot.console.lists import Column, Filter, Found, Listing, Wanted, show_list
from bot.console.pages.orders import day_of
from bot.console.values import Answer, Ask, Deed, Page
from data.broadcast_texts import STATE_NAMES
from data.desk import broadcasts as desk
from data.desk.broadcasts import NoticeRow, Which
from data.desk_tables import ConsoleRole
from data.phrases import day_and_time
from data.tables import BroadcastState
from data.voices import shorten

_STATES = tuple((state.value, name) for state, name in STATE_NAMES.items())
_MARKS = {
    BroadcastState.SUBMITTED: "wait",
    BroadcastState.RETURNED: "late",
    BroadcastState.RECALLED: "late",
    BroadcastState.QUEUED: "good",
}


def show_all(ask: Ask) -> Answer:
    """The list, the newest first."""
    filters = (
        Filter("state", "到哪一步", _STATES),
        Filter("author", "谁写的", desk.authors(ask.session)),
    )
    listing: Listing[NoticeRow] = Listing(
        "通知", _columns(ask), _find, filters, searches="内容、发给谁、B7", empty="没有通知。", days=True
    )
    waits = desk.count(ask.session, Which(state=BroadcastState.SUBMITTED))
    return show_list(ask, listing, template="broadcasts.html", waits=waits, may=ask.may(ConsoleRole.COORDINATOR))


def _columns(ask: Ask) -> tuple[Column[NoticeRow], ...]:
    return (
        Column(
            "内容",
            lambda row: f"B{row.number} {shorten(row.text, 60)}",
            link=lambda row: f"/broadcasts/{row.number}",
            head=True,
        ),
        Column("到哪一步", lambda row: STATE_NAMES[row.state], mark=lambda row: _MARKS.get(row.state, "")),
        Column("发到", _far),
        Column("发给谁", lambda row: row.audience),
        Column("谁写的", lambda row: row.author),
        Column("几点发", lambda row: _hour(ask, row)),
        Column("哪天写的", lambda row: row.at),
        Column("全文", lambda row: row.text, wide=True),
    )


def _far(row: NoticeRow) -> str:
    doubt = f"，待确认{row.doubtful}" if row.doubtful else ""
    return f"{row.sent}/{row.all}{doubt}" if row.all else ""


def _hour(ask: Ask, row: NoticeRow) -> str:
    urgent = "加急" if row.urgent else ""
    when = day_and_time(row.leaves_at, ask.rules.zone, now=ask.now) if row.leaves_at is not None else ""
    return "，".join(filter(None, (urgent, when)))


def _find(ask: Ask, wanted: Wanted) -> Found[NoticeRow]:
    state = wanted.chosen.get("state")
    which = Which(
        state=BroadcastState(state) if state else None,
        author_id=wanted.number("author"),
        since=day_of(ask, wanted.chosen.get("from", "")),
        until=day_of(ask, wanted.chosen.get("to", ""), after=1),
        words=wanted.words,
    )
    rows = desk.find(ask.session, which, offset=wanted.offset, limit=wanted.limit)
    return Found(rows, desk.count(ask.session, which))


PAGES: tuple[Page | Deed, ...] = (
    Page("/broadcasts", show_all, "通知：写的、等放行的、发到哪里了", nav="通知", sheet=True),
)
