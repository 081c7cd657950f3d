"""Retention: what is over goes, what is counted stays, in batches, once."""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, func, insert
from sqlalchemy import select as select_columns
from sqlalchemy import text as sql
from sqlmodel import Session, SQLModel, col, select

from bot.settings import RETENTION_DAYS, SETTINGS
from data import posters, retention
from data.desk_tables import Throttle
from data.loop import Lecture, Order, Poll, PollState, PollVote, SignUp, SolitaireState, Voice, VoiceKind
from data.mail import Inbox, Outbox, OutboxKind, OutboxState
from data.record_tables import Removal
from data.removing import BATCH
from data.retention import RETENTION, Fate
from data.rules import Rules
from data.statements import table_of
from data.tables import DRAWN, Lecturer, Member, Picture, Room, RoomKind, Snippet, Topic
from scheduler import JOBS
from scheduler import retention as jobs
from scheduler.job import JobContext
from tests.town import NOW, DemoTown, Talk, demo_rules

OLD = NOW - timedelta(days=4_000)  # over for every kind
COUNTED = (Order, Lecture, SignUp, Voice, Inbox, Outbox, Member)


def fill(session: Session) -> None:
    """One room, one person, and one of each thing: old, and of today."""
    session.add(Room(transport="t", external_id="r1", kind=RoomKind.RESIDENTS, created_at=OLD))
    session.add(Room(transport="t", external_id="p1", kind=RoomKind.DIRECT, created_at=OLD))
    session.add(Member(transport="t", external_id="p1", name="阿婆", created_at=OLD))
    session.add(Topic(name="反诈骗"))
    session.add(Lecturer(name="覃志刚"))
    session.flush()
    for at, number in ((OLD, 1), (NOW, 2)):
        session.add(
            Lecture(id=number, topic_id=1, lecturer_id=1, title="课", venue="文化室", starts_at=at, attended=30)
        )
        session.flush()
        session.add(SignUp(lecture_id=number, member_id=1, for_whom="", people=2, at=at))
        session.add(SignUp(lecture_id=number, member_id=1, for_whom="周满妹", people=3, at=at))
        session.add(SolitaireState(room_id=1, lecture_id=number, lists={"chains": ["周满妹"]}, posts=1, changed_at=at))
        session.add(
            Inbox(
                transport="t", message_id=f"m{number}", room_id=1, member_id=1, text="断水三天", heard_at=at,
                handled_at=at, route="order", understood={"wish": "断水三天"}, error="断水三天",
            )
        )  # fmt: skip
        for kind, room, text in (
            (OutboxKind.REPLY, 1, "断水三天"),
            (OutboxKind.NOTICE, 2, "断水三天"),
            (OutboxKind.PUSH, 1, "短文"),
        ):
            session.add(
                Outbox(
                    room_id=room, kind=kind, priority=0, text=text,
                    mentions=[["p1", "阿婆"]] if kind is not OutboxKind.PUSH else [], state=OutboxState.SENT,
                    queued_at=at, not_before=at,
                )
            )  # fmt: skip
        for said, rating, answered in (
            (VoiceKind.SUGGESTION, None, at), (VoiceKind.FEEDBACK, 4, None), (VoiceKind.NEED, None, None),
        ):  # fmt: skip
            session.add(
                Voice(kind=said, member_id=1, room_id=1, text="断水三天", rating=rating, at=at, answered_at=answered,
                      answer="答复" if answered else "")
            )  # fmt: skip
        session.add(Order(member_id=1, room_id=1, topic_id=1, for_whom="周满妹", created_at=at))
        poll = Poll(room_id=1, author_id=1, question="讲什么", options=["一"], state=PollState.CLOSED,
                    created_at=at, closes_at=at)  # fmt: skip
        session.add(poll)
        session.add(Throttle(key=f"k{number}", last_at=at))
        session.flush()
        session.add(PollVote(poll_id=poll.id or 0, member_id=1, choice=1, at=at))


