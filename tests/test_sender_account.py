"""The sender and its account: trouble stops everything for a while, a refusal is told, a try waits ever longer."""

from datetime import timedelta

from bot.sender import RETRY, RETRY_CAP, TRIES
from bot.transports.base import AccountTrouble, NotSent, Refused
from data.accounts import Caution
from data.mail import Account, OutboxKind
from tests.sender_house import AUNT, FAILED, GROUP, OTHER, PENDING, SENT, House, living, play
from tests.town import NOW, WEB, DemoTown

HALF = timedelta(minutes=30)
CAREFUL = Caution(breaker=HALF)
DAY = timedelta(days=1)


def old_account(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        session.add(Account(transport=WEB, account_id="me", since=NOW - 300 * DAY))


def texts(house: House) -> list[str]:
    return [each.text for each in house.transport.sent]


def test_after_a_refusal_nothing_leaves_for_half_an_hour_and_the_coordinators_are_told(town: DemoTown) -> None:
    async def story() -> None:
        async with living(town, speak=False, caution=CAREFUL) as house:
            house.transport.fail_with = [Refused("不在群里")]
            await house.queue("一")
            await house.drained()
            await house.queue("二", OTHER)
            house.say(AUNT, GROUP, "菜单")
            await house.transport.settled()
            await house.drained()
            assert house.states()[0] == FAILED
            assert texts(house) == []  # not even an answer
            house.clock.later(HALF)
            await house.drained()
            assert set(house.states()[1:]) == {SENT}
            assert sum("有1条没发出去：上坪村乡亲群（不在群里）" in each for each in texts(house)) == 2

    old_account(town)
    play(story)


def test_trouble_of_the_account_keeps_the_message_for_later(town: DemoTown) -> None:
    async def story() -> None:
        async with living(town, speak=False, caution=CAREFUL) as house:
            house.transport.fail_with = [AccountTrouble("操作太频繁")]
            await house.queue("一")
            await house.drained()
            assert house.states() == [PENDING]
            house.clock.later(HALF - timedelta(seconds=1))
            await house.drained()
            assert texts(house) == []
            house.clock.later(timedelta(seconds=1))
            await house.drained()
            assert texts(house) == ["一"]

    old_account(town)
    play(story)


def test_the_breaker_outlives_a_restart(town: DemoTown) -> None:
    async def story() -> None:
        async with living(town, speak=False, caution=CAREFUL) as house:
            await house.sender.logged_out(WEB, "微信号已退出")
            clock = house.clock
        async with living(town, speak=False, caution=CAREFUL, clock=clock) as house:
            await house.queue("一")
            await house.drained()
            assert texts(house) == []
            clock.later(HALF)
            await house.drained()
            assert texts(house) == ["一"]

    old_account(town)
    play(story)


def test_a_new_account_answers_in_its_second_week_but_pushes_nothing(town: DemoTown) -> None:
    async def story() -> None:
        caution = Caution(listen=7 * DAY, answer=7 * DAY)
        async with living(town, speak=False, caution=caution) as house:
            await house.queue("推送", kind=OutboxKind.PUSH)
            house.clock.later(7 * DAY)
            house.say(AUNT, GROUP, "点课 反诈骗")
            await house.transport.settled()
            await house.drained()
            assert len(texts(house)) == 1
            assert "已登记" in texts(house)[0]
            house.clock.later(7 * DAY)
            await house.drained()
            assert texts(house)[1:] == ["推送"]

    with town.session() as session, session.begin():
        session.add(Account(transport=WEB, account_id="me", since=NOW))
    play(story)


def test_each_try_waits_twice_as_long_until_it_is_given_up(town: DemoTown) -> None:
    async def story() -> None:
        async with living(town, speak=False) as house:
            house.transport.fail_with = [NotSent("网关没连上")] * TRIES
            await house.queue("一")
            waits = []
            for _ in range(TRIES - 1):
                await house.drained()
                (row,) = house.rows()
                assert row.state == PENDING
                waits.append(row.not_before - house.clock.now)
                house.clock.now = row.not_before
            assert waits[:3] == [RETRY, 2 * RETRY, 4 * RETRY]
            assert waits[-1] == RETRY_CAP
            await house.drained()
            assert house.states()[0] == FAILED
            assert len(house.transport.tries) - len(house.transport.sent) == TRIES

    play(story)
