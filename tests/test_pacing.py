"""Pacing, as properties: whatever is queued, wherever and whenever, the account never looks like a spammer's.

A simulated sender sends a row at the first moment that the pacer names for any row that waits, as the real one does.
"""

import random
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from itertools import pairwise

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.pacing import Pacer
from data.hours import QuietHours
from data.mail import OutboxKind
from data.pace import Speed
from tests.town import NOW, ZONE

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
    Speed,
    reply_after=gaps(0, 20),
    same_room=st.floats(0, 30),
    other_room=gaps(0, 60),
    per_minute=st.integers(0, 8),
    per_hour=st.integers(0, 20),
    per_day=st.integers(0, 30),
    batch_rooms=st.integers(0, 4),
    batch_pause=st.floats(0, 900),
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
        pacer.sent(row.room, row.kind, now)
        log.sends.append((now, row))
        waiting.remove(row)
    return log


def first(choice: tuple[datetime, Row]) -> tuple[datetime, int]:
    return choice[0], choice[1].id


@given(paces, outboxes(), seeds)
def test_never_more_than_the_caps_in_any_window(pace: Speed, rows: list[Row], seed: int) -> None:
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
    pace = Speed((0, 0), 0, (0, 0), per_minute=2, per_hour=4, per_day=6)
    minutes = [(at - NOW) / timedelta(minutes=1) for at in send_all(Pacer(pace), rows).times()]
    assert minutes == [0, 0, 1, 1, 60, 60, 24 * 60]


@given(paces, outboxes(), seeds)
def test_the_gap_within_a_room_is_kept(pace: Speed, rows: list[Row], seed: int) -> None:
    log = send_all(Pacer(pace, random.Random(seed)), rows)
    for room in {row.room for row in rows}:
        for early, late in pairwise(log.times(room=room)):
            assert late - early >= timedelta(seconds=pace.same_room) - TICK


@given(paces, outboxes(), seeds)
def test_what_nobody_asked_for_keeps_its_distance_to_all_before(pace: Speed, rows: list[Row], seed: int) -> None:
    for (early, _), (late, row) in pairwise(send_all(Pacer(pace, random.Random(seed)), rows).sends):
        if row.kind is not OutboxKind.REPLY:
            assert late - early >= timedelta(seconds=pace.other_room[0]) - TICK


@given(st.integers(1, 10**9), paces, st.sampled_from(OutboxKind))
def test_a_lone_reply_waits_as_long_as_somebody_who_types(row_id: int, pace: Speed, kind: OutboxKind) -> None:
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
    waits = {Pacer(Speed()).not_before(row_id, 1, OutboxKind.REPLY, NOW) for row_id in range(100)}
    assert len(waits) > 90
    assert max(waits) - min(waits) > timedelta(seconds=3)


@given(outboxes(), seeds)
def test_no_pacing_never_waits(rows: list[Row], seed: int) -> None:
    log = send_all(Pacer(Speed.none(), random.Random(seed)), rows)
    assert [at for at, _ in log.sends] == [row.queued_at for _, row in log.sends]


@given(paces, outboxes(), seeds, st.data())
@settings(deadline=None)
def test_a_restart_changes_nothing_that_pacing_promises(
    pace: Speed, rows: list[Row], seed: int, data: st.DataObject
) -> None:
    """A new pacer that recalls what was sent holds a reply for just as long as the old one, and a push within the
    bounds of its gap; and the caps hold over the restart."""
    cut = data.draw(st.integers(0, len(rows)), label="sent before the restart")
    assume(cut > 0)
    old = Pacer(pace, random.Random(seed))
    log = send_all(old, rows[:cut])
    new = Pacer(pace, random.Random(seed + 1))
    new.recall((row.room, row.kind, at) for at, row in log.sends)
    now, last = log.sends[-1][0], rows[-1].queued_at
    for room in range(1, 6):
        asked = (99, room, OutboxKind.REPLY, max(now, last))
        assert new.not_before(*asked) == old.not_before(*asked)
    low, high = (timedelta(seconds=each) for each in pace.other_room)
    quiet_room = new.not_before(99, 5, OutboxKind.PUSH, NOW)
    assert quiet_room >= now + low - TICK
    if not (pace.per_minute or pace.per_hour or pace.per_day or pace.batch_rooms):
        assert quiet_room <= now + high + TICK
    times = send_all(new, rows[cut:], log).times()
    for name, span in SPANS.items():
        cap = getattr(pace, name)
        assert not cap or all(late - early >= span for early, late in zip(times, times[cap:], strict=False)), name


# ---- batches ---------------------------------------------------------------------------------------------------------


