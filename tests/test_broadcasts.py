"""Notices: written by one, released by another, exactly as they were shown, at their hour."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event
from sqlmodel import Session, col, select

from data import audiences, broadcasts, recalls, releasing, tags
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
from data.errors import TimeIsPast
from data.mail import Outbox, OutboxKind
from data.rules import BroadcastRules
from data.tables import Broadcast, BroadcastState, Member, Release, Role, RoleKind, Room, RoomKind, Village
from tests.broadcast_desk import (
    BOSS,
    NIGHT,
    RULES,
    SPEED,
    TOWN,
    YOUNG,
    approve,
    people,
    queued,
    state,
    submitted,
    timed,
    trail,
    written,
)
from tests.town import NOW, ZONE, DemoTown

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
