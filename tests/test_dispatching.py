"""Orders, from review to acceptance: who takes them, who is told, and what is refused before anything is written."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Engine, event, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from data import chasing, dispatching, orders, planning, progress, todo
from data.errors import OfferGone, Taken, TimeIsPast
from data.loop import Assignment, AssignmentState, EventKind, Lecture, Order, OrderState
from data.mail import Outbox
from data.tables import Lecturer, Member, Role, RoleKind, Room, Village
from handlers import EARS, QUESTIONS, ROUTES
from handlers.desk import wording
from handlers.take import Listener
from handlers.turn import Turn
from tests.dispatch_desk import (
    DESK,
    OTHER_DESK,
    RULES,
    SHANGPING,
    SHIWAN,
    THURSDAY,
    at_work,
    lecturer,
    member,
    order_of,
    said_to,
    unbind,
)
from tests.town import NOW, DemoTown, Talk

# ---- exactly one taker -----------------------------------------------------------------------------------------------


def grab(town: DemoTown) -> list[int]:
    """An order offered to two; returns the offers."""
    Talk(town).say("三婶唐桂英", SHANGPING, "点课 反诈骗")
    with at_work(town) as session:
        made = dispatching.offer(
            session,
            order_of(session),
            [lecturer(session, "覃志刚"), lecturer(session, "韦春生")],
            by=member(session, DESK),
            now=NOW,
            not_before=NOW,
            rules=RULES,
            starts_at=THURSDAY,
        )
        return [each.assignment.id or 0 for each in made]


def test_of_two_who_were_asked_exactly_one_takes_it(town: DemoTown) -> None:
    first, second = grab(town)
    accept = partial(dispatching.accept, now=NOW, not_before=NOW, rules=RULES)
    with at_work(town) as session:
        taker = member(session, "韦老师（退休）")
        accept(session, session.get_one(Assignment, second), by=taker)
        with pytest.raises(OfferGone, match="已经有别的老师接了"):
            accept(session, session.get_one(Assignment, first), by=member(session, "覃警官"))
    with at_work(town) as session:
        states = session.exec(select(Assignment.state).order_by(col(Assignment.id))).all()
        assert list(states) == [AssignmentState.TAKEN, AssignmentState.ACCEPTED]
        told = [row.text for row in session.exec(select(Outbox)) if "先接了" in row.text]
        assert len(told) == 1
        assert order_of(session).state == OrderState.SCHEDULED


def test_the_unique_index_has_the_last_word(town: DemoTown) -> None:
    """Two processes that both saw an open offer: the second one's write is refused, and its turn says so kindly."""
    first, second = grab(town)
    with at_work(town) as session:
        both = update(Assignment).where(col(Assignment.id).in_((first, second))).values(state=AssignmentState.ACCEPTED)
        with session.begin_nested() as part:
            with pytest.raises(IntegrityError):
                session.execute(both)
            part.rollback()
        # Another process has taken it, and this one still sees its own offer open.
        session.execute(update(Assignment).where(col(Assignment.id) == first).values(state=AssignmentState.ACCEPTED))
        late = session.get_one(Assignment, second)
        with pytest.raises(OfferGone, match="刚刚有别的老师接了"):
            dispatching.accept(session, late, by=late.offered_by, now=NOW, not_before=NOW, rules=RULES)
        assert late.state == AssignmentState.OFFERED
        assert session.exec(select(Lecture).where(Lecture.starts_at == THURSDAY)).all() == []


def test_a_clash_that_came_up_meanwhile_is_seen_when_the_lecturer_accepts(town: DemoTown) -> None:
    offer, _ = grab(town)
    with at_work(town) as session:
        theirs = session.get_one(Assignment, offer)
        plan = planning.Plan(
            EventKind.LECTURE, 1, theirs.lecturer_id, (2,), "别处一课", "石湾码头船头", THURSDAY + timedelta(minutes=30)
        )
        planning.hold(session, plan, by=None, now=NOW, not_before=NOW, rules=RULES)
        with pytest.raises(Taken, match=r"覃志刚那天20:00要去石湾村讲课.*可以改到"):
            dispatching.accept(session, theirs, by=theirs.offered_by, now=NOW, not_before=NOW, rules=RULES)
        assert theirs.state == AssignmentState.OFFERED
        with pytest.raises(TimeIsPast):
            dispatching.accept(
                session, theirs, by=1, now=THURSDAY + timedelta(days=1), not_before=THURSDAY, rules=RULES
            )


