"""Posters are drawn after the turn that queued them, in another process, once for all rooms; words never wait."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlmodel import Session, select

from bot import darkroom
from bot.child import ChildFailed, run_module
from bot.darkroom import Darkroom, Undrawn
from bot.pacing import Pacer
from bot.sender import Sender
from bot.transports.base import Outgoing
from bot.transports.memory import MemoryTransport
from bot.worker import Worker
from data import outbox, posters
from data.mail import Outbox, OutboxKind, OutboxState
from data.pace import Speed
from data.posters import Poster
from data.tables import Picture, Room
from tests.town import NOW, WEB, DemoTown

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9" fill="red"/></svg>'
BROKEN = "<svg"
Child = Callable[..., Awaitable[bytes]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the other process was asked for; it is the real one."""
    seen: list[str] = []

    async def spy(module: str, *arguments: str, given: bytes) -> bytes:
        seen.append(given.decode())
        return await run_module(module, *arguments, given=given)

    monkeypatch.setattr(darkroom, "run_module", spy)
    return seen


def queue(town: DemoTown, svg: str, *, kind: OutboxKind = OutboxKind.NOTICE, rooms: int = 1) -> int:
    """A picture that waits for so many rooms."""
    with town.session() as session, session.begin():
        (picture_id,) = posters.keep(session, Poster("x", (svg,), ""))
        ids = session.exec(select(Room.id).where(Room.transport == WEB).order_by(Room.id).limit(rooms)).all()  # type: ignore[arg-type]
        for room_id in ids:
            outbox.queue(session, room_id=room_id or 0, kind=kind, text="开课", now=NOW, picture_id=picture_id)
    return picture_id


def send_all(town: DemoTown) -> list[Outgoing]:
    transport = MemoryTransport(lambda: NOW, name=WEB)

    async def run() -> None:
        sender = Sender(Worker(town.engine), {WEB: transport}, {WEB: Pacer(Speed.none())}, lambda: NOW)
        for _ in range(3):
            await sender.drain()
        await sender.stop()

    asyncio.run(run())
    return transport.sent


def drawn_of(session: Session, picture_id: int) -> bytes:
    return session.get_one(Picture, picture_id).png


def test_it_is_drawn_when_it_goes_out_once_for_all_rooms_and_kept(town: DemoTown, asked: list[str]) -> None:
    picture_id = queue(town, SVG, rooms=3)
    with town.session() as session:
        assert drawn_of(session, picture_id) == b""
    sent = send_all(town)
    assert len(sent) == 3 and {each.text for each in sent} == {"开课"}
    (image,) = {each.image for each in sent}
    assert image is not None and image.startswith(b"\x89PNG")
    assert asked == [SVG]
    with town.session() as session:
        assert drawn_of(session, picture_id) == image
    queue(town, SVG)
    assert [each.image for each in send_all(town)] == [image]
    assert asked == [SVG], "what was drawn is not drawn again"


def test_the_words_of_a_notice_go_out_without_a_picture_that_cannot_be_drawn(
    town: DemoTown, caplog: pytest.LogCaptureFixture
) -> None:
    queue(town, BROKEN)
    with caplog.at_level(logging.WARNING):
        sent = send_all(town)
    assert [(each.text, each.image) for each in sent] == [("开课", None)]
    assert "画不出来" in caplog.text


def test_an_answer_that_is_a_picture_fails_where_it_cannot_be_drawn(town: DemoTown) -> None:
    picture_id = queue(town, BROKEN, kind=OutboxKind.REPLY)
    assert send_all(town) == []
    with town.session() as session:
        row = session.exec(select(Outbox).where(Outbox.picture_id == picture_id)).one()
        assert (row.state, row.error) == (OutboxState.FAILED, "海报画不出来")


def test_what_failed_is_tried_again_and_what_hangs_is_given_up(town: DemoTown, monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[Exception | bytes] = [ChildFailed("no memory"), b"\x89PNG"]

    async def child(*_: str, given: bytes) -> bytes:
        assert given
        if not answers:
            await asyncio.Event().wait()
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(darkroom, "run_module", child)
    monkeypatch.setattr(darkroom, "PATIENCE", 0.01)

    async def run() -> None:
        worker = Worker(town.engine)
        room = Darkroom(worker)
        with pytest.raises(Undrawn, match="no memory"):
            await room.develop(1, SVG)
        assert await room.develop(1, SVG) == b"\x89PNG"
        with pytest.raises(Undrawn, match="太久"):
            await room.develop(2, SVG)
        worker.close()

    asyncio.run(run())


def test_a_thread_may_have_one_drawn_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert darkroom.draw(SVG, width=18).startswith(b"\x89PNG")
    with pytest.raises(ChildFailed, match=r"SVG|svg|ValueError"):
        darkroom.draw(BROKEN)
    monkeypatch.setattr(darkroom, "PATIENCE", 0.001)
    with pytest.raises(ChildFailed, match="timed out"):
        darkroom.draw(SVG)


def test_nothing_of_the_bot_draws_in_its_own_process() -> None:
    """Drawing lets no other thread in: the console's pages stood still for 400 ms while it drew a programme."""
    bot = Path(darkroom.__file__).parent
    users = [each for each in bot.rglob("*.py") if "data.drawing.render import" in each.read_text("utf-8")]
    assert users == [] and len(list(bot.rglob("*.py"))) > 80
    assert "data.drawing.render" in Path(darkroom.__file__).read_text("utf-8")


def test_whoever_stops_waiting_stops_nobody_else(town: DemoTown, asked: list[str]) -> None:
    picture_id = queue(town, SVG)

    async def run() -> bytes:
        worker = Worker(town.engine)
        room = Darkroom(worker)
        first = asyncio.create_task(room.develop(picture_id, SVG))
        second = asyncio.create_task(room.develop(picture_id, SVG))
        await asyncio.wait((first, second), timeout=0)
        first.cancel()
        drawn = await second
        assert first.cancelled()
        worker.close()
        return drawn

    assert asyncio.run(run()).startswith(b"\x89PNG")
    assert asked == [SVG]
