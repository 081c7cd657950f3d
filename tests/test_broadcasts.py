"""Notices: written by one, released by another, exactly as they were shown; stopped, corrected, not too many a day."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import Engine, event
from sqlmodel import Session, col, select

from data import audiences, broadcasts, recalls, releasing, steps, tags
from data.audiences import Audience
from data.broadcast_errors import (
    BroadcastStands,
    NoSecondPerson,
    NoSuchBroadcast,
    OthersBroadcast,
    OwnBroadcast,
    RoomsFull,
    TwoNeeded,
)
from data.broadcasts import Outcome
from data.errors import Declined, TimeIsPast
from data.loop import Subject
from data.mail import Outbox, OutboxKind, OutboxState
from data.pace import Speed
from data.rules import BroadcastRules
from data.tables import Broadcast, BroadcastState, Member, Release, Role, RoleKind, Room, RoomKind, Village
from tests.test_transcripts import matches
from tests.town import NOW, ZONE, DemoTown, Talk, demo_rules

RULES = demo_rules()
OFTEN = replace(RULES, broadcast=BroadcastRules(per_room_day=0))
SPEED = Speed()
FAST = Speed.none()
NIGHT = datetime(2026, 11, 20, 22, 0, tzinfo=ZONE)
TOWN = Audience(town=True)
BOSS, YOUNG = "宣传委员周竹蓉", "干事小农"


@pytest.fixture
def session(town: DemoTown) -> Iterator[Session]:
    with town.session() as session, session.begin():
        yield session


def people(session: Session) -> tuple[int, int]:
    """The two coordinators: who writes, who approves."""
    ids = {name: session.exec(select(Member.id).where(Member.name == name)).one() or 0 for name in (YOUNG, BOSS)}
    return ids[YOUNG], ids[BOSS]


def written(session: Session, text: str = "明天停水", audience: Audience = TOWN, now: datetime = NOW) -> int:
    author, _ = people(session)
    broadcast, _ = broadcasts.draft(session, author_id=author, audience=audience, called="全镇", text=text, now=now)
    return broadcast.id or 0


def submitted(session: Session, text: str = "明天停水", audience: Audience = TOWN, now: datetime = NOW) -> int:
    number = written(session, text, audience, now)
    broadcasts.submit(session, number, by=people(session)[0], now=now, rules=RULES, speed=SPEED)
    return number


def approve(session: Session, number: int, now: datetime = NOW) -> broadcasts.Result:
    return broadcasts.approve(session, number, by=people(session)[1], now=now, rules=RULES, speed=SPEED)


def queued(session: Session, number: int) -> list[Outbox]:
    return list(session.exec(select(Outbox).where(Outbox.broadcast_id == number).order_by(col(Outbox.id))))


def state(session: Session, number: int) -> BroadcastState:
    return session.get_one(Broadcast, number).state


def trail(session: Session, number: int) -> list[tuple[str, str, str]]:
    return [(each.state, each.who, each.reason) for each in steps.trail(session, Subject.BROADCAST, number)]


# ---- two people ----------------------------------------------------------------------------------------------------


def test_the_way_of_a_notice_is_written_down(session: Session) -> None:
    number = submitted(session)
    assert queued(session, number) == []
    assert approve(session, number).outcome is Outcome.QUEUED
    assert [(row.kind, row.text, row.once) for row in queued(session, number)] == [
        (OutboxKind.NOTICE, "明天停水", f"broadcast:{number}:{room}") for room in range(1, 6)
    ]
    assert trail(session, number) == [
        ("draft", YOUNG, ""),
        ("submitted", YOUNG, ""),
        ("approved", BOSS, ""),
        ("queued", BOSS, ""),
    ]
    kept = session.get_one(Broadcast, number)
    assert (kept.released, kept.approved_digest) == (Release.TWO, kept.digest)
    assert len(kept.digest) == 64


def test_nobody_approves_or_returns_their_own(session: Session) -> None:
    number = submitted(session)
    author, _ = people(session)
    for wish in (
        lambda: broadcasts.approve(session, number, by=author, now=NOW, rules=RULES, speed=SPEED),
        lambda: broadcasts.give_back(session, number, "不好", by=author, now=NOW, rules=RULES),
    ):
        with pytest.raises(OwnBroadcast, match=f"作废 B{number}"):
            wish()
    assert state(session, number) == BroadcastState.SUBMITTED


def test_a_second_approval_says_that_it_was_done(session: Session) -> None:
    number = submitted(session)
    approve(session, number)
    with pytest.raises(BroadcastStands, match="已经由宣传委员周竹蓉放行了"):
        approve(session, number)
    assert len(queued(session, number)) == 5


def test_only_what_waits_can_be_approved(session: Session) -> None:
    number = written(session)
    with pytest.raises(BroadcastStands, match="还没交审"):
        approve(session, number)
    broadcasts.drop(session, number, by=people(session)[0], now=NOW)
    with pytest.raises(BroadcastStands, match="已作废"):
        approve(session, number)
    with pytest.raises(NoSuchBroadcast):
        approve(session, 99)


def test_only_its_author_changes_and_drops_it(session: Session) -> None:
    number = submitted(session)
    other = people(session)[1]
    with pytest.raises(OthersBroadcast, match="干事小农来改"):
        broadcasts.change(session, number, by=other, now=NOW, rules=RULES, text="别的")
    with pytest.raises(OthersBroadcast):
        broadcasts.drop(session, number, by=other, now=NOW)
    with pytest.raises(OthersBroadcast):
        broadcasts.submit(session, number, by=other, now=NOW, rules=RULES, speed=SPEED)


def test_each_other_coordinator_is_asked_once_and_privately(session: Session) -> None:
    third = Member(transport="webchat", external_id="p-third", name="干事小三", created_at=NOW)
    session.add(third)
    session.flush()
    session.add(Role(member_id=third.id or 0, kind=RoleKind.COORDINATOR, granted_at=NOW, granted_by="test"))
    session.flush()
    number = submitted(session)
    asked = session.exec(select(Outbox, Room).join(Room).where(col(Outbox.text).startswith("干事小农写的通知"))).all()
    assert {room.external_id for _, room in asked} == {"p-zhouzhurong", "p-third"}
    assert all(room.kind == RoomKind.DIRECT and row.not_before == NOW for row, room in asked)
    (text,) = {row.text for row, _ in asked}
    for part in ("发到5个群", "机器人见过的共17人", "约今天15:", "明天停水", f"同意 B{number}", f"退回 B{number} 理由"):
        assert part in text


def test_without_a_second_person_it_says_what_would_help(session: Session) -> None:
    author, other = people(session)
    session.delete(session.exec(select(Role).where(Role.member_id == other)).one())
    session.flush()
    number = written(session)
    with pytest.raises(NoSecondPerson, match=f"紧急 B{number}"):
        broadcasts.submit(session, number, by=author, now=NOW, rules=RULES, speed=SPEED)


def test_a_town_may_want_no_second_person_and_that_is_marked(session: Session) -> None:
    alone = replace(RULES, broadcast=BroadcastRules(two_people=False))
    number = written(session)
    author, _ = people(session)
    result = broadcasts.submit(session, number, by=author, now=NOW, rules=alone, speed=SPEED)
    assert result.outcome is Outcome.QUEUED
    assert session.get_one(Broadcast, number).released == Release.ALONE
    assert trail(session, number)[-1] == ("alone", YOUNG, "")
    assert len(queued(session, number)) == 5


def test_a_reason_comes_back_to_the_author(session: Session) -> None:
    number = submitted(session)
    broadcasts.give_back(session, number, "没写几点", by=people(session)[1], now=NOW, rules=RULES)
    told = session.exec(select(Outbox.text).where(col(Outbox.text).contains("没写几点"))).one()
    assert "宣传委员周竹蓉退回了您的通知" in told
    assert trail(session, number)[-1] == ("returned", BOSS, "没写几点")
    again = broadcasts.submit(session, number, by=people(session)[0], now=NOW, rules=RULES, speed=SPEED)
    assert again.outcome is Outcome.SUBMITTED
    assert len(session.exec(select(Outbox).where(col(Outbox.text).startswith("干事小农写的通知"))).all()) == 2


# ---- what an approval binds to -------------------------------------------------------------------------------------


def test_the_digest_is_of_all_that_is_approved(session: Session) -> None:
    number = written(session)
    broadcast = session.get_one(Broadcast, number)
    reach = audiences.reach(session, TOWN)
    digests = {broadcast.digest}
    for other in (
        replace(reach, rooms=reach.rooms[1:]),
        replace(reach, members=(1,)),
    ):
        digests.add(releasing.digest_of(broadcast, other))
    for name, value in (("text", "后天停水"), ("leaves_at", NOW + timedelta(hours=1)), ("urgent", True)):
        digests.add(releasing.digest_of(broadcast.model_copy(update={name: value}), reach))
    assert len(digests) == 6
    assert releasing.digest_of(broadcast, replace(reach, rooms=reach.rooms[::-1], people=0)) == broadcast.digest


@pytest.mark.parametrize("what", [{"text": "后天停水"}, {"leaves_at": NOW + timedelta(days=2)}, {"urgent": True}])
def test_a_change_voids_the_approval_and_tells_who_gave_it(session: Session, what: dict[str, object]) -> None:
    author, _ = people(session)
    number = written(session)
    broadcasts.change(session, number, by=author, now=NOW, rules=RULES, leaves_at=NOW + timedelta(days=1))
    broadcasts.submit(session, number, by=author, now=NOW, rules=RULES, speed=SPEED)
    assert approve(session, number).outcome is Outcome.APPROVED
    broadcasts.change(session, number, by=author, now=NOW, rules=RULES, **what)  # type: ignore[arg-type]
    kept = session.get_one(Broadcast, number)
    assert (kept.state, kept.approved_by, kept.approved_digest) == (BroadcastState.DRAFT, None, "")
    told = session.exec(select(Outbox.text).where(col(Outbox.text).contains("您的同意作废"))).all()
    assert len(told) == 1
    assert broadcasts.release_due(session, now=NOW + timedelta(days=3), rules=RULES, grace=timedelta(days=9)) == 0
    assert queued(session, number) == []


def test_an_audience_that_changed_is_shown_again_instead_of_sent(session: Session) -> None:
    number = submitted(session)
    session.add(
        Room(
            transport="webchat", external_id="r-new", name="新群", kind=RoomKind.RESIDENTS, village_id=1, created_at=NOW
        )
    )
    session.flush()
    result = approve(session, number)
    assert (result.outcome, result.note) == (Outcome.CHANGED, "多了新群")
    assert queued(session, number) == []
    assert approve(session, number).outcome is Outcome.QUEUED
    assert len(queued(session, number)) == 6


def test_before_it_is_submitted_its_author_sees_it_again(session: Session) -> None:
    author, _ = people(session)
    number = written(session)
    session.exec(select(Room).where(Room.name == "石湾村大家庭")).one().kind = RoomKind.UNBOUND
    session.flush()
    result = broadcasts.submit(session, number, by=author, now=NOW, rules=RULES, speed=SPEED)
    assert (result.outcome, result.note) == (Outcome.CHANGED, "少了1个群")
    assert state(session, number) == BroadcastState.DRAFT


# ---- its hour ------------------------------------------------------------------------------------------------------


def timed(session: Session, at: datetime) -> int:
    author, _ = people(session)
    number = written(session)
    broadcasts.change(session, number, by=author, now=NOW, rules=RULES, leaves_at=at)
    broadcasts.submit(session, number, by=author, now=NOW, rules=RULES, speed=SPEED)
    assert approve(session, number).outcome is Outcome.APPROVED
    return number


def test_what_is_approved_waits_for_its_hour_and_goes_once(session: Session) -> None:
    at = NOW + timedelta(hours=20)
    number = timed(session, at)
    grace = timedelta(minutes=90)
    assert broadcasts.release_due(session, now=at - timedelta(minutes=1), rules=RULES, grace=grace) == 0
    assert broadcasts.release_due(session, now=at, rules=RULES, grace=grace) == 5
    assert broadcasts.release_due(session, now=at, rules=RULES, grace=grace) == 0
    assert {row.not_before for row in queued(session, number)} == {at}
    assert trail(session, number)[-1] == ("queued", "", "")


def test_at_its_hour_the_digest_is_looked_at_again(session: Session) -> None:
    at = NOW + timedelta(hours=20)
    number = timed(session, at)
    session.exec(select(Room).where(Room.name == "石湾村大家庭")).one().kind = RoomKind.UNBOUND
    session.flush()
    assert broadcasts.release_due(session, now=at, rules=RULES, grace=timedelta(minutes=90)) == 0
    assert state(session, number) == BroadcastState.RETURNED
    assert "群变了：少了1个群" in trail(session, number)[-1][2]


def test_an_hour_missed_by_a_downtime_is_asked_about(session: Session) -> None:
    at = NOW + timedelta(hours=20)
    number = timed(session, at)
    assert broadcasts.release_due(session, now=at + timedelta(hours=2), rules=RULES, grace=timedelta(minutes=90)) == 0
    assert state(session, number) == BroadcastState.RETURNED
    assert queued(session, number) == []
    told = session.exec(select(Outbox.text).where(col(Outbox.text).startswith("没有发出您的通知"))).one()
    assert "错过了" in told


def test_an_hour_in_the_past_is_refused(session: Session) -> None:
    with pytest.raises(TimeIsPast):
        broadcasts.change(
            session, written(session), by=people(session)[0], now=NOW, rules=RULES, leaves_at=NOW - timedelta(minutes=1)
        )


def test_quiet_hours_and_what_passes_them(session: Session) -> None:
    plain, urgent = submitted(session, now=NIGHT), submitted(session, "【紧急】台风", now=NIGHT)
    approve(session, plain, NIGHT)
    approve(session, urgent, NIGHT)
    assert {row.not_before.astimezone(ZONE).strftime("%d %H:%M") for row in queued(session, plain)} == {"21 07:30"}
    assert {row.not_before for row in queued(session, urgent)} == {NIGHT}


@pytest.mark.parametrize(
    ("text", "urgent"), [("紧急：台风", True), ("【紧急】", True), ("（緊急）", True), ("不紧急", False)]
)
def test_what_says_that_it_is_urgent(session: Session, text: str, urgent: bool) -> None:
    number = written(session, text)
    assert session.get_one(Broadcast, number).urgent is urgent
    broadcasts.change(session, number, by=people(session)[0], now=NOW, rules=RULES, text="慢慢来")
    assert session.get_one(Broadcast, number).urgent is False


# ---- an emergency --------------------------------------------------------------------------------------------------


def test_one_person_releases_an_emergency_and_everybody_knows(session: Session) -> None:
    author, _ = people(session)
    number = written(session, "水来了", now=NIGHT)
    broadcasts.emergency(session, number, "水文站来电", by=author, now=NIGHT, rules=RULES)
    assert {row.not_before for row in queued(session, number)} == {NIGHT}
    assert trail(session, number)[-1] == ("emergency", YOUNG, "水文站来电")
    assert session.get_one(Broadcast, number).released == Release.EMERGENCY
    told = session.exec(select(Outbox).where(col(Outbox.text).startswith("【紧急发布】"))).all()
    assert [row.not_before for row in told] == [NIGHT]


def test_not_where_the_town_wants_two_people_always(session: Session) -> None:
    strict = replace(RULES, broadcast=BroadcastRules(emergency=False))
    number = written(session)
    with pytest.raises(TwoNeeded):
        broadcasts.emergency(session, number, "急", by=people(session)[0], now=NOW, rules=strict)
    assert queued(session, number) == []


# ---- to stop it and to put it right --------------------------------------------------------------------------------


def half_sent(session: Session) -> int:
    """Two groups have it, one is in doubt, one is on its way, one waits."""
    number = submitted(session)
    approve(session, number)
    states = (OutboxState.SENT, OutboxState.SENT, OutboxState.UNKNOWN, OutboxState.SENDING, OutboxState.PENDING)
    for row, what in zip(queued(session, number), states, strict=True):
        row.state = what
    session.flush()
    return number


def test_a_recall_stops_what_has_not_left_and_says_who_has_it(session: Session) -> None:
    number = half_sent(session)
    done = recalls.recall(session, number, by=people(session)[1], now=NOW, rules=RULES)
    assert (done.stopped, done.sent, done.doubtful) == (1, 2, 2)
    assert done.names == ("上坪村乡亲群", "上坪在外乡亲群", "石湾村大家庭")
    session.expire_all()
    assert [row.state for row in queued(session, number)][-1] == OutboxState.CANCELLED
    assert state(session, number) == BroadcastState.RECALLED
    told = session.exec(select(Outbox.text).where(col(Outbox.text).contains("停发了通知"))).all()
    assert told == [f"宣传委员周竹蓉停发了通知B{number}，1处没有发。"]


def test_what_was_stopped_is_never_sent_again(session: Session) -> None:
    """Neither what was on its way and did not go out, nor what is in doubt and somebody wants 重发."""
    from data import dispatches, outbox
    from data.errors import NothingInDoubt

    number = half_sent(session)
    recalls.recall(session, number, by=people(session)[0], now=NOW, rules=RULES)
    *_, doubtful, sending, _ = (row.id or 0 for row in queued(session, number))
    with pytest.raises(NothingInDoubt):
        dispatches.settle(session, [doubtful], there=False, now=NOW + timedelta(minutes=1))
    held = outbox.Settled(sending, OutboxState.PENDING, error="没连上", retry_at=NOW)
    outbox.settle(session, [held], now=NOW)
    later = NOW + timedelta(minutes=1)
    assert outbox.claim(session, [sending], now=later) == []
    session.expire_all()
    assert session.get_one(Outbox, sending).state == OutboxState.EXPIRED
    assert dispatches.settle(session, [doubtful], there=True, now=later) == 1


def test_a_correction_goes_to_exactly_those_who_have_the_old_one(session: Session) -> None:
    number = half_sent(session)
    author, _ = people(session)
    with pytest.raises(BroadcastStands, match="还有1处没发"):
        recalls.correct(session, number, "后天停水", by=author, now=NOW)
    recalls.recall(session, number, by=author, now=NOW, rules=RULES)
    new, reach = recalls.correct(session, number, "后天停水", by=author, now=NOW)
    assert (new.text, new.corrects_id, new.state) == ("【更正】后天停水", number, BroadcastState.DRAFT)
    assert [name for _, name in reach.rooms] == ["上坪村乡亲群", "上坪在外乡亲群", "石湾村大家庭"]
    broadcasts.change(session, new.id or 0, by=author, now=NOW, rules=RULES, text="后天停电")
    assert new.text == "【更正】后天停电"
    broadcasts.submit(session, new.id or 0, by=author, now=NOW, rules=RULES, speed=SPEED)
    with pytest.raises(OwnBroadcast):
        broadcasts.approve(session, new.id or 0, by=author, now=NOW, rules=RULES, speed=SPEED)
    approve(session, new.id or 0)
    assert len(queued(session, new.id or 0)) == 3


def test_a_group_that_turns_out_to_have_it_is_corrected_too(session: Session) -> None:
    number = half_sent(session)
    author, _ = people(session)
    recalls.recall(session, number, by=author, now=NOW, rules=RULES)
    new, _ = recalls.correct(session, number, "后天停水", by=author, now=NOW)
    broadcasts.submit(session, new.id or 0, by=author, now=NOW, rules=RULES, speed=SPEED)
    sending = next(row for row in queued(session, number) if row.state == OutboxState.SENDING)
    sending.state = OutboxState.SENT  # its echo came
    session.flush()
    result = approve(session, new.id or 0)
    assert (result.outcome, result.note) == (Outcome.CHANGED, "多了榕木坳村民群")


def test_what_nobody_has_needs_no_correction(session: Session) -> None:
    with pytest.raises(BroadcastStands, match="直接“改"):
        recalls.correct(session, written(session), "后天", by=people(session)[0], now=NOW)


def test_what_was_not_released_is_stopped_too(session: Session) -> None:
    number = timed(session, NOW + timedelta(days=1))
    author, other = people(session)
    recalls.recall(session, number, by=other, now=NOW, rules=RULES)
    assert state(session, number) == BroadcastState.RETURNED
    recalls.recall(session, number, by=author, now=NOW, rules=RULES)
    assert state(session, number) == BroadcastState.DROPPED
    with pytest.raises(BroadcastStands):
        recalls.recall(session, number, by=author, now=NOW, rules=RULES)


# ---- not too many --------------------------------------------------------------------------------------------------


def test_a_group_gets_so_many_a_day(session: Session) -> None:
    author, _ = people(session)
    shiwan = Audience(villages=(2,))
    for _ in range(2):
        approve(session, submitted(session, audience=shiwan))
    number = written(session)
    with pytest.raises(RoomsFull, match="石湾村大家庭今天已有2条通知"):
        broadcasts.submit(session, number, by=author, now=NOW, rules=RULES, speed=SPEED)
    tomorrow = NOW + timedelta(days=1)
    assert releasing.full_rooms(session, session.get_one(Broadcast, number), rules=RULES, now=tomorrow) == []
    broadcasts.change(session, number, by=author, now=NOW, rules=RULES, urgent=True)
    broadcasts.submit(session, number, by=author, now=NOW, rules=RULES, speed=SPEED)
    assert approve(session, number).outcome is Outcome.QUEUED


def test_what_was_stopped_counts_for_nothing(session: Session) -> None:
    author, _ = people(session)
    for _ in range(2):
        number = submitted(session)
        approve(session, number)
        recalls.recall(session, number, by=author, now=NOW, rules=RULES)
    assert approve(session, submitted(session)).outcome is Outcome.QUEUED


def test_it_is_looked_at_again_when_it_is_approved(session: Session) -> None:
    waiting = [submitted(session) for _ in range(3)]
    for number in waiting[:2]:
        approve(session, number)
    with pytest.raises(RoomsFull):
        approve(session, waiting[2])
    assert queued(session, waiting[2]) == []


# ---- how it is said ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        "同意 B1",
        "B1 同意",
        "同意b1",
        "b1同意",
        "B1，同意",
        "放行 B1",
        "通知1号 同意",
        "同意通知1号",
        "Ｂ１ 同意",
        "通過 B1",
        "B1 通过了。",
    ],
)
def test_forgiving_wording(town: DemoTown, said: str) -> None:
    talk = Talk(town)
    talk.say(YOUNG, None, "通知 石湾村 明天停水")
    talk.say(YOUNG, None, "确认")
    told = talk.say(BOSS, "门楼镇宣讲工作群", said)
    assert told[0] == "[石湾村大家庭] 明天停水", told


@pytest.mark.parametrize("said", ["同意", "1号 同意", "同意 1号", "同意1", "B1是什么", "B超同意"])
def test_what_is_no_release(town: DemoTown, said: str) -> None:
    talk = Talk(town)
    talk.say(YOUNG, None, "通知 石湾村 明天停水")
    talk.say(YOUNG, None, "确认")
    assert not any(told.startswith("[石湾村大家庭]") for told in talk.say(BOSS, "门楼镇宣讲工作群", said))


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("改 B1 成立大会改期", "成立大会改期"),
        ("B1 改 後天停水，  請存水", "後天停水，  請存水"),
        ("改B1：第一行\n第二行", "第一行\n第二行"),
        ("改成 B1 后天停水", "后天停水"),
        ("通知1号 改为 后天停水", "后天停水"),
    ],
)
def test_official_speech_is_kept_to_the_letter(town: DemoTown, said: str, text: str) -> None:
    talk = Talk(town)
    talk.say(YOUNG, None, "通知 石湾村 明天停水")
    (shown,) = talk.say(YOUNG, None, said)
    assert f"————\n{text}\n————" in shown


def test_commands_without_their_words_are_answered(town: DemoTown) -> None:
    talk = Talk(town)
    talk.say(YOUNG, None, "通知 石湾村 明天停水")
    for said, answer in (
        ("改 B1", "改成什么"),
        ("定时 B1", "请写时间"),
        ("定时 B1 猴年马月", "请写时间"),
        ("更正 B1", "对的内容是什么"),
        ("退回 B1", "退回要写理由"),
        ("同意 B9", "没有通知B9"),
        ("停发 B1", "好，通知B1停了"),
        ("加急 B1", "已作废"),
    ):
        (told,) = talk.say(YOUNG, None, said)
        assert answer in told, told


def test_where_it_stands_is_in_the_dispatches(town: DemoTown) -> None:
    talk = Talk(town, sends=False)
    talk.say(YOUNG, None, "通知 石湾村 明天停水")
    assert "通知B1“明天停水”：草稿，还没交审。" in talk.say(YOUNG, None, "发送情况")[0]
    talk.say(YOUNG, None, "确认")
    talk.say(YOUNG, None, "提交 B1")
    assert "通知B1“明天停水”：等另一位干事同意。" in talk.say(BOSS, None, "发送情况")[0]
    talk.say(BOSS, None, "同意 B1")
    assert "通知B1“明天停水”：0/1群已发，1在排队。" in talk.say(BOSS, None, "发送情况")[0]
    talk.say(BOSS, None, "停发 B1")
    assert matches("…通知B1“明天停水”（已停发）：0/1群已发。", talk.say(BOSS, None, "发送情况")[0])


# ---- both databases, and many groups -------------------------------------------------------------------------------


def test_on_both_databases(any_engine: Engine) -> None:
    with Session(any_engine) as session, session.begin():
        session.add(Village(id=1, name="东沟村"))
        session.flush()
        for name in (YOUNG, BOSS):
            session.add(Member(transport="webchat", external_id=name, name=name, village_id=1, created_at=NOW))
        kinds = (RoomKind.RESIDENTS, RoomKind.MIGRANTS, RoomKind.UNBOUND)
        for at, kind in enumerate(kinds):
            session.add(
                Room(transport="webchat", external_id=f"r{at}", name=f"群{at}", kind=kind, village_id=1, created_at=NOW)
            )
        session.flush()
        for member in session.exec(select(Member)).all():
            session.add(Role(member_id=member.id or 0, kind=RoleKind.COORDINATOR, granted_at=NOW, granted_by="test"))
        tags.put(session, "种植户", tags.bearer(session, "东沟村"))
        both = Audience(villages=(1,), tags=("种植户",))
        for _ in range(2):
            number = submitted(session, audience=both)
            assert approve(session, number).outcome is Outcome.QUEUED
            assert len(queued(session, number)) == 2
        with pytest.raises(RoomsFull):
            submitted(session, audience=both)
        assert recalls.recall(session, number, by=people(session)[0], now=NOW, rules=RULES).stopped == 2


def test_many_groups_are_queued_in_one_statement(town: DemoTown) -> None:
    """Counted in statements, not in time: as many for a thousand groups as for five."""
    with town.session() as session, session.begin():
        number = submitted(session)
        few = statements(town.engine, lambda: approve(session, number))
        session.add_all(
            Room(transport="webchat", external_id=f"n{at}", name=f"群{at}", kind=RoomKind.RESIDENTS, created_at=NOW)
            for at in range(1000)
        )
        session.flush()
        number = submitted(session)
        many = statements(town.engine, lambda: approve(session, number))
        assert len(queued(session, number)) == 1005
    assert few > 5
    assert many <= few + 1


def statements(engine: Engine, work: object) -> int:
    seen: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", count)
    try:
        work()  # type: ignore[operator]
    finally:
        event.remove(engine, "before_cursor_execute", count)
    return len(seen)


# ---- whatever happens ----------------------------------------------------------------------------------------------


class Desk(RuleBasedStateMachine):
    """Two coordinators at random: nothing leaves but what another approved exactly so, or what is marked."""

    template: Path

    @initialize()
    def begin(self) -> None:
        self.folder = TemporaryDirectory()
        path = Path(self.folder.name) / "town.db"
        shutil.copy(self.template, path)
        from tests.loop_world import open_fast

        self.engine = open_fast(path)
        self.session = Session(self.engine)
        self.session.begin()
        self.people = people(self.session)
        self.now = NOW
        self.numbers: list[int] = []
        self.shown: dict[int, set[str]] = {}  # digests that the other one agreed to
        self.fresh = 0
        self.write(0, 1, urgent=False)

    def pick(self, at: int, *likely: BroadcastState) -> int:
        """A notice, one of these states where there is any: most wishes shall come true."""
        found = [each for each in self.numbers if state(self.session, each) in likely] or self.numbers
        return found[at % len(found)]

    def try_(self, work: object) -> object:
        """A wish of somebody's; what cannot be is told to them and changes nothing."""
        before = self.stands()
        try:
            return work()  # type: ignore[operator]
        except Declined:
            self.session.flush()
            assert self.stands() == before
            return None

    def stands(self) -> list[tuple[object, ...]]:
        rows = self.session.exec(select(Broadcast).order_by(col(Broadcast.id))).all()
        return [(each.id, each.state, each.digest, each.approved_digest, each.text) for each in rows]

    @rule(who=st.integers(0, 1), village=st.integers(1, 4), urgent=st.booleans())
    def write(self, who: int, village: int, urgent: bool) -> None:
        broadcast, _ = broadcasts.draft(
            self.session,
            author_id=self.people[who],
            audience=Audience(villages=(village,)),
            called="村",
            text=f"{'紧急' if urgent else ''}第{len(self.numbers)}条",
            now=self.now,
        )
        self.numbers.append(broadcast.id or 0)

    @rule(who=st.sampled_from([0, 1, None]), at=st.integers(0, 9))
    def submit(self, who: int | None, at: int) -> None:
        number = self.pick(at, BroadcastState.DRAFT, BroadcastState.RETURNED)
        by = self.session.get_one(Broadcast, number).author_id if who is None else self.people[who]
        self.try_(lambda: broadcasts.submit(self.session, number, by=by, now=self.now, rules=OFTEN, speed=FAST))

    @rule(who=st.integers(0, 1), at=st.integers(0, 9))
    def agree(self, who: int, at: int) -> None:
        number = self.pick(at, BroadcastState.SUBMITTED)
        found = self.session.get(Broadcast, number)
        digest, author = (found.digest, found.author_id) if found else ("", 0)
        result = self.try_(
            lambda: broadcasts.approve(self.session, number, by=self.people[who], now=self.now, rules=OFTEN, speed=FAST)
        )
        if isinstance(result, broadcasts.Result) and result.outcome is not Outcome.CHANGED:
            assert author != self.people[who]
            self.shown.setdefault(number, set()).add(digest)

    @rule(who=st.integers(0, 1), at=st.integers(0, 9), what=st.sampled_from(["text", "hour", "urgent", "now"]))
    def edit(self, who: int, at: int, what: str) -> None:
        if at > 4:
            return
        number = self.pick(at, BroadcastState.SUBMITTED, BroadcastState.APPROVED)
        self.fresh += 1
        values: dict[str, object] = {
            "text": {"text": f"改{self.fresh}"},
            "hour": {"leaves_at": self.now + timedelta(hours=2)},
            "urgent": {"urgent": True},
            "now": {"at_once": True},
        }[what]  # type: ignore[assignment]
        self.try_(
            lambda: broadcasts.change(
                self.session,
                number,
                by=self.people[who],
                now=self.now,
                rules=OFTEN,
                **values,  # type: ignore[arg-type]
            )
        )

    @rule(who=st.integers(0, 1), at=st.integers(0, 9))
    def give_back(self, who: int, at: int) -> None:
        if at > 2:
            return
        number = self.pick(at, BroadcastState.SUBMITTED, BroadcastState.APPROVED)
        self.try_(
            lambda: broadcasts.give_back(self.session, number, "不行", by=self.people[who], now=self.now, rules=OFTEN)
        )

    @rule(who=st.integers(0, 1), at=st.integers(0, 9))
    def stop(self, who: int, at: int) -> None:
        number = self.pick(at, BroadcastState.QUEUED)
        if at and state(self.session, number) != BroadcastState.QUEUED:
            return  # what is not released is let go now and then
        self.try_(lambda: recalls.recall(self.session, number, by=self.people[who], now=self.now, rules=OFTEN))

    @rule(who=st.integers(0, 1), at=st.integers(0, 9))
    def alone(self, who: int, at: int) -> None:
        number = self.pick(at)
        if at > 1:
            return  # emergencies are rare
        self.try_(
            lambda: broadcasts.emergency(self.session, number, "急", by=self.people[who], now=self.now, rules=OFTEN)
        )

    @rule(village=st.integers(1, 4))
    def another_group(self, village: int) -> None:
        self.fresh += 1
        name = f"新群{self.fresh}"
        self.session.add(
            Room(
                transport="webchat",
                external_id=name,
                name=name,
                kind=RoomKind.RESIDENTS,
                village_id=village,
                created_at=self.now,
            )
        )
        self.session.flush()

    @rule(hours=st.integers(1, 30))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        broadcasts.release_due(self.session, now=self.now, rules=OFTEN, grace=timedelta(hours=20))

    @invariant()
    def nothing_left_that_was_not_released(self) -> None:
        if not hasattr(self, "session"):
            return
        rows: dict[int, list[Outbox]] = {}
        for row in self.session.exec(select(Outbox).where(col(Outbox.broadcast_id).is_not(None))):
            rows.setdefault(row.broadcast_id or 0, []).append(row)
        for broadcast in self.session.exec(select(Broadcast)).all():
            mine = rows.get(broadcast.id or 0, [])
            assert len({row.room_id for row in mine}) == len(mine)
            if not mine:
                continue
            assert broadcast.state in (BroadcastState.QUEUED, BroadcastState.RECALLED)
            assert {row.room_id for row in mine} == set(broadcast.room_ids)
            assert {row.text for row in mine} == {broadcast.text}
            if broadcast.released == Release.TWO:
                assert broadcast.approved_by not in (None, broadcast.author_id)
                assert broadcast.approved_digest == broadcast.digest
                assert broadcast.digest in self.shown[broadcast.id or 0]
            else:
                assert broadcast.released == Release.EMERGENCY
                said = [each.state for each in steps.trail(self.session, Subject.BROADCAST, broadcast.id or 0)]
                assert "emergency" in said

    def teardown(self) -> None:
        if hasattr(self, "session"):
            self.session.close()
            self.engine.dispose()
            self.folder.cleanup()


def test_nothing_is_queued_that_nobody_else_approved(town: DemoTown) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    town.engine.dispose()
    Desk.template = town.path
    run_state_machine_as_test(
        Desk,
        settings=settings(
            max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
