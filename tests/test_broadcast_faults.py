"""A broadcast over a gateway that errs, from a disk that is full or a database that is locked, and two bots at once.

Whatever happens: each group has the text at most once, what is called sent is there, and what is not is accounted for.
"""

import asyncio
import os
import resource
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from bot.alone import AlreadyRunning, be_alone
from bot.pacing import Pacer
from bot.sender import Sender
from bot.transports.base import AccountState, Echo, Event
from bot.transports.wechaty import WechatySettings, WechatyTransport
from data import outbox, rooms
from data.database import open_engine
from data.mail import OutboxKind
from data.pace import Speed
from tests.bot_process import rows
from tests.broadcast_story import Story, crowd, found_town, telling
from tests.gateway.harness import Gateway, require_gateway
from tests.gateway.village import QUICK, bounded
from tests.sender_house import WatchedWorker
from tests.servers import Postgres
from tests.town import ROOT, ZONE

GROUPS = 12
TEXT = "明天上午停水，请先接好水。"


@dataclass
class Desk:
    """A sender over a real gateway, in this process so that its patience can be short."""

    gateway: Gateway
    worker: WatchedWorker
    sender: Sender
    path: Path

    async def broadcast(self) -> None:
        now = datetime.now(ZONE)

        def queue(session: Session) -> None:
            for room in rooms.pushed_rooms(session):
                outbox.queue(session, room_id=room.id or 0, kind=OutboxKind.NOTICE, text=TEXT, now=now)

        await self.worker.run(queue)
        self.sender.wake()

    def states(self) -> Counter[str]:
        return Counter(state for (state,) in rows(self.path, "SELECT state FROM outbox WHERE text = ?", TEXT))

    async def until(self, **states: int) -> None:
        """Wait until the rooms' rows are in these states."""
        try:
            async with asyncio.timeout(20), self.worker.turned:
                await self.worker.turned.wait_for(lambda: self.states() == Counter(states))
        except TimeoutError:
            raise AssertionError(f"it came to {self.states()}, not to {states}") from None

    def told(self) -> Counter[str]:
        """How often each room has the text."""
        return Counter(sent.to for sent in self.gateway.sends if sent.text == TEXT)


@asynccontextmanager
async def speaking(folder: Path) -> AsyncIterator[Desk]:
    async with Gateway(town=crowd(GROUPS)) as gateway:
        config = found_town(folder, gateway)
        path = config.parent / "var" / "town.db"
        worker = WatchedWorker(open_engine(f"sqlite:///{path}"))
        patience: dict[str, Any] = {**QUICK, "send_timeout": 0.6}
        transport = WechatyTransport(WechatySettings(gateway.endpoint, gateway.token, **patience))
        sender = Sender(
            worker,
            {"wechaty": transport},
            {"wechaty": Pacer(Speed.none())},
            lambda: datetime.now(ZONE),
            send_timeout=1.0,
        )
        online = asyncio.Event()

        async def feed(event: Event) -> None:
            match event:
                case Echo():
                    await sender.heard_echo(event)
                case AccountState(online=True):
                    online.set()
                    sender.wake()

        tasks = [asyncio.create_task(transport.listen(feed)), asyncio.create_task(sender.run())]
        try:
            async with asyncio.timeout(20):
                await online.wait()
            yield Desk(gateway, worker, sender, path)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.to_thread(worker.close)


def at_desk(folder: Path, play: Callable[[Desk], Awaitable[None]]) -> None:
    require_gateway()

    async def run() -> None:
        async with speaking(folder) as desk:
            await play(desk)
            told = desk.told()
            assert max(told.values(), default=0) <= 1, told
            assert desk.states()["sent"] <= len(told)

    bounded(run(), 60)


# ---- the gateway errs ------------------------------------------------------------------------------------------------


@pytest.mark.gateway
@pytest.mark.parametrize("modes", [{"delay_send": 300}, {"echo_late": 300}, {"echo_never": True}], ids=str)
def test_a_gateway_that_is_slow_or_never_shows_our_words_is_believed(tmp_path: Path, modes: dict[str, object]) -> None:
    async def play(desk: Desk) -> None:
        await desk.gateway.mode(**modes)
        await desk.broadcast()
        await desk.until(sent=GROUPS)
        assert len(desk.told()) == GROUPS

    at_desk(tmp_path, play)


@pytest.mark.gateway
def test_a_gateway_that_refuses_is_not_asked_again(tmp_path: Path) -> None:
    async def play(desk: Desk) -> None:
        await desk.gateway.mode(refuse_send="不在群里")
        await desk.broadcast()
        await desk.until(failed=GROUPS)
        why = rows(desk.path, "SELECT DISTINCT error FROM outbox WHERE text = ?", TEXT)
        assert len(why) == 1 and "不在群里" in why[0][0]
        await desk.gateway.mode()
        await desk.worker.run(lambda _session: None)
        assert not desk.told()

    at_desk(tmp_path, play)


