"""The Wechaty adapter over the real node gateway: what people say comes in, what we say goes out, and nothing that the
gateway does ends it."""

import asyncio
import base64
import logging

import pytest

from bot.transports.base import AccountState, Echo, Event, NotSent, Recalled, Refused, RoomChanged, Uncertain
from bot.transports.wechaty import WechatySettings, WechatyTransport
from handlers.message import Heard, Kind
from tests.gateway.harness import BOT, Gateway, require_gateway
from tests.gateway.village import EAST, WEST, Ears, Village, bounded, in_village, listening

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
pytestmark = pytest.mark.gateway


@pytest.fixture(autouse=True)
def _gateway_is_there() -> None:
    require_gateway()


# ---- in ------------------------------------------------------------------------------------------------------------


def test_a_text_in_a_group_comes_with_its_names() -> None:
    async def story(village: Village) -> None:
        await village.gateway.do("alias", room=EAST, contact="li", alias="东沟李书记")
        message_id = await village.gateway.say("wang", "菜单", room=EAST)
        await village.gateway.say("li", "课表", room=EAST)
        heard = await village.ears.wait(Heard)
        assert (heard.message_id, heard.room_id, heard.sender_id) == (message_id, EAST, "wang")
        assert (heard.text, heard.sender_name, heard.room_name) == ("菜单", "王大娘", "东沟村")
        assert (heard.kind, heard.direct, heard.mentioned) == (Kind.TEXT, False, False)
        assert heard.at.tzinfo is not None
        assert (await village.ears.wait(Heard, lambda heard: heard.sender_id == "li")).sender_name == "东沟李书记"

    in_village(story)


def test_a_direct_message() -> None:
    async def story(village: Village) -> None:
        await village.gateway.say("zhao", "我的点单")
        heard = await village.ears.wait(Heard)
        assert (heard.direct, heard.addressed, heard.room_id, heard.sender_id) == (True, True, "zhao", "zhao")
        assert (heard.sender_name, heard.room_name) == ("赵在外", "")

    in_village(story)


def test_a_mention_is_seen_by_id_and_by_name_alone() -> None:
    async def story(village: Village) -> None:
        await village.gateway.do("alias", room=WEST, contact=BOT, alias="讲堂(西岭)")
        cases = [
            ("@机器人\u2005报名", EAST, (BOT,), True),  # by id
            ("@门楼\u2005报名", EAST, (), True),  # by name, three ways to end it
            ("@门楼 报名", EAST, (), True),
            ("你好 @门楼", EAST, (), True),
            ("@门楼镇 的人来了吗", EAST, (), False),
            ("问 门楼 好", EAST, (), False),
            ("「王大娘：@门楼 报名」\n- - - - - - - - - - - - - - -\n这是干啥", EAST, (), False),
            ("@讲堂(西岭)\u2005课表", WEST, (), True),  # by its name in that room
            ("@讲堂(西岭)\u2005课表", EAST, (), False),
            ("@所有人 明天停水", EAST, ("wang", "li", BOT), False),  # an announcement means nobody
        ]
        for text, room, mention, _ in cases:
            await village.gateway.say("wang", text, room=room, mention=mention)
        await village.ears.wait(Heard, lambda heard: len(village.ears.all(Heard)) == len(cases))
        heard = {(heard.text, heard.room_id): heard.mentioned for heard in village.ears.all(Heard)}
        assert heard == {(text, room): expected for text, room, _, expected in cases}

    in_village(story)


def test_unknown_types_and_group_notes_keep_their_text() -> None:
    note = "#接龙\n周六听课\n1. 王大娘\n2. 李支书"

    async def story(village: Village) -> None:
        for number in (10, 0, 16, 17, 99):
            await village.gateway.say("wang", f"{note} {number}", room=EAST, number=number)
        await village.gateway.say("wang", "<msg><location x='1'/></msg>", room=EAST, number=8)
        await village.gateway.say("wang", "还在", room=EAST)
        await village.ears.wait(Heard, lambda heard: heard.text == "还在")
        heard = village.ears.all(Heard)
        assert [(each.kind, each.text) for each in heard[:5]] == [
            (Kind.NOTE, f"{note} {number}") for number in (10, 0, 16, 17, 99)
        ]
        assert heard[5].kind is Kind.OTHER

    in_village(story)


