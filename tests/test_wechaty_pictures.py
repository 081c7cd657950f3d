"""Pictures out of the real node gateway: small ones, large ones, and those that cannot be had."""

import asyncio
import json
import os
from datetime import UTC, datetime, timedelta

import pytest

from bot.transports.base import PICTURE_LIMIT
from bot.transports.wechaty.album import Album
from bot.transports.wechaty.gateway import Gateway, Gone
from handlers.message import Heard, Kind
from tests.gateway.harness import require_gateway
from tests.gateway.village import EAST, Village, in_village

pytestmark = pytest.mark.gateway
SMALL, LARGE = 5_000, 300_000  # bytes, below and above the 20 KB that a gateway hands over in one piece


@pytest.fixture(autouse=True)
def _gateway_is_there() -> None:
    require_gateway()


async def heard(village: Village, message_id: str) -> Heard:
    return await village.ears.wait(Heard, lambda heard: heard.message_id == message_id)


@pytest.mark.parametrize("size", [1, SMALL, LARGE, PICTURE_LIMIT])
def test_a_picture_comes_whole_at_any_size(size: int) -> None:
    picture = os.urandom(size)

    async def story(village: Village) -> None:
        message_id = await village.gateway.show("wang", picture)
        assert (await heard(village, message_id)).kind is Kind.IMAGE
        assert await village.transport.picture(message_id) == picture
        assert await village.transport.picture(message_id) is None, "it is asked for once"
        assert len(village.gateway.asked) == 1

    in_village(story)


def test_the_puppet_layer_cannot_read_a_large_one() -> None:
    """Why a picture is read as a stream. When this fails, the packages have learned it."""

    async def story(village: Village) -> None:
        message_id = await village.gateway.show("wang", os.urandom(LARGE))
        puppet = village.transport._live()._puppet
        box = json.loads((await puppet.puppet_stub.message_image(id=message_id, type=2)).filebox)
        assert (box["boxType"], "base64" in box) == (7, False)
        assert not hasattr(puppet.puppet_stub, "download")
        with pytest.raises(ValueError, match="7"):
            await puppet.message_image(message_id)

    in_village(story)


def test_nobody_asks_the_gateway_for_a_picture_that_is_not_wanted() -> None:
    async def story(village: Village) -> None:
        grouped = await village.gateway.show("wang", os.urandom(SMALL), room=EAST)
        direct = await village.gateway.show("wang", os.urandom(SMALL))
        assert (await heard(village, grouped)).direct is False
        assert (await heard(village, direct)).direct is True
        assert await village.transport.picture(grouped) is None, "no picture of a group is ever fetched"
        assert await village.transport.picture("unknown") is None
        assert village.gateway.asked == []

    in_village(story)


def test_one_above_the_limit_is_not_taken_and_the_line_stays_good() -> None:
    small = os.urandom(SMALL)

    async def story(village: Village) -> None:
        huge = await village.gateway.show("wang", bytes(PICTURE_LIMIT + 1))
        await heard(village, huge)
        assert await village.transport.picture(huge) is None
        message_id = await village.gateway.show("wang", small)
        await heard(village, message_id)
        assert await village.transport.picture(message_id) == small

    in_village(story)


@pytest.mark.parametrize("mode", ["refuse_picture", "hang_picture"])
def test_one_that_the_gateway_does_not_give_is_given_up(mode: str, caplog: pytest.LogCaptureFixture) -> None:
    async def story(village: Village) -> None:
        await village.gateway.mode(**{mode: True})
        message_id = await village.gateway.show("wang", os.urandom(LARGE))
        await heard(village, message_id)
        assert await village.transport.picture(message_id) is None
        await village.gateway.mode()
        await village.send("还在")
        await village.gateway.wait_sent(lambda sent: sent.text == "还在")

    in_village(story, picture_timeout=0.3)
    assert "cannot be had" in caplog.text


def test_a_connection_lost_meanwhile_costs_the_picture_only() -> None:
    async def story(village: Village) -> None:
        await village.gateway.mode(hang_picture=True)
        message_id = await village.gateway.show("wang", os.urandom(LARGE))
        await heard(village, message_id)
        fetching = asyncio.create_task(village.transport.picture(message_id))
        await village.gateway.wait_hung(lambda hung: hung.kind == "picture")
        await village.gateway.restart()
        assert await fetching is None
        await village.ears.wait_state(online=True)

    in_village(story)


class Deaf(Gateway):
    """Gives no picture until it is told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers = False

    async def picture(self, message_id: str, limit: int, patience: float) -> bytes | None:
        self.asked.append(message_id)
        if not self.answers:
            raise Gone("网关没有回应")
        return b"a picture"


def test_a_gateway_that_gives_none_is_left_in_peace_for_a_minute() -> None:
    """Somebody sends nine in a row: what they say next must not wait nine times fifteen seconds."""
    gateway, now = Deaf(), datetime(2026, 11, 20, 15, tzinfo=UTC)
    album = Album(lambda: gateway, 15.0, lambda: now)

    def fetch(message_id: str) -> bytes | None:
        album.announce(message_id)
        return asyncio.run(album.fetch(message_id))

    assert [fetch(f"m{number}") for number in range(9)] == [None] * 9
    assert gateway.asked == ["m0", "m1"]
    now += timedelta(seconds=61)
    assert [fetch("m9"), fetch("m10")] == [None, None]
    assert gateway.asked == ["m0", "m1", "m9"], "one is tried"
    now += timedelta(seconds=61)
    gateway.answers = True
    assert [fetch("m11"), fetch("m12")] == [b"a picture"] * 2


def test_how_many_pictures_are_known_is_bounded() -> None:
    gateway = Deaf()
    gateway.answers = True
    album = Album(lambda: gateway, 15.0, lambda: datetime(2026, 11, 20, 15, tzinfo=UTC))
    for number in range(501):
        album.announce(f"m{number}")
    assert asyncio.run(album.fetch("m0")) is None
    assert asyncio.run(album.fetch("m500")) == b"a picture"
    assert gateway.asked == ["m500"]