def believed(session: Session, now: datetime) -> None:
    """The clock has said for a day that it is so much later."""
    assert not retention.begin(session, {}, now=now - retention.HELD)


def run(session: Session, now: datetime = NOW, days: Mapping[str, int] | None = None, *, most: int = 60) -> int:
    """A whole run; how many turns it took."""
    assert retention.begin(session, days or {}, now=now)
    for turn in range(1, most):
        retention.go_on(session, now=now)
        if not any(each.detail.get("left") for each in session.exec(select(Removal))):
            return turn
    raise AssertionError("the run does not come to its end")


def counts(session: Session) -> dict[str, int]:
    return {
        table_of(each).name: session.execute(select_columns(func.count()).select_from(table_of(each))).scalar_one()
        for each in COUNTED
    }


def held(session: Session, words: str) -> Counter[str]:
    """How many rows of each table hold these words."""
    found: Counter[str] = Counter()
    for table in SQLModel.metadata.sorted_tables:
        for row in session.execute(select_columns(table)).mappings():
            shown = json.dumps({str(key): value for key, value in row.items()}, ensure_ascii=False, default=str)
            found[table.name] += words in shown
    return +found


def test_the_old_goes_the_new_stays_and_nothing_counted_is_lost(any_engine: Engine) -> None:
    with Session(any_engine) as session, session.begin():
        fill(session)
        before, sums = counts(session), session.exec(select(func.sum(SignUp.people))).one()
        was = {words: held(session, words) for words in ("断水三天", "周满妹", "阿婆", "答复")}
        run(session)
        assert counts(session) == before
        assert session.exec(select(func.sum(SignUp.people))).one() == sums
        now = {words: held(session, words) for words in was}
        assert was["断水三天"]["inbox"] == 2
        assert was["周满妹"] == {"sign_up": 2, "solitaire_state": 2, "lecture_order": 2}
        assert now["周满妹"] == {"sign_up": 1, "solitaire_state": 1, "lecture_order": 1}
        assert (now["断水三天"]["inbox"], now["断水三天"]["outbox"]) == (1, 2)
        assert now["断水三天"]["voice"] == 3, "in three years one that nobody answered goes as well"
        assert now["答复"] == {"voice": 1}
        assert len(session.exec(select(PollVote)).all()) == 1
        assert len(session.exec(select(Throttle)).all()) == 1


def test_public_speech_and_marks_stay(any_engine: Engine) -> None:
    with Session(any_engine) as session, session.begin():
        fill(session)
        run(session)
        assert held(session, "短文") == {"outbox": 2}
        ratings = select(Voice.text, Voice.rating).where(Voice.kind == VoiceKind.FEEDBACK).order_by(col(Voice.id))
        assert session.exec(ratings).all() == [("4分", 4), ("断水三天", 4)]
        names = session.exec(select(SignUp.for_whom).order_by(col(SignUp.id))).all()
        assert names == ["", "代报2", "", "周满妹"]


def test_each_kind_is_logged_with_how_many_and_before_when_and_nothing_else(any_engine: Engine) -> None:
    with Session(any_engine) as session, session.begin():
        fill(session)
        run(session)
        log = {each.kind: each for each in session.exec(select(Removal))}
        assert log.keys() == {each.key for each in RETENTION}
        assert len(log) >= 22
        for each in RETENTION:
            assert log[each.key].before == NOW - timedelta(days=each.days)
        assert {key: row.rows for key, row in log.items() if row.rows} == {
            "inbox": 1, "outbox": 2, "voices": 1, "open_voices": 1, "ratings": 1, "sign_ups": 1, "solitaires": 1,
            "orders": 1, "votes": 1, "throttles": 1,
        }  # fmt: skip
        assert held(session, "断水三天")["removal"] == held(session, "周满妹")["removal"] == 0


