"""What was removed is not to be read in the database's log either: see `data.database.wipe`."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from functools import partial

import pytest
from sqlmodel import Session, select

from bot.worker import Worker
from data import erasure
from data.database import open_reader, wipe
from data.mail import Inbox
from data.tables import Room
from tests.test_persons import GROUP, WHO, number_of
from tests.test_retention import believed, run
from tests.town import NOW, DemoTown, Talk, demo_rules

SECRET = "竹鼠拉稀怎么治"
PATIENCE = 5_000  # ms, as `data.database.PRAGMAS` has it
YEARS = timedelta(days=3_000)


@pytest.fixture
def worker(town: DemoTown) -> Iterator[Worker]:
    """Of a bot that has been up for a while, in a town to which somebody once said something."""
    with closing(Worker(town.engine)) as worker:
        worker.run_now(lambda session: None)
        talk = Talk(town)
        talk.say(WHO, GROUP, f"@小门 点课 {SECRET}")
        talk.say(WHO, None, "我的信息")
        assert readable(town) == ["town.db-wal"]
        yield worker


def readable(town: DemoTown) -> list[str]:
    """The files of the database in which the secret can be read."""
    return sorted(each.name for each in town.path.parent.glob("town.db*") if SECRET.encode() in each.read_bytes())


def forget(session: Session) -> None:
    erasure.erase(session, number_of(session, WHO), now=NOW, rules=demo_rules())


def let_go(session: Session) -> None:
    """A daily run, years later."""
    believed(session, now=NOW + YEARS)
    run(session, now=NOW + YEARS)


def add_room(session: Session, *, name: str) -> None:
    session.add(Room(transport="t", external_id=name, created_at=NOW))


def nothing(_: Session) -> None:
    return


@pytest.mark.parametrize("remove", [forget, let_go])
def test_what_was_removed_is_gone_from_the_log(
    town: DemoTown, worker: Worker, remove: Callable[[Session], None]
) -> None:
    """It said 删好了, and for weeks the words stood in town.db-wal: SQLite does not clear its log by itself."""
    worker.run_now(remove)
    with town.session() as session:
        assert not [row for row in session.exec(select(Inbox.text)) if SECRET in row]
    assert readable(town) == []


def test_an_ordinary_turn_leaves_the_log_alone(town: DemoTown, worker: Worker) -> None:
    worker.run_now(partial(add_room, name="x"))
    assert readable(town) == ["town.db-wal"]


def test_while_somebody_reads_it_waits_for_a_later_turn(town: DemoTown, worker: Worker) -> None:
    reader = open_reader(f"sqlite:///{town.path}")
    with Session(reader) as session:
        assert session.exec(select(Inbox.text)).all()
        worker.run_now(forget)
        assert readable(town) == ["town.db-wal"] and not wipe(town.engine)
    reader.dispose()
    with town.engine.connect() as connection:  # which others use after it
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == PATIENCE
    worker.run_now(nothing)
    assert readable(town) == []


def test_what_goes_wrong_behind_a_commit_has_no_turn_done_again(
    town: DemoTown, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Turns that share a commit are run again by themselves where one fails: each had been done twice."""
    monkeypatch.setattr("bot.worker.wipe", lambda _: 1 / 0)
    worker.run_now(forget)
    add = partial(add_room, name="once")
    worker.run_now(add)
    monkeypatch.undo()
    with town.session() as session:
        assert len(session.exec(select(Room).where(Room.external_id == "once")).all()) == 1
    worker.run_now(nothing)
    assert readable(town) == []


def test_letting_go_of_the_last_chat_is_wiped_too(town: DemoTown, worker: Worker) -> None:
    worker.run_now(forget)
    worker.run_now(partial(add_room, name="x"))
    assert town.path.with_name("town.db-wal").stat().st_size
    assert worker.run_now(partial(erasure.settle, now=NOW + timedelta(hours=3)))
    assert town.path.with_name("town.db-wal").stat().st_size == 0


def test_a_bot_that_died_in_between_does_it_when_it_is_up_again(town: DemoTown, worker: Worker) -> None:
    with town.session() as session, session.begin():  # committed, and then the power was cut
        forget(session)
    assert readable(town)
    with closing(Worker(town.engine)) as next_life:
        next_life.run_now(nothing)
        assert readable(town) == []
