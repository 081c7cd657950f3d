"""The jobs of the echo: each says what it has to say once, at a civil hour, and no burst of old things."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from data import cases, voices
from data.loop import Lecture, LectureRoom, LectureState, Step, VoiceKind
from data.mail import Outbox
from data.rules import Rules
from data.tables import Member, Room
from scheduler.echo import chase_cases, invite_ratings
from scheduler.job import JobContext
from tests.town import NOW, ZONE, DemoTown, demo_rules

RULES = demo_rules()
CONTEXT = JobContext(ZONE, RULES.quiet, timedelta(minutes=90), RULES)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE)


def invitations(session: Session) -> list[tuple[str, datetime]]:
    query = select(Room.name, Outbox.not_before).join(Room, col(Outbox.room_id) == col(Room.id))
    return list(session.exec(query.where(col(Outbox.once).like("rate:%")).order_by(col(Outbox.id))))


def invite(session: Session, now: datetime) -> int:
    return invite_ratings(session, CONTEXT, now, now)


# ---- invitations ---------------------------------------------------------------------------------------------------


def test_one_invitation_a_group_after_the_end(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        session.get_one(Lecture, 1).starts_at = at(23, 14)  # ends at 15:00
        session.flush()
        assert invite(session, at(23, 15)) == 0
        done = at(23, 15) + RULES.rate_after
        assert invite(session, done) == 1
        assert invite(session, done + timedelta(minutes=1)) == 0
        assert invitations(session) == [("上坪村乡亲群", done)]
        text = session.exec(select(Outbox.text).where(col(Outbox.once).like("rate:%"))).one()
    assert "不说也没关系" in text
    assert "请大家" not in text


def test_at_night_it_waits_for_noon(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        assert invite(session, at(23, 21)) == 1  # the demo lecture ends at 20:30, quiet hours begin at 21:00
        assert invitations(session) == [("上坪村乡亲群", at(24, 12))]


def test_nobody_is_asked_days_later_nor_about_what_was_cancelled(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        lecture = session.get_one(Lecture, 1)
        assert invite(session, at(25, 20, 31)) == 0
        lecture.starts_at = at(23, 7, 30)
        session.flush()
        assert invite(session, at(24, 22)) == 0  # noon would be more than two days after its end
        lecture.state = LectureState.CANCELLED
        session.flush()
        assert invite(session, at(23, 10)) == 0
        lecture.state = LectureState.DELIVERED
        session.flush()
        assert invite(session, at(23, 10)) == 1


def test_groups_away_from_home_are_asked_where_it_could_be_watched(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        away = session.exec(select(Room.id).where(Room.name == "上坪在外乡亲群")).one() or 0
        work = session.exec(select(Room.id).where(Room.name == "门楼镇宣讲工作群")).one() or 0
        session.add_all([LectureRoom(lecture_id=1, room_id=away), LectureRoom(lecture_id=1, room_id=work)])
        session.flush()
        assert invite(session, at(24, 9)) == 1
        session.get_one(Lecture, 1).live_url = "https://live.example/1"
        session.flush()
        assert invite(session, at(24, 9)) == 1
        assert [name for name, _ in invitations(session)] == ["上坪村乡亲群", "上坪在外乡亲群"]


# ---- reminders -----------------------------------------------------------------------------------------------------


@pytest.fixture
def rules() -> Rules:
    return RULES


def open_case(session: Session, kind: VoiceKind, *, now: datetime = NOW) -> int:
    asker = session.exec(select(Member.id).where(Member.name == "三婶唐桂英")).one() or 0
    room = session.exec(select(Room.id).where(Room.name == "上坪村乡亲群")).one() or 0
    voice = voices.record(
        session, kind, member_id=asker, room_id=room, village_id=1, text="路灯坏了", now=now, rules=RULES
    )
    return voice.id or 0


def reminders(session: Session) -> list[tuple[str, str]]:
    """(who, words), privately always."""
    query = (
        select(Member.name, Outbox.text)
        .join(Room, col(Room.external_id) == col(Member.external_id))
        .join(Outbox, col(Outbox.room_id) == col(Room.id))
        .where(col(Outbox.once).like("chase:%"))
        .order_by(col(Outbox.id))
    )
    return list(session.exec(query))


def chase(session: Session, now: datetime) -> int:
    return chase_cases(session, CONTEXT, now, now)


def test_half_way_and_over_once_each_and_gathered(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        first, second = (open_case(session, VoiceKind.QUESTION) for _ in range(2))
        assert chase(session, at(23, 10)) == 0
        assert chase(session, at(26, 10)) == 2  # half-way, to each of two coordinators, both cases in one message
        assert chase(session, at(26, 10, 1)) == 0
        assert {who for who, _ in reminders(session)} == {"宣传委员周竹蓉", "干事小农"}
        assert all(f"意见{first}号" in text and f"意见{second}号" in text for _, text in reminders(session))
        over = datetime(2026, 12, 2, 9, tzinfo=ZONE)
        assert chase(session, over) == 2
        assert chase(session, over + timedelta(hours=1)) == 0
        assert "过期了" in reminders(session)[-1][1]
        assert len(session.exec(select(Step).where(Step.state == cases.OVERDUE)).all()) == 2


def test_only_the_owner_is_reminded_and_nobody_of_what_is_answered(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        mine, done = open_case(session, VoiceKind.SUGGESTION), open_case(session, VoiceKind.SUGGESTION)
        zhou, nong = (
            session.exec(select(Member.id).where(Member.name == name)).one() or 0
            for name in ("宣传委员周竹蓉", "干事小农")
        )
        cases.pass_on(session, mine, nong, by=zhou, now=NOW, not_before=NOW, rules=RULES)
        cases.answer(session, done, "修好了", by=zhou, now=NOW, not_before=NOW)
        assert chase(session, at(26, 10)) == 1
        ((who, text),) = reminders(session)
        assert who == "干事小农"
        assert f"意见{done}号" not in text


@pytest.mark.parametrize("now", [at(26, 23), at(28, 10), at(26, 7)])
def test_nobody_is_reminded_out_of_office_hours(town: DemoTown, now: datetime) -> None:
    with town.session() as session, session.begin():
        open_case(session, VoiceKind.QUESTION, now=at(13, 10))
        assert chase(session, now) == 0
        assert chase(session, at(30, 10)) == 2


def test_what_was_let_lie_for_months_makes_no_noise(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        open_case(session, VoiceKind.QUESTION)
        assert chase(session, datetime(2027, 3, 1, 10, tzinfo=ZONE)) == 0
