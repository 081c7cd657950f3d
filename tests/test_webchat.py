"""The web chat over a real aiohttp server: what it hears, shows and remembers."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import ClientSession

from bot.transports.base import Echo, Event, NotSent, Outgoing, Recalled, Refused
from bot.transports.webchat import Declined, memory
from handlers.message import Heard
from tests.webchat_parts import (
    NOON,
    PATIENCE,
    PNG,
    Ear,
    a_chat,
    browsing,
    listening,
    run,
    serving,
    texts,
)


def test_a_person_writes_and_the_bot_hears_it(tmp_path: Path) -> None:
    async def story() -> None:
        chat = a_chat(tmp_path / "chat.jsonl")
        async with listening(chat) as ear, serving(chat) as served, browsing(served, "p1") as page:
            await page.ask("say", room="r1", text="点课 反诈骗", tag="7")
            shown = (await page.until("message"))["message"]
            await page.until("done", tag="7")
            (heard,) = await ear.until(1)
            assert heard == Heard("webchat", shown["id"], "r1", "p1", "点课 反诈骗", NOON, "坪顶梁伯", "上坪村乡亲群")
            assert not heard.addressed

    run(story)


@pytest.mark.parametrize(
    ("text", "mentioned"),
    [
        ("@小门 菜单", True),
        ("@小门\u2005菜单", True),
        ("菜单 @小门", True),
        ("＠小门菜单", True),
        ("@小门", True),
        ("小门 菜单", False),
        ("@小 门", False),
        ("@小门神<b> 您来讲讲", False),
        ("@小门神<b> @小门 你们好", True),
    ],
)
def test_mentions(tmp_path: Path, text: str, mentioned: bool) -> None:
    async def story() -> None:
        chat = a_chat(tmp_path / "chat.jsonl")
        async with listening(chat) as ear:
            chat.say("p1", "r1", text)
            (heard,) = await ear.until(1)
            assert isinstance(heard, Heard)
            assert heard.mentioned is mentioned
            assert heard.text == text

    run(story)


def test_a_direct_chat_is_seen_by_its_person_only(tmp_path: Path) -> None:
    async def story() -> None:
        chat = a_chat(tmp_path / "chat.jsonl")
        async with (
            listening(chat) as ear,
            serving(chat) as served,
            browsing(served, "p1") as mine,
            browsing(served, "p2") as other,
        ):
            await other.until("done", tag="be")
            await mine.ask("say", room="p1", text="菜单")
            await mine.until("message")
            (heard,) = await ear.until(1)
            assert isinstance(heard, Heard)
            assert (heard.direct, heard.room_id, heard.sender_id, heard.room_name) == (True, "p1", "p1", "")
            await chat.send(Outgoing("p1", "这是菜单", direct=True))
            assert (await mine.until("message"))["message"]["text"] == "这是菜单"
            await chat.send(Outgoing("r2", "给工作群"))
            assert (await other.news())["message"]["text"] == "给工作群"  # nothing of p1's came before it
            await other.ask("say", room="p1", text="我来偷听", tag="1")
            assert "不在" in (await other.until("declined", tag="1"))["why"]

    run(story)


def test_what_the_bot_says_is_shown_and_comes_back_as_an_echo(tmp_path: Path) -> None:
    async def story() -> None:
        chat = a_chat(tmp_path / "chat.jsonl")
        async with listening(chat) as ear, serving(chat) as served, browsing(served, "p1") as page:
            await page.until("done", tag="be")
            sent = await chat.send(Outgoing("r1", "已登记", mentions=(("p1", "坪顶梁伯"),), image=PNG))
            words, picture = (await page.until("message"))["message"], (await page.until("message"))["message"]
            assert (words["id"], words["text"], words["bot"]) == (sent, "@坪顶梁伯\u2005已登记", True)
            assert (picture["text"], picture["picture"]) == ("", True)
            async with ClientSession() as session, session.get(served.make_url(f"/picture/{picture['id']}")) as got:
                assert (got.content_type, await got.read()) == ("image/png", PNG)
            assert await ear.until(2) == [
                Echo("webchat", "r1", sent, "@坪顶梁伯\u2005已登记", NOON),
                Echo("webchat", "r1", picture["id"], "", NOON),
            ]

    run(story)


def test_sending_where_it_cannot_go(tmp_path: Path) -> None:
    async def story() -> None:
        chat = a_chat(tmp_path / "chat.jsonl")
        assert not chat.ready
        with pytest.raises(NotSent):
            await chat.send(Outgoing("r1", "太早了"))
        async with listening(chat):
            assert chat.ready
            for room, direct in (("r9", False), ("p1", False), ("r1", True), ("p9", True)):
                with pytest.raises(Refused):
                    await chat.send(Outgoing(room, "走错了", direct=direct))
            with pytest.raises(RuntimeError):
                await chat.listen(Ear())
        assert not chat.ready

    run(story)


def test_a_full_disk_is_no_loss_and_no_lie(tmp_path: Path) -> None:
    async def story() -> None:
        chat = a_chat(tmp_path / "gone" / "chat.jsonl")
        (tmp_path / "gone").rmdir()  # from now on nothing can be written
        async with listening(chat):
            with pytest.raises(NotSent):
                await chat.send(Outgoing("r1", "写不下"))
            with pytest.raises(Declined):
                chat.say("p1", "r1", "写不下")

    run(story)


def test_the_conversation_survives_a_restart(tmp_path: Path) -> None:
    log = tmp_path / "chat.jsonl"
    ids: list[str] = []

    async def before() -> None:
        chat = a_chat(log)
        async with listening(chat) as ear:
            ids.append(chat.say("p1", "r1", "第一句"))
            ids.append(await chat.send(Outgoing("r1", "回第一句")))
            ids.append(await chat.send(Outgoing("p1", "图", direct=True, image=PNG)))
            await ear.until(4)
            await chat.send(Outgoing("r1", "最后一句"))
            await ear.until(5)

    async def after() -> None:
        chat = a_chat(log)
        async with listening(chat) as ear, serving(chat) as served, browsing(served, "p1") as page:
            group = await page.until("history", room="r1")
            assert texts(group) == ["第一句", "回第一句", "最后一句"]
            direct = await page.until("history", room="p1")
            assert [message["picture"] for message in direct["messages"]] == [False, True]
            ids.append(chat.say("p1", "r1", "第二天"))
            new = (await page.until("message"))["message"]
            assert new["number"] == 6
            assert len(set(ids)) == len(ids)
            (heard,) = await ear.until(1)  # and nothing that was heard before
            assert isinstance(heard, Heard)
            assert heard.text == "第二天"

    run(before)
    run(after)


def test_what_was_said_while_nobody_listened_is_heard_at_the_next_start(tmp_path: Path) -> None:
    log = tmp_path / "chat.jsonl"
    first = a_chat(log)
    early = first.say("p1", "r1", "有人吗")
    first.recall("p1", early)

    async def deaf() -> None:
        told = asyncio.Event()

        async def feed(event: Event) -> None:
            if isinstance(event, Heard):
                told.set()
                raise RuntimeError("the bot could not take it in")

        task = asyncio.create_task(a_chat(log).listen(feed))
        async with asyncio.timeout(PATIENCE):
            await told.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def story() -> None:
        async with listening(a_chat(log)) as ear:
            heard, *rest = await ear.until(1)
            assert isinstance(heard, Heard)
            assert (heard.message_id, heard.text, heard.at) == (early, "有人吗", NOON)
            assert all(isinstance(event, Recalled) for event in rest)

    run(deaf)
    run(story)


@pytest.mark.parametrize(
    "tail", ['{"do":"said","id":"x","ro', '{"do":"said"}\n', "null\n", "[" * 5000 + "\n", "\x00\n"]
)
def test_a_damaged_line_costs_only_itself(tmp_path: Path, tail: str) -> None:
    log = tmp_path / "chat.jsonl"
    a_chat(log).say("p1", "r1", "完整的一句")
    with log.open("a") as file:
        file.write(tail)
    a_chat(log).say("p1", "r1", "断电之后")

    async def story() -> None:
        chat = a_chat(log)
        async with serving(chat) as served, browsing(served, "p1") as page:
            assert texts(await page.until("history", room="r1")) == ["完整的一句", "断电之后"]

    run(story)


def test_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "KEPT", 3)
    monkeypatch.setattr(memory, "UNHEARD", 5)
    chat = a_chat(tmp_path / "chat.jsonl")
    for number in range(5):
        chat.say("p1", "r1", str(number))
    with pytest.raises(Declined, match="还没有听完"):
        chat.say("p1", "r1", "5")

    async def story() -> None:
        again = a_chat(tmp_path / "chat.jsonl")
        async with serving(again) as served, browsing(served, "p1") as page:
            assert texts(await page.until("history", room="r1")) == ["2", "3", "4"]

    run(story)


def test_a_person_takes_back_only_their_own(tmp_path: Path) -> None:
    log = tmp_path / "chat.jsonl"

    async def story() -> None:
        chat = a_chat(log)
        async with (
            listening(chat) as ear,
            serving(chat) as served,
            browsing(served, "p1") as mine,
            browsing(served, "p2") as other,
        ):
            await other.until("done", tag="be")
            said = chat.say("p1", "r1", "说错了")
            await other.until("message")
            await other.ask("recall", id=said, tag="no")
            assert "自己" in (await other.until("declined", tag="no"))["why"]
            await mine.ask("recall", id=said, tag="yes")
            await mine.until("done", tag="yes")
            await mine.ask("recall", id=said, tag="twice")
            await mine.until("done", tag="twice")
            gone = (await other.until("message"))["message"]
            assert (gone["id"], gone["recalled"], gone["text"]) == (said, True, "")
            assert (await ear.until(2))[1] == Recalled("webchat", said, NOON)
        again = a_chat(log)
        async with serving(again) as served, browsing(served, "p2") as other:
            (message,) = (await other.until("history", room="r1"))["messages"]
            assert (message["recalled"], message["text"]) == (True, "")

    run(story)
