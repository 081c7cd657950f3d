"""Bringing one's own in the console: looked at first, then taken whole; and what a step keeps for the next."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlmodel import Session, select

from bot.console import store
from bot.console.pages import bring
from bot.console.store import Store
from bot.console.values import Upload
from data.bring.book import read
from data.bring.sheets import SHEETS
from data.desk_errors import NotThere
from data.desk_tables import Audit, ConsoleRole
from data.mail import Outbox
from data.tables import Lecturer, Village
from tests.bring_town import Rows, workbook
from tests.desk import Clerk, Desk, Seen, open_desk
from tests.town import NOW, DemoTown

EVIL = '<script>x</script>".xlsx'
PHONE = "13812345678"
GOOD: Mapping[str, Rows] = {
    "村": ({"名称": "新开村", "别名": "新开", "场地": "文化室"}, {"名称": "旧村", "别名": "湾头"}),
    "宣讲员": ({"姓名": "李明<b>", "职务": "医生", "行当": PHONE},),
}
BAD: Mapping[str, Rows] = {
    "村": ({"名称": "新开村", "邻村": "没有的村<i>"},),
    "宣讲员": ({"姓名": "李明", "题目": "没有的题目"}, {"姓名": "王小梅", "导师": "没有的人"}),
}


@pytest.fixture(autouse=True)
def _an_old_village(town: DemoTown) -> None:
    """One that is not in the town's own files, whose words would stand above."""
    with town.session() as session, session.begin():
        session.add(Village(name="旧村", aliases=["老村"]))


def run(town: DemoTown, story: Callable[[Desk], Awaitable[None]]) -> None:
    async def told() -> None:
        async with open_desk(town) as desk:
            await story(desk)

    asyncio.run(told())


async def send(clerk: Clerk, pages: Mapping[str, Rows], name: str = "资料.xlsx") -> Seen:
    return await clerk.post("/bring/send", files={"file": (name, workbook(pages))})


def names(session: Session) -> tuple[set[str], set[str]]:
    return set(session.exec(select(Village.name))), set(session.exec(select(Lecturer.name)))


