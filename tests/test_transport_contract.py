"""One contract for every transport: memory, the web chat, a real WeChat gateway (the Node process), and WeCom's two
routes over their stand-in.

A *stage* hides how people speak and see on each of them; the acts below are the same for all. What a transport cannot
do it says in its stage (`Can`): a webhook hears nothing, the aibot hears only what calls it, and neither tells echoes.
"""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.transports.base import Echo, NotSent, Outgoing, Recalled, Refused
from bot.transports.webchat import WebChat
from bot.transports.wechaty import WechatySettings, WechatyTransport
from bot.transports.wecom.bot import WecomBot
from bot.transports.wecom.hook import WecomHook
from bot.transports.wecom.settings import BotSettings, Hook, HookSettings
from handlers.message import Heard, Kind
from tests.gateway.harness import BOT, require_gateway
from tests.gateway.village import WEST
from tests.transport_stages import PNG, Audience, Can, MemoryStage, Play, Stage, able, listening
from tests.webchat_parts import NOON, PEOPLE, ROOMS


def _play(request: pytest.FixtureRequest, tmp_path: Path) -> Play:
    if request.param == "wechaty":
        require_gateway()
    return Play(request.param, tmp_path / "chat.jsonl")


@pytest.fixture(params=able())
def any_play(request: pytest.FixtureRequest, tmp_path: Path) -> Play:
    """Each transport in its turn, also one that only speaks."""
    return _play(request, tmp_path)


@pytest.fixture(params=able(Can.HEAR))
def heard_play(request: pytest.FixtureRequest, tmp_path: Path) -> Play:
    """Each transport that people can speak to."""
    return _play(request, tmp_path)


@pytest.fixture(params=able(*Can))
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Play:
    """Each transport that can do everything."""
    return _play(request, tmp_path)


# ---- what comes in -------------------------------------------------------------------------------------------------


def test_what_a_person_says_in_a_group_is_heard(heard_play: Play) -> None:
    async def act(stage: Stage, audience: Audience) -> None:
        began = datetime.now(UTC)
        message_id = await stage.say("点课 反诈骗")
        heard = await audience.wait(Heard)
        assert (heard.transport, heard.message_id) == (stage.transport.name, message_id)
        assert (heard.room_id, heard.room_name) == (stage.room, stage.room_name)
        assert (heard.sender_id, heard.sender_name) == (stage.person, stage.person_name)
        assert (heard.text, heard.kind) == ("点课 反诈骗", Kind.TEXT)
        called = Can.OVERHEAR not in stage.can  # then only what calls the bot can have come
        assert (heard.direct, heard.mentioned, heard.addressed) == (False, called, called)
        assert heard.at.tzinfo is not None
        assert heard.at == NOON or abs((heard.at - began).total_seconds()) < 60

    heard_play(act)


def test_what_a_person_says_to_the_bot_alone_is_heard_as_direct(heard_play: Play) -> None:
    async def act(stage: Stage, audience: Audience) -> None:
        await stage.say("我的点单", direct=True)
        heard = await audience.wait(Heard)
        assert (heard.direct, heard.addressed) == (True, True)
        assert (heard.room_id, heard.sender_id, heard.sender_name) == (stage.person, stage.person, stage.person_name)
        assert (heard.room_name, heard.text) == ("", "我的点单")

    heard_play(act)


def test_a_mention_addresses_the_bot_and_the_text_is_left_whole(play: Play) -> None:
    async def act(stage: Stage, audience: Audience) -> None:
        await stage.say(f"{stage.mention}课表")
        await stage.say("课表")
        await audience.texts(2)
        called, plain = audience.all(Heard)
        assert (called.text, called.mentioned, called.addressed) == (f"{stage.mention}课表", True, True)
        assert (plain.text, plain.mentioned, plain.direct) == ("课表", False, False)

    play(act)


def test_what_is_said_comes_in_order(heard_play: Play) -> None:
    async def act(stage: Stage, audience: Audience) -> None:
        said = [f"第{number}句" for number in range(30)]
        for number, text in enumerate(said):
            await stage.say(text, who=(stage.person, stage.other)[number % 2])
        assert await audience.texts(30) == said

    heard_play(act)


