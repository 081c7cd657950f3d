"""The dialogues of ``transcripts/`` once more, over the real Node gateway: what people type goes in at one end, and
what the gateway was told to send is read at the other.

One gateway and one connection serve all scenes; each scene has the demo town in a fresh database, and a clock that goes
on as the scene says. What leaves later (a coordinator's minute to undo, quiet hours) is owed until it leaves, and
nothing else may be owed: whatever is not written must not be said, and whatever is written must be said or still wait.
"""

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.dispatch import Dispatch
from bot.pacing import Pacer
from bot.sender import Sender
from bot.settings import LOOP_CRON
from bot.transports.base import AccountState, Event
from bot.transports.wechaty import WechatySettings, WechatyTransport
from bot.worker import Worker
from data.mail import Outbox, OutboxState
from data.pace import Speed
from data.tables import Member, Room
from handlers.message import Heard
from scheduler import JOBS
from scheduler.job import JobContext
from scheduler.push import push_snippets
from tests.gateway.harness import BOT, Gateway, Sent, require_gateway
from tests.loop_world import open_fast
from tests.test_transcripts import BOT as BOT_NAME
from tests.test_transcripts import SCENES, Beat, matches, read_scene
from tests.town import NOW, DemoTown, stride

pytestmark = pytest.mark.gateway

WECHATY = "wechaty"
_MENTIONS = re.compile(r"^(?:@[^\u2005]*\u2005)+")


def gateway_town(town: DemoTown) -> dict[str, Any]:
    """The demo town's groups and people, as the mock account knows them (a room's id must contain "@")."""
    people = town.files.town.people
    return {
        "bot": {"id": BOT, "name": BOT_NAME},
        "people": [{"id": each.id, "name": each.name} for each in people],
        "rooms": [
            {
                "id": room_id(room.id),
                "topic": room.name,
                "members": [each.id for each in people if room.id in each.rooms],
            }
            for room in town.files.town.rooms
        ],
    }


def room_id(demo: str) -> str:
    return f"{demo}@chatroom"


def move_to_gateway(town: DemoTown) -> DemoTown:
    """Rooms and people of the demo town become those of the gateway."""
    moved = replace(town, engine=open_fast(town.path))
    with moved.session() as session, session.begin():
        for room in session.exec(select(Room)):
            room.transport, room.external_id = WECHATY, room_id(room.external_id)
        for member in session.exec(select(Member)):
            member.transport = WECHATY
    return moved


@dataclass
class Stage:
    """A gateway and our connection to it, over which one scene after another is played."""

    gateway: Gateway
    transport: WechatyTransport
    town: DemoTown
    online: asyncio.Event = field(default_factory=asyncio.Event)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)
    taken: set[str] = field(default_factory=set)
    dispatch: Dispatch | None = None
    clock: Callable[[], datetime] = lambda: NOW

    async def feed(self, event: Event) -> None:
        """Into the house that is open now; the scene's clock is the only one."""
        match event:
            case AccountState(online=True):
                self.online.set()
            case Heard():
                assert self.dispatch is not None
                await self.dispatch.feed(replace(event, at=self.clock()))
                async with self.news:
                    self.taken.add(event.message_id)
                    self.news.notify_all()
            case _ if self.dispatch is not None:
                await self.dispatch.feed(event)

    async def until_taken(self, message_id: str) -> None:
        async with asyncio.timeout(60), self.news:
            await self.news.wait_for(lambda: message_id in self.taken)


@pytest.fixture(scope="module")
def stage(town_template: DemoTown) -> Iterator[tuple[asyncio.Runner, Stage]]:
    """One loop for all scenes: it stands still between them, so the watch for a frozen gateway is given its time."""
    require_gateway()
    with asyncio.Runner() as runner:
        gateway = Gateway(town=gateway_town(town_template))
        runner.run(gateway.start())
        settings = WechatySettings(endpoint=gateway.endpoint, token=gateway.token, ding_every=600.0)
        stage = Stage(gateway, WechatyTransport(settings), town_template)

        async def begin() -> "asyncio.Task[None]":
            listening = asyncio.create_task(stage.transport.listen(stage.feed))
            async with asyncio.timeout(30):
                await stage.online.wait()
            return listening

        async def end(listening: "asyncio.Task[None]") -> None:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening
            await gateway.__aexit__()

        listening = runner.run(begin())
        try:
            yield runner, stage
        finally:
            runner.run(end(listening))


