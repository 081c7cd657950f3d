"""Reports that are asked for: on the command line, and in a coordinator's chat."""

import argparse
import re
from datetime import datetime
from pathlib import Path

import pytest
from sqlmodel import col, select

from bot import cli_report
from data import pictures
from data.figures.periods import BadPeriod
from data.mail import Outbox
from data.tables import Picture
from tests.test_reports import cells, fill, opened
from tests.town import ROOT, ZONE, DemoTown, Talk


def config_of(town: DemoTown, folder: Path) -> Path:
    shipped = (ROOT / "config.yaml").read_text("utf-8")
    path = folder / "config.yaml"
    text = re.sub(r"url: sqlite\S*", f"url: sqlite:///{town.path}", shipped)
    text = re.sub(r"folder: data/demo", f"folder: {ROOT / 'data/demo'}", text)
    path.write_text(text, "utf-8")
    return path


def options(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", type=Path)
    cli_report.add_arguments(parser)
    return parser.parse_args(words)


def test_the_command_line_writes_three_files(
    town: DemoTown, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, out = str(config_of(town, tmp_path)), tmp_path / "out"
    with town.session() as session, session.begin():
        fill(session)
    assert cli_report.run(options("--config", config, "--period", "2026Q2", "--area", "上坪村", "--out", str(out))) == 0
    names = {path.name for path in out.iterdir()}
    assert names == {f"上坪村2026年第二季度宣讲工作总结.{ending}" for ending in ("docx", "xlsx", "png")}
    printed = capsys.readouterr().out
    assert [name for name in names if name not in printed] == []
    assert cells(opened((out / "上坪村2026年第二季度宣讲工作总结.docx").read_bytes()), "指标", 4)["宣讲场次"][1] == "3"
    with pytest.raises(BadPeriod):
        cli_report.run(options("--config", config, "--period", "下下年", "--out", str(out)))


def test_a_coordinator_gets_the_numbers_and_a_picture(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        fill(session)
    talk = Talk(town)
    said = talk.say("干事小农", None, "季度总结 2026年2季度")
    assert len(said) == 2
    assert all(each.startswith("[私聊 干事小农]") for each in said)
    lines = said[0].splitlines()
    assert len(lines) <= 12
    assert "2026年第二季度" in lines[0]
    assert "活动6场（宣讲6场）" in said[0]
    with town.session() as session:
        row = session.exec(select(Outbox).where(col(Outbox.picture_id).is_not(None))).one()
        assert pictures.shown(session.get_one(Picture, row.picture_id)).startswith(b"\x89PNG")
    assert "上坪村2026年第二季度" in talk.say("干事小农", None, "季度总结 2026Q2 上坪村")[0]


@pytest.mark.parametrize(
    ("words", "period"),
    [
        ("季度总结", "2026年第四季度"),
        ("季度总结 上季度", "2026年第三季度"),
        ("季度总结 第一季度", "2026年第一季度"),
        ("月度总结", "2026年11月"),
        ("月度总结 9月", "2026年9月"),
        ("月度总结 2025年12月", "2025年12月"),
        ("年度总结", "2026年"),
        ("年度总结 去年", "2025年"),
        ("年度总结 2024年", "2024年"),
    ],
)
def test_the_period_is_understood(town: DemoTown, words: str, period: str) -> None:
    assert Talk(town).say("干事小农", None, words)[0].splitlines()[0].endswith(period)


def test_early_in_a_period_the_last_one_is_meant(town: DemoTown) -> None:
    talk = Talk(town, now=datetime(2027, 1, 8, 9, tzinfo=ZONE))
    assert "2026年第四季度" in talk.say("干事小农", None, "季度总结")[0]
    assert "没找到地方" in talk.say("干事小农", None, "季度总结 月亮村")[0]
    assert "看不懂时段" in talk.say("干事小农", None, "季度总结 2026年9季度")[0]


def test_others_get_no_report(town: DemoTown) -> None:
    talk = Talk(town)
    assert not [each for each in talk.say("坪顶梁伯", None, "季度总结") if "点单" in each and "到场" in each]
