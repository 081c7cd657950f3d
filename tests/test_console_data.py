"""数据 in the console: backups and exports made beside the bot, fetched by an admin only, and each of it logged."""

import asyncio
import io
import json
import threading
import zipfile
from pathlib import Path

import pytest
from sqlmodel import col, select

from bot.backup import check
from bot.console import upkeep
from bot.console.pages import data
from data.desk_tables import Audit, ConsoleRole
from tests.desk import Desk, Run, teller
from tests.test_console_materials import home
from tests.town import DemoTown, Talk

WHO, PHONE = "三婶唐桂英", "13812345678"


@pytest.fixture
def run(town: DemoTown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    home(tmp_path, monkeypatch)
    return teller(town)


async def worked() -> None:
    """Until what runs beside has ended."""
    for thread in [each for each in threading.enumerate() if each.name.startswith("report-")]:
        await asyncio.to_thread(thread.join, 300)


def logged(desk: Desk, what: str) -> list[tuple[str, dict[str, object]]]:
    with desk.session() as session:
        rows = session.exec(select(Audit).where(Audit.what == what, col(Audit.user_id).is_not(None)))
        return [(row.about, row.detail) for row in rows]


def test_a_backup_is_made_tried_and_fetched(run: Run, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        admin = desk.clerk(ConsoleRole.ADMIN)
        empty = (await admin.get("/data")).text
        assert "还没有备份" in empty and "python -m bot restore" in empty and "试一试" not in empty
        assert "开始备份了" in (await admin.post("/data/start/backup")).said
        await worked()
        page = (await admin.get("/data")).text
        assert "备份好了" in page
        (backup,) = (tmp_path / "var/backups").glob("*.zip")
        given = await admin.get(f"/data/backups/{backup.name}")
        assert given.body == backup.read_bytes() and check(backup).rows["village"] > 3
        desk.later(minutes=1)
        await admin.post("/data/start/drill")
        await worked()
        assert "演练通过" in (await admin.get("/data")).text
        assert logged(desk, "下载备份") == [(backup.name, {})]
        assert [about for about, _ in logged(desk, "备份、演练、导出")] == ["备份", "演练恢复"]

    run(story)


def test_an_export_is_masked_unless_it_is_asked_for_openly_with_a_reason(
    run: Run, town: DemoTown, tmp_path: Path
) -> None:
    Talk(town).say(WHO, None, f"建议打我电话{PHONE}")

    async def story(desk: Desk) -> None:
        admin = desk.clerk(ConsoleRole.ADMIN)
        refused = await admin.post("/data/start/export", open="yes", reason=" ")
        assert refused.status == 422 and "为什么" in refused.said and "checked" in refused.text
        assert logged(desk, "备份、演练、导出") == []
        for openly, reason in ((False, ""), (True, f"省里要<b>，电话{PHONE}")):
            await admin.post("/data/start/export", reason=reason, open=["yes"] if openly else [])
            await worked()
            assert "导出好了" in (await admin.get("/data")).text
            (made, *_) = sorted((tmp_path / "exports").glob("*.zip"), reverse=True)
            given = await admin.get(f"/data/exports/{made.name}")
            with zipfile.ZipFile(io.BytesIO(given.body)) as archive:
                members = archive.read("tables/member.jsonl").decode() + archive.read("tables/inbox.jsonl").decode()
                assert json.loads(archive.read("schema.json"))["masked"] is not openly
            assert ((WHO in members), (PHONE in members)) == (openly, openly)
            assert ("没有隐去姓名" in (await admin.get("/data")).text) is openly
            assert made.stat().st_mode & 0o077 == 0
            desk.later(minutes=1)
        details = [detail for _, detail in logged(desk, "备份、演练、导出")]
        assert [each["隐去个人信息"] for each in details] == [True, False]
        assert details[1]["理由"] == "省里要<b>，电话138****5678"
        assert len(logged(desk, "下载导出的数据")) == 2
        removed = await admin.post(f"/data/exports/{made.name}/remove")
        assert removed.said == "删掉了。" and not made.exists()
        assert [each for each in (tmp_path / "exports").iterdir() if each.is_dir()] == []

    run(story)


def test_one_thing_at_a_time_and_a_turn_done_again_begins_nothing_twice(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold, done = threading.Event(), list[str]()

    def slowly(_job: object, _config: object, *words: str) -> str:
        assert hold.wait(60)
        done.append(words[0])
        return "好了<b>"

    monkeypatch.setattr(upkeep, "run", slowly)

    async def story(desk: Desk) -> None:
        admin, other = desk.clerk(ConsoleRole.ADMIN), desk.clerk(ConsoleRole.ADMIN)
        await admin.post("/data/start/backup")
        assert (await admin.post("/data/start/backup")).status == 200  # at the same moment: the same
        assert "正在备份" in (await other.get("/data")).text
        desk.later(seconds=1)
        busy = await other.post("/data/start/drill")
        assert busy.status == 422 and "正在备份" in busy.said
        hold.set()
        await worked()
        assert "好了&lt;b&gt;" in (await other.get("/data")).text and done == ["backup"]

    run(story)


def test_what_went_wrong_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var/backups").write_text("in the way")

    async def story(desk: Desk) -> None:
        admin = desk.clerk(ConsoleRole.ADMIN)
        await admin.post("/data/start/backup")
        await worked()
        page = (await admin.get("/data")).text
        assert 'class="fault words"' in page and "备份没做成" in page

    run(story)


def test_only_what_is_listed_can_be_fetched(run: Run, tmp_path: Path) -> None:
    (tmp_path / "var/backups").mkdir(parents=True)
    (tmp_path / "exports").mkdir(parents=True)
    (tmp_path / "var/backups/secret.txt").write_text("x")
    (tmp_path / "exports/menlou-export-20261120-150000.part.zip").write_text("x")

    async def story(desk: Desk) -> None:
        admin = desk.clerk(ConsoleRole.ADMIN)
        for kind in ("backups", "exports"):
            for name in (
                "secret.txt",
                "..%2Fconfig.yaml",
                "%2e%2e%2fconfig.yaml",
                "menlou-export-20261120-150000.part.zip",
            ):
                assert (await admin.get(f"/data/{kind}/{name}")).status == 404, name
        assert (await admin.post("/data/start/restore")).status == 404

    run(story)


def test_only_an_admin_comes_near(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "var/backups"
    folder.mkdir(parents=True)
    (folder / "menlou-20261120-150000.zip").write_bytes(b"x")

    async def story(desk: Desk) -> None:
        for role, village in (
            (ConsoleRole.VIEWER, ""), (ConsoleRole.VILLAGE, "石湾村"), (ConsoleRole.COORDINATOR, ""),
            (ConsoleRole.APPROVER, ""),
        ):  # fmt: skip
            clerk = desk.clerk(role, village=village)
            assert (await clerk.get("/data")).status == 403
            assert (await clerk.get("/data/backups/menlou-20261120-150000.zip")).status == 403
            for what in data.WHATS:
                assert (await clerk.post(f"/data/start/{what}")).status == 403

    run(story)
