"""图表: when and where are typed as people say them, figures are told apart, and each number opens what it counts."""

import asyncio
import io
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from openpyxl import load_workbook

from data.desk_tables import ConsoleRole
from data.drawing import charts
from data.figures import areas, tables
from data.figures.figures import BY_KEY
from data.figures.periods import PeriodKind, parse, period_of
from data.figures.scope import Scope
from data.reports import drawn
from data.tables import Village
from tests.desk import Desk, Seen, open_desk
from tests.test_console_figures import filled, tiles
from tests.test_figures import lecture
from tests.town import NOW, ZONE, DemoTown, Talk

Q2: Any = {"period": "2026Q2"}
_LINK = re.compile(r'<a href="(/figures/[^"]+)">([\d,]+)</a>')
_TYPED = re.compile(r'<input id="(?:f-)?(period|place)" name="\w+" value="([^"]*)"')


def run(town: DemoTown, story: Callable[[Desk], Awaitable[None]]) -> None:
    async def told() -> None:
        async with open_desk(town) as desk:
            await story(desk)

    asyncio.run(told())


def typed(seen: Seen) -> dict[str, str]:
    return dict(_TYPED.findall(seen.text))


# ---- when and where ------------------------------------------------------------------------------------------------


def test_a_period_is_read_as_people_say_it(town: DemoTown) -> None:
    kinds = list(PeriodKind)
    labels = [(each.label, each.label) for each in (period_of(NOW.date(), kind).before() for kind in kinds)]

    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        said = [
            ("去年四季度", "2025年第四季度"), ("上个月", "2026年10月"), ("十月", "2026年10月"),
            ("２０２６年", "2026年"), ("2026q3", "2026年第三季度"), ("上季度", "2026年第三季度"), ("今年", "2026年"),
            ("", "2026年第四季度"),
        ]  # fmt: skip
        for words, label in said + labels:
            seen = await clerk.get("/figures", period=words)
            assert (seen.status, typed(seen).get("period")) == (200, label), words

    run(town, story)


