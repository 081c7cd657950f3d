"""WeCom's webhooks over a stand-in that misbehaves: each failure is told as what it is, and the key is never told."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from bot.transports.base import AccountState, NotSent, Outgoing, Refused, TransportError, Uncertain
from bot.transports.wecom.hook import Limiter, WecomHook
from bot.transports.wecom.settings import Hook, HookSettings
from bot.transports.wecom.text import split_bytes
from tests.gateway.village import Ears, bounded
from tests.transport_stages import PNG
from tests.wecom_standin import KEY, OTHER_KEY, Standin

EAST, WEST = "东沟村干部群", "西岭村干部群"


@dataclass
class Clock:
    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Group:
    standin: Standin
    transport: WecomHook
    ears: Ears
    clock: Clock

    async def send(self, text: str, room: str = EAST, **about: Any) -> str:
        return await self.transport.send(Outgoing(room, text, **about))

    async def fails(self, text: str = "明天上课", **about: Any) -> TransportError:
        with pytest.raises(TransportError) as failed:
            await self.send(text, **about)
        return failed.value


def in_group(story: Callable[[Group], Awaitable[None]], *hooks: Hook, **tuning: Any) -> None:
    async def run() -> None:
        async with Standin() as standin:
            known = hooks or (Hook(EAST, KEY), Hook(WEST, OTHER_KEY))
            clock = Clock()
            settings = HookSettings(known, **{"api": standin.api, "timeout": 5.0, **tuning})
            group = Group(standin, WecomHook(settings, clock=clock), Ears(), clock)
            listening = asyncio.create_task(group.transport.listen(group.ears))
            try:
                await group.ears.wait(AccountState)
                await story(group)
                assert not listening.done()
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)

    bounded(run())


@contextmanager
def no_secret_told(caplog: pytest.LogCaptureFixture, *secrets: str) -> Iterator[list[str]]:
    """What is added to the list, and all that is logged at any level, names no secret."""
    told: list[str] = []
    caplog.set_level(logging.DEBUG)
    yield told
    lines = [record.getMessage() + str(record.exc_text or "") for record in caplog.records]
    assert [line for line in lines if "part 1" in line], "there are lines to look through"
    assert told
    for secret in secrets:
        assert [each for each in (*lines, *told) if secret in each] == []


# ---- what goes out -------------------------------------------------------------------------------------------------


def test_it_hears_nothing_and_says_that_it_is_there() -> None:
    async def story(group: Group) -> None:
        states = group.ears.all(AccountState)
        assert [(each.transport, each.online, each.logged_out) for each in states] == [("wecom-hook", True, False)]
        assert await group.transport.picture("any") is None

    in_group(story)


def test_each_group_has_its_own_webhook() -> None:
    async def story(group: Group) -> None:
        assert await group.send("东沟的") == ""
        await group.send("西岭的", WEST)
        assert [(each.room, each.kind, each.content) for each in group.standin.shown] == [
            (KEY, "text", "东沟的"),
            (OTHER_KEY, "text", "西岭的"),
        ]

    in_group(story)


def test_a_group_by_its_key_or_alone_with_a_person_is_none() -> None:
    async def story(group: Group) -> None:
        for about in ({"room": KEY}, {"room": "别的群"}, {"direct": True}):
            assert isinstance(await group.fails(**about), Refused)
        assert group.standin.posts == 0

    in_group(story)


def test_members_are_mentioned_by_their_ids() -> None:
    async def story(group: Group) -> None:
        await group.send("讲" * 700, mentions=(("wangqing", "王青"), ("lihua", "李华")))
        assert [each.mentioned for each in group.standin.shown] == [("wangqing", "lihua"), ()]

    in_group(story)


def test_a_long_text_goes_out_in_parts_within_the_limit_of_bytes() -> None:
    text = "\n".join(f"{number}. 今晚七点半在村委会讲反诈骗，请大家互相转告。" for number in range(100))

    async def story(group: Group) -> None:
        await group.send(text)
        parts = group.standin.texts()
        assert len(parts) > 3
        assert "".join(map(str, parts)) == text
        assert all(str(part).endswith("\n") for part in parts[:-1])

    in_group(story)


def test_markdown_where_a_group_wants_it() -> None:
    async def story(group: Group) -> None:
        await group.send("**今晚** 上课", mentions=(("wangqing", "王青"),))
        await group.send("字" * 2_000)
        shown = [(each.kind, each.content) for each in group.standin.shown]
        assert shown[0] == ("markdown", "<@wangqing>**今晚** 上课")
        assert [kind for kind, _ in shown] == ["markdown"] * 3

    in_group(story, Hook(EAST, KEY, markdown=True))


def test_a_picture_comes_after_its_text_and_one_too_large_goes_nowhere() -> None:
    async def story(group: Group) -> None:
        await group.send("扫码报名", image=PNG)
        assert [(each.kind, each.content) for each in group.standin.shown] == [("text", "扫码报名"), ("image", PNG)]
        assert isinstance(await group.fails(image=bytes(2 * 1024 * 1024 + 1)), Refused)
        assert group.standin.posts == 2, "its text did not go out either"
        await group.send("", image=bytes(2 * 1024 * 1024))
        assert group.standin.posts == 3

    in_group(story)


# ---- the limit per minute ------------------------------------------------------------------------------------------


def test_twenty_a_minute_for_each_webhook() -> None:
    async def story(group: Group) -> None:
        for number in range(20):
            await group.send(f"{number}")
            group.clock.now += 1
        assert "等 40 秒" in str(await group.fails())
        await group.send("西岭不受牵连", WEST)
        group.clock.now += 39.5
        assert isinstance(await group.fails(), NotSent)
        group.clock.now += 0.5
        await group.send("又可以了")
        assert isinstance(await group.fails(), NotSent)
        assert group.standin.posts == 22

    in_group(story)


def test_what_does_not_fit_the_minute_as_a_whole_waits_as_a_whole() -> None:
    async def story(group: Group) -> None:
        for number in range(19):
            await group.send(f"{number}")
        assert isinstance(await group.fails("扫码报名", image=PNG), NotSent)
        assert group.standin.posts == 19
        assert isinstance(await group.fails("长" * 20_000), Refused), "it never would fit"

    in_group(story)


def test_after_it_says_too_fast_it_is_left_alone_for_a_minute() -> None:
    async def story(group: Group) -> None:
        group.standin.hook_misdeeds.append(45009)
        assert isinstance(await group.fails(), NotSent)
        assert isinstance(await group.fails(), NotSent)
        assert group.standin.posts == 1
        group.clock.now += 60
        await group.send("又可以了")

    in_group(story)


def test_the_limiter_counts_whatever_passes() -> None:
    clock = Clock()
    limiter = Limiter(3, clock)
    assert limiter.wait(3) == 0
    for at in (1_000.0, 1_010.0, 1_020.0):
        clock.now = at
        limiter.sent()
    assert [limiter.wait(number) for number in (1, 2, 3)] == [40.0, 50.0, 60.0]
    clock.now = 1_060.0
    assert [limiter.wait(number) for number in (1, 2)] == [0.0, 10.0]


# ---- what can go wrong ---------------------------------------------------------------------------------------------

TROUBLES = [
    (-1, NotSent),
    (45009, NotSent),
    (45033, NotSent),
    (93000, Refused),
    (40008, Refused),
    (40035, Refused),
    (45002, Refused),
    (999_999, Refused),
    (("status", 503), NotSent),
    (("status", 429), NotSent),
    (("status", 302), NotSent),
    (("status", 404), Refused),
    (("status", 500), Uncertain),
    (("status", 502), Uncertain),
    (("status", 504), Uncertain),
    ("abort", Uncertain),
    ("half", Uncertain),
    (b"", Uncertain),
    (b"<html>", Uncertain),
    (b'{"errcode":', Uncertain),
    (b"[]", Uncertain),
    (b"0", Uncertain),
    (b"{}", Uncertain),
    (b'{"errcode": "0"}', Uncertain),
    (b'{"errcode": false}', Uncertain),
    (b'{"errcode": null}', Uncertain),
    (b"\xff\xfe{}", Uncertain),
    (b"[" * 60_000, Uncertain),
    (b'{"errcode": 0, "errmsg": "' + b"x" * 70_000 + b'"}', Uncertain),
]


@pytest.mark.parametrize(("misdeed", "wanted"), TROUBLES, ids=[repr(each[0])[:24] for each in TROUBLES])
def test_each_trouble_is_told_as_what_it_is_and_the_next_goes_out(
    misdeed: Any, wanted: type[TransportError], caplog: pytest.LogCaptureFixture
) -> None:
    async def story(group: Group) -> None:
        group.standin.hook_misdeeds.append(misdeed)
        error = await group.fails()
        assert type(error) is wanted
        assert str(error)
        told.extend((str(error), repr(error), repr(error.__cause__), repr(group.transport._hooks)))
        group.clock.now += 60
        await group.send("还在")
        assert group.standin.texts() == ["还在"]

    with no_secret_told(caplog, KEY, OTHER_KEY) as told:
        in_group(story)


def test_a_request_that_was_written_and_never_answered_is_uncertain() -> None:
    async def story(group: Group) -> None:
        group.standin.hook_misdeeds.append("hang")
        assert isinstance(await group.fails(), Uncertain)
        assert group.standin.posts == 1

    in_group(story, timeout=0.3)


def test_where_nothing_listens_nothing_was_sent(caplog: pytest.LogCaptureFixture) -> None:
    async def story(group: Group) -> None:
        told.append(str(await group.fails()))
        assert isinstance(await group.fails(), NotSent)

    with no_secret_told(caplog, KEY) as told:
        in_group(story, api="http://127.0.0.1:1")


def test_a_key_that_they_do_not_know_is_told_by_its_group_only(caplog: pytest.LogCaptureFixture) -> None:
    wrong = "99999999-cccc-4bc4-97a0-0ec2sifa5ccc"

    async def story(group: Group) -> None:
        error = await group.fails()
        assert isinstance(error, Refused)
        assert "webhook 地址（key）不对" in str(error)
        told.append(str(error))

    with no_secret_told(caplog, wrong) as told:
        in_group(story, Hook(EAST, wrong))


def test_a_part_that_does_not_go_out_after_one_that_did_leaves_doubt() -> None:
    async def story(group: Group) -> None:
        group.standin.hook_misdeeds.extend((None, -1))
        error = await group.fails("扫码报名", image=PNG)
        assert isinstance(error, Uncertain)
        assert "只发出了一部分" in str(error)
        group.standin.hook_misdeeds.extend((None, 40009))
        assert isinstance(await group.fails("扫码报名", image=PNG), Refused)

    in_group(story)


# ---- texts ---------------------------------------------------------------------------------------------------------

TEXTS = ["", "a", "字" * 900, "一行\n" * 700, "👨‍👩‍👧‍👦🏽" * 120, "e\u0301" * 900, "\n" * 5_000, "混a字b" * 800]


@pytest.mark.parametrize("limit", [8, 10, 64, 2_048])
@pytest.mark.parametrize("text", TEXTS, ids=[repr(each[:4]) for each in TEXTS])
def test_parts_are_within_the_limit_and_make_up_the_text(text: str, limit: int) -> None:
    parts = split_bytes(text, limit)
    assert "".join(parts) == text
    assert all(0 < len(part.encode()) <= limit for part in parts)
    if limit >= 64:
        assert not [part for part in parts[1:] if part[0] in "\u200d\u0301\U0001f3fd"], "nothing is torn"
