"""Every figure against a second count that shares no code with the first (`tests.recount`), over a city's year."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from data.database import open_engine, upgrade
from data.figures import areas
from data.figures.figures import BY_KEY, FIGURES, numbers
from data.figures.periods import Period, parse
from data.figures.scope import Scope
from tests.recount import Books, Recount, Span
from tests.town import NOW, ZONE
from tools.city import make_city
from tools.city.scale import Scale

TOWNS = Scale(
    lectures=900, attendances=30_000, lecturers=60, villages=48, rooms=110, people=300, announced=20, uncounted=12,
    orders=1_500, merged=150, declined=60, withdrawn=40, received=20, reviewed=20, dispatched=20, accepted=10,
    ratings=1_000, opinions=600, unanswered=30, cancelled=25, pushes=3_000, notices=6, heard=1_500, media=120,
)  # fmt: skip
PERIODS = ("2026", "2025", "2026Q2", "2026H2", "2026-09", "2026-11", "2026W33", "2026-08-12", "2024")
PLACES = ("all", "area:1", "area:2", "area:4", "village:7", "hamlet:7:坡脚组")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    path = tmp_path_factory.mktemp("year") / "year.db"
    made = open_engine(f"sqlite:///{path}")
    upgrade(made, now=NOW)
    make_city(made, seed=3, now=NOW, scale=TOWNS)
    made.dispose()
    disturb(path)
    yield made
    made.dispose()


def disturb(path: Path) -> None:
    """What a made year has too little of: late entries, second offers, sign-ups of what is over, chats with one."""
    with closing(sqlite3.connect(path)) as database, database:
        run = database.execute
        run("UPDATE step SET at = datetime(at, '+50 days') WHERE subject = 'lecture' AND state = 'delivered' "
            "AND subject_id % 37 = 0")  # fmt: skip
        run("UPDATE lecture_count SET at = datetime(at, '+33 days') WHERE lecture_id % 29 = 0")
        run("UPDATE lecture_count SET handouts = NULL WHERE lecture_id % 31 = 0")
        run("UPDATE lecture_order SET created_at = datetime(created_at, '-' || (id % 700) || ' minutes')")
        run("UPDATE step SET at = datetime(at, '+40 days') WHERE subject = 'order' AND state = 'archived'")
        run(
            "INSERT INTO step (subject, subject_id, state, at, reason) SELECT 'order', id, 'dispatched', "
            "datetime(created_at, '+30 days'), '' FROM lecture_order WHERE id % 11 = 0 AND state = 'archived'"
        )
        run("UPDATE lecture_order SET changed_at = (SELECT max(at) FROM step WHERE subject = 'order' "
            "AND subject_id = lecture_order.id)")  # fmt: skip
        run(
            "INSERT INTO sign_up (lecture_id, member_id, room_id, for_whom, people, state, by_list, at) "
            "SELECT l.id, m.id, 1, '', 1 + m.id % 3, CASE m.id % 4 WHEN 0 THEN 'out' ELSE 'seated' END, 0, "
            "l.created_at FROM lecture l JOIN member m ON m.id % 40 = l.id % 40 WHERE l.state <> 'announced'"
        )
        run("UPDATE voice SET answered_at = datetime(answered_at, '+' || (id % 20) || ' days') "
            "WHERE answered_at IS NOT NULL")  # fmt: skip
        run("UPDATE voice SET at = datetime(at, '+15 days') WHERE kind = 'feedback' AND id % 13 = 0")
        run("UPDATE room SET kind = 'direct', village_id = NULL WHERE id % 17 = 0")
        run("UPDATE room SET created_at = '2026-03-05 00:00:00.000000' WHERE id % 5 = 0")
        run("UPDATE room SET bound_at = '2026-07-05 00:00:00.000000' WHERE id % 7 = 0")
        run("UPDATE voice SET answered_by = 1 WHERE answered_at IS NOT NULL AND id % 3 = 0")
        run("INSERT INTO step (subject, subject_id, state, at, by_id, reason) SELECT 'voice', id, 'declined', "
            "answered_at, answered_by, '' FROM voice WHERE answered_at IS NOT NULL AND id % 4 = 0")  # fmt: skip
        run("UPDATE inbox SET heard_at = (SELECT datetime(o.settled_at, '+' || (inbox.id % 30) || ' hours') "
            "FROM outbox o WHERE o.room_id = inbox.room_id AND o.id % 3 = 0) WHERE id % 2 = 0 AND EXISTS "
            "(SELECT 1 FROM outbox o WHERE o.room_id = inbox.room_id AND o.id % 3 = 0)")  # fmt: skip


@pytest.fixture(scope="module")
def books(engine: Engine) -> Books:
    assert engine.url.database
    return Books(Path(engine.url.database))


def span_of(period: Period, now: datetime) -> Span:
    """The same period in the second count's own words."""
    first, months = period.first, []
    month = first.replace(day=1)
    if period.kind.value in ("month", "quarter", "half", "year"):
        while month < period.after:
            after = date(month.year + month.month // 12, month.month % 12 + 1, 1)
            months.append((month, after))
            month = after
    return Span(first, period.after, ZONE, now, tuple(months))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("words", PERIODS)
def test_both_counts_agree(engine: Engine, books: Books, words: str, place: str) -> None:
    period = parse(words)
    kind, _, rest = place.partition(":")
    number, _, hamlet = rest.partition(":")
    villages: set[object] | None = {int(number)} if number else None
    if kind == "area":
        villages = books.villages_of(int(number))
    again = Recount(books, span_of(period, NOW), villages, hamlet).all()
    with Session(engine) as session:
        scope = Scope(period, areas.by_key(session, place), ZONE, NOW)
        together = numbers(session, scope)
        alone = {each.key: each.number(session, scope) for each in FIGURES}
    assert together == alone
    assert {key: value for key, value in together.items() if value is not None} == {
        key: value for key, value in again.items() if value is not None
    }


def test_the_second_count_knows_cases_that_were_let_go_and_when_it_all_began(books: Books) -> None:
    assert 5 < len(books.let_go) < len(books.all("voice")) / 4
    before = Recount(books, span_of(parse("2024"), NOW)).all()
    assert {key for key, value in before.items() if value is not None} == {each for each in BY_KEY if "late_" in each}


def test_the_second_count_counts_all_figures_and_finds_something(books: Books) -> None:
    found = Recount(books, span_of(parse("2026"), NOW)).all()
    assert set(found) == set(BY_KEY)
    nothing = {key for key, value in found.items() if not value}
    # orders that wait do so in the last days, and 2026 is not closed yet
    assert nothing == {"late_lectures", "late_counts", "late_media"}
    quarter = Recount(books, span_of(parse("2026Q2"), NOW)).all()
    assert all(quarter[key] for key in nothing)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("words", PERIODS)
def test_the_rows_behind_a_number_add_up_to_it(engine: Engine, words: str, place: str) -> None:
    with Session(engine) as session:
        scope = Scope(parse(words), areas.by_key(session, place), ZONE, NOW)
        for figure in FIGURES:
            rows = []
            for page in count():
                found = figure.rows(session, scope, limit=400, offset=page * 400)
                rows += found
                if len(found) < 400:
                    break
            number = figure.number(session, scope)
            assert len(rows) == figure.count(session, scope), figure.key
            amounts = [each.amount for each in rows if each.amount is not None]
            match figure.how.value:
                case "count":
                    assert len(rows) == (number or 0), figure.key
                case "sum":
                    assert sum(amounts) == (number or 0), figure.key
                    assert amounts or not number
                case "mean":
                    assert number == (round(sum(amounts) / len(amounts), 2) if amounts else None)
                case "distinct":
                    assert len(rows) == len({each.id for each in rows}) == (number or 0), figure.key
                    assert all(each.amount for each in rows), figure.key
                case "median" | "p90":
                    assert not amounts or min(amounts) <= (number or 0) <= max(amounts), figure.key
    assert timedelta(0) < scope.closes - scope.end
