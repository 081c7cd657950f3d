"""``python -m bot export``: everything, as JSON lines and an Excel workbook, masked unless it is asked for openly."""

import argparse
from pathlib import Path

from sqlmodel import Session

from bot import __version__
from bot.config import load_config
from bot.exports import STAMP, export_folder, sweep_exports
from bot.places import only_ours
from bot.settings import ZONE
from bot.town import clock_of, open_settled
from data import audit
from data.database import open_reader
from data.export import BOOK, FOLDER, SCHEMA, export

WHO = "命令行"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to, and how openly."""
    parser.add_argument(
        "--out", type=Path, metavar="资料夹", help="存成哪个新资料夹（默认在数据库旁边的 exports/ 加日期时间）"
    )
    parser.add_argument("--noted", action="store_true", help=argparse.SUPPRESS)  # the console has noted who asked
    parser.add_argument("--open", action="store_true", help="不隐去姓名、编号和手机号（会记进操作记录）")


def run(options: argparse.Namespace) -> int:
    """Write it down that there was an export, then make it. The bot may be running."""
    config = load_config(options.config)
    now = clock_of(config)()
    out: Path = options.out or only_ours(export_folder(config)) / f"{now:{STAMP}}"
    sweep_exports(export_folder(config))
    engine = open_settled(config, now=now)
    if not options.noted:
        with Session(engine) as session:
            detail = {"隐去个人信息": not options.open}
            audit.note(session, "导出全部数据", now=now, who=WHO, about=str(out), detail=detail)
            session.commit()
    engine.dispose()
    reader = open_reader(config.database_url)
    try:
        with reader.connect() as connection:
            done = export(connection, out, now=now, zone=config[ZONE], openly=options.open, version=__version__)
    finally:
        reader.dispose()
    print(f"导出在 {done.folder}：{len(done.rows)}张表共{sum(done.rows.values())}行。")
    print(f"用 Excel 看 {BOOK}；{FOLDER} 里是全部的表（JSON），每一列是什么见 {SCHEMA}。")
    if done.masked:
        print("姓名和编号已换成代号，电话已抹，收发的消息整格隐去。话里提到的别人的名字没有改，往外给之前再看一遍。")
    else:
        print("注意：这一份没有隐去个人信息，保管好，用完删掉。操作记录里记了这次导出。")
    return 0
