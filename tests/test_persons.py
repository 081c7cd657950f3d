"""我的信息 and 删除我的信息: what is kept about a person, and that nothing of it is left when they ask.

The proof is a scan over every text and JSON column of every table, which found them before.
"""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy import select as select_columns
from sqlmodel import Session, SQLModel, col, select

from bot.cli_person import NoSuchPerson, write
from data import erasure, persons, retention, signups, tell
from data.desk_tables import Audit, ConsoleRole, ConsoleUser, RelayDraft
from data.loop import Deed, Lecture, Order, OrderState, SignUp, SignUpState, SolitaireState, Voice
from data.mail import Outbox, OutboxState
from data.record_tables import Removal
from data.tables import Dialog, Member, Role, Room
from data.trace_desk import ERASED
from data.traces import SOMEONE, Trace
from tests.test_retention import believed, fill, held
from tests.town import NOW, ZONE, DemoTown, Talk, demo_rules

WHO, ID, GROUP = "三婶唐桂英", "p-tangshen", "上坪村乡亲群"
FRIEND, YOUNG, BOSS, POLICE = "坪顶梁伯", "干事小农", "宣传委员周竹蓉", "覃警官"
TYPED = ("竹鼠拉稀", "我家院子", "张榜公布到桥头", "断水三天", "周满妹", "讲得像唱歌")
NEEDLES = (ID, WHO, *TYPED)
LIST = f"#接龙\n天冷了，血压怎么管\n1. {FRIEND}\n2. {WHO} 3人\n3. 阿珍"
Found = dict[tuple[str, str], set[str]]


def scan(town: DemoTown, needles: tuple[str, ...]) -> Found:
    """(table, column) → which of these stand in it, over all that is text or JSON."""
    found: Found = {}
    tables = SQLModel.metadata.sorted_tables
    assert len(tables) > 40, "the tables are not loaded"
    with town.engine.connect() as connection:
        for table in tables:
            for row in connection.execute(select_columns(table)).mappings():
                for column, value in row.items():
                    if isinstance(value, str | list | dict):
                        words = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
                        if here := {each for each in needles if each in words}:
                            found.setdefault((table.name, str(column)), set()).update(here)
    return found


def lived(town: DemoTown) -> Talk:
    """Somebody who did all that a resident can do, and of whom others spoke."""
    talk = Talk(town)
    talk.say(WHO, GROUP, "报名2人")
    talk.say(WHO, GROUP, "帮周满妹报名")
    talk.say(WHO, GROUP, "@小门 点课 竹鼠拉稀怎么治")
    talk.say(WHO, None, "点课 反诈骗 周四晚上 在我家院子")
    talk.say(FRIEND, GROUP, "@小门 点课 反诈骗")
    talk.say(WHO, None, "建议把低保名单张榜公布到桥头")
    talk.say(WHO, None, "不用")
    talk.say(WHO, GROUP, "@小门 我家断水三天了，没饭吃，快来人")
    talk.say(WHO, None, "订阅 医保")
    talk.say(BOSS, None, f"标签 {WHO} 种植户")
    talk.say(FRIEND, GROUP, LIST)
    talk.say(YOUNG, None, "投票 上坪村 讲什么好？ 1防骗 2医保 到周六晚上")
    talk.say(YOUNG, None, "确认")
    talk.pass_time(minutes=10)
    talk.say(WHO, GROUP, "2")
    talk.say(YOUNG, None, "课1 名单")
    talk.say(YOUNG, None, "意见1号 答复 月底前在桥头张榜。")
    talk.pass_time(minutes=10)
    with town.session() as session, session.begin():
        room = session.exec(select(Room.id).where(Room.name == GROUP)).one() or 0
        member = session.exec(select(Member.id)).first() or 0
        user = _account(session, member)
        session.add(RelayDraft(room_id=room, user_id=user, created_at=NOW, lines=[{"who": WHO, "text": "我去"}]))
        session.add(Audit(at=NOW, user_id=user, who="管理员", what="open_number", about=WHO, detail={"member": ID}))
        change: dict[str, object] = {"table": "sign_up", "key": {"id": 1}, "before": {}, "after": {"for_whom": WHO}}
        session.add(Deed(member_id=member, at=NOW, what=f"课1 加 {WHO}", changes=[change]))
        session.add(Dialog(room_id=room, member_id=member, kind="choose_owner", payload={"said": WHO}, expires_at=NOW))
    return talk


