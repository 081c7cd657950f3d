"""总结: reports as Word, Excel and one picture, made in the background while the page shows how far they are."""

import re

from sqlmodel import Session

from bot.console.asked import asked, period_of_words, place_of, places, when_words
from bot.console.background import File, Job, Standing
from bot.console.values import Answer, Ask, Deed, Done, Download, Html, Page
from bot.settings import REPORT_TEMPLATES
from data.desk_errors import BadEntry, NotThere
from data.desk_tables import ConsoleRole
from data.figures.commendation import Criteria
from data.figures.scope import Scope
from data.reports.files import files
from data.reports.gathered import Wish, gather

PAGE = "/reports"
_STANDING = {
    Standing.WAITING: ("wait", "排队"),
    Standing.RUNNING: ("wait", "正在做"),
    Standing.DONE: ("good", "做好了"),
    Standing.FAILED: ("late", "没做成"),
    Standing.CANCELLED: ("", "停掉了"),
}


def show(ask: Ask) -> Answer:
    """What can be made, and what is being made."""
    jobs = ask.house.reports.of(ask.user.user_id, now=ask.now)
    values = {
        "jobs": jobs,
        "standing": _STANDING,
        "running": any(not each.over for each in jobs),
        "size": lambda file: f"{max(1, round(len(file.body) / 1024)):,}KB",
        "places": places(ask),
        "periods": when_words(ask),
        "wish": asked(ask),
        "coordinator": ask.may(ConsoleRole.COORDINATOR),
    }
    return Html("reports.html", "总结", values)


def make(ask: Ask) -> Done:
    """Begin a report. Raises `BadPeriod`, `NoSuchPlace`, `BadEntry` or `TooMany`."""
    period = period_of_words(ask, ask.form.need("period", "时段"))
    place = place_of(ask, ask.form.get("place"), ask.form.get("at"))
    scope = Scope(period, place, ask.rules.zone, ask.now, town=ask.knowledge.town)
    scope.must_have_begun()
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
    inner = wish.flags or wish.criteria is not None
    ask.house.reports.begin(ask.user.user_id, title, work, now=ask.now, inner=inner)
    return Done(PAGE, f"开始做{title}，做好了就在下面下载。", about=title)


def cancel(ask: Ask) -> Done:
    """Stop one that is under way."""
    job = _job(ask)
    job.stop.set()
    return Done(PAGE, f"{job.title}不做了。", about=job.title)


def download(ask: Ask) -> Answer:
    """One of its files."""
    job, at = _job(ask), ask.id("file")
    if not at < len(job.files):
        raise NotThere("这份文件")
    file = job.files[at]
    return Download(file.name, file.content_type, file.body, logged=("下载总结", file.name))


def _job(ask: Ask) -> Job:
    """The work of the address, where it is this user's. Raises `NotThere`."""
    job = ask.house.reports.find(ask.user.user_id, ask.number, now=ask.now)
    if job is None or (job.inner and not ask.may(ConsoleRole.COORDINATOR)):
        raise NotThere("这份总结")
    return job


def _criteria(ask: Ask) -> Criteria:
    """Raises `BadEntry`."""
    held = ask.form.number("held", "至少几场", low=0, high=1000) or 0
    words = ask.form.get("mean").strip()
    mean = float(words) if re.fullmatch(r"\d(\.\d{1,2})?", words) else None
    if words and (mean is None or not 1 <= mean <= 5):
        raise BadEntry("平均评分", "请写1到5的数，或空着。")
    return Criteria(held=held, mean=mean)


PAGES: tuple[Page | Deed, ...] = (
    Page(PAGE, show, "总结：季度、年度报告，Word、Excel、一页图", village=True, nav="总结"),
    Page(f"{PAGE}/{{number}}/{{file}}", download, "下载做好的总结", village=True),
    Deed(PAGE, make, "做总结", PAGE, may=ConsoleRole.VIEWER, village=True),
    Deed(f"{PAGE}/{{number}}/cancel", cancel, "停掉总结", PAGE, may=ConsoleRole.VIEWER, village=True),
)
