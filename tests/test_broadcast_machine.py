"""Notices under dice: whatever people do in whatever order, nothing is queued that nobody else approved."""

import shutil
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlmodel import Session, col, select

from data import broadcasts, recalls, steps
from data.audiences import Audience
from data.broadcasts import Outcome
from data.errors import Declined
from data.loop import Subject
from data.mail import Outbox
from data.tables import Broadcast, BroadcastState, Release, Room, RoomKind
from tests.broadcast_desk import FAST, OFTEN, people, state
from tests.town import NOW, DemoTown

# ---- whatever happens ----------------------------------------------------------------------------------------------


class Desk(RuleBasedStateMachine):
    """Two coordinators at random: nothing leaves but what another approved exactly so, or what is marked."""

    template: Path

    @initialize()
    def begin(self) -> None:
        self.folder = TemporaryDirectory()
        path = Path(self.folder.name) / "town.db"
        shutil.copy(self.template, path)
        from tests.loop_world import open_fast

        self.engine = open_fast(path)
        self.session = Session(self.engine)
        self.session.begin()
        self.people = people(self.session)
        self.now = NOW
        self.numbers: list[int] = []
        self.shown: dict[int, set[str]] = {}  # digests that the other one agreed to
        self.fresh = 0
        self.write(0, 1, urgent=False)

    def pick(self, at: int, *likely: BroadcastState) -> int:
        """A notice, one of these states where there is any: most wishes shall come true."""
        found = [each for each in self.numbers if state(self.session, each) in likely] or self.numbers
        return found[at % len(found)]

    def try_(self, work: object) -> object:
        """A wish of somebody's; what cannot be is told to them and changes nothing."""
        before = self.stands()
        try:
            return work()  # type: ignore[operator]
        except Declined:
            self.session.flush()
            assert self.stands() == before
            return None

    def stands(self) -> list[tuple[object, ...]]:
        rows = self.session.exec(select(Broadcast).order_by(col(Broadcast.id))).all()
        return [(each.id, each.state, each.digest, each.approved_digest, each.text) for each in rows]

    @rule(who=st.integers(0, 1), village=st.integers(1, 4), urgent=st.booleans())
    def write(self, who: int, village: int, urgent: bool) -> None:
        broadcast, _ = broadcasts.draft(
            self.session,
            author_id=self.people[who],
            audience=Audience(villages=(village,)),
            called="村",
            text=f"{'紧急' if urgent else ''}第{len(self.numbers)}条",
            now=self.now,
        )
        self.numbers.append(broadcast.id or 0)

    @rule(who=st.sampled_from([0, 1, None]), at=st.integers(0, 9))
    def submit(self, who: int | None, at: int) -> None:
        number = self.pick(at, BroadcastState.DRAFT, BroadcastState.RETURNED)
        by = self.session.get_one(Broadcast, number).author_id if who is None else self.people[who]
        self.try_(lambda: broadcasts.submit(self.session, number, by=by, now=self.now, rules=OFTEN, speed=FAST))

    @rule(who=st.integers(0, 1), at=st.integers(0, 9))
    def agree(self, who: int, at: int) -> None:
        number = self.pick(at, BroadcastState.SUBMITTED)
        found = self.session.get(Broadcast, number)
        digest, author = (found.digest, found.author_id) if found else ("", 0)
        result = self.try_(
            lambda: broadcasts.approve(self.session, number, by=self.people[who], now=self.now, rules=OFTEN, speed=FAST)
        )
        if isinstance(result, broadcasts.Result) and result.outcome is not Outcome.CHANGED:
            assert author != self.people[who]
            self.shown.setdefault(number, set()).add(digest)

    @rule(who=st.integers(0, 1), at=st.integers(0, 9), what=st.sampled_from(["text", "hour", "urgent", "now"]))
    def edit(self, who: int, at: int, what: str) -> None:
        if at > 4:
            return
        number = self.pick(at, BroadcastState.SUBMITTED, BroadcastState.APPROVED)
        self.fresh += 1
        values: dict[str, object] = {
            "text": {"text": f"改{self.fresh}"},
            "hour": {"leaves_at": self.now + timedelta(hours=2)},
            "urgent": {"urgent": True},
            "now": {"at_once": True},
        }[what]  # type: ignore[assignment]
        self.try_(
            lambda: broadcasts.change(
                self.session,
                number,
                by=self.people[who],
                now=self.now,
                rules=OFTEN,
                **values,  # type: ignore[arg-type]
            )
        )

    @rule(who=st.integers(0, 1), at=st.integers(0, 9))
    def give_back(self, who: int, at: int) -> None:
        if at > 2:
            return
        number = self.pick(at, BroadcastState.SUBMITTED, BroadcastState.APPROVED)
        self.try_(
            lambda: broadcasts.give_back(self.session, number, "不行", by=self.people[who], now=self.now, rules=OFTEN)
        )

    @rule(who=st.integers(0, 1), at=st.integers(0, 9))
    def stop(self, who: int, at: int) -> None:
        number = self.pick(at, BroadcastState.QUEUED)
        if at and state(self.session, number) != BroadcastState.QUEUED:
            return  # what is not released is let go now and then
        self.try_(lambda: recalls.recall(self.session, number, by=self.people[who], now=self.now, rules=OFTEN))

    @rule(who=st.integers(0, 1), at=st.integers(0, 9))
    def alone(self, who: int, at: int) -> None:
        number = self.pick(at)
        if at > 1:
            return  # emergencies are rare
        self.try_(
            lambda: broadcasts.emergency(self.session, number, "急", by=self.people[who], now=self.now, rules=OFTEN)
        )

    @rule(village=st.integers(1, 4))
    def another_group(self, village: int) -> None:
        self.fresh += 1
        name = f"新群{self.fresh}"
        self.session.add(
            Room(
                transport="webchat",
                external_id=name,
                name=name,
                kind=RoomKind.RESIDENTS,
                village_id=village,
                created_at=self.now,
            )
        )
        self.session.flush()

    @rule(hours=st.integers(1, 30))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        broadcasts.release_due(self.session, now=self.now, rules=OFTEN, grace=timedelta(hours=20))

    @invariant()
    def nothing_left_that_was_not_released(self) -> None:
        if not hasattr(self, "session"):
            return
        rows: dict[int, list[Outbox]] = {}
        for row in self.session.exec(select(Outbox).where(col(Outbox.broadcast_id).is_not(None))):
            rows.setdefault(row.broadcast_id or 0, []).append(row)
        for broadcast in self.session.exec(select(Broadcast)).all():
            mine = rows.get(broadcast.id or 0, [])
            assert len({row.room_id for row in mine}) == len(mine)
            if not mine:
                continue
            assert broadcast.state in (BroadcastState.QUEUED, BroadcastState.RECALLED)
            assert {row.room_id for row in mine} == set(broadcast.room_ids)
            assert {row.text for row in mine} == {broadcast.text}
            if broadcast.released == Release.TWO:
                assert broadcast.approved_by not in (None, broadcast.author_id)
                assert broadcast.approved_digest == broadcast.digest
                assert broadcast.digest in self.shown[broadcast.id or 0]
            else:
                assert broadcast.released == Release.EMERGENCY
                said = [each.state for each in steps.trail(self.session, Subject.BROADCAST, broadcast.id or 0)]
                assert "emergency" in said

    def teardown(self) -> None:
        if hasattr(self, "session"):
            self.session.close()
            self.engine.dispose()
            self.folder.cleanup()


def test_nothing_is_queued_that_nobody_else_approved(town: DemoTown) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    town.engine.dispose()
    Desk.template = town.path
    run_state_machine_as_test(
        Desk,
        settings=settings(
            max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