def test_a_second_run_finds_only_what_became_due_since(any_engine: Engine) -> None:
    with Session(any_engine) as session, session.begin():
        fill(session)
        run(session)
        tomorrow = NOW + timedelta(days=1)
        run(session, tomorrow)
        again = session.exec(select(Removal).where(Removal.at == tomorrow)).all()
        assert len(again) == len(RETENTION)
        assert sum(each.rows for each in again) == 0
        late = NOW + timedelta(days=2_000)
        believed(session, late)
        run(session, late)
        assert sum(each.rows for each in session.exec(select(Removal).where(Removal.at == late))) == 12


def test_nought_days_keeps_a_kind_for_ever(any_engine: Engine) -> None:
    with Session(any_engine) as session, session.begin():
        fill(session)
        run(session, NOW, {each.key: 0 for each in RETENTION if each.key != "inbox"})
        assert [each.kind for each in session.exec(select(Removal))] == ["inbox"]
        assert held(session, "周满妹")["sign_up"] == 2


def test_much_is_removed_in_batches_and_not_all_in_one_turn(town: DemoTown) -> None:
    number = 3 * BATCH + 5
    with town.session() as session, session.begin():
        fields = {"transport": "t", "room_id": 1, "member_id": 1, "text": "断水三天", "route": "x", "understood": {}}
        session.execute(
            insert(table_of(Inbox)),
            [fields | {"message_id": str(n), "heard_at": OLD, "handled_at": OLD, "error": ""} for n in range(number)],
        )
        believed(session, NOW)
        assert retention.begin(session, {}, now=NOW)
        done = [retention.go_on(session, now=NOW) for _ in range(5)]
        assert done == [BATCH] * 3 + [5, 0]


def test_lectures_that_begin_at_the_same_moment_are_all_gone_through(town: DemoTown) -> None:
    many = 130
    with town.session() as session, session.begin():
        for number in range(1_000, 1_000 + many):
            session.add(Lecture(id=number, topic_id=1, lecturer_id=1, title="课", venue="室", starts_at=OLD))
        session.flush()
        for number in range(1_000, 1_000 + many):
            session.add(SignUp(lecture_id=number, member_id=1, for_whom="周满妹", at=OLD))
        session.flush()
        run(session)
        assert held(session, "周满妹")["sign_up"] == 0


