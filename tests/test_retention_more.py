"""Retention: what is told by name, words that were kept for ever, and clocks that are wrong."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, delete
from sqlmodel import Session, col, select

from data import retention
from data.loop import Assignment, Order, SignUp, Step, Subject
from data.mail import Inbox, Outbox, OutboxKind, OutboxState
from data.record_tables import Material, MaterialDownload, Removal
from data.retention import RETENTION
from data.tables import Member, Role, RoleKind
from scheduler import retention as jobs
from scheduler.job import JobContext
from tests.test_retention import OLD, fill, held, run
from tests.town import NOW, DemoTown, demo_rules


@pytest.fixture
def job() -> JobContext:
    rules = demo_rules()
    return JobContext(rules.zone, rules.quiet, timedelta(minutes=90), rules)


# ---- what is told by name, and what else was kept for ever ---------------------------------------------------------


def test_who_was_told_something_by_name_is_not_named_for_ever(any_engine: Engine) -> None:
    """The answer to a case, or a seat, told in the group; a notice to all of it stays."""
    with Session(any_engine) as session, session.begin():
        fill(session)
        session.execute(delete(Outbox).where(col(Outbox.queued_at) == NOW))  # rows come in the order of time
        told: dict[str, Any] = {"room_id": 1, "kind": OutboxKind.NOTICE, "priority": 10}
        told |= {"queued_at": OLD, "not_before": OLD}
        session.add(
            Outbox(**told, text="您说的急事“断水三天”，水管站来修", mentions=[["p1", "阿婆"]], state=OutboxState.SENT)
        )
        session.add(Outbox(**told, text="通知：明天停水", state=OutboxState.SENT))
        session.add(Removal(at=NOW - timedelta(days=1), kind="outbox", detail={"upto": 10**6}))  # of the time before
        session.flush()
        run(session)
        rows = session.exec(select(Outbox).where(Outbox.queued_at == OLD)).all()
        assert [each.text for each in rows if each.text] == ["短文", "通知：明天停水"]
        assert [each.mentions for each in rows] == [[]] * len(rows)
        again = session.exec(select(Removal).where(Removal.kind == "outbox", Removal.at == NOW)).one()
        assert again.rows == 3, "what an earlier version had passed by is looked at once more"
        run(session, NOW + timedelta(days=1))
        assert sum(each.rows for each in session.exec(select(Removal).where(Removal.at > NOW))) == 0


def test_the_words_of_orders_steps_and_offers_go_and_their_numbers_stay(any_engine: Engine) -> None:
    with Session(any_engine) as session, session.begin():
        fill(session)
        session.execute(delete(Order).where(col(Order.created_at) == NOW))
        session.add(Member(transport="t", external_id="p2", name="走了的人", created_at=OLD))
        member = session.get_one(Member, 1)
        session.add(Role(member_id=1, kind=RoleKind.COORDINATOR, granted_at=OLD, granted_by="绑定码"))
        for topic in (1, None):
            session.add(
                Order(
                    member_id=1,
                    room_id=1,
                    topic_id=topic,
                    wish="在唐家院子",
                    place="唐家院子",
                    when_text="周五",
                    created_at=OLD,
                )
            )
        session.flush()
        session.add(Step(subject=Subject.ORDER, subject_id=1, state="declined", at=OLD, by_id=1, reason="唐家太远"))
        session.add(
            Assignment(
                order_id=1,
                lecturer_id=1,
                starts_at=OLD,
                venue="唐家院子",
                reason="唐家太远",
                offered_by=1,
                offered_at=OLD,
            )
        )
        material = Material(topic_id=1, title="课件", file_name="a", path="a", sha256="a", size=1, uploaded_at=OLD)
        session.add(material)
        session.flush()
        session.add(MaterialDownload(material_id=material.id or 0, member_id=1, at=OLD))
        assert held(session, "唐家").keys() == {"lecture_order", "step", "assignment"}
        run(session)
        assert not held(session, "唐家")
        assert not held(session, "走了的人")
        assert member.name == "阿婆", "who was heard of late, or holds a role, keeps their name"
        assert set(session.exec(select(Order.wish).where(Order.created_at == OLD))) == {"", retention.EXPIRED}
        assert session.exec(select(MaterialDownload.member_id)).all() == [None]
        assert session.exec(select(Step.state).where(Step.at == OLD)).one() == "declined"


# ---- the clock -----------------------------------------------------------------------------------------------------


def test_a_clock_that_jumps_ahead_for_an_hour_removes_nothing(town: DemoTown, job: JobContext) -> None:
    with town.session() as session, session.begin():
        fill_lightly(session)
        wrong = NOW + timedelta(days=3 * 365)
        for minutes in range(0, 60, 10):
            jobs.go_on(session, job, wrong, wrong + timedelta(minutes=minutes))
        assert held(session, "断水三天")["inbox"] == 1
        jobs.begin(session, job, NOW, NOW + timedelta(hours=1))
        jobs.go_on(session, job, NOW, NOW + timedelta(hours=1))
        assert {each.kind for each in session.exec(select(Removal))} >= {each.key for each in RETENTION}
        assert held(session, "断水三天")["inbox"] == 1


def test_a_machine_that_was_off_for_long_removes_after_a_day(town: DemoTown, job: JobContext) -> None:
    with town.session() as session, session.begin():
        fill_lightly(session)
        back = NOW + timedelta(days=400)
        left = [_still(session, job, back + timedelta(hours=hours)) for hours in (0, 12, 23, 24, 25)]
    assert left == [1, 1, 1, 0, 0]


def test_after_a_clock_that_was_ahead_nothing_is_passed_by(any_engine: Engine) -> None:
    """A run of the future came to lectures beyond today; those that are held since are gone through all the same."""
    with Session(any_engine) as session, session.begin():
        fill(session)
        ahead = NOW + timedelta(days=700)
        detail = {"upto": ahead.isoformat(), "version": 1}
        session.add(Removal(at=ahead, kind="sign_ups", before=ahead, detail=detail))
        session.flush()
        assert retention.is_overdue(session, now=NOW)
        run(session, NOW)
        later = NOW + timedelta(days=200)
        session.add(
            Inbox(
                transport="t",
                message_id="m3",
                room_id=1,
                member_id=1,
                text="",
                heard_at=later,
                handled_at=later,
                route="x",
            )
        )
        session.flush()
        run(session, later)
        assert set(session.exec(select(SignUp.for_whom))) == {"", "周满妹", "代报4"}


def fill_lightly(session: Session) -> None:
    """One message of today."""
    member = session.exec(select(Member.id)).first() or 0
    session.add(
        Inbox(
            transport="t", message_id="m1", room_id=1, member_id=member, text="断水三天", heard_at=NOW, handled_at=NOW,
            route="x",
        )
    )  # fmt: skip
    session.flush()


def _still(session: Session, job: JobContext, now: datetime) -> int:
    jobs.go_on(session, job, now, now)
    return held(session, "断水三天")["inbox"]
