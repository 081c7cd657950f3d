"""WeCom's aibot over a stand-in that misbehaves: what comes in is heard once, and nothing that the other side does ends
the listening."""

import logging
from typing import Any

import pytest

from bot.transports.base import AccountState, NotSent
from bot.transports.wecom.album import Album
from bot.transports.wecom.frames import Media
from handlers.message import Heard, Kind
from tests.gateway.village import bounded
from tests.transport_stages import PNG
from tests.wecom_office import Office, an_office, in_office
from tests.wecom_standin import BOT_ID, GROUP, SECRET, Standin

# ---- what comes in -------------------------------------------------------------------------------------------------


def test_a_quote_a_voice_and_a_file_are_heard_as_what_they_are() -> None:
    bodies: list[dict[str, Any]] = [
        {"msgtype": "text", "text": {"content": "同意"}, "quote": {"msgtype": "text", "text": {"content": "旧话"}}},
        {"msgtype": "voice", "voice": {"content": "我想听反诈骗"}},
        {"msgtype": "voice", "voice": {}},
        {"msgtype": "file", "file": {"url": "https://x", "aeskey": "k"}},
        {"msgtype": "video", "video": {}},
        {"msgtype": "location"},
        {"msgtype": "stream", "stream": {"id": "1"}},
    ]
    wanted = [("同意", Kind.TEXT), ("我想听反诈骗", Kind.TEXT), ("", Kind.AUDIO), ("", Kind.FILE), ("", Kind.FILE)]

    async def story(office: Office) -> None:
        for body in bodies:
            await office.standin.say(body)
        await office.hears("完")
        said = [(heard.text, heard.kind) for heard in office.ears.all(Heard) if heard.direct]
        assert said == [*wanted, ("", Kind.OTHER)]

    in_office(story)


def test_a_mixed_message_alone_is_its_text_and_then_its_pictures() -> None:
    async def story(office: Office) -> None:
        items = [
            {"msgtype": "image", "image": office.standin.lay(PNG)},
            {"msgtype": "text", "text": {"content": "昨晚的课"}},
            {"msgtype": "image", "image": office.standin.lay(PNG * 9)},
        ]
        first = await office.standin.say({"msgtype": "mixed", "mixed": {"msg_item": items}})
        await office.ears.wait(Heard, lambda heard: heard.message_id == f"{first}#2")
        heard = office.ears.all(Heard)
        assert [(each.kind, each.text) for each in heard] == [
            (Kind.TEXT, "昨晚的课"),
            (Kind.IMAGE, ""),
            (Kind.IMAGE, ""),
        ]
        assert [await office.transport.picture(each.message_id) for each in heard] == [None, PNG, PNG * 9]
        assert await office.transport.picture(heard[1].message_id) is None, "it is given once"

    in_office(story)


def test_a_mixed_message_in_a_group_is_its_text() -> None:
    async def story(office: Office) -> None:
        picture = {"msgtype": "image", "image": office.standin.lay(PNG)}
        words = {"msgtype": "text", "text": {"content": "@门楼 看图"}}
        await office.standin.say({"msgtype": "mixed", "mixed": {"msg_item": [words, picture]}}, room=GROUP)
        alone = await office.standin.say({"msgtype": "mixed", "mixed": {"msg_item": [picture]}}, room=GROUP)
        await office.ears.wait(Heard, lambda heard: heard.message_id == alone)
        assert [(each.kind, each.text) for each in office.ears.all(Heard)] == [
            (Kind.TEXT, "@门楼 看图"),
            (Kind.IMAGE, ""),
        ]
        assert await office.transport.picture(alone) is None, "a group's pictures are not to be had"

    in_office(story)


def test_a_message_that_is_told_twice_is_heard_once_also_over_another_connection() -> None:
    async def story(office: Office) -> None:
        first = await office.hears("报名")
        await office.standin.say_text("报名", room=GROUP, again=first.message_id)
        await office.standin.drop()
        await office.ears.wait_state(online=False)
        await office.ears.wait_state(online=True)
        await office.standin.say_text("报名", room=GROUP, again=first.message_id)
        await office.hears("完")
        assert [heard.text for heard in office.ears.all(Heard)] == ["完"], "the first was forgotten by `wait_state`"

    in_office(story)


