"""点单 in the console: the board and the list, each step of an order as a form, and orders on somebody's behalf."""

import io
import re
from typing import Any

from openpyxl import load_workbook
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from data import steps
from data.desk import cases as desk_cases
from data.desk import orders as desk_orders
from data.desk import today as desk_today
from data.desk_tables import Audit, ConsoleRole
from data.loop import EventKind, Order, OrderState, Subject, VoiceKind
from data.mail import Outbox, OutboxState
from data.tables import Lecturer, Member, Room, Topic, Village
from tests.desk import Desk
from tests.test_console_gate import run
from tests.town import NOW, DemoTown, Talk

AUNT, HOME, SHIWAN = "三婶唐桂英", "上坪村乡亲群", "石湾村大家庭"
EVIL = '<script>alert("x")</script>\'>'
EVENING = "2026-11-26T19:30"  # six days on, in the town's time


def wished(desk: Desk, *words: str, where: str | None = HOME, talk: Talk | None = None) -> Talk:
    """Wishes of the aunt's, one order each; the talk goes on with what is returned."""
    talk = talk or Talk(desk.town)
    for each in words:
        talk.say(AUNT, where, each)
    return talk


def order(desk: Desk, number: int = 1) -> Order:
    with desk.session() as session:
        return session.get_one(Order, number)


def trail(desk: Desk, number: int = 1) -> list[tuple[str, str]]:
    """(state, why) of each step."""
    with desk.session() as session:
        return [(each.state, each.reason) for each in steps.trail(session, Subject.ORDER, number)]


def queued(desk: Desk) -> list[tuple[str, str]]:
    """(room or person, words) of all that waits to be said."""
    with desk.session() as session:
        query = select(Outbox, Room).join(Room).where(Outbox.state == OutboxState.PENDING).order_by(col(Outbox.id))
        names = {each.external_id: each.name for each in session.exec(select(Member))}
        return [(room.name or names.get(room.external_id, ""), row.text) for row, room in session.exec(query)]


def lecturer_id(desk: Desk, name: str) -> int:
    return desk.town.knowledge.lecturer_ids[name]


def last_audit(desk: Desk) -> Audit:
    with desk.session() as session:
        return session.exec(select(Audit).order_by(col(Audit.id).desc())).first() or Audit(at=NOW, who="", what="")


# ---- looking ---------------------------------------------------------------------------------------------------------


