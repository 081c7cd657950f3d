"""What nobody knows: sends without an answer, echoes, crashes, and what breaks on the way; case by case."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from bot.sender import DOUBT, FRESH
from bot.transports.base import Outgoing, Uncertain
from data import orders, outbox
from data.loop import Order
from data.mail import Inbox, OutboxKind
from data.pace import Speed
from handlers import QUESTIONS, ROUTES
from handlers.take import APOLOGY, Listener
from handlers.turn import Reply, Route, Turn
from tests.sender_house import (
    AUNT,
    GROUP,
    OTHER,
    PATIENCE,
    PENDING,
    SENDING,
    SENT,
    UNCLE,
    UNKNOWN,
    Clock,
    hang,
    living,
    no_answer,
    play,
)
from tests.town import DemoTown

# ---- nobody knows whether it went out ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [OutboxKind.REPLY, OutboxKind.NOTICE])
def test_a_send_without_answer_is_in_doubt_until_its_late_echo(town: DemoTown, kind: OutboxKind) -> None:
    async def story() -> None:
        async with living(town, echo=False) as house:
            house.transport.moods = [no_answer]
            await house.queue("明天停水", kind=kind)
            [row] = await house.until(UNKNOWN)
            assert row.error == "断在半路"
            message = Outgoing("r-shangping-1", "明天停水", mentions=(("p-tangshen", AUNT),))
            house.transport.came_back(Outgoing("r-shiwan-1", "明天停水"), "elsewhere")  # no evidence for this room
            house.transport.came_back(Outgoing("r-shangping-1", "别的话"), "other words")
            await house.transport.settled()
            assert house.states() == [UNKNOWN]
            house.transport.came_back(message)
            [row] = await house.until(SENT)
            assert (row.transport_message_id, row.error) == ("seen", "")
            house.clock.later(DOUBT * 2)
            await house.look()
            assert house.transport.tries == ["明天停水"]

    play(story)


def test_a_send_without_answer_whose_echo_was_seen_is_sent(town: DemoTown) -> None:
    async def story() -> None:
        async with living(town, echo=False) as house:

            async def seen_but_not_answered(message: Outgoing) -> None:
                house.transport.came_back(message)
                await house.transport.settled()
                raise Uncertain("断在半路")

            house.transport.moods = [seen_but_not_answered]
            house.say(AUNT, GROUP, "点课 反诈骗")
            [row] = await house.until(SENT)
            assert row.transport_message_id == "seen"
            house.clock.later(DOUBT * 2)
            await house.look()
            assert len(house.transport.tries) == 1

    play(story)


def test_a_send_that_hangs_is_given_up_and_in_doubt(town: DemoTown) -> None:
    async def story() -> None:
        async with living(town, send_timeout=0.02) as house:
            house.transport.moods = [hang]
            await house.queue("明天停水")
            [row] = await house.until(UNKNOWN)
            assert row.error

    play(story)


def test_an_echo_that_comes_while_another_room_still_waits_is_evidence(town: DemoTown) -> None:
    """One group's answer is lost; before the other group's send has ended, the message is seen: it must not go out
    a second time."""

    async def story() -> None:
        async with living(town, speak=False, echo=False) as house:
            await house.queue("甲", GROUP, OutboxKind.REPLY)
            await house.queue("乙", OTHER, OutboxKind.REPLY)

            async def wait_until_the_first_is_seen(_message: Outgoing) -> None:
                house.transport.came_back(Outgoing("r-shangping-1", "甲"), "late")
                await house.transport.settled()

            house.transport.moods = [no_answer, wait_until_the_first_is_seen]
            await house.drained()
            house.clock.later(DOUBT + timedelta(seconds=1))
            await house.drained()
            assert house.transport.tries == ["甲", "乙"]
            assert house.states() == [SENT, SENT]

    play(story)


def test_the_echo_of_one_message_is_no_evidence_for_its_twin(town: DemoTown) -> None:
    """Two neighbours get the same words in the same group. The first went out and is seen; of the second nobody
    knows. To call it sent would lose it silently."""

    async def story() -> None:
        async with living(town, speak=False) as house:
            for _ in range(2):
                await house.queue("我没听明白。", kind=OutboxKind.REPLY)

            async def answered(_message: Outgoing) -> None:
                """The first goes out as it should, and its echo comes."""

            async def first_is_seen(_message: Outgoing) -> None:
                await house.transport.settled()
                raise Uncertain("断在半路")

            house.transport.moods = [answered, first_is_seen]
            await house.drained()
            assert house.states() == [SENT, UNKNOWN]

    play(story)


def test_a_late_echo_of_what_was_sent_is_no_evidence_for_a_twin_in_doubt(town: DemoTown) -> None:
    """The same, with the first one's echo coming late: it names a message that is known as sent already."""

    async def story() -> None:
        async with living(town, speak=False, echo=False) as house:
            for mood in ([], [no_answer]):
                house.transport.moods = [*mood]
                await house.queue("明天停水")
                await house.drained()
            first, second = house.rows()
            assert (first.state, second.state) == (SENT, UNKNOWN)
            house.transport.came_back(Outgoing("r-shangping-1", "明天停水"), first.transport_message_id)
            await house.transport.settled()
            assert house.states() == [SENT, UNKNOWN]

    play(story)


