"""From a person's words to the answer in the group, in one process: dispatch, worker, sender, a transport in memory,
and a real database. What the promise *never lost silently, never sent twice by the machine* means, case by case.

Nothing here sleeps: the clock is the test's, and a test waits for a transaction of the worker or a send.
"""

import asyncio
from datetime import timedelta

from sqlmodel import select

from bot.sender import RETRY
from bot.transports.base import AccountState, NotSent, Outgoing, Refused
from data.mail import Inbox
from tests.sender_house import AUNT, AUNT_CHEN, FAILED, GROUP, OTHER, PATIENCE, PENDING, SENT, UNCLE, living, play
from tests.town import WEB, DemoTown

# ---- the good way --------------------------------------------------------------------------------------------------


def test_a_message_in_is_an_answer_out_and_both_are_on_record(town: DemoTown) -> None:
    async def story() -> None:
        async with living(town) as house:
            heard = house.say(AUNT, GROUP, "点课 反诈骗")
            [row] = await house.until(SENT)
            [sent] = house.transport.sent
            assert "已登记" in sent.text
            assert (sent.room_id, sent.direct) == ("r-shangping-1", False)
            assert sent.mentions == (("p-tangshen", AUNT),)
            assert (row.text, row.transport_message_id, row.attempts) == (sent.text, f"{WEB}-1", 1)
            assert (row.error, row.claimed_at, row.settled_at) == ("", house.clock.now, house.clock.now)
            with town.session() as session:
                inbox = session.exec(select(Inbox)).one()
            assert (inbox.message_id, inbox.id, inbox.error) == (heard.message_id, row.inbox_id, "")

    play(story)


def test_a_direct_chat_is_answered_in_the_direct_chat(town: DemoTown) -> None:
    async def story() -> None:
        async with living(town) as house:
            house.say(AUNT, None, "菜单")
            await house.until(SENT)
            [sent] = house.transport.sent
            assert (sent.room_id, sent.direct, sent.mentions) == ("p-tangshen", True, ())

    play(story)


def test_our_own_echo_and_chatter_are_not_answered(town: DemoTown) -> None:
    async def story() -> None:
        async with living(town) as house:
            house.say(AUNT, GROUP, "今天圩上人真多")
            house.say(UNCLE, GROUP, "点课 反诈骗")
            await house.until(SENT)
            await house.transport.settled()
            assert len(house.rows()) == 1
            with town.session() as session:
                assert len(session.exec(select(Inbox)).all()) == 1

    play(story)


def test_a_room_is_served_in_order_and_rooms_side_by_side(town: DemoTown) -> None:
    """The first letter to one group cannot leave until the other group has had one; and none overtakes it."""

    async def story() -> None:
        async with living(town, speak=False) as house:
            for number in range(6):
                house.say((AUNT, UNCLE)[number % 2], GROUP, f"点课 新题目{number}")
                house.say(AUNT_CHEN, OTHER, f"点课 别的题目{number}")
            await house.transport.settled()
            other_served = asyncio.Event()

            async def wait_for_the_other(message: Outgoing) -> None:
                if message.room_id == "r-shangping-1" and "新题目0" in message.text:
                    async with asyncio.timeout(PATIENCE):
                        await other_served.wait()
                elif message.room_id == "r-shiwan-1":
                    other_served.set()

            house.transport.moods = [wait_for_the_other] * 12
            await house.drained()
            queued = await house.until(*[SENT] * 12)
            for room in ("r-shangping-1", "r-shiwan-1"):
                sent = [each.text for each in house.transport.sent if each.room_id == room]
                assert len(sent) == 6
                assert sent == [row.text for row in queued if row.text in sent]

    play(story)


# ---- it did not go out ---------------------------------------------------------------------------------------------


def test_what_was_certainly_not_sent_is_tried_again_and_arrives_once(town: DemoTown) -> None:
    async def story() -> None:
        async with living(town) as house:
            house.transport.fail_with = [NotSent("网关没连上"), NotSent("网关没连上")]
            house.say(AUNT, GROUP, "点课 反诈骗")
            await house.tried(1)
            for tries in (1, 2):
                await house.tried(tries)
                [row] = await house.until(PENDING)
                assert (row.error, row.attempts) == ("网关没连上", 0)
                await house.look()
                assert len(house.transport.tries) == tries  # its time has not come
                house.clock.later(RETRY * 2 ** (tries - 1))  # each further try waits twice as long
                house.sender.wake()
            [row] = await house.until(SENT)
            assert (len(house.transport.sent), row.attempts, row.error) == (1, 1, "")

    play(story)


def test_what_waits_for_another_try_is_not_overtaken_in_its_room(town: DemoTown) -> None:
    """Order is kept within a room also over a failure: also by a row that was queued while the first one waits."""

    async def story() -> None:
        async with living(town, speak=False) as house:
            house.transport.fail_with = [NotSent("请稍后再发")]
            for text in ("一", "二"):
                await house.queue(text)
            await house.drained()
            assert house.states() == [PENDING, PENDING]
            await house.queue("三")
            await house.queue("别的群", OTHER)
            await house.drained()
            assert [each.text for each in house.transport.sent] == ["别的群"]
            house.clock.later(RETRY)
            await house.drained()
            assert [each.text for each in house.transport.sent] == ["别的群", "一", "二", "三"]

    play(story)


def test_a_refused_message_has_failed_with_its_reason_and_the_next_one_goes_out(town: DemoTown) -> None:
    async def story() -> None:
        async with living(town) as house:
            house.transport.fail_with = [Refused("被移出群聊")]
            house.say(AUNT, GROUP, "点课 反诈骗")
            [row] = await house.until(FAILED)
            assert (row.error, row.transport_message_id) == ("被移出群聊", "")
            house.clock.later(timedelta(hours=1))
            house.say(UNCLE, GROUP, "课表")
            await house.until(FAILED, SENT)
            assert len(house.transport.sent) == 1

    play(story)


def test_a_transport_that_is_not_ready_keeps_its_rows_until_it_wakes(town: DemoTown) -> None:
    async def story() -> None:
        async with living(town) as house:
            house.transport.ready = False
            house.say(AUNT, GROUP, "点课 反诈骗")
            await house.until(PENDING)
            await house.look()
            assert house.transport.tries == []
            house.transport.ready = True
            house.transport.report(AccountState(WEB, house.clock.now, online=True))  # this alone wakes the sender
            await house.until(SENT)
            assert len(house.transport.sent) == 1

    play(story)
