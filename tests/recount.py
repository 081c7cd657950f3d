"""The figures counted a second time, by somebody else: rows of the SQLite file, read with `sqlite3`, counted in Python.

Nothing of `data.figures` is used here, so that a mistake there is not made twice.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

Fields = dict[str, object]
KINDS = {
    "lectures": "lecture",
    "courtyards": "courtyard",
    "visits": "visit",
    "volunteers": "volunteer",
    "trainings": "training",
    "shows": "show",
}
STATES = (
    "received", "reviewed", "dispatched", "accepted", "scheduled", "delivered", "rated", "archived", "declined",
    "withdrawn", "merged",
)  # fmt: skip
LEVELS = ("central", "province", "city", "county")
CASES = ("question", "suggestion", "need")


def moment(value: object) -> datetime:
    """A column's moment, aware."""
    return datetime.fromisoformat(str(value)).replace(tzinfo=UTC)


@dataclass
class Span:
    """A period by its first day and the day after it, with the months in it (as such pairs) where it has any."""

    first: date
    after: date
    zone: ZoneInfo
    now: datetime
    months: tuple[tuple[date, date], ...] = ()

    def midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone)

    @property
    def closes(self) -> datetime:
        return self.midnight(self.after + timedelta(days=10))

    def has(self, at: datetime) -> bool:
        return self.midnight(self.first) <= at < self.midnight(self.after)


class Books:
    """The tables, read once."""

    def __init__(self, path: Path) -> None:
        with closing(sqlite3.connect(path)) as database:
            database.row_factory = sqlite3.Row
            self._tables = {
                name: [dict(row) for row in database.execute(f"SELECT * FROM {name} ORDER BY id")]
                for name in (
                    "area", "village", "room", "lecture_order", "lecture", "step", "lecture_count", "sign_up", "voice",
                    "outbox", "inbox", "media_report",
                )
            }  # fmt: skip

    def all(self, name: str) -> list[Fields]:
        return self._tables[name]

    @cached_property
    def lectures(self) -> dict[object, Fields]:
        return {each["id"]: each for each in self.all("lecture")}

    @cached_property
    def rooms(self) -> dict[object, Fields]:
        return {each["id"]: each for each in self.all("room")}

    @cached_property
    def steps(self) -> dict[tuple[object, object], list[tuple[str, datetime]]]:
        """(state, when) of each order and lecture, in their order."""
        found: dict[tuple[object, object], list[tuple[str, datetime]]] = defaultdict(list)
        for each in sorted(self.all("step"), key=lambda row: (str(row["at"]), row["id"])):
            found[each["subject"], each["subject_id"]].append((str(each["state"]), moment(each["at"])))
        return found

    @cached_property
    def counts(self) -> dict[object, list[Fields]]:
        found = defaultdict(list)
        for each in sorted(self.all("lecture_count"), key=lambda row: (str(row["at"]), row["id"])):
            found[each["lecture_id"]].append(each)
        return found

    @cached_property
    def heard(self) -> dict[object, list[tuple[datetime, object]]]:
        """(when, who) in each room."""
        found = defaultdict(list)
        for each in self.all("inbox"):
            found[each["room_id"]].append((moment(each["heard_at"]), each["member_id"]))
        return found

    def villages_of(self, area_id: int) -> set[object]:
        """The villages in an area and all areas below it."""
        areas = {area_id}
        while below := {each["id"] for each in self.all("area") if each["parent_id"] in areas} - areas:
            areas |= below  # type: ignore[arg-type]
        return {each["id"] for each in self.all("village") if each["area_id"] in areas}

    @cached_property
    def let_go(self) -> set[object]:
        """Cases that nobody answered, and that were closed because who had asked wished to be forgotten."""
        closed = {
            each["subject_id"]
            for each in self.all("step")
            if (each["subject"], each["state"], each["by_id"]) == ("voice", "declined", None)
        }
        return {each["id"] for each in self.all("voice") if each["answered_by"] is None and each["id"] in closed}

    @cached_property
    def begin(self) -> datetime:
        """When the first row was written."""
        written = (("room", "created_at"), ("outbox", "queued_at"), ("lecture_order", "created_at"),
                   ("lecture", "created_at"), ("voice", "at"), ("media_report", "noted_at"))  # fmt: skip
        return min(moment(each[name]) for table, name in written for each in self.all(table) if each[name] is not None)


