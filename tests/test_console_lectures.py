"""Lectures in the console: found, planned as shown, changed, cancelled, counted, with photos; and by whom."""

import asyncio
import io
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from openpyxl import load_workbook
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from data import deeds
from data.desk import calendar, feeds, lectures, signups
from data.desk.lectures import Looked
from data.desk_tables import Audit, ConsoleRole, Feed
from data.loop import Lecture, LectureState, Photo, SignUpState
from data.mail import Outbox, OutboxState
from data.record_tables import LectureCount
from data.tables import Room, Topic, Village
from tests.desk import Clerk, Desk, open_desk
from tests.shots import a_png
from tests.town import NOW, ZONE, DemoTown, Talk, demo_rules

PNG = a_png()
EVIL = '<script>alert("1")</script>'
WHEN = "2026-11-29T19:30"
PLAN: dict[str, Any] = {
    "topic": "1",
    "lecturer": "1",
    "village": "1",
    "at": WHEN,
    "seats": "40",
    "minutes": "90",
    "hamlet": "坡脚组",
}
BAD = (
    ("at", "2026-11-19T19:30"), ("at", "明天"), ("at", "9999-12-31T23:59"), ("at", "2026-11-29T19:30+00:00"),
    ("village", "99"), ("lecturer", "谁"), ("topic", ""), ("seats", "0"), ("minutes", "9999"), ("kind", "x"),
    ("live", "javascript:alert(1)"), ("also", "没有的村"),
)  # fmt: skip


def run(town: DemoTown, story: Callable[[Desk], Awaitable[None]]) -> None:
    async def told() -> None:
        async with open_desk(town) as desk:
            await story(desk)

    asyncio.run(told())


def a_lecture(desk: Desk, **other: Any) -> int:
    what: dict[str, Any] = {
        "title": "防火",
        "venue": "祠堂",
        "lecturer_id": 2,
        "village_id": 2,
        "starts_at": NOW + timedelta(days=2),
    }
    with desk.session() as session, session.begin():
        lecture = Lecture(topic_id=1, **{**what, **other})
        session.add(lecture)
        session.flush()
        return lecture.id or 0


def find(desk: Desk, number: int) -> Lecture:
    with desk.session() as session:
        return session.get_one(Lecture, number)


def queued(session: Session, since: int = 0) -> dict[str, str]:
    """What waits to be said, by the room's name (a direct chat: its person's id)."""
    query = select(Outbox, Room).join(Room).where(col(Outbox.id) > since)
    return {room.name or room.external_id: row.text for row, room in session.exec(query)}


