"""The outbox machine under dice: rows are queued, claimed, handed over and settled in every way there is, the process
dies at any step, the clock jumps, echoes come early, late or never, and a coordinator has a word in it.

WeChat is a model that knows what really arrived. What must hold after each step: nothing is handed over twice but
the one fresh answer that the documentation names, or at a person's word; what is called sent did arrive; and what did
not arrive says where it stands and why. At the end nothing is stuck.

    MENLOU_EXAMPLES=2000 pytest tests/test_outbox_machine.py    # a longer game
"""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool
from sqlmodel import Session, SQLModel, col, select

from bot.sender import DOUBT, FRESH, weigh
from bot.transports.base import Echo
from data import dispatches, missed, outbox, retract
from data.errors import NothingInDoubt, NothingMissed
from data.mail import Outbox, OutboxKind, OutboxState
from data.missed import Patience
from data.outbox import Letter, Settled
from data.tables import Room
from tests.town import NOW

EXAMPLES = int(os.environ.get("MENLOU_EXAMPLES", "100"))
REASONED = (OutboxState.FAILED, OutboxState.UNKNOWN, OutboxState.EXPIRED, OutboxState.CANCELLED)
WAITING = (OutboxState.PENDING, OutboxState.SENDING)
PATIENCE = Patience()
ROOMS = ("r1", "r2")
JUMPS = st.sampled_from([1, 4, 31, 31, 31, 300, 3600, 3 * 3600, 13 * 3600, 4 * 86400, -3600, -60])
ENDS = st.sampled_from(["sent", "sent", "sent without id", "no answer, there", "no answer", "held", "refused"])
PICK = st.integers(0, 9)


@dataclass
class WeChat:
    """What really happened: which rows arrived and how often, and what is still to be seen coming back."""

    arrived: Counter[int] = field(default_factory=Counter)
    texts: Counter[tuple[str, str]] = field(default_factory=Counter)
    echoes: list[Echo] = field(default_factory=list)
    number: int = 0

    def take(self, letter: Letter, *, echo: bool) -> str:
        self.arrived[letter.id] += 1
        self.texts[letter.room, letter.text] += 1
        self.number += 1
        if echo:
            self.echoes.append(Echo("memory", letter.room, f"m{self.number}", letter.text, NOW))
        return f"m{self.number}"


