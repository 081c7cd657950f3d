"""Policy texts in the console: seen, written version by version, imported, withdrawn; the plan and the series."""

import asyncio
import io
from collections.abc import Awaitable, Callable
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import load_workbook
from sqlmodel import col, select

from data.desk import texts
from data.desk.lectures import CHOICES
from data.desk_tables import ConsoleRole
from data.series_tables import Series, SeriesKind
from data.tables import Picture, Push, Room, RoomKind, Snippet, SnippetOrigin, Topic, Village
from tests.desk import Desk, open_desk
from tests.town import DemoTown, Talk

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 20
EVIL = "<script>alert(1)</script>"
HEAD = "---\nkey: {key}\ntopic: 医疗保险\ntitle: {title}\nsource: 镇医保所\nissued_on: 2026-01-01\n"
MARKDOWN = HEAD + "expires_on: 2027-12-31\n---\n{text}\n"


def run(town: DemoTown, story: Callable[[Desk], Awaitable[None]]) -> None:
    async def told() -> None:
        async with open_desk(town) as desk:
            await story(desk)

    asyncio.run(told())


def the(desk: Desk, number: int) -> Snippet:
    with desk.session() as session:
        return session.get_one(Snippet, number)


def of_key(desk: Desk, key: str) -> list[Snippet]:
    """All versions of a text."""
    with desk.session() as session:
        return list(session.exec(select(Snippet).where(col(Snippet.key).startswith(key)).order_by(col(Snippet.id))))


def fields(desk: Desk, **changes: Any) -> dict[str, Any]:
    """A text's form, filled in."""
    with desk.session() as session:
        topic = session.exec(select(Topic.id).where(Topic.name == "医疗保险")).one()
    return {
        "topic": topic, "title": "门诊报销", "text": "门诊也能报，带上医保卡。", "source": "镇医保所", "key": "menzhen",
        "issued_on": "2026-11-01", "expires_on": "2027-12-31", "questions": "看门诊能报吗\n门诊报多少", **changes,
    }  # fmt: skip


def zipped(**files: str | bytes) -> bytes:
    body = io.BytesIO()
    with ZipFile(body, "w", ZIP_DEFLATED) as archive:
        for name, words in files.items():
            archive.writestr(name.replace("__", "."), words)
    return body.getvalue()


def workbook(desk_sheet: bytes, *rows: dict[str, object]) -> bytes:
    """The empty table that the console gives, with these rows instead of its example."""
    book = load_workbook(io.BytesIO(desk_sheet))
    sheet = book.worksheets[0]
    head = [cell.value for cell in sheet[1]]
    sheet.delete_rows(2)
    for row in rows:
        sheet.append([row.get(str(name)) for name in head])
    body = io.BytesIO()
    book.save(body)
    return body.getvalue()


