"""From a person's words to the answer in the group, in one process: dispatch, worker, sender, a transport in memory,
and a real database. What the promise *never lost silently, never sent twice by the machine* means, case by case.

Nothing here sleeps: the clock is the test's, and a test waits for a transaction of the worker or a send.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from bot.dispatch import Dispatch
from bot.pacing import Pace, Pacer
from bot.sender import DOUBT, FRESH, RETRY, Sender
from bot.transports.base import AccountState, Echo, NotSent, Outgoing, Refused, Uncertain
from bot.transports.memory import MemoryTransport
from bot.worker import Worker
from data import orders, outbox
from data.mail import Inbox, Outbox, OutboxKind, OutboxState
from data.tables import Order, Room
from handlers import QUESTIONS, ROUTES
from handlers.message import Heard
from handlers.take import APOLOGY, Listener
from handlers.turn import Reply, Route, Turn
from tests.town import NOW, WEB, DemoTown, Talk

GROUP, OTHER = "上坪村乡亲群", "石湾村大家庭"
AUNT, AUNT_CHEN, UNCLE = "三婶唐桂英", "渡口陈姨", "坪顶梁伯"
PATIENCE = 10.0
SENDING, PENDING, SENT = OutboxState.SENDING, OutboxState.PENDING, OutboxState.SENT
FAILED, UNKNOWN = OutboxState.FAILED, OutboxState.UNKNOWN
Result = TypeVar("Result")


@dataclass
class Clock:
    """The only clock there is; it stands still unless the test moves it."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def later(self, span: timedelta) -> None:
        self.now += span


