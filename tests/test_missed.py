"""After an outage nothing old comes out of nowhere: answers and pushes lapse, notices wait for a coordinator's word."""

from collections.abc import Awaitable, Callable
from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from bot.sender import RETRY
from bot.transports.base import NotSent
from data import missed, outbox
from data.hours import QuietHours
from data.mail import Account, OutboxKind
from data.missed import MISSED, TOO_LATE, Patience
from data.pace import Speed
from data.tables import Room
from tests.sender_house import EXPIRED, OTHER, PENDING, SENT, Clock, House, living, play
from tests.town import NOW, WEB, ZONE, DemoTown

BOSS = "宣传委员周竹蓉"
PATIENCE = Patience()
QUIET = QuietHours(time(21), time(7, 30), ZONE)
KINDS = (OutboxKind.REPLY, OutboxKind.PUSH, OutboxKind.NOTICE)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _known_account(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        session.add(Account(transport=WEB, account_id="me", since=NOW - timedelta(days=300)))


def texts(house: House) -> list[str]:
    return [each.text for each in house.transport.sent]


async def queue_all_kinds(house: House) -> None:
    for kind in KINDS:
        await house.queue(kind.value, kind=kind)


def by_an_outage(town: DemoTown, span: timedelta, after: Callable[[House], Awaitable[None]]) -> None:
    """The gateway is away while something of each kind waits, and comes back."""

    async def story() -> None:
        async with living(town, speak=False, patience=PATIENCE) as house:
            await house.drained()
            house.transport.ready = False
            await queue_all_kinds(house)
            while (left := NOW + span - house.clock.now) > timedelta():
                house.clock.later(min(left, timedelta(minutes=7)))
                await house.sender.drain()
            house.transport.ready = True
            await house.drained()
            await after(house)

    play(story)


def by_a_downtime(town: DemoTown, span: timedelta, after: Callable[[House], Awaitable[None]]) -> None:
    """The process is dead while something of each kind waits, and a new one comes."""

    async def story() -> None:
        clock = Clock()
        async with living(town, speak=False, patience=PATIENCE, clock=clock) as house:
            await house.drained()
            await queue_all_kinds(house)
        clock.later(span)
        async with living(town, speak=False, patience=PATIENCE, clock=clock) as house:
            await house.drained()
            await after(house)

    play(story)


@pytest.mark.parametrize("silent", [by_an_outage, by_a_downtime])
@pytest.mark.parametrize(
    ("span", "sent"),
    [
        (HOUR, ["reply", "notice", "push"]),
        (timedelta(minutes=100), ["reply", "notice"]),
        (5 * HOUR, ["notice"]),
        (11.9 * HOUR, ["notice"]),
    ],
)
def test_what_is_late_within_its_grace_is_sent_and_the_rest_lapses(
    town: DemoTown, silent: Callable[..., None], span: timedelta, sent: list[str]
) -> None:
    async def after(house: House) -> None:
        assert texts(house) == sent
        for row in house.rows():
            assert (row.state, row.error) == ((SENT, "") if row.text in sent else (EXPIRED, TOO_LATE)), row.text

    silent(town, span, after)


@pytest.mark.parametrize("silent", [by_an_outage, by_a_downtime])
def test_a_notice_that_is_too_late_is_asked_about_once_and_leaves_at_a_persons_word(
    town: DemoTown, silent: Callable[..., None]
) -> None:
    async def after(house: House) -> None:
        asked = [each for each in house.transport.sent if "补发" in each.text]
        assert len(house.transport.sent) == len(asked) == 2  # the two coordinators, privately, and nobody else
        assert all(each.direct for each in asked)
        assert asked[0].text.startswith("停机误了点，没有发：“notice”1处。")
        assert [row.error for row in house.rows() if row.text == "notice"] == [MISSED]
        house.clock.later(timedelta(minutes=20))
        await house.drained()
        assert len(house.transport.sent) == 2
        for words, told in (("发送情况", "没出去"), ("补发", "好，补发1条，到1处"), ("补发", "没有误了点")):
            house.say(BOSS, None, words)
            await house.transport.settled()
            house.clock.later(timedelta(minutes=1))
            await house.drained()
            assert told.replace("没出去", "停机误了点") in " ".join(texts(house))
        house.clock.now = at(7, 30) + timedelta(days=1)  # it was asked for in the night
        await house.drained()
        assert texts(house).count("notice") == 1

    silent(town, 13 * HOUR, after)


def test_a_coordinator_may_let_it_be(town: DemoTown) -> None:
    async def after(house: House) -> None:
        for words, told in (("不补", "好，那1条不发了"), ("补发", "没有误了点")):
            house.say(BOSS, None, words)
            await house.transport.settled()
            house.clock.later(timedelta(minutes=1))
            await house.drained()
            assert told in texts(house)[-1]
        assert "notice" not in texts(house)

    by_an_outage(town, 13 * HOUR, after)


def test_what_pacing_delays_is_not_late(town: DemoTown) -> None:
    """A push to five groups that takes five hours, and a restart in the middle: nothing of it lapses."""

    async def story() -> None:
        clock = Clock()
        pace = Speed((0, 0), 0, (3600, 3600), 0, 0, 0, 0, 0)
        async with living(town, speak=False, patience=PATIENCE, clock=clock, pace=pace) as house:
            groups = [name for name in house.rooms if name.endswith(("群", "家庭"))][:5]
            assert len(groups) == 5
            for name in groups:
                await house.queue(name, name, OutboxKind.PUSH)
            for _ in range(150):
                await house.drained()
                clock.later(timedelta(minutes=1))
            sent = len(house.transport.sent)
            assert 2 <= sent < 5
        clock.later(timedelta(minutes=5))
        async with living(town, speak=False, patience=PATIENCE, clock=clock, pace=pace) as house:
            for _ in range(60 * 5):
                await house.drained()
                clock.later(timedelta(minutes=1))
            assert len(house.transport.sent) == 5 - sent
            assert set(house.states()) == {SENT}

    play(story)


def test_an_answer_that_is_tried_in_vain_for_two_hours_is_dropped(town: DemoTown) -> None:
    async def story() -> None:
        async with living(town, speak=False, patience=PATIENCE) as house:
            house.transport.fail_with = [NotSent("请稍后再发")] * 100
            await house.queue("已登记", kind=OutboxKind.REPLY)
            for _ in range(130):
                await house.drained()
                house.clock.later(timedelta(minutes=1))
            house.transport.fail_with = []
            await house.drained()
            assert house.states() == [EXPIRED]
            assert texts(house) == []

    play(story)


# ---- the night -------------------------------------------------------------------------------------------------------


def at(hour: int, minute: int = 0, second: int = 0, *, day: datetime = NOW) -> datetime:
    return day.replace(hour=hour, minute=minute, second=second, microsecond=0)


@pytest.mark.parametrize(
    "day",
    [NOW, *(datetime(*each, tzinfo=ZONE) for each in ((2028, 2, 28), (2028, 2, 29), (2026, 12, 31), (2027, 2, 5)))],
)
def test_what_is_not_out_by_nine_goes_on_at_half_past_seven_but_what_is_urgent_leaves(
    town: DemoTown, day: datetime
) -> None:
    """On any evening: also before new year, the lunar new year, a leap day, the end of a month."""

    async def story() -> None:
        clock = Clock(at(20, 59, 50, day=day))
        pace = Speed((0, 0), 0, (20, 20), 0, 0, 0, 0, 0)
        async with living(town, speak=False, patience=PATIENCE, clock=clock, pace=pace, quiet=QUIET) as house:
            await house.queue("一")
            await house.queue("二", OTHER)
            await house.drained()
            clock.now = at(21, 0, 10, day=day)
            await house.drained()
            assert texts(house) == ["一"]
            await house.queue("台风", OTHER)
            await house.queue("答复", OTHER, OutboxKind.REPLY)
            for _ in range(2):
                clock.later(timedelta(minutes=1))
                await house.drained()
            assert texts(house) == ["一", "答复", "台风"]
            clock.now = at(7, 29, 59, day=day + timedelta(days=1))
            await house.drained()
            assert house.states()[1] == PENDING
            clock.now = at(7, 30, day=day + timedelta(days=1))
            await house.drained()
            assert texts(house)[3:] == ["二"]

    play(story)


def test_a_try_that_failed_by_day_does_not_slip_into_the_night(town: DemoTown) -> None:
    async def story() -> None:
        clock = Clock(at(20, 59, 58))
        async with living(town, speak=False, clock=clock, quiet=QUIET) as house:
            house.transport.fail_with = [NotSent("网关没连上")]
            await house.queue("一")
            await house.drained()
            clock.later(RETRY)
            await house.drained()
            assert texts(house) == []
            (row,) = house.rows()
            assert row.not_before == at(7, 30) + timedelta(days=1)

    play(story)


def test_many_that_wait_for_the_morning_do_not_stand_before_what_is_urgent(town: DemoTown) -> None:
    async def story() -> None:
        clock = Clock(at(20, 59))
        async with living(town, speak=False, clock=clock, quiet=QUIET) as house:
            for number in range(100):
                await house.queue(f"第{number}条")
            clock.now = at(22)
            await house.queue("台风", OTHER)
            await house.drained()
            assert texts(house) == ["台风"]

    play(story)


# ---- the clock jumps -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jumps", [(HOUR, -HOUR), (-HOUR, HOUR)])
def test_a_clock_that_jumps_an_hour_during_a_broadcast(town: DemoTown, jumps: tuple[timedelta, timedelta]) -> None:
    """Each group has it once, and nobody waits an hour for it."""

    async def story() -> None:
        pace = Speed((0, 0), 10, (20, 45), 6, 60, 300, 0, 0)
        async with living(town, speak=False, patience=PATIENCE, pace=pace) as house:
            groups = [name for name in house.rooms if name.endswith(("群", "家庭"))][:5]
            for name in groups:
                await house.queue(name, name)
            for step in range(60):
                if step in (6, 12):
                    house.clock.later(jumps[step == 12])
                await house.drained()
                house.clock.later(timedelta(seconds=5))
            # What was planned for "now" before the clock went back is planned for later: it waits for its time.
            house.clock.later(HOUR)
            for _ in range(60):
                await house.drained()
                house.clock.later(timedelta(seconds=5))
            assert sorted(texts(house)) == sorted(groups)
            assert set(house.states()) == {SENT}

    play(story)


# ---- the records -----------------------------------------------------------------------------------------------------


def test_what_was_missed_can_be_released_for_three_days_and_not_past_its_expiry(any_engine: Engine) -> None:
    with Session(any_engine) as session, session.begin():
        session.add(Room(transport=WEB, external_id="r", created_at=NOW))
        session.flush()
        for expires in (None, NOW + timedelta(days=1)):
            outbox.queue(session, room_id=1, kind=OutboxKind.NOTICE, text="通知", now=NOW, expires_at=expires)
        lapsed, held = missed.after_outage(session, WEB, since=NOW, patience=PATIENCE, now=NOW + 13 * HOUR)
        assert (lapsed, len(held)) == (0, 2)
        assert missed.held_back(session, now=NOW + 14 * HOUR) == held
        assert len(missed.held_back(session, now=NOW + 25 * HOUR)) == 1
        assert missed.held_back(session, now=NOW + timedelta(days=4)) == []
        assert missed.release(session, held, now=NOW + timedelta(days=4), not_before=NOW) == 0
        assert missed.release(session, held[:1], now=NOW + 14 * HOUR, not_before=NOW + 15 * HOUR) == 1
        assert missed.drop(session, held, now=NOW + 14 * HOUR) == 1
        assert outbox.due(session, transports=[WEB], now=NOW + 14 * HOUR, limit=9) == []
        (row,) = outbox.due(session, transports=[WEB], now=NOW + 15 * HOUR, limit=9)
        assert row.id == held[0]


def test_another_transports_outage_is_not_ours(town: DemoTown) -> None:
    with Session(town.engine) as session, session.begin():
        outbox.queue(session, room_id=1, kind=OutboxKind.NOTICE, text="通知", now=NOW)
        later = NOW + 13 * HOUR
        assert missed.after_outage(session, "wechaty", since=NOW, patience=PATIENCE, now=later) == (0, [])
        assert missed.after_outage(session, WEB, since=later - HOUR, patience=PATIENCE, now=later) == (0, [])
        assert session.exec(select(Account)).one().able_at is None


def test_the_quiet_hours_know_when_they_began() -> None:
    assert QUIET.began(at(20, 59)) is None
    assert QUIET.began(at(21)) == at(21)
    assert QUIET.began(at(23, 59)) == at(21)
    assert QUIET.began(at(7, 29)) == at(21) - timedelta(days=1)
    assert QUIET.began(at(7, 30)) is None
    noon = QuietHours(time(12), time(14), ZONE)
    assert noon.began(at(13)) == at(12)
    assert QuietHours(time(0), time(0), ZONE).began(at(0)) is None
