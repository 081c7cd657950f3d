"""Each step of an order as a form of the console: review, refusal, merging, dispatch, answers, and their undo."""

import re
from datetime import timedelta

from sqlmodel import col, select

from data import dispatching
from data.loop import Assignment, AssignmentState, Lecture, Order, OrderState
from data.mail import Outbox
from data.tables import Member, Role
from tests.desk import Clerk, Desk
from tests.test_console_gate import run
from tests.test_console_orders import HOME, last_audit, lecturer_id, order, queued, trail, wished
from tests.town import NOW, DemoTown, Talk, demo_rules

EVENING = "2026-11-26T19:30"  # six days on, in the town's time


def unbind(desk: Desk, name: str) -> None:
    """Nobody stands for this lecturer any more: the bot cannot reach them."""
    with desk.session() as session, session.begin():
        for role in session.exec(select(Role).where(Role.lecturer_id == lecturer_id(desk, name))):
            session.delete(role)


async def dispatched(desk: Desk, clerk: Clerk, *names: str) -> Talk:
    """Order 1 offered to these lecturers."""
    talk = wished(desk, "点课 反诈骗")
    ids = [lecturer_id(desk, name) for name in names]
    answer = await clerk.post("/orders/1/dispatch", lecturer=ids, at=EVENING)
    assert answer.status == 200, answer.said
    return talk


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
        assert "想请您讲一课（1号）：上坪村有人想听反诈骗" in (await clerk.get("/orders/1")).text
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
