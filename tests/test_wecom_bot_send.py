"""What goes out over WeCom's aibot is told as it went, whatever the stand-in does."""

import logging
from datetime import timedelta
from typing import Any

import pytest

from bot.transports.base import NotSent, Refused, TransportError, Uncertain
from tests.transport_stages import PNG
from tests.wecom_office import Office, in_office
from tests.wecom_standin import OTHER_PERSON, PERSON, SECRET

SEND, RESPOND = "aibot_send_msg", "aibot_respond_msg"


# ---- what goes out -------------------------------------------------------------------------------------------------


def test_an_answer_goes_under_the_message_that_it_answers_once() -> None:
    async def story(office: Office) -> None:
        await office.hears("课表", room="")
        await office.send("今晚七点半", room=PERSON, direct=True)
        await office.send("还有明晚", room=PERSON, direct=True)
        assert [(each.kind, each.way) for each in office.standin.shown] == [("stream", "answer"), ("markdown", "push")]

    in_office(story)


def test_where_several_asked_only_who_is_named_is_answered() -> None:
    async def story(office: Office) -> None:
        await office.hears("一", who=PERSON)
        await office.hears("二", who=OTHER_PERSON)
        await office.send("大家好")
        await office.send("好的", mentions=((OTHER_PERSON, "李支书"),))
        await office.send("都好")
        shown = [(each.content, each.way) for each in office.standin.shown]
        assert shown == [("大家好", "push"), ("@李支书 好的", "answer"), ("都好", "answer")]

    in_office(story)


def test_an_answer_that_comes_late_or_over_another_connection_is_said_anew() -> None:
    async def story(office: Office) -> None:
        await office.hears("课表")
        office.now += timedelta(seconds=61)
        await office.send("晚了")
        await office.hears("课表")
        office.standin.forget_questions()
        await office.send("他们忘了")
        await office.hears("课表")
        await office.standin.drop()
        await office.ears.wait_state(online=False)
        await office.ears.wait_state(online=True)
        await office.send("断过")
        shown = [(each.content, each.way) for each in office.standin.shown]
        assert shown == [("晚了", "push"), ("他们忘了", "push"), ("断过", "push")]

    in_office(story)


@pytest.mark.parametrize("answered", [True, False], ids=["answer", "push"])
def test_a_long_text_and_a_picture_in_parts_and_in_order(answered: bool) -> None:
    text, picture = "今晚上课，请互相转告。\n" * 300, PNG * 20_000

    async def story(office: Office) -> None:
        if answered:
            await office.hears("课表")
        await office.send(text, image=picture)
        assert "".join(map(str, office.standin.texts())) == text
        assert office.standin.shown[-1].content == picture
        assert {each.way for each in office.standin.shown} == {"answer" if answered else "push"}
        chunks = [each for each in office.standin.frames if each["cmd"] == "aibot_upload_media_chunk"]
        assert len(chunks) == 3

    assert len(picture) > 2 * 512 * 1024
    in_office(story)


TROUBLES = [
    (-1, NotSent),
    (45009, NotSent),
    (846609, NotSent),
    (40008, Refused),
    (93006, Refused),
    (999_999, Refused),
    ("no id", Refused),
    ("silence", Uncertain),
    ("wrong id", Uncertain),
    ("close", Uncertain),
    ("abort", Uncertain),
    ("half", Uncertain),
    ("late", Uncertain),
    ({"errcode": "0"}, Uncertain),
    ({"errcode": None}, Uncertain),
]


@pytest.mark.parametrize("cmd", [SEND, RESPOND])
@pytest.mark.parametrize(("misdeed", "wanted"), TROUBLES, ids=[str(each[0]) for each in TROUBLES])
def test_each_trouble_is_told_as_what_it_is_and_it_goes_on(
    misdeed: Any, wanted: type[TransportError], cmd: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(office: Office) -> None:
        if cmd == RESPOND:
            await office.hears("课表")
        office.standin.misdeeds[cmd].append(misdeed)
        office.standin.misdeeds["aibot_subscribe"].append(None)
        assert type(await office.fails()) is wanted
        await office.standin.pay()
        if misdeed in (846609, "close", "abort", "half"):
            await office.ears.wait_state(online=False)
            await office.ears.wait_state(online=True)
        await office.send("还在")
        assert office.standin.texts()[-1] == "还在"
        assert office.standin.texts().count("好的") == (misdeed == "late"), "it was said once, or not at all"

    caplog.set_level(logging.DEBUG)
    in_office(story)
    assert [record for record in caplog.records if record.name == "menlou.wecom"], "there are lines to look through"
    assert SECRET not in caplog.text


@pytest.mark.parametrize("step", ["init", "chunk", "finish"])
@pytest.mark.parametrize(
    ("misdeed", "wanted"), [("silence", NotSent), ("close", NotSent), (40006, Refused), (-1, NotSent)]
)
def test_a_picture_that_is_not_brought_takes_its_text_with_it(
    step: str, misdeed: Any, wanted: type[TransportError]
) -> None:
    async def story(office: Office) -> None:
        office.standin.misdeeds[f"aibot_upload_media_{step}"].append(misdeed)
        assert type(await office.fails(image=PNG)) is wanted
        assert office.standin.shown == []

    in_office(story)


def test_a_picture_that_takes_too_long_is_given_up_before_anything_is_said() -> None:
    async def story(office: Office) -> None:
        office.standin.misdeeds["aibot_upload_media_chunk"].append("silence")
        error = await office.fails(image=PNG)
        assert isinstance(error, NotSent)
        assert "太慢" in str(error)
        assert office.standin.shown == []

    in_office(story, upload_timeout=0.2, ack_timeout=20.0)


def test_a_picture_without_an_id_or_too_large_is_not_said() -> None:
    async def story(office: Office) -> None:
        office.standin.misdeeds["aibot_upload_media_finish"].append({"errcode": 0, "body": {"media_id": ""}})
        assert isinstance(await office.fails(image=PNG), NotSent)
        assert isinstance(await office.fails(image=bytes(10 * 1024 * 1024 + 1)), Refused)
        assert office.standin.shown == []

    in_office(story)


def test_a_part_that_does_not_go_out_after_one_that_did_leaves_doubt() -> None:
    async def story(office: Office) -> None:
        office.standin.misdeeds[SEND].extend((None, 45009))
        error = await office.fails(image=PNG)
        assert isinstance(error, Uncertain)
        assert "只发出了一部分" in str(error)

    in_office(story)


def test_while_it_is_offline_nothing_is_sent() -> None:
    async def story(office: Office) -> None:
        office.standin.misdeeds["aibot_subscribe"].append("silence")
        await office.standin.drop()
        await office.ears.wait_state(online=False)
        assert office.transport.ready is False
        error = await office.fails()
        assert isinstance(error, NotSent)
        assert "断" in str(error)

    in_office(story, ack_timeout=5.0)
