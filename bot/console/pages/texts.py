"""短文: policy texts, their versions and how far they went; what the groups will get; and how far all went lately."""

from datetime import date, timedelta

from bot.console.lists import Column, Filter, Found, Listing, Wanted, show_list
from bot.console.values import Answer, Ask, Deed, Done, Download, Html, Page
from data import loudspeaker, preview, reach, snippets
from data.desk import texts as desk
from data.desk.lectures import CHOICES, groups_of, topics
from data.desk.texts import TextRow, Which
from data.desk_errors import NotThere
from data.desk_tables import ConsoleRole
from data.errors import Declined
from data.labels import WORDS
from data.listeners import listeners
from data.snippetfile import KINDS
from data.tables import Picture, Snippet, SnippetOrigin, Topic

STATES = {
    "valid": "有效",
    "expiring": "一个月内到期",
    "expired": "到期了",
    "coming": "还没到日子",
    "withdrawn": "撤下了",
}
_MARKS = {"valid": "good", "expiring": "wait", "expired": "late"}
_ORIGINS = WORDS[SnippetOrigin]
_PARTS = {"whole": "短文", "question": "提问", "answer": "答案"}
_OUT = {"sent": "发到了", "pending": "在排队", "sending": "正在发", "unknown": "说不准", "cancelled": "停了"}
AHEAD = timedelta(days=30)  # that the plan looks
LATELY = timedelta(days=7)  # that the page of reach looks back
_LINES = 60
COUNTED = 4_000  # messages: more are counted by the command, a page would be slow


class InFile(Declined):
    """A text that the town's own file keeps."""

    def __init__(self, title: str) -> None:
        super().__init__(f"《{title}》写在镇的 snippets.yaml 里，要改要撤请到那个文件里改，再重启机器人。")


def show_all(ask: Ask) -> Answer:
    """The list, topic by topic."""
    filters = (
        Filter("state", "能不能发", tuple(STATES.items())),
        Filter("topic", "题目", topics(ask.session)),
        Filter("origin", "谁管", tuple((each.value, name) for each, name in _ORIGINS.items())),
    )
    listing: Listing[TextRow] = Listing(
        "短文", _columns(ask), _find, filters, searches="标题、内容、出处、编号", empty="没有短文。"
    )
    soon = desk.count(ask.session, Which(_today(ask), state="expiring"))
    return show_list(ask, listing, template="texts.html", soon=soon, may=ask.may(ConsoleRole.COORDINATOR))


def _columns(ask: Ask) -> tuple[Column[TextRow], ...]:
    today = _today(ask)
    return (
        Column("标题", lambda row: row.title, lambda row: f"/texts/{row.number}", head=True),
        Column("题目", lambda row: row.topic),
        Column("能不能发", lambda row: STATES[row.state(today)], mark=lambda row: _MARKS.get(row.state(today), "")),
        Column("到哪天", lambda row: row.expires_on),
        Column("出处", lambda row: row.source),
        Column("第几版", lambda row: row.version),
        Column("谁管", lambda row: _ORIGINS[row.origin]),
        Column("编号", lambda row: row.key, wide=True),
        Column("从哪天", lambda row: row.issued_on, wide=True),
        Column("正文", lambda row: row.text, wide=True),
    )


def _find(ask: Ask, wanted: Wanted) -> Found[TextRow]:
    origin = wanted.chosen.get("origin")
    which = Which(
        _today(ask),
        topic_id=wanted.number("topic"),
        state=wanted.chosen.get("state", ""),
        origin=SnippetOrigin(origin) if origin else None,
        words=wanted.words,
    )
    rows = desk.find(ask.session, which, offset=wanted.offset, limit=wanted.limit)
    return Found(rows, desk.count(ask.session, which))


def _today(ask: Ask) -> date:
    return ask.now.astimezone(ask.rules.zone).date()


def find(ask: Ask) -> Snippet:
    """The text of the address. Raises `NotThere`."""
    found = ask.session.get(Snippet, ask.number)
    if found is None:
        raise NotThere("这条短文")
    return found