def test_a_recall_names_the_message_that_was_taken_back() -> None:
    async def story(village: Village) -> None:
        await village.gateway.do("recall", room=EAST, contact="wang", message="m1")
        await village.gateway.do("recall", room=EAST, contact="wang", message="987654321", xml=True)
        await village.ears.wait(Recalled, lambda recalled: recalled.message_id == "987654321")
        assert [recalled.message_id for recalled in village.ears.all(Recalled)] == ["m1", "987654321"]
        assert not village.ears.all(Heard)

    in_village(story)


def test_a_new_topic_is_told_and_used_from_then_on() -> None:
    async def story(village: Village) -> None:
        await village.gateway.say("wang", "一", room=EAST)
        assert (await village.ears.wait(Heard)).room_name == "东沟村"
        await village.gateway.do("topic", room=EAST, topic="东沟新村", by="li")
        await village.gateway.do("rename", contact="wang", name="王奶奶")
        changed = await village.ears.wait(RoomChanged)
        assert (changed.room_id, changed.name) == (EAST, "东沟新村")
        await village.gateway.say("wang", "二", room=EAST)
        heard = await village.ears.wait(Heard, lambda heard: heard.text == "二")
        assert (heard.room_name, heard.sender_name) == ("东沟新村", "王奶奶")

    in_village(story)


def test_joins_and_leaves_even_with_an_empty_list() -> None:
    async def story(village: Village) -> None:
        await village.gateway.do("join", room=EAST, contacts=["zhao"], by="li")
        await village.gateway.do("join", room=EAST, contacts=[], by="li")
        await village.gateway.do("leave", room=EAST, contacts=["zhao"], by="li")
        await village.ears.wait(RoomChanged, lambda changed: changed.left == ("zhao",))
        assert [(changed.joined, changed.name) for changed in village.ears.all(RoomChanged)] == [
            (("zhao",), None),
            ((), None),
            ((), None),
        ]

    in_village(story)


def test_messages_of_a_room_stay_in_order_and_rooms_do_not_wait_for_each_other() -> None:
    async def run() -> None:
        async with Gateway() as gateway:
            ears, hold = Ears(), asyncio.Event()
            transport = WechatyTransport(WechatySettings(gateway.endpoint, gateway.token))

            async def feed(event: Event) -> None:
                if isinstance(event, Heard) and event.room_id == EAST:
                    await hold.wait()
                await ears(event)

            task = asyncio.create_task(transport.listen(feed))
            await ears.wait_state(online=True)
            for number in range(20):
                await gateway.say("wang", str(number), room=EAST if number % 2 else WEST)
            await ears.wait(Heard, lambda heard: heard.text == "18")
            assert {heard.room_id for heard in ears.all(Heard)} == {WEST}
            hold.set()
            await ears.wait(Heard, lambda heard: heard.text == "19")
            for first, room in ((0, WEST), (1, EAST)):
                texts = [heard.text for heard in ears.all(Heard) if heard.room_id == room]
                assert texts == [str(number) for number in range(first, 20, 2)]
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    bounded(run())