@given(paces, outboxes(), seeds)
def test_after_a_batch_of_rooms_comes_a_pause(pace: Speed, rows: list[Row], seed: int) -> None:
    """However the rows lie, what nobody asked for never reaches one room more than a batch without the pause."""
    pause = timedelta(seconds=pace.batch_pause)
    batch: set[int] = set()
    last = NOW - timedelta(days=9)
    for at, row in send_all(Pacer(pace, random.Random(seed)), rows).sends:
        if row.kind is OutboxKind.REPLY:
            continue
        if at - last >= pause - TICK:
            batch.clear()
        batch.add(row.room)
        last = at
        assert not pace.batch_rooms or len(batch) <= pace.batch_rooms


def test_the_pause_does_bind_and_answers_are_free_of_it() -> None:
    pace = Speed((0, 0), 0, (1, 1), 0, 0, 0, batch_rooms=2, batch_pause=600)
    rows = [Row(number, number, OutboxKind.NOTICE, NOW) for number in range(1, 6)]
    answer = Row(9, 9, OutboxKind.REPLY, NOW + timedelta(seconds=5))
    log = send_all(Pacer(pace), [*rows, answer]).sends
    seconds = {row.id: (at - NOW).total_seconds() for at, row in log}
    assert seconds == {1: 0, 2: 1, 3: 601, 4: 602, 5: 1202, 9: 5}


# ---- the plan --------------------------------------------------------------------------------------------------------


def test_when_the_last_of_the_groups_will_have_it() -> None:
    def minutes(rooms: int) -> float:
        return round((Speed().finish(NOW, rooms) - NOW) / timedelta(minutes=1), 2)

    assert minutes(0) == minutes(1) == 0
    assert minutes(2) == 0.75
    assert minutes(20) == 19 * 0.75
    assert minutes(21) == 19 * 0.75 + 10  # the pause after a batch
    assert minutes(45) == 42 * 0.75 + 2 * 10
    assert minutes(301) >= 24 * 60  # the most of a day
    assert Speed.none().finish(NOW, 10_000) == NOW


@given(paces, st.integers(1, 30), seeds)
def test_the_plan_is_never_too_hopeful(pace: Speed, rooms: int, seed: int) -> None:
    """Nothing else being said, the last group has it by then."""
    rows = [Row(number, number, OutboxKind.NOTICE, NOW) for number in range(1, rooms + 1)]
    assert send_all(Pacer(pace, random.Random(seed)), rows).times()[-1] <= pace.finish(NOW, rooms) + TICK * rooms


def test_the_plan_goes_round_the_night() -> None:
    """Over month end, leap day and new year too: what does not fit before 21:00 goes on at 07:30."""
    quiet = QuietHours(time(21), time(7, 30), ZONE)
    speed = Speed((0, 0), 0, (60, 60), 0, 0, 0, 0, 0)
    for day in (datetime(2028, 2, 28), datetime(2028, 2, 29), datetime(2026, 12, 31), datetime(2027, 2, 5)):
        evening = day.replace(hour=20, minute=58, tzinfo=ZONE)
        morning = (day + timedelta(days=1)).replace(hour=7, minute=30, tzinfo=ZONE)
        assert speed.finish(evening, 2, quiet) == evening + timedelta(minutes=1)
        assert speed.finish(evening, 3, quiet) == morning
        assert speed.finish(evening, 5, quiet) == morning + timedelta(minutes=2)
        assert speed.finish(evening, 5, None) == evening + timedelta(minutes=4)  # what is urgent
        assert speed.finish(evening.replace(hour=23), 1, quiet) == morning


# ---- the clock -------------------------------------------------------------------------------------------------------


def test_a_clock_that_was_set_back_makes_nobody_wait() -> None:
    pacer = Pacer(Speed())
    pacer.sent(1, OutboxKind.NOTICE, NOW + timedelta(hours=1))
    pacer.clock_says(NOW)
    assert pacer.not_before(7, 1, OutboxKind.REPLY, NOW) <= NOW + timedelta(seconds=10)
    assert pacer.not_before(8, 2, OutboxKind.NOTICE, NOW) <= NOW + timedelta(seconds=45)
    assert pacer.not_before(8, 2, OutboxKind.NOTICE, NOW) >= NOW + timedelta(seconds=20)


def test_what_is_older_than_a_day_is_forgotten() -> None:
    """The pacer of a bot that runs for a year is no bigger than that of a day."""
    pacer = Pacer(Speed((0, 0), 0, (0, 0), 0, 0, per_day=300))
    for hour in range(24 * 30):
        pacer.sent(1, OutboxKind.NOTICE, NOW + timedelta(hours=hour))
    assert len(pacer._sent) == 24