def test_a_transport_that_breaks_its_word_leaves_nothing_stuck(
    town: DemoTown, caplog: pytest.LogCaptureFixture
) -> None:
    """An error that no transport should raise: nobody knows whether that went out, and what else was out is settled
    as it went; the speaking goes on."""

    async def bug(_message: Outgoing) -> None:
        raise KeyError("no such thing")

    async def story() -> None:
        async with living(town, speak=False) as house:
            for text, where in (("甲", GROUP), ("乙", OTHER), ("丙", GROUP)):
                await house.queue(text, where)
            house.transport.moods = [bug]
            running = asyncio.create_task(house.sender.run())
            try:
                rows = await house.until(UNKNOWN, SENT, SENT)
                assert rows[0].error
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)

    play(story)


# ---- a crash -------------------------------------------------------------------------------------------------------


async def crash_while_sending(town: DemoTown, clock: Clock, kind: OutboxKind) -> None:
    async with living(town, clock=clock) as house:
        house.transport.moods = [hang]
        await house.queue("已登记1号。", kind=kind)
        await house.tried(1)
        assert house.states() == [SENDING]  # committed before the call


@pytest.mark.parametrize(
    ("kind", "late", "tries"),
    [
        (OutboxKind.REPLY, DOUBT, 1),
        (OutboxKind.REPLY, FRESH, 0),
        (OutboxKind.NOTICE, DOUBT, 0),
        (OutboxKind.PUSH, DOUBT, 0),
    ],
)
def test_what_we_died_over_is_in_doubt_and_only_a_fresh_answer_is_sent_once_more(
    town: DemoTown, kind: OutboxKind, late: timedelta, tries: int
) -> None:
    async def story() -> None:
        clock = Clock()
        await crash_while_sending(town, clock, kind)
        async with living(town, clock=clock) as house:
            await house.until(UNKNOWN)
            clock.later(DOUBT - timedelta(seconds=1))
            await house.look()
            assert house.transport.tries == []
            clock.later(late - DOUBT + timedelta(seconds=2))
            house.sender.wake()
            if tries:
                [row] = await house.until(SENT)
                assert row.attempts == 2
            await house.look()
            assert house.transport.tries == ["已登记1号。"] * tries
            assert house.states() == [SENT if tries else UNKNOWN]

    play(story)


def test_an_answer_is_sent_again_once_and_no_more(town: DemoTown) -> None:
    async def story() -> None:
        clock = Clock()
        await crash_while_sending(town, clock, OutboxKind.REPLY)
        async with living(town, clock=clock) as house:
            await house.until(UNKNOWN)
            house.transport.moods = [no_answer]
            clock.later(DOUBT)
            house.sender.wake()
            await house.tried(1)
            await house.until(UNKNOWN)
            clock.later(DOUBT * 2)
            await house.look()
            assert house.states() == [UNKNOWN]
            assert len(house.transport.tries) == 1

    play(story)


