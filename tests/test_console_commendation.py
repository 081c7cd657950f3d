"""Who meets criteria is the coordinators' to know, at every moment; and the criteria are such as can be met."""

import asyncio
import re
from collections.abc import Awaitable, Callable

import pytest

from bot.console.pages import reports
from data.desk_tables import ConsoleRole, ConsoleUser
from tests.desk import Desk, open_desk
from tests.town import DemoTown


def run(town: DemoTown, story: Callable[[Desk], Awaitable[None]]) -> None:
    async def told() -> None:
        async with open_desk(town) as desk:
            await story(desk)

    asyncio.run(told())


def test_who_is_no_coordinator_any_more_downloads_no_list(town: DemoTown, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [type("Made", (), {"name": "总结.docx", "content_type": "x/y", "body": b"1"})]
    monkeypatch.setattr(reports, "gather", lambda *_: None)
    monkeypatch.setattr(reports, "files", lambda *_: made)

    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        for commend, flags in (("yes", ""), ("", "yes"), ("", "")):
            await clerk.post("/reports", period="2026", commend=commend, flags=flags)
        async with asyncio.timeout(20):
            while "做好了" not in (page := (await clerk.get("/reports")).text) or page.count("做好了") < 3:
                pass
        links = sorted(set(re.findall(r'href="(/reports/\d+/0)"', page)))
        assert [(await clerk.get(each)).status for each in links] == [200, 200, 200]
        with desk.session() as session, session.begin():
            session.get_one(ConsoleUser, clerk.user_id).role = ConsoleRole.VIEWER
        assert [(await clerk.get(each)).status for each in links] == [404, 404, 200]

    run(town, story)


@pytest.mark.parametrize("mean", ["nan", "inf", "-1", "0.5", "9", "5.01", "四"])
def test_a_mean_that_no_mark_has_is_refused(town: DemoTown, mean: str) -> None:
    async def story(desk: Desk) -> None:
        seen = await desk.clerk().post("/reports", period="2026", commend="yes", held="4", mean=mean)
        assert seen.status == 422 and "请写1到5的数" in seen.text

    run(town, story)