def _account(session: Session, member_id: int) -> int:
    user = ConsoleUser(
        name=f"u{member_id}",
        shown_name="管理员",
        password_hash="-",
        role=ConsoleRole.ADMIN,
        member_id=member_id,
        created_at=NOW,
        created_by="-",
    )
    session.add(user)
    session.flush()
    return user.id or 0


def number_of(session: Session, name: str) -> int:
    return session.exec(select(Member.id).where(Member.name == name)).one() or 0


@pytest.fixture
def gone(town: DemoTown) -> tuple[Talk, int]:
    """They have asked, and it is done; their number."""
    talk = lived(town)
    with town.session() as session:
        number = number_of(session, WHO)
    assert "回“确认”" in talk.say(WHO, None, "删除我的信息")[0]
    said = talk.say(WHO, None, "确认")
    assert "删好了" in said[0]
    return talk, number


def test_nothing_is_left_of_somebody_who_asked(town: DemoTown) -> None:
    talk = lived(town)
    before = scan(town, NEEDLES)
    assert {("member", "name"), ("member", "external_id"), ("inbox", "text"), ("inbox", "understood")} <= before.keys()
    assert {("outbox", "text"), ("outbox", "mentions"), ("outbox", "gathered")} <= before.keys()
    assert {("solitaire_state", "lists"), ("sign_up", "for_whom"), ("voice", "text")} <= before.keys()
    assert {("deed", "what"), ("dialog", "payload"), ("relay_draft", "lines"), ("audit", "about")} <= before.keys()
    assert set().union(*before.values()) == set(NEEDLES) - {"讲得像唱歌"}
    talk.say(WHO, None, "删除我的信息")
    talk.say(WHO, None, "确认")
    assert scan(town, NEEDLES).keys() == {("room", "external_id")}, "only the way of the last answer"
    talk.pass_time(minutes=10)
    assert scan(town, NEEDLES) == {}


def test_what_is_counted_stays_without_a_name(town: DemoTown, gone: tuple[Talk, int]) -> None:
    _, number = gone
    with town.session() as session:
        person = session.get_one(Member, number)
        assert (person.name, person.transport, person.erased_at is not None) == ("", erasure.TRANSPORT, True)
        sign_ups = session.exec(select(SignUp).where(SignUp.member_id == number)).all()
        assert [(each.people, each.state) for each in sign_ups] == [(3, SignUpState.OUT), (1, SignUpState.OUT)]
        voices = session.exec(select(Voice).where(Voice.member_id == number).order_by(col(Voice.id))).all()
        assert [each.text for each in voices] == [ERASED] * 2
        assert voices[0].answered_by is not None
        assert (voices[1].answered_by, voices[1].answer) == (None, ERASED)
        assert session.exec(select(Role).where(Role.member_id == number)).all() == []
        removal = session.exec(select(Removal).where(Removal.kind == erasure.KIND)).one()
        assert (removal.member_id, removal.rows > 10) == (number, True)


def test_an_order_that_others_wish_for_too_goes_on_with_them(town: DemoTown, gone: tuple[Talk, int]) -> None:
    _, number = gone
    with town.session() as session:
        orders = session.exec(select(Order).order_by(col(Order.id))).all()
        friend = number_of(session, FRIEND)
    assert [(each.member_id, each.state) for each in orders] == [
        (number, OrderState.WITHDRAWN),
        (friend, OrderState.RECEIVED),
    ]
    assert (orders[1].wish, orders[1].place) == ("", "")


