"""补记 in the console: a past event from the phone, shown before it is kept, told to nobody."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest
from sqlmodel import col, select

from data.desk_tables import ConsoleRole
from data.loop import EventKind, Lecture
from data.mail import Outbox
from tests.desk import Desk, open_desk
from tests.town import ZONE, DemoTown

PAGE = "/lectures/held"
FORM: dict[str, Any] = {
    "kind": "courtyard", "at": "2026-11-19T19:30", "village": "1", "topic": "1", "lecturer": "1",
    "attended": "35", "handouts": "40", "venue": "晒谷场", "hamlet": "坡脚组", "mode": "现场",
}  # fmt: skip


def run(town: DemoTown, story: Callable[[Desk], Awaitable[None]]) -> None:
    async def told() -> None:
        async with open_desk(town) as desk:
            await story(desk)

    asyncio.run(told())


def last(desk: Desk) -> tuple[Lecture, int]:
    """What was kept last, and how many messages there are."""
    with desk.session() as session:
        lecture = session.exec(select(Lecture).order_by(col(Lecture.id).desc())).first()
        assert lecture is not None
        return lecture, len(session.exec(select(Outbox.id)).all())


def test_a_courtyard_meeting_of_last_night_is_shown_then_kept_and_can_be_taken_back(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        assert 'href="/lectures/held"' in (await clerk.get("/lectures")).text
        shown = await clerk.get(PAGE, look="1", **FORM)
        for words in ("会这样记", "屋场会《", "2026-11-19 19:30", "35人，发资料40份", "坡脚组", "不通知任何人"):
            assert words in shown.text, words
        assert "已经截止" not in shown.text
        before, messages = last(desk)
        done = await clerk.post(PAGE, **FORM)
        lecture, after = last(desk)
        assert done.path == f"/lectures/{lecture.id}"
        assert "没有通知任何人" in done.said
        assert after == messages
        assert (lecture.kind, lecture.starts_at, lecture.hamlet, lecture.attended, lecture.counted_by) == (
            EventKind.COURTYARD, datetime(2026, 11, 19, 19, 30, tzinfo=ZONE), "坡脚组", 35, clerk.member_id,
        )  # fmt: skip
        assert "/photos" in done.text  # pictures may follow
        again = await clerk.post(PAGE, **FORM)
        assert again.status == 422
        assert "已经记着了" in again.said
        assert 'value="35"' in again.text
        near = await clerk.get(PAGE, look="1", **{**FORM, "at": "2026-11-19T20:00"})
        assert "是不是同一场" in near.text
        await clerk.post("/undo")
        assert last(desk)[0].id == before.id

    run(town, story)


def test_what_is_late_is_said_before_and_after(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        old = {**FORM, "at": "2026-09-20T09:00", "attended": "", "handouts": ""}
        shown = await clerk.get(PAGE, look="1", **old)
        assert "2026年9月、2026年第三季度已经截止，会列在补报里" in shown.text
        assert "没写，过后可以报" in shown.text
        assert "会列在补报里" in (await clerk.post(PAGE, **old)).said
        counted = await clerk.post(f"/lectures/{last(desk)[0].id}/attended", attended="30", handouts="")
        assert "会列在补报里" in counted.said

    run(town, story)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("at", "2026-11-29T19:30", "还没到"), ("at", "", "请选好日期"), ("kind", "x", "类型"), ("mode", "x", "形式"),
        ("village", "99", "村"), ("lecturer", "谁", "宣讲员"), ("topic", "", "题目"), ("attended", "三十", "到场"),
        ("mode", "线上", "地点就不是“晒谷场”"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_and_nothing_is_lost(town: DemoTown, field: str, value: str, words: str) -> None:
    async def story(desk: Desk) -> None:
        clerk, before = desk.clerk(), last(desk)[0].id
        wrong = {**FORM, field: value}
        looked = await clerk.get(PAGE, look="1", **wrong)
        assert words in looked.said
        assert "会这样记" not in looked.text
        tried = await clerk.post(PAGE, **wrong)
        assert tried.status == 422
        assert words in tried.said
        assert "坡脚组" in tried.text
        assert last(desk)[0].id == before

    run(town, story)


def test_only_coordinators_record(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        for clerk in (desk.clerk(ConsoleRole.VIEWER), desk.clerk(ConsoleRole.VILLAGE, village="上坪村")):
            assert (await clerk.get(PAGE)).status == 403
            assert (await clerk.post(PAGE, **FORM)).status == 403
            assert 'href="/lectures/held"' not in (await clerk.get("/lectures")).text

    run(town, story)


def test_a_number_that_is_unusually_large_is_kept_and_doubted(town: DemoTown) -> None:
    """5000 for 50 was kept without a word."""

    async def story(desk: Desk) -> None:
        clerk, large = desk.clerk(), {**FORM, "attended": "5000"}
        assert "到场的人数特别大，请核对一下" in (await clerk.get(PAGE, look="1", **large)).text
        assert "人数特别大" not in (await clerk.get(PAGE, look="1", **FORM)).text
        done = await clerk.post(PAGE, **large)
        lecture, _ = last(desk)
        assert lecture.attended == 5000
        assert "到场的人数特别大：要是打错了，在这一页的“到场”里改过来就行" in done.said
        here = f"/lectures/{lecture.id}/attended"
        assert "人数特别大" in (await clerk.post(here, attended="2000", handouts="")).said
        assert "特别大" not in (await clerk.post(here, attended="50", handouts="")).said
        for wrong in ("-5", "3.5", "五十", "9999999"):
            assert (await clerk.post(here, attended=wrong, handouts="")).status == 422, wrong
        assert (await clerk.post(here, attended="0", handouts="")).status != 422

    run(town, story)