ODD = [
    {},
    {"msgid": "x"},
    {"msgid": 7, "from": {"userid": "a"}, "chattype": "single", "msgtype": "text"},
    {"msgid": "x", "from": "a", "chattype": "single"},
    {"msgid": "x", "from": {"userid": "a"}, "chattype": "group", "msgtype": "text"},
    {"msgid": "x", "from": {"userid": ""}, "chattype": "single", "msgtype": "text"},
]
PASSED_OVER: list[Any] = [
    "{{{",
    "",
    "null",
    "7",
    '"text"',
    "[" * 100_000,
    {"cmd": "aibot_new_thing", "body": {}},
    {"cmd": 7},
    {"cmd": "aibot_msg_callback"},
    {"cmd": "aibot_msg_callback", "body": []},
    {"cmd": "aibot_event_callback", "body": {"event": "disconnected_event"}},
    {"cmd": "aibot_event_callback", "body": {"event": {"eventtype": "enter_chat"}}},
    {"headers": {"req_id": "of-nobody"}, "errcode": 0},
    {"headers": 7, "errcode": 0},
    {"errcode": 40058},
    *({"cmd": "aibot_msg_callback", "headers": None, "body": body} for body in ODD),
]


def test_frames_that_nobody_can_read_are_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    async def story(office: Office) -> None:
        for frame in PASSED_OVER:
            await office.standin.push(frame)
        await office.standin.push_bytes(b"\x00\xff")
        assert (await office.hears("还在")).text == "还在"
        assert office.standin.connections == 1
        assert len(office.ears.all(Heard)) == 1

    caplog.set_level(logging.DEBUG)
    in_office(story)
    assert len([record for record in caplog.records if "passed over" in record.getMessage()]) >= 15


def test_odd_values_in_a_message_do_not_keep_it_away() -> None:
    async def story(office: Office) -> None:
        odd = {"msgtype": "text", "text": {"content": "好\x00\ud800"}, "create_time": 1e300, "quote": 7}
        await office.standin.say(odd)
        heard = await office.ears.wait(Heard)
        assert heard.text == "好 ?"
        assert heard.at == office.now
        for mixed in (7, {"msg_item": 7}, {"msg_item": [7, {}]}):
            await office.standin.say({"msgtype": "mixed", "mixed": mixed})
        await office.hears("完")
        assert len(office.ears.all(Heard)) == 2

    in_office(story)


@pytest.mark.parametrize("broken", [b"\x81\x02\xff\xfe", b"\x83\x00", b"\x81\x7f" + b"\x7f" * 8, b"\x81\x7e\xff\xff{"])
def test_what_is_no_websocket_frame_ends_the_connection_and_a_new_one_begins(broken: bytes) -> None:
    """Invalid UTF-8, an unknown opcode, a frame of exabytes, half a frame and then the end."""

    async def story(office: Office) -> None:
        office.standin.push_raw(broken)
        if broken.endswith(b"{"):
            await office.standin.drop()
        await office.ears.wait_state(online=False)
        await office.ears.wait_state(online=True)
        assert (await office.hears("还在")).text == "还在"
        assert office.standin.connections == 2

    in_office(story)


# ---- pictures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", ["gone", "cut", "other key", "short key", "no key", "file scheme", "half a block"])
def test_a_picture_that_cannot_be_had_is_none(trouble: str, caplog: pytest.LogCaptureFixture) -> None:
    async def story(office: Office) -> None:
        about = office.standin.lay(PNG)
        name = about["url"].rsplit("/", 1)[1]
        match trouble:
            case "gone":
                del office.standin.pictures[name]
            case "cut":
                office.standin.pictures[name] = office.standin.pictures[name][:16]
            case "half a block":
                office.standin.pictures[name] = office.standin.pictures[name][:-7]
            case "other key":
                about["aeskey"] = "A" * 43
            case "short key":
                about["aeskey"] = "QUJD"
            case "no key":
                del about["aeskey"]
            case "file scheme":
                about["url"] = "file:///etc/hostname"
        message_id = await office.standin.say({"msgtype": "image", "image": about})
        heard = await office.ears.wait(Heard)
        assert (heard.kind, heard.message_id) == (Kind.IMAGE, message_id)
        assert await office.transport.picture(message_id) is None
        assert about["url"] not in caplog.text

    caplog.set_level(logging.DEBUG)
    in_office(story)
    assert trouble == "no key" or "cannot be had" in caplog.text


def test_a_picture_without_tls_is_left_where_it_is() -> None:
    """Only where the long connection itself is a plain one, as here, may pictures come so."""

    async def run() -> None:
        async with Standin() as standin:
            about = standin.lay(PNG)
            for plain, wanted in ((True, PNG), (False, None)):
                album = Album(2.0, plain_http=plain)
                album.announce("1", Media(about["url"], about["aeskey"]))
                assert await album.fetch("1") == wanted

    bounded(run())


# ---- the connection ------------------------------------------------------------------------------------------------


def test_it_subscribes_and_tells_its_account() -> None:
    async def run() -> None:
        async with Standin() as standin, an_office(standin) as office:
            state = await office.ears.wait(AccountState)
            assert (state.transport, state.online, state.account_id) == ("wecom-bot", True, BOT_ID)
            frame = standin.frames[0]
            assert frame["cmd"] == "aibot_subscribe"
            assert frame["body"] == {"bot_id": BOT_ID, "secret": SECRET}

    bounded(run())