def test_nothing_is_ever_sent_to_them_again(town: DemoTown, gone: tuple[Talk, int]) -> None:
    talk, number = gone
    talk.pass_time(minutes=10)
    with town.session() as session, session.begin():
        tell.member(session, number, "有件事", now=talk.now, not_before=talk.now)
        erasure.settle(session, now=talk.now)
    with town.session() as session:
        rows = session.exec(select(Outbox, Room).join(Room).where(Room.transport == erasure.TRANSPORT)).all()
        assert {row.state for row, _ in rows} == {OutboxState.SENT, OutboxState.CANCELLED}
        assert [row.text for row, _ in rows if row.state == OutboxState.CANCELLED] == ["有件事"]


def test_who_writes_again_is_somebody_new(town: DemoTown, gone: tuple[Talk, int]) -> None:
    talk, number = gone
    (said,) = talk.say(WHO, None, "我的信息")  # at once, before their chat was let go of
    assert "点单" not in said
    talk.pass_time(minutes=10)
    talk.say(WHO, None, "订阅 医保")
    with town.session() as session:
        back = number_of(session, WHO)
        assert back != number
        room = session.exec(select(Room).where(Room.external_id == ID)).one()
        told = select(Outbox.text).where(Outbox.room_id == room.id)
        assert not any("删好了" in text for text in session.exec(told))
        assert len(list(session.exec(told))) == 2


@pytest.mark.parametrize("answer", ["好的", "嗯", "删", "取消", "不删了"])
def test_nothing_but_a_plain_word_is_a_yes(town: DemoTown, answer: str) -> None:
    talk = lived(town)
    before = scan(town, (ID,)).keys()
    talk.say(WHO, None, "删除我的信息")
    talk.say(WHO, None, answer)
    assert scan(town, (ID,)).keys() == before
    assert "我记着您的昵称" in talk.say(WHO, None, "我的信息")[0]


def test_their_seat_goes_to_the_next_in_line(town: DemoTown) -> None:
    talk = Talk(town)
    with town.session() as session, session.begin():
        session.get_one(Lecture, 1).seats = 2
    talk.say(WHO, GROUP, "报名2人")
    talk.say(FRIEND, GROUP, "报名2人")
    talk.say(WHO, None, "删除我的信息")
    said = talk.say(WHO, None, "确认")
    assert any("有空位" in each or "回“要”" in each for each in said), said
    with town.session() as session:
        assert signups.people_in(session, 1) == 0


def test_a_lecturer_loses_the_role_and_what_they_did_stays(town: DemoTown) -> None:
    talk = Talk(town)
    with town.session() as session:
        number = number_of(session, POLICE)
    assert "您的身份" in talk.say(POLICE, None, "删除我的信息")[0]
    talk.say(POLICE, None, "确认")
    talk.pass_time(minutes=10)
    assert scan(town, ("p-qinzhigang", POLICE)) == {}
    with town.session() as session:
        assert session.exec(select(Role).where(Role.member_id == number)).all() == []


