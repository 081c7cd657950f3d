"""归档: lectures that are over, with all that is kept of each, on a page and in a zip; a whole year packed aside."""

from datetime import datetime

from bot.config import Config
from bot.console import upkeep
from bot.console.background import Job
from bot.console.lists import Column, Filter, Found, Listing, Wanted, show_list
from bot.console.values import Answer, Ask, Deed, Done, Download, Html, Page
from bot.exports import (
    ARCHIVE,
    KEEP,
    STAMP,
    export_folder,
    keep_newest,
    made_at,
    made_exports,
    sweep_exports,
)
from bot.places import only_ours
from bot.settings import REPORT_TEMPLATES
from data import archive, lectures
from data.announcements import KINDS
from data.archive import KEPT, Kept
from data.desk import figures as desk_figures
from data.desk import lectures as desk
from data.desk.lectures import Looked, Row
from data.desk_errors import BadEntry, NotThere
from data.desk_tables import ConsoleRole
from data.errors import Declined, NoSuchLecture
from data.leftovers import held
from data.loop import LectureState
from data.reports import lecture as paper
from data.reports import zipped
from data.reports.word import DOCX, TemplateFault
from data.tables import Village
from handlers.desk.numbers import STEPS

PAGE, ONE, YEARS = "/archive", "/archive/{number}", "/archive/years"
MAY = ConsoleRole.ADMIN  # who may have a whole year, as all that is exported
_STATES = ((LectureState.ARCHIVED.value, "归档了"), (LectureState.DELIVERED.value, "讲完了，还没归档"))


class BadTemplate(Declined):
    """The town's own template cannot be used; its place and the mend are told."""


def show_all(ask: Ask) -> Answer:
    """The list: by words, year, village and topic."""
    filters = (
        Filter("year", "哪一年", _years(ask)),
        *_places(ask),
        Filter("topic", "主题", desk.topics(ask.session)),
        Filter("state", "哪些", _STATES),
    )
    listing: Listing[Row] = Listing(
        "归档",
        (
            Column("题目", _titled, link=lambda row: f"/archive/{row.number}", head=True),
            Column("时间", lambda row: row.starts_at),
            Column("形式", lambda row: KINDS[row.kind].name),
            Column("主题", lambda row: row.topic),
            Column("村", lambda row: row.village),
            Column("地点", lambda row: row.venue, wide=True),
            Column("宣讲员", lambda row: row.lecturer),
            Column("报名", lambda row: row.signed),
            Column("到场", lambda row: row.attended),
            Column("发资料", lambda row: row.handouts),
        ),
        _find,
        filters,
        searches="题目、地点、老师、村、课号",
        empty="没有找到归档的课。",
    )  # fmt: skip
    whole = ask.may(ConsoleRole.COORDINATOR)
    return show_list(ask, listing, template="archive_list.html", may=ask.may(MAY), whole=whole)


def _years(ask: Ask) -> tuple[tuple[str, str], ...]:
    """(value, name) of each that may have lectures, the newest first."""
    span = desk_figures.years(ask.session, ask.rules.zone)
    return tuple((str(year), f"{year}年") for year in range(span[1], span[0] - 1, -1)) if span else ()


def show_years(ask: Ask) -> Answer:
    """The years that were packed, what is under way, and the form."""
    made = made_exports(export_folder(ask.house.config), ARCHIVE)
    values = {
        "years": _years(ask),
        "made": [(path.name, path.name[len(ARCHIVE) :][:4], made_at(path), upkeep.size(path)) for path in made],
        "last": next(iter(upkeep.jobs(ask)), None),
        "keep": KEEP,
    }
    return Html("archive_years.html", "一整年的档案", values)


def pack(ask: Ask) -> Done:
    """Begin a whole year. Raises `upkeep.Busy` or `BadEntry`."""
    year, config = ask.form.number("year", "哪一年", low=2000, high=2099), ask.house.config
    if year is None:
        raise BadEntry("哪一年", "请选一年。")
    title = f"打包{year}年的档案"
    upkeep.begin(ask, title, lambda job: _pack(job, config, ask.now, year))
    return Done(YEARS, f"开始{title}，在旁边做，要几分钟，不耽误别的。做好了就在下面下载。", about=f"{year}年")


def _pack(job: Job, config: Config, now: datetime, year: int) -> str:
    """Into one file that only we may read; the oldest beyond `KEEP` go."""
    home = only_ours(export_folder(config))
    folder = home.resolve() / f"{ARCHIVE}{year}-{now:{STAMP}}"
    try:
        folder.mkdir(mode=0o700)
        with held(folder):
            said = upkeep.run(job, config, "archive", "--noted", "--year", str(year), "--out", str(folder))
            (made,) = folder.glob("*.zip")
            made.chmod(0o600)
            packed = made.rename(home / f"{folder.name}.zip")
    finally:
        sweep_exports(home)
    keep_newest(packed, ARCHIVE)
    return f"做好了，下面可以下载。{said.replace(str(made), packed.name)}"  # it has moved since