def test_written_corrected_and_withdrawn(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        seen = await clerk.post("/texts/new", **fields(desk))
        number = int(seen.path.rsplit("/", 1)[1])
        kept = the(desk, number)
        assert (kept.version, kept.origin, kept.questions) == (1, SnippetOrigin.IMPORT, ["看门诊能报吗", "门诊报多少"])
        page = (await clerk.get(f"/texts/{number}")).text
        for words in ("【门诊报销】", "——镇医保所，2026年11月1日", "看门诊能报吗", "乡亲们，门诊报销", "发到0个群"):
            assert words in page, words
        edit = f"/texts/{number}/edit"
        later = await clerk.post(edit, **fields(desk, expires_on="2028-12-31", kinds="migrants"))
        assert later.path == f"/texts/{number}"
        kept = the(desk, number)
        assert (kept.version, str(kept.expires_on), kept.audience) == (1, "2028-12-31", {"kinds": ["migrants"]})
        seen = await clerk.post(edit, files={"picture": ("a.png", PNG)}, **fields(desk, text="门诊能报一半。"))
        fresh = int(seen.path.rsplit("/", 1)[1])
        assert "新的一版" in seen.said and fresh != number
        new = the(desk, fresh)
        assert (new.version, new.key, the(desk, number).key) == (2, "menzhen", "menzhen@1")
        assert new.picture_id is not None
        assert (await clerk.get(f"/texts/{fresh}/picture")).body == PNG
        old = (await clerk.get(f"/texts/{number}")).text
        assert "这是旧版" in old and f'href="/texts/{fresh}"' in old and f'action="/texts/{number}/withdraw"' not in old
        await clerk.post(f"/texts/{fresh}/edit", **fields(desk, text="门诊能报六成。"))
        assert of_key(desk, "menzhen")[-1].picture_id == new.picture_id  # what was not touched stays
        last = of_key(desk, "menzhen")[-1].id or 0
        assert "撤下了" in (await clerk.post(f"/texts/{last}/withdraw")).said
        assert the(desk, last).withdrawn_at is not None
        assert "门诊报销" in (await clerk.get("/texts", state="withdrawn")).text

    run(town, story)


def test_faults_are_told_and_what_was_typed_stays(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        faults: tuple[tuple[dict[str, Any], str], ...] = (
            ({"expires_on": "2026-01-01"}, "到期日早于发布日"),
            ({"source": ""}, "出处：没有写"),
            ({"link": "javascript:alert(1)"}, "链接：要写网址"),
            ({"villages": "火星村"}, "村“火星村”没有登记"),
            ({"topics": "炼丹"}, "题目“炼丹”不在目录里"),
            ({"topic": "999"}, "请选一个"),
            ({"key": "有 空格"}, "编号里不能有空格"),
            ({"key": "yibao-yidi-beian"}, "已经有这个编号"),
            ({"title": "长" * 41}, "最多40个字"),
        )
        for change, fault in faults:
            seen = await clerk.post("/texts/new", **fields(desk, text=EVIL, **change))
            assert seen.status == 422 and fault in seen.said, (change, seen.said)
            assert EVIL not in seen.text and "&lt;script&gt;" in seen.text
        seen = await clerk.post("/texts/new", files={"picture": ("a.png", b"GIF89a")}, **fields(desk))
        assert "PNG" in seen.said
        assert of_key(desk, "menzhen") == []
        seen = await clerk.post("/texts/new", **fields(desk, title=EVIL, text=EVIL, questions=EVIL, source=EVIL))
        for path in (seen.path, "/texts?q=alert", f"{seen.path}/edit"):
            page = (await clerk.get(path)).text
            assert EVIL not in page and "&lt;script&gt;" in page, path

    run(town, story)


def test_what_the_town_keeps_in_its_file_is_not_touched(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk(ConsoleRole.ADMIN)
        kept = of_key(desk, "yibao-yidi-beian")[0]
        assert kept.origin is SnippetOrigin.FILE
        for path, form in ((f"/texts/{kept.id}/withdraw", {}), (f"/texts/{kept.id}/edit", fields(desk))):
            assert "snippets.yaml" in (await clerk.post(path, **form)).text
        assert the(desk, kept.id or 0) == kept
        assert f'action="/texts/{kept.id}/withdraw"' not in (await clerk.get(f"/texts/{kept.id}")).text

    run(town, story)


def test_an_import_is_tried_and_then_done(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        empty = (await clerk.get("/texts/template")).body
        row: dict[str, object] = {
            "编号": "t1", "题目": "医疗保险", "标题": EVIL, "正文": "带上医保卡。", "出处": "镇医保所",
            "发布日": "2026-01-01", "到期日": "2027-12-31",
        }  # fmt: skip
        body = workbook(empty, row, {**row, "编号": "t2", "到期日": "2026-02-01"})
        tried = await clerk.post("/texts/import", files={"file": ("表.xlsx", body)}, what="look")
        assert "新增：2条" in tried.text and "1条已经到期" in tried.text and EVIL not in tried.text
        assert of_key(desk, "t1") == []  # only tried
        held = {
            name: [part.split('"')[0] for part in tried.text.split(f'name="{name}" value="')[1:]]
            for name in ("held", "same", "name")
        }
        done = await clerk.post("/texts/import", files={}, what="apply", **held)
        assert done.path == "/texts" and "新增2条" in done.said
        assert [each.title for each in of_key(desk, "t")[-2:]] == [EVIL, EVIL]
        again = await clerk.post("/texts/import", files={"file": ("表.xlsx", body)}, what="look")
        assert "没有变：2条" in again.text
        other = workbook(empty, {**row, "编号": "t3"})
        seen = await clerk.post("/texts/import", files={"file": ("表.xlsx", other)}, what="apply", same=held["same"])
        assert seen.status == 422 and "不是刚才试过的" in seen.said and of_key(desk, "t3") == []

    run(town, story)


def test_a_zip_with_pictures_all_or_nothing(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()

        async def sent(body: bytes, name: str = "短文.zip", what: str = "look", **more: Any) -> str:
            seen = await clerk.post("/texts/import", files={"file": (name, body)}, what=what, **more)
            assert seen.status < 500
            return seen.said or seen.text

        good = MARKDOWN.format(key="z1", title="一", text="好")
        pictured = MARKDOWN.format(key="z2", title="二", text="好").replace("source:", "picture: a.png\nsource:")
        both = zipped(a__md=good, b__md=pictured, a__png=PNG)
        assert "新增：2条" in await sent(both)
        wrong = zipped(a__md=good, b__md=good.replace("z1", "z3").replace("医疗保险", "炼丹"))
        assert "b.md" in (said := await sent(wrong)) and "炼丹" in said and "/tmp" not in said
        assert "*" in await sent(zipped(a__yaml="a: &a [x]\nb: [*a, *a]"))
        assert "打不开" in await sent(b"PK no zip")
        assert "打不开" in await sent(b"no zip", "短文.xlsx")
        assert ".xlsx" in await sent(b"x", "短文.exe")
        assert "没有可以导入的文件" in await sent(zipped(readme__txt="x"))
        assert "没有可以导入的文件" in await sent(zipped(**{"../../evil__md": good}))
        assert "太大了" in await sent(zipped(a__md="x" * 17_000_000))
        assert "套得太深" in await sent(zipped(a__yaml="[" * 5000))
        with desk.session() as session:
            assert session.exec(select(Snippet).where(col(Snippet.key).in_(("z1", "z2", "z3")))).all() == []
            assert session.exec(select(Picture).where(Picture.png == PNG)).all() == []

    run(town, story)


def test_who_may_and_what_a_village_sees(town: DemoTown) -> None:
    talk = Talk(town)
    for _ in range(4):
        talk.push()

    async def story(desk: Desk) -> None:
        desk.moment[0] = talk.now
        viewer, village = desk.clerk(ConsoleRole.VIEWER), desk.clerk(ConsoleRole.VILLAGE, village="石湾村")
        with desk.session() as session:
            number = session.exec(select(Push.snippet_id)).first() or 0
        for clerk in (viewer, village):
            assert (await clerk.get("/texts/new")).status == 403
            assert (await clerk.get("/texts/import")).status == 403
            for path in ("/texts/new", "/texts/import", f"/texts/{number}/edit", f"/texts/{number}/withdraw"):
                assert (await clerk.post(path, **fields(desk))).status == 403
            assert "写短文" not in (await clerk.get("/texts")).text
        assert the(desk, number).withdrawn_at is None
        everybody = (await viewer.get(f"/texts/{number}")).text
        assert "上坪村乡亲群" in everybody and "发到" in everybody
        mine = (await village.get(f"/texts/{number}")).text
        assert "石湾村大家庭" in mine and "上坪" not in mine.split("最近发到的群")[1]
        plan = (await village.get("/texts/plan", room="1")).text
        assert "石湾村大家庭" in plan and "上坪村乡亲群" not in plan
        assert (await village.get("/texts/reach")).status == 403
        assert "群" in (await viewer.get("/texts/reach")).text

    run(town, story)


def test_the_plan_is_what_will_be_pushed(town: DemoTown) -> None:
    talk = Talk(town)

    async def story(desk: Desk) -> None:
        viewer = desk.clerk(ConsoleRole.VIEWER)
        plan = (await viewer.get("/texts/plan", room="1")).text
        rows = plan.split("<tbody>")[1].split("<tr>")[1:]
        assert len(rows) > 10
        said = next(each for each in talk.push() if each.startswith("[上坪村乡亲群]"))
        title = rows[0].split("</a>")[0].rsplit(">", 1)[1].removeprefix("问：")
        assert title in said

    run(town, story)


def test_of_very_many_groups_one_says_which(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        viewer = desk.clerk(ConsoleRole.VIEWER)
        with desk.session() as session, session.begin():
            village = session.exec(select(Village.id).where(Village.name == "石湾村")).one()
            session.add_all(
                Room(transport="webchat", external_id=f"x{n}", name=f"第{n}组", kind=RoomKind.RESIDENTS,
                     village_id=village, created_at=desk.now)
                for n in range(CHOICES)
            )  # fmt: skip
        assert "先写村名或群名" in (await viewer.get("/texts/plan")).text
        assert "没有叫这个的" in (await viewer.get("/texts/plan", name="火星")).text
        named = (await viewer.get("/texts/plan", name="第7组")).text
        assert "第7组：30天里" in named and "第8组" not in named
        assert "石湾村大家庭" in (await viewer.get("/texts/plan", name="石湾村")).text
        assert "写村名、群名" in (page := (await desk.clerk().get("/broadcasts/new")).text) and "第7组" not in page

    run(town, story)


def test_series_show_their_texts_and_next_days(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        viewer = desk.clerk(ConsoleRole.VIEWER)
        with desk.session() as session, session.begin():
            names = session.exec(select(Series.name).where(col(Series.active))).all()
            first = session.exec(select(Series).order_by(col(Series.position))).first()
            assert first is not None
            first.texts = [*first.texts, "nowhere"]
            spring = Series(
                name="春节系列", kind=SeriesKind.DATED, texts=["yibao-yidi-beian"], days=["春节前3天"], position=99
            )
            session.add(spring)
            assert str(texts.next_day(spring, today=desk.now.date(), rules=town.knowledge.rules)) == "2027-02-03"
        page = (await viewer.get("/series")).text
        assert names and all(name in page for name in names)
        assert "没有这一条" in page and "2027-02-03" in page and "春节前3天" in page

    run(town, story)


def test_the_list_is_filtered_and_searched(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        await clerk.post("/texts/new", **fields(desk, key="soon", title="快到期的", expires_on="2026-12-01"))
        await clerk.post("/texts/new", **fields(desk, key="past", title="到期了的", expires_on="2026-11-19"))
        await clerk.post("/texts/new", **fields(desk, key="next", title="还没到的", issued_on="2026-12-01"))
        titles = {"expiring": "快到期的", "expired": "到期了的", "coming": "还没到的", "valid": "外地看病先备案"}
        for state, title in titles.items():
            page = (await clerk.get("/texts", state=state)).text
            table = page.split("<tbody>")[1]
            assert title in table and not any(other in table for other in titles.values() if other != title), state
        assert "快到期的（1）" in (await clerk.get("/texts")).text
        mine = (await clerk.get("/texts", origin="import", q="到期")).text.split("<tbody>")[1]
        assert "快到期的" in mine and "还没到的" not in mine
        sheet = await clerk.get("/texts", **{"as": "xlsx", "origin": "import"})
        rows = list(load_workbook(io.BytesIO(sheet.body)).worksheets[0].iter_rows(values_only=True))
        assert len(rows) == 4

    run(town, story)
