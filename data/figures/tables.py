"""The figures as tables: by month, village, topic …, and which topics are ordered where."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session

from data.errors import Declined
from data.figures import areas
from data.figures.areas import Level
from data.figures.counting import count_together
from data.figures.figure import NOWHERE, Figure, How, Number
from data.figures.figures import FIGURES
from data.figures.orders import ORDER
from data.figures.scope import Scope
from data.record_tables import Area
from data.statements import table_of
from data.tables import Topic, Village

_TOPIC, _VILLAGE, _AREA = table_of(Topic), table_of(Village), table_of(Area)
_GROUPED = (How.COUNT, How.SUM, How.MEAN, How.DISTINCT)
_VILLAGES = 40  # on one picture; of more the towns are shown
NO_LABEL, NO_TOPIC = "（没写）", "（没对上题目）"
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

    Each number is counted for its label: what counts each village once does so in every row. Raises `NoSuchTable`.
    """
    figures = tuple(each for each in columns(by) if not keys or each.key in keys)
    found: dict[str, dict[str, Number]] = defaultdict(dict)
    if by == "month":
        found.update({each.key: {} for each in scope.period.months()})
    for label, numbers in count_together(session, scope, figures, by=by).items():
        found[_label(label, by)] = numbers
    rows = tuple((label, tuple(_number(numbers, each) for each in figures)) for label, numbers in sorted(found.items()))
    return Table(by, figures, rows)


def heat(session: Session, scope: Scope) -> Heat:
    """How many orders came in for each topic from each village, or from each town where there are many villages."""
    wide = areas.villages_in(session, scope.place) > _VILLAGES and scope.place.level is not Level.TOWN
    place = _AREA.c.name if wide else _VILLAGE.c.name
    table = ORDER.outerjoin(_TOPIC, _TOPIC.c.id == ORDER.c.topic_id)
    table = table.outerjoin(_VILLAGE, _VILLAGE.c.id == ORDER.c.village_id)
    if wide:
        table = table.outerjoin(_AREA, _AREA.c.id == _VILLAGE.c.area_id)
    query = (
        select(_TOPIC.c.name, place, func.count())
        .select_from(table)
        .where(scope.inside(ORDER.c.created_at), *scope.here(ORDER.c.village_id))
        .group_by(_TOPIC.c.name, place)
    )
    cells = {(topic or NO_TOPIC, where or NOWHERE): int(count) for topic, where, count in session.execute(query)}
    return Heat(tuple(sorted({topic for topic, _ in cells})), tuple(sorted({where for _, where in cells})), cells)


def _label(label: Any, by: str) -> str:
    return str(label) if label is not None else NOWHERE if by in ("village", "town") else NO_LABEL


def _number(numbers: dict[str, Number], figure: Figure) -> Number:
    """A count of which there is no row is nought."""
    return numbers.get(figure.key, None if figure.how is How.MEAN else 0)