@pytest.mark.parametrize("misdeed", ["silence", 846609, "close", "abort", "half"])
def test_a_ping_that_is_not_well_answered_means_a_new_connection(misdeed: Any) -> None:
    async def story(office: Office) -> None:
        await office.standin.until(lambda: _count(office, "ping") >= 2)
        office.standin.misdeeds["ping"].append(misdeed)
        assert (await office.ears.wait_state(online=False)).logged_out is False
        await office.ears.wait_state(online=True)
        assert office.standin.connections == 2

    in_office(story, ping_every=0.02)


def test_it_comes_back_ever_more_slowly_while_nobody_answers() -> None:
    async def story(office: Office) -> None:
        office.standin.misdeeds["aibot_subscribe"].extend(["close", "abort", "half", "close", -1, {"errcode": "x"}])
        await office.standin.drop()
        await office.ears.wait_state(online=False)
        await office.ears.wait_state(online=True)
        assert len(office.rest.taken) == 7
        lows, highs = [0.5, 1, 2, 4, 8, 16, 30], [1, 2, 4, 8, 16, 32, 60]
        assert all(low <= wait <= high for low, wait, high in zip(lows, office.rest.taken, highs, strict=True))

    in_office(story)


@pytest.mark.parametrize("keep_open", [False, True], ids=["closed", "left open"])
def test_a_newer_connection_is_not_fought(keep_open: bool) -> None:
    """It lets go for ten minutes, then twenty, and says why; only then it asks again."""

    async def story(office: Office) -> None:
        office.standin.keep_open = keep_open
        for minutes in (10, 20, 40):
            await office.standin.kick()
            state = await office.ears.wait_state(online=False)
            assert state.logged_out is True
            assert "别的程序" in state.reason
            assert f"{minutes} 分钟" in state.reason
            await office.rest.begun.wait()
            assert office.rest.taken[-1] == minutes * 60
            error = await office.fails()
            assert isinstance(error, NotSent)
            assert "别的程序" in str(error)
            office.rest.begun.clear()
            office.rest.over.set()
            await office.ears.wait_state(online=True)
        assert office.standin.connections == 4
        await office.standin.drop()
        await office.ears.wait_state(online=False)
        await office.ears.wait_state(online=True)
        assert office.rest.taken[-1] <= 1, "a connection that is merely lost is sought at once"

    in_office(story)


def test_two_of_our_own_do_not_throw_each_other_out_for_ever() -> None:
    async def run() -> None:
        async with Standin() as standin, an_office(standin) as older:
            await older.ears.wait_state(online=True)
            async with an_office(standin) as newer:
                await newer.ears.wait_state(online=True)
                assert (await older.ears.wait_state(online=False)).logged_out is True
                await older.rest.begun.wait()
                await newer.hears("在吗")
                assert standin.connections == 2

    bounded(run())


@pytest.mark.parametrize(("code", "put_out", "wait"), [(853000, True, 300), (40058, True, 300), (45009, False, 300)])
def test_a_subscription_that_is_refused_is_not_hammered(
    code: int, put_out: bool, wait: float, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        async with Standin() as standin:
            standin.misdeeds["aibot_subscribe"].append(code)
            async with an_office(standin) as office:
                state = await office.ears.wait_state(online=False)
                assert state.logged_out is put_out
                assert ("核对 Bot ID 和 Secret" in state.reason) is put_out
                assert SECRET not in state.reason
                await office.rest.begun.wait()
                assert office.rest.taken == [wait]
                office.rest.over.set()
                await office.ears.wait_state(online=True)

    caplog.set_level(logging.DEBUG)
    bounded(run())
    assert "connecting again in 300.0 s" in caplog.text
    assert SECRET not in caplog.text


def test_a_wrong_secret_is_told_without_telling_it(caplog: pytest.LogCaptureFixture) -> None:
    wrong = "wRong-but-secret-all-the-same"

    async def run() -> None:
        async with Standin() as standin, an_office(standin, secret=wrong) as office:
            state = await office.ears.wait_state(online=False)
            assert "Secret 不对" in state.reason
            assert wrong not in state.reason + repr(office.transport) + repr(office.transport._settings)

    caplog.set_level(logging.DEBUG)
    bounded(run())
    assert "Secret 不对" in caplog.text
    assert wrong not in caplog.text


def test_where_nothing_listens_it_waits_and_says_so() -> None:
    async def run() -> None:
        async with Standin() as standin, an_office(standin, ws="ws://127.0.0.1:1") as office:
            state = await office.ears.wait_state(online=False)
            assert "连不上企业微信" in state.reason
            assert state.logged_out is False

    bounded(run())


def _count(office: Office, cmd: str) -> int:
    return sum(frame["cmd"] == cmd for frame in office.standin.frames)
