"""Reports that are asked for: on the command line, and in a coordinator's chat."""

import argparse
import re
from datetime import datetime
from pathlib import Path

import pytest
from sqlmodel import col, select

from bot import cli_report
from data.drawing.render import png
from data.drawing.styles import WIDE
from data.figures.figures import LATE, numbers
from data.figures.periods import BadPeriod, parse
from data.figures.scope import Scope
from data.loop import Order, Voice
from data.mail import Outbox
from data.reports import page, told
from data.reports.gathered import whole
from data.tables import Picture
from tests.test_reports import cells, fill, opened
from tests.town import NOW, ROOT, ZONE, DemoTown, Talk

NONE_LATE = dict.fromkeys(LATE, 0)


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
    for area, name, period in (("上坪", "上坪村", "2026年第二季度"), ("门楼镇", "门楼镇", "2026年第20周")):
        found = options("--config", config, "--period", period, "--area", area, "--out", str(tmp_path / area))
        assert cli_report.run(found) == 0
        assert f"{name}{period}" in capsys.readouterr().out
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
        assert png(session.get_one(Picture, row.picture_id).svg, width=WIDE).startswith(b"\x89PNG")
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


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("上月总结", "门楼镇2026年10月"),
        ("上坪村季度总结", "上坪村2026年第四季度"),
        ("半年总结", "门楼镇2026年下半年"),
        ("总结", "门楼镇2026年第四季度"),
        ("第三季度总结", "门楼镇2026年第三季度"),
        ("给我四季度的总结", "门楼镇2026年第四季度"),
        ("月总结", "门楼镇2026年11月"),
        ("年终总结", "门楼镇2026年"),
        ("出个季度报表", "门楼镇2026年第四季度"),
        ("上周的小结", "门楼镇2026年第46周"),
        ("睇下石湾上个月嘅数据", "石湾村2026年10月"),
        ("榕木坳今年搞了几场", "榕木坳村2026年"),
        ("月度总结 门楼镇", "门楼镇2026年11月"),
        ("季度总结 上坪", "上坪村2026年第四季度"),
    ],
)
def test_a_coordinator_asks_in_their_own_words(town: DemoTown, words: str, title: str) -> None:
    """总结 was once kept as praise of a lecture, and 第三季度总结 became an order."""
    said = Talk(town).say("干事小农", None, words)
    assert said[0].splitlines()[0] == f"[私聊 干事小农] {title}"
    with town.session() as session:
        assert not session.exec(select(Voice)).all() and not session.exec(select(Order)).all()


@pytest.mark.parametrize(
    ("words", "time"), [("前三季度总结", "前三季度"), ("近三个月的数据", "近三个月"), ("季度总结 最近", "最近")]
)
def test_a_time_that_is_no_period_is_called_one(town: DemoTown, words: str, time: str) -> None:
    """Whole, as it was typed: 前三季度 was once called 前三季."""
    assert f"看不懂时段“{time}”" in Talk(town).say("干事小农", None, words)[0]


def test_in_groups_it_needs_no_mention(town: DemoTown) -> None:
    talk = Talk(town)
    for group in ("门楼镇宣讲工作群", "上坪村乡亲群"):
        said = talk.say("干事小农", group, "季度总结")
        assert said[0].startswith("[私聊 干事小农] 门楼镇2026年第四季度")
        assert said[-1] == f"[{group}] 总结私聊发给您了。"
    assert talk.say("坪顶梁伯", "上坪村乡亲群", "季度总结") == []
    assert talk.say("干事小农", "上坪村乡亲群", "季度总结会几点开") == []


def test_what_came_late_has_a_line(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        fill(session)
        found = numbers(session, Scope(parse("2026Q2"), whole(session, "门楼镇"), ZONE, NOW))
    assert found["late_counts"] == 1
    talk = Talk(town)
    said = talk.say("干事小农", None, "季度总结 2026年2季度")[0].splitlines()
    assert "截止后补报：到场和资料1次，不算在上面。" in said
    assert not [each for each in talk.say("干事小农", None, "季度总结")[0].splitlines() if "截止后补报" in each]
    assert "到场和资料1次" in told.late_line(found)
    shown, without = (page.page("门楼镇", "2026年第二季度", each, "") for each in (found, found | NONE_LATE))
    assert len(shown) > len(without)


def test_others_get_no_report(town: DemoTown) -> None:
    talk = Talk(town)
    assert not [each for each in talk.say("坪顶梁伯", None, "季度总结") if "点单" in each and "到场" in each]
