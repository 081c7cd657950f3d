"""Whose pictures are fetched: a lecturer's or a coordinator's, sent to the bot alone, and nobody else's."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import pytest

from bot.dispatch import Dispatch
from bot.sender import Sender
from bot.transports.memory import MemoryTransport
from bot.worker import Worker
from handlers.message import Heard, Kind
from handlers.take import Listener
from handlers.turn import Ear, Reply, Turn
from tests.town import NOW, WEB, DemoTown, Talk

GROUP = "上坪村乡亲群"
COORDINATOR, LECTURER, VILLAGER = "干事小农", "覃警官", "坪顶梁伯"
PHOTO = b"\xff\xd8\xff" + b"photo"


class Album(MemoryTransport):
    """Keeps which pictures were asked for; ``before`` is what happens before one is given away."""

    def __init__(self) -> None:
        super().__init__(lambda: NOW, name=WEB)
        self.asked: list[str] = []
        self.before: Callable[[], Awaitable[None]] | None = None

    async def picture(self, message_id: str) -> bytes | None:
        self.asked.append(message_id)
        if self.before is not None:
            await self.before()
        return await super().picture(message_id)


@dataclass
class Desk:
    """A bot with one ear, which takes every picture that is sent to it alone and keeps what it heard."""

    town: DemoTown
    album: Album = field(default_factory=Album)
    taken: list[Heard] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.talk = Talk(self.town)
        self.worker = Worker(self.town.engine)
        ear = Ear("photo", lambda heard: heard.kind is Kind.IMAGE, lambda *_: True, self._take, "")
        self.dispatch = self.listening_with(ear)

    def listening_with(self, *ears: Ear) -> Dispatch:
        listener = Listener((), (), self.town.knowledge, ears)
        return Dispatch(listener, self.worker, Sender(self.worker, {}, {}, lambda: NOW), lambda: NOW, {WEB: self.album})

    def _take(self, turn: Turn) -> Reply:
        self.taken.append(turn.heard)
        return Reply("收到")

    def sent(self, who: str, where: str | None = None) -> Heard:
        """Somebody sent a picture, which the transport has."""
        heard = replace(self.talk.heard(who, where, ""), kind=Kind.IMAGE)
        self.album.pictures[heard.message_id] = PHOTO
        return heard

    def play(self, *heard: Heard) -> None:
        async def story() -> None:
            for each in heard:
                await self.dispatch.feed(each)

        asyncio.run(story())
        self.worker.close()


@pytest.mark.parametrize("who", [COORDINATOR, LECTURER])
def test_the_picture_of_a_coordinator_or_lecturer_is_fetched(town: DemoTown, who: str) -> None:
    desk = Desk(town)
    heard = desk.sent(who)
    desk.play(heard)
    assert desk.taken == [replace(heard, picture=PHOTO)]
    assert desk.album.asked == [heard.message_id]
    assert "photo" not in repr(desk.taken[0]), "no log shall hold a picture"


def test_a_stranger_and_a_villager_are_heard_without_it(town: DemoTown) -> None:
    desk = Desk(town)
    villager = desk.sent(VILLAGER)
    stranger = replace(desk.sent(VILLAGER), sender_id="nobody", room_id="nobody")
    desk.play(villager, stranger)
    assert desk.taken == [villager, stranger], "the ear decides what they are told"
    assert desk.album.asked == []


def test_no_picture_of_a_group_is_fetched(town: DemoTown) -> None:
    desk = Desk(town)
    heard = desk.sent(COORDINATOR, GROUP)
    desk.play(heard, replace(heard, message_id="m-called", mentioned=True))
    assert desk.album.asked == []
    assert all(each.picture is None for each in desk.taken)


def test_a_picture_that_cannot_be_had_is_heard_without_it(town: DemoTown) -> None:
    desk = Desk(town)
    heard = desk.sent(COORDINATOR)
    desk.album.pictures.clear()
    desk.play(heard)
    assert desk.taken == [heard]
    assert desk.album.asked == [heard.message_id]


def test_a_picture_told_twice_is_fetched_once(town: DemoTown) -> None:
    desk = Desk(town)
    heard = desk.sent(COORDINATOR)
    desk.play(heard, heard)
    assert desk.album.asked == [heard.message_id]
    assert len(desk.taken) == 1


def test_where_nobody_listens_for_pictures_none_is_fetched(town: DemoTown) -> None:
    desk = Desk(town)
    desk.dispatch = desk.listening_with()
    desk.play(desk.sent(COORDINATOR))
    assert desk.album.asked == []


def test_only_so_many_are_fetched_at_a_time(town: DemoTown) -> None:
    """Each may weigh 10 MB: a flood of them must not fill the memory."""
    desk = Desk(town)
    heard = [desk.sent(COORDINATOR) for _ in range(9)]

    async def story() -> None:
        go, four = asyncio.Event(), asyncio.Event()

        async def wait() -> None:
            if len(desk.album.asked) == 4:
                four.set()
            await go.wait()

        desk.album.before = wait
        feeding = [asyncio.create_task(desk.dispatch.feed(each)) for each in heard]
        async with asyncio.timeout(60):
            await four.wait()
            await desk.worker.run(lambda session: None)  # by now it was looked up who sent each of the others
            assert len(desk.album.asked) == 4
            go.set()
            await asyncio.gather(*feeding)
        assert len(desk.album.asked) == 9

    asyncio.run(story())
    desk.worker.close()
