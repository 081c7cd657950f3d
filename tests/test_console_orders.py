"""点单 in the console: the board and the list, each step of an order as a form, and orders on somebody's behalf."""

import io
import re
from datetime import timedelta
from typing import Any

from openpyxl import load_workbook
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from data import dispatching, steps
from data.desk import cases as desk_cases
from data.desk import orders as desk_orders
from data.desk import today as desk_today
from data.desk_tables import Audit, ConsoleRole
from data.loop import Assignment, AssignmentState, EventKind, Lecture, Order, OrderState, Subject, VoiceKind
from data.mail import Outbox, OutboxState
from data.tables import Lecturer, Member, Role, Room, Topic, Village
from tests.desk import Clerk, Desk
from tests.test_console_gate import run
from tests.town import NOW, DemoTown, Talk, demo_rules

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


def unbind(desk: Desk, name: str) -> None:
    """Nobody stands for this lecturer any more: the bot cannot reach them."""
    with desk.session() as session, session.begin():
        for role in session.exec(select(Role).where(Role.lecturer_id == lecturer_id(desk, name))):
            session.delete(role)


def last_audit(desk: Desk) -> Audit:
    with desk.session() as session:
        return session.exec(select(Audit).order_by(col(Audit.id).desc())).first() or Audit(at=NOW, who="", what="")


async def dispatched(desk: Desk, clerk: Clerk, *names: str) -> Talk:
    """Order 1 offered to these lecturers."""
    talk = wished(desk, "点课 反诈骗")
    ids = [lecturer_id(desk, name) for name in names]
    answer = await clerk.post("/orders/1/dispatch", lecturer=ids, at=EVENING)
    assert answer.status == 200, answer.said
    return talk


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


# ---- steps -----------------------------------------------------------------------------------------------------------


