"""数据: backups made, tried and taken away, and everything exported. To restore is for the command line.

What takes long is a command of ``python -m bot`` in a process of its own, which gives way to the bot; one at a time.
"""

import os
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from sqlmodel import Session

import bot
from bot.backup.configured import plan_of
from bot.backup.make import is_sqlite, made_at, made_backups
from bot.config import Config
from bot.console.background import File, Job
from bot.console.values import Answer, Ask, Deed, Done, Download, Html, Page
from bot.exports import NAME, export_folder, made_exports, part_of, sweep_exports
from bot.settings import BACKUP
from data.desk_errors import BadEntry, NotThere
from data.desk_tables import ConsoleRole
from data.errors import Declined, TownError
from data.leftovers import held
from data.materials import size_words

BACK_UP, DRILL, EXPORT = "backup", "drill", "export"
WHATS = {BACK_UP: "备份", DRILL: "演练恢复", EXPORT: "导出全部数据"}
LARGEST = 100 * 2**20  # bytes that go through the browser: the whole file is in memory meanwhile
KEEP = 3  # exports; they are about people
MAX_REASON = 100
NICE = 15  # of 19
LONGEST = 3 * 3600  # seconds that a command may take
LOOK = 0.5  # seconds between looks whether it is to stop
_GENTLY = (  # ended, it clears up after itself
    "import os, runpy, signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(143)); "
    f"os.nice({NICE}); runpy.run_module('bot', run_name='__main__')"
)
_SHOWN = 2_000  # characters of what a command said


class Busy(Declined):
    """One thing at a time."""

    def __init__(self, what: str) -> None:
        super().__init__(f"正在{what}，等它做完再来。")


class WentWrong(TownError):
    """What a command said before it ended badly."""


EVERYBODY = 0  # all admins see the same work


def show(ask: Ask) -> Answer:
    """What there is, and what can be done."""
    config, last = ask.house.config, next(iter(_jobs(ask)), None)
    plan = plan_of(config)
    values = {
        "sqlite": is_sqlite(config.database_url),
        "backups": [(path.name, made_at(path), _size(path), _goes(path)) for path in _backups(config)],
        "daily": config[BACKUP],
        "folder": plan.folder,
        "second": plan.second,
        "exports": [(path.name, _size(path), "-open" in path.name, _goes(path)) for path in _exports(config)],
        "last": last,
        "keep": KEEP,
        "longest": MAX_REASON,
    }
    return Html("data.html", "数据", values)


def start(ask: Ask) -> Done:
    """Begin one of `WHATS`; a turn that is done again begins nothing twice. Raises `Busy`."""
    what, config = ask.path["what"], ask.house.config
    if what not in WHATS or (what != EXPORT and not is_sqlite(config.database_url)):
        raise NotThere
    openly, reason = ask.form.get("open") == "yes", ask.form.get("reason")[:MAX_REASON]
    if what == EXPORT and openly and not reason:
        raise BadEntry("为什么", "不隐去姓名，就要写明为什么。")

    def work(_session: Session, job: Job) -> tuple[File, ...]:
        job.step(0.0, "正在做")
        job.step(0.0, _export(job, config, ask.now, openly=openly) if what == EXPORT else _run(job, config, what))
        return ()

    under_way = [job for job in _jobs(ask) if not job.over]
    if not any(job.begun == ask.now and job.title == WHATS[what] for job in under_way):
        if under_way:
            raise Busy(under_way[0].title)
        ask.house.upkeep.begin(EVERYBODY, WHATS[what], work, now=ask.now)
    detail: dict[str, object] = {"隐去个人信息": not openly, "理由": reason} if what == EXPORT else {}
    said = f"开始{WHATS[what]}了，在旁边做，不耽误别的。过一会儿刷新这一页。"
    return Done("/data", said, about=WHATS[what], detail=detail)


def give_backup(ask: Ask) -> Answer:
    """A backup, to be kept elsewhere."""
    return _file(ask, _backups(ask.house.config), "下载备份")


def give_export(ask: Ask) -> Answer:
    """An export."""
    return _file(ask, _exports(ask.house.config), "下载导出的数据")


