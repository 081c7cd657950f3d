"""Lists beside the figures: the commendation, the self-check against formalism, reports in media."""

from datetime import date, timedelta

import pytest
from sqlmodel import select

from data.figures import media
from data.figures.commendation import Criteria, by_sound, commendation
from data.figures.formalism import check
from data.loop import Voice, VoiceKind
from data.mail import Outbox, OutboxKind, OutboxState
from data.record_tables import MediaLevel, MediaReport
from data.tables import Broadcast, Lecturer, Room, RoomKind
from tests.test_figures import DURING, MAY, lecture, scope_of, typed
from tests.town import ZONE, DemoTown

# ---- commendation --------------------------------------------------------------------------------------------------


def test_the_commendation_is_a_list_by_name_of_those_who_meet_the_criteria(town: DemoTown) -> None:
    with town.session() as session:
        names = [session.get_one(Lecturer, number).name for number in (1, 2, 3)]
        for lecturer, held, mark in ((1, 2, 5), (2, 6, 4), (3, 4, 3)):
            for number in range(held):
                row = lecture(session, lecturer_id=lecturer, starts_at=DURING + timedelta(hours=number))
                typed(session, row, 20, DURING + timedelta(days=1 if number else 9))
                session.add(Voice(kind=VoiceKind.FEEDBACK, member_id=number + 1, room_id=1, text="", rating=mark,
                                  lecture_id=row.id, at=DURING + timedelta(days=1)))  # fmt: skip
        session.flush()
        scope = scope_of(session)

        def on_it(criteria: Criteria) -> list[str]:
            return [each.name for each in commendation(session, scope, criteria)]

        assert on_it(Criteria(held=1, mean=None)) == sorted(names, key=by_sound)
        assert on_it(Criteria(held=3, mean=None)) == sorted(names[1:], key=by_sound)
        assert on_it(Criteria(held=1, mean=4.0, ratings=3)) == [names[1]]
        assert on_it(Criteria(held=1, mean=4.0, ratings=1)) == sorted(names[:2], key=by_sound)
        assert on_it(Criteria(held=1, mean=None, punctual=0.7)) == sorted(names[1:], key=by_sound)
        (best,) = commendation(session, scope, Criteria(held=1, mean=4.0, ratings=3))
        assert (best.held, best.ratings, best.mean, best.punctual) == (6, 6, 4.0, 5)
        assert "4场以上" in Criteria().words
        assert "至少5人评" in Criteria().words


# ---- the self-check ------------------------------------------------------------------------------------------------


def test_the_self_check_counts_what_was_sent(town: DemoTown) -> None:
    with town.session() as session:
        groups = session.exec(select(Room.id).where(Room.kind == RoomKind.RESIDENTS)).all()[:2]
        assert len(groups) == 2
        for number, (text, rooms) in enumerate((("收到请回复", groups), ("明天停电", groups[:1]))):
            broadcast = Broadcast(author_id=1, audience="", text=text, created_at=DURING)
            session.add(broadcast)
            session.flush()
            for room in rooms:
                for state in (OutboxState.SENT, OutboxState.UNKNOWN):
                    at = DURING + timedelta(hours=number)
                    said = Outbox(room_id=room or 0, kind=OutboxKind.NOTICE, priority=10, text=text, state=state,
                                  queued_at=at, not_before=at, settled_at=at, broadcast_id=broadcast.id)  # fmt: skip
                    session.add(said)
        session.flush()
        found = check(session, scope_of(session))
        assert (found.messages, found.notices, found.asking, found.groups, found.most_week) == (3, 3, 2, 2, 2)
        assert found.asking_texts == ((1, "收到请回复", 2),)
        assert found.mean_week == round(3 / 2 / (24 / 7), 2)  # from the week of the first message on
        assert check(session, scope_of(session, "2019")).mean_week is None


# ---- media ---------------------------------------------------------------------------------------------------------


def test_a_report_is_noted_once_and_struck_not_deleted(town: DemoTown) -> None:
    with town.session() as session:

        def add(**values: object) -> MediaReport:
            fields = {
                "title": " 宣讲  进村 ",
                "outlet": "日报",
                "level": MediaLevel.CITY,
                "published_on": DURING.date(),
            }
            return media.add(session, **(fields | values), by=1, now=DURING, zone=ZONE)  # type: ignore[arg-type]

        report = add()
        assert report.title == "宣讲 进村"
        with pytest.raises(media.ReportKnown, match="已经登记过"):
            add()
        for wrong in ({"title": " "}, {"outlet": ""}, {"title": "长" * 121}, {"url": "ftp://x"},
                      {"published_on": date(2026, 6, 1)}):  # fmt: skip
            with pytest.raises(media.BadReport, match="还记不了"):
                add(**wrong)
        media.strike(session, report.id or 0, now=DURING)
        with pytest.raises(media.NoSuchReport, match="没有第"):
            media.strike(session, report.id or 0, now=DURING)
        again = add()
        first, after = MAY.first, MAY.after
        assert [each.id for each in media.listed(session, first, after)] == [again.id]
        assert [each.id for each in media.listed(session, first, after, struck=True)] == [again.id, report.id]