def test_review_and_its_undo(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        wished(desk, "点课 反诈骗")
        clerk = desk.clerk(name="老李")
        assert "1号通过了" in (await clerk.post("/orders/1/review")).said
        found = order(desk)
        assert (found.state, found.owner_id) == (OrderState.REVIEWED, clerk.member_id)
        assert (last_audit(desk).what, last_audit(desk).about, last_audit(desk).who) == ("审单通过", "1号", "老李")
        assert "审单通过 1号" in (await clerk.get("/orders/1")).text
        done = await clerk.post("/undo", back="/orders/1")
        assert done.path == "/orders/1" and "已撤销" in done.said
        assert (order(desk).state, order(desk).owner_id) == (OrderState.RECEIVED, None)
        again = await clerk.post("/undo")
        assert again.status == 422 and "没有可以撤销的事" in again.said

    run(town, story)


def test_a_refusal_shows_what_will_be_read_and_then_says_it(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        wished(desk, "点课 反诈骗")
        clerk = desk.clerk()
        page = (await clerk.get("/orders/1")).text
        assert "您点的反诈骗（1号）这次没办成：" in page and f"1人会读到（{HOME}" in page
        empty = await clerk.post("/orders/1/decline", refuse_reason="")
        assert empty.status == 422 and "请填上" in empty.said and order(desk).state == OrderState.RECEIVED
        assert "驳回了，发到1处" in (await clerk.post("/orders/1/decline", refuse_reason="今年排满了")).said
        assert trail(desk)[-1] == ("declined", "今年排满了")
        ((where, words),) = queued(desk)
        assert where == HOME and "这次没办成：今年排满了" in words
        with desk.session() as session:
            leaves = session.exec(select(Outbox.not_before).order_by(col(Outbox.id).desc())).first()
        assert leaves == desk.now + timedelta(minutes=1)

    run(town, story)


def test_merging_by_tick_or_by_number(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        wished(desk, "点课 反诈骗", "点课 养蜂", "点课 果树剪枝")
        clerk = desk.clerk()
        itself = await clerk.post("/orders/1/merge", into_other="第1号")
        assert itself.status == 422 and "不能并到它自己" in itself.said and 'value="第1号"' in itself.text
        unread = await clerk.post("/orders/1/merge", into_other="那一张")
        assert unread.status == 422 and "写单号" in unread.said
        done = await clerk.post("/orders/1/merge", into="2")
        assert done.path == "/orders/2" and "一起办的" in done.text
        assert (order(desk).state, order(desk).merged_into) == (OrderState.MERGED, 2)
        await clerk.post("/orders/3/merge", into="", into_other="2号")
        assert order(desk, 3).merged_into == 2
        assert "并到" in (await clerk.get("/orders/1")).text

    run(town, story)


def test_one_tap_asks_the_lecturer_who_was_proposed(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        wished(desk, "点课 反诈骗")
        clerk = desk.clerk()
        tap = re.search(
            r'action="/orders/1/dispatch".*?name="lecturer" value="(\d+)".*?name="at" value="([^"]+)"',
            (await clerk.get("/orders/1")).text,
            re.DOTALL,
        )
        assert tap is not None
        done = await clerk.post("/orders/1/dispatch", lecturer=tap[1], at=tap[2])
        assert "派给覃志刚" in done.said and "等回话" in done.text
        with desk.session() as session:
            made = session.exec(select(Assignment)).one()
        assert made.starts_at.astimezone(NOW.tzinfo).strftime("%Y-%m-%dT%H:%M") == tap[2]
        ((who, words),) = queued(desk)
        assert who == "覃警官" and "想请您讲一课（1号）" in words

    run(town, story)


def test_names_are_read_as_the_chat_reads_them(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        wished(desk, "点课 反诈骗")
        clerk = desk.clerk()
        nobody = await clerk.post("/orders/1/dispatch", others="", at="", venue="")
        assert nobody.status == 422 and "请勾一位" in nobody.said
        stranger = await clerk.post("/orders/1/dispatch", others="张三丰", at=EVENING, venue="村口榕树下")
        assert stranger.status == 422 and "没找到宣讲员“张三丰”" in stranger.said
        assert 'value="张三丰"' in stranger.text and 'value="村口榕树下"' in stranger.text
        bad = await clerk.post("/orders/1/dispatch", others="覃警官", at="明天", venue="")
        assert bad.status == 422 and "没看懂" in bad.said
        unknown = await clerk.post("/orders/1/dispatch", lecturer="999999")
        assert unknown.status == 422
        past = await clerk.post("/orders/1/dispatch", others="覃警官", at="2026-11-01T19:30", venue="")
        assert past.status == 422 and "已经过了" in past.said
        assert order(desk).state == OrderState.RECEIVED
        done = await clerk.post("/orders/1/dispatch", others="覃警官、韦春生", at=EVENING, venue="村口榕树下")
        assert "先接的去" in done.said and {who for who, _ in queued(desk)} == {"覃警官", "韦老师（退休）"}
        assert all("村口榕树下" in words for _, words in queued(desk))

    run(town, story)


def test_a_lecturer_on_paper_is_answered_for(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        unbind(desk, "覃志刚")
        clerk = desk.clerk()
        await dispatched(desk, clerk, "覃志刚")
        assert "请打电话问" in (await clerk.get("/orders/1")).text
        refused = await clerk.post("/orders/1/offers/1/refuse", why_1="")
        assert refused.status == 422
        done = await clerk.post("/orders/1/offers/1/accept", at_1="2026-11-27T19:30")
        assert "排好了（课" in done.said and "/lectures/" in done.text
        with desk.session() as session:
            found = session.get_one(Order, 1)
            lecture = session.get_one(Lecture, found.lecture_id)
        assert found.state == OrderState.SCHEDULED
        assert lecture.starts_at.astimezone(NOW.tzinfo).strftime("%m-%d %H:%M") == "11-27 19:30"
        assert any(where == HOME and "11月27日" in words for where, words in queued(desk))
        undone = await clerk.post("/undo")
        assert "已撤销" in undone.said and order(desk).state == OrderState.DISPATCHED and queued(desk) == []

    run(town, story)


def test_a_refusal_of_the_lecturer_and_calling_an_offer_back(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        talk = await dispatched(desk, clerk, "覃志刚")
        await clerk.post("/orders/1/offers/1/refuse", why_1="那天值班")
        assert order(desk).state == OrderState.REVIEWED and "那天值班" in (await clerk.get("/orders/1")).text
        gone = await clerk.post("/orders/1/offers/1/accept", at_1="")
        assert gone.status == 422
        await clerk.post("/orders/1/dispatch", others="韦春生", at=EVENING)
        assert (await clerk.post("/orders/1/recall", recall_reason="")).status == 422
        assert "会告诉韦春生" in (await clerk.post("/orders/1/recall", recall_reason="时间要改")).said
        assert trail(desk)[-1] == ("reviewed", "收回：时间要改")
        assert any(who == "韦老师（退休）" and "时间要改" in words for who, words in queued(desk))
        wished(desk, "点课 养蜂", talk=talk)
        assert (await clerk.post("/orders/2/offers/1/accept")).status == 404

    run(town, story)


def test_the_time_that_a_lecturer_named_is_agreed_to(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        await dispatched(desk, clerk, "覃志刚")
        with desk.session() as session, session.begin():
            asked, him = (
                session.get_one(Assignment, 1),
                session.exec(select(Member.id).where(Member.name == "覃警官")).one(),
            )
            other = NOW.replace(hour=19, minute=30) + timedelta(days=7)
            dispatching.counter(session, asked, other, by=him or 0, now=NOW, not_before=NOW, rules=demo_rules())
        page = (await clerk.get("/orders/1")).text
        assert "想改到" in page and "同意改期" in page and "推荐的老师" in page
        assert "11月27日" in (await clerk.post("/orders/1/agree")).said
        with desk.session() as session:
            assert session.get_one(Assignment, 1).state == AssignmentState.ACCEPTED
        assert order(desk).state == OrderState.SCHEDULED

    run(town, story)


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
