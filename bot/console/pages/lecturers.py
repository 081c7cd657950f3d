"""老师: the lecturers, by name. Nobody is ranked."""

from bot.console.lists import Column, Filter, Found, Listing, Wanted, show_list
from bot.console.pages.lecturer import LECTURER_PAGES
from bot.console.values import Answer, Ask, Deed, Done, Page
from data.desk import lecturers as desk
from data.desk import lectures as choices
from data.desk.lecturers import TIMES, Line, Sought
from data.names import clean_name
from data.tables import Village


def _find(ask: Ask, wanted: Wanted) -> Found[Line]:
    sought = Sought(
        words=wanted.words,
        kind=wanted.chosen.get("kind", ""),
        topic_id=wanted.number("topic"),
        village_id=wanted.number("village"),
        dialect=wanted.chosen.get("dialect", ""),
        free=wanted.chosen.get("free", ""),
    )
    found = desk.find(ask.session, sought, now=ask.now, rules=ask.rules, offset=wanted.offset, limit=wanted.limit)
    return Found(*found)


_COLUMNS: tuple[Column[Line], ...] = (
    Column("姓名", lambda row: row.lecturer.name, lambda row: f"/lecturers/{row.lecturer.id}", head=True),
    Column("做什么", lambda row: row.lecturer.trade or row.lecturer.title),
    Column("类别", lambda row: row.lecturer.kind, wide=True),
    Column("题目", lambda row: "、".join(row.topics)),
    Column("会说", lambda row: "、".join(row.lecturer.dialects)),
    Column("有空", lambda row: "、".join(row.lecturer.free)),
    Column("住哪", lambda row: row.village),
    Column("本月的课", lambda row: row.held),
    Column("还要讲的", lambda row: row.coming),
    Column(
        "机器人",
        lambda row: "能私信" if row.reachable else "没绑定",
        mark=lambda row: "good" if row.reachable else "wait",
    ),
)


def show(ask: Ask) -> Answer:
    """The lecturers."""
    filters = (
        Filter("topic", "题目", choices.topics(ask.session)),
        Filter("free", "什么时候有空", tuple((key, name) for key, (name, _, _) in TIMES.items())),
        Filter("dialect", "会说", tuple((each, each) for each in desk.dialects(ask.session))),
        Filter("kind", "类别", tuple((each, each) for each in desk.kinds(ask.session))),
        Filter("village", "住哪", choices.choices(ask.session, Village)),
    )
    shown = tuple(each for each in filters if each.options)
    listing = Listing("老师", _COLUMNS, _find, shown, "姓名、做什么", "没有这样的老师。")
    return show_list(ask, listing, template="lecturers.html")


def add(ask: Ask) -> Done:
    """Somebody new; what they speak on is filled in on their page."""
    made = desk.add(ask.session, clean_name(ask.form.need("name", "姓名", longest=20)))
    said = f"{made.name}登记好了。再填上讲什么、什么时候有空。"
    return Done(f"/lecturers/{made.id}", said, about=f"老师{made.id}", reload=True)


PAGES: tuple[Page | Deed, ...] = (
    Page("/lecturers", show, "老师：找人、看谁有空、绑定、培训、导师", nav="老师", sheet=True),
    Deed("/lecturers/add", add, "登记老师", "/lecturers"),
    *LECTURER_PAGES,
)
