"""总结: reports as Word, Excel and one picture, made in the background while the page shows how far they are."""

import json

from sqlmodel import Session

from bot.console.background import File, Job, Standing, Workshop
from bot.console.pages.figures import place_of, places, when_words
from bot.console.values import Answer, Ask, Deed, Done, Download, Html, Page
from bot.settings import REPORT_TEMPLATES
from data.desk_errors import BadEntry, NotThere
from data.desk_tables import ConsoleRole
from data.figures.commendation import Criteria
from data.figures.periods import parse
from data.figures.scope import Scope
from data.reports.files import files
from data.reports.gathered import Wish, gather

PAGE = "/reports"
WORKSHOP = Workshop()
_STANDING = {
    Standing.WAITING: ("wait", "排队"),
    Standing.RUNNING: ("wait", "正在做"),
    Standing.DONE: ("good", "做好了"),
    Standing.FAILED: ("late", "没做成"),
    Standing.CANCELLED: ("", "停掉了"),
}


def show(ask: Ask) -> Answer:
    """What can be made, and what is being made."""
    jobs = WORKSHOP.of(_owner(ask), now=ask.now)
    values = {
        "jobs": jobs,
        "standing": _STANDING,
        "running": any(not each.over for each in jobs),
        "percent": lambda job: round(job.done * 100),
        "size": lambda file: f"{max(1, round(len(file.body) / 1024)):,}KB",
        "places": places(ask),
        "period": ask.query.get("period") or when_words(ask)[0].key,
        "periods": when_words(ask),
        "place": "" if ask.scope is not None else ask.query.get("place", ""),
        "coordinator": ask.may(ConsoleRole.COORDINATOR),
    }
    return Html("reports.html", "总结", values)


def make(ask: Ask) -> Done:
    """Begin a report. Raises `BadPeriod`, `NoSuchPlace`, `BadEntry` or `TooMany`."""
    period = parse(ask.form.need("period", "时段"))
    scope = Scope(period, place_of(ask, ask.form.get("place")), ask.rules.zone, ask.now)
    config = ask.house.config
    templates = config.file(REPORT_TEMPLATES) if config[REPORT_TEMPLATES] else None
    coordinator = ask.may(ConsoleRole.COORDINATOR)
    wish = Wish(
        flags=coordinator and bool(ask.form.get("flags")),
        criteria=_criteria(ask) if coordinator and ask.form.get("commend") else None,
    )

    def work(session: Session, job: Job) -> list[File]:
        report = gather(session, scope, wish, job.step)
        return [File(each.name, each.content_type, each.body) for each in files(report, templates, job.step)]

    title = f"{scope.place.name}{period.label}总结"
    WORKSHOP.begin(_owner(ask), title, work, now=ask.now)
    return Done(PAGE, f"开始做{title}，做好了就在下面下载。", about=f"{scope.place.key} {period.key}")


def cancel(ask: Ask) -> Done:
    """Stop one that is under way."""
    job = _job(ask)
    job.stop.set()
    return Done(PAGE, f"{job.title}不做了。", about=job.title)


def state(ask: Ask) -> Answer:
    """How far it is, for the page's script."""
    job = _job(ask)
    told = {"done": round(job.done * 100), "doing": job.doing, "over": job.over}
    return Download("state.json", "application/json", json.dumps(told, ensure_ascii=False).encode(), inline=True)


def download(ask: Ask) -> Answer:
    """One of its files."""
    job, at = _job(ask), ask.id("file")
    if not at < len(job.files):
        raise NotThere("这份文件")
    file = job.files[at]
    return Download(file.name, file.content_type, file.body, logged=("下载总结", file.name))


def _owner(ask: Ask) -> tuple[str, int]:
    return ask.house.config.database_url, ask.user.user_id


def _job(ask: Ask) -> Job:
    """The work of the address, where it is this user's. Raises `NotThere`."""
    job = WORKSHOP.find(_owner(ask), ask.number, now=ask.now)
    if job is None:
        raise NotThere("这份总结")
    return job


def _criteria(ask: Ask) -> Criteria:
    """Raises `BadEntry`."""
    held = ask.form.number("held", "至少几场", low=0, high=1000) or 0
    mean = ask.form.get("mean")
    try:
        return Criteria(held=held, mean=float(mean) if mean else None)
    except ValueError as error:
        raise BadEntry("平均评分", "请写1到5的数，或空着。") from error


PAGES: tuple[Page | Deed, ...] = (
    Page(PAGE, show, "做总结：Word、Excel、一页图", village=True),
    Page(f"{PAGE}/{{number}}/state", state, "总结做到哪里了", village=True),
    Page(f"{PAGE}/{{number}}/{{file}}", download, "下载做好的总结", village=True),
    Deed(PAGE, make, "做总结", PAGE, may=ConsoleRole.VIEWER, village=True),
    Deed(f"{PAGE}/{{number}}/cancel", cancel, "停掉总结", PAGE, may=ConsoleRole.VIEWER, village=True),
)
