"""Posters in the console: seen before a lecture is confirmed, with what is lost; of a week, of a policy text."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from sqlmodel import select

from data import posters
from data.desk_tables import ConsoleRole
from data.drawing.styles import STYLES
from data.loop import Lecture
from data.rules import PosterRules
from data.tables import Snippet
from tests.desk import Clerk, Desk, Seen, open_desk
from tests.town import NOW, DemoTown, Talk

ODD = "\U0002a6a5"  # 𪚥, which our faces lack
PLAN: dict[str, Any] = {"topic": "1", "lecturer": "1", "village": "1", "at": "2026-11-29T19:30"}
IMAGE = re.compile(r'<img class="poster"[^>]*?src="([^"]+)"')


@pytest.fixture
def town_with_posters(town: DemoTown) -> DemoTown:
    rules = replace(town.knowledge.rules, poster=PosterRules("红头", "门楼镇"))
    return replace(town, knowledge=replace(town.knowledge, rules=rules))


def run(town: DemoTown, story: Callable[[Desk], Awaitable[None]]) -> None:
    async def told() -> None:
        async with open_desk(town) as desk:
            await story(desk)

    asyncio.run(told())


async def drawn(clerk: Clerk, page: Seen) -> Seen:
    """The one picture that a page shows."""
    (source,) = IMAGE.findall(page.text)
    path, _, query = unescape(source).partition("?")
    assert "data:" not in path
    return await clerk.get(f"{path}?{query}")


def test_a_plan_shows_its_poster_and_what_cannot_be_drawn(town_with_posters: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        good = await clerk.get("/lectures/new", look="1", **PLAN)
        assert "画不出" not in good.text
        assert (await drawn(clerk, good)).body.startswith(b"\x89PNG")
        odd = await clerk.get("/lectures/new", look="1", **PLAN, title=f"防骗{ODD}")
        assert f"海报上画不出“{ODD}”" in odd.text
        held = await clerk.post("/lectures/new", **PLAN, title=f"防骗{ODD}")
        assert f"海报上画不出“{ODD}”" in held.text
        assert "画不出" not in (await clerk.get("/lectures/1")).text
        assert (await clerk.get("/lectures/new/poster", at="gestern")).path == "/lectures/new"

    run(town_with_posters, story)


def test_where_the_town_wants_none_the_plan_shows_none(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        assert IMAGE.findall((await clerk.get("/lectures/new", look="1", **PLAN)).text) == []
        assert (await clerk.get("/lectures/new/poster", **PLAN)).status == 404

    run(town, story)


def test_in_chat_it_is_said_with_the_plan(town_with_posters: DemoTown) -> None:
    talk = Talk(town_with_posters)
    (asked,) = talk.say("干事小农", None, f"排课 反诈骗 覃志刚 周六晚上7点半 石湾村文化室 《防骗{ODD}》")
    assert f"海报上画不出“{ODD}”" in asked
    talk.say("干事小农", None, "取消")
    (asked,) = talk.say("干事小农", None, "排课 反诈骗 覃志刚 周六晚上7点半 石湾村文化室")
    assert "画不出" not in asked


def test_a_weeks_programme_in_each_style_of_all_or_of_one_village(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        assert 'href="/lectures/posters"' in (await clerk.get("/lectures")).text
        pictures = set()
        for style in STYLES:
            page = await clerk.get("/lectures/posters", week="next", style=style)
            assert "11月23日—11月29日" in page.text
            pictures.add((await drawn(clerk, page)).body)
        assert len(pictures) == len(STYLES)
        with desk.session() as session:
            first = session.exec(select(Lecture)).first()
            assert first is not None
        kept = await clerk.get("/lectures/poster", week="next", style="素白", save="1", village="1")
        assert kept.headers["Content-Disposition"].startswith("attachment")
        for wrong in ({"style": "x"}, {"village": "99"}, {"page": "9", "week": "next"}):
            assert (await clerk.get("/lectures/poster", **wrong)).status == 404, wrong

    run(town, story)


def test_an_empty_week_shows_where_the_next_lectures_are(town: DemoTown) -> None:
    """The page once showed a picture that said that there was nothing on it."""

    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        page = await clerk.get("/lectures/posters", week="this")
        assert "本周没有要讲的课了，海报没画。下周有2节，在上面选“下周”看。" in page.text
        assert IMAGE.findall(page.text) == [] and 'name="week"' in page.text
        assert (await clerk.get("/lectures/poster", week="this")).status == 400

    run(town, story)


def test_an_address_too_long_for_a_code_is_told(town_with_posters: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk, link = desk.clerk(), "https://live.example.cn/" + "a" * 300
        planned = await clerk.get("/lectures/new", look="1", **PLAN, live=link)
        assert "直播网址太长（超过300个字符）" in planned.text
        with desk.session() as session, session.begin():
            session.get_one(Lecture, 1).live_url = link
        assert "直播网址太长（超过300个字符）" in (await clerk.get("/lectures/1")).text

    run(town_with_posters, story)


def test_a_villages_clerk_sees_the_own_programme(town: DemoTown, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int | None] = []
    real = posters.of_week

    def noted(*args: Any, **keys: Any) -> posters.Poster:
        asked.append(keys["village_id"])
        return real(*args, **keys)

    async def story(desk: Desk) -> None:
        clerk = desk.clerk(ConsoleRole.VILLAGE, village="石湾村")
        with desk.session() as session:
            mine = desk.user(clerk).village_id
            assert session is not None
        page = await clerk.get("/lectures/posters", village="1", week="next")
        await drawn(clerk, page)
        assert asked == [mine, mine]
        assert 'name="village"' not in page.text

    with monkeypatch.context() as patch:
        patch.setattr(posters, "of_week", noted)
        run(town, story)


def test_a_programme_of_many_pages_shows_them_one_by_one(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        for hour in range(40):
            starts_at = NOW + timedelta(days=4, hours=hour)
            session.add(
                Lecture(topic_id=1, lecturer_id=1, village_id=1, title="防火", venue="祠堂", starts_at=starts_at)
            )

    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        first = await clerk.get("/lectures/posters", week="next")
        assert "第2张" in first.text
        second = await clerk.get("/lectures/posters", week="next", page="2")
        assert (await drawn(clerk, first)).body != (await drawn(clerk, second)).body

    run(town, story)


def test_the_poster_of_a_text(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        text = session.exec(select(Snippet)).first()
        assert text is not None
        text.title, number = f"低保{ODD}", text.id
        late = session.exec(select(Snippet).where(Snippet.id != number)).first()
        assert late is not None
        late.withdrawn_at, old = NOW, late.id

    async def story(desk: Desk) -> None:
        clerk = desk.clerk(ConsoleRole.VIEWER)
        assert f'href="/texts/{number}/posters"' in (await clerk.get(f"/texts/{number}")).text
        page = await clerk.get(f"/texts/{number}/posters", style="田园")
        assert f"海报上画不出“{ODD}”" in page.text
        assert (await drawn(clerk, page)).body.startswith(b"\x89PNG")
        assert "别往群里发" not in page.text
        assert "别往群里发" in (await clerk.get(f"/texts/{old}/posters")).text
        assert (await clerk.get("/texts/9999/posters")).status == 404

    run(town, story)