def test_a_recall_comes_after_what_it_takes_back_and_names_it(play: Play) -> None:
    async def act(stage: Stage, audience: Audience) -> None:
        message_id = await stage.say("打错了")
        await audience.wait(Heard)
        await stage.recall(message_id)
        recalled = await audience.wait(Recalled)
        assert (recalled.transport, recalled.message_id) == (stage.transport.name, message_id)
        assert len(audience.all(Heard)) == 1

    play(act)


def test_any_text_comes_through(heard_play: Play) -> None:
    odd = ["  两头空  ", "一行\n两行", "👨‍👩‍👧‍👦🏽", "\u202e反\u200b", "<b>&amp;</b>", "'; DROP TABLE", "长" * 5000]

    async def act(stage: Stage, audience: Audience) -> None:
        for text in odd:
            await stage.say(text)
        assert await audience.texts(len(odd)) == odd

    heard_play(act)


@pytest.mark.parametrize("size", [len(PNG), 300_000], ids=["small", "300KB"])
def test_a_picture_that_is_sent_to_the_bot_alone_can_be_had(heard_play: Play, size: int) -> None:
    """A gateway hands small files over in one piece, and large ones otherwise."""
    picture = (PNG * (size // len(PNG) + 1))[:size]

    async def act(stage: Stage, audience: Audience) -> None:
        message_id = await stage.show(picture)
        heard = await audience.wait(Heard)
        assert (heard.kind, heard.message_id, heard.text) == (Kind.IMAGE, message_id, "")
        assert (heard.direct, heard.room_id, heard.sender_id) == (True, stage.person, stage.person)
        assert heard.picture is None, "it is only fetched where it is wanted"
        assert await stage.transport.picture("nothing-like-it") is None
        assert await stage.transport.picture(message_id) == picture

    heard_play(act)


def test_a_picture_in_a_group_is_heard_as_one(play: Play) -> None:
    async def act(stage: Stage, audience: Audience) -> None:
        await stage.show(PNG, direct=False)
        heard = await audience.wait(Heard)
        assert (heard.kind, heard.text, heard.direct, heard.addressed) == (Kind.IMAGE, "", False, False)
        assert (heard.room_id, heard.picture) == (stage.room, None)

    play(act)


# ---- what goes out -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("direct", [False, True], ids=["group", "direct"])
def test_what_is_sent_arrives_and_comes_back_as_an_echo(play: Play, *, direct: bool) -> None:
    async def act(stage: Stage, audience: Audience) -> None:
        text = "已登记12号：反诈骗。\n镇里安排好时间就在群里告诉大家。"
        sent_id = await stage.send(text, direct=direct)
        await stage.shows(text, direct=direct)
        echo = await audience.wait(Echo)
        assert (echo.transport, echo.message_id) == (stage.transport.name, sent_id)
        assert (echo.room_id, echo.text) == (stage.person if direct else stage.room, text)
        assert echo.at.tzinfo is not None
        await stage.say("好的")
        await audience.wait(Heard)
        assert [heard.text for heard in audience.all(Heard)] == ["好的"], "our own words are not a person's"
        assert len(audience.all(Echo)) == 1

    play(act)


@pytest.mark.parametrize("direct", [False, True], ids=["group", "direct"])
def test_what_is_sent_arrives_and_is_nobody_s_words(heard_play: Play, *, direct: bool) -> None:
    """Also where nothing comes back as an echo."""

    async def act(stage: Stage, audience: Audience) -> None:
        text = "已登记12号：反诈骗。\n镇里安排好时间就在群里告诉大家。"
        await stage.send(text, direct=direct)
        await stage.shows(text, direct=direct)
        await stage.say("好的", direct=direct)
        await audience.wait(Heard)
        assert [heard.text for heard in audience.all(Heard)] == ["好的"]

    heard_play(act)


def test_a_mention_that_we_send_is_seen_as_evidence_of_our_words(play: Play) -> None:
    """However a transport writes mentions, its echo is known as ours (`data.outbox.says`)."""
    from data.outbox import says

    async def act(stage: Stage, audience: Audience) -> None:
        await stage.transport.send(Outgoing(stage.room, "已登记。", mentions=((stage.person, stage.person_name),)))
        echo = await audience.wait(Echo)
        assert says(echo.text, "已登记。")

    play(act)


def test_a_picture_arrives_after_its_text(any_play: Play) -> None:
    async def act(stage: Stage, audience: Audience) -> None:
        assert await stage.send("扫码报名", image=PNG) or Can.ECHO not in stage.can
        await stage.shows("扫码报名")
        if Can.ECHO in stage.can:
            await audience.wait(Echo, lambda echo: echo.text == "扫码报名")
            if not isinstance(stage, MemoryStage):  # there text and picture are one thing, and are looked at together
                await audience.wait(Echo, lambda echo: echo.text == "")
                assert [echo.text for echo in audience.all(Echo)] == ["扫码报名", ""]
        await stage.shows_picture(PNG)

    any_play(act)


def test_what_is_sent_arrives_in_order(play: Play) -> None:
    async def act(stage: Stage, audience: Audience) -> None:
        sent = [f"第{number}条" for number in range(10)]
        for text in sent:
            await stage.send(text)
        await audience.wait(Echo, lambda _: len(audience.all(Echo)) == 10)
        assert [echo.text for echo in audience.all(Echo)] == sent

    play(act)


def test_ids_are_unique(play: Play) -> None:
    """Of all that was said and sent, also of the same words at the same moment."""

    async def act(stage: Stage, audience: Audience) -> None:
        said = [await stage.say("好", direct=bool(number % 2)) for number in range(10)]
        sent = await asyncio.gather(*(stage.send("好", direct=bool(number % 2)) for number in range(10)))
        assert all(said)
        assert all(sent)
        assert len({*said, *sent}) == 20
        await audience.wait(Echo, lambda _: len(audience.all(Echo)) == 10)
        await audience.texts(10)
        assert {heard.message_id for heard in audience.all(Heard)} == set(said)
        assert {echo.message_id for echo in audience.all(Echo)} == set(sent)

    play(act)


def test_a_room_that_is_not_there_refuses(any_play: Play) -> None:
    async def act(stage: Stage, audience: Audience) -> None:
        with pytest.raises(Refused):
            await stage.transport.send(Outgoing("nowhere@chatroom", "有人吗"))
        with pytest.raises(Refused):
            await stage.transport.send(Outgoing("nobody", "有人吗", direct=True))
        await stage.send("还在")
        await stage.shows("还在")
        if Can.ECHO in stage.can:
            await audience.wait(Echo)
            assert [echo.text for echo in audience.all(Echo)] == ["还在"]

    any_play(act)


# ---- listening -----------------------------------------------------------------------------------------------------


def test_it_is_ready_while_it_listens(any_play: Play) -> None:
    async def act(stage: Stage, _audience: Audience) -> None:
        assert stage.transport.ready is True

    any_play(act)


def test_a_feed_that_raises_does_not_end_listening(heard_play: Play) -> None:
    async def act(stage: Stage, audience: Audience) -> None:
        audience.dreads = {"坏", "更坏"}
        for text in ("坏", "好", "更坏", "还在"):
            await stage.say(text)
        assert await audience.texts(4) == ["坏", "好", "更坏", "还在"]
        await stage.send("我也在")
        await stage.shows("我也在")

    heard_play(act)


def test_only_cancellation_ends_listening_and_another_listener_may_take_over(heard_play: Play) -> None:
    """The supervision of `bot.app` cancels and listens anew: what is said then is heard by the new feed, and what the
    first one took is not told again."""

    async def act(stage: Stage) -> None:
        first, second = Audience(), Audience()
        async with listening(stage.transport, first) as task:
            await stage.say("一")
            assert await first.texts(1) == ["一"]
        assert task.cancelled()
        async with listening(stage.transport, second):
            await stage.say("二")
            assert await second.texts(1) == ["二"]
            await stage.send("三")
            await stage.shows("三")
        assert len(first.all(Heard)) == 1

    heard_play.unheard(act)


def test_before_listening_nothing_is_sent_into_the_void(tmp_path: Path) -> None:
    """A transport that is not ready says so, and that it certainly did not send (memory is always ready)."""
    for transport in (
        WebChat(ROOMS, PEOPLE, tmp_path / "chat.jsonl", lambda: NOON),
        WechatyTransport(WechatySettings("127.0.0.1:1", "t")),
        WecomBot(BotSettings("bot", "secret", "ws://127.0.0.1:1")),
        WecomHook(HookSettings((Hook(WEST, "key"),), api="http://127.0.0.1:1")),
    ):
        assert transport.ready is False
        with pytest.raises(NotSent):
            asyncio.run(transport.send(Outgoing(WEST, BOT)))
