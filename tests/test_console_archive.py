"""The archive's page: found by year, town and village; and how a whole year is packed."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from bot.cli import main
from data.desk_tables import ConsoleRole
from data.loop import Lecture, LectureState
from data.record_tables import Area, AreaLevel
from data.tables import Village
from tests.desk import Desk, open_desk
from tests.test_reports_asked import config_of
from tests.town import NOW, DemoTown


def furnish(desk: Desk) -> dict[str, str]:
    """An archived lecture in each of two villages, which lie in two towns; their towns' ids by name."""
    with desk.session() as session, session.begin():
        towns = [Area(level=AreaLevel.TOWN, name=name) for name in ("上镇", "下镇")]
        session.add_all(towns)
        session.flush()
        for number, town in enumerate(towns, 1):
            session.get_one(Village, number).area_id = town.id
            day = NOW - timedelta(days=30)
            session.add(
                Lecture(
                    topic_id=1, lecturer_id=1, village_id=number, title=f"{town.name}的课", venue="祠堂",
                    starts_at=day, state=LectureState.ARCHIVED,
                )
            )  # fmt: skip
        return {town.name: str(town.id) for town in towns}


def test_it_is_found_by_town_and_village(town: DemoTown) -> None:
    async def story() -> None:
        async with open_desk(town) as desk:
            clerk, ids = desk.clerk(), furnish(desk)
            everything = await clerk.get("/archive")
            assert "上镇的课" in everything.text
            assert "下镇的课" in everything.text
            upper = await clerk.get("/archive", town=ids["上镇"])
            assert "上镇的课" in upper.text
            assert "下镇的课" not in upper.text
            assert upper.text.count('<option value="1"') >= 1  # its own village …
            elsewhere = await clerk.get("/archive", town=ids["上镇"], village="2")  # … and no other
            assert "上镇的课" in elsewhere.text
            assert "下镇的课" not in (await clerk.get("/archive", village="1")).text

    asyncio.run(story())


def test_who_may_packs_a_year_and_a_village_sees_its_own(town: DemoTown) -> None:
    async def story() -> None:
        async with open_desk(town) as desk:
            furnish(desk)
            admin = desk.clerk(ConsoleRole.ADMIN)
            assert 'href="/archive/years"' in (await admin.get("/archive")).text
            assert '<option value="2026" selected>' in (await admin.get("/archive/years")).text
            for clerk in (desk.clerk(), desk.clerk(ConsoleRole.APPROVER)):
                page = (await clerk.get("/archive")).text
                assert "请管理员来做" in page and "/archive/years" not in page
                assert (await clerk.get("/archive/years")).status == 403
                assert (await clerk.post("/archive/years", year="2026")).status == 403
                assert (await clerk.get("/archive/years/menlou-archive-2026-20261120-150000.zip")).status == 403
            village = await desk.clerk(ConsoleRole.VILLAGE, village="上坪村").get("/archive", town="1")
            assert "请管理员" not in village.text
            assert 'name="town"' not in village.text
            assert "下镇的课" not in village.text

    asyncio.run(story())


@pytest.mark.parametrize(
    ("folder", "told"),
    [("nowhere", "没有 "), ("own", "模板 lecture.docx 有问题"), ("empty", "没问题")],
)
def test_check_config_reads_the_templates(
    town: DemoTown, tmp_path: Path, capsys: pytest.CaptureFixture[str], folder: str, told: str
) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "empty").mkdir()
    (tmp_path / "own" / "lecture.docx").write_bytes(b"PK not a document")
    (tmp_path / "own" / "other.docx").write_bytes(b"of no use to us")
    config = config_of(town, tmp_path)
    config.write_text(config.read_text("utf-8").replace("templates: ''", f"templates: {folder}"), "utf-8")
    code = main(["check-config", "--config", str(config)])
    said = capsys.readouterr()
    assert told in said.out + said.err
    assert "other.docx" not in said.err
    assert code == (0 if folder == "empty" else 2)
