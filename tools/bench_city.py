"""The figures of ``make bench`` under "city": what a year of a prefecture city behind it costs a turn."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from statistics import median

from sqlalchemy import update
from sqlmodel import Session, col, select

from bot.worker import Worker
from data import matching
from data.loop import Lecture, Order, OrderState
from data.rules import Rules
from handlers.knowledge import Limits
from handlers.message import Heard
from handlers.take import Listener, Outcome
from tests.town import NOW, WEB, DemoTown, prepare_town
from tools.city import make_city
from tools.city.scale import SMALL

ROUNDS = 15
TURNS = 40  # in a round
MATCHED = 200  # orders that lecturers and times are proposed for
GROUP, COORDINATOR = "r-shangping-1", "p-zhouzhurong"


@dataclass(slots=True)
class Desk:
    """A town whose bot takes turns as the worker runs them: each a transaction, those that wait together share it."""

    town: DemoTown
    listener: Listener
    worker: Worker
    numbers: Iterator[int]

    @classmethod
    def of(cls, town: DemoTown) -> "Desk":
        knowledge = replace(town.knowledge, limits=Limits(per_minute=10**9, loop_turns=10**6))
        return cls(town, replace(town, knowledge=knowledge).listener(), Worker(town.engine), count())

    def sign_ups(self) -> float:
        """Seconds for turns in which somebody new signs up in the group of a lecture with seats."""
        return self._timed(lambda number: Heard(
            WEB, f"s{number}", GROUP, f"u{number}", "报名", NOW, sender_name=f"村民{number}",
        ))  # fmt: skip

    def todos(self) -> float:
        """Seconds for turns in which a coordinator asks what waits."""
        return self._timed(lambda number: Heard(WEB, f"t{number}", COORDINATOR, COORDINATOR, "待办", NOW, direct=True))

    def _timed(self, message: Callable[[int], Heard]) -> float:
        async def turns() -> list[Outcome]:
            async def one(heard: Heard) -> Outcome:
                return await self.worker.run(lambda session: self.listener.take(session, heard, now=NOW))

            return await asyncio.gather(*(one(message(next(self.numbers))) for _ in range(TURNS)))

        started = time.perf_counter()
        outcomes = asyncio.run(turns())
        spent = time.perf_counter() - started
        assert set(outcomes) == {Outcome.ANSWERED}
        return spent


def bench_city(folder: Path) -> dict[str, object]:
    """A sign-up turn and 待办 with a city's year in the database against the demo town alone, and matching in it.

    待办 of an empty town says one line; so it is also held against one town in which as many lines wait.
    """
    empty, small, city = (prepare_town(folder / f"{name}.db", now=NOW) for name in ("empty", "small", "city"))
    make_city(small.engine, now=NOW, transport=WEB, scale=SMALL)
    started = time.perf_counter()
    rows = make_city(city.engine, now=NOW, transport=WEB)
    made = time.perf_counter() - started
    desks = [_opened(town) for town in (empty, small, city)]
    nothing, some, all_of_it = desks
    report: dict[str, object] = {
        "rows": rows,
        "seconds_to_make_it": round(made, 1),
        "sign_up": _compared(nothing.sign_ups, all_of_it.sign_ups),
        "todo": _compared(nothing.todos, all_of_it.todos),
        "todo_with_as_many_lines": _compared(some.todos, all_of_it.todos),
        "matching": _matching(city, city.knowledge.rules),
    }
    for desk in desks:
        desk.worker.close()
    return report


def _opened(town: DemoTown) -> Desk:
    """A desk in a town whose lecture with seats, which all of them find room in, has enough."""
    with town.session() as session, session.begin():
        theirs = update(Lecture).where(col(Lecture.id) <= 2, col(Lecture.seats).is_not(None))
        session.execute(theirs.values(seats=10**6))
    return Desk.of(town)


def _compared(town: Callable[[], float], city: Callable[[], float]) -> dict[str, object]:
    """Turn about, after a round to warm up; milliseconds a turn and the median of the pairs' ratios."""
    town(), city()
    pairs = [(town(), city()) for _ in range(ROUNDS)]
    return {
        "ms_town": round(median(few for few, _ in pairs) / TURNS * 1e3, 2),
        "ms_city": round(median(many for _, many in pairs) / TURNS * 1e3, 2),
        "ratio": round(median(many / few for few, many in pairs), 2),
        "goal": "<= 1.5",
    }


def _matching(town: DemoTown, rules: Rules) -> dict[str, object]:
    """Lecturers and times proposed for open orders, each in a session of its own."""
    with town.session() as session:
        waits = select(Order.id).where(col(Order.state).in_((OrderState.RECEIVED, OrderState.REVIEWED)))
        numbers = session.exec(waits.order_by(col(Order.id)).limit(MATCHED)).all()
    assert len(numbers) == MATCHED
    spent = []
    for number in numbers:
        with town.session() as session:
            order = session.get_one(Order, number)
            started = time.perf_counter()
            _propose(session, order, rules)
            spent.append((time.perf_counter() - started) * 1e3)
    return {
        "orders": MATCHED,
        "median_ms": round(median(spent), 1),
        "worst_ms": round(max(spent), 1),
        "goal": "<= 50 ms",
    }


def _propose(session: Session, order: Order, rules: Rules) -> None:
    """What a coordinator is shown of an order: up to three lecturers, and the times of the first."""
    found = matching.propose(session, order, rules=rules, now=NOW)
    assert found
    matching.times(session, order, rules=rules, now=NOW, lecturer_id=found[0].lecturer_id)
