"""Reports in media: struck only with the report before one's eyes, and taken back within the minute."""

import asyncio
from datetime import date

from sqlmodel import select

from data.desk_tables import Audit, ConsoleRole
from data.record_tables import MediaLevel, MediaReport
from tests.desk import Desk, open_desk
from tests.town import NOW, DemoTown


def note(desk: Desk, title: str, village_id: int) -> int:
    with desk.session() as session, session.begin():
        report = MediaReport(
            title=title, outlet="西江日报", level=MediaLevel.CITY, published_on=date(2026, 11, 18),
            village_id=village_id, noted_at=NOW,
        )  # fmt: skip
        session.add(report)
        session.flush()
        return report.id or 0


def struck(desk: Desk, number: int) -> bool:
    with desk.session() as session:
        return session.get_one(MediaReport, number).struck_at is not None


def test_one_is_struck_from_its_own_page_and_can_be_taken_back(town: DemoTown) -> None:
    async def story() -> None:
        async with open_desk(town) as desk:
            clerk, first, other = desk.clerk(), note(desk, "讲到家门口", 1), note(desk, "夜里的灯", 2)
            listed = await clerk.get("/media")
            assert f'href="/media/{first}"' in listed.text
            assert "/strike" not in listed.text
            page = await clerk.get(f"/media/{first}")
            assert "讲到家门口" in page.text
            assert f'action="/media/{first}/strike"' in page.text
            done = await clerk.post(f"/media/{first}/strike")
            assert "《讲到家门口》划掉了" in done.said
            assert struck(desk, first)
            assert "/strike" not in (await clerk.get(f"/media/{first}")).text
            again = await clerk.post(f"/media/{first}/strike")
            assert again.status == 422
            await clerk.post("/undo")
            assert not struck(desk, first)
            assert not struck(desk, other)
            with desk.session() as session:
                about = session.exec(select(Audit.about).where(Audit.what == "划掉报道")).one()
            assert about == f"第{first}篇报道《讲到家门口》"

    asyncio.run(story())


def test_who_may_not(town: DemoTown) -> None:
    async def story() -> None:
        async with open_desk(town) as desk:
            mine, theirs = note(desk, "讲到家门口", 1), note(desk, "夜里的灯", 2)
            village = desk.clerk(ConsoleRole.VILLAGE, village="上坪村")
            assert "/strike" not in (await village.get(f"/media/{mine}")).text
            assert (await village.get(f"/media/{theirs}")).status == 404
            assert (await village.post(f"/media/{mine}/strike")).status == 403
            assert (await desk.clerk().get("/media/999")).status == 404
            assert not struck(desk, mine)

    asyncio.run(story())
