"""The account: a new one listens first, then answers, then speaks; one in trouble holds its tongue."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from data import accounts, outbox
from data.accounts import ALL_KINDS, FREE, Caution
from data.mail import Account, OutboxKind
from data.tables import Room
from tests.town import NOW

DAY = timedelta(days=1)
CAREFUL = {"wechaty": Caution(7 * DAY, 7 * DAY, timedelta(minutes=30))}


@pytest.fixture
def session(any_engine: Engine) -> Iterator[Session]:
    with Session(any_engine) as session:
        yield session


def leave(session: Session, after: timedelta) -> accounts.Leave:
    return accounts.leaves(session, CAREFUL, now=NOW + after)["wechaty"]


def test_a_new_account_listens_then_answers_then_speaks(session: Session) -> None:
    accounts.seen(session, "wechaty", "wxid_1", now=NOW)
    assert leave(session, timedelta()).kinds == frozenset()
    assert leave(session, 7 * DAY - timedelta(seconds=1)).until == NOW + 7 * DAY
    assert leave(session, 7 * DAY).kinds == {OutboxKind.REPLY}
    assert leave(session, 14 * DAY - timedelta(seconds=1)).kinds == {OutboxKind.REPLY}
    assert leave(session, 14 * DAY) == FREE


def test_to_log_in_again_does_not_make_it_new_but_another_account_is(session: Session) -> None:
    accounts.seen(session, "wechaty", "wxid_1", now=NOW)
    accounts.seen(session, "wechaty", "wxid_1", now=NOW + 5 * DAY)
    accounts.seen(session, "wechaty", "", now=NOW + 5 * DAY)
    assert leave(session, 14 * DAY) == FREE
    accounts.seen(session, "wechaty", "wxid_2", now=NOW + 20 * DAY)
    assert leave(session, 21 * DAY).kinds == frozenset()


def test_an_account_whose_name_was_not_known_keeps_its_age(session: Session) -> None:
    """The migration writes down since when an account spoke, but not which one it is."""
    session.add(Account(transport="wechaty", since=NOW - 300 * DAY))
    session.flush()
    accounts.seen(session, "wechaty", "wxid_1", now=NOW)
    assert leave(session, timedelta()) == FREE


def test_the_breaker_holds_everything_for_its_time_and_longer_when_it_trips_again(session: Session) -> None:
    session.add(Account(transport="wechaty", since=NOW - 300 * DAY))
    half = timedelta(minutes=30)
    assert accounts.trip(session, "wechaty", "被拒发", until=NOW + half, now=NOW)
    held = leave(session, half / 2)
    assert (held.kinds, held.until) == (frozenset(), NOW + half)
    assert "被拒发" in held.why
    assert not accounts.trip(session, "wechaty", "又被拒发", until=NOW + half * 2, now=NOW + half / 2)
    assert leave(session, half).kinds == frozenset()
    assert leave(session, half * 2).kinds == ALL_KINDS
    accounts.trip(session, "wechaty", "掉线", until=NOW + 4 * half, now=NOW + 3 * half)
    accounts.close(session, "wechaty")
    assert leave(session, 3 * half) == FREE


def test_with_a_rest_of_no_minutes_the_breaker_never_opens(session: Session) -> None:
    assert not accounts.trip(session, "wechaty", "被拒发", until=NOW, now=NOW)
    assert leave(session, timedelta()) == FREE


def test_a_transport_without_an_account_is_free(session: Session) -> None:
    assert accounts.leaves(session, {}, now=NOW) == {}
    assert accounts.leaves(session, CAREFUL, now=NOW) == {"wechaty": FREE}


def test_who_may_only_answer_is_given_only_answers(session: Session) -> None:
    session.add(Room(transport="wechaty", external_id="r", created_at=NOW))
    session.flush()
    rows = [outbox.queue(session, room_id=1, kind=kind, text=kind, now=NOW) for kind in OutboxKind]
    assert len(rows) == 3
    due = outbox.due(session, transports=["wechaty"], now=NOW, limit=9, answers_only={"wechaty"})
    assert [row.kind for row in due] == [OutboxKind.REPLY]
    assert len(outbox.due(session, transports=["wechaty"], now=NOW, limit=9)) == 3
