"""数据: backups made, tried and taken away, and everything exported. To restore is for the command line.

What takes long is upkeep (`bot.console.upkeep`).
"""

import shutil
from datetime import datetime
from pathlib import Path

from bot.backup.configured import plan_of
from bot.backup.make import is_sqlite, made_at, made_backups
from bot.config import Config
from bot.console import upkeep
from bot.console.background import Job
from bot.console.values import Answer, Ask, Deed, Done, Html, Page
from bot.exports import KEEP, NAME, STAMP, export_folder, keep_newest, made_exports, part_of, sweep_exports
from bot.places import only_ours
from bot.settings import BACKUP
from data.desk_errors import BadEntry, NotThere
from data.desk_tables import ConsoleRole
from data.leftovers import held

BACK_UP, DRILL, EXPORT = "backup", "drill", "export"
WHATS = {BACK_UP: "备份", DRILL: "演练恢复", EXPORT: "导出全部数据"}
MAX_REASON = 100


def show(ask: Ask) -> Answer:
    """What there is, and what can be done."""
    config = ask.house.config
    plan = plan_of(config)
    values = {
        "sqlite": is_sqlite(config.database_url),
        "backups": [(path.name, made_at(path), upkeep.size(path)) for path in _backups(config)],
        "daily": config[BACKUP],
        "folder": plan.folder,
        "second": plan.second,
        "exports": [(path.name, upkeep.size(path), "-open" in path.name) for path in _exports(config)],
        "last": next(iter(upkeep.jobs(ask)), None),
        "keep": KEEP,
        "longest": MAX_REASON,
    }
    return Html("data.html", "数据", values)


def start(ask: Ask) -> Done:
    """Begin one of `WHATS`. Raises `upkeep.Busy`."""
    what, config = ask.path["what"], ask.house.config
    if what not in WHATS or (what != EXPORT and not is_sqlite(config.database_url)):
        raise NotThere
    openly, reason = ask.form.get("open") == "yes", ask.form.get("reason")[:MAX_REASON]
    if what == EXPORT and openly and not reason:
        raise BadEntry("为什么", "不隐去姓名，就要写明为什么。")

    def work(job: Job) -> str:
        return _export(job, config, ask.now, openly=openly) if what == EXPORT else upkeep.run(job, config, what)

    upkeep.begin(ask, WHATS[what], work)
    detail: dict[str, object] = {"隐去个人信息": not openly, "理由": reason} if what == EXPORT else {}
    said = f"开始{WHATS[what]}了，在旁边做，不耽误别的。过一会儿刷新这一页。"
    return Done("/data", said, about=WHATS[what], detail=detail)


def give_backup(ask: Ask) -> Answer:
    """A backup, to be kept elsewhere."""
    return upkeep.given(ask, _backups(ask.house.config), "下载备份")


def give_export(ask: Ask) -> Answer:
    """An export."""
    return upkeep.given(ask, _exports(ask.house.config), "下载导出的数据")


def remove_export(ask: Ask) -> Done:
    """An export that was fetched need not lie about."""
    path = upkeep.named(ask, _exports(ask.house.config))
    path.unlink(missing_ok=True)
    return Done("/data", "删掉了。", about=path.name)


def _export(job: Job, config: Config, now: datetime, *, openly: bool) -> str:
    """Export into one file that only we may read; the oldest beyond `KEEP` go."""
    home = only_ours(export_folder(config))
    folder = home / f"{NAME}{now:{STAMP}}{'-open' if openly else ''}"
    try:
        upkeep.run(job, config, EXPORT, "--noted", "--out", str(folder.resolve()), *(["--open"] if openly else []))
        with held(folder):
            archive = Path(shutil.make_archive(str(part_of(folder).with_suffix("")), "zip", folder))
        archive.chmod(0o600)
        made = archive.rename(folder.with_suffix(".zip"))
    finally:
        sweep_exports(home)
    keep_newest(made, NAME)
    return "导出好了，下面可以下载。"


def _backups(config: Config) -> list[Path]:
    """The backups of both folders, the newest first; of the same name only one."""
    plan = plan_of(config)
    folders = [each for each in (plan.folder, plan.second) if each is not None and each.is_dir()]
    found = {path.name: path for folder in reversed(folders) for path in made_backups(folder)}
    return sorted(found.values(), key=lambda path: path.name, reverse=True)


def _exports(config: Config) -> list[Path]:
    return made_exports(export_folder(config))


PAGES: tuple[Page | Deed, ...] = (
    Page("/data", show, "数据：备份、演练恢复、导出全部数据", may=ConsoleRole.ADMIN, nav="数据"),
    Page("/data/backups/{name}", give_backup, "下载一份备份", may=ConsoleRole.ADMIN),
    Page("/data/exports/{name}", give_export, "下载导出的数据", may=ConsoleRole.ADMIN),
    Deed("/data/start/{what}", start, "备份、演练、导出", "/data", may=ConsoleRole.ADMIN),
    Deed("/data/exports/{name}/remove", remove_export, "删除导出的数据", "/data", may=ConsoleRole.ADMIN),
)