def test_the_list_finds_by_words_state_village_and_day(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        a_lecture(desk, title=EVIL)
        a_lecture(desk, title="去年的课", starts_at=NOW - timedelta(days=300), state=LectureState.DELIVERED, attended=3)
        a_lecture(desk, title="没报数的", starts_at=NOW - timedelta(days=3), state=LectureState.DELIVERED)
        a_lecture(desk, title="不办了", state=LectureState.CANCELLED)
        everything = await clerk.get("/lectures")
        assert "共6条" in everything.text  # the demo town has two
        assert "<script>alert" not in everything.text
        assert "&lt;script&gt;" in everything.text
        for query, wanted, others in (
            ({"q": "去年"}, "去年的课", "没报数的"),
            ({"q": "覃志刚"}, "去年的课", "天冷了"),
            ({"q": "课1"}, "天冷了", "去年的课"),
            ({"state": "coming"}, "天冷了", "不办了"),
            ({"state": "uncounted"}, "没报数的", "去年的课"),
            ({"state": "cancelled"}, "不办了", "没报数的"),
            ({"village": "1"}, "天冷了", "去年的课"),
            ({"lecturer": "2"}, "去年的课", "天冷了"),
            ({"from": "2026-11-17", "to": "2026-11-17"}, "没报数的", "去年的课"),
            ({"kind": "lecture", "topic": "1", "village": "2"}, "去年的课", "天冷了"),
        ):
            found = await clerk.get("/lectures", **query)
            assert wanted in found.text, query
            assert others not in found.text, query
        for wrong in ({"q": "%"}, {"q": "课99999999999"}, {"from": "x", "to": "9999-99-99"}, {"village": "²"}):
            assert (await clerk.get("/lectures", **wrong)).status == 200

    run(town, story)


def test_the_list_as_a_spreadsheet(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        a_lecture(desk, title="=1+1", venue="找老王13812345678")
        got = await desk.clerk().get("/lectures", **{"as": "xlsx", "village": "2"})
        rows = list(load_workbook(io.BytesIO(got.body)).active.iter_rows(values_only=True))
        assert len(rows) == 3
        assert any("找老王138****5678" in row for row in rows)
        assert any("课3《=1+1》" in row for row in rows)
        with desk.session() as session:
            assert session.exec(select(Audit.what).order_by(col(Audit.id).desc())).first() == "导出课"

    run(town, story)


def test_a_lecture_is_planned_as_it_was_shown(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        shown = await clerk.get("/lectures/new", look="1", **PLAN, also="石湾村")
        assert "【讲座】" in shown.text
        assert "上坪村乡亲群" in shown.text
        assert "石湾村大家庭" in shown.text
        with desk.session() as session:
            before = session.exec(select(col(Outbox.id)).order_by(col(Outbox.id).desc())).first() or 0
        done = await clerk.post("/lectures/new", **PLAN, also="石湾村")
        assert "排好了" in done.said
        number = int(done.path.rsplit("/", 1)[1])
        lecture = find(desk, number)
        assert lecture.starts_at == datetime(2026, 11, 29, 19, 30, tzinfo=ZONE)
        assert (lecture.minutes, lecture.hamlet, lecture.seats, lecture.owner_id) == (90, "坡脚组", 40, clerk.member_id)
        with desk.session() as session:
            village, topic = session.get_one(Village, 1), session.get_one(Topic, 1)
            assert (lecture.venue, lecture.title) == (village.venues[0], topic.name.partition("(")[0])
            said = queued(session, before)
            leaves = session.exec(select(Outbox.not_before).where(col(Outbox.id) > before)).all()
        assert {"上坪村乡亲群", "上坪在外乡亲群", "石湾村大家庭"} <= set(said)
        assert all(lecture.title in text for text in said.values())
        assert "&#39;" not in said["上坪村乡亲群"]
        for line in said["上坪村乡亲群"].split("\n"):
            assert line in shown.text
        assert min(leaves) > desk.now  # it can still be taken back
        assert done.text.count("等着发") == 3

    run(town, story)


def test_what_was_planned_can_be_taken_back_before_it_is_said(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        number = int((await clerk.post("/lectures/new", **PLAN)).path.rsplit("/", 1)[1])
        with desk.session() as session, session.begin():
            undone = deeds.undo(session, member_id=clerk.member_id, within=timedelta(minutes=1), now=desk.now)
        assert undone == f"排课 课{number}"
        assert (await clerk.get(f"/lectures/{number}")).status == 404
        with desk.session() as session:
            assert set(session.exec(select(Outbox.state)).all()) == {OutboxState.CANCELLED}

    run(town, story)


def test_the_queries_are_understood_by_both_databases(any_engine: Engine) -> None:
    held = Lecture(id=1, topic_id=1, lecturer_id=1, title="防火", venue="祠堂", starts_at=NOW)
    looked = Looked("防火", "uncounted", "lecture", 1, 1, 1, NOW, NOW)
    with Session(any_engine) as session:
        for words in (looked, replace(looked, words="课3", state="coming"), Looked()):
            assert lectures.find(session, words, now=NOW, offset=0, limit=5) == ([], 0)
        assert lectures.choices(session, Village) == lectures.topics(session) == ()
        assert signups.parties(session, 1, words="王", states=list(SignUpState), offset=0, limit=5) == ([], 0)
        assert not signups.people(session, 1)
        assert not signups.doubts(session, 1)
        assert not signups.targets(session, held, village_id=1, now=NOW)
        assert not feeds.standing(session, village_id=1, lecturer_id=1)
        for feed in (Feed(token="a", created_at=NOW), Feed(token="b", created_at=NOW, village_id=1)):
            assert not feeds.events(session, feed, now=NOW)
        first = NOW.date()
        shown = calendar.days(session, first, 7, each=4, village_id=1, lecturer_id=1, rules=demo_rules())
        assert [day.total for day in shown] == [0] * 7


def test_a_clash_is_told_with_times_that_would_do_and_nothing_is_lost(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        first = find(desk, 1)
        at = f"{first.starts_at.astimezone(ZONE):%Y-%m-%dT%H:%M}"
        taken: dict[str, Any] = {**PLAN, "lecturer": str(first.lecturer_id), "at": at, "title": f"题{EVIL}"}
        shown = await clerk.get("/lectures/new", look="1", **taken)
        assert "排不上" in shown.text
        assert "这些时间合适" in shown.text
        assert "就这样排" not in shown.text
        refused = await clerk.post("/lectures/new", **taken)
        assert refused.status == 422
        assert "排不上" in refused.said
        assert 'value="坡脚组"' in refused.text
        assert "&lt;script&gt;" in refused.text
        assert "<script>alert" not in refused.text
        for field, wrong in BAD:
            got = await clerk.post("/lectures/new", **{**PLAN, field: wrong})
            assert got.status == 422, (field, wrong)
        with desk.session() as session:
            assert len(session.exec(select(Lecture)).all()) == 2

    run(town, story)


def test_without_a_time_some_are_proposed(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        shown = await desk.clerk().get("/lectures/new", look="1", **{**PLAN, "at": ""})
        assert "这些时间合适" in shown.text
        assert 'role="alert"' not in shown.text
        assert shown.text.count("at=2026-") >= 2

    run(town, story)


def test_a_change_is_shown_then_told_to_whom_it_concerns(town: DemoTown) -> None:
    talk = Talk(town)
    talk.say("阿辉（东莞厚街）", "上坪村乡亲群", "报名2人")

    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        shown = await clerk.get("/lectures/1/change", look="1", venue="晒谷场", branches="石湾码头")
        assert "地点改到上坪晒谷场" in shown.text
        assert "上坪村乡亲群" in shown.text
        first = find(desk, 1)
        same: dict[str, Any] = {
            "at": f"{first.starts_at.astimezone(ZONE):%Y-%m-%dT%H:%M}",
            "lecturer": str(first.lecturer_id),
        }
        done = await clerk.post(
            "/lectures/1/change", **same, venue="晒谷场", branches="石湾码头\n\n石湾码头", live="", also=""
        )
        assert "改好了" in done.said
        assert "地点改到" in done.text  # in the trail
        lecture = find(desk, 1)
        assert (lecture.venue, lecture.branches, lecture.starts_at) == ("上坪晒谷场", ["石湾码头"], first.starts_at)
        with desk.session() as session:
            assert "地点改到上坪晒谷场" in queued(session)["上坪村乡亲群"]
        nothing = await clerk.get("/lectures/1/change", look="1")
        assert "和现在一样" in nothing.text
        late = await clerk.post("/lectures/1/change", **{**same, "at": "2026-11-19T10:00"}, venue="晒谷场")
        assert late.status == 422
        assert "已经过了" in late.said

    run(town, story)


def test_cancelling_shows_what_people_will_read(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        shown = await clerk.get("/lectures/1/cancel", reason="下大雨")
        assert "不办了：下大雨" in shown.text
        assert (await clerk.post("/lectures/1/cancel", reason="")).status == 422
        done = await clerk.post("/lectures/1/cancel", reason="下大雨")
        assert "取消了" in done.said
        assert find(desk, 1).state is LectureState.CANCELLED
        with desk.session() as session:
            assert "下大雨" in queued(session)["上坪村乡亲群"]
        again = await clerk.post("/lectures/1/cancel", reason="又下雨")
        assert again.status == 400
        assert "取消了" in again.text

    run(town, story)


def test_numbers_material_and_seats(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        held = a_lecture(desk, starts_at=NOW - timedelta(hours=3))
        assert "请填上人数" in (await clerk.post(f"/lectures/{held}/attended", attended="", handouts="5")).said
        wrong = await clerk.post(f"/lectures/{held}/attended", attended="三十六", handouts="40")
        assert wrong.status == 422
        assert 'value="40"' in wrong.text
        await clerk.post(f"/lectures/{held}/attended", attended="36", handouts="40")
        again = await clerk.post(f"/lectures/{held}/attended", attended="37", handouts="")
        assert "原来36人" in again.said
        lecture = find(desk, held)
        assert (lecture.attended, lecture.handouts, lecture.counted_by) == (37, 40, clerk.member_id)
        assert lecture.state is LectureState.DELIVERED
        with desk.session() as session:
            assert len(session.exec(select(LectureCount).where(LectureCount.lecture_id == held)).all()) == 2
        assert "才开始" in (await clerk.post("/lectures/1/attended", attended="3")).said
        await clerk.post("/lectures/1/material", reviewed="yes")
        assert find(desk, 1).material_reviewed is True
        await clerk.post("/lectures/1/seats", seats="")
        assert find(desk, 1).seats is None

    run(town, story)


def test_photos_are_checked_kept_once_and_served_as_what_they_are(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        held = a_lecture(desk, starts_at=NOW - timedelta(hours=3))
        path = f"/lectures/{held}/photos"
        kept = await clerk.post(path, files={"photos": (f"{EVIL}.png", PNG)})
        assert "存了1张" in kept.said
        assert "已经有了" in (await clerk.post(path, files={"photos": ("a.jpg", PNG)})).said
        for bad in (b"<svg onload=alert(1)>", b"<html>", b"MZ"):
            assert (await clerk.post(path, files={"photos": ("a.png", bad)})).status == 422
        assert (await clerk.post(path, files={})).status == 422
        with desk.session() as session:
            photo = session.exec(select(Photo)).one()
        assert photo.member_id == clerk.member_id
        got = await clerk.get(f"{path}/{photo.id}")
        assert (got.body, got.headers["Content-Type"]) == (PNG, "image/png")
        assert got.headers["X-Content-Type-Options"] == "nosniff"
        assert (await clerk.get(f"/lectures/1/photos/{photo.id}")).status == 404
        assert (await desk.stranger().get(f"{path}/{photo.id}")).path == "/login"
        with desk.session() as session, session.begin():
            session.get_one(Photo, photo.id).path = "../../../../etc/hostname"
        assert (await clerk.get(f"{path}/{photo.id}")).status == 404

    run(town, story)


def test_a_poster_to_look_at_and_to_keep(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        shown = await clerk.get("/lectures/1/poster", style="素白")
        assert shown.body.startswith(b"\x89PNG")
        assert shown.headers["Content-Disposition"].startswith("inline")
        saved = await clerk.get("/lectures/1/poster", style="素白", save="1")
        assert saved.headers["Content-Disposition"].startswith("attachment")
        visit = a_lecture(desk, kind="visit")
        for path, query in (("/lectures/1", {"style": "x"}), ("/lectures/1", {"style": "素白", "page": "2"}),
                            (f"/lectures/{visit}", {"style": "素白"})):  # fmt: skip
            assert (await clerk.get(f"{path}/poster", **query)).status == 404

    run(town, story)


def test_phone_numbers_are_masked_until_they_are_asked_for(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        number = a_lecture(desk, venue="找老王13812345678")
        assert "138****5678" in (await clerk.get(f"/lectures/{number}")).text
        opened = await clerk.post(f"/lectures/{number}/open")
        assert "13812345678" in opened.text

    run(town, story)


async def _tried(clerk: Clerk, number: int) -> dict[str, int]:
    held = f"/lectures/{number}"
    return {
        "new": (await clerk.post("/lectures/new", **PLAN)).status,
        "change": (await clerk.post(f"{held}/change", at=WHEN, venue="祠堂", lecturer="1")).status,
        "cancel": (await clerk.post(f"{held}/cancel", reason="雨")).status,
        "seats": (await clerk.post(f"{held}/seats", seats="5")).status,
        "material": (await clerk.post(f"{held}/material", reviewed="yes")).status,
        "attended": (await clerk.post(f"{held}/attended", attended="5")).status,
        "photos": (await clerk.post(f"{held}/photos", files={"photos": ("a.png", PNG)})).status,
    }


def test_who_may_what(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        viewer, mine = desk.clerk(ConsoleRole.VIEWER), desk.clerk(ConsoleRole.VILLAGE, village="上坪村")
        own = a_lecture(desk, village_id=1, starts_at=NOW - timedelta(hours=1))
        theirs = a_lecture(desk, village_id=2, starts_at=NOW - timedelta(hours=1))
        assert set((await _tried(viewer, own)).values()) == {403}
        tried = await _tried(mine, own)
        assert {each for each, status in tried.items() if status == 200} == {"attended", "photos"}
        assert {status for each, status in tried.items() if each not in ("attended", "photos")} == {403}
        assert set((await _tried(mine, theirs)).values()) == {403, 404}
        assert find(desk, theirs).attended is None
        for path in ("", "/poster?style=素白", "/photos/1", "/sheet", "/signups"):
            assert (await mine.get(f"/lectures/{theirs}{path}")).status == 404, path
        assert (await mine.get("/lectures/new")).status == 403
        listed = await mine.get("/lectures", village="2")
        assert f'"/lectures/{own}"' in listed.text
        assert f'"/lectures/{theirs}"' not in listed.text
        page = await mine.get(f"/lectures/{own}")
        assert "/attended" in page.text
        assert "/change" not in page.text
        for wrong in ("0", "99999", "x", "1e3", "-1"):
            assert (await mine.get(f"/lectures/{wrong}")).status == 404, wrong

    run(town, story)
