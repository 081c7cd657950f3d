"""个人信息: what is kept about somebody, given to them or forgotten at their word; what is removed when, and was."""

import json
from collections.abc import Mapping, Sequence

from bot.console.lists import Column, Filter, Found, Listing, Wanted, show_list
from bot.console.values import Answer, Ask, Deed, Done, Download, Html, Page
from bot.settings import RETENTION_DAYS
from data import erasure, outbox, persons
from data.desk import lectures as choices
from data.desk import persons as desk
from data.desk.persons import Person
from data.desk_errors import BadEntry, NotThere
from data.desk_tables import ConsoleRole
from data.labels import TRANSPORTS
from data.mail import OutboxKind
from data.record_tables import Removal
from data.retention import CLOCK, RETENTION
from data.tables import Member, Village

PAGE = "/persons/{number}"
MAX_REASON = 100
SHOWN = 20  # of each part on the page; the file has all
FAREWELL = "镇里按您的要求，把您的信息删好了，我不再记得您是谁。以后再找我说话，就当新认识。"
NAMES = {each.key: each.name for each in RETENTION}
NAMES |= {erasure.KIND: "本人要求删除", CLOCK: "钟可能走错了，先等一天再清"}
_COUNTED = (
    ("sign_ups", "报名"), ("orders", "点单"), ("seconded", "附议"), ("cases", "意见和提问"), ("ratings", "评课"),
    ("votes", "投票"), ("subscriptions", "订阅"), ("tags", "标签"), ("roles", "身份"), ("photos", "讲课照片"),
    ("messages", "对机器人说的话"),
)  # fmt: skip


def show_all(ask: Ask) -> Answer:
    """The members, to find one."""
    villages = choices.choices(ask.session, Village)
    listing: Listing[Person] = Listing(
        "个人信息", _columns(), _find, (Filter("village", "村", villages),) if villages else (),
        searches="昵称、编号、群名", empty="没有找到这个人。",
    )  # fmt: skip
    return show_list(ask, listing, template="persons.html")


def show(ask: Ask) -> Answer:
    """What is kept about one person."""
    person = _person(ask)
    kept = persons.kept(ask.session, person.id or 0)
    dossier = persons.dossier(ask.session, person.id or 0, ask.rules.zone)
    who = dossier.pop("本人")
    assert isinstance(who, dict)
    values = {
        "person": person,
        "who": _said(ask, who),
        "kept": [(name, getattr(kept, key)) for key, name in _COUNTED if getattr(kept, key)],
        "parts": [(name, len(rows), [_said(ask, row) for row in rows[-SHOWN:]]) for name, rows in _rows(dossier)],
        "shown": SHOWN,
        "longest": MAX_REASON,
    }
    return Html("persons_one.html", f"{person.id}号 {ask.private(person.name)}", values)


def give(ask: Ask) -> Answer:
    """All of it as a file, to be handed to the person."""
    person = _person(ask)
    words = json.dumps(persons.dossier(ask.session, person.id or 0, ask.rules.zone), ensure_ascii=False, indent=2)
    logged = ("导出个人信息", f"成员{person.id}")
    return Download(f"person-{person.id}.json", "application/json", f"{words}\n".encode(), logged=logged)


def ask_to_erase(ask: Ask) -> Done:
    """The first step: why. Shows what it means, and asks again; nothing is removed."""
    person, reason = _person(ask), _reason(ask)
    kept = persons.kept(ask.session, person.id or 0)
    shown = {
        "person": person,
        "reason": reason,
        "kept": [(name, getattr(kept, key)) for key, name in _COUNTED if getattr(kept, key)],
        "roles": kept.roles,
    }
    sure = Html("persons_sure.html", f"真要删{person.id}号吗？", shown)
    return Done(f"/persons/{person.id}", about=f"成员{person.id}", show=sure)


