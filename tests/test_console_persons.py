"""个人信息 in the console: found, shown, given as a file, and forgotten in two steps."""

import asyncio
import json
from collections.abc import Awaitable, Callable

from sqlmodel import select

from data import erasure, retention
from data.desk_tables import Audit, ConsoleRole
from data.mail import Outbox
from data.record_tables import Removal
from data.retention import RETENTION
from data.tables import Member, Village
from tests.desk import Desk, open_desk
from tests.test_persons import NEEDLES, WHO, lived, number_of, scan
from tests.town import NOW, DemoTown, Talk

PHONE = "13812345678"


def run(town: DemoTown, story: Callable[[Desk], Awaitable[None]]) -> None:
    async def told() -> None:
        async with open_desk(town) as desk:
            await story(desk)

    asyncio.run(told())


def test_a_person_is_found_by_name_number_and_group(town: DemoTown) -> None:
    talk = Talk(town)
    talk.say(WHO, "上坪村乡亲群", "@小门 点课 反诈骗")
    talk.say("陆公", "石湾村大家庭", "@小门 点课 反诈骗")

    async def story(desk: Desk) -> None:
        admin = desk.clerk(ConsoleRole.ADMIN)
        with desk.session() as session:
            number = number_of(session, WHO)
            village = session.exec(select(Village.id).where(Village.name == "石湾村")).one()
        for words in ("唐桂英", str(number), "上坪村乡亲"):
            page = (await admin.get("/persons", q=words)).text
            assert f"/persons/{number}" in page and "陆公" not in page, words
        assert "没有找到" in (await admin.get("/persons", q="<b>没有")).text
        here = (await admin.get("/persons", village=str(village))).text
        assert "陆公" in here and WHO not in here
        assert (await admin.get("/persons", **{"as": "xlsx"})).body.startswith(b"PK")

    run(town, story)


def test_what_is_kept_is_shown_masked_and_given_whole_and_both_are_logged(town: DemoTown) -> None:
    talk = Talk(town)
    talk.say(WHO, None, f"建议把名单<script>x</script>张榜公布到桥头，我电话{PHONE}")

    async def story(desk: Desk) -> None:
        admin = desk.clerk(ConsoleRole.ADMIN)
        with desk.session() as session:
            number = number_of(session, WHO)
        page = (await admin.get(f"/persons/{number}")).text
        assert "138****5678" in page and PHONE not in page and "&lt;script&gt;x" in page and "<script>x" not in page
        assert "</span> 意见" in page, "a kind is told in words"
        assert PHONE in (await admin.post(f"/persons/{number}/open")).text
        given = await admin.get(f"/persons/{number}/file")
        dossier = json.loads(given.body)
        assert dossier["本人"]["昵称"] == WHO and PHONE in json.dumps(dossier, ensure_ascii=False)
        assert given.headers["Content-Disposition"].startswith("attachment")
        with desk.session() as session:
            logged = session.exec(select(Audit.about).where(Audit.what == "导出个人信息")).all()
            assert logged == [f"成员{number}"]

    run(town, story)


def test_to_forget_takes_two_steps_and_the_person_is_told(town: DemoTown) -> None:
    talk = lived(town)

    async def story(desk: Desk) -> None:
        desk.moment[0] = talk.now
        admin = desk.clerk(ConsoleRole.ADMIN)
        with desk.session() as session:
            number = number_of(session, WHO)
        path, reason = f"/persons/{number}", f"{WHO}本人来镇里<i>要求"
        nothing = await admin.post(f"{path}/erase-ask", reason="")
        assert nothing.status == 422
        asked = await admin.post(f"{path}/erase-ask", reason=reason)
        assert asked.status == 200 and "真要删" in asked.text and "要求" in asked.text and "<i>" not in asked.text
        unsure = await admin.post(f"{path}/erase", reason=reason)
        assert unsure.status == 422 and "打勾" in unsure.said and "&lt;i&gt;要求" in unsure.text
        assert scan(town, (WHO,))[("member", "name")] == {WHO}, "nothing is gone yet"
        done = await admin.post(f"{path}/erase", reason=reason, sure="yes")
        assert "删好了，也私下告诉了本人" in done.said
        left = scan(town, NEEDLES)
        assert left.keys() == {("room", "external_id")}, "only the way of the last answer"
        assert (await admin.get(path)).status == 404
        with desk.session() as session:
            (log,) = session.exec(select(Audit).where(Audit.what == "删除个人信息"))
            assert log.about == f"成员{number}" and log.detail["理由"] == "本人本人来镇里<i>要求"
            last = session.exec(select(Outbox).order_by(Outbox.id.desc())).first()  # type: ignore[union-attr]
            assert last is not None and "删好了" in last.text
            assert session.get_one(Member, number).erased_at is not None
        assert "本人要求删除" in (await admin.get("/persons/removals")).text

    run(town, story)
    talk.pass_time(minutes=20)  # the last answer leaves, then its way is let go of
    assert scan(town, NEEDLES) == {}


def test_who_can_open_the_console_is_not_forgotten_there(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        admin, clerk = desk.clerk(ConsoleRole.ADMIN), desk.clerk(name="小周")
        for member in (admin.member_id, clerk.member_id):
            seen = await admin.post(f"/persons/{member}/erase", reason="试试", sure="yes")
            assert seen.status == 422 and "停用" in seen.said
        with desk.session() as session:
            assert session.exec(select(Removal).where(Removal.kind == erasure.KIND)).all() == []

    run(town, story)


def test_how_long_each_kind_stays_and_what_went(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        session.add(Removal(at=NOW, kind="inbox", rows=1234, before=NOW))
        retention.begin(session, {}, now=NOW)

    async def story(desk: Desk) -> None:
        admin = desk.clerk(ConsoleRole.ADMIN)
        page = (await admin.get("/persons/kept")).text
        for each in RETENTION:
            assert f">{each.name}<" in page and f">{each.days}天<" in page
        assert "1234行" in page
        removals = (await admin.get("/persons/removals", kind="inbox")).text
        assert "1234" in removals and "共1条" in removals  # not the run that found nothing

    run(town, story)


def test_only_an_admin_sees_any_of_it(town: DemoTown) -> None:
    lived(town)

    async def story(desk: Desk) -> None:
        with desk.session() as session:
            number = number_of(session, WHO)
        for role, village in (
            (ConsoleRole.VIEWER, ""), (ConsoleRole.VILLAGE, "上坪村"), (ConsoleRole.COORDINATOR, ""),
            (ConsoleRole.APPROVER, ""),
        ):  # fmt: skip
            clerk = desk.clerk(role, village=village)
            for path in ("/persons", "/persons/kept", "/persons/removals", f"/persons/{number}",
                         f"/persons/{number}/file"):  # fmt: skip
                assert (await clerk.get(path)).status == 403
            for path in ("erase-ask", "erase"):
                assert (await clerk.post(f"/persons/{number}/{path}", reason="x", sure="yes")).status == 403
        with desk.session() as session:
            assert session.get_one(Member, number).erased_at is None

    run(town, story)
