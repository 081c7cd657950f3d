"""``python -m bot archive --year 2026``: what is kept of a year's lectures, with an index, in one zip."""

import argparse
from pathlib import Path

from sqlmodel import Session

from bot.config import load_config
from bot.settings import LECTURE_PHOTOS, ZONE
from bot.town import clock_of, open_database
from data import archive
from data.database import open_reader
from data.reports import zipped
from handlers.desk.numbers import STEPS

EVERY = 1_000  # lectures after which it says how far it is


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which year, and where to."""
    parser.add_argument(
        "--year", type=int, required=True, choices=range(2000, 2100), metavar="年", help="哪一年，如 2026"
    )
    parser.add_argument("--out", type=Path, default=Path("var/archive"), help="存到哪个资料夹（默认 var/archive）")


def run(options: argparse.Namespace) -> int:
    """Write the zip. The bot may be running. Raises `data.reports.zipped.ArchiveThere`; OSError of the disk."""
    config = load_config(options.config)
    now, zone = clock_of(config)(), config[ZONE]
    open_database(config, now=now)[0].dispose()  # today's schema
    reader = open_reader(config.database_url)
    try:
        with Session(reader, autoflush=False) as session:
            done = zipped.year(
                archive.of_year(session, options.year, zone, STEPS), options.out, options.year,
                photos=config.file(LECTURE_PHOTOS), zone=zone, now=now, step=_tell,
            )  # fmt: skip
    finally:
        reader.dispose()
    print(f"档案在 {done.path}：{done.lectures:,}场，{done.photos:,}张照片。解开后从 index.html 看起。")
    if done.gone:
        print(f"有{done.gone:,}张照片的文件不在了，没有放进去。")
    return 0


def _tell(done: int) -> None:
    if done % EVERY == 0:
        print(f"已放{done:,}场……")
