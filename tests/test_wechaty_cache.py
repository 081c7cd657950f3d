"""The cache of names: bounded, asked once, and never keeping what changed while it was being fetched."""

import asyncio

import pytest

from bot.transports.wechaty.cache import Cache


class Source:
    """Counts what it is asked, and answers when it is let."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.called = asyncio.Event()
        self.answer = asyncio.Event()
        self.broken = False

    async def __call__(self, key: str) -> str:
        self.asked.append(key)
        self.called.set()
        await self.answer.wait()
        if self.broken:
            raise LookupError(key)
        return f"{key}{len(self.asked)}"


def test_a_value_is_asked_once_and_the_least_used_goes_first() -> None:
    async def story() -> None:
        source = Source()
        source.answer.set()
        cache = Cache(2, source)
        assert await asyncio.gather(*(cache.get("a") for _ in range(5))) == ["a1"] * 5
        await cache.get("b")
        await cache.get("a")
        await cache.get("c")  # b goes
        assert len(cache) == 2
        await cache.get("a")
        assert source.asked == ["a", "b", "c"]
        await cache.get("b")
        assert source.asked[-1] == "b"

    asyncio.run(story())


def test_what_changed_while_it_was_fetched_is_asked_again() -> None:
    async def story() -> None:
        source = Source()
        cache = Cache(2, source)
        first = asyncio.create_task(cache.get("a"))
        await source.called.wait()
        cache.drop(lambda key: key == "a")
        source.answer.set()
        await first
        assert len(cache) == 0
        assert await cache.get("a") == "a2"

    asyncio.run(story())


def test_a_failure_is_told_and_not_remembered() -> None:
    async def story() -> None:
        source = Source()
        source.broken = True
        source.answer.set()
        cache = Cache(2, source)
        with pytest.raises(LookupError):
            await cache.get("a")
        source.broken = False
        assert await cache.get("a") == "a2"

    asyncio.run(story())
