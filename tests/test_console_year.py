"""A whole year of the archive, packed from the console: beside the bot, by an admin, one thing at a time."""

import io
import zipfile
from pathlib import Path

import pytest
from sqlmodel import select

from bot.console import live, upkeep
from bot.exports import ARCHIVE, KEEP
from data.desk_tables import Audit, ConsoleRole
from tests.desk import Desk, Run, teller
from tests.test_archive import keep
from tests.test_console_data import logged, worked
from tests.test_console_materials import home
from tests.test_console_progress import heard, stream
from tests.town import DemoTown


@pytest.fixture
def run(town: DemoTown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    path = home(tmp_path, monkeypatch)
    path.write_text(path.read_text("utf-8").replace("var/photos", "photos"), "utf-8")
    monkeypatch.setattr(live, "EVERY", 0.01)
    monkeypatch.setattr(upkeep, "LOOK", 0.02)
    return teller(town)


def test_a_year_is_packed_fetched_and_taken_away(run: Run, town: DemoTown, tmp_path: Path) -> None:
    """It had been a command only, for which a coordinator with a phone had to find whoever keeps the machine."""
    with town.session() as session, session.begin():
        number = keep(session, tmp_path / "photos")

    async def story(desk: Desk) -> None:
        admin = desk.clerk(ConsoleRole.ADMIN)
        begun = await admin.post("/archive/years", year="2026")
        assert "开始打包2026年的档案" in begun.said
        await worked()
        page = (await admin.get("/archive/years")).text
        assert "做好了，下面可以下载。档案在" in page and "\n有2张照片的文件不在了" in page
        (made,) = (tmp_path / "exports").iterdir()
        assert made.name.startswith(f"{ARCHIVE}2026-") and made.stat().st_mode & 0o077 == 0
        given = await admin.get(f"/archive/years/{made.name}")
        with zipfile.ZipFile(io.BytesIO(given.body)) as archive:
            assert f"2026年宣讲档案/课{number:04}/归档.html" in archive.namelist()
        assert "attachment" in given.headers["Content-Disposition"]
        assert logged(desk, "打包一年的档案") == [("2026年", {})]
        assert logged(desk, "下载一年的档案") == [(made.name, {})]
        assert "正在" not in page and "2026年宣讲档案（" in page
        assert (await admin.post(f"/archive/years/{made.name}/remove")).said == "删掉了。"
        assert list((tmp_path / "exports").iterdir()) == []
        with desk.session() as session:
            assert [row for row in session.exec(select(Audit)) if row.who == "命令行"] == [], "noted once"

    run(story)


def test_the_bar_moves_and_nothing_else_is_begun_meanwhile(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "_GENTLY", "print('7% 少\\n35% 已放5场', flush=True); import threading; "
                        "threading.Event().wait()")  # fmt: skip

    async def story(desk: Desk) -> None:
        admin = desk.clerk(ConsoleRole.ADMIN)
        await admin.post("/archive/years", year="2026")
        async with stream(admin) as mine:
            await heard(mine, lambda told: told.get("w.u1.doing") == "35% 已放5场")
        page = (await admin.get("/archive/years")).text
        assert 'data-job="u1"' in page and 'value="35" data-live-value="w.u1"' in page
        desk.later(seconds=1)
        busy = await admin.post("/data/start/export")
        assert busy.status == 422 and "正在打包2026年的档案" in busy.said
        assert "正在打包2026年的档案" in (await admin.get("/data")).text

    run(story)  # which ends, so it was stopped with the console


def test_what_went_wrong_is_told_and_nothing_stays(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "_GENTLY", "print('7% 已放1场'); raise SystemExit('硬盘不够<b>')")

    async def story(desk: Desk) -> None:
        admin = desk.clerk(ConsoleRole.ADMIN)
        assert (await admin.post("/archive/years", year="")).status == 422
        assert (await admin.post("/archive/years", year="1066")).status == 422
        await admin.post("/archive/years", year="2026")
        await worked()
        page = (await admin.get("/archive/years")).text
        assert "硬盘不够&lt;b&gt;" in page and "已放1场" not in page
        assert list((tmp_path / "exports").iterdir()) == []

    run(story)


@pytest.mark.parametrize("mark", "字x")
def test_of_a_long_fault_the_end_is_shown(run: Run, monkeypatch: pytest.MonkeyPatch, mark: str) -> None:
    """What was meant as 2000 characters were 8000 bytes: as many letters, or 2666 characters."""
    monkeypatch.setattr(upkeep, "_GENTLY", f"print('前' + '{mark}' * 9_000 + '完'); raise SystemExit(1)")

    async def story(desk: Desk) -> None:
        admin = desk.clerk(ConsoleRole.ADMIN)
        await admin.post("/archive/years", year="2026")
        await worked()
        page = (await admin.get("/archive/years")).text
        shown = mark * (upkeep._SHOWN - 1)
        assert f"{shown}完" in page and f"{mark}{shown}" not in page

    run(story)


def test_whatever_the_command_says_is_told(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only lines that began with 有 were: a changed sentence would have kept silent about photos that lack."""

    def packed(_job: object, _config: object, *words: str) -> str:
        made = Path(words[-1]) / "2026年宣讲档案.zip"
        made.write_text("x")
        return f"档案在 {made}：1场。\n少了2张照片。"

    monkeypatch.setattr(upkeep, "run", packed)

    async def story(desk: Desk) -> None:
        admin = desk.clerk(ConsoleRole.ADMIN)
        await admin.post("/archive/years", year="2026")
        await worked()
        page = (await admin.get("/archive/years")).text
        (made,) = (tmp_path / "exports").iterdir()
        assert f"做好了，下面可以下载。档案在 {made.name}：1场。\n少了2张照片。" in page
        assert str(tmp_path) not in page, "where it no longer is"

    run(story)


def test_the_oldest_go_and_exports_are_another_kind(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def packed(_job: object, _config: object, *words: str) -> str:
        (Path(words[-1]) / "2026年宣讲档案.zip").write_text("x")
        return ""

    monkeypatch.setattr(upkeep, "run", packed)
    folder = tmp_path / "exports"
    folder.mkdir(parents=True)
    years = [folder / f"{ARCHIVE}{year}-20261{10 - at:03}-150000.zip" for at, year in enumerate(range(2020, 2023))]
    export = folder / "menlou-export-20260101-150000.zip"
    for path in (*years, export):
        path.write_text("x")

    async def story(desk: Desk) -> None:
        admin = desk.clerk(ConsoleRole.ADMIN)
        for path, where in ((export, "archive/years"), (years[0], "data/exports")):
            assert (await admin.get(f"/{where}/{path.name}")).status == 404
        await admin.post("/archive/years", year="2026")
        await worked()
        assert [path.exists() for path in (*years, export)] == [True, True, False, True]
        assert len(list(folder.iterdir())) == KEEP + 1

    run(story)
