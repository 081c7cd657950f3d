"""The figures as tables: by month, village, topic …, and which topics are ordered where."""

import re
from collections import defaultdict
from collections.abc import Iterable, Set
from dataclasses import dataclass
from itertools import takewhile

from sqlalchemy import func, select
from sqlmodel import Session

from data.errors import Declined
from data.figures import areas, records
from data.figures.areas import TITLES, Level
from data.figures.counting import count_together
from data.figures.figure import Figure, How, Number
from data.figures.figures import FIGURES
from data.figures.orders import ORDER
from data.figures.scope import Scope
from data.statements import table_of
from data.tables import Topic, Village

_TOPIC, _VILLAGE = table_of(Topic), table_of(Village)
_GROUPED = (How.COUNT, How.SUM, How.MEAN, How.DISTINCT)
_VILLAGES = 40  # on one picture; of more the towns are shown
_DIGITS = re.compile(r"(\d+)")
# What stands where a row has no label, by what the table is made.
UNLABELLED = {
    "village": "（没写村）", "town": "（没写镇）", "hamlet": "（没写村小组）", "topic": "（没对上题目）",
    "lecturer_kind": "（没写类别）", "dialect": "（没写方言）",
}  # fmt: skip
NO_LABEL = "（没写）"
# By what tables can be made. There is none by person: nobody is ranked.
BY = {
    "month": "月", "village": "村", "town": "镇", "hamlet": "村小组", "topic": "题目", "event": "活动",
    "lecturer_kind": "宣讲员类别", "dialect": "方言", "venue": "场所", "mode": "方式", "state": "点单状态",
    "kind": "意见类别", "level": "媒体级别",
}  # fmt: skip


class NoSuchTable(Declined):
    """Figures are not told apart by this."""

    def __init__(self, by: str) -> None:
        super().__init__(f"不能按“{by[:20]}”分列。可以按：{'、'.join(BY.values())}。")


@dataclass(frozen=True, slots=True)
class Table:
    """``figures`` are its columns; a row is its label with a number for each, None where there is nothing to tell."""

    by: str
    figures: tuple[Figure, ...]
    rows: tuple[tuple[str, tuple[Number, ...]], ...]


@dataclass(frozen=True, slots=True)
class Heat:
    """Orders by topic (rows) and village or town (columns); ``cells`` has no zeros."""

    topics: tuple[str, ...]
    places: tuple[str, ...]
    cells: dict[tuple[str, str], int]


def columns(by: str) -> tuple[Figure, ...]:
    """The figures that can be told apart by something. Raises `NoSuchTable`."""
    found = tuple(each for each in FIGURES if by in each.source.dims and each.how in _GROUPED)
    if by not in BY or not found:
        raise NoSuchTable(by)
    return found


def breakdown(session: Session, scope: Scope, by: str, *, keys: tuple[str, ...] = ()) -> Table:
    """The figures of these ``keys`` (all that can be) by month, village, topic …, in the order of the labels.

    Each number is counted for its label: what counts each village once does so in every row. Raises `NoSuchTable`,
    `data.figures.scope.NotBegun`.
    """
    figures = tuple(each for each in columns(by) if not keys or each.key in keys)
    found: dict[str, dict[str, Number]] = defaultdict(dict)
    if by == "month":
        found.update({each.key: {} for each in scope.period.months()})
    unlabelled = _unlabelled(session, scope, by)
    for label, numbers in count_together(session, scope, figures, by=by).items():
        found[unlabelled if label is None else str(label)] = numbers
    known = {each.key for each in figures if each.source.knows(scope)}
    always = {each.key for each in figures if each.key in known and each.source.late}
    blank = unknown_months(session, scope) if by == "month" else ()
    rows = tuple(
        (label, tuple(_number(found[label], each, known, always if label in blank else known) for each in figures))
        for label in in_order(found)
    )
    return Table(by, figures, rows)


def noughts(table: Table, scope: Scope, *, reached: bool) -> tuple[list[str], list[str]]:
    """The figures of which no row of a table has any, by name: those that are nought, and those that nobody knows."""
    nought: list[str] = []
    unknown: list[str] = []
    for at, figure in enumerate(table.figures):
        if any(row[at] for _, row in table.rows):
            continue
        told = (reached or figure.source.late) and figure.source.knows(scope) and figure.how is not How.MEAN
        known = any(row[at] is not None for _, row in table.rows) if table.rows else told
        (nought if known else unknown).append(figure.name)
    return nought, unknown


def narrowed(session: Session, scope: Scope, figure: Figure, by: str, label: str) -> Figure:
    """A figure of one row of its table: `Table.rows` by ``by``, of this label. Raises `NoSuchTable`."""
    if by not in BY or by not in figure.source.dims:
        raise NoSuchTable(by)
    return figure.only(by, None if label == _unlabelled(session, scope, by) else label)


def in_order(labels: Iterable[str]) -> list[str]:
    """As people count: 第2镇 before 第10镇."""
    return sorted(
        labels, key=lambda label: [each.zfill(9) if each.isdecimal() else each for each in _DIGITS.split(label)]
    )


def heat(session: Session, scope: Scope) -> Heat:
    """How many orders came in for each topic from each village, or from each town where there are many villages."""
    scope.must_have_begun()
    wide = areas.villages_in(session, scope.place) > _VILLAGES and scope.place.level is not Level.TOWN
    place = TITLES.c.title if wide else _VILLAGE.c.name
    table = ORDER.outerjoin(_TOPIC, _TOPIC.c.id == ORDER.c.topic_id)
    table = table.outerjoin(_VILLAGE, _VILLAGE.c.id == ORDER.c.village_id)
    if wide:
        table = table.outerjoin(TITLES, TITLES.c.id == _VILLAGE.c.area_id)
    query = (
        select(_TOPIC.c.name, place, func.count())
        .select_from(table)
        .where(scope.inside(ORDER.c.created_at), *scope.here(ORDER.c.village_id))
        .group_by(_TOPIC.c.name, place)
    )
    no_topic, nowhere = UNLABELLED["topic"], _unlabelled(session, scope, "town" if wide else "village")
    cells = {(topic or no_topic, where or nowhere): int(count) for topic, where, count in session.execute(query)}
    topics, places = ({each[at] for each in cells} for at in (0, 1))
    return Heat(tuple(in_order(topics)), tuple(in_order(places)), cells)


def unknown_months(session: Session, scope: Scope) -> list[str]:
    """The months of a period, from its first, of which there are no records: they came before all that was written."""
    ends = {each.key: min(each.end(scope.zone), scope.now) for each in scope.period.months() or (scope.period,)}
    return list(takewhile(lambda key: not records.began_before(session, scope, ends[key]), ends))


def _unlabelled(session: Session, scope: Scope, by: str) -> str:
    """How what has no label is called. A village for which no town is kept lies in the one town that there is."""
    if by == "town" and scope.town and not areas.any_kept(session):
        return scope.town
    return UNLABELLED.get(by, NO_LABEL)


def _number(numbers: dict[str, Number], figure: Figure, known: Set[str], recorded: Set[str]) -> Number:
    """A count of which there is no row is nought, where it can be known. What was written down later, of a month
    before all records, is told: the rows of a table add up to its whole."""
    if figure.key not in known or (figure.key not in recorded and not numbers.get(figure.key)):
        return None
    return numbers.get(figure.key, None if figure.how is How.MEAN else 0)