# ---- on paper --------------------------------------------------------------------------------------------------------


def test_who_is_not_reached_by_the_bot_is_telephoned(town: DemoTown) -> None:
    unbind(town, "韦春生")
    talk = Talk(town)
    talk.say("三婶唐桂英", SHANGPING, "点课 教育")
    (told,) = talk.say(DESK, None, "1号 派 韦老师 下周四晚上")
    assert "请打电话问" in told
    assert "1号 已接" in told
    assert "请电话问韦春生，发“1号 已接”" in talk.say(DESK, None, "待办")[0]
    talk.later(minutes=2)
    (told,) = talk.say(OTHER_DESK, None, "1号 不接")
    assert "请写上理由" in told
    said = talk.say(OTHER_DESK, None, "1号 不接 那几天去县里")
    assert "去不了，记下了" in said_to(said, f"私聊 {OTHER_DESK}")[0]
    assert "那几天去县里" in said_to(said, f"私聊 {DESK}")[0], "who looks after the order hears of it"
    talk.say(DESK, None, "1号 派 韦老师 下周五晚上")
    talk.later(minutes=2)
    said = talk.say(DESK, None, "1号 已接")
    assert "排好了" in said_to(said, f"私聊 {DESK}")[0]
    assert "11月27日（周五）19:30" in said_to(said, SHANGPING)[0]
    with at_work(town) as session:
        assert order_of(session).owner_id == member(session, DESK)


# ---- who is told -----------------------------------------------------------------------------------------------------


def test_those_who_asked_in_a_direct_chat_are_told_there(town: DemoTown) -> None:
    """The group hears of the lecture; who asked in private is told in private, and nobody twice."""
    talk = Talk(town)
    talk.say("三婶唐桂英", SHANGPING, "点课 反诈骗")
    talk.say("阿辉（东莞厚街）", "上坪在外乡亲群", "@小门 课表")  # from here on his village is known
    talk.say("阿辉（东莞厚街）", None, "点课 交通安全")
    talk.say("坪顶梁伯", SHANGPING, "点课 交通安全")
    talk.say(DESK, None, "2号 合并 1号")
    talk.say(DESK, None, "1号 派 覃警官 下周四晚上")
    talk.later(minutes=2)
    said = talk.say("覃警官", None, "接单")
    rooms = [line.partition("]")[0][1:] for line in said]
    assert len(rooms) == len(set(rooms)), said
    assert "排好了" in said_to(said, "私聊 阿辉（东莞厚街）")[0]
    assert "私聊 坪顶梁伯" not in rooms, "he reads it in his group"
    with at_work(town) as session:
        assert len(progress.askers(session, order_of(session))) == 3


def test_who_seconded_an_order_of_a_direct_chat_is_refused_in_their_own(town: DemoTown) -> None:
    talk = Talk(town)
    talk.say("阿辉（东莞厚街）", "上坪在外乡亲群", "@小门 课表")
    talk.say("阿辉（东莞厚街）", None, "点课 太极拳")
    talk.say("坪顶梁伯", SHANGPING, "点课 太极拳")
    talk.say(DESK, None, "1号 驳回 没有会教的老师")
    said = talk.say(DESK, None, "确认")
    assert [line.partition("]")[0][1:] for line in said][:2] == ["私聊 阿辉（东莞厚街）", "私聊 坪顶梁伯"]


