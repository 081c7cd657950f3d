"""What a report is made of: figures, tables and lists of one period and place, read once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sqlmodel import Session, col, select

from data.figures import areas, records, tables
from data.figures.areas import Level, Place
from data.figures.commendation import Candidate, Criteria, commendation
from data.figures.figure import Number, Row
from data.figures.figures import BY_KEY, LATE, numbers
from data.figures.flags import Seen, flags
from data.figures.formalism import SelfCheck, check
from data.figures.named import WHOLE, named
from data.figures.periods import Period, PeriodKind, parse
from data.figures.scope import Scope
from data.figures.tables import BY, Heat, Table
from data.record_tables import MediaReport

_AT_ONCE = 5_000  # numbers in one query
_ALL = 100_000  # rows of a list: more than a year of a city has of any
WIDE = 24  # columns of a heat table on paper; of more, the next larger places are shown
Step = Callable[[float, str], None]  # how much is done, 0 to 1, and what is being done; it may raise to stop


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for beside the figures: what looks odd, and who meets criteria, are for coordinators only."""

    flags: bool = False
    criteria: Criteria | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A report before it is written. ``recorded`` says whether there are records of its time, and of the period before
    it. ``before`` has the numbers of the period before; ``idle`` the rows of villages
    and months in which nothing was held; ``check`` is there for a year only."""

    scope: Scope
    recorded: tuple[bool, bool]
    villages: int
    numbers: Mapping[str, Number]
    before: Mapping[str, Number]
    tables: Mapping[str, Table]
    heat: Heat
    idle: tuple[Row, ...]
    late: tuple[tuple[str, Row], ...]
    media: tuple[MediaReport, ...]
    check: SelfCheck | None
    flags: tuple[Seen, ...] | None
    criteria: Criteria | None
    commended: tuple[Candidate, ...]

    @property
    def period(self) -> Period:
        return self.scope.period

    @property
    def annual(self) -> bool:
        return self.scope.period.kind is PeriodKind.YEAR

    @property
    def lines_by(self) -> str:
        """By what the table of places is made: 村小组 of a village, villages of a town, else towns."""
        match self.scope.place.level:
            case Level.VILLAGE | Level.HAMLET:
                return "hamlet"
            case Level.TOWN:
                return "village"
            case _:
                return "village" if self.villages <= WIDE else "town"


def gather(session: Session, scope: Scope, wish: Wish, step: Step) -> Report:
    """Read everything. ``step`` hears how far it is. Raises `data.figures.scope.NotBegun`."""
    step(0.0, "数本期的数")
    now = numbers(session, scope)
    step(0.12, "数上期的数")
    earlier = replace(scope, period=scope.period.before())
    before = numbers(session, earlier)
    made: dict[str, Table] = {}
    for place, by in enumerate(BY):
        step(0.2 + 0.5 * place / len(BY), f"按{BY[by]}分列")
        made[by] = begun(tables.breakdown(session, scope, by), scope)
    step(0.7, "数点单的题目和地方")
    heat = heat_on_paper(session, scope)
    idle = BY_KEY["months_idle"].rows(session, scope, limit=_ALL)
    late = [(key, row) for key in LATE for row in BY_KEY[key].rows(session, scope, limit=_ALL)]
    step(0.75, "自查和核对")
    return Report(
        scope=scope,
        recorded=(records.reach(session, scope), records.reach(session, earlier)),
        villages=areas.villages_in(session, scope.place),
        numbers=now,
        before=before,
        tables=made,
        heat=heat,
        idle=tuple(idle),
        late=tuple(late),
        media=tuple(_media(session, scope)),
        check=check(session, scope) if scope.period.kind is PeriodKind.YEAR else None,
        flags=tuple(flags(session, scope)) if wish.flags else None,
        criteria=wish.criteria,
        commended=tuple(commendation(session, scope, wish.criteria)) if wish.criteria is not None else (),
    )


def whole(session: Session, town: str) -> Place:
    """All that the database holds, by the town's own name where no area has one."""
    place = areas.whole(session)
    return replace(place, name=town) if town and not areas.any_kept(session) else place


def place_of(session: Session, words: str, town: str) -> Place:
    """The place that is called so; the whole where nothing is said, and by the name that it stands under in reports.

    Raises `NoSuchPlace` or `SeveralPlaces`.
    """
    place = whole(session, town)
    return place if words in ("", place.name) or words in WHOLE else named(session, words)


def heat_on_paper(session: Session, scope: Scope) -> Heat:
    """Orders by topic and village, or by larger places where there are more than fit on paper."""
    found = tables.heat(session, scope)
    if len(found.places) <= WIDE:
        return found
    cells: dict[tuple[str, str], int] = {}
    names = []
    below = areas.children(session, scope.place)
    while len(below) == 1:  # the city alone tells nothing
        below = areas.children(session, below[0])
    for child in below:
        part = tables.heat(session, replace(scope, place=child))
        names.append(child.name)
        for (topic, _), count in part.cells.items():
            cells[topic, child.name] = cells.get((topic, child.name), 0) + count
    return Heat(found.topics, tuple(dict.fromkeys(names)), cells)


def begun(table: Table, scope: Scope) -> Table:
    """A table of months without those that have not begun: nothing is known of them."""
    if table.by != "month":
        return table
    return replace(table, rows=tuple(row for row in table.rows if parse(row[0]).start(scope.zone) <= scope.now))


def _media(session: Session, scope: Scope) -> list[MediaReport]:
    """The reports that count, oldest first: exactly the rows behind the figure."""
    wanted = [row.id for row in BY_KEY["media"].rows(session, scope, limit=_ALL)]
    query = select(MediaReport).order_by(col(MediaReport.published_on), col(MediaReport.id))
    parts = (wanted[at : at + _AT_ONCE] for at in range(0, len(wanted), _AT_ONCE))
    return [each for part in parts for each in session.exec(query.where(col(MediaReport.id).in_(part)))]
