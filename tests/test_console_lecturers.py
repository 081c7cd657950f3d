"""老师: found and shown without ranks, changed, bound, trained."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import date

import pytest
from sqlmodel import select

from data.desk.lecturers import MIN_RATED, understood
from data.desk_tables import ConsoleRole
from data.loop import Lecture, LecturerTraining, Voice, VoiceKind
from data.tables import Lecturer, LecturerTopic, Member, Role, Room, Topic
from tests.desk import Desk, open_desk
from tests.lively import make_lively
from tests.test_console_people import code_of
from tests.town import DemoTown, Talk

EVIL = "<img src=x>\"'"
NAMES = re.compile(r'<a href="/lecturers/\d+">([^<]+)</a>')


def run(town: DemoTown, story: Callable[[Desk], Awaitable[None]]) -> None:
    async def told() -> None:
        async with open_desk(town) as desk:
            await story(desk)

    asyncio.run(told())


def one(desk: Desk, name: str) -> Lecturer:
    with desk.session() as session:
        return session.exec(select(Lecturer).where(Lecturer.name == name)).one()


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("每天晚上", "每天 18:00–22:00"),
        ("平日中午", "平日 11:30–14:30"),
        ("周六全天", "周六 全天"),
        ("周末下午", "周末 13:00–18:00"),
        ("周一到周五晚上", "周一到周五 18:00–22:00"),
        ("晚上都行，周三除外", "每天（周三除外） 18:00–22:00"),
        ("看天气", ""),
    ],
)
def test_free_times_are_told_back_as_they_were_understood(said: str, read: str) -> None:
    assert understood(said) == read


def test_lecturers_stand_by_name_and_are_found(town: DemoTown) -> None:
    make_lively(town)

    async def story(desk: Desk) -> None:
        viewer = desk.clerk(ConsoleRole.VIEWER)
        page = (await viewer.get("/lecturers")).text
        names = NAMES.findall(page)
        assert len(names) > 4 and names == sorted(names)
        who = one(desk, "覃志刚")
        with desk.session() as session:
            topic = session.exec(select(LecturerTopic.topic_id).where(LecturerTopic.lecturer_id == who.id)).first()
            speakers = session.exec(
                select(Lecturer.name).join(LecturerTopic).where(LecturerTopic.topic_id == topic)
            ).all()
        assert NAMES.findall((await viewer.get("/lecturers", topic=str(topic))).text) == sorted(speakers)
        for query in (
            {"q": "覃志刚"},
            {"kind": who.kind},
            {"village": str(who.village_id)},
        ):
            found = NAMES.findall((await viewer.get("/lecturers", **query)).text)
            assert "覃志刚" in found and len(found) < len(names), query
        spoken = NAMES.findall((await viewer.get("/lecturers", dialect="四会话")).text)
        assert 0 < len(spoken) < len(names) and all("四会话" in one(desk, each).dialects for each in spoken)
        times = {key: NAMES.findall((await viewer.get("/lecturers", free=key)).text) for key in ("day", "evening")}
        assert times["day"] != times["evening"] and times["evening"]
        assert (await viewer.get("/lecturers", **{"as": "xlsx"})).body.startswith(b"PK")
        assert (await viewer.get("/lecturers/99")).status == 404

    run(town, story)


def rate(desk: Desk, lecturer_id: int | None, many: int) -> None:
    with desk.session() as session, session.begin():
        topic = session.exec(select(Topic.id)).first()
        room = session.exec(select(Room.id)).first()
        lecture = Lecture(
            topic_id=topic or 0, lecturer_id=lecturer_id or 0, title="t", venue="v", starts_at=desk.now, village_id=1
        )
        session.add(lecture)
        session.flush()
        for number in range(many):
            member = Member(transport="webchat", external_id=f"rater{lecture.id}-{number}", created_at=desk.now)
            session.add(member)
            session.flush()
            session.add(
                Voice(
                    kind=VoiceKind.FEEDBACK, member_id=member.id or 0, room_id=room or 0, text="好", rating=4,
                    lecture_id=lecture.id, at=desk.now,
                )
            )  # fmt: skip


def test_a_mean_is_shown_to_coordinators_only_once_five_have_rated(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        who, clerk, viewer = one(desk, "覃志刚"), desk.clerk(), desk.clerk(ConsoleRole.VIEWER)
        here = f"/lecturers/{who.id}"
        rate(desk, who.id, MIN_RATED - 1)
        assert "平均" not in (await clerk.get(here)).text
        rate(desk, who.id, 1)
        assert "平均4.0分（5人）" in (await clerk.get(here)).text
        assert "平均" not in (await viewer.get(here)).text
        assert "平均" not in (await clerk.get("/lecturers")).text

    run(town, story)


def test_a_new_lecturer_is_added_and_filled_in(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        added = await clerk.post("/lecturers/add", name=f"李{EVIL}")
        assert "登记好了" in added.said and EVIL not in added.text
        again = await clerk.post("/lecturers/add", name=f"李{EVIL}")
        assert again.status == 422 and "已经有" in again.said and EVIL not in again.text
        done = await clerk.post(
            f"{added.path}/change", trade="种果大户", title="师傅", kind="技术", dialects="白话、壮话",
            free="平日晚上、看天气", village="2", topics=["1", "3"],
        )  # fmt: skip
        assert "“看天气”没看懂" in done.said and "town.yaml" not in done.said
        who = one(desk, f"李{EVIL}")
        assert (who.trade, who.title, who.kind, who.village_id) == ("种果大户", "师傅", "技术", 2)
        assert who.dialects == ["白话", "壮话"] and who.free == ["平日晚上", "看天气"]
        with desk.session() as session:
            topics = select(LecturerTopic.topic_id).where(LecturerTopic.lecturer_id == who.id)
            assert sorted(session.exec(topics)) == [1, 3]
        await clerk.post(f"{added.path}/change", topics=["3", "4"], trade="果农")
        with desk.session() as session:
            assert sorted(session.exec(topics)) == [3, 4]
        bad = await clerk.post(f"{added.path}/change", topics=["3", "999"], trade="打字留着")
        assert bad.status == 422 and "打字留着" in bad.text and one(desk, f"李{EVIL}").trade == "果农"

    run(town, story)


def test_who_stands_in_the_town_s_file_is_told_that_it_wins(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk, who = desk.clerk(), one(desk, "覃志刚")
        here = f"/lecturers/{who.id}"
        assert "写在 town.yaml 里" in (await clerk.get(here)).text
        done = await clerk.post(f"{here}/change", trade="所长", title=who.title, kind=who.kind)
        assert "做什么" in done.said and "重启会变回去" in done.said and one(desk, "覃志刚").trade == "所长"

    run(town, story)


def test_trainings_and_mentors_are_kept(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk, who, teacher = desk.clerk(), one(desk, "莫小燕"), one(desk, "韦春生")
        here = f"/lecturers/{who.id}"
        assert "记下了" in (await clerk.post(f"{here}/training", held_on="2026-11-02", title="普通话培训")).said
        assert "已经记过" in (await clerk.post(f"{here}/training", held_on="2026-11-02", title="普通话培训")).said
        late = await clerk.post(f"{here}/training", held_on="2026-12-02", title="还没到的")
        assert late.status == 422 and "还没到" in late.said and "还没到的" in late.text
        assert (await clerk.post(f"{here}/training", held_on="昨天", title="x")).status == 422
        with desk.session() as session:
            (kept,) = session.exec(select(LecturerTraining).where(LecturerTraining.lecturer_id == who.id)).all()
            assert (kept.held_on, kept.noted_by) == (date(2026, 11, 2), clerk.member_id)
        assert "现在没有导师" in (await clerk.post(f"{here}/mentor", mentor="")).said
        assert "韦春生带莫小燕" in (await clerk.post(f"{here}/mentor", mentor=str(teacher.id))).said
        ring = await clerk.post(f"/lecturers/{teacher.id}/mentor", mentor=str(who.id))
        assert ring.status == 422 and one(desk, "莫小燕").mentor_id == teacher.id

    run(town, story)


def test_a_lecturer_is_bound_by_a_code_of_their_page(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk, who = desk.clerk(), one(desk, "覃志刚")
        code = code_of(await clerk.post(f"/lecturers/{who.id}/code"))
        assert "您现在是宣讲员" in Talk(town).say("坪顶梁伯", None, code)[0]
        with desk.session() as session:
            bound = select(Member.name).join(Role).where(Role.lecturer_id == who.id)
            assert session.exec(bound).all() == ["坪顶梁伯"]

    run(town, story)


def test_a_viewer_changes_nothing_and_a_village_clerk_sees_none(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        viewer, village = desk.clerk(ConsoleRole.VIEWER), desk.clerk(ConsoleRole.VILLAGE, village="石湾村")
        for path in ("/lecturers/add", "/lecturers/1/change", "/lecturers/1/training", "/lecturers/1/mentor",
                     "/lecturers/1/code"):  # fmt: skip
            assert (await viewer.post(path, name="x")).status == 403
        assert "改资料" not in (await viewer.get("/lecturers/1")).text
        for path in ("/lecturers", "/lecturers/1"):
            assert (await village.get(path)).status == 403

    run(town, story)