def test_the_board_shows_each_step_and_what_is_late(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        talk = wished(desk, "点课 反诈骗")
        desk.later(days=3)
        talk.later(days=3)
        wished(desk, "点课 高血压", where=SHIWAN, talk=talk)
        clerk = desk.clerk()
        await clerk.post("/orders/2/review")
        text = (await clerk.get("/orders")).text
        lanes = {each[0]: each[1] for each in re.findall(r'id="lane-(\w+)">(.*?)</section>', text, re.DOTALL)}
        assert {"received", "reviewed", "dispatched", "scheduled"} == set(lanes)
        assert "1号" in lanes["received"] and "过期了" in lanes["received"] and "2号" not in lanes["received"]
        assert "2号" in lanes["reviewed"] and "过期了" not in lanes["reviewed"]

    run(town, story)


def test_the_list_finds_by_words_and_filters_and_is_a_spreadsheet(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        talk = wished(desk, "点课 反诈骗", "点课 养蜂")
        wished(desk, "点课 高血压", where=SHIWAN, talk=talk)
        clerk = desk.clerk()
        await clerk.post("/orders/2/hasten")
        with desk.session() as session:
            topic = session.exec(select(Topic.id).where(Topic.name == "反诈骗")).one()
        owner = str(clerk.member_id)
        for query, numbers in (
            ({"q": "反诈"}, [1]), ({"q": "石湾"}, [3]), ({"q": "2号"}, [2]), ({"q": "唐桂英"}, [3, 2, 1]),
            ({"q": "100%"}, []), ({"state": "open"}, [1, 2, 3]), ({"state": "late"}, []), ({"state": "declined"}, []),
            ({"urgent": "yes"}, [2]), ({"topic": str(topic)}, [1]), ({"village": "2"}, [3]), ({"owner": owner}, [2]),
            ({"kind": "courtyard"}, []), ({"from": "2026-11-21"}, []), ({"to": "2026-11-20"}, [3, 2, 1]),
            ({"state": "nonsense", "from": "no-day"}, [3, 2, 1]), ({"from": "0001-01-01"}, [3, 2, 1]),
        ):  # fmt: skip
            text = (await clerk.get("/orders", **query)).text
            found = [int(each) for each in re.findall(r'<a href="/orders/(\d+)">', text)]
            assert sorted(found) == sorted(numbers), query
        sheet = load_workbook(io.BytesIO((await clerk.get("/orders", q="反诈", **{"as": "xlsx"})).body)).active
        assert sheet is not None
        rows = list(sheet.values)
        assert rows[0][0] == "点单" and rows[1][0] == "1号 反诈骗" and len(rows) == 2
        assert last_audit(desk).what == "导出点单"

    run(town, story)


def test_the_page_has_their_words_with_numbers_masked_until_they_are_opened(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        wished(desk, "@小门 我想听怎么防骗，电话13812345678，周四晚上")
        clerk = desk.clerk()
        text = (await clerk.get("/orders/1")).text
        assert "138****5678" in text and "13812345678" not in text and AUNT in text and HOME in text
        assert "覃志刚" in text and "周四晚上" in text
        assert "13812345678" in (await clerk.post("/orders/1/open")).text
        assert last_audit(desk).what == "看了完整号码"
        assert (await clerk.get("/orders/99")).status == 404

    run(town, story)


def test_what_people_wrote_never_becomes_markup(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        wished(desk, "点课 反诈骗")
        with desk.session() as session, session.begin():
            evil = session.get_one(Order, 1)
            evil.topic_id, evil.wish, evil.when_text, evil.for_whom, evil.place = None, EVIL, EVIL, EVIL[:12], EVIL
            session.get_one(Member, evil.member_id).name = EVIL
            session.get_one(Room, evil.room_id).name = EVIL
            session.get_one(Village, evil.village_id).name = EVIL
        clerk = desk.clerk()
        for path in ("/orders", "/orders?state=open", "/orders/1", f"/orders/new?words={EVIL}", "/"):
            text = (await clerk.get(path)).text
            assert "alert(" in text and "<script>" not in text and "'>" not in text, path

    run(town, story)


def test_the_lists_are_read_alike_on_both_databases(any_engine: Engine) -> None:
    nobody = Order(member_id=1, room_id=1, village_id=1, topic_id=1, wish="养蜂", created_at=NOW, id=1)
    with Session(any_engine) as session:
        for every in (
            desk_orders.Which(), desk_orders.Which(states=(OrderState.RECEIVED,)),
            desk_orders.Which(1, (), NOW, 1, EventKind.SHOW, True, 1, NOW, NOW, "养蜂"), desk_orders.Which(words="3号"),
        ):  # fmt: skip
            assert desk_orders.find(session, every) == [] and desk_orders.count(session, every) == 0
        for one in (
            desk_cases.Which(), desk_cases.Which(waits=False),
            desk_cases.Which(1, VoiceKind.NEED, True, NOW, 1, NOW, NOW, "路灯"), desk_cases.Which(words="3号"),
        ):  # fmt: skip
            assert desk_cases.find(session, one) == [] and desk_cases.count(session, one) == 0
        for village_id in (None, 1):
            assert desk_orders.scheduled(session, village_id, now=NOW, limit=3) == []
            assert desk_today.uncounted(session, village_id, now=NOW, limit=3) == []
            assert desk_today.unclear(session, village_id, limit=3) == []
            assert desk_today.leaving(session, village_id, until=NOW, limit=3) == []
            assert desk_today.lectures(session, village_id, since=NOW, until=NOW, limit=3) == []
        assert desk_orders.alike(session, nobody) == [] == desk_orders.merged_into(session, 1)
        assert desk_orders.asked(session, [1]) == {} and desk_orders.coordinators(session) == []
        assert desk_today.submitted(session, limit=3) == [] == desk_today.released(session, until=NOW, limit=3)
        assert desk_today.groups(session) == 0 and desk_cases.one(session, 1) is None


# ---- 代点 ------------------------------------------------------------------------------------------------------------


def test_words_are_echoed_as_they_were_understood(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        text = (await desk.clerk().get("/orders/new", words="石湾村 请覃警官讲防骗 周三晚上 为李大爷 加急")).text
        assert re.search(r"听懂的是：石湾村，覃志刚老师讲反诈骗，周三晚上（11月25日（周三）19:30）.*为李大爷", text)
        assert re.search(r'<option value="2" selected>石湾村', text) and 'value="2026-11-25T19:30"' in text
        assert 'name="urgent" value="yes" checked' in text

    run(town, story)


def test_an_order_on_somebodys_behalf(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        done = await clerk.post(
            "/orders/new", village="2", wish="怎么防骗", topic="", lecturer="覃警官", at=EVENING, when_text="周四晚上",
            for_whom="李大爷", urgent="yes", kind="courtyard", dialect="桂柳话", place="码头", listeners="30",
        )  # fmt: skip
        assert done.path == "/orders/1" and "代点好了：1号" in done.said
        made = order(desk)
        assert (made.village_id, made.for_whom, made.urgent, made.kind) == (2, "李大爷", True, EventKind.COURTYARD)
        assert (made.member_id, made.listeners, made.place, made.dialect) == (clerk.member_id, 30, "码头", "桂柳话")
        with desk.session() as session:
            assert session.get_one(Lecturer, made.lecturer_id).name == "覃志刚"
        assert made.when_start is not None and f"{made.when_start.astimezone(NOW.tzinfo):%d %H:%M}" == "26 19:30"
        await clerk.post("/orders/1/withdraw")
        assert order(desk).state == OrderState.WITHDRAWN

    run(town, story)


def test_a_form_that_is_declined_keeps_what_was_typed(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        wrong: tuple[tuple[dict[str, Any], str], ...] = (
            ({"village": "", "wish": "防骗"}, "村："),
            ({"village": "2", "wish": ""}, "想听什么："),
            ({"village": "2", "wish": "防骗", "at": "2026-01-01T08:00"}, "已经过了"),
            ({"village": "2", "wish": "防骗", "at": "9999-12-31T23:59"}, "没看懂"),
            ({"village": "2", "wish": "防骗", "kind": "party"}, "活动："),
            ({"village": "2", "wish": "防骗", "topic": "98765"}, "题目："),
            ({"village": "2", "wish": "防骗", "listeners": "很多"}, "大概几人："),
            ({"village": "2", "wish": "防骗", "lecturer": "覃警官、韦春生"}, "先写一位"),
        )
        for fields, words in wrong:
            answer = await clerk.post("/orders/new", for_whom="卢奶奶", **fields)
            assert answer.status == 422 and words in answer.said, fields
            assert 'value="卢奶奶"' in answer.text and f'value="{fields["wish"]}"' in answer.text
        with desk.session() as session:
            assert session.exec(select(Order)).all() == []

    run(town, story)


# ---- who may ---------------------------------------------------------------------------------------------------------

DEEDS = (
    "review", "decline", "merge", "hasten", "dispatch", "recall", "agree", "withdraw", "offers/1/accept",
    "offers/1/refuse",
)  # fmt: skip


def test_a_viewer_sees_and_does_nothing(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        wished(desk, "点课 反诈骗")
        viewer = desk.clerk(ConsoleRole.VIEWER)
        page = await viewer.get("/orders/1")
        assert page.status == 200 and "怎么办" not in page.text and "推荐的老师" not in page.text
        assert re.findall(r'action="(/orders/[^"]*)"', page.text) == ["/orders/1/open"]
        assert "代点" not in (await viewer.get("/orders")).text and (await viewer.get("/orders/new")).status == 403
        for each in ("/orders/new", *(f"/orders/1/{deed}" for deed in DEEDS)):
            assert (await viewer.post(each, refuse_reason="x", lecturer="1")).status == 403, each
        assert order(desk).state == OrderState.RECEIVED

    run(town, story)


def test_a_villages_clerk_sees_and_places_only_their_villages(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        wished(desk, "点课 高血压", where=SHIWAN, talk=wished(desk, "点课 反诈骗"))
        clerk = desk.clerk(ConsoleRole.VILLAGE, village="石湾村")
        assert (await clerk.get("/orders/1")).status == 404 and (await clerk.get("/orders/2")).status == 200
        for path in (
            "/orders",
            "/orders?state=open",
            "/orders?state=open&village=1",
            "/orders?q=反诈骗",
            "/orders?q=1号",
            "/",
        ):
            assert 'href="/orders/1"' not in (await clerk.get(path)).text, path
        for deed in DEEDS:
            for number in (1, 2):
                status = (await clerk.post(f"/orders/{number}/{deed}", refuse_reason="x")).status
                assert status == (403 if deed != "withdraw" else 404 if number == 1 else 422), (deed, number)
        assert "上坪村" not in (await clerk.get("/orders/new", words="上坪村 反诈骗")).text.split("听懂的是")[1]
        await clerk.post("/orders/new", village="1", wish="怎么种菜", for_whom="老人组")
        made = order(desk, 3)
        assert (made.village_id, made.member_id) == (2, clerk.member_id)
        assert "撤单" in (await clerk.get("/orders/3")).text
        await clerk.post("/orders/3/withdraw")
        assert order(desk, 3).state == OrderState.WITHDRAWN and order(desk, 1).state == OrderState.RECEIVED

    run(town, story)


def test_of_a_merged_order_a_villages_clerk_sees_only_their_own_people(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        wished(desk, "点课 反诈骗", where=SHIWAN).say("阿辉（东莞厚街）", "上坪在外乡亲群", "点课 反诈骗")
        clerk = desk.clerk()
        await clerk.post("/orders/2/merge", into="1")
        assert "阿辉（东莞厚街）" in (await clerk.get("/orders/1")).text
        theirs = (await desk.clerk(ConsoleRole.VILLAGE, village="石湾村").get("/orders/1")).text
        assert AUNT in theirs and "阿辉（东莞厚街）" not in theirs and 'href="/orders/2"' not in theirs
        other = (await desk.clerk(ConsoleRole.VILLAGE, village="上坪村").get("/orders/2")).text
        assert "阿辉（东莞厚街）" in other and 'href="/orders/1"' not in other

    run(town, story)