@pytest.mark.gateway
def test_a_gateway_that_hangs_leaves_a_doubt_and_nothing_goes_twice(tmp_path: Path) -> None:
    async def play(desk: Desk) -> None:
        await desk.gateway.mode(hang_send=True)
        await desk.broadcast()
        await desk.until(unknown=GROUPS)
        await desk.gateway.mode()
        desk.sender.wake()
        await desk.worker.run(lambda _session: None)
        assert desk.states() == Counter(unknown=GROUPS)
        assert not desk.told()

    at_desk(tmp_path, play)


@pytest.mark.gateway
@pytest.mark.parametrize("late", [0, 700])
def test_a_gateway_that_drops_the_line_after_it_took_a_message(tmp_path: Path, late: int) -> None:
    """Of the one that it took nobody was told; the others wait for the line. A late echo tells of that one too."""

    async def play(desk: Desk) -> None:
        await desk.gateway.mode(accept_then_drop=True, echo_late=late)
        await desk.broadcast()
        async with asyncio.timeout(20), desk.worker.turned:
            await desk.worker.turned.wait_for(lambda: not {"pending", "sending"} & set(desk.states()))
        states = desk.states()
        assert set(states) <= {"sent", "unknown"}, states
        assert len(desk.told()) + states["unknown"] >= GROUPS

    at_desk(tmp_path, play)


# ---- the machine errs ------------------------------------------------------------------------------------------------


def with_bot(folder: Path, tale: Callable[[Story], Awaitable[None]]) -> None:
    require_gateway()

    async def run() -> None:
        async with telling(folder, 90) as story:
            await story.live()
            await tale(story)
            await story.finish()
            verdict = story.verdict()
            assert (verdict.lost, verdict.doubled, verdict.silent, verdict.unknown) == (0, 0, 0, 0), verdict

    bounded(run(), 90)


@pytest.mark.gateway
def test_a_disk_that_is_full_in_the_middle_of_a_broadcast(tmp_path: Path) -> None:
    """Nothing can be written for a while: nothing leaves that could not be written down, and then it goes on."""

    async def tale(story: Story) -> None:
        def room_on_disk(most: int) -> None:
            resource.prlimit(story.nursery.pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

        await story.gateway.mode(delay_send=250)
        await story.draft()
        await story.confirm()
        await story.gateway.wait_sent(lambda sent: sent.text == story.texts[-1])
        room_on_disk(4096)
        await story.nursery.until(lambda: any("发送出错" in line for line in story.nursery.lines), 20)
        told = len(story.gateway.sends)
        assert told < story.rooms
        room_on_disk(resource.RLIM_INFINITY)

    with_bot(tmp_path, tale)


@pytest.mark.gateway
def test_a_database_that_another_program_has_locked(tmp_path: Path) -> None:
    """Longer than SQLite itself waits: the coordinator's word and the broadcast are taken up when it lets go."""

    async def tale(story: Story) -> None:
        await story.draft()
        with closing(sqlite3.connect(story.database, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            await story.confirm()
            await story.nursery.until(lambda: any("占着" in line for line in story.nursery.lines), 20)
            other.execute("ROLLBACK")

    with_bot(tmp_path, tale)


# ---- two at once -----------------------------------------------------------------------------------------------------


@pytest.mark.gateway
def test_a_second_bot_on_the_same_database_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    async def tale(story: Story) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-W", "ignore", "-m", "bot", "run", "--config", str(story.config),
            cwd=ROOT, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT, env={**os.environ, "MENLOU_WECHATY_TOKEN": story.gateway.token},
        )  # fmt: skip
        async with asyncio.timeout(30):
            said, _ = await process.communicate()
        assert process.returncode == 2
        told = said.decode()
        assert f"已有一个机器人在用这个数据库（进程号 {story.nursery.pid}）" in told
        assert "database.url" in told
        assert "Traceback" not in told
        await story.draft()  # the first is none the worse for it
        await story.confirm()

    with_bot(tmp_path, tale)


def test_who_holds_a_database_and_who_is_gone(tmp_path: Path) -> None:
    """What a dead process leaves behind is no obstacle: the file stays, the lock does not."""
    url = f"sqlite:///{tmp_path / 'var' / 'town.db'}"
    first = be_alone(url)
    with pytest.raises(AlreadyRunning, match=f"进程号 {os.getpid()}"):
        be_alone(url)
    be_alone(f"sqlite:///{tmp_path / 'other.db'}")()
    first()
    (tmp_path / "var" / "town.db.lock").write_text("999999\n")
    be_alone(url)()
    be_alone("sqlite:///:memory:")()


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'town.db'}"
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        be_alone(url)
        os.write(write, b"!")
        signal.pause()
    assert os.read(read, 1) == b"!"
    try:
        with pytest.raises(AlreadyRunning, match=f"进程号 {child}"):
            be_alone(url)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    be_alone(url)()


def test_two_bots_on_one_postgresql(postgres: Postgres) -> None:
    url = postgres.fresh_database()
    first = be_alone(url)
    with pytest.raises(AlreadyRunning):
        be_alone(url)
    be_alone(postgres.fresh_database())()
    first()
    be_alone(url)()
