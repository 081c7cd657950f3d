"""导入: villages, topics, lecturers, groups and past lectures out of one Excel file: looked at, then taken whole."""

from dataclasses import dataclass, replace
from functools import lru_cache

from bot.console.lists import XLSX
from bot.console.store import Store
from bot.console.values import Answer, Ask, Deed, Done, Download, Html, Page, Upload
from bot.settings import ZONE
from bot.town import read_files
from data import rooms
from data.bring.book import FILE_MOST, read
from data.bring.errors import BadBook, TooLong
from data.bring.model import STANDINGS, Entry, Standing
from data.bring.plan import ROWS_AT_ONCE, Plan, apply, check, rows_of
from data.bring.sheets import SHEETS
from data.bring.template import template
from data.desk import lectures as choices
from data.desk_errors import BadEntry, NotThere
from data.desk_tables import ConsoleRole
from data.errors import TownFileError
from data.names import masked
from data.townfile import TownFiles

PAGE = "/bring/{token}"
SHOWN = 100  # rows of each kind on the page
_AROUND = 2**20  # bytes of a form around its file


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that somebody sent, and what they were shown of it: only that is taken."""

    file: Upload
    plan: Plan | None = None


SENT: Store[Sent] = Store("这个文件", lambda sent: len(sent.file.body))


def show(_ask: Ask) -> Answer:
    """What can be brought, the empty workbook, and where to send the one that is filled in."""
    sheets = [(each.name, each.help) for each in SHEETS]
    return Html("bring.html", "导入", {"sheets": sheets, "most": FILE_MOST // 2**20})


def give_template(ask: Ask) -> Answer:
    """The empty workbook, with this town's topics and villages to choose from."""
    topics = tuple(name for _, name in choices.topics(ask.session))
    villages = tuple(each.name for each in rooms.villages(ask.session))
    return Download("导入资料.xlsx", XLSX, _template(topics, villages))


@lru_cache(maxsize=2)
def _template(topics: tuple[str, ...], villages: tuple[str, ...]) -> bytes:
    """It takes half a second, and is nearly always the same."""
    return template(topics=topics, villages=villages)


def send(ask: Ask) -> Done:
    """Keep the file for a while; it is weighed on its page, beside the turns of the bot."""
    files = ask.form.files.get("file", ())
    if not files:
        raise BadEntry("文件", "请选填好的 Excel 文件（.xlsx）。")
    file = files[0]
    if len(file.body) > FILE_MOST:
        raise BadBook(f"文件有{len(file.body) / 2**20:.0f}MB，最多{FILE_MOST // 2**20}MB，可以分成几个文件")
    token = SENT.put(Sent(file), user_id=ask.user.user_id, now=ask.now)
    return Done(f"/bring/{token}", about=masked(file.name), detail={"字节": len(file.body)})


def look(ask: Ask) -> Answer:
    """What would become of the file; nothing is written. What is shown here is what can be taken."""
    sent = _sent(ask)
    try:
        book = read(sent.file.body, SHEETS)
        if rows_of(book) > ROWS_AT_ONCE:
            raise TooLong
        plan = check(ask.session, book, files=_files(ask), zone=ask.house.config[ZONE], now=ask.now)
        if plan.long and not plan.faults:
            raise TooLong
    except BadBook as bad:
        return Html("bring_bad.html", "这个文件收不了", {"why": str(bad), "name": sent.file.name})
    SENT.change(ask.path["token"], replace(sent, plan=plan), user_id=ask.user.user_id, now=ask.now)
    new, changed = plan.of(Standing.NEW), plan.of(Standing.CHANGED)
    values = {
        "name": sent.file.name,
        "token": ask.path["token"],
        "counts": [(each.name, *_counts(plan, each.name)) for each in SHEETS if _counts(plan, each.name) != (0, 0, 0)],
        "standings": [STANDINGS[each] for each in Standing],
        "faults": plan.faults[:SHOWN],
        "hints": plan.hints[:SHOWN],
        "new": new[:SHOWN],
        "changed": changed[:SHOWN],
        "all_faults": len(plan.faults),
        "all_hints": len(plan.hints),
        "all_new": len(new),
        "all_changed": len(changed),
        "shown": SHOWN,
    }
    return Html("bring_look.html", "导入前看一眼", values)


def take(ask: Ask) -> Done:
    """就这样导入: all of what was shown, or nothing."""
    sent = _sent(ask)
    if sent.plan is None:
        raise NotThere("这个文件")
    done = apply(ask.session, sent.plan, by=ask.user.member_id, now=ask.now)
    new, changed = len(done.of(Standing.NEW)), len(done.of(Standing.CHANGED))
    said = f"导入好了：新增{new}行，改动{changed}行。没有通知任何人。"
    return Done("/bring", said, about=masked(sent.file.name), detail=done.counts(), reload=True)


def drop(ask: Ask) -> Done:
    """Not this file."""
    name = _sent(ask).file.name
    SENT.drop(ask.path["token"], user_id=ask.user.user_id)
    return Done("/bring", "好，没有导入，文件也丢掉了。", about=masked(name))


def _sent(ask: Ask) -> Sent:
    return SENT.get(ask.path["token"], user_id=ask.user.user_id, now=ask.now)


def _files(ask: Ask) -> TownFiles:
    """The town's own files, whose words stand above what is brought. Raises `BadBook`."""
    try:
        return read_files(ask.house.config)[0]
    except TownFileError as error:
        raise BadBook(f"镇的资料夹有错，请先请管理员改好（{error.problems[0]}）") from error


def _counts(plan: Plan, sheet: str) -> tuple[int, ...]:
    entries: list[Entry] = [each for each in plan.entries if each.sheet == sheet]
    return tuple(sum(each.standing is standing for each in entries) for standing in Standing)


PAGES: tuple[Page | Deed, ...] = (
    Page("/bring", show, "导入：从 Excel 导入村、题目、老师、群和以前的课", may=ConsoleRole.COORDINATOR, nav="导入"),
    Page("/bring/template", give_template, "导入用的空表", may=ConsoleRole.COORDINATOR, heavy=True),
    Page(PAGE, look, "导入前看一眼：新增、改动和要改的地方", may=ConsoleRole.COORDINATOR, private=True),
    Deed("/bring/send", send, "检查要导入的文件", "/bring", largest=FILE_MOST + _AROUND),
    Deed(f"{PAGE}/take", take, "导入资料", PAGE),
    Deed(f"{PAGE}/drop", drop, "不导入了", PAGE),
)
