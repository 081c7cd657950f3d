"""``python -m bot report --period 2026Q4``: the report of a period as Word, Excel and one picture."""

import argparse
from pathlib import Path

from sqlmodel import Session

from bot.cli_files import write_free
from bot.config import load_config
from bot.places import REPORTS, beside
from bot.settings import REPORT_TEMPLATES, ZONE
from bot.town import clock_of, open_settled, read_files
from data.database import open_reader
from data.figures.commendation import Criteria
from data.figures.scope import Scope
from data.reports.files import files
from data.reports.gathered import Wish, gather, place_of
from handlers.desk.periods import whole_period


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Of when, of where, and where to."""
    said = "2026Q4、2026年11月、上个月、去年四季度、第47周、11月20日"
    parser.add_argument("--period", required=True, metavar="时段", help=f"什么时段，怎么顺口怎么写：{said}")
    parser.add_argument("--area", metavar="地方", help="只做一个村、镇、县的，写登记的名字（默认全部）")
    parser.add_argument("--out", type=Path, metavar="资料夹", help=f"存到哪个资料夹（默认在数据库旁边的 {REPORTS}）")
    parser.add_argument("--flags", action="store_true", help="附上请宣传干事核对的（上报前请删去）")
    parser.add_argument("--commend", action="store_true", help="附上够条件的宣讲员名单（按姓名拼音排）")


def run(options: argparse.Namespace) -> int:
    """Write the files. Raises `TownError` for a period, a place or a template that is none; OSError of the disk."""
    config = load_config(options.config)
    now, zone = clock_of(config)(), config[ZONE]
    period, town = whole_period(options.period, now.astimezone(zone).date()), read_files(config)[0].town.town.name
    templates = config.file(REPORT_TEMPLATES) if config[REPORT_TEMPLATES] else None
    open_settled(config, now=now).dispose()  # today's schema
    reader = open_reader(config.database_url)
    try:
        with Session(reader, autoflush=False) as session:
            place = place_of(session, options.area or "", town)
            wish = Wish(flags=options.flags, criteria=Criteria() if options.commend else None)
            report = gather(session, Scope(period, place, zone, now, town=town), wish, _silent)
    finally:
        reader.dispose()
    out: Path = options.out or beside(config, REPORTS)
    made = [write_free(out / each.name, each.body) for each in list(files(report, templates, _silent))]
    print(f"{place.name}{period.label}的总结，在 {out}：", *(f"  {path.name}" for path in made), sep="\n")
    return 0


def _silent(_done: float, _what: str) -> None:
    """Nobody watches."""