def test_whoever_can_open_the_console_is_asked_to_give_that_up_first(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        _account(session, number_of(session, YOUNG))
    talk = Talk(town)
    talk.say(YOUNG, None, "删除我的信息")
    assert "控制台的账号" in talk.say(YOUNG, None, "确认")[0]
    assert scan(town, (YOUNG,))


def test_one_character_is_struck_only_where_it_is_the_whole_name(town: DemoTown) -> None:
    trace = Trace(1, "wx-1", own=frozenset({"水"}))
    assert [trace.line(each) for each in ("2. 水 3人", "断水三天")] == [f"2. {SOMEONE} 3人", "断水三天"]
    assert trace.struck("水来了") == "水来了"


def test_lists_still_read_after_somebody_left_them(town: DemoTown, gone: tuple[Talk, int]) -> None:
    talk, _ = gone
    with town.session() as session:
        state = session.exec(select(SolitaireState)).one()
    assert FRIEND in json.dumps(state.lists, ensure_ascii=False)
    talk.say("阿辉（东莞厚街）", GROUP, f"#接龙\n天冷了，血压怎么管\n1. {FRIEND}\n2. 阿珍\n3. 阿辉")
    with town.session() as session:
        assert session.exec(select(SolitaireState)).one().posts == 2


# ---- 我的信息 -------------------------------------------------------------------------------------------------------


def test_a_dossier_holds_what_they_did_and_nobody_else(town: DemoTown) -> None:
    lived(town)
    with town.session() as session:
        told = persons.dossier(session, number_of(session, WHO), ZONE)
    words = json.dumps(told, ensure_ascii=False)
    assert all(each in words for each in (ID, WHO, *TYPED[:5]))
    sizes = {name: len(rows) for name, rows in told.items() if isinstance(rows, list)}
    assert sizes | {"对机器人说的话": 0} == {
        "报名": 2, "点单": 2, "附议": 0, "意见和评课": 2, "投票": 1, "订阅": 1, "标签": 1, "身份": 0, "照片": 0,
        "对机器人说的话": 0, "对您说的话": 10, "写着您昵称的报名": 0, "宣讲员登记": 0, "培训": 0, "回过的派单": 0,
        "取过的课件": 0, "传过的课件": 0, "写的通知": 0, "发起的投票": 0, "控制台账号": 0, "控制台登录": 0,
        "控制台操作": 0,
    }  # fmt: skip


def test_a_dossier_is_told_in_their_words_and_on_their_clock(town: DemoTown) -> None:
    """It said "seated", "received" and 11:30 for half past seven in the evening."""
    lived(town)
    with town.session() as session:
        told = persons.dossier(session, number_of(session, WHO), ZONE)
        starts = {f"{each.starts_at.astimezone(ZONE):%Y-%m-%d %H:%M}" for each in session.exec(select(Lecture))}
    rows = [row for part in told.values() if isinstance(part, list) for row in part]
    assert {row["状态"] for row in rows if "状态" in row} <= {"有位子", "候补", "待审", "待派", "已排课"}
    assert {row["开讲"] for row in rows if "开讲" in row} <= starts and len(rows) > 5
    assert "T" not in {str(row.get("时间", ""))[10:11] for row in rows}


def test_the_file_is_written_for_one_person_only(town: DemoTown, tmp_path: Path) -> None:
    lived(town)
    with town.session() as session:
        path = write(session, number_of(session, WHO), tmp_path / "out", ZONE)
        with pytest.raises(NoSuchPerson):
            write(session, 10**6, tmp_path / "out", ZONE)
    assert json.loads(path.read_text("utf-8"))["本人"]["昵称"] == WHO
    assert path.stat().st_mode & 0o077 == 0
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_it_is_spoken_of_in_private_only(town: DemoTown) -> None:
    talk = Talk(town)
    assert "私聊" in talk.say(WHO, GROUP, "@小门 我的信息")[0]
    assert "私聊" in talk.say(WHO, GROUP, "@小门 删除我的信息")[0]
    assert "私聊" in talk.say(WHO, GROUP, "删除我的信息")[0]


def test_erasing_before_and_after_retention_agree(town: DemoTown) -> None:
    """What retention blanked first does not stand in the way."""
    talk = lived(town)
    later = talk.now + timedelta(days=3_650)
    with town.session() as session, session.begin():
        believed(session, later)
        retention.begin(session, {}, now=later)
        for _ in range(40):
            retention.go_on(session, now=later)
        erasure.erase(session, number_of(session, WHO), now=later, rules=demo_rules())
    with town.session() as session, session.begin():
        erasure.settle(session, now=later + timedelta(minutes=1))
    assert scan(town, NEEDLES) == {}


def test_it_is_done_on_either_database(any_engine: Engine) -> None:
    with Session(any_engine) as session, session.begin():
        fill(session)
        session.add(Audit(at=NOW, who="管理员", what="导出个人信息", about="成员1", detail={"理由": "阿婆 要的"}))
        session.flush()
        assert held(session, "阿婆").keys() >= {"member", "outbox", "audit"}
        erasure.erase(session, 1, now=NOW, rules=demo_rules())
        erasure.settle(session, now=NOW + timedelta(minutes=1))
        assert not held(session, "阿婆")
        assert held(session, "断水三天").keys() <= {"outbox"}, "answers in the group that are linked to no message"