def test_a_place_is_read_as_people_say_it_and_shown_by_its_name(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        lecture(session, village_id=2, hamlet="坡脚组")

    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        for words, name in (
            ("全部", ""),
            ("全市", ""),
            ("", ""),
            ("石湾", "石湾村"),
            ("石湾村", "石湾村"),
            ("village:2", "石湾村"),
        ):
            assert typed(await clerk.get("/figures", place=words))["place"] == name
        hamlet = await clerk.get("/figures", place="hamlet:2:坡脚组", **Q2)
        assert typed(hamlet)["place"] == "石湾村坡脚组"
        assert tiles(hamlet)["lectures"] == "1"
        form = {"period": "2026", "place": "石湾村坡脚组", "part": "events", "at": "hamlet:2:坡脚组"}
        for key in (form["at"], "", "hamlet:99:x", "all"):
            again = await clerk.get("/figures", **{**form, "at": key})
            assert (typed(again)["place"], tiles(again)["lectures"]) == ("石湾村坡脚组", "1")
        assert "上一级：石湾村" in hamlet.text
        for path in ("/figures", "/reports"):
            shown = await clerk.get(path, place="village:2", **Q2)
            assert typed(shown) == {"period": "2026年第二季度", "place": "石湾村"}, path

    run(town, story)


@pytest.mark.parametrize("path", ["/figures", "/figures/table/month"])
def test_what_cannot_be_read_keeps_the_form(town: DemoTown, path: str) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        for query, said in (
            ({"period": "去年<底>", "place": "石湾"}, "看不懂时段"),
            ({"period": "2026Q2", "place": "月亮<村>"}, "没找到地方"),
            ({"period": "2030", "place": "石湾"}, "还没有开始"),
        ):
            seen = await clerk.get(path, **query)
            assert (seen.status, said in seen.said) == (400, True), seen.text
            shown = {key: value.replace("<", "&lt;").replace(">", "&gt;") for key, value in query.items()}
            assert typed(seen) == shown

    run(town, story)


# ---- told apart ----------------------------------------------------------------------------------------------------


def test_every_number_of_a_table_opens_as_many_rows(town: DemoTown) -> None:
    filled(town)

    async def story(desk: Desk) -> None:
        clerk = desk.clerk(ConsoleRole.VIEWER)
        opened = 0
        for by in ("village", "topic", "venue", "mode", "lecturer_kind", "month"):
            page = await clerk.get(f"/figures/table/{by}", part="events", **Q2)
            assert page.status == 200
            for link, number in _LINK.findall(page.text):
                parts = urlsplit(link.replace("&amp;", "&"))
                seen = await clerk.get(parts.path, **{key: value[0] for key, value in parse_qs(parts.query).items()})
                key = parts.path.rpartition("/")[2]
                assert f"{BY_KEY[key].name} {number}" in seen.text, link
                if key in ("events", "lectures", "villages", "uncounted"):
                    assert f"共{number}条" in seen.text, unquote(link)
                    opened += 1
        assert opened > 10

    run(town, story)


def test_a_table_is_kept_as_numbers(town: DemoTown) -> None:
    filled(town)

    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        seen = await clerk.get("/figures/table/village", part="events", **Q2, **{"as": "xlsx"})
        assert unquote(seen.headers["Content-Disposition"]).endswith("门楼镇2026年第二季度活动（按村）.xlsx")
        sheet = load_workbook(io.BytesIO(seen.body)).active
        assert sheet is not None
        head, *lines = sheet.iter_rows(values_only=True)
        with desk.session() as session:
            scope = Scope(parse("2026Q2"), areas.whole(session), ZONE, desk.now)
            table = tables.breakdown(session, scope, "village", keys=("events", "attended"))
        at = [head.index(name) for name in ("各类活动合计（场）", "到场人次（人次）")]
        assert [(line[0], tuple(line[each] for each in at)) for line in lines] == list(table.rows)
        rows = await clerk.get("/figures/events", by="village", label="石湾村", **Q2, **{"as": "xlsx"})
        assert unquote(rows.headers["Content-Disposition"]).endswith("门楼镇2026年第二季度石湾村各类活动合计.xlsx")

    run(town, story)


def test_a_table_that_is_none_and_another_village(town: DemoTown) -> None:
    filled(town)

    async def story(desk: Desk) -> None:
        clerk = desk.clerk(ConsoleRole.VILLAGE, village="石湾村")
        assert (await clerk.get("/figures/table/person", **Q2)).status == 404
        assert (await clerk.get("/figures/events", by="person", label="x", **Q2)).status == 400
        page = await clerk.get("/figures/table/village", place="上坪村", part="events", **Q2)
        assert "石湾村" in page.text and "上坪村" not in page.text
        assert "没有写出来的都是0" in page.text
        other = await clerk.get("/figures/events", by="village", label="上坪村", **Q2)
        assert "共0条" in other.text

    run(town, story)


# ---- what is counted -----------------------------------------------------------------------------------------------


def test_villages_groups_and_people_are_shown_as_what_they_are(town: DemoTown) -> None:
    filled(town)
    talk = Talk(town)
    talk.say("坪顶梁伯", "上坪村乡亲群", "@小门 点课 防火")
    talk.later(minutes=5)
    talk.push()

    async def story(desk: Desk) -> None:
        desk.later(days=3)
        viewer, admin = desk.clerk(ConsoleRole.VIEWER), desk.clerk(ConsoleRole.ADMIN)
        villages = await viewer.get("/figures/villages", **Q2)
        with desk.session() as session:
            held = [session.get_one(Village, number).id for number in (1, 2)]
        assert set(re.findall(r'<td [^>]*><a href="/villages/(\d+)">', villages.text)) == {str(each) for each in held}
        groups = await viewer.get("/figures/groups", period="2026")
        assert "上坪村乡亲群" in groups.text and 'href="/rooms/' in groups.text
        reached = await viewer.get("/figures/reached", period="2026")
        assert re.search(r"\d+号", reached.text) and "共1条" in reached.text
        assert "坪顶梁伯" not in reached.text and "/persons/" not in reached.text
        assert "/persons/" in (await admin.get("/figures/reached", period="2026")).text
        clerk = desk.clerk(ConsoleRole.VILLAGE, village="上坪村")
        assert 'href="/rooms/' not in (await clerk.get("/figures/groups", period="2026")).text

    run(town, story)


def test_a_saved_chart_says_of_when_and_where(town: DemoTown) -> None:
    filled(town)
    with town.session() as session:
        scope = Scope(parse("2026"), areas.whole(session), ZONE, NOW)
        for name, title in drawn.CHARTS.items():
            svg = drawn.chart(session, scope, name, under="门楼镇 2026年")
            assert title in svg and ">门楼镇 2026年<" in svg, name
        pushes = drawn.chart(session, scope, "pushes")
    assert "条" not in pushes, "messages to groups and replies are no one sum"


@pytest.mark.parametrize(
    "values",
    [
        [12_345 + at for at in range(12)],
        [99_999 - at * 7_001 for at in range(12)],
        [at % 2 * 50_000 + at for at in range(12)],
        [1_000_100 + at for at in range(9)],
    ],
)
def test_each_month_has_its_number_in_the_picture(values: list[int]) -> None:
    drawing = charts.line("各月", [(f"{at}月", value) for at, value in enumerate(values, 1)])
    assert [each for each in values if f">{each:,}</text>" not in drawing] == []


# ---- the way there -------------------------------------------------------------------------------------------------


def test_reports_the_archive_and_the_media_are_found(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        coordinator, viewer = desk.clerk(), desk.clerk(ConsoleRole.VIEWER)
        for words, path in (("总结", "/reports"), ("归档", "/archive"), ("媒体报道", "/media"), ("图表", "/figures")):
            menu = (await viewer.get("/")).text.partition("<main")[0]
            assert f'<a href="{path}"' in menu, words
            assert f'<a href="{path}">' in (await viewer.get("/search", q=words)).text, words
        assert 'href="/figures/flags' in (await coordinator.get("/search", q="请看一眼")).text
        assert 'href="/figures/flags' not in (await viewer.get("/search", q="请看一眼")).text
        top = (await coordinator.get("/figures")).text.partition('<form class="filters')[0].partition("<main")[2]
        assert all(f'href="{each}' in top for each in ("/reports", "/media", "/archive", "/figures/flags"))

    run(town, story)
