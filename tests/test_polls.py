"""Polls: written as a coordinator would say it, asked once, one choice a person until it closes, the result once."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import Session, select

from data import polls
from data.errors import NoSuchPoll, PollOpen, PollOver
from data.loop import Poll, PollState, PollVote
from data.mail import Outbox, OutboxState
from data.tables import Member, Room
from handlers.desk.polls import read_poll
from handlers.message import Heard, Kind
from handlers.poll import could_vote, read_vote, together
from handlers.understand import normalise
from tests.town import NOW, ZONE, DemoTown, Talk, demo_rules

HOME = "上坪村乡亲群"
SUNDAY = datetime(2026, 11, 22, 21, 0, tzinfo=ZONE)
RULES = demo_rules()


def asked(session: Session, *, options: tuple[str, ...] = ("防骗", "医保", "种果"), where: str = HOME) -> Poll:
    room = session.exec(select(Room.id).where(Room.name == where)).one() or 0
    return polls.draft(
        session, room_id=room, author_id=1, question="讲什么好？", options=options, closes_at=SUNDAY, now=NOW
    )


# ---- how it is written ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "讲什么好？ 1防骗 2医保 3种果 到周五晚上",
        "讲什么好？1防骗2医保3种果，到周五晚上",
        "讲什么好？\n1、防骗\n2、医保\n3、种果\n截止周五晚上",
        "讲什么好？ 1. 防骗 2. 医保 3. 种果 到周五晚上截止",
        "讲什么好？ A防骗 B医保 C种果 到周五晚上",
        "讲什么好？ ①防骗 ②医保 ③种果 截至周五晚上。",
        "讲什么好？ 一、防骗 二、医保 三、种果 到周五晚上",
        "讲什么好？ （1）防骗；（2）医保；（3）种果 到周五晚上",
        "讲什么好？ 防骗 医保 种果 到周五晚上",
        "讲什么好？防骗、医保还是种果 到周五晚上",
    ],
)
def test_forgiving_wording(text: str) -> None:
    read = read_poll(text)
    assert read is not None
    assert (read.question.rstrip("？"), read.options, read.until) == ("讲什么好", ("防骗", "医保", "种果"), "周五晚上")


def test_an_option_may_hold_numbers_and_a_poll_no_end() -> None:
    read = read_poll("几点好？ 1 下午2点 2 晚上8点")
    assert read is not None
    assert (read.options, read.until) == (("下午2点", "晚上8点"), "")


@pytest.mark.parametrize("text", ["讲什么好？", "讲什么好？ 1防骗", "1防骗 2医保", "2", "讲什么好？ 1防骗 2防骗", ""])
def test_what_is_no_poll(text: str) -> None:
    assert read_poll(text) is None


@pytest.mark.parametrize(
    ("until", "shown"),
    [
        ("周日晚上", "到后天21:00"),
        ("周日", "到后天20:00"),
        ("明天18点", "到明天18:00"),
        ("25号", "到11月25日（周三）20:00"),
    ],
)
def test_when_it_ends(town: DemoTown, until: str, shown: str) -> None:
    (said,) = Talk(town).say("干事小农", HOME, f"投票 讲什么好？ 1防骗 2医保 到{until}")
    assert shown in said


def test_a_time_that_cannot_be_read_or_is_over_is_told(town: DemoTown) -> None:
    talk = Talk(town)
    assert "没听出“猴年马月”" in talk.say("干事小农", HOME, "投票 讲什么好？ 1防骗 2医保 到猴年马月")[0]
    assert "太早了" in talk.say("干事小农", HOME, "投票 讲什么好？ 1防骗 2医保 到今天15点05分")[0]
    with town.session() as session:
        assert session.exec(select(Poll)).all() == []


def test_nobody_else_asks_the_group(town: DemoTown) -> None:
    talk = Talk(town)
    assert talk.say("三婶唐桂英", HOME, "投票 讲什么好？ 1防骗 2医保") == []
    assert "宣传干事" in talk.say("三婶唐桂英", HOME, "@小门 投票 讲什么好？ 1防骗 2医保")[0]


def test_in_a_direct_chat_the_village_is_named(town: DemoTown) -> None:
    talk = Talk(town)
    assert "在哪个群问" in talk.say("干事小农", None, "投票 讲什么好？ 1防骗 2医保")[0]
    assert "将在石湾村大家庭问" in talk.say("干事小农", None, "投票 石湾 讲什么好？ 1防骗 2医保")[0]
    assert talk.say("干事小农", None, "取消") == ["[私聊 干事小农] 好，这个投票作废了，没有发。"]
    with town.session() as session:
        assert session.exec(select(Poll.state)).all() == [PollState.DROPPED]


# ---- votes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "choice"),
    [
        ("2", 2), ("二", 2), ("第二个", 2), ("选2", 2), ("2号", 2), ("②", 2), ("２", 2), ("我选2", 2), ("投2", 2),
        ("B", 2), ("医保报销", 2), ("选医保", 2), ("就医保报销吧", 2), ("我投给种果", 3), ("种果", 3), ("2。", 2),
    ],
)  # fmt: skip
def test_what_is_a_vote(said: str, choice: int) -> None:
    poll = Poll(id=1, room_id=1, author_id=1, question="?", options=["防骗", "医保报销", "种果"], closes_at=SUNDAY)
    assert read_vote(poll, normalise(said)) == (choice,)
    assert could_vote(Heard("webchat", "1", "r", "p", said, NOW))


@pytest.mark.parametrize("said", ["医保怎么报销", "报名", "12号", "我去赶圩", "3个人", "二叔来了", "D", "还想听医保"])
def test_what_is_no_vote(said: str) -> None:
    poll = Poll(id=1, room_id=1, author_id=1, question="?", options=["防骗", "医保报销", "种果"], closes_at=SUNDAY)
    assert read_vote(poll, normalise(said)) is None


@pytest.mark.parametrize("said", ["吃了没", "好的", "哈哈哈", "今天赶圩人真多", "[图片]", "@三婶 在家吗", "收到", ""])
def test_the_gate_lets_chatter_be(said: str) -> None:
    assert not could_vote(Heard("webchat", "1", "r", "p", said, NOW))
    assert not could_vote(Heard("webchat", "1", "r", "p", "2", NOW, kind=Kind.IMAGE))
    assert not could_vote(Heard("webchat", "1", "p", "p", "2", NOW, direct=True))


def test_one_choice_a_person_until_it_closes(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        poll = asked(session)
        number = poll.id or 0
        with pytest.raises(PollOver):
            polls.vote(session, poll, member_id=1, choice=1, now=NOW)  # a draft
        assert polls.release(session, number, by=1, now=NOW, not_before=NOW, rules=RULES)
        assert not polls.release(session, number, by=1, now=NOW, not_before=NOW, rules=RULES)
        for choice in (1, 2, 2):
            polls.vote(session, poll, member_id=1, choice=choice, now=NOW)
        polls.vote(session, poll, member_id=2, choice=3, now=NOW)
        with pytest.raises(ValueError, match="no option 4"):
            polls.vote(session, poll, member_id=2, choice=4, now=NOW)
        assert len(session.exec(select(PollVote)).all()) == 2
        assert polls.tally(session, poll) == polls.Tally(((2, "医保", 1), (3, "种果", 1), (1, "防骗", 0)), 2)
        with pytest.raises(PollOver):
            polls.vote(session, poll, member_id=2, choice=1, now=SUNDAY)


def test_it_takes_votes_only_after_it_was_asked(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        poll = asked(session)
        polls.release(session, poll.id or 0, by=1, now=NOW, not_before=NOW + timedelta(minutes=1), rules=RULES)
        assert polls.open_in(session, poll.room_id, now=NOW) is None
        row = session.exec(select(Outbox)).one()
        row.state = OutboxState.SENT
        session.flush()
        assert polls.open_in(session, poll.room_id, now=NOW) == poll
        assert polls.open_in(session, poll.room_id, now=SUNDAY) is None


def test_one_at_a_time_in_a_room(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        first, second = asked(session), asked(session)
        polls.release(session, first.id or 0, by=1, now=NOW, not_before=NOW, rules=RULES)
        with pytest.raises(PollOpen, match="投票1还没结束"):
            polls.release(session, second.id or 0, by=1, now=NOW, not_before=NOW, rules=RULES)
        with pytest.raises(PollOpen):
            asked(session)
        asked(session, where="石湾村大家庭")
        with pytest.raises(NoSuchPoll):
            polls.find(session, second.id or 0)  # nobody was asked


def test_many_answers_are_said_in_one(town: DemoTown) -> None:
    talk = Talk(town)
    talk.say("干事小农", HOME, "投票 讲什么好？ 1防骗 2医保")
    talk.say("干事小农", HOME, "确认")
    talk.later(minutes=2)
    talk.news()
    busy = Talk(town, now=talk.now, sends=False)
    busy.news()
    for who, said in (("三婶唐桂英", "2"), ("坪顶梁伯", "1"), ("阿辉（东莞厚街）", "2"), ("坪顶梁伯", "第二个")):
        heard = busy.heard(who, HOME, said)
        busy.take(Heard(heard.transport, f"busy-{busy.now}", heard.room_id, heard.sender_id, said, heard.at, who, HOME))
    with town.session() as session:
        texts = session.exec(select(Outbox.text).where(Outbox.gather == "vote:1")).all()
    assert texts == ["已记：三婶唐桂英、阿辉（东莞厚街）、坪顶梁伯选2。"]


def test_together_names_each_persons_last_choice() -> None:
    assert together(["2 5 甲", "2 6 乙", "1 7 丙 丁", "1 5 甲"]) == "已记：乙选2，丙 丁、甲选1。"


# ---- its end -------------------------------------------------------------------------------------------------------


def test_the_clock_ends_it_once_and_names_nobody(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        poll = asked(session)
        polls.release(session, poll.id or 0, by=1, now=NOW, not_before=NOW, rules=RULES)
        polls.vote(session, poll, member_id=1, choice=2, now=NOW)
        assert polls.close_due(session, now=SUNDAY - timedelta(minutes=1), rules=RULES) == 0
        assert polls.close_due(session, now=SUNDAY, rules=RULES) == 1
        assert polls.close_due(session, now=SUNDAY, rules=RULES) == 0
        said = session.exec(select(Outbox).where(Outbox.once == "poll-result:1")).one()
        assert said.room_id == poll.room_id
        assert said.not_before == datetime(2026, 11, 23, 7, 30, tzinfo=ZONE)  # 21:00 is quiet already
        assert "2 医保：1人\n1 防骗：0人" in said.text
        names = session.exec(select(Member.name)).all()
        assert not any(name in said.text for name in names)
        assert (poll.state, poll.closed_at) == (PollState.CLOSED, SUNDAY)


def test_after_a_long_silence_only_its_author_hears_the_result(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        poll = asked(session)
        polls.release(session, poll.id or 0, by=1, now=NOW, not_before=NOW, rules=RULES)
        polls.close_due(session, now=SUNDAY + timedelta(days=5), rules=RULES)
        said = session.exec(select(Outbox).where(Outbox.once == "poll-result:1")).one()
        assert said.room_id != poll.room_id
        assert "还没有人选" in said.text


def test_a_release_is_taken_back_within_the_minute(town: DemoTown) -> None:
    talk = Talk(town)
    talk.say("干事小农", HOME, "投票 讲什么好？ 1防骗 2医保")
    talk.say("干事小农", HOME, "确认")
    assert "已撤销" in talk.say("干事小农", HOME, "撤销")[0]
    talk.later(minutes=2)
    assert talk.say("三婶唐桂英", HOME, "2") == []
    assert "将在上坪村乡亲群问" in talk.say("干事小农", HOME, "投票 讲什么好？ 1防骗 2医保")[0]