def give_year(ask: Ask) -> Answer:
    """A year that was packed."""
    return upkeep.given(ask, made_exports(export_folder(ask.house.config), ARCHIVE), "下载一年的档案")


def remove_year(ask: Ask) -> Done:
    """What was fetched need not lie about: it can be packed again."""
    path = upkeep.named(ask, made_exports(export_folder(ask.house.config), ARCHIVE))
    path.unlink(missing_ok=True)
    return Done(YEARS, "删掉了。", about=path.name)


def _places(ask: Ask) -> list[Filter]:
    """By town, and by village of the town that was chosen; of a few, by village at once."""
    if ask.scope is not None:
        return []
    towns = desk.towns(ask.session)
    town = next((number for number, _ in towns if number == ask.query.get("town")), None)
    villages = desk.choices(ask.session, Village) if town is None else desk.villages_of(ask.session, int(town))
    found = (Filter("town", "镇", towns), Filter("village", "村", villages))
    return [each for each in found if each.options]


def _titled(row: Row) -> str:
    return f"课{row.number}《{row.title}》"


def _find(ask: Ask, wanted: Wanted) -> Found[Row]:
    year, zone = wanted.number("year"), ask.rules.zone
    looked = Looked(
        words=wanted.words,
        state=wanted.chosen.get("state", LectureState.ARCHIVED.value),
        village_id=ask.scope if ask.scope is not None else wanted.number("village"),
        topic_id=wanted.number("topic"),
        town_id=wanted.number("town"),
        since=datetime(year, 1, 1, tzinfo=zone) if year else None,
        until=datetime(year + 1, 1, 1, tzinfo=zone) if year else None,
    )
    rows, total = desk.find(ask.session, looked, now=ask.now, offset=wanted.offset, limit=wanted.limit)
    return Found(rows, total)


def _kept(ask: Ask) -> Kept:
    """What is kept of the lecture of the address. Raises `NotThere`."""
    try:
        lecture = lectures.find(ask.session, ask.number)
    except NoSuchLecture as none:
        raise NotThere("这节课") from none
    ask.own(lecture.village_id, "这节课")
    if lecture.state not in KEPT:
        raise NotThere("这节课的归档")
    return archive.of_lecture(ask.session, lecture, STEPS)


def show(ask: Ask) -> Answer:
    """One lecture's page."""
    kept = _kept(ask)
    values = {
        "kept": kept,
        "facts": paper.rows(kept, ask.rules.zone),
        "numbers": paper.numbers(kept),
        "told": lambda number: "—" if number is None else number,
        "archived": kept.lecture.state is LectureState.ARCHIVED,
        "size": lambda piece: f"{max(1, round(piece.size / 1024)):,}KB",
    }
    return Html("archive.html", f"课{kept.number}《{kept.facts.title}》归档", values)


def document(ask: Ask) -> Answer:
    """As a Word file. Raises `BadTemplate`."""
    kept = _kept(ask)
    name = f"课{kept.number}归档.docx"
    return Download(name, DOCX, _dossier(ask, kept), logged=("下载归档", f"课{kept.number} Word"))


def folder(ask: Ask) -> Answer:
    """All of it in a zip. Raises `BadTemplate`."""
    kept = _kept(ask)
    body = zipped.one(kept, _dossier(ask, kept), photos=ask.knowledge.photos, zone=ask.rules.zone)
    return Download(f"课{kept.number}归档.zip", "application/zip", body, logged=("下载归档", f"课{kept.number} 全部"))


def _dossier(ask: Ask, kept: Kept) -> bytes:
    """Raises `BadTemplate`."""
    config = ask.house.config
    templates = config.file(REPORT_TEMPLATES) if config[REPORT_TEMPLATES] else None
    photos = ask.knowledge.photos
    try:
        return paper.dossier(kept, templates=templates, photos=photos, zone=ask.rules.zone, now=ask.now)
    except TemplateFault as fault:
        raise BadTemplate(str(fault)) from fault


PAGES: tuple[Page | Deed, ...] = (
    Page(PAGE, show_all, "归档的课：按字、年、村、主题找", village=True, nav="归档", sheet=True),
    Page(ONE, show, "一节课的归档：经过、数字、评课、照片", village=True, private=True),
    Page(f"{ONE}/word", document, "一节课的归档，Word", village=True, heavy=True),
    Page(f"{ONE}/zip", folder, "一节课的归档，连照片打成包", village=True, heavy=True),
    Page(YEARS, show_years, "一整年的档案，连照片打成一个包", may=MAY),
    Page(f"{YEARS}/{{name}}", give_year, "下载打包好的一年的档案", may=MAY),
    Deed(YEARS, pack, "打包一年的档案", YEARS, may=MAY),
    Deed(f"{YEARS}/{{name}}/remove", remove_year, "删除打包的档案", YEARS, may=MAY),
)