def test_a_refusal_reaches_every_asker_once_where_they_asked(town: DemoTown) -> None:
    talk = Talk(town)
    talk.say("三婶唐桂英", SHANGPING, "点课 太极拳")
    talk.say("坪顶梁伯", SHANGPING, "点课 太极拳")
    talk.say("渡口陈姨", SHIWAN, "点课 太极拳")
    talk.say(DESK, None, "2号 合并 1号")
    talk.say(DESK, None, "1号 驳回 没有会教的老师")
    said = talk.say(DESK, None, "确认")
    assert [line.partition("]")[0][1:] for line in said] == [SHANGPING, SHIWAN, f"私聊 {DESK}"]
    with at_work(town) as session:
        rows = session.exec(select(Outbox, Room.name).join(Room).where(col(Outbox.text).contains("没办成"))).all()
        named = {room: [name for _, name in row.mentions] for row, room in rows if row.once}
    assert named == {SHANGPING: ["坪顶梁伯", "三婶唐桂英"], SHIWAN: ["渡口陈姨"]}


# ---- undo ------------------------------------------------------------------------------------------------------------


def snapshot(town: DemoTown) -> list[object]:
    with at_work(town) as session:
        rows = [session.exec(select(table).order_by(col(table.id))).all() for table in (Order, Assignment, Lecture)]
        return [each.model_dump() for table in rows for each in table]


@pytest.mark.parametrize(
    "deed",
    ["1号 收回 那天停电", "1号 已接", "1号 不接 去开会", "1号 合并 2号", "1号 加急", "2号 派 黄医生", "2号 通过"],
)
def test_what_a_coordinator_did_can_be_taken_back_whole(town: DemoTown, deed: str) -> None:
    talk = Talk(town)
    talk.say("三婶唐桂英", SHANGPING, "点课 反诈骗")
    talk.say("坪顶梁伯", SHANGPING, "点课 高血压")
    talk.say(DESK, None, "1号 派 覃警官 下周四晚上")
    talk.later(minutes=2)
    talk.news()
    before = snapshot(town)
    talk.say(DESK, None, deed)
    assert snapshot(town) != before
    assert "已撤销" in talk.say(DESK, None, "撤销")[0]
    assert snapshot(town) == before


# ---- names, and what they mean ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "who"),
    [
        ("覃警官", ("覃志刚",)),
        ("黄医生", ("黄秀兰",)),
        ("秀兰", ("黄秀兰",)),
        ("老梁", ("梁有田",)),
        ("小莫", ("莫小燕",)),
        ("金风", ("陆金凤",)),
        ("秦志刚", ("覃志刚",)),
        ("覃", ("覃志刚",)),
        ("赵本山", ()),
        ("老师", ()),
    ],
)
def test_a_lecturer_goes_by_many_names(town: DemoTown, words: str, who: tuple[str, ...]) -> None:
    assert wording.lecturers_called(talking(town), words) == who


def talking(town: DemoTown) -> Turn:
    """A coordinator's turn, as a handler is given it."""
    listener = town.listener()
    heard = Talk(town).heard(DESK, None, "待办")
    with town.session() as session:
        known = listener._glance(session, heard, NOW)
        reading = listener._read(session, heard, known, NOW)
        assert reading is not None
        return listener._turn(session, heard, known, NOW, reading)


@pytest.mark.parametrize(
    ("words", "at", "venue"),
    [
        ("覃警官", None, ""),
        ("覃警官 周四晚上", "11-26 19:30", ""),
        ("覃志刚 周四中午 文化室", "11-26 12:30", "文化室"),
        ("周四上午覃警官", "11-26 09:00", ""),
        ("覃警官，11月26日20:15，大榕树下", "11-26 20:15", "大榕树下"),
        ("覃警官 下周", None, ""),
    ],
)
def test_whom_when_and_where_are_read_in_any_order(town: DemoTown, words: str, at: str | None, venue: str) -> None:
    said = wording.read(talking(town), words)
    assert said.names == ("覃志刚",)
    assert (said.starts_at.strftime("%m-%d %H:%M") if said.starts_at else None) == at
    if at is not None:
        assert said.venue == venue


def test_two_lecturers_who_go_by_one_name_are_asked_about(town: DemoTown) -> None:
    with at_work(town) as session:
        session.add(Lecturer(name="梁小妹", title="教师", kind="文明"))
    with at_work(town) as session:
        known = {**town.knowledge.lecturer_ids, "梁小妹": lecturer(session, "梁小妹")}
    knowledge = replace(town.knowledge, lecturer_ids=known)
    talk = Talk(town, listener=Listener(ROUTES, QUESTIONS, knowledge, EARS))
    talk.say("三婶唐桂英", SHANGPING, "点课 剪纸")
    (asked,) = talk.say(DESK, None, "1号 派 老梁 下周四晚上 晒谷场")
    assert "“老梁”是哪位：1 梁有田 2 梁小妹？回复数字。" in asked
    assert "没有这个号" in talk.say(DESK, None, "7")[0]
    (told,) = talk.say(DESK, None, "2")
    assert "1号派给梁小妹：11月26日（周四）19:30，晒谷场" in told