def test_odd_events_and_a_feed_that_fails_do_not_end_it(caplog: pytest.LogCaptureFixture) -> None:
    async def story(village: Village) -> None:
        for name, payload in (
            ("scan", {"status": 77}),
            ("message", {"messageId": "no-such-message"}),
            ("message", {}),
            ("room-join", {}),
            ("dong", {"what": 1}),
            ("error", {"data": "x"}),
            ("dirty", {"payloadId": "", "payloadType": 5}),
        ):
            await village.gateway.do("emit", name=name, payload=payload)
        await village.gateway.do("logout")
        await village.gateway.do("login")
        await village.gateway.say("wang", "还在吗", room=EAST)
        assert (await village.ears.wait(Heard)).text == "还在吗"

    with caplog.at_level(logging.DEBUG):
        in_village(story)
    assert "no-such-message" in caplog.text
    assert "insecure_menlou_test" not in caplog.text


# ---- out -----------------------------------------------------------------------------------------------------------


def test_a_text_goes_out_with_mentions_and_comes_back_as_an_echo() -> None:
    async def story(village: Village) -> None:
        sent_id = await village.send("已登记 12 号", mentions=(("wang", "王大娘"), ("li", "李支书")))
        sent = await village.gateway.wait_sent()
        assert (sent.to, sent.text) == (EAST, "@王大娘\u2005@李支书\u2005已登记 12 号")
        assert sent.mentions == ("wang", "li")
        echo = await village.ears.wait(Echo)
        assert (echo.message_id, echo.room_id, echo.text) == (sent_id, EAST, sent.text)
        await village.send("私下说", room_id="zhao", direct=True)
        assert (await village.ears.wait(Echo, lambda echo: echo.text == "私下说")).room_id == "zhao"
        assert not village.ears.all(Heard)

    in_village(story)


def test_a_long_text_goes_out_in_parts() -> None:
    text = "".join(f"第{number}条：农村医保可以在村里的服务点缴费，也可以用手机缴。" for number in range(150))

    async def story(village: Village) -> None:
        await village.send(text)
        await village.gateway.wait_sent(lambda sent: sent.text.endswith(text[-20:]))
        parts = [sent.text for sent in village.gateway.sends]
        assert len(parts) == 3
        assert "".join(parts) == text
        assert all(len(part) <= 2000 and part.endswith("。") for part in parts)

    in_village(story)


def test_a_picture_goes_out_after_its_text() -> None:
    async def story(village: Village) -> None:
        await village.send("扫码报名", image=PNG, image_name="报名.png")
        sent = await village.gateway.wait_sent(lambda sent: sent.kind == "file")
        assert village.gateway.sends[0].text == "扫码报名"
        assert (sent.size, sent.name) == (len(PNG), "报名.png")
        assert base64.b64encode(PNG).decode().startswith(sent.base64_head)
        await village.ears.wait(Echo, lambda echo: echo.text == "")
        await village.send("", image=PNG * 2000)  # larger than what the gateway hands over by reference
        assert (await village.gateway.wait_sent(lambda sent: sent.size > 20_000)).size == len(PNG) * 2000

    in_village(story)


def test_a_send_that_fails_says_how() -> None:
    async def story(village: Village) -> None:
        await village.gateway.mode(refuse_send="被移出群聊")
        with pytest.raises(Refused, match="被移出群聊"):
            await village.send("一")
        await village.gateway.mode(delay_send=5_000)
        with pytest.raises(Uncertain):
            await village.send("二")
        await village.gateway.mode(accept_then_drop=True, echo_late=1_500)
        with pytest.raises(Uncertain):
            await village.send("三")
        await village.ears.wait_state(online=False)
        await village.ears.wait_state(online=True)
        await village.ears.wait(Echo, lambda echo: echo.text == "三")  # the evidence that it went out

    in_village(story, send_timeout=0.5)


# ---- the account and the connection --------------------------------------------------------------------------------


def test_logout_and_login_by_qr_code() -> None:
    async def story(village: Village) -> None:
        await village.gateway.do("logout", reason="在手机上退出")
        assert "在手机上退出" in (await village.ears.wait_state(online=False)).reason
        assert not village.transport.ready
        with pytest.raises(NotSent, match="退出"):
            await village.send("有人吗")
        await village.gateway.do("scan", qrcode="https://login.weixin.qq.com/l/abc")
        state = await village.ears.wait(AccountState)
        assert (state.online, state.qr_code) == (False, "https://login.weixin.qq.com/l/abc")
        await village.gateway.do("login")
        state = await village.ears.wait_state(online=True)
        assert (state.account_id, state.qr_code) == (BOT, "")
        assert village.transport.ready

    in_village(story)


