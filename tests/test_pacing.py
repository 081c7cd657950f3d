"""Pacing, as properties: whatever is queued, wherever and whenever, the account never looks like a spammer's.

A simulated sender sends a row at the first moment that the pacer names for any row that waits, as the real one does.
"""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.pacing import Pace, Pacer
from data.mail import OutboxKind
from tests.town import NOW

SPANS = {"per_minute": timedelta(minutes=1), "per_hour": timedelta(hours=1), "per_day": timedelta(days=1)}
TICK = timedelta(microseconds=1)  # what rounding may cost


@dataclass(frozen=True)
class Row:
    """A row of the outbox, as far as pacing looks."""

    id: int
    room: int
    kind: OutboxKind
    queued_at: datetime


@dataclass
class Log:
    """What left, and when."""

    sends: list[tuple[datetime, Row]] = field(default_factory=list)

    def times(self, *, room: int | None = None) -> list[datetime]:
        return [at for at, row in self.sends if room in (None, row.room)]


def gaps(low: float, high: float) -> st.SearchStrategy[tuple[float, float]]:
    return st.tuples(st.floats(low, high), st.floats(low, high)).map(lambda pair: (min(pair), max(pair)))


paces = st.builds(
    Pace,
    reply_after=gaps(0, 20),
    same_room=st.floats(0, 30),
    other_room=gaps(0, 60),
    per_minute=st.integers(0, 8),
    per_hour=st.integers(0, 20),
    per_day=st.integers(0, 30),
)
seeds = st.integers(0, 2**32)


@st.composite
def outboxes(draw: st.DrawFn) -> list[Row]:
    """Rows of any kind, in a few rooms, queued in bursts and after long silences."""
    parts = draw(
        st.lists(
            st.tuples(st.integers(1, 4), st.sampled_from(OutboxKind), st.sampled_from([0, 0, 0, 1, 13, 300, 40_000])),
            min_size=1,
            max_size=40,
        )
    )
    rows, at = [], NOW
    for number, (room, kind, silence) in enumerate(parts, 1):
        at += timedelta(seconds=silence)
        rows.append(Row(number, room, kind, at))
    return rows


def send_all(pacer: Pacer, rows: list[Row], log: Log | None = None) -> Log:
    """Send every row as early as the pacer lets it, and no earlier than what left before it."""
    log = log or Log()
    waiting = list(rows)
    now = max([NOW, *log.times()])
    while waiting:
        at, row = min(((pacer.not_before(r.id, r.room, r.kind, r.queued_at), r) for r in waiting), key=first)
        now = max(now, at)
        pacer.sent(row.room, now)
        log.sends.append((now, row))
        waiting.remove(row)
    return log


def first(choice: tuple[datetime, Row]) -> tuple[datetime, int]:
    return choice[0], choice[1].id


@given(paces, outboxes(), seeds)
def test_never_more_than_the_caps_in_any_window(pace: Pace, rows: list[Row], seed: int) -> None:
    times = send_all(Pacer(pace, random.Random(seed)), rows).times()
    assert len(times) == len(rows)
    for name, span in SPANS.items():
        cap = getattr(pace, name)
        if cap:
            for early, late in zip(times, times[cap:], strict=False):
                assert late - early >= span, name


def test_the_caps_do_bind() -> None:
    """The guard of the property above: a burst is spread to just what each cap allows."""
    rows = [Row(number, number, OutboxKind.REPLY, NOW) for number in range(1, 8)]
    pace = Pace((0, 0), 0, (0, 0), per_minute=2, per_hour=4, per_day=6)
    minutes = [(at - NOW) / timedelta(minutes=1) for at in send_all(Pacer(pace), rows).times()]
    assert minutes == [0, 0, 1, 1, 60, 60, 24 * 60]


@given(paces, outboxes(), seeds)
def test_the_gap_within_a_room_is_kept(pace: Pace, rows: list[Row], seed: int) -> None:
    log = send_all(Pacer(pace, random.Random(seed)), rows)
    for room in {row.room for row in rows}:
        for early, late in pairwise(log.times(room=room)):
            assert late - early >= timedelta(seconds=pace.same_room) - TICK


@given(paces, outboxes(), seeds)
def test_what_nobody_asked_for_keeps_its_distance_to_all_before(pace: Pace, rows: list[Row], seed: int) -> None:
    for (early, _), (late, row) in pairwise(send_all(Pacer(pace, random.Random(seed)), rows).sends):
        if row.kind is not OutboxKind.REPLY:
            assert late - early >= timedelta(seconds=pace.other_room[0]) - TICK


@given(st.integers(1, 10**9), paces, st.sampled_from(OutboxKind))
def test_a_lone_reply_waits_as_long_as_somebody_who_types(row_id: int, pace: Pace, kind: OutboxKind) -> None:
    """Between low and high, the same each time that one asks; a lone notice or push does not wait at all."""
    pacer = Pacer(pace)
    earliest = pacer.not_before(row_id, 1, kind, NOW)
    assert earliest == pacer.not_before(row_id, 1, kind, NOW)
    low, high = (timedelta(seconds=each) for each in pace.reply_after)
    if kind is OutboxKind.REPLY:
        assert low - TICK <= earliest - NOW <= high + TICK
    else:
        assert earliest == NOW


def test_replies_do_not_all_wait_equally_long() -> None:
    waits = {Pacer(Pace()).not_before(row_id, 1, OutboxKind.REPLY, NOW) for row_id in range(100)}
    assert len(waits) > 90
    assert max(waits) - min(waits) > timedelta(seconds=3)


@given(outboxes(), seeds)
def test_no_pacing_never_waits(rows: list[Row], seed: int) -> None:
    log = send_all(Pacer(Pace.none(), random.Random(seed)), rows)
    assert [at for at, _ in log.sends] == [row.queued_at for _, row in log.sends]


@given(paces, outboxes(), seeds, st.data())
@settings(deadline=None)
def test_a_restart_changes_nothing_that_pacing_promises(
    pace: Pace, rows: list[Row], seed: int, data: st.DataObject
) -> None:
    """A new pacer that recalls what was sent holds a reply for just as long as the old one, and a push within the
    bounds of its gap; and the caps hold over the restart."""
    cut = data.draw(st.integers(0, len(rows)), label="sent before the restart")
    assume(cut > 0)
    old = Pacer(pace, random.Random(seed))
    log = send_all(old, rows[:cut])
    new = Pacer(pace, random.Random(seed + 1))
    new.recall((row.room, at) for at, row in log.sends)
    now, last = log.sends[-1][0], rows[-1].queued_at
    for room in range(1, 6):
        asked = (99, room, OutboxKind.REPLY, max(now, last))
        assert new.not_before(*asked) == old.not_before(*asked)
    low, high = (timedelta(seconds=each) for each in pace.other_room)
    quiet_room = new.not_before(99, 5, OutboxKind.PUSH, NOW)
    assert quiet_room >= now + low - TICK
    if not (pace.per_minute or pace.per_hour or pace.per_day):
        assert quiet_room <= now + high + TICK
    times = send_all(new, rows[cut:], log).times()
    for name, span in SPANS.items():
        cap = getattr(pace, name)
        assert not cap or all(late - early >= span for early, late in zip(times, times[cap:], strict=False)), name


def test_what_is_older_than_a_day_is_forgotten() -> None:
    """The pacer of a bot that runs for a year is no bigger than that of a day."""
    pacer = Pacer(Pace((0, 0), 0, (0, 0), 0, 0, per_day=300))
    for hour in range(24 * 30):
        pacer.sent(1, NOW + timedelta(hours=hour))
    assert len(pacer._sent) == 24
