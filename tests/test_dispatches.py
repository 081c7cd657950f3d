"""发送情况: what became of a broadcast, and a coordinator's word on what is in doubt."""

from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from data import dispatches
from data.errors import NothingInDoubt
from data.mail import Outbox, OutboxKind, OutboxState
from tests.town import NOW, DemoTown, Talk

BOSS = "宣传委员周竹蓉"
SENT, UNKNOWN, FAILED = OutboxState.SENT, OutboxState.UNKNOWN, OutboxState.FAILED


@pytest.fixture
def talk(town: DemoTown) -> Talk:
    """A notice to the whole town: three groups have it, one is in doubt, one failed."""
    talk = Talk(town, sends=False)
    talk.say(BOSS, None, "通知 全镇 明天上午停水，请先接好水")
    talk.say(BOSS, None, "确认")
    talk.say("干事小农", None, "同意 B1")
    with town.session() as session, session.begin():
        rows = session.exec(select(Outbox).where(col(Outbox.broadcast_id).is_not(None)).order_by(col(Outbox.id))).all()
        assert len(rows) == 5
        for row, state, why in zip(
            rows, (SENT, SENT, SENT, UNKNOWN, FAILED), ("", "", "", "没有回音", "不在群里"), strict=True
        ):
            row.state, row.error = state, why
    return talk


def rows(town: DemoTown, *states: OutboxState) -> list[int]:
    with town.session() as session:
        return [row.id or 0 for row in session.exec(select(Outbox).where(col(Outbox.state).in_(states)))]


def test_the_standing_counts_only_what_there_is_evidence_of(talk: Talk, town: DemoTown) -> None:
    (told,) = talk.say(BOSS, None, "发送情况")
    assert "通知B1“明天上午停水，请先接好水”：3/5群已发，1待确认，1失败。" in told
    (doubtful,), (failed,) = rows(town, UNKNOWN), rows(town, FAILED)
    assert f"第{doubtful}条 榕木坳村民群：不知发没发出去" in told
    assert f"第{failed}条 沙塘口村邻里群：没发出去（不在群里）" in told


def test_a_notice_is_never_cut_within_a_telephone_number(talk: Talk) -> None:
    """发送情况 cut at twelve characters, in the middle of a number that somebody then called."""
    talk.say(BOSS, None, "通知 全镇 修水管打13812345678，李师傅")
    talk.say(BOSS, None, "确认")
    (told,) = talk.say(BOSS, None, "发送情况")
    assert "“修水管打…”" in told and "138" not in told


@pytest.mark.parametrize(("word", "state"), [("在", SENT), ("在群里", SENT), ("重发", OutboxState.PENDING)])
def test_one_word_settles_what_is_in_doubt(talk: Talk, town: DemoTown, word: str, state: OutboxState) -> None:
    (doubtful,) = rows(town, UNKNOWN)
    assert len(talk.say(BOSS, None, f"第{doubtful}条 {word}")) == 1
    with town.session() as session:
        assert session.get_one(Outbox, doubtful).state == state
    (told,) = talk.say(BOSS, None, f"第{doubtful}条 {word}")
    assert "不用确认了" in told


def test_a_persons_word_counts_only_for_what_is_in_doubt(talk: Talk, town: DemoTown) -> None:
    """What is known to be sent is never sent again, whatever is typed."""
    settled = [rows(town, state) for state in (SENT, FAILED)]
    assert all(settled)
    with town.session() as session, session.begin():
        for each in settled:
            with pytest.raises(NothingInDoubt):
                dispatches.settle(session, each, there=False, now=NOW)


def test_nobody_else_may_ask_or_settle(talk: Talk, town: DemoTown) -> None:
    (doubtful,) = rows(town, UNKNOWN)
    for words in ("发送情况", f"第{doubtful}条 重发"):
        (told,) = talk.say("三婶唐桂英", None, words)
        assert "宣传干事来办" in told
    assert talk.say("三婶唐桂英", "上坪村乡亲群", "第3条 在哪里") == []
    assert rows(town, UNKNOWN) == [doubtful]


def test_nothing_sent_lately_is_said_plainly(town: DemoTown) -> None:
    (told,) = Talk(town).say(BOSS, None, "发送情况")
    assert told.endswith("这两天没有发过通知，也没有没发出去的。")


def test_what_failed_is_told_to_every_coordinator_once_and_together(talk: Talk, town: DemoTown) -> None:
    everything = rows(town, FAILED, UNKNOWN)
    with town.session() as session, session.begin():
        dispatches.report(session, everything, now=NOW, not_before=NOW + timedelta(hours=1))
        told = session.exec(select(Outbox).where(Outbox.gather == "failed")).all()
        assert len(told) == 2  # two coordinators
        assert len({row.room_id for row in told}) == 2
        for row in told:
            assert row.text.startswith("有2条没发出去：")
            assert "沙塘口村邻里群（不在群里）" in row.text
            assert row.not_before == NOW + timedelta(hours=1)


def test_a_failed_answer_is_not_reported(town: DemoTown) -> None:
    talk = Talk(town, sends=False)
    talk.say("三婶唐桂英", "上坪村乡亲群", "菜单")
    with Session(town.engine) as session, session.begin():
        (row,) = session.exec(select(Outbox)).all()
        assert row.kind == OutboxKind.REPLY
        dispatches.report(session, [row.id or 0], now=NOW, not_before=NOW)
        assert len(session.exec(select(Outbox)).all()) == 1
