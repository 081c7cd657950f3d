"""The printable sign-in sheet: names, blank rows, who waits apart; and what a browser makes of it."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.cli import main
from bot.cli_sheet import BLANK_ROWS, render
from data.announcements import Facts
from data.loop import EventKind, Lecture, SignUpState
from data.signups import RosterLine
from tests.browser import open_tab, require_chromium
from tests.town import NOW, ROOT, demo_rules, prepare_town

FACTS = Facts(
    EventKind.LECTURE, "天冷了，血压怎么管", 1, "黄秀兰", "镇卫生院医生", "上坪村", "上坪村文化室", NOW, seats=200
)
LECTURE = Lecture(id=5, topic_id=1, lecturer_id=1, title=FACTS.title, venue=FACTS.venue, starts_at=NOW)

_MEASURE = """() => {
    const rows = [...document.querySelectorAll("tbody tr")];
    const wide = document.documentElement.scrollWidth <= document.documentElement.clientWidth;
    const sign = document.querySelector("th.sign").getBoundingClientRect().width;
    return {
        wide, sign, rows: rows.length,
        least: Math.min(...rows.map((row) => row.getBoundingClientRect().height)),
        breaks: new Set(rows.map((row) => getComputedStyle(row).breakInside)).size,
        inside: getComputedStyle(rows[0]).breakInside,
        head: getComputedStyle(document.querySelector("thead")).display,
        ink: getComputedStyle(document.body).color,
    };
}"""


def line(name: str, *, people: int = 1, whom: str = "", state: SignUpState = SignUpState.SEATED) -> RosterLine:
    return RosterLine(name, whom, people, state, "上坪村乡亲群")


def page(lines: list[RosterLine], facts: Facts = FACTS) -> str:
    return render(LECTURE, facts, lines, town="门楼镇", rules=demo_rules(), now=NOW)


def rows(html: str) -> list[list[str]]:
    found = re.findall(r"<tr>(<td.*?)</tr>", html)
    return [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in found]


def test_it_says_what_when_where_and_how_many() -> None:
    html = page([line("坪顶梁伯", people=2), line("三婶")])
    for words in ("门楼镇讲座签到表", "《天冷了，血压怎么管》（课5）", "2026年11月20日（周五）15:00", "3人，200个座位"):
        assert words in html


def test_each_party_has_a_numbered_row_and_blank_rows_follow() -> None:
    found = rows(page([line("坪顶梁伯", people=2), line("阿辉", whom="我妈"), line("三婶", whom="隔壁阿婆")]))
    assert [row[:4] for row in found[:3]] == [
        ["1", "坪顶梁伯", "2", "上坪村乡亲群"],
        ["2", "阿辉的妈", "1", "上坪村乡亲群"],
        ["3", "隔壁阿婆", "1", "三婶代报，上坪村乡亲群"],
    ]
    assert len(found) == 3 + BLANK_ROWS
    assert found[-1] == [str(3 + BLANK_ROWS), "", "", "", ""]


def test_who_waits_stands_apart() -> None:
    html = page([line("梁伯"), line("陈姨", state=SignUpState.OFFERED), line("陆公", state=SignUpState.WAITING)])
    seated, waiting = html.split("<h2>候补")
    assert "陈姨" not in seated
    assert [row[1] for row in rows(waiting)] == ["陈姨", "陆公"]
    assert "<h2>" not in page([line("梁伯")])


def test_a_name_is_never_markup() -> None:
    html = page([line("<script>alert(1)</script>", whom='"><img src=x>')], replace(FACTS, title="<b>题</b>"))
    assert "<script" not in html
    assert "<img" not in html
    assert "<b>" not in html


def _config(folder: Path) -> Path:
    config = folder / "config.yaml"
    config.write_text(f"town:\n  folder: {ROOT / 'data/demo'}\ndatabase:\n  url: sqlite:///town.db\n", "utf-8")
    return config


def test_the_command_writes_a_file_and_says_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prepare_town(tmp_path / "town.db", now=NOW).engine.dispose()
    config = _config(tmp_path)
    assert main(["sheet", "1", "--config", str(config), "--out", str(tmp_path / "out")]) == 0
    written = tmp_path / "out" / "sheet-1.html"
    assert "天冷了，血压怎么管" in written.read_text("utf-8")
    assert str(written) in capsys.readouterr().out
    assert main(["sheet", "99", "--config", str(config), "--out", str(tmp_path / "out")]) == 2
    assert "没有课99" in capsys.readouterr().err


async def _laid_out(path: Path) -> tuple[dict[str, Any], bytes]:
    async with open_tab(path.as_uri(), screen=(688, 1000)) as tab:  # 182 mm
        await tab.page.emulate_media(media="print")
        laid = await tab.page.evaluate(_MEASURE)
        return laid, await tab.page.pdf(prefer_css_page_size=True)


def test_a_browser_lays_it_out_on_a4_in_black_and_white(tmp_path: Path) -> None:
    require_chromium()
    path = tmp_path / "sheet.html"
    path.write_text(page([line(f"很长很长的群昵称还带着村名和小组{number}") for number in range(120)]), "utf-8")
    laid, pdf = asyncio.run(_laid_out(path))
    assert laid["wide"]
    assert laid["rows"] == 120 + BLANK_ROWS
    assert laid["sign"] > 140  # px: room for a name by hand
    assert laid["least"] >= 37  # px: 1 cm
    assert (laid["inside"], laid["breaks"]) == ("avoid", 1)
    assert laid["head"] == "table-header-group"
    assert laid["ink"] == "rgb(0, 0, 0)"
    assert pdf.startswith(b"%PDF")