def show(ask: Ask) -> Answer:
    """One text, as a group reads it; a village's clerk sees of its pushes those to the own groups only."""
    text = find(ask)
    all_of_it = desk.versions(ask.session, text)
    ids = [each.id or 0 for each in all_of_it]
    key = snippets.bare_key(text.key)
    current = next((each for each in all_of_it if not snippets.archived(each)), text)
    audience = [
        *text.audience.get("villages", ()),
        *(KINDS.get(each, each) for each in text.audience.get("kinds", ())),
        *(f"标签:{each}" for each in text.audience.get("tags", ())),
    ]
    row = desk.TextRow(
        text.id or 0, text.key, text.title, "", text.version, text.origin, text.source, text.issued_on,
        text.expires_on, text.withdrawn_at is not None, text.text,
    )  # fmt: skip
    state = row.state(_today(ask))
    values = {
        "text": text,
        "key": key,
        "state": STATES[state],
        "mark": _MARKS.get(state, ""),
        "origin": _ORIGINS[text.origin],
        "topic": ask.session.get_one(Topic, text.topic_id).name,
        "audience": "、".join(audience) or "全镇",
        "message": snippets.as_message(text),
        "spoken": loudspeaker.spoken(text),
        "versions": all_of_it,
        "current": current,
        "old": snippets.archived(text),
        "series": [each.name for each in desk.all_series(ask.session) if key in each.texts],
        "spread": desk.spread(ask.session, ids) if ask.scope is None else {},
        "nothing": desk.Spread(),
        "went": desk.went(ask.session, ids, village_id=ask.scope),
        "parts": _PARTS,
        "out": _OUT,
        "may": ask.may(ConsoleRole.COORDINATOR) and text.id == current.id,
        "own": text.origin is SnippetOrigin.IMPORT or text.withdrawn_at is not None,
    }
    return Html("text_page.html", f"《{text.title}》", values)


def picture(ask: Ask) -> Answer:
    """The picture that goes with a text."""
    text = find(ask)
    kept = ask.session.get(Picture, text.picture_id) if text.picture_id is not None else None
    if kept is None:
        raise NotThere("这张图")
    return Download(f"{kept.name.rsplit('.', 1)[0]}.png", "image/png", kept.png, inline=True)


def withdraw(ask: Ask) -> Done:
    """Never send it again."""
    text = find(ask)
    if text.origin is SnippetOrigin.FILE:
        raise InFile(text.title)
    held = snippets.withdraw(ask.session, text, now=ask.now)
    more = f"还没发出的{held}条也拦下了。" if held else ""
    return Done(
        f"/texts/{text.id}", f"《{text.title}》撤下了，不再发。{more}", about=f"短文{text.id}", detail={"拦下": held},
        reload=True,
    )  # fmt: skip


def plan(ask: Ask) -> Answer:
    """What one group will get in the next 30 days, as things stand. Of many groups one first says which village."""
    words = ask.query.get("name", "").strip()[:40]
    if ask.scope is not None:
        found, by_name = groups_of(ask.session, ask.scope), False
    else:
        found, by_name = desk.pushed(ask.session, words, most=CHOICES)
    groups = listeners(ask.session, found)
    wanted = ask.query.get("room", "")
    group = next((each for each in groups if str(each.room_id) == wanted), groups[0] if groups else None)
    times = ask.knowledge.push_times(ask.now, ask.now + AHEAD) if group is not None else []
    planned = (
        preview.plan(ask.session, times, rules=ask.rules, now=ask.now, groups=[group]) if group is not None else []
    )
    values = {
        "groups": groups, "group": group, "planned": planned, "days": AHEAD.days, "times": len(times),
        "by_name": by_name, "words": words,
    }  # fmt: skip
    return Html("plan.html", "30天里发什么", values)


def effect(ask: Ask) -> Answer:
    """How far texts and notices went in the last seven days: what is certain, and what is not."""
    start = ask.now - LATELY
    much = desk.queued_since(ask.session, start, most=COUNTED) > COUNTED
    found = [] if much else reach.since(ask.session, start, now=ask.now)
    return Html("texts_reach.html", "七天里发到了哪里", {"found": found[:_LINES], "days": LATELY.days, "much": much})


PAGES: tuple[Page | Deed, ...] = (
    Page("/texts", show_all, "政策短文：有效的、快到期的、撤下的", village=True, nav="短文", sheet=True),
    Page("/texts/plan", plan, "30天里每个群会收到什么短文", village=True),
    Page("/texts/reach", effect, "七天里短文和通知发到了哪里、多少人回"),
)
TEXT_PAGES: tuple[Page | Deed, ...] = (
    Page("/texts/{number}", show, "一条短文：样子、版本、发到哪里、广播稿", village=True),
    Page("/texts/{number}/picture", picture, "短文的图片", village=True),
    Deed("/texts/{number}/withdraw", withdraw, "撤下短文", "/texts/{number}"),
)
