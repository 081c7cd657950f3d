"""操作记录: who did what in the console."""

from sqlalchemy import func
from sqlmodel import col, or_, select

from bot.console.lists import Column, Found, Listing, Wanted, show_list
from bot.console.values import Answer, Ask, Deed, Page
from data.desk_tables import Audit, ConsoleRole


def _find(ask: Ask, wanted: Wanted) -> Found[Audit]:
    query = select(Audit)
    if wanted.words:
        like = f"%{wanted.words}%"
        query = query.where(or_(*(col(each).like(like) for each in (Audit.who, Audit.what, Audit.about))))
    total = ask.session.exec(select(func.count()).select_from(query.subquery())).one()
    rows = ask.session.exec(query.order_by(col(Audit.id).desc()).offset(wanted.offset).limit(wanted.limit)).all()
    return Found(rows, total)


LOG: Listing[Audit] = Listing(
    "操作记录",
    (
        Column("时间", lambda row: row.at),
        Column("谁", lambda row: row.who, head=True),
        Column("做了什么", lambda row: row.what),
        Column("对象", lambda row: row.about),
        Column("细节", lambda row: "；".join(f"{key}：{value}" for key, value in row.detail.items())),
        Column("从哪里", lambda row: row.address),
    ),
    _find,
    searches="人、事、对象",
    empty="还没有记录。",
)


def show(ask: Ask) -> Answer:
    return show_list(ask, LOG)


PAGES: tuple[Page | Deed, ...] = (
    Page("/log", show, "操作记录：谁在什么时候做了什么", may=ConsoleRole.ADMIN, nav="记录"),
)