class WatchedWorker(Worker):
    """Tells after each transaction that something may have changed."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.turned = asyncio.Condition()

    async def run(self, work: Callable[[Session], Result]) -> Result:
        try:
            return await super().run(work)
        finally:
            async with self.turned:
                self.turned.notify_all()


class MoodyTransport(MemoryTransport):
    """A transport whose sends can be made to do what the test scripts: one mood for each of the next sends."""

    def __init__(self, clock: Callable[[], datetime], *, echo: bool = True) -> None:
        super().__init__(clock, name=WEB, echo=echo)
        self.moods: list[Callable[[Outgoing], Awaitable[None]]] = []
        self.tries: list[str] = []
        self.trying = asyncio.Event()  # a send has begun since this was last cleared

    async def send(self, message: Outgoing) -> str:
        self.tries.append(message.text)
        self.trying.set()
        if self.moods:
            await self.moods.pop(0)(message)
        return await super().send(message)

    def came_back(self, message: Outgoing, message_id: str = "seen") -> None:
        """The message went out after all: it is seen in its room."""
        mentions = "".join(f"@{name}\u2005" for _, name in message.mentions)
        self.report(Echo(self.name, message.room_id, message_id, mentions + message.text, self._clock()))


async def silence() -> None:
    """A sender that never begins: the test asks for each drain itself."""


async def hang(_message: Outgoing) -> None:
    """The answer never comes."""
    await asyncio.Event().wait()


async def no_answer(_message: Outgoing) -> None:
    raise Uncertain("断在半路")


@dataclass
class House:
    """The whole of it over one town: restart it as often as a story needs."""

    town: DemoTown
    clock: Clock
    talk: Talk
    worker: WatchedWorker
    transport: MoodyTransport
    sender: Sender
    speaking: asyncio.Task[None]
    rooms: dict[str, int] = field(default_factory=dict)

    def heard(self, who: str, where: str | None, text: str) -> Heard:
        self.talk.now = self.clock.now
        heard = self.talk.heard(who, where, text)
        self.clock.now = self.talk.now
        return heard

    def say(self, who: str, where: str | None, text: str) -> Heard:
        """Somebody writes; the house takes it in its own time."""
        heard = self.heard(who, where, text)
        self.transport.report(heard)
        return heard

    async def queue(self, text: str, where: str = GROUP, kind: OutboxKind = OutboxKind.NOTICE) -> None:
        """Queue something, as a job does, and wake the sender."""
        room = self.rooms[where]
        await self.worker.run(
            lambda session: outbox.queue(session, room_id=room, kind=kind, text=text, now=self.clock.now)
        )
        self.sender.wake()

    def rows(self) -> list[Outbox]:
        with self.town.session() as session:
            return list(session.exec(select(Outbox).order_by(col(Outbox.id))))

    def states(self) -> list[OutboxState]:
        return [row.state for row in self.rows()]

    async def until(self, *states: OutboxState) -> list[Outbox]:
        """Wait until the outbox is in just these states, and return its rows."""
        try:
            async with asyncio.timeout(PATIENCE), self.worker.turned:
                await self.worker.turned.wait_for(lambda: self.states() == list(states))
        except TimeoutError:
            raise AssertionError(f"the outbox came to {self.states()}, not to {list(states)}") from None
        return self.rows()

    async def tried(self, count: int) -> None:
        """Wait until that many sends were begun in all."""
        async with asyncio.timeout(PATIENCE):
            while len(self.transport.tries) < count:
                self.transport.trying.clear()
                await self.transport.trying.wait()

    async def drained(self) -> None:
        """Drain by hand until there is nothing to send now, and what was sent is settled."""
        async with asyncio.timeout(PATIENCE):
            while await self.sender.drain() == 0.0:
                pass

    async def look(self) -> None:
        """The sender looks at its outbox once more; back when it has looked and found nothing to send."""
        self.sender.wake()
        for _ in range(4):  # a look from before the wake, a look; and had it found something, the claim and the end
            async with asyncio.timeout(PATIENCE), self.worker.turned:
                await self.worker.turned.wait()
            self.sender.wake()


@asynccontextmanager
async def living(
    town: DemoTown,
    *,
    clock: Clock | None = None,
    listener: Listener | None = None,
    echo: bool = True,
    speak: bool = True,
    send_timeout: float = 30.0,
    pace: Pace | None = None,
) -> AsyncIterator[House]:
    """A house that listens and speaks; leaving it is a crash: whatever is going on ends where it stands."""
    clock = clock or Clock()
    worker = WatchedWorker(town.engine)
    transport = MoodyTransport(clock, echo=echo)
    pacers = {WEB: Pacer(pace or Pace.none())}
    sender = Sender(worker, {WEB: transport}, pacers, clock, send_timeout=send_timeout)
    dispatch = Dispatch(listener or town.listener(), worker, sender, clock)
    listening = asyncio.create_task(transport.listen(dispatch.feed))
    speaking = asyncio.create_task(sender.run() if speak else silence())
    house = House(town, clock, Talk(town), worker, transport, sender, speaking)
    with town.session() as session:
        house.rooms = {room.name: room.id for room in session.exec(select(Room)) if room.id is not None}
    try:
        yield house
    finally:
        for task in (listening, speaking):
            task.cancel()
        await asyncio.gather(listening, speaking, return_exceptions=True)
        worker.close()


def play(story: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        async with asyncio.timeout(60):
            await story()

    asyncio.run(run())


# ---- the good way --------------------------------------------------------------------------------------------------


def test_a_message_in_is_an_answer_out_and_both_are_on_record(town: DemoTown) -> None:
    async def story() -> None:
        async with living(town) as house:
            heard = house.say(AUNT, GROUP, "点课 反诈骗")
            [row] = await house.until(SENT)
            [sent] = house.transport.sent
            assert "已登记" in sent.text
            assert (sent.room_id, sent.direct) == ("r-shangping-1", False)
            assert sent.mentions == (("p-tangshen", AUNT),)
            assert (row.text, row.transport_message_id, row.attempts) == (sent.text, f"{WEB}-1", 1)
            assert (row.error, row.claimed_at, row.settled_at) == ("", house.clock.now, house.clock.now)
            with town.session() as session:
                inbox = session.exec(select(Inbox)).one()
            assert (inbox.message_id, inbox.id, inbox.error) == (heard.message_id, row.inbox_id, "")

    play(story)


def test_a_direct_chat_is_answered_in_the_direct_chat(town: DemoTown) -> None:
    async def story() -> None:
        async with living(town) as house:
            house.say(AUNT, None, "菜单")
            await house.until(SENT)
            [sent] = house.transport.sent
            assert (sent.room_id, sent.direct, sent.mentions) == ("p-tangshen", True, ())

    play(story)


def test_our_own_echo_and_chatter_are_not_answered(town: DemoTown) -> None:
    async def story() -> None:
        async with living(town) as house:
            house.say(AUNT, GROUP, "今天圩上人真多")
            house.say(UNCLE, GROUP, "点课 反诈骗")
            await house.until(SENT)
            await house.transport.settled()
            assert len(house.rows()) == 1
            with town.session() as session:
                assert len(session.exec(select(Inbox)).all()) == 1

    play(story)


def test_a_room_is_served_in_order_and_rooms_side_by_side(town: DemoTown) -> None:
    """The first letter to one group cannot leave until the other group has had one; and none overtakes it."""

    async def story() -> None:
        async with living(town, speak=False) as house:
            for number in range(6):
                house.say((AUNT, UNCLE)[number % 2], GROUP, f"点课 新题目{number}")
                house.say(AUNT_CHEN, OTHER, f"点课 别的题目{number}")
            await house.transport.settled()
            other_served = asyncio.Event()

            async def wait_for_the_other(message: Outgoing) -> None:
                if message.room_id == "r-shangping-1" and "新题目0" in message.text:
                    async with asyncio.timeout(PATIENCE):
                        await other_served.wait()
                elif message.room_id == "r-shiwan-1":
                    other_served.set()

            house.transport.moods = [wait_for_the_other] * 12
            await house.drained()
            queued = await house.until(*[SENT] * 12)
            for room in ("r-shangping-1", "r-shiwan-1"):
                sent = [each.text for each in house.transport.sent if each.room_id == room]
                assert len(sent) == 6
                assert sent == [row.text for row in queued if row.text in sent]

    play(story)


# ---- it did not go out ---------------------------------------------------------------------------------------------


def test_what_was_certainly_not_sent_is_tried_again_and_arrives_once(town: DemoTown) -> None:
    async def story() -> None:
        async with living(town) as house:
            house.transport.fail_with = [NotSent("网关没连上"), NotSent("网关没连上")]
            house.say(AUNT, GROUP, "点课 反诈骗")
            await house.tried(1)
            for tries in (1, 2):
                await house.tried(tries)
                [row] = await house.until(PENDING)
                assert (row.error, row.attempts) == ("网关没连上", 0)
                await house.look()
                assert len(house.transport.tries) == tries  # its time has not come
                house.clock.later(RETRY)
                house.sender.wake()
            [row] = await house.until(SENT)
            assert (len(house.transport.sent), row.attempts, row.error) == (1, 1, "")

    play(story)


def test_what_waits_for_another_try_is_not_overtaken_in_its_room(town: DemoTown) -> None:
    """Order is kept within a room also over a failure: also by a row that was queued while the first one waits."""

    async def story() -> None:
        async with living(town, speak=False) as house:
            house.transport.fail_with = [NotSent("请稍后再发")]
            for text in ("一", "二"):
                await house.queue(text)
            await house.drained()
            assert house.states() == [PENDING, PENDING]
            await house.queue("三")
            await house.queue("别的群", OTHER)
            await house.drained()
            assert [each.text for each in house.transport.sent] == ["别的群"]
            house.clock.later(RETRY)
            await house.drained()
            assert [each.text for each in house.transport.sent] == ["别的群", "一", "二", "三"]

    play(story)


def test_a_refused_message_has_failed_with_its_reason_and_the_next_one_goes_out(town: DemoTown) -> None:
    async def story() -> None:
        async with living(town) as house:
            house.transport.fail_with = [Refused("被移出群聊")]
            house.say(AUNT, GROUP, "点课 反诈骗")
            [row] = await house.until(FAILED)
            assert (row.error, row.transport_message_id) == ("被移出群聊", "")
            house.clock.later(timedelta(hours=1))
            house.say(UNCLE, GROUP, "课表")
            await house.until(FAILED, SENT)
            assert len(house.transport.sent) == 1

    play(story)


def test_a_transport_that_is_not_ready_keeps_its_rows_until_it_wakes(town: DemoTown) -> None:
    async def story() -> None:
        async with living(town) as house:
            house.transport.ready = False
            house.say(AUNT, GROUP, "点课 反诈骗")
            await house.until(PENDING)
            await house.look()
            assert house.transport.tries == []
            house.transport.ready = True
            house.transport.report(AccountState(WEB, house.clock.now, online=True))  # this alone wakes the sender
            await house.until(SENT)
            assert len(house.transport.sent) == 1

    play(story)


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
        clock, pace = Clock(), Pace((0, 0), same_room=10.0, other_room=(0, 0), per_minute=0, per_hour=0, per_day=0)
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
