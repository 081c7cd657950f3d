"""Seats, the waiting list, and how sign-ups are answered in a busy group."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from data import inbox, offers, rosters, seats, signups
from data.errors import CapacityFull, Declined, NotSignedUp, OfferOver
from data.loop import Lecture, LectureRoom, LectureState, SignUp, SignUpState
from data.mail import Outbox, OutboxState
from data.names import masked
from data.seats import HOLDING
from data.tables import Lecturer, Member, Room, Topic, Village
from handlers.message import Heard, Kind
from handlers.signup import could_answer_offer
from tests.town import NOW, WEB, DemoTown, Talk, demo_rules

RULES = demo_rules()
GROUP = "上坪村乡亲群"


@pytest.fixture
def session(town: DemoTown) -> Iterator[Session]:
    with town.session() as session:
        yield session
        session.rollback()


def lecture_with(session: Session, seats: int | None) -> Lecture:
    lecture = session.get_one(Lecture, 1)
    lecture.seats = seats
    session.flush()
    return lecture


def people(session: Session, number: int) -> list[int]:
    added = [
        Member(transport=WEB, external_id=f"s{each}", name=f"村民{each}", created_at=NOW) for each in range(number)
    ]
    session.add_all(added)
    session.flush()
    return [each.id or 0 for each in added]


def room_of(session: Session) -> int:
    return session.exec(select(Room.id).where(Room.name == GROUP)).one() or 0


def join(
    session: Session, lecture: Lecture, member: int, party: int | None = 1, *, after: float = 0, wait: bool = False
) -> SignUpState:
    done = signups.sign_up(
        session,
        lecture,
        member_id=member,
        people=party,
        now=NOW + timedelta(seconds=after),
        rules=RULES,
        room_id=room_of(session),
        wait=wait,
    )
    return done.state


def states(session: Session, lecture: Lecture) -> dict[int, SignUpState]:
    return {each.member_id: each.state for each in session.exec(select(SignUp).where(SignUp.lecture_id == lecture.id))}


def test_a_party_that_does_not_fit_is_asked_whether_fewer_would_do(session: Session) -> None:
    lecture = lecture_with(session, 3)
    a, b = people(session, 2)
    assert join(session, lecture, a) is SignUpState.SEATED
    with pytest.raises(CapacityFull) as full:
        join(session, lecture, b, 4)
    assert (full.value.left, full.value.held) == (2, 0)
    assert join(session, lecture, b, 4, wait=True) is SignUpState.WAITING
    assert signups.people_in(session, 1) == 1


def test_whoever_comes_new_stands_behind_those_who_wait_even_with_a_seat_free(session: Session) -> None:
    lecture = lecture_with(session, 3)
    a, b, c = people(session, 3)
    join(session, lecture, a, 1)
    join(session, lecture, b, 4, after=1, wait=True)
    assert join(session, lecture, c, 1, after=2) is SignUpState.WAITING
    # Somebody else wants the two seats now, so the first in line is asked.
    assert states(session, lecture) == {a: SignUpState.SEATED, b: SignUpState.OFFERED, c: SignUpState.WAITING}
    first = offers.offered_to(session, b, room_id=None)[0]
    assert first.offered == 2
    offers.decline_offer(session, first.id or 0, now=NOW + timedelta(minutes=1), rules=RULES)
    assert states(session, lecture)[c] is SignUpState.OFFERED


def test_who_holds_seats_and_wants_more_than_there_are_keeps_them(session: Session) -> None:
    lecture = lecture_with(session, 3)
    a, b = people(session, 2)
    join(session, lecture, a, 2)
    with pytest.raises(CapacityFull) as full:
        join(session, lecture, a, 5)
    assert (full.value.left, full.value.held) == (1, 2)
    join(session, lecture, b, 1)
    with pytest.raises(CapacityFull) as full:
        join(session, lecture, a, 3)
    assert (full.value.left, full.value.held) == (0, 2)
    assert signups.people_in(session, 1) == 3


def test_after_leaving_the_place_in_line_is_a_new_one(session: Session) -> None:
    lecture = lecture_with(session, 1)
    a, b, c = people(session, 3)
    for each in (a, b, c):
        join(session, lecture, each)  # all at the same tick
    signups.withdraw(session, lecture, member_id=b, now=NOW, rules=RULES)
    assert join(session, lecture, b) is SignUpState.WAITING
    signups.withdraw(session, lecture, member_id=a, now=NOW, rules=RULES)
    assert states(session, lecture) == {a: SignUpState.OUT, b: SignUpState.WAITING, c: SignUpState.OFFERED}


def test_an_offer_never_outlasts_the_start_and_is_not_made_where_it_could_not_be_read(session: Session) -> None:
    lecture = lecture_with(session, 1)
    a, b = people(session, 2)
    join(session, lecture, a)
    join(session, lecture, b, after=1)
    late = lecture.starts_at - timedelta(minutes=20)
    signups.withdraw(session, lecture, member_id=a, now=late, rules=RULES)
    offer = offers.offered_to(session, b, room_id=None)[0]
    assert offer.offered_until == lecture.starts_at
    with pytest.raises(OfferOver):
        offers.take_offer(session, offer.id or 0, now=lecture.starts_at, rules=RULES)
    assert signups.lapse(session, rules=RULES, now=lecture.starts_at) == 0
    assert offer.state is SignUpState.LAPSED


def test_an_offer_that_nobody_heard_yet_is_not_said_once_its_party_left(session: Session) -> None:
    lecture = lecture_with(session, 1)
    a, b = people(session, 2)
    join(session, lecture, a)
    join(session, lecture, b, after=1)
    night = NOW.replace(hour=23)
    signups.withdraw(session, lecture, member_id=a, now=night, rules=RULES)
    [told] = session.exec(select(Outbox).where(col(Outbox.text).contains("空出1位"))).all()
    assert told.not_before == RULES.quiet.after(night) > night
    signups.withdraw(session, lecture, member_id=b, now=night, rules=RULES)
    assert told.state is OutboxState.CANCELLED


def test_more_seats_go_to_those_who_wait_and_without_a_count_everybody_has_one(session: Session) -> None:
    lecture = lecture_with(session, 1)
    a, b, c = people(session, 3)
    for at, each in enumerate((a, b, c)):
        join(session, lecture, each, after=at)
    lecture.seats = 2
    assert signups.offer_free(session, lecture, now=NOW, rules=RULES) == 1
    lecture.seats = None
    assert signups.offer_free(session, lecture, now=NOW + timedelta(seconds=1), rules=RULES) == 2
    assert set(states(session, lecture).values()) == {SignUpState.SEATED}


def test_phone_numbers_are_masked_on_every_list(session: Session) -> None:
    lecture = lecture_with(session, None)
    [a] = people(session, 1)
    signups.sign_up(session, lecture, member_id=a, people=2, now=NOW, rules=RULES, for_whom="张三13812345678")
    assert [each.for_whom for each in signups.roster(session, 1)] == ["张三138****5678"]
    assert [each.line.for_whom for each in rosters.parties(session, 1)] == ["张三138****5678"]
    assert masked("2026年11月23日，20261123") == "2026年11月23日，20261123"


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["join", "join", "wait", "leave", "leave", "take", "decline", "clock", "more", "fewer"]),
        st.integers(0, 5),
        st.integers(1, 3),
    ),
    min_size=8,
    max_size=40,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seats=st.integers(1, 4), moves=MOVES)
def test_never_oversold_and_always_in_line(town: DemoTown, seats: int, moves: list[tuple[str, int, int]]) -> None:
    with town.session() as session:
        lecture, members, now = lecture_with(session, seats), people(session, 6), NOW
        for kind, who, number in moves:
            now += timedelta(seconds=30)
            before = states(session, lecture)
            held = _held(session)
            try:
                _move(session, lecture, kind, members[who], number, now)
            except Declined:
                assert states(session, lecture) == before  # what is declined changes nothing
            now += timedelta(hours=number if kind == "clock" else 0)
            _check(session, lecture, before, held)
        session.rollback()


def _move(session: Session, lecture: Lecture, kind: str, member: int, number: int, now: datetime) -> None:
    waiting = offers.offered_to(session, member, room_id=None)
    if kind in ("join", "wait"):
        signups.sign_up(session, lecture, member_id=member, people=number, now=now, rules=RULES, wait=kind == "wait")
    elif kind == "leave":
        signups.withdraw(session, lecture, member_id=member, now=now, rules=RULES)
    elif kind == "clock":
        signups.lapse(session, rules=RULES, now=now + timedelta(hours=number))
    elif kind in ("more", "fewer"):
        lecture.seats = max(0, (lecture.seats or 0) + (number if kind == "more" else -number))
        signups.offer_free(session, lecture, now=now, rules=RULES)
    elif waiting:
        answer = offers.take_offer if kind == "take" else offers.decline_offer
        answer(session, waiting[0].id or 0, now=now, rules=RULES)


def _held(session: Session) -> int:
    rows = session.exec(select(SignUp).where(SignUp.lecture_id == 1)).all()
    return sum(
        (row.offered or 0) if row.state is SignUpState.OFFERED else row.people
        for row in rows
        if row.state in (SignUpState.SEATED, SignUpState.OFFERED)
    )


def _check(session: Session, lecture: Lecture, before: dict[int, SignUpState], held: int) -> None:
    session.flush()
    rows = session.exec(select(SignUp).where(SignUp.lecture_id == lecture.id)).all()
    seated = sum(row.people for row in rows if row.state is SignUpState.SEATED)
    offered = sum(row.offered or 0 for row in rows if row.state is SignUpState.OFFERED)
    assert seated == signups.people_in(session, 1)
    assert seated + offered <= max(lecture.seats or 0, held)  # with fewer seats than before, promises are kept
    assert signups.seats_left(session, lecture) == max(0, (lecture.seats or 0) - seated - offered)
    assert all((row.offered is None) == (row.state is not SignUpState.OFFERED) for row in rows)
    assert {row.member_id for row in rows if row.state in HOLDING} == {
        row.member_id for row in rows if signups.holds(session, 1, row.member_id)
    }
    line = [(row.at, row.id) for row in rows if row.state is SignUpState.WAITING]
    fresh = [
        row for row in rows if row.state is SignUpState.OFFERED and before.get(row.member_id) is SignUpState.WAITING
    ]
    assert all((row.at, row.id) < place for row in fresh for place in line)


def test_withdrawing_what_was_not_signed_up_is_told(session: Session) -> None:
    lecture = lecture_with(session, 1)
    with pytest.raises(NotSignedUp):
        signups.withdraw(session, lecture, member_id=people(session, 1)[0], now=NOW, rules=RULES)


def test_many_at_once_get_no_seat_twice(any_engine: Engine) -> None:
    with Session(any_engine) as session, session.begin():
        topic, lecturer, village = Topic(name="健康"), Lecturer(name="黄秀兰"), Village(name="上坪村")
        session.add_all([topic, lecturer, village])
        session.flush()
        room = Room(transport=WEB, external_id="r", name=GROUP, village_id=village.id, created_at=NOW)
        lecture = Lecture(
            topic_id=topic.id or 0,
            lecturer_id=lecturer.id or 0,
            title="血压怎么管",
            venue="文化室",
            seats=5,
            starts_at=NOW + timedelta(days=3),
        )
        session.add_all([room, lecture])
        session.flush()
        session.add(LectureRoom(lecture_id=lecture.id or 0, room_id=room.id or 0))
        members, number, village_id = people(session, 12), lecture.id, village.id

    def one(member: int) -> SignUpState:
        with Session(any_engine) as session, session.begin():
            [open_now] = seats.open_lectures(session, now=NOW, village_id=village_id)
            assert open_now.id == number
            return signups.sign_up(session, open_now, member_id=member, people=1, now=NOW, rules=RULES, name="某").state

    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(one, members))
    assert (got.count(SignUpState.SEATED), got.count(SignUpState.WAITING)) == (5, 7)
    with Session(any_engine) as session, session.begin():
        signups.withdraw(
            session,
            session.get_one(Lecture, number),
            member_id=members[got.index(SignUpState.SEATED)],
            now=NOW,
            rules=RULES,
        )
        assert [each.state for each in signups.roster(session, number or 0)].count(SignUpState.OFFERED) == 1
        assert signups.lapse(session, rules=RULES, now=NOW + timedelta(hours=3)) == 2


# Said in a busy group


def test_confirmations_that_wait_become_one_message(town: DemoTown) -> None:
    talk = Talk(town, sends=False)
    assert talk.say("三婶唐桂英", GROUP, "报名") == [
        f"[{GROUP}] 已报名1人：11月23日（周一）19:30《天冷了，血压怎么管》，上坪村文化室，还剩39位。"
    ]
    assert talk.say("坪顶梁伯", GROUP, "报名2人") == []
    assert talk.say("阿辉（东莞厚街）", GROUP, "帮我妈报名") == []
    assert talk.say("坪顶梁伯", GROUP, "报名3人") == []
    with town.session() as session:
        [row] = session.exec(select(Outbox)).all()
        assert row.text == "已报名：三婶唐桂英、坪顶梁伯3人、我妈（阿辉（东莞厚街）报）。现在5人，还剩35位。"
        assert [name for _, name in row.mentions] == ["三婶唐桂英", "坪顶梁伯", "阿辉（东莞厚街）"]


def test_a_recalled_message_takes_only_its_own_part_out_of_what_was_gathered(town: DemoTown) -> None:
    talk = Talk(town, sends=False)
    heard = [talk.heard(who, GROUP, "报名") for who in ("三婶唐桂英", "坪顶梁伯", "阿辉（东莞厚街）")]
    for each in heard:
        talk.take(each)
    with town.session() as session:
        [row] = session.exec(select(Outbox)).all()
        for each, text in zip(
            heard[:2],
            (
                "已报名：坪顶梁伯、阿辉（东莞厚街）。现在3人，还剩37位。",
                "已报名：阿辉（东莞厚街）。现在3人，还剩37位。",
            ),
            strict=True,
        ):
            assert inbox.take_back(session, WEB, each.message_id, now=talk.now)
            assert (row.text, row.state) == (text, OutboxState.PENDING)
        assert [name for _, name in row.mentions] == ["阿辉（东莞厚街）"]
        assert inbox.take_back(session, WEB, heard[2].message_id, now=talk.now)
        assert row.state is OutboxState.EXPIRED


def test_two_lectures_open_the_next_one_is_meant_and_the_other_goes_by_its_number(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        first = session.get_one(Lecture, 1)
        other = Lecture(
            topic_id=first.topic_id,
            lecturer_id=first.lecturer_id,
            village_id=first.village_id,
            title="冬天吃什么",
            venue="大榕树下",
            seats=5,
            starts_at=first.starts_at + timedelta(days=2),
        )
        session.add(other)
        session.flush()
        session.add(LectureRoom(lecture_id=other.id or 0, room_id=room_of(session)))
        number = other.id
    talk = Talk(town)
    [said] = talk.say("三婶唐桂英", GROUP, "报名2人")
    assert "《天冷了，血压怎么管》" in said
    assert said.endswith(f"另外还有课{number}《冬天吃什么》，要报就说“报名 课{number}”。")
    assert "《冬天吃什么》，大榕树下，还剩2位" in talk.say("三婶唐桂英", GROUP, f"报名 课{number} 3人")[0]
    assert "已取消您报的《冬天吃什么》" in talk.say("三婶唐桂英", GROUP, f"取消报名 课{number}")[0]
    assert "已取消您报的《天冷了，血压怎么管》" in talk.say("三婶唐桂英", GROUP, "取消报名")[0]


def test_an_offer_is_answered_hours_later_by_another_process(town: DemoTown) -> None:
    talk = Talk(town)
    talk.say("三婶唐桂英", GROUP, "报名20人")
    talk.say("坪顶梁伯", GROUP, "报名20人")
    talk.say("阿辉（东莞厚街）", GROUP, "报名2人")
    talk.say("坪顶梁伯", GROUP, "取消报名")
    again = Talk(town, now=talk.now + timedelta(minutes=100), listener=town.listener())
    again._ids = talk._ids
    [*_, said] = again.say("阿辉（东莞厚街）", GROUP, "要")
    assert "已报名2人" in said


def test_no_seat_of_a_cancelled_lecture_is_offered(session: Session) -> None:
    lecture = lecture_with(session, 1)
    a, b = people(session, 2)
    join(session, lecture, a)
    join(session, lecture, b, after=1)
    lecture.state = LectureState.CANCELLED
    signups.withdraw(session, lecture, member_id=a, now=NOW, rules=RULES)
    assert states(session, lecture)[b] is SignUpState.WAITING


@pytest.mark.parametrize(
    ("text", "could"),
    [("要", True), ("@小门 不要", True), ("好的", True), ("我要买苗", False), ("要不要带水来呀", False)],
)
def test_only_a_plain_word_answers_an_offer(text: str, could: bool) -> None:
    heard = Heard(WEB, "m", "r", "p", text, NOW, kind=Kind.TEXT)
    assert could_answer_offer(heard) is could