# ---- 待办 ------------------------------------------------------------------------------------------------------------


def test_what_waits_is_shown_oldest_first_and_capped(town: DemoTown) -> None:
    talk = Talk(town)
    with at_work(town) as session:
        for number, wish in enumerate(("太极拳", "八段锦", "剪纸", "书法", "腰鼓", "象棋")):
            at = NOW + timedelta(minutes=number)
            orders.place(
                session, member_id=1, room_id=1, village_id=1, topic_id=None, lecturer_id=None, wish=wish,
                now=at, rules=RULES,
            )  # fmt: skip
    talk.say(DESK, None, "6号 加急")
    (told,) = talk.say(DESK, None, "待办")
    lines = said_to([told], f"私聊 {DESK}")[0].split("\n")
    assert lines[0] == "【待审6件】"
    assert [line[2:4] for line in lines[1:4]] == ["6号", "1号", "2号"]
    assert lines[4] == "还有3件"
    talk.later(days=5)
    assert "1号〔超时〕上坪村 “太极拳”" in talk.say(DESK, None, "待办")[0]


def test_the_list_reads_the_front_of_its_index(town: DemoTown) -> None:
    """However many orders lie in the archive, no table is read through for 待办."""
    plans = []
    with at_work(town) as session:
        for statement, values in ((todo._LINES, {}), (todo._COUNTS, {}), (todo._OFFERS, {"orders": [1, 2]})):
            connection = session.connection()
            literal = statement.params(values).compile(connection, compile_kwargs={"literal_binds": True})
            plans += [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {literal}")]
    assert any("ix_order_desk" in line for line in plans)
    through = [line for line in plans if line.startswith("SCAN") and ("lecture_order" in line or "assignment" in line)]
    assert through == [], plans


def test_the_statements_of_the_hot_path_run_on_both_databases(any_engine: Engine) -> None:
    with Session(any_engine) as session, session.begin():
        village, room = Village(name="上坪村"), Room(transport="t", external_id="r", created_at=NOW)
        people = [Member(transport="t", external_id=each, name="人", created_at=NOW) for each in ("m1", "m2")]
        session.add_all([village, room, *people])
        session.flush()
        first, second = (each.id or 0 for each in people)
        session.add(Role(member_id=second, kind=RoleKind.COORDINATOR, granted_at=NOW, granted_by="测试"))
        wished = partial(
            orders.place, session, room_id=room.id or 0, village_id=village.id, topic_id=None, lecturer_id=None,
            wish="太极拳", now=NOW, rules=RULES,
        )  # fmt: skip
        assert [wished(member_id=each).people for each in (first, second, second)] == [1, 2, 2]
        (group,) = todo.waiting(session, rules=RULES, now=NOW)
        assert group.lines == ("1号 上坪村 “太极拳”，2人：发“1号”看推荐",)
        assert chasing.chase(session, rules=RULES, now=NOW + timedelta(hours=2)) == 1
        assert chasing.chase(session, rules=RULES, now=NOW + timedelta(hours=3)) == 0


def test_orders_place_needs_no_more_than_two_inserts(town: DemoTown) -> None:
    """The hot path: one look for the same wish, the order, its first step."""
    with at_work(town) as session:
        seen: list[str] = []
        connection = session.connection()

        def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
            seen.append(statement.split(maxsplit=1)[0])

        event.listen(connection, "before_cursor_execute", note)
        orders.place(
            session,
            member_id=1,
            room_id=1,
            village_id=1,
            topic_id=1,
            lecturer_id=None,
            wish="反诈骗",
            now=NOW,
            rules=RULES,
        )
    assert seen == ["SELECT", "INSERT", "INSERT"]
