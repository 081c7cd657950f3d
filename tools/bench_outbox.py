"""The figures of ``make bench`` under "outbox": queueing to ten thousand rooms, the sender's own cost, and a claim
where a million rows are kept. Each beside its floor from the same run; the median of the pairs counts.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from itertools import count
from pathlib import Path
from statistics import median

from sqlalchemy import Engine
from sqlmodel import Session, select

from bot.pacing import Pacer
from bot.sender import Sender
from bot.transports.base import Outgoing
from bot.transports.memory import MemoryTransport
from bot.worker import Worker
from data import outbox, releasing
from data.database import open_engine, upgrade
from data.mail import OutboxKind
from data.pace import Speed
from data.rules import Rules
from data.tables import Broadcast, Member, Release
from tests.town import NOW, demo_rules

ROOMS, KEPT, ROUNDS = 10_000, 1_000_000, 5
SENT = 2_000  # messages in a round of the sender
CLAIMS = 200
TEXT = "明天上午九点到下午五点停水，请大家提前存好水。镇自来水厂，2026年11月20日"
_ROOM = "INSERT INTO room (transport, external_id, name, kind, created_at) VALUES ('memory', ?, ?, 'residents', ?)"
_ROW = """INSERT INTO outbox (room_id, kind, priority, text, mentions, state, queued_at, not_before, claimed_at,
    settled_at, attempts, held, transport_message_id, error, gathered, once)
    VALUES (?, 'notice', 10, ?, '[]', ?, ?, ?, ?, ?, 0, 0, '', '', '[]', ?)"""
_AT = "2026-11-20 07:00:00.000000"


def bench_outbox(folder: Path) -> dict[str, object]:
    """All three, on databases of their own."""
    return {
        "queue_10000_rooms": _bench_queue(folder / "outbox-queue.db"),
        "send": asyncio.run(_bench_send(folder / "outbox-send.db")),
        "claim_with_1000000_kept": _bench_claim(folder / "outbox-empty.db", folder / "outbox-full.db"),
    }


def _town(path: Path, rooms: int) -> Engine:
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine, now=NOW)
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.executemany(_ROOM, ((f"r{number}", f"群{number}", _AT) for number in range(rooms)))
    return engine


def _bench_queue(path: Path) -> dict[str, object]:
    engine = _town(path, ROOMS)
    rooms, numbers, rules = range(1, ROOMS + 1), count(), demo_rules()
    own, floor = [], []
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        for pragma in ("synchronous=FULL", "foreign_keys=ON"):
            raw.execute(f"PRAGMA {pragma}")
        for _ in range(ROUNDS):
            floor.append(_timed(lambda: _bare_queue(raw, rooms, next(numbers))))
            own.append(_timed(lambda: _queue(engine, rooms, rules)))
    engine.dispose()
    return {
        "seconds": round(median(own), 3),
        "bare_executemany_seconds": round(median(floor), 3),
        "ratio": _ratio(own, floor),
        "goal": "<= 1 s",
    }


def _queue(engine: Engine, rooms: range, rules: Rules) -> None:
    """As a coordinator's word does it."""
    with Session(engine) as session, session.begin():
        author = session.exec(select(Member)).first()
        if author is None:
            author = Member(transport="memory", external_id="boss", name="周竹蓉", created_at=NOW)
            session.add(author)
            session.flush()
        broadcast = Broadcast(
            author_id=author.id or 0, audience="全镇", room_ids=list(rooms), text=TEXT, created_at=NOW
        )
        session.add(broadcast)
        session.flush()
        queued = releasing.release(session, broadcast, Release.ALONE, by=author.id, now=NOW, rules=rules)
        assert queued == len(rooms)


def _bare_queue(raw: sqlite3.Connection, rooms: range, number: int) -> None:
    raw.execute("BEGIN IMMEDIATE")
    raw.executemany(_ROW, ((room, TEXT, "pending", _AT, _AT, None, None, f"bare:{number}:{room}") for room in rooms))
    raw.execute("COMMIT")


async def _bench_send(path: Path) -> dict[str, object]:
    """From the outbox through the sender to a transport in memory, against that transport called in a loop."""
    engine = _town(path, SENT)
    worker = Worker(engine)
    rules = demo_rules()
    own, floor = [], []
    for _ in range(ROUNDS):
        bare = MemoryTransport(lambda: NOW, echo=False)
        started = time.perf_counter()
        for number in range(SENT):
            await bare.send(Outgoing(f"r{number}", TEXT))
        floor.append((time.perf_counter() - started) / SENT)
        _queue(engine, range(1, SENT + 1), rules)
        transport = MemoryTransport(lambda: NOW, echo=False)
        sender = Sender(worker, {"memory": transport}, {"memory": Pacer(Speed.none())}, lambda: NOW)
        started = time.perf_counter()
        while await sender.drain() == 0.0:
            pass
        own.append((time.perf_counter() - started) / SENT)
        assert len(transport.sent) == SENT
    worker.close()
    return {
        "own_ms_a_message": round(1e3 * median(mine - bare for mine, bare in zip(own, floor, strict=True)), 3),
        "transport_ms_a_message": round(1e3 * median(floor), 4),
        "ratio": _ratio(own, floor),
        "goal": "<= 1 ms of its own",
    }


def _bench_claim(empty: Path, full: Path) -> dict[str, object]:
    """Looking for what is due and claiming it, one row at a time as replies come, each in a durable transaction."""
    engines = _town(empty, 200), _town(full, 200)
    with closing(sqlite3.connect(full)) as raw, raw:
        rows = ((n % 200 + 1, TEXT, "sent", _AT, _AT, _AT, _AT, f"kept:{n}") for n in range(KEPT))
        raw.executemany(_ROW, rows)
    numbers = count()
    few, many = [], []
    for _ in range(ROUNDS):
        few.append(_claims(engines[0], numbers))
        many.append(_claims(engines[1], numbers))
    last = _timed(lambda: _last_sends(engines[1]))
    for engine in engines:
        engine.dispose()
    return {
        "claim_ms": round(1e3 * median(many), 3),
        "claim_ms_empty": round(1e3 * median(few), 3),
        "ratio": _ratio(many, few),
        "start_ms": round(1e3 * last, 1),
        "goal": "<= 2",
    }


def _claims(engine: Engine, numbers: Iterator[int]) -> float:
    """Seconds a claim."""
    spent = 0.0
    for _ in range(CLAIMS):
        with Session(engine) as session, session.begin():
            outbox.queue(session, room_id=next(numbers) % 200 + 1, kind=OutboxKind.REPLY, text=TEXT, now=NOW)
        started = time.perf_counter()
        with Session(engine) as session, session.begin():
            outbox.retry_fresh_replies(session, now=NOW, doubt=timedelta(seconds=30), fresh=timedelta(minutes=5))
            due = outbox.due(session, transports=["memory"], now=NOW, limit=64)
            letters = outbox.claim(session, [row.id for row in due], now=NOW)
        spent += time.perf_counter() - started
        assert len(letters) == 1
    return spent / CLAIMS


def _last_sends(engine: Engine) -> None:
    """What a start reads back of the last day, where that day is quiet and a million rows are older."""
    with Session(engine) as session:
        outbox.orphan(session, now=NOW)
        outbox.in_doubt(session)
        outbox.last_sends(session, since=NOW + timedelta(hours=1))


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _ratio(own: list[float], floor: list[float]) -> float:
    return round(median(mine / bare for mine, bare in zip(own, floor, strict=True)), 2)
