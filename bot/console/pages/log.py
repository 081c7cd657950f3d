"""操作记录: who did what in the console."""

from sqlalchemy import func
from sqlmodel import col, or_, select

from bot.console.lists import Column, Found, Listing, Wanted, show_list
from bot.console.values import Answer, Ask, Deed, Page
from data.broadcasts import Outcome
from data.desk_tables import Audit, ConsoleRole
from data.snippets import Put
from data.tables import RoleKind

_WORDS = {
    "True": "是", "False": "否",
    Outcome.SUBMITTED: "交给另一位看", Outcome.APPROVED: "放行了，等到点", Outcome.QUEUED: "放行了，在排队",
    Outcome.CHANGED: "发给谁变了，没有办",
    Put.ADDED: "新的", Put.RENEWED: "换成新版", Put.SAME: "没有改动",
    RoleKind.COORDINATOR: "宣传干事", RoleKind.LECTURER: "宣讲员",
}  # fmt: skip


def _find(ask: Ask, wanted: Wanted) -> Found[Audit]:
    query = select(Audit)
    if wanted.words:
        like = f"%{wanted.words}%"
        query = query.where(or_(*(col(each).like(like) for each in (Audit.who, Audit.what, Audit.about))))
    total = ask.session.exec(select(func.count()).select_from(query.subquery())).one()
    rows = ask.session.exec(query.order_by(col(Audit.id).desc()).offset(wanted.offset).limit(wanted.limit)).all()
    return Found(rows, total)


def _said(value: object) -> str:
    """A detail as people say it."""
    if isinstance(value, list):
        return "、".join(map(_said, value))
    return _WORDS.get(str(value), str(value))


LOG: Listing[Audit] = Listing(
    "操作记录",
    (
        Column("时间", lambda row: row.at),
        Column("谁", lambda row: row.who, head=True),
        Column("做了什么", lambda row: row.what),
        Column("对象", lambda row: row.about),
        Column("细节", lambda row: "；".join(f"{key}：{_said(value)}" for key, value in row.detail.items())),
        Column("从哪里", lambda row: row.address),
    ),
    _find,
    searches="人、事、对象",
    empty="还没有记录。",
)


def show(ask: Ask) -> Answer:
    return show_list(ask, LOG)


PAGES: tuple[Page | Deed, ...] = (
    Page("/log", show, "操作记录：谁在什么时候做了什么", may=ConsoleRole.ADMIN, nav="记录", sheet=True),
)