def test_after_a_crash_the_echo_settles_it(town: DemoTown) -> None:
    """The gateway hands over after a restart what was said meanwhile: also our own message."""

    async def story() -> None:
        clock = Clock()
        await crash_while_sending(town, clock, OutboxKind.REPLY)
        async with living(town, clock=clock) as house:
            await house.until(UNKNOWN)
            await house.look()
            house.transport.came_back(Outgoing("r-shangping-1", "已登记1号。"))
            await house.until(SENT)
            clock.later(DOUBT * 2)
            await house.look()
            assert house.transport.tries == []

    play(story)


def test_pacing_goes_on_over_a_restart(town: DemoTown) -> None:
    """A bot that crashes and comes back is in no hurry: the gap in the room counts from what left before."""

    async def story() -> None:
        clock, pace = Clock(), Speed((0, 0), same_room=10.0, other_room=(0, 0), per_minute=0, per_hour=0, per_day=0)
        async with living(town, clock=clock, pace=pace) as house:
            await house.queue("一")
            await house.until(SENT)
        async with living(town, clock=clock, pace=pace) as house:
            await house.queue("二")
            await house.look()
            assert house.transport.tries == []
            clock.later(timedelta(seconds=10))
            house.sender.wake()
            await house.until(SENT, SENT)

    play(story)


# ---- a handler that fails ------------------------------------------------------------------------------------------


def broken(turn: Turn) -> Reply:
    """Writes something, then fails."""
    orders.place(
        turn.session,
        member_id=turn.member_id,
        room_id=turn.room_id,
        village_id=turn.village_id,
        topic_id=None,
        lecturer_id=None,
        wish="半张单",
        now=turn.now,
        rules=turn.rules,
    )
    raise RuntimeError("锅炉炸了")


def test_a_handler_that_fails_apologises_once_and_the_next_message_is_answered(town: DemoTown) -> None:
    async def story() -> None:
        routes = (*ROUTES, Route("broken", broken, "炸：试试看", words=("炸",)))
        async with living(town, listener=Listener(routes, QUESTIONS, town.knowledge)) as house:
            bad = house.say(AUNT, GROUP, "炸")
            house.transport.report(bad)  # told twice by the gateway: apologised for once
            house.say(UNCLE, GROUP, "课表")
            await house.until(SENT, SENT)
            await house.transport.settled()
            apology, answer = house.rows()
            assert apology.text == APOLOGY
            assert answer.text != APOLOGY
            with town.session() as session:
                failed, fine = session.exec(select(Inbox).order_by(col(Inbox.id))).all()
                assert session.exec(select(Order)).all() == []  # the half-written order is gone
            assert (failed.text, failed.route, failed.message_id) == ("炸", "failed", bad.message_id)
            assert "锅炉炸了" in failed.error
            assert "Traceback" in failed.error
            assert (fine.error, fine.route) == ("", "schedule")
            assert apology.inbox_id == failed.id

    play(story)


# ---- the end -------------------------------------------------------------------------------------------------------


def test_stopping_waits_for_what_is_out_and_sends_nothing_new(town: DemoTown) -> None:
    async def story() -> None:
        async with living(town) as house:
            let_go = asyncio.Event()

            async def slow(_message: Outgoing) -> None:
                await let_go.wait()

            house.transport.moods = [slow]
            await house.queue("一")
            await house.tried(1)
            await house.queue("二", OTHER)
            stopping = asyncio.create_task(house.sender.stop())
            await house.worker.run(lambda _session: None)  # time enough to stop, were it not to wait
            assert not stopping.done()
            let_go.set()
            async with asyncio.timeout(PATIENCE):
                await stopping
                await house.speaking
            assert house.states() == [SENT, PENDING]
            assert house.transport.tries == ["一"]

    play(story)


def test_a_full_disk_does_not_end_the_speaking(
    town: DemoTown, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        async with living(town) as house:
            claim, failures = outbox.claim, [OSError("No space left on device")]

            def full(*args: Any, **named: Any) -> Any:
                if failures:
                    raise failures.pop()
                return claim(*args, **named)

            monkeypatch.setattr(outbox, "claim", full)
            house.say(AUNT, GROUP, "点课 反诈骗")
            await house.until(PENDING)
            while failures:
                await house.look()
            house.sender.wake()
            await house.until(SENT)
            assert "No space left" in caplog.text

    play(story)