class Recount:
    """All figures of one period, for some villages (None: for all that there is)."""

    def __init__(self, books: Books, span: Span, villages: set[object] | None = None, hamlet: str = "") -> None:
        self.books, self.span, self.villages, self.hamlet = books, span, villages, hamlet
        self.begun = [
            each
            for each in books.all("lecture")
            if span.has(moment(each["starts_at"])) and self._mine(each["village_id"], each["hamlet"])
        ]
        self.held = [each for each in self.begun if self._stepped(each["id"], "delivered")]

    def _mine(self, village: object, hamlet: object = "") -> bool:
        return (self.villages is None or village in self.villages) and (not self.hamlet or hamlet == self.hamlet)

    def _stepped(self, lecture: object, state: str) -> bool:
        trail = self.books.steps["lecture", lecture]
        return any(name == state and at <= self.span.closes for name, at in trail)

    def all(self) -> dict[str, float | None]:
        """Every figure by its key; of the time before anybody wrote anything, only what was written afterwards."""
        found: dict[str, float | None] = {**self.of_lectures(), **self.of_late()}
        if not self.hamlet:  # only lectures say in which hamlet they were
            found |= self._elsewhere()
        if self.books.begin < self.span.midnight(self.span.after):
            return found
        return {key: value if key.startswith("late_") else None for key, value in found.items()}

    def _elsewhere(self) -> dict[str, float | None]:
        return self.of_orders() | self.of_stations() | self.of_messages() | self.of_cases() | self.of_media()

    def of_lectures(self) -> dict[str, float | None]:
        kinds: dict[str, float | None] = {
            key: sum(each["kind"] == kind for each in self.held) for key, kind in KINDS.items()
        }
        came, papers = self._said("attended"), self._said("handouts")
        held = {each["id"] for each in self.held}
        seated = [
            int(str(each["people"]))
            for each in self.books.all("sign_up")
            if each["lecture_id"] in held and each["state"] == "seated"
        ]
        marks = [
            int(str(each["rating"]))
            for each in self.books.all("voice")
            if each["kind"] == "feedback" and each["rating"] is not None and each["lecture_id"] in held
            if self.span.midnight(self.span.first) <= moment(each["at"]) <= self.span.closes
        ]
        return kinds | {
            "events": len(self.held),
            "cancelled": sum(self._stepped(each["id"], "cancelled") for each in self.begun),
            "attended": _sum(came),
            "uncounted": came.count(None),
            "handouts": _sum(papers),
            "sign_ups": sum(seated),
            "villages": len({each["village_id"] for each in self.held} - {None}),
            "ratings": len(marks),
            "rating_mean": round(sum(marks) / len(marks), 2) if marks else None,
        }

    def _said(self, what: str) -> list[int | None]:
        """Of each lecture that was held, the last number that was typed in time."""
        said: list[int | None] = []
        for lecture in self.held:
            typed = [each for each in self.books.counts[lecture["id"]] if moment(each["at"]) <= self.span.closes]
            said.append(int(str(typed[-1][what])) if typed and typed[-1][what] is not None else None)
        return said

    def of_late(self) -> dict[str, float | None]:
        late = [
            each
            for each in self.begun
            if each not in self.held and any(name == "delivered" for name, _ in self.books.steps["lecture", each["id"]])
        ]
        typed = [row for each in self.begun for row in self.books.counts[each["id"]]]
        return {
            "late_lectures": len(late),
            "late_counts": sum(moment(row["at"]) > self.span.closes for row in typed),
        }

    def of_orders(self) -> dict[str, float | None]:
        closes, mine = (
            self.span.closes,
            [each for each in self.books.all("lecture_order") if self._mine(each["village_id"])],
        )
        received = [each for each in mine if self.span.has(moment(each["created_at"]))]
        stands = [
            ([name for name, at in self.books.steps["order", each["id"]] if at <= closes] or ["received"])[-1]
            for each in received
        ]
        dispatch: list[timedelta] = []
        accept: list[timedelta] = []
        lecture: list[timedelta] = []
        held = {each["id"]: each for each in self._held_anywhere()}
        for each in mine:
            begun = moment(each["created_at"])
            for state, spans in (("dispatched", dispatch), ("accepted", accept)):
                first = [at for name, at in self.books.steps["order", each["id"]] if name == state][:1]
                spans += [at - begun for at in first if self.span.has(at)]
            if each["lecture_id"] in held:
                lecture.append(moment(held[each["lecture_id"]]["starts_at"]) - begun)
        return {
            "orders": len(received),
            **{f"orders_{state}": stands.count(state) for state in STATES},
            **_spread("dispatch", dispatch),
            **_spread("accept", accept),
            **_spread("lecture", lecture),
        }

    def _held_anywhere(self) -> Iterable[Fields]:
        """An order belongs to the village of who asked, wherever its lecture was."""
        for each in self.books.all("lecture"):
            if self.span.has(moment(each["starts_at"])) and self._stepped(each["id"], "delivered"):
                yield each

    def of_stations(self) -> dict[str, float | None]:
        months = [
            (self.span.midnight(first), self.span.midnight(after))
            for first, after in self.span.months
            if self.span.midnight(after) <= self.span.now
        ]
        moments: dict[object, list[datetime]] = defaultdict(list)
        begun: dict[object, list[datetime]] = defaultdict(list)
        for each in self.books.all("lecture"):
            trail = self.books.steps["lecture", each["id"]]
            begun[each["village_id"]] += [at for state, at in trail if state == "delivered"]
        for each in self.held:
            moments[each["village_id"]].append(moment(each["starts_at"]))
        met: dict[object, list[datetime]] = defaultdict(list)
        for each in self.books.all("room"):
            if each["kind"] != "direct":
                met[each["village_id"]].append(moment(each["bound_at"] or each["created_at"]))
        idle = []
        for each in self.books.all("village"):
            village = each["id"]
            if self._mine(village):
                gaps = [
                    first
                    for first, after in months
                    if any(at < after for at in (*met[village], *begun[village]))
                    if not any(first <= at < after for at in moments[village])
                ]
                idle.append(len(gaps))
        if not self.span.months:  # a part of a month tells nothing
            return {"stations_idle": None, "months_idle": None}
        return {"stations_idle": sum(gaps > 0 for gaps in idle), "months_idle": sum(idle)}

    def of_messages(self) -> dict[str, float | None]:
        texts, notices, direct = 0, 0, 0
        groups: dict[object, list[datetime]] = defaultdict(list)
        for each in self.books.all("outbox"):
            room, text = self.books.rooms[each["room_id"]], each["kind"] == "push"
            if each["state"] != "sent" or each["kind"] == "reply" or not (text or each["broadcast_id"]):
                continue
            if not self._mine(room["village_id"]) or not self.span.has(moment(each["settled_at"])):
                continue
            if room["kind"] == "direct":
                direct += 1
                continue
            texts, notices = texts + text, notices + (each["broadcast_id"] is not None)
            groups[room["id"]].append(moment(each["settled_at"]))
        day, replies, people = timedelta(days=1), 0, set()
        for room_id, sent in groups.items():
            for at, who in self.books.heard[room_id]:
                if at <= max(sent):
                    people.add(who)
                if any(each < at <= each + day for each in sent) and at <= self.span.closes:
                    replies += 1
        return {
            "pushes": texts,
            "notices": notices,
            "groups": len(groups),
            "reached": len(people),
            "direct": direct,
            "replies": replies,
        }

    def of_cases(self) -> dict[str, float | None]:
        closes = self.span.closes
        as_of = min(self.span.now, closes)
        received, answered, overdue, spans = 0, 0, 0, []
        for each in self.books.all("voice"):
            if each["kind"] not in CASES or not self._mine(each["village_id"]):
                continue
            at = moment(each["at"])
            done = moment(each["answered_at"]) if each["answered_at"] else None
            due = moment(each["due_at"]) if each["due_at"] else datetime.max.replace(tzinfo=UTC)
            kept = each["id"] not in self.books.let_go
            if done is not None and kept and self.span.has(done):
                spans.append(done - at)
            if not self.span.has(at):
                continue
            received += 1
            in_time = done is not None and done <= closes
            answered += in_time and kept
            overdue += (done is not None and in_time and done > due) or ((done is None or done > as_of) and due < as_of)
        return {
            "opinions": received,
            "opinions_answered": answered,
            "opinions_overdue": overdue,
            **_spread("answer", spans),
        }

    def of_media(self) -> dict[str, float | None]:
        closes = self.span.closes
        levels, late = [], 0
        for each in self.books.all("media_report"):
            published = date.fromisoformat(str(each["published_on"]))
            if not self.span.first <= published < self.span.after or not self._mine(each["village_id"]):
                continue
            if moment(each["noted_at"]) > closes:
                late += each["struck_at"] is None
            elif each["struck_at"] is None or moment(each["struck_at"]) > closes:
                levels.append(each["level"])
        of_levels: dict[str, float | None] = {f"media_{level}": levels.count(level) for level in LEVELS}
        return of_levels | {"media": len(levels), "late_media": late}


def _sum(numbers: list[int | None]) -> int | None:
    known = [each for each in numbers if each is not None]
    return sum(known) if known or not numbers else None


def _spread(name: str, spans: list[timedelta]) -> dict[str, float | None]:
    """The middle and the ninetieth of a hundred, by nearest rank, in hours from whole minutes."""
    minutes = sorted(int(each.total_seconds()) // 60 for each in spans)
    if not minutes:
        return {f"{name}_median": None, f"{name}_p90": None}
    middle, ninety = (len(minutes) + 1) // 2, (len(minutes) * 9 + 9) // 10
    return {f"{name}_median": round(minutes[middle - 1] / 60, 1), f"{name}_p90": round(minutes[ninety - 1] / 60, 1)}
