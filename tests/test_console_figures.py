"""The console's figures, reports and media: each number opens, each chart is kept, each report is its maker's only."""

import asyncio
import io
import re
import threading
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from docx import Document
from openpyxl import load_workbook
from sqlmodel import Session, col, select

from bot.console import background
from bot.console.background import File, Job, Standing, TooMany, Workshop
from data.desk_tables import Audit, ConsoleRole
from data.figures import areas
from data.figures.figures import FIGURES, numbers
from data.figures.periods import parse
from data.figures.scope import Scope
from data.record_tables import MediaReport
from data.reports import told
from data.reports.drawn import CHARTS
from data.reports.told import PARTS
from data.tables import Village
from tests.desk import Clerk, Desk, Seen, open_desk
from tests.lively import make_lively
from tests.test_reports import fill
from tests.town import NOW, ZONE, DemoTown, Talk

MARK = "<script>alert('1')</script>"
Q2: Any = {"period": "2026Q2"}


def run(town: DemoTown, story: Callable[[Desk], Awaitable[None]]) -> None:
    async def told() -> None:
        async with open_desk(town) as desk:
            await story(desk)

    asyncio.run(told())


def filled(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        fill(session)


def tiles(seen: Seen) -> dict[str, str]:
    found = re.findall(r'<li><a href="/figures/(\w+)\?[^"]*"[^>]*><b>([^<]*?) <small>', seen.text)
    return {key: number.strip() for key, number in found}


def test_every_figure_is_on_the_page_and_opens_its_rows(town: DemoTown) -> None:
    filled(town)

    async def story(desk: Desk) -> None:
        clerk = desk.clerk(ConsoleRole.VIEWER)
        shown: dict[str, str] = {}
        for part in PARTS:
            shown |= tiles(await clerk.get("/figures", part=part, **Q2))
        with desk.session() as session:
            counted = numbers(session, Scope(parse("2026Q2"), areas.whole(session), ZONE, desk.now))
        assert shown == {each.key: told.told(counted[each.key]) for each in FIGURES}
        assert (shown["events"], shown["attended"], shown["rating_mean"]) == ("6", "165", "—")
        rows = await clerk.get("/figures/attended", **Q2)
        assert "共6条" in rows.text
        assert rows.text.count('href="/lectures/') == 6
        sheet = load_workbook(io.BytesIO((await clerk.get("/figures/attended", **{"as": "xlsx"}, **Q2)).body)).active
        assert sheet is not None
        head, *lines = sheet.iter_rows(values_only=True)
        assert head == ("内容", "编号", "时间", "村", "计入（人次）", "题目", "宣讲员", "地点", "村小组")
        assert sorted((line[4] for line in lines), key=str) == [31, 32, 33, 34, 35, None]
        assert (await clerk.get("/figures/nosuch", **Q2)).status == 404
        assert (await clerk.get("/figures", period="去年底")).status == 400
        assert (await clerk.get("/figures", place="月亮村")).status == 400

    run(town, story)


def test_messages_counted_by_month_are_as_many_as_counted_at_once(town: DemoTown) -> None:
    talk = Talk(town)
    talk.push()
    talk.later(minutes=5)
    talk.say("坪顶梁伯", "上坪村乡亲群", "@小门 点课 防火")

    async def story(desk: Desk) -> None:
        desk.later(days=3)
        shown = tiles(await desk.clerk().get("/figures", part="pushes", period="2026"))
        with desk.session() as session:
            counted = numbers(session, Scope(parse("2026"), areas.whole(session), ZONE, desk.now))
        assert shown == {key: told.told(counted[key]) for key in PARTS["pushes"][1]}
        assert "0" not in (shown["pushes"], shown["replies"])

    run(town, story)


def test_charts_are_on_the_page_and_kept_as_pictures(town: DemoTown) -> None:
    filled(town)

    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        page = await clerk.get("/figures", part="events", **Q2)
        assert page.text.count("<svg ") == 2
        assert "style=" not in page.text
        assert "整月没办活动的村" in page.text
        for name in CHARTS:
            seen = await clerk.get(f"/figures/chart/{name}", **Q2)
            assert seen.body.startswith(b"\x89PNG"), name
        assert (await clerk.get("/figures/chart/nosuch")).status == 404
        with desk.session() as session:
            logged = session.exec(select(Audit.about).where(Audit.what == "存图表")).all()
        assert len(logged) == len(CHARTS)

    run(town, story)


def test_what_looks_odd_and_what_residents_said_is_for_coordinators(town: DemoTown) -> None:
    make_lively(town, MARK)

    async def story(desk: Desk) -> None:
        coordinator, viewer, clerk = desk.clerk(), desk.clerk(ConsoleRole.VIEWER), village_clerk(desk, "上坪村")
        assert (await coordinator.get("/figures/flags")).status == 200
        for other in (viewer, clerk):
            assert (await other.get("/figures/flags")).status == 403
            assert "请看一眼" not in (await other.get("/figures")).text
        opinions = await viewer.get("/figures/opinions")
        assert "138****1234" in opinions.text
        month = (await coordinator.get("/figures/opinions", period="2026-11")).text
        assert re.search(r'action="/figures/opinions/open\?period=2026-11', month), "opened, it is still that month"
        assert "显示完整号码" not in (await coordinator.get("/figures/opinions", period="2026-01")).text
        assert "13800001234" not in opinions.text
        for key in ("opinions", "orders", "events", "replies", "notices"):
            seen = await coordinator.get(f"/figures/{key}", period="2026")
            assert "<script>alert" not in seen.text

    run(town, story)


def village_clerk(desk: Desk, name: str) -> Clerk:
    return desk.clerk(ConsoleRole.VILLAGE, village=name)


def test_a_village_clerk_sees_only_their_own_numbers(town: DemoTown) -> None:
    filled(town)

    async def story(desk: Desk) -> None:
        clerk = village_clerk(desk, "石湾村")
        with desk.session() as session:
            other = session.exec(select(Village.id).where(Village.name == "上坪村")).one()
        for place in ("", "all", f"village:{other}", "上坪村"):
            page = await clerk.get("/figures", place=place, **Q2)
            assert tiles(page)["events"] == "3"
            assert "石湾村 2026年第二季度" in page.text
            assert "上坪村" not in page.text
            assert "共3条" in (await clerk.get("/figures/events", place=place, **Q2)).text
        await clerk.post("/reports", period="2026Q2", place="上坪村", flags="yes", commend="yes")
        files = await finished(clerk)
        text = "\n".join(each.text for each in Document(io.BytesIO(files[0].body)).paragraphs)
        assert "石湾村2026年第二季度" in text
        assert "上坪村" not in text
        assert "请看一眼" not in text

    run(town, story)


async def finished(clerk: Clerk) -> list[Seen]:
    """Wait for the report as the page's script does, and download what is there."""
    await asyncio.to_thread(_all_done)
    page = await clerk.get("/reports")
    links = re.findall(r'href="(/reports/\d+/\d+)"', page.text)
    assert len(links) == 3, page.text
    return [await clerk.get(link) for link in links]


def _all_done() -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("report-"):
            thread.join(60)


def test_a_report_is_made_in_the_background_for_its_maker(town: DemoTown) -> None:
    filled(town)

    async def story(desk: Desk) -> None:
        clerk, other = desk.clerk(), desk.clerk()
        assert "开始做门楼镇2026年第二季度总结" in (await clerk.post("/reports", **Q2)).said
        word, excel, picture = await finished(clerk)
        table = Document(io.BytesIO(word.body)).tables[0]
        assert {row.cells[0].text: row.cells[2].text for row in table.rows}["到场人次"] == "165"
        assert load_workbook(io.BytesIO(excel.body))["总表"]["A2"].value == "收到点单"
        assert picture.body.startswith(b"\x89PNG")
        link = re.findall(r'href="(/reports/(\d+)/0)"', (await clerk.get("/reports")).text)[0]
        assert "/reports/" not in (await other.get("/reports")).text.replace('action="/reports', "")
        assert (await other.get(link[0])).status == 404
        assert (await other.post(f"/reports/{link[1]}/cancel")).status == 404
        assert (await clerk.get(f"/reports/{link[1]}/9")).status == 404
        desk.later(hours=1, minutes=1)
        assert (await clerk.get(link[0])).status == 404

    run(town, story)


def test_a_period_that_is_none_keeps_what_was_typed(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        seen = await desk.clerk().post("/reports", period="去年<b>", place="石湾村")
        assert (seen.status, "看不懂时段" in seen.said) == (422, True)
        assert 'value="去年&lt;b&gt;"' in seen.text

    run(town, story)


# ---- the workshop --------------------------------------------------------------------------------------------------


def held_up(gate: threading.Event) -> Callable[[Session, Job], list[File]]:
    def work(_session: Session, job: Job) -> list[File]:
        job.step(0.5, "等")
        assert gate.wait(30)
        job.step(0.9, "快好了")
        return [File("a", "text/plain", b"x" * 10)]

    return work


def test_work_can_be_stopped_and_is_limited(town: DemoTown) -> None:
    shop, gate, owner = Workshop(f"sqlite:///{town.path}"), threading.Event(), 1
    jobs = [shop.begin(owner, str(number), held_up(gate), now=NOW) for number in range(background.MOST_OF_ONE)]
    with pytest.raises(TooMany, match="等一份做完"):
        shop.begin(owner, "one more", held_up(gate), now=NOW)
    assert not shop.of(2, now=NOW)
    for job in jobs[1:]:
        job.stop.set()
    gate.set()
    _all_done()
    assert sorted(job.standing for job in jobs) == [Standing.CANCELLED, Standing.CANCELLED, Standing.DONE]
    assert [job.number for job in shop.of(owner, now=NOW + timedelta(minutes=59))] == [3, 2, 1]
    assert shop.of(owner, now=NOW + timedelta(minutes=61)) == []


def test_work_that_fails_says_so_and_what_is_large_makes_room(town: DemoTown) -> None:
    shop, owner = Workshop(f"sqlite:///{town.path}"), 1

    def breaks(_session: Session, _job: Job) -> list[File]:
        raise RuntimeError("secret words")

    job = shop.begin(owner, "breaks", breaks, now=NOW)
    _all_done()
    assert job.standing is Standing.FAILED
    assert "secret" not in job.fault
    half = background.MOST_BYTES // 2 + 1
    for number in range(2):
        shop.begin(owner, f"large {number}", lambda *_: [File("a", "b", bytes(half))], now=NOW)
        _all_done()
    assert [each.title for each in shop.of(owner, now=NOW)] == ["large 1", "breaks"]


# ---- media ---------------------------------------------------------------------------------------------------------


def test_reports_in_media_are_noted_and_struck(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk, viewer = desk.clerk(), desk.clerk(ConsoleRole.VIEWER)
        typed: Any = {"title": MARK, "outlet": "西江日报", "level": "city", "day": "2026-11-18", "village": "1"}
        assert "记下了" in (await clerk.post("/media", **typed)).said
        page = await clerk.get("/media")
        assert MARK not in page.text
        assert "&lt;script&gt;" in page.text
        again = await clerk.post("/media", **typed)
        assert "已经登记过了" in again.said
        assert 'value="西江日报"' in again.text
        assert "还没到" in (await clerk.post("/media", **{**typed, "day": "2027-01-01"})).said
        assert (await clerk.post("/media", **{**typed, "level": "moon"})).status == 422
        assert (await viewer.post("/media", **{**typed, "title": "另一篇"})).status == 403
        assert (await viewer.post("/media/1/strike")).status == 403
        assert "1" in tiles(await clerk.get("/figures", part="media"))["media"]
        assert MARK not in (await village_clerk(desk, "石湾村").get("/media")).text
        assert "&lt;script&gt;" not in (await village_clerk(desk, "石湾村").get("/media")).text
        assert "划掉了" in (await clerk.post("/media/1/strike")).said
        assert "没有第1篇" in (await clerk.post("/media/1/strike")).said
        assert tiles(await clerk.get("/figures", part="media"))["media"] == "0"  # the books are still open
        with desk.session() as session:
            assert session.exec(select(MediaReport)).one().struck_at == desk.now
            assert len(session.exec(select(Audit).where(col(Audit.about).startswith("第1篇报道"))).all()) == 2

    run(town, story)
