"""课件 that waits for review is seen on the first page; who uploaded it is told when it comes back."""

import asyncio
from typing import Any

from sqlmodel import col, select

from data.mail import Outbox
from tests.desk import Clerk, Desk, Seen, open_desk
from tests.town import DemoTown


async def upload(clerk: Clerk, body: bytes = b"%PDF-1.7 .") -> str:
    """A new version; the path of its page."""
    fields: dict[str, Any] = {"topic": "1", "title": "防骗十招"}
    done = await clerk.post("/materials/add", files={"file": ("a.pdf", body)}, **fields)
    return done.path


async def today(clerk: Clerk) -> Seen:
    return await clerk.get("/")


def told(desk: Desk) -> str:
    with desk.session() as session:
        row = session.exec(select(Outbox).order_by(col(Outbox.id).desc())).first()
        return row.text if row is not None else ""


def test_it_waits_on_the_first_page_for_somebody_else(town: DemoTown) -> None:
    async def story() -> None:
        async with open_desk(town) as desk:
            author, other = desk.clerk(), desk.clerk()
            assert "课件等人审" not in (await today(other)).text
            path = await upload(author)
            waiting = (await today(other)).text
            assert "课件等人审" in waiting
            assert f'href="{path}"' in waiting
            assert "等您审" in waiting
            assert "您传的，等另一位审" in (await today(author)).text
            assert 'data-live="materials"' in waiting
            done = await other.post(f"{path}/approve")
            assert "以前的版本" not in done.said
            assert "课件等人审" not in (await today(other)).text
            second = await upload(author, b"%PDF-1.7 ..")
            assert "以前的版本撤下了" in (await other.post(f"{second}/approve")).said

    asyncio.run(story())


def test_who_uploaded_it_hears_what_is_to_be_mended(town: DemoTown) -> None:
    async def story() -> None:
        async with open_desk(town) as desk:
            author, other = desk.clerk(), desk.clerk()
            path = await upload(author)
            done = await other.post(f"{path}/return", note="第3页数字旧了")
            assert "也告诉传的人了" in done.said
            assert "您传的课件《防骗十招》第1版退回了：第3页数字旧了" in told(desk)
            assert "第3页数字旧了" in (await today(author)).text

    asyncio.run(story())
