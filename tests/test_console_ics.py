"""The calendar feeds: what a phone's calendar reads, with titles that try to break out of their line."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from icalendar import Calendar, Component
from sqlmodel import Session, select

from bot.console import ics
from data import planning
from data.desk import feeds
from data.desk_tables import ConsoleRole, Feed
from data.loop import EventKind, Lecture, LectureRoom, LectureState
from data.tables import Lecturer, Room, Village
from tests.desk import Desk, open_desk
from tests.town import NOW, ZONE, DemoTown, demo_rules

Story = Callable[[Desk], Awaitable[None]]
RULES = demo_rules()


def run(town: DemoTown, story: Story) -> None:
    async def told() -> None:
        async with open_desk(town) as desk:
            await story(desk)

    asyncio.run(told())


def a_lecture(session: Session, **other: Any) -> Lecture:
    what: dict[str, Any] = {"title": "防火", "venue": "大榕树下", "lecturer_id": 2, "village_id": 2, "created_at": NOW}
    lecture = Lecture(topic_id=1, **{**what, "starts_at": NOW + timedelta(days=2), **other})
    session.add(lecture)
    session.flush()
    return lecture


def read(session: Session, feed: Feed) -> tuple[str, dict[int, Component]]:
    """The feed as it is sent, and its events as a calendar reads them, by the number of their lecture."""
    session.flush()
    events_found = feeds.events(session, feed, now=NOW)
    raw = ics.calendar(feeds.name_of(session, feed), events_found, town="门楼镇", zone=ZONE)
    calendar = Calendar.from_ical(raw)
    assert isinstance(calendar, Calendar)
    events = {int(str(each["uid"]).split("@")[0].split("-")[1]): each for each in calendar.walk("VEVENT")}
    return raw.decode(), events


def test_a_lecture_is_an_event_in_the_town_s_time(town: DemoTown) -> None:
    with town.session() as session:
        lecture = a_lecture(
            session, minutes=90, dialect="白话", live_url="https://live.example/5", branches=["石湾码头"]
        )
        raw, events = read(session, feeds.make(session, village_id=None, lecturer_id=None, now=NOW))
        event = events[lecture.id or 0]
        lecturer = session.get_one(Lecturer, 2)
        assert event.decoded("dtstart") == lecture.starts_at
        assert event["dtstart"].params["TZID"] == "Asia/Shanghai"
        assert event.decoded("dtend") - event.decoded("dtstart") == timedelta(minutes=90)
        assert event["summary"] == "讲座《防火》"
        assert event["location"] == "石湾村大榕树下"
        for words in (lecturer.name, "讲白话", "https://live.example/5", "分会场：石湾码头", f"课{lecture.id}"):
            assert words in str(event["description"])
        assert event["url"] == "https://live.example/5"
        assert event["status"] == "CONFIRMED"
        zones = Calendar.from_ical(raw).walk("VTIMEZONE")
        assert [str(each["tzid"]) for each in zones] == ["Asia/Shanghai"]


def test_a_change_counts_up_and_the_id_stays(town: DemoTown) -> None:
    with town.session() as session:
        feed = feeds.make(session, village_id=None, lecturer_id=None, now=NOW)
        lecture = a_lecture(session)
        before = read(session, feed)[1][lecture.id or 0]
        later = NOW + timedelta(hours=1)
        moved = lecture.starts_at + timedelta(days=1)
        planning.change(session, lecture, by=None, now=later, not_before=later, rules=RULES, starts_at=moved)
        after = read(session, feed)[1][lecture.id or 0]
        planning.cancel(
            session, lecture, "下大雨", by=None, now=later + timedelta(hours=1), not_before=later, rules=RULES
        )
        gone = read(session, feed)[1][lecture.id or 0]
        assert before["uid"] == after["uid"] == gone["uid"]
        assert [int(str(each["sequence"])) for each in (before, after, gone)] == [0, 1, 2]
        assert before.decoded("last-modified") < after.decoded("last-modified") < gone.decoded("last-modified")
        assert after.decoded("dtstart") == moved
        assert gone["status"] == "CANCELLED"


def test_what_somebody_typed_never_becomes_a_line_of_its_own(town: DemoTown) -> None:
    evil = '坏\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:假的;,\\n"<b>\r\nATTENDEE:mailto:x@y.z\x00\x0b\u2028'
    with town.session() as session:
        lecture = a_lecture(session, title=evil, venue=evil, live_url=f"https://x.example/\r\nX-EVIL:1 {evil}")
        session.get_one(Lecturer, 2).trade = evil
        session.get_one(Village, 2).name = evil
        feed = feeds.make(session, village_id=2, lecturer_id=None, now=NOW)
        raw, events = read(session, feed)
        event = events[lecture.id or 0]
        assert '假的;,\\n"<b>' in str(event["summary"])
        assert "attendee" not in event
        assert "x-evil" not in event
        assert "url" not in event
        lines = raw.split("\r\n")
        assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == len(events) == 2
        assert not any(line.startswith(("ATTENDEE", "X-EVIL")) for line in lines)
        assert all(len(line.encode()) <= 75 for line in lines)


def test_nothing_private_is_in_a_feed(town: DemoTown) -> None:
    with town.session() as session:
        a_lecture(session, title="找老王13812345678", venue="老王家13812345678")
        visit = a_lecture(session, kind=EventKind.VISIT, title="教李婆婆用手机", venue="李婆婆家")
        village = read(session, feeds.make(session, village_id=2, lecturer_id=None, now=NOW))
        lecturer = read(session, feeds.make(session, village_id=None, lecturer_id=2, now=NOW))
        assert "13812345678" not in village[0].replace("\r\n ", "")
        assert visit.id not in village[1]
        home = lecturer[1][visit.id or 0]
        assert "李婆婆" not in home.to_ical().decode().replace("\r\n ", "")
        assert home["location"] == "石湾村"


def test_a_village_s_feed_has_what_is_held_or_announced_there_of_the_last_month_and_to_come(town: DemoTown) -> None:
    with town.session() as session:
        here = a_lecture(session)
        elsewhere = a_lecture(session, village_id=1, lecturer_id=1)
        heard_of = a_lecture(session, village_id=1)
        room = session.exec(select(Room).where(Room.village_id == 2)).first()
        assert room is not None
        session.add(LectureRoom(lecture_id=heard_of.id or 0, room_id=room.id or 0))
        recent = a_lecture(session, starts_at=NOW - timedelta(days=29), state=LectureState.DELIVERED)
        old = a_lecture(session, starts_at=NOW - timedelta(days=31))
        far = a_lecture(session, starts_at=NOW + timedelta(days=400))
        found = read(session, feeds.make(session, village_id=2, lecturer_id=None, now=NOW))[1]
        assert {here.id, heard_of.id, recent.id, far.id} <= set(found)
        assert not {elsewhere.id, old.id} & set(found)
        mine = read(session, feeds.make(session, village_id=None, lecturer_id=1, now=NOW))[1]
        assert elsewhere.id in mine
        assert here.id not in mine


def test_the_address_needs_no_log_in_and_ends_when_it_is_ended(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk, nobody = desk.clerk(), desk.stranger()
        made = await clerk.post("/lectures/feeds", village="2", lecturer="")
        assert "石湾村" in made.said
        with desk.session() as session:
            feed = session.exec(select(Feed)).one()
            assert (feed.village_id, feed.lecturer_id) == (2, None)
        assert feed.token in (await clerk.get("/lectures/month", village="2")).text
        got = await nobody.get(f"/ics/{feed.token}.ics")
        assert got.status == 200
        assert got.headers["Content-Type"].startswith("text/calendar")
        assert got.headers["X-Content-Type-Options"] == "nosniff"
        assert "Content-Security-Policy" in got.headers
        assert "石湾村" in str(Calendar.from_ical(got.body)["x-wr-calname"])
        for wrong in ("x", feed.token[:-1], feed.token.lower() + "A", "..%2f..%2fetc"):
            assert (await nobody.get(f"/ics/{wrong}.ics")).status == 404
        await clerk.post(f"/lectures/feeds/{feed.id}/end")
        ended, never = await nobody.get(f"/ics/{feed.token}.ics"), await nobody.get("/ics/never.ics")
        assert (ended.status, ended.text) == (never.status, never.text)
        assert (await nobody.post(f"/ics/{feed.token}.ics")).status == 405

    run(town, story)


def test_who_may_make_and_end_feeds(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        viewer, mine = desk.clerk(ConsoleRole.VIEWER), desk.clerk(ConsoleRole.VILLAGE, village="上坪村")
        assert (await viewer.post("/lectures/feeds", village="", lecturer="")).status == 403
        with desk.session() as session, session.begin():
            theirs = feeds.make(session, village_id=2, lecturer_id=None, now=NOW)
            session.flush()
            number, token = theirs.id, theirs.token
        assert (await mine.post(f"/lectures/feeds/{number}/end")).status == 404
        assert token not in (await mine.get("/lectures/month", village="2")).text
        await mine.post("/lectures/feeds", village="2", lecturer="2")
        with desk.session() as session:
            made = session.exec(select(Feed).where(Feed.id != number)).one()
            assert (made.village_id, made.lecturer_id) == (1, None)
            assert session.get_one(Feed, number).ended_at is None

    run(town, story)