class OutboxMachine(RuleBasedStateMachine):
    """One process at a time; ``out`` is what it has claimed, ``how`` how that went, both gone when it dies."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = create_engine("sqlite://", poolclass=StaticPool)
        SQLModel.metadata.create_all(self.engine)
        self.now = NOW
        self.wechat = WeChat()
        self.out: list[Letter] = []
        self.how: list[Settled] = []
        self.early: list[Echo] = []  # seen while letters are out
        self.again: Counter[int] = Counter()  # at a person's word
        self.guessed: Counter[int] = Counter()  # fresh answers that went again without one
        self.vouched: Counter[tuple[str, str]] = Counter()  # a person says that it is there

    def teardown(self) -> None:
        self.engine.dispose()

    @contextmanager
    def turn(self) -> Iterator[Session]:
        with Session(self.engine) as session, session.begin():
            yield session

    def rows(self, session: Session, *states: OutboxState) -> list[Outbox]:
        query = select(Outbox).where(col(Outbox.state).in_(states or list(OutboxState))).order_by(col(Outbox.id))
        return list(session.exec(query))

    @initialize()
    def two_rooms(self) -> None:
        with self.turn() as session:
            for number, name in enumerate(ROOMS, 1):
                session.add(Room(id=number, transport="memory", external_id=name, created_at=NOW))

    # ---- what is to be said --------------------------------------------------------------------------------------

    @rule(
        room=st.integers(1, 2),
        kind=st.sampled_from(OutboxKind),
        text=st.sampled_from(["明天停水", "已登记", "已报名"]),
        later=st.sampled_from([0, 0, 0, 600]),
        lasts=st.sampled_from([None, None, 1200]),
    )
    def queue(self, room: int, kind: OutboxKind, text: str, later: int, lasts: int | None) -> None:
        at = self.now + timedelta(seconds=later)
        with self.turn() as session:
            outbox.queue(
                session,
                room_id=room,
                kind=kind,
                text=text,
                now=self.now,
                not_before=at,
                expires_at=at + timedelta(seconds=lasts) if lasts else None,
            )

    @rule(pick=PICK)
    def take_back(self, pick: int) -> None:
        """What was not said yet is taken back (撤销, 停发)."""
        with self.turn() as session:
            waiting = self.rows(session, OutboxState.PENDING)
            if waiting:
                retract.retract(session, [waiting[pick % len(waiting)]], why="撤销", now=self.now)

    # ---- the sender ----------------------------------------------------------------------------------------------

    @precondition(lambda self: not self.out)
    @rule(most=st.integers(1, 4))
    def claim(self, most: int) -> None:
        """As one look of the sender: what is due goes out, in rows that say `sending` before anything else happens."""
        with self.turn() as session:
            if most % 2 == 0:  # as once a minute; a claim holds an expiry to the second by itself
                missed.lapse(session, PATIENCE, now=self.now)
            before = {row.id: row.state for row in self.rows(session, OutboxState.UNKNOWN)}
            outbox.retry_fresh_replies(session, now=self.now, doubt=DOUBT, fresh=FRESH)
            session.expire_all()
            self.guessed.update(row.id or 0 for row in self.rows(session, OutboxState.PENDING) if row.id in before)
            due = outbox.due(session, transports=["memory"], now=self.now, limit=most)
            self.out = outbox.claim(session, [row.id for row in due], now=self.now)
            session.expire_all()
            for letter in self.out:
                row = session.get_one(Outbox, letter.id)
                assert row.expires_at is None or row.expires_at > self.now, "it leaves past its time"

    @precondition(lambda self: len(self.how) < len(self.out))
    @rule(end=ENDS, echo=st.booleans())
    def hand_over(self, end: str, echo: bool) -> None:
        letter = self.out[len(self.how)]
        match end:
            case "sent":
                how = Settled(letter.id, OutboxState.SENT, self.wechat.take(letter, echo=echo))
            case "sent without id":
                self.wechat.take(letter, echo=echo)
                how = Settled(letter.id, OutboxState.SENT)
            case "no answer, there":
                self.wechat.take(letter, echo=echo)
                how = Settled(letter.id, OutboxState.UNKNOWN, error="没有回音")
            case "no answer":
                how = Settled(letter.id, OutboxState.UNKNOWN, error="没有回音")
            case "held":
                at, lapses = self.now + timedelta(seconds=5), self.now + PATIENCE.reply
                how = Settled(letter.id, OutboxState.PENDING, error="没连上", retry_at=at, lapses_at=lapses)
            case _:
                how = Settled(letter.id, OutboxState.FAILED, error="被拒收")
        self.how.append(how)

    @precondition(lambda self: self.out and len(self.how) == len(self.out))
    @rule()
    def settle(self) -> None:
        weighed: list[Settled] = []
        for room in ROOMS:
            letters = [letter for letter in self.out if letter.room == room]
            outcomes = [how for letter, how in zip(self.out, self.how, strict=True) if letter.room == room]
            weighed += weigh(letters, outcomes, [echo for echo in self.early if echo.room_id == room])
        with self.turn() as session:
            outbox.settle(session, weighed, now=self.now)
        self.out, self.how, self.early = [], [], []

    @precondition(lambda self: not self.out)
    @rule(end=ENDS, echo=st.booleans(), seconds=st.sampled_from([0, 31, 31, 3 * 3600]))
    def a_round(self, end: str, echo: bool, seconds: int) -> None:
        """A look of the sender from its beginning to its end, a while after what was before."""
        self.now += timedelta(seconds=seconds)
        self.claim(4)
        while len(self.how) < len(self.out):
            self.hand_over(end, echo)
        self.settle()

    @precondition(lambda self: self.wechat.echoes)
    @rule(pick=PICK)
    def come_back(self, pick: int) -> None:
        """Our own message is seen: while letters are out it is kept for the settling, else it settles a doubt."""
        echo = self.wechat.echoes.pop(pick % len(self.wechat.echoes))
        if echo.room_id in {letter.room for letter in self.out}:
            self.early.append(echo)
            return
        with self.turn() as session:
            outbox.settle_by_echo(
                session,
                transport="memory",
                room=echo.room_id,
                text=echo.text,
                message_id=echo.message_id,
                now=self.now,
            )

    @rule()
    def die(self) -> None:
        """Kill -9 where it stands, and a new process: what was handed over stays handed over."""
        self.out, self.how, self.early = [], [], []
        with self.turn() as session:
            outbox.orphan(session, now=self.now)

    # ---- time and people -----------------------------------------------------------------------------------------

    @rule(seconds=JUMPS)
    def jump(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def lapse(self) -> None:
        with self.turn() as session:
            missed.lapse(session, PATIENCE, now=self.now)

    @rule(hours=st.sampled_from([1, 2, 13, 100]))
    def come_back_from_an_outage(self, hours: int) -> None:
        with self.turn() as session:
            missed.after_outage(
                session, "memory", since=self.now - timedelta(hours=hours), patience=PATIENCE, now=self.now
            )

    @rule(go=st.booleans())
    def answer_about_what_was_missed(self, go: bool) -> None:
        with self.turn() as session, suppress(NothingMissed):
            dispatches.make_up(session, go=go, now=self.now, not_before=self.now)

    @rule(pick=PICK, there=st.booleans())
    def look_in_the_group(self, pick: int, there: bool) -> None:
        """A coordinator looked. They may err: then what goes twice does so at a person's word."""
        with self.turn() as session:
            rows = self.rows(session)
            if not rows:
                return
            row = rows[pick % len(rows)]
            id_, doubtful, key = row.id or 0, row.state == OutboxState.UNKNOWN, (ROOMS[row.room_id - 1], row.text)
            held_back = id_ in missed.held_back(session, now=self.now)
            over = row.expires_at is not None and row.expires_at <= self.now  # nothing goes again after its time
            try:
                dispatches.settle(session, [id_], there=there, now=self.now)
            except NothingInDoubt:
                assert not doubtful or (over and not there)
                return
            assert doubtful or (held_back and not there), "a person's word counts only for what is in doubt"
            if there:
                self.vouched[key] += 1
            else:
                self.again[id_] += 1

    # ---- what must hold ------------------------------------------------------------------------------------------

    @invariant()
    def nothing_is_said_twice_by_the_machine(self) -> None:
        for row, times in self.wechat.arrived.items():
            assert times <= 1 + self.again[row] + self.guessed[row], f"row {row} arrived {times} times"
        assert all(times <= 1 for times in self.guessed.values())

    @invariant()
    def what_is_sent_arrived_and_what_did_not_says_why(self) -> None:
        with self.turn() as session:
            rows = self.rows(session)
            kinds = {row.id: row.kind for row in rows}
            assert all(kinds[row] == OutboxKind.REPLY for row in self.guessed), "only an answer goes again on a guess"
            called_sent = Counter((ROOMS[row.room_id - 1], row.text) for row in rows if row.state == OutboxState.SENT)
            for key, times in called_sent.items():
                assert times <= self.wechat.texts[key] + self.vouched[key], f"{key} is called sent"
            for row in rows:
                assert row.state not in REASONED or row.error, f"row {row.id} is {row.state} and nobody knows why"
                assert row.state != OutboxState.SENDING or row.id in {letter.id for letter in self.out}

    def finish(self) -> None:
        """Let all go its way: nothing may be stuck."""
        if self.out:
            self.die()
        for _ in range(200):
            self.now += timedelta(minutes=10)
            with self.turn() as session:
                if not self.rows(session, *WAITING):
                    return
            self.claim(4)
            while len(self.how) < len(self.out):
                self.hand_over("sent", echo=False)
            self.settle()
        raise AssertionError("something is stuck")


class WithAnEnd(OutboxMachine):
    """The same, told to its end."""

    def teardown(self) -> None:
        self.finish()
        self.nothing_is_said_twice_by_the_machine()
        self.what_is_sent_arrived_and_what_did_not_says_why()
        super().teardown()


def test_the_outbox_machine() -> None:
    run_state_machine_as_test(
        WithAnEnd,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