class Play:
    """The bot that plays one scene: the real parts, wired as `bot.app.build` does, on the stage's connection."""

    def __init__(self, stage: Stage, town: DemoTown) -> None:
        self.stage, self.town, self.now = stage, town, NOW
        self.people = {each.name: each.id for each in town.files.town.people}
        self.rooms = {each.name: room_id(each.id) for each in town.files.town.rooms}
        groups = {id_: name for name, id_ in self.rooms.items()}
        self.places = groups | {id_: f"私聊 {name}" for name, id_ in self.people.items()}
        self.worker = Worker(town.engine)
        self.sender = Sender(self.worker, {WECHATY: stage.transport}, {WECHATY: Pacer(Speed.none())}, self.clock)
        stage.clock = self.clock
        stage.dispatch = Dispatch(town.listener(), self.worker, self.sender, self.clock)
        self.written: list[str] = []
        self.said: list[str] = []
        self._read = len(stage.gateway.sends)

    def clock(self) -> datetime:
        return self.now

    async def beat(self, beat: Beat) -> None:
        """Play it, wait until the bot has no more to do, and compare."""
        if beat.push:
            await self.push()
        elif beat.wait:
            await self.pass_time(timedelta(**beat.wait))
        else:
            await self.say(beat)
        self.compare(beat)

    async def say(self, beat: Beat) -> None:
        assert self.stage.dispatch is not None
        self.now += timedelta(seconds=7)
        await self.stage.dispatch.look_up_lectures()
        room = "" if beat.where.startswith("私聊") else self.rooms[beat.where]
        mention = (BOT,) if f"@{BOT_NAME}" in beat.text else ()
        said = await self.stage.gateway.say(self.people[beat.who], beat.text, room=room, mention=mention)
        await self.stage.until_taken(said)
        await self.drain()

    async def push(self) -> None:
        """On to the next time at which texts are pushed."""
        knowledge = self.town.knowledge
        self.now = knowledge.push_times(self.now, self.now + timedelta(days=2))[0]
        context = JobContext(knowledge.zone, knowledge.quiet, timedelta(minutes=90), knowledge.rules)
        await self.worker.run(lambda session: push_snippets(session, context, self.now, self.now))
        await self.drain()

    async def pass_time(self, span: timedelta) -> None:
        """The jobs of the loop run on the way, as in `tests.town.Talk`, and what comes due leaves then."""
        rules = self.town.knowledge.rules
        context = JobContext(rules.zone, rules.quiet, timedelta(minutes=90), rules)
        end, step = self.now + span, stride(span)

        def run(session: Session) -> bool:
            """On to where something comes due, or to the end."""
            while self.now < end:
                self.now = min(self.now + step, end)
                for job in JOBS:
                    if job.setting == LOOP_CRON.key:
                        job.run(session, context, self.now, self.now)
                session.flush()
                due = select(Outbox.id).where(Outbox.state == OutboxState.PENDING, Outbox.not_before <= self.now)
                if session.exec(due).first() is not None:
                    return True
            return False

        while await self.worker.run(run):
            await self.drain()

    async def drain(self) -> None:
        """Until nothing is due; what the gateway was told by then, its driver has read too."""
        while await self.sender.drain() == 0.0:
            pass
        await self.stage.gateway.do("ping")

    def compare(self, beat: Beat) -> None:
        """All that was written so far against all that was said or waits: each must be the other's, one to one."""
        self.written += beat.answers
        came = self.stage.gateway.sends[self._read :]
        self._read += len(came)
        self.said += [self.shown(each.to, words_of(each)) for each in came if each.kind == "text"]  # not its poster
        missing, unwritten = pair(self.written, [*self.said, *self.waiting()])
        about = f"{beat.who}: {beat.text or beat.wait}"
        assert not unwritten, f"{about}\nsaid or waiting, and not written: {unwritten}\nwritten: {beat.answers}"
        assert not missing, f"{about}\nwritten, and neither said nor waiting: {missing}\nsaid: {self.said[-9:]}"

    def waiting(self) -> list[str]:
        """What was queued and has not left: it waits for its time, or was taken back."""
        with self.town.session() as session:
            rows = session.exec(select(Outbox, Room).join(Room).where(Outbox.state != OutboxState.SENT)).all()
        lost = [row.text for row, _ in rows if row.state in (OutboxState.FAILED, OutboxState.UNKNOWN)]
        assert not lost, lost
        return [self.shown(room.external_id, row.text) for row, room in rows]

    def shown(self, to: str, text: str) -> str:
        return f"[{self.places[to]}] {text}"


def words_of(sent: Sent) -> str:
    return _MENTIONS.sub("", sent.text)


def pair(patterns: list[str], texts: list[str]) -> tuple[list[str], list[str]]:
    """Pair as many as can be, each pattern with one text that it fits; returns what is left of both.

    With "…" a pattern may fit several, so a pair is broken up where both halves find another (augmenting paths).
    """
    fits = [[number for number, text in enumerate(texts) if matches(pattern, text)] for pattern in patterns]
    owner: dict[int, int] = {}  # of each text: its pattern

    def place(pattern: int, tried: set[int]) -> bool:
        for text in fits[pattern]:
            if text not in tried:
                tried.add(text)
                if text not in owner or place(owner[text], tried):
                    owner[text] = pattern
                    return True
        return False

    missing = [pattern for number, pattern in enumerate(patterns) if not place(number, set())]
    return missing, [text for number, text in enumerate(texts) if number not in owner]


@pytest.mark.parametrize("scene", SCENES, ids=lambda path: path.stem)
def test_scene(scene: Path, stage: tuple[asyncio.Runner, Stage], town: DemoTown) -> None:
    runner, on = stage
    play = Play(on, move_to_gateway(town))

    async def run() -> None:
        async with asyncio.timeout(60):
            for beat in read_scene(scene):
                await play.beat(beat)

    try:
        runner.run(run())
    finally:
        play.worker.close()
    assert any(beat.answers for beat in read_scene(scene))


def test_a_scene_can_fail_here(stage: tuple[asyncio.Runner, Stage], town: DemoTown) -> None:
    """An answer that is not written, and one that is written and never comes."""
    runner, on = stage
    play = Play(on, move_to_gateway(town))
    group = town.files.town.rooms[0].name
    try:
        for text, answers in (("@小门 菜单", []), ("今天赶圩人真多啊", [f"[{group}] …"])):
            play.written, play.said = [], []
            with pytest.raises(AssertionError, match="written"):
                runner.run(play.beat(Beat(group, "三婶唐桂英", text, answers=answers)))
    finally:
        play.worker.close()