@pytest.mark.parametrize("ending", ["kill", "close"])
def test_a_gateway_that_ends_is_noticed_and_comes_back(ending: str) -> None:
    async def story(village: Village) -> None:
        await getattr(village.gateway, ending)()
        assert (await village.ears.wait_state(online=False)).reason
        assert not village.transport.ready
        with pytest.raises(NotSent):
            await village.send("停机时")
        await village.gateway.start()
        await village.ears.wait_state(online=True)
        await village.send("又来了")
        assert [sent.text for sent in village.gateway.sends] == ["又来了"]
        await village.gateway.say("wang", "好", room=EAST)
        await village.ears.wait(Heard)

    in_village(story)


def test_a_message_that_was_announced_before_the_connection_broke_is_fetched_after() -> None:
    async def story(village: Village) -> None:
        await village.gateway.mode(hang_payload=True)
        for text in ("一", "二", "三"):
            await village.gateway.say("wang", text, room=EAST)
        await village.gateway.wait_hung(lambda hung: len(village.gateway.hung) == 3)
        await village.gateway.mode()
        await village.gateway.do("drop")
        await village.ears.wait(Heard, lambda heard: heard.text == "三")
        assert [heard.text for heard in village.ears.all(Heard)] == ["一", "二", "三"]

    in_village(story)


def test_a_frozen_gateway_is_noticed_and_comes_back() -> None:
    async def story(village: Village) -> None:
        village.gateway.freeze()
        assert "没有回应" in (await village.ears.wait_state(online=False)).reason
        assert not village.transport.ready
        village.gateway.thaw()
        await village.ears.wait_state(online=True)
        await village.send("醒了")
        await village.gateway.wait_sent(lambda sent: sent.text == "醒了")

    in_village(story)


def test_by_default_a_frozen_gateway_is_noticed_within_30_seconds() -> None:
    settings = WechatySettings("127.0.0.1:1", "t")
    assert settings.ding_every + settings.ding_timeout <= 30
    assert "'t'" not in repr(settings)


def test_a_second_client_waits_its_turn_and_says_why() -> None:
    async def run() -> None:
        async with Gateway() as gateway, listening(gateway) as first:
            await first.ears.wait_state(online=True)
            async with listening(gateway) as second:
                assert "另一个程序" in (await second.ears.wait_state(online=False)).reason
                with pytest.raises(NotSent):
                    await second.send("抢话")
                await gateway.say("wang", "谁在听", room=EAST)
                await first.ears.wait(Heard)
                assert first.transport.ready
                assert not second.ears.all(Heard)

    bounded(run())


def test_a_wrong_token_is_told_without_the_token(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        async with Gateway() as gateway, listening(gateway, token="insecure_wrong") as village:
            assert "口令" in (await village.ears.wait_state(online=False)).reason

    with caplog.at_level(logging.DEBUG):
        bounded(run())
    assert "insecure_" not in caplog.text


def test_whoever_loses_the_connection_is_not_taken_for_cancelled() -> None:
    """grpclib wakes the callers of a lost connection with task.cancel(); that must not reach our callers."""

    async def story(village: Village) -> None:
        await village.gateway.mode(hang_send=True)
        sending = asyncio.create_task(uncancelled(village))
        await village.gateway.wait_hung()
        await village.gateway.kill()
        assert await sending == 0

    async def uncancelled(village: Village) -> int:
        with pytest.raises(Uncertain):
            await village.send("挂住")
        task = asyncio.current_task()
        assert task is not None
        return task.cancelling()

    in_village(story, send_timeout=20.0)
