"""``python -m bot archive --year 2026``: what is kept of a year's lectures, with an index, in one zip."""

import argparse
from pathlib import Path

from sqlmodel import Session

from bot.backup.make import need_room
from bot.config import load_config
from bot.places import ARCHIVES, beside, only_ours
from bot.settings import LECTURE_PHOTOS, ZONE
from bot.town import clock_of, open_settled
from data import archive, audit
from data.database import open_reader
from data.reports import zipped
from handlers.desk.numbers import STEPS

WHO = "命令行"
A_PAGE = 8_000  # bytes of a lecture in the zip, beside its photos


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which year, and where to."""
    parser.add_argument(
        "--year", type=int, required=True, choices=range(2000, 2100), metavar="年", help="哪一年，如 2026"
    )
    parser.add_argument("--out", type=Path, metavar="资料夹", help=f"存到哪个资料夹（默认在数据库旁边的 {ARCHIVES}）")
    parser.add_argument("--noted", action="store_true", help=argparse.SUPPRESS)  # the console has noted who asked


def run(options: argparse.Namespace) -> int:
    """Write the zip. The bot may be running. Raises `data.reports.zipped.ArchiveThere`, `BackupError` where the disk
    is full; OSError of the disk."""
    config = load_config(options.config)
    out: Path = options.out or only_ours(beside(config, ARCHIVES))
    now, zone = clock_of(config)(), config[ZONE]
    engine = open_settled(config, now=now)  # today's schema
    if not options.noted:
        with Session(engine) as session:
            audit.note(session, "打包一年的档案", now=now, who=WHO, about=f"{options.year}年，{out}")
            session.commit()
    engine.dispose()
    out.mkdir(parents=True, exist_ok=True)
    reader = open_reader(config.database_url)
    try:
        with Session(reader, autoflush=False) as session:
            numbers = archive.numbers_of(session, options.year, zone)
            need_room(out, archive.photo_bytes(session, options.year, zone) + len(numbers) * A_PAGE)
            done = zipped.year(
                archive.each_of(session, numbers, STEPS), out, options.year,
                photos=config.file(LECTURE_PHOTOS), zone=zone, now=now, step=lambda done: _tell(done, len(numbers)),
            )  # fmt: skip
    finally:
        reader.dispose()
    print(f"档案在 {done.path}：{done.lectures:,}场，{done.photos:,}张照片。解开后从 index.html 看起。")
    if done.gone:
        print(f"有{done.gone:,}张照片的文件不在了，没有放进去。")
    return 0


def _tell(done: int, all_: int) -> None:
    """At each whole per cent; the console moves its bar by it."""
    if done * 100 // all_ > (done - 1) * 100 // all_:
        print(f"{done * 100 // all_}% 已放{done:,}场，共{all_:,}场", flush=True)