def test_nothing_is_written_before_the_word_and_all_of_it_after(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        with desk.session() as session:
            before = names(session)
        seen = await send(clerk, GOOD)
        assert seen.path.startswith("/bring/") and seen.status == 200
        assert "会改动的（1行）" in seen.text and "会新增的（2行）" in seen.text
        assert "湾头" in seen.text and "→" in seen.text and "李明&lt;b&gt;" in seen.text
        assert "李明<b>" not in seen.text
        with desk.session() as session:
            assert names(session) == before
        done = await clerk.post(f"{seen.path}/take")
        assert done.path == "/bring" and "新增2行，改动1行" in done.said
        with desk.session() as session:
            villages, lecturers = names(session)
            assert villages == before[0] | {"新开村"} and lecturers == before[1] | {"李明<b>"}
            assert session.exec(select(Outbox)).all() == [], "nobody is told"
            (log,) = session.exec(select(Audit).where(Audit.what == "导入资料"))
            assert (log.detail["村 新增"], log.detail["村 改动"], log.detail["宣讲员 新增"]) == (1, 1, 1)
        again = await clerk.get(seen.path)
        assert "和现有的一样" in again.text and "就这样导入" not in again.text

    run(town, story)


def test_all_faults_are_shown_with_their_place_and_nothing_is_taken(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        with desk.session() as session:
            before = names(session)
        seen = await send(clerk, BAD)
        assert "有3处要改" in seen.text and "就这样导入" not in seen.text
        for place in ("村 第2行「邻村」", "宣讲员 第2行「题目」", "宣讲员 第3行「导师」"):
            assert place in seen.text
        assert "没有的村<i>" not in seen.text
        forced = await clerk.post(f"{seen.path}/take")
        assert forced.status == 422 and "3处要改" in forced.said
        with desk.session() as session:
            assert names(session) == before

    run(town, story)


def test_what_changed_meanwhile_is_looked_at_again(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        seen = await send(clerk, GOOD)
        with desk.session() as session, session.begin():
            session.exec(select(Village).where(Village.name == "旧村")).one().aliases = ["别的"]
        stale = await clerk.post(f"{seen.path}/take")
        assert stale.status == 422 and "有人改过" in stale.said and "别的" in stale.text
        assert "导入好了" in (await clerk.post(f"{seen.path}/take")).said

    run(town, story)


def test_a_file_that_is_none_is_declined(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        nothing = await clerk.post("/bring/send")
        assert nothing.status == 422 and "请选" in nothing.said
        for body in (b"MZ", b"PK\x03\x04 broken", b"<html>"):
            seen = await clerk.post("/bring/send", files={"file": ("a.xlsx", body)})
            assert seen.status == 200 and "没有导入" in seen.text and "就这样导入" not in seen.text
            assert (await clerk.post(f"{seen.path}/take")).status == 404

    run(town, story)


def test_a_file_is_its_sender_s_for_half_an_hour(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk, other = desk.clerk(), desk.clerk()
        seen = await send(clerk, GOOD)
        assert (await other.get(seen.path)).status == 404
        assert (await other.post(f"{seen.path}/take")).status == 404
        assert (await other.post(f"{seen.path}/drop")).status == 404
        desk.later(minutes=29)
        assert (await clerk.get(seen.path)).status == 200
        desk.later(minutes=2)
        assert (await clerk.get(seen.path)).status == 404
        assert (await clerk.post(f"{seen.path}/take")).status == 404
        dropped = await send(clerk, GOOD)
        await clerk.post(f"{dropped.path}/drop")
        assert (await clerk.get(dropped.path)).status == 404

    run(town, story)


def test_numbers_are_masked_until_they_are_asked_for(town: DemoTown) -> None:
    wanted: Mapping[str, Rows] = {"宣讲员": ({"姓名": "黄秀兰", "职务": f"护士{PHONE}"},)}

    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        seen = await send(clerk, wanted)
        assert "138****5678" in seen.text and PHONE not in seen.text
        assert PHONE in (await clerk.post(f"{seen.path}/open")).text

    run(town, story)


def test_the_empty_workbook_offers_what_the_town_has(town: DemoTown, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        given = await desk.clerk().get("/bring/template")
        path = tmp_path / "t.xlsx"
        path.write_bytes(given.body)
        shown = {str(cell.value) for sheet in load_workbook(path) for row in sheet.iter_rows() for cell in row}
        assert {"石湾村", "反诈骗"} <= shown
        assert read(given.body, SHEETS).faults == ()

    run(town, story)


def test_a_file_s_name_is_no_markup(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        sent = bring.Sent(Upload(EVIL, workbook(GOOD)))
        page = (await clerk.get(f"/bring/{bring.SENT.put(sent, user_id=clerk.user_id, now=desk.now)}")).text
        assert "<script>x" not in page and "&lt;script&gt;x" in page

    run(town, story)


def test_only_coordinators_bring(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        token = (await send(desk.clerk(), GOOD)).path
        for role, village in ((ConsoleRole.VIEWER, ""), (ConsoleRole.VILLAGE, "石湾村")):
            clerk = desk.clerk(role, village=village)
            for path in ("/bring", "/bring/template", token):
                assert (await clerk.get(path)).status == 403
            assert (await send(clerk, GOOD)).status == 403
            assert (await clerk.post(f"{token}/take")).status == 403

    run(town, story)


# ---- what a step keeps for the next ------------------------------------------------------------------------------


def test_the_store_lets_go_of_the_oldest_where_there_is_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: Store[bytes] = Store("这个", len)
    tokens = [kept.put(b"x", user_id=1, now=NOW) for _ in range(store.MOST + 1)]
    with pytest.raises(NotThere):
        kept.get(tokens[0], user_id=1, now=NOW)
    assert kept.get(tokens[1], user_id=1, now=NOW) == b"x"
    monkeypatch.setattr(store, "HEAVIEST", 10)
    heavy = kept.put(b"123456789", user_id=1, now=NOW)
    assert kept.get(tokens[-1], user_id=1, now=NOW) == b"x"
    with pytest.raises(NotThere):
        kept.get(tokens[-2], user_id=1, now=NOW)
    assert kept.get(heavy, user_id=1, now=NOW) == b"123456789"


def test_a_change_does_not_make_it_stay_longer() -> None:
    kept: Store[bytes] = Store("这个", len)
    token = kept.put(b"x", user_id=1, now=NOW)
    kept.change(token, b"y", user_id=1, now=NOW + timedelta(minutes=20))
    assert kept.get(token, user_id=1, now=NOW + timedelta(minutes=30)) == b"y"
    with pytest.raises(NotThere):
        kept.change(token, b"z", user_id=2, now=NOW)
    with pytest.raises(NotThere):
        kept.get(token, user_id=1, now=NOW + timedelta(minutes=31))