def erase(ask: Ask) -> Done:
    """The second step: forget them. Where they have a direct chat, they read there that it is done."""
    person, reason = _person(ask), _reason(ask)
    if ask.form.get("sure") != "yes":
        raise BadEntry("没有删", "要先打勾，确认是本人要求的。")
    number, name, direct = person.id or 0, person.name, erasure.direct_room(ask.session, person)
    try:
        done = erasure.erase(ask.session, number, now=ask.now, rules=ask.rules)
    except erasure.HasConsole as error:
        raise BadEntry("没有删", "这个人还有控制台的账号。请先到“人员”里停用它。") from error
    if direct is not None:
        outbox.queue(ask.session, room_id=direct, kind=OutboxKind.REPLY, text=FAREWELL, now=ask.now)
    detail = {
        "理由": reason.replace(name, "本人") if name else reason,
        "撤下报名": done.sign_ups,
        "撤下点单": done.orders,
        "结掉意见": done.cases,
        "改动": done.rows,
    }
    said = f"{number}号的信息删好了{'，也私下告诉了本人' if direct is not None else ''}。"
    return Done("/persons", said, about=f"成员{number}", detail=detail)


def show_kept(ask: Ask) -> Answer:
    """How long each kind is kept, and what was removed so far."""
    swept = desk.swept(ask.session)
    rows = [(each, ask.house.config[RETENTION_DAYS[each.key]], swept.get(each.key)) for each in RETENTION]
    return Html("persons_kept.html", "各样留多久", {"rows": rows})


def show_removals(ask: Ask) -> Answer:
    """The log of removals: how many, not what."""
    listing: Listing[Removal] = Listing(
        "清理记录",
        (
            Column("时间", lambda row: row.at, head=True),
            Column("哪一种", lambda row: NAMES.get(row.kind, row.kind)),
            Column("几行", lambda row: row.rows),
            Column("哪天以前的", lambda row: row.before),
            Column("谁的", lambda row: f"{row.member_id}号" if row.member_id is not None else ""),
        ),
        _find_removals,
        (Filter("kind", "哪一种", tuple(NAMES.items())),),
        empty="还没有清理过什么。",
    )
    return show_list(ask, listing, template="persons_removals.html")


def _columns() -> tuple[Column[Person], ...]:
    return (
        Column("昵称", lambda row: row.name or "（没有名字）", link=lambda row: f"/persons/{row.number}", head=True),
        Column("编号", lambda row: row.number),
        Column("村", lambda row: row.village),
        Column("从哪里来", lambda row: TRANSPORTS.get(row.transport, row.transport)),
        Column("初次见到", lambda row: row.since),
    )


def _find(ask: Ask, wanted: Wanted) -> Found[Person]:
    village = wanted.number("village")
    rows = desk.find(ask.session, wanted.words, village, offset=wanted.offset, limit=wanted.limit)
    return Found(rows, desk.count(ask.session, wanted.words, village))


def _find_removals(ask: Ask, wanted: Wanted) -> Found[Removal]:
    kind = wanted.chosen.get("kind", "")
    return Found(*desk.removals(ask.session, kind=kind, offset=wanted.offset, limit=wanted.limit))


def _person(ask: Ask) -> Member:
    """Who the address names. Raises `NotThere`."""
    person = ask.session.get(Member, ask.number)
    if person is None or person.erased_at is not None:
        raise NotThere("这个人")
    return person


def _reason(ask: Ask) -> str:
    return ask.form.need("reason", "为什么删", longest=MAX_REASON)


def _rows(dossier: Mapping[str, object]) -> list[tuple[str, Sequence[Mapping[str, object]]]]:
    return [(name, rows) for name, rows in dossier.items() if isinstance(rows, list) and rows]


def _said(ask: Ask, row: Mapping[str, object]) -> list[tuple[str, str]]:
    return [(name, ask.private(str(value))) for name, value in row.items()]


PAGES: tuple[Page | Deed, ...] = (
    Page("/persons", show_all, "个人信息：查、给本人、按要求删", may=ConsoleRole.ADMIN, nav="个人信息", sheet=True),
    Page("/persons/kept", show_kept, "各样个人信息留多久", may=ConsoleRole.ADMIN),
    Page("/persons/removals", show_removals, "清理记录：哪天清了多少", may=ConsoleRole.ADMIN, sheet=True),
    Page(PAGE, show, "一个人的信息：记着什么", may=ConsoleRole.ADMIN, private=True),
    Page(f"{PAGE}/file", give, "一个人的全部信息，给本人的文件", may=ConsoleRole.ADMIN, heavy=True),
    Deed(f"{PAGE}/erase-ask", ask_to_erase, "准备删除个人信息", PAGE, may=ConsoleRole.ADMIN),
    Deed(f"{PAGE}/erase", erase, "删除个人信息", PAGE, may=ConsoleRole.ADMIN),
)