def test_a_run_goes_on_after_a_restart(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        retention.begin(session, {}, now=NOW)
    with town.session() as session, session.begin():
        retention.begin(session, {}, now=NOW + timedelta(hours=1))
        assert len(session.exec(select(Removal)).all()) == len(RETENTION), "it is taken over, not begun twice"
        for _ in range(5):
            retention.go_on(session, now=NOW + timedelta(hours=1))
        assert not any(each.detail.get("left") for each in session.exec(select(Removal)))


# ---- by the clock ------------------------------------------------------------------------------------------------


@pytest.fixture
def rules() -> Rules:
    return demo_rules()


def test_it_is_begun_once_a_day_even_where_the_machine_is_off_at_night(town: DemoTown, rules: Rules) -> None:
    context = JobContext(rules.zone, rules.quiet, timedelta(minutes=90), rules)

    def begun(now: datetime) -> int:
        with town.session() as session, session.begin():
            jobs.go_on(session, context, now, now)
            return len({each.at for each in session.exec(select(Removal))})

    assert [begun(NOW + timedelta(hours=hours)) for hours in (0, 1, 20, 25)] == [1, 1, 1, 1]
    assert begun(NOW + timedelta(hours=27)) == 2
    with town.session() as session, session.begin():
        jobs.begin(session, context, NOW, NOW + timedelta(hours=40))
        assert len({each.at for each in session.exec(select(Removal))}) == 3


def test_a_day_of_the_demo_town_disturbs_nobody(town: DemoTown) -> None:
    talk = Talk(town)
    talk.say("三婶唐桂英", "上坪村乡亲群", "报名2人")
    talk.pass_time(hours=2)
    assert "还是2人" in talk.say("三婶唐桂英", "上坪村乡亲群", "报名")[0]


def test_every_kind_has_its_setting_and_every_setting_its_job() -> None:
    assert len(RETENTION) >= 12
    keys = {setting.key for setting in SETTINGS}
    assert {each.setting for each in RETENTION} <= keys
    assert RETENTION_DAYS.keys() == {each.key for each in RETENTION}
    assert {job.setting for job in JOBS if "retention" in job.name} == {"retention.cron", "loop.cron"}
    assert all(each.fate is Fate.BLANK for each in RETENTION if each.key in ("inbox", "outbox", "voices", "sign_ups"))


# ---- posters -----------------------------------------------------------------------------------------------------


def a_picture(session: Session, name: str, *letters: tuple[datetime, OutboxState]) -> int:
    """A picture, and what was said with it: (queued at, state)."""
    picture = Picture(sha256=name, name=f"{name}.png", png=b"\x89PNG")
    session.add(picture)
    session.flush()
    for at, state in letters:
        session.add(
            Outbox(
                room_id=1, kind=OutboxKind.NOTICE, priority=0, text="开课", picture_id=picture.id, state=state,
                queued_at=at, not_before=at, settled_at=at if state is OutboxState.SENT else None,
            )
        )  # fmt: skip
    return picture.id or 0


def test_posters_that_all_were_sent_long_ago_go(any_engine: Engine) -> None:
    sent, long_ago = OutboxState.SENT, NOW - timedelta(days=31)
    with Session(any_engine) as session, session.begin():
        fill(session)
        a_picture(session, "poster-old", (long_ago, sent), (long_ago, OutboxState.CANCELLED))
        a_picture(session, "poster-never-used")
        recent = NOW - timedelta(days=29)
        kept = {
            a_picture(session, "poster-today", (long_ago, sent), (recent, sent)),
            a_picture(session, "poster-waits", (long_ago, OutboxState.PENDING)),
            a_picture(session, "poster-doubt", (long_ago, OutboxState.UNKNOWN)),
            a_picture(session, "town-picture", (long_ago, sent)),
        }
        shared = a_picture(session, "poster-shared", (long_ago, sent))
        session.add(
            Snippet(
                key="k",
                topic_id=1,
                title="短文",
                text="短文",
                source="镇里",
                issued_on=NOW.date(),
                expires_on=NOW.date(),
                picture_id=shared,
            )
        )
        said = len(session.exec(select(Outbox)).all())
        run(session)
        assert set(session.exec(select(Picture.id))) == kept | {shared}
        assert len(session.exec(select(Outbox)).all()) == said, "what was said stays"
        assert set(session.exec(select(Outbox.picture_id).where(Outbox.text == "开课"))) == kept | {shared, None}
        (log,) = session.exec(select(Removal).where(Removal.kind == "posters"))
        assert log.rows == 2


def test_many_posters_go_in_batches(any_engine: Engine) -> None:
    with Session(any_engine) as session, session.begin():
        fill(session)
        for number in range(120):
            a_picture(session, f"poster-{number}", (OLD, OutboxState.SENT))
        assert run(session) > 1
        assert session.exec(select(Picture.id)).all() == []


def test_the_posters_name_is_what_retention_looks_for(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        ids = posters.keep(session, posters.Poster("x", ("<svg/>",), ""))
        assert session.get_one(Picture, ids[0]).name.startswith(DRAWN)


def test_letting_go_of_a_picture_looks_at_what_was_said_with_it_only(any_engine: Engine) -> None:
    with Session(any_engine) as session:
        if any_engine.url.get_backend_name() != "sqlite":
            session.execute(sql("SET enable_seqscan = off"))
        explain = "EXPLAIN" if any_engine.url.get_backend_name() != "sqlite" else "EXPLAIN QUERY PLAN"
        plan = session.execute(sql(f"{explain} SELECT id FROM outbox WHERE picture_id = 5")).all()
        assert "ix_outbox_picture" in str(plan)
