"""Writing a notice in the console: whom it is for, what is typed and kept, the preview; and the list of notices."""

from typing import Any

from sqlmodel import select

from data import tags
from data.audiences import Audience
from data.tables import Broadcast, Room, RoomKind, Village
from tests.desk import Desk
from tests.test_console_broadcasts import run, the, written
from tests.town import DemoTown


def test_whom_it_is_for_by_ticking_and_in_words(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        with desk.session() as session, session.begin():
            tags.put(session, "种植户", tags.bearer(session, "上坪村"))
            ids = dict(session.exec(select(Village.name, Village.id)).all())
            rooms = dict(session.exec(select(Room.name, Room.id)).all())
        page = (await clerk.get("/broadcasts/new")).text
        for words in ("上坪村", "外出务工群", "种植户", "石湾村大家庭", "订阅了题目的人"):
            assert words in page, words
        cases: list[tuple[dict[str, Any], Audience, str]] = [
            ({"villages": [ids["上坪村"], ids["石湾村"]], "kinds": "residents"},
             Audience(villages=(ids["上坪村"] or 0, ids["石湾村"] or 0), kinds=(RoomKind.RESIDENTS,)),
             "村民群 上坪村 石湾村"),
            ({"tags": "种植户"}, Audience(tags=("种植户",)), "标签:种植户"),
            ({"rooms": rooms["石湾村大家庭"]}, Audience(rooms=(rooms["石湾村大家庭"] or 0,)), "石湾村大家庭"),
            ({"words": "上坪村、石湾村"}, Audience(villages=(ids["上坪村"] or 0, ids["石湾村"] or 0)), "上坪村 石湾村"),
        ]  # fmt: skip
        for fields, audience, called in cases:
            number = await written(clerk, town="", **fields)
            kept = the(desk, number)
            assert (Audience.of_spec(kept.spec), kept.audience) == (audience, called)
            assert len(kept.room_ids) >= 1

    run(town, story)


def test_what_was_typed_stays_where_it_is_declined(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        text = "<script>alert(1)</script>\"'"
        faults: tuple[tuple[dict[str, Any], str], ...] = (
            ({"text": text}, "发给谁"),
            ({"text": text, "words": "火星村"}, "不认识“火星村”"),
            ({"text": text, "town": "yes", "kinds": "migrants"}, "选了“全镇”"),
            ({"text": text, "town": "yes", "at": "2026-11-01T08:00"}, "已经过了"),
            ({"text": text, "town": "yes", "at": "明天"}, "时间"),
            ({"text": "", "town": "yes"}, "内容：请填上"),
        )
        for fields, fault in faults:
            seen = await clerk.post("/broadcasts/new", **fields)
            assert seen.status == 422 and fault in seen.said.replace("&#34;", '"'), (fields, seen.said)
            assert "<script>alert" not in seen.text
            if fields["text"]:
                assert "&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;" in seen.text
            if "town" in fields:
                assert 'name="town" value="yes" checked' in seen.text
        with desk.session() as session:
            assert session.exec(select(Broadcast)).all() == []
        number = await written(clerk, text=text)
        for path in ("/broadcasts", f"/broadcasts/{number}", f"/broadcasts/{number}/edit"):
            page = (await clerk.get(path)).text
            assert "<script>alert" not in page and "&lt;script&gt;" in page, path

    run(town, story)


def test_the_preview_tells_and_keeps_nothing(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        ids = {}
        with desk.session() as session:
            ids = dict(session.exec(select(Village.name, Village.id)).all())
        seen = await clerk.get("/broadcasts/preview", villages=f"{ids['上坪村']},{ids['石湾村']}")
        assert seen.headers["Content-Type"].startswith("application/json")
        words = seen.body.decode()
        assert "个群（" in words and "放行就发" in words and '"fault": ""' in words
        assert "不认识" in (await clerk.get("/broadcasts/preview", words="火星村")).body.decode()
        late = await clerk.get("/broadcasts/preview", town="yes", at="2026-11-20T23:30")
        assert "明天07:00" in late.body.decode() or "明天" in late.body.decode()
        urgent = await clerk.get("/broadcasts/preview", town="yes", at="2026-11-20T23:30", head="紧急 放水")
        assert "夜里也发" in urgent.body.decode() and "今天23:30" in urgent.body.decode()
        with desk.session() as session:
            assert session.exec(select(Broadcast)).all() == []

    run(town, story)


def test_the_list_is_searched_filtered_and_taken_along(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        one, two = desk.clerk(name="jia"), desk.clerk(name="yi")
        first, second = await written(one, text="停水通知"), await written(two, "submit", text="停电通知")
        lists = (
            ({"q": "停水"}, "停水通知", "停电通知"),
            ({"q": f"B{second}"}, "停电通知", "停水通知"),
            ({"state": "submitted"}, "停电通知", "停水通知"),
            ({"author": str(one.member_id)}, "停水通知", "停电通知"),
        )
        for query, there, not_there in lists:
            page = (await one.get("/broadcasts", **query)).text
            assert there in page and not_there not in page, query
        assert "没有通知" in (await one.get("/broadcasts", **{"from": "2027-01-01"})).text
        sheet = await one.get("/broadcasts", **{"as": "xlsx"})
        assert sheet.body.startswith(b"PK") and first != second

    run(town, story)
