"""Who and what is taken: nobody is in two villages at once, and no village has two lectures at a time."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlmodel import Session

from data.clashes import LONGEST, TRAVEL, Taken, clashes, why_not
from data.loop import Assignment, AssignmentState, Lecture, LectureState, Order, OrderState
from data.tables import Lecturer, Member, Room, Topic, Village
from tests.town import NOW, ZONE, demo_rules

RULES = demo_rules()
EVENING = datetime(2026, 11, 25, 19, 30, tzinfo=ZONE)
QIN, HUANG = 1, 2
SHIWAN, SHANGPING = 1, 2


@pytest.fixture
def session(any_engine: Engine) -> Iterator[Session]:
    """Two lecturers and two villages; 覃志刚 is to speak in 石湾村 on Wednesday from 19:30 to 20:30."""
    with Session(any_engine) as session:
        session.add_all([Lecturer(id=QIN, name="覃志刚"), Lecturer(id=HUANG, name="黄秀兰")])
        session.add_all([Village(id=SHIWAN, name="石湾村"), Village(id=SHANGPING, name="上坪村")])
        session.add(Topic(id=1, name="反诈骗"))
        session.add(Room(id=1, transport="webchat", external_id="r", created_at=NOW))
        session.add(Member(id=1, transport="webchat", external_id="m", created_at=NOW))
        session.flush()
        session.add(lecture(1))
        session.flush()
        yield session


def lecture(
    number: int, state: LectureState = LectureState.ANNOUNCED, at: datetime = EVENING, minutes: int = 60
) -> Lecture:
    return Lecture(
        id=number,
        topic_id=1,
        lecturer_id=QIN,
        village_id=SHIWAN,
        title="陌生电话来了怎么办",
        venue="文化室",
        starts_at=at,
        state=state,
        minutes=minutes,
    )


def why(
    session: Session,
    *,
    minutes_later: int = 0,
    who: int | None = HUANG,
    where: int | None = SHANGPING,
    venue: str = "大榕树下",
    ignoring: int | None = None,
    ignoring_order: int | None = None,
) -> tuple[str, ...]:
    return clashes(
        session,
        starts_at=EVENING + timedelta(minutes=minutes_later),
        minutes=60,
        lecturer_id=who,
        venue=venue,
        village_id=where,
        ignoring=ignoring,
        ignoring_order=ignoring_order,
        rules=RULES,
    )


def test_somebody_else_somewhere_else_is_free(session: Session) -> None:
    assert why(session) == ()
    assert why(session, who=None, where=None, venue="") == ()


@pytest.mark.parametrize(
    ("minutes_later", "free"), [(-90, True), (-89, False), (0, False), (60, False), (89, False), (90, True)]
)
def test_a_lecturer_needs_half_an_hour_from_village_to_village(
    session: Session, minutes_later: int, free: bool
) -> None:
    if minutes_later == 90:  # 21:00 is quiet
        assert why(session, minutes_later=90, who=QIN) == ("在免打扰时间",)
        return
    expected = () if free else ("覃志刚那天19:30要去石湾村讲课",)
    assert why(session, minutes_later=minutes_later, who=QIN) == expected


@pytest.mark.parametrize(("minutes_later", "free"), [(-60, True), (-59, False), (59, False), (60, True)])
def test_in_the_same_village_they_may_go_on_at_once(session: Session, minutes_later: int, free: bool) -> None:
    told = why(session, minutes_later=minutes_later, who=QIN, where=SHIWAN, venue="文化室")
    assert told == (() if free else ("覃志刚那天19:30要去石湾村讲课",))


@pytest.mark.parametrize(("venue", "told"), [("文化室", "文化室那时有别的课"), ("船头", "石湾村那时有别的课")])
def test_a_village_has_one_lecture_at_a_time(session: Session, venue: str, told: str) -> None:
    assert why(session, where=SHIWAN, venue=venue, minutes_later=30) == (told,)
    assert why(session, where=SHIWAN, venue=venue, minutes_later=60) == ()
    assert why(session, where=SHIWAN, venue=venue, minutes_later=-60) == ()


def test_a_venue_of_that_name_elsewhere_is_another(session: Session) -> None:
    assert why(session, where=SHANGPING, venue="文化室") == ()


def test_nobody_is_called_out_in_quiet_hours(session: Session) -> None:
    assert why(session, minutes_later=120) == ("在免打扰时间",)
    assert why(session, minutes_later=-13 * 60) == ("在免打扰时间",)
    assert why(session, minutes_later=-12 * 60) == ()


@pytest.mark.parametrize("state", [LectureState.CANCELLED, LectureState.DELIVERED, LectureState.ARCHIVED])
def test_what_is_over_or_off_stands_in_nobody_s_way(session: Session, state: LectureState) -> None:
    session.get_one(Lecture, 1).state = state
    assert why(session, who=QIN, where=SHIWAN) == ()


def test_a_lecture_does_not_stand_in_its_own_way(session: Session) -> None:
    assert why(session, who=QIN, where=SHIWAN, minutes_later=30)
    assert why(session, who=QIN, where=SHIWAN, minutes_later=30, ignoring=1) == ()


def test_the_longest_lecture_is_still_seen(session: Session) -> None:
    session.delete(session.get_one(Lecture, 1))
    session.flush()
    session.add(lecture(2, at=EVENING - timedelta(hours=10), minutes=600))
    assert why(session, who=QIN) == ("覃志刚那天09:30要去石湾村讲课",)
    assert timedelta(minutes=600) < LONGEST


def offer(session: Session, state: AssignmentState, order_state: OrderState) -> None:
    session.add(
        Order(id=12, member_id=1, room_id=1, village_id=SHANGPING, topic_id=1, state=order_state, created_at=NOW)
    )
    session.flush()
    session.add(
        Assignment(
            order_id=12,
            lecturer_id=HUANG,
            state=state,
            starts_at=EVENING,
            venue="大榕树下",
            offered_by=1,
            offered_at=NOW,
        )
    )
    session.flush()


@pytest.mark.parametrize(
    ("state", "order_state", "counts"),
    [
        (AssignmentState.OFFERED, OrderState.DISPATCHED, True),
        (AssignmentState.ACCEPTED, OrderState.ACCEPTED, True),
        (AssignmentState.ACCEPTED, OrderState.SCHEDULED, False),  # its lecture counts instead
        (AssignmentState.ACCEPTED, OrderState.ARCHIVED, False),
        (AssignmentState.OFFERED, OrderState.WITHDRAWN, False),
        (AssignmentState.DECLINED, OrderState.DISPATCHED, False),
        (AssignmentState.COUNTERED, OrderState.DISPATCHED, False),
        (AssignmentState.RECALLED, OrderState.DISPATCHED, False),
        (AssignmentState.TAKEN, OrderState.ACCEPTED, False),
    ],
)
def test_an_open_offer_keeps_lecturer_and_venue(
    session: Session, state: AssignmentState, order_state: OrderState, counts: bool
) -> None:
    offer(session, state, order_state)
    elsewhere = why(session, who=HUANG, where=SHIWAN, venue="船头", minutes_later=-60)
    assert elsewhere == (("黄秀兰那天19:30要去上坪村讲课（12号单）",) if counts else ())
    there = why(session, who=None, venue="大榕树下")
    assert there == (("大榕树下那时已留给12号单",) if counts else ())


def test_an_order_s_own_offers_do_not_stand_in_its_way(session: Session) -> None:
    offer(session, AssignmentState.ACCEPTED, OrderState.ACCEPTED)
    assert why(session, who=HUANG)
    assert why(session, who=HUANG, ignoring_order=12) == ()


MINUTES = st.integers(-600, 600)


@given(MINUTES, st.integers(10, 300), MINUTES, st.integers(10, 300), st.booleans(), st.booleans())
def test_who_stands_in_whose_way_is_mutual(
    first: int, first_minutes: int, second: int, second_minutes: int, same_lecturer: bool, same_village: bool
) -> None:
    """And it is so exactly where the two overlap, with the way between two villages for one lecturer."""
    noon = datetime(2026, 11, 25, 12, 0, tzinfo=ZONE)
    starts = noon + timedelta(minutes=first), noon + timedelta(minutes=second)
    lengths = first_minutes, second_minutes
    who, where = (QIN, QIN if same_lecturer else HUANG), (SHIWAN, SHIWAN if same_village else SHANGPING)

    def in_the_way(mine: int, theirs: int) -> bool:
        ends = starts[theirs] + timedelta(minutes=lengths[theirs])
        entry = Taken(who[theirs], "某某", where[theirs], "某村", "某处", starts[theirs], ends, 1, None)
        reasons = why_not(
            [entry],
            starts_at=starts[mine],
            minutes=lengths[mine],
            lecturer_id=who[mine],
            venue="",
            village_id=where[mine],
            rules=RULES,
        )
        return any(reason != "在免打扰时间" for reason in reasons)

    gap = timedelta() if same_village else TRAVEL
    apart = abs(starts[0] - starts[1]) >= timedelta(minutes=lengths[0 if starts[0] <= starts[1] else 1]) + gap
    assert in_the_way(0, 1) == in_the_way(1, 0) == (not apart and (same_lecturer or same_village))