def remove_export(ask: Ask) -> Done:
    """An export that was fetched need not lie about."""
    path = _named(ask, _exports(ask.house.config))
    path.unlink(missing_ok=True)
    return Done("/data", "删掉了。", about=path.name)


def _jobs(ask: Ask) -> list[Job]:
    return ask.house.upkeep.of(EVERYBODY, now=ask.now)


def _run(job: Job, config: Config, *words: str) -> str:
    """What a command of the bot said. It ends with the work. Raises `WentWrong` or `Stopped`."""
    with subprocess.Popen(  # noqa: S603 - our own program, with words of our own
        [sys.executable, "-c", _GENTLY, *words, "--config", str(config.path.resolve())],
        cwd=str(Path(bot.__file__).parent.parent),
        env={**os.environ, "MENLOU_DATABASE_URL": config.database_url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            said = _waited_for(process, job).strip()[-_SHOWN:]
        finally:
            if process.poll() is None:
                process.terminate()
    if process.returncode:
        raise WentWrong(said)
    return said


def _waited_for(process: subprocess.Popen[str], job: Job) -> str:
    """All that it said in the end. Raises `Stopped` or `WentWrong`."""
    for _ in range(int(LONGEST / LOOK)):
        try:
            return process.communicate(timeout=LOOK)[0]
        except subprocess.TimeoutExpired:
            job.step(job.done, job.doing)
    raise WentWrong("太久没做完，停掉了。")


def _export(job: Job, config: Config, now: datetime, *, openly: bool) -> str:
    """Export into one file that only we may read; the oldest beyond `KEEP` go."""
    home = export_folder(config)
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    folder = home / f"{NAME}{now:%Y%m%d-%H%M%S}{'-open' if openly else ''}"
    try:
        _run(job, config, EXPORT, "--noted", "--out", str(folder.resolve()), *(["--open"] if openly else []))
        with held(folder):
            archive = Path(shutil.make_archive(str(part_of(folder).with_suffix("")), "zip", folder))
        archive.chmod(0o600)
        archive.rename(folder.with_suffix(".zip"))
    finally:
        sweep_exports(home)
    for old in _exports(config)[KEEP:]:
        old.unlink(missing_ok=True)
    return "导出好了，下面可以下载。"


def _backups(config: Config) -> list[Path]:
    """The backups of both folders, the newest first; of the same name only one."""
    plan = plan_of(config)
    folders = [each for each in (plan.folder, plan.second) if each is not None and each.is_dir()]
    found = {path.name: path for folder in reversed(folders) for path in made_backups(folder)}
    return sorted(found.values(), key=lambda path: path.name, reverse=True)


def _exports(config: Config) -> list[Path]:
    return made_exports(export_folder(config))


def _named(ask: Ask, paths: list[Path]) -> Path:
    """The one of the address: only what is in the list can be named. Raises `NotThere`."""
    found = next((path for path in paths if path.name == ask.path["name"]), None)
    if found is None:
        raise NotThere("这个文件")
    return found


def _file(ask: Ask, paths: list[Path], what: str) -> Download:
    path = _named(ask, paths)
    if not _goes(path):
        raise BadEntry(path.name, f"太大了，请直接从机器上拷：{path}")
    return Download(path.name, "application/zip", path.read_bytes(), logged=(what, path.name))


def _goes(path: Path) -> bool:
    return path.stat().st_size <= LARGEST


def _size(path: Path) -> str:
    return size_words(path.stat().st_size)


PAGES: tuple[Page | Deed, ...] = (
    Page("/data", show, "数据：备份、演练恢复、导出全部数据", may=ConsoleRole.ADMIN, nav="数据"),
    Page("/data/backups/{name}", give_backup, "下载一份备份", may=ConsoleRole.ADMIN, heavy=True),
    Page("/data/exports/{name}", give_export, "下载导出的数据", may=ConsoleRole.ADMIN, heavy=True),
    Deed("/data/start/{what}", start, "备份、演练、导出", "/data", may=ConsoleRole.ADMIN),
    Deed("/data/exports/{name}/remove", remove_export, "删除导出的数据", "/data", may=ConsoleRole.ADMIN),
)
