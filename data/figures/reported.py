"""How articles and reports in media (媒体报道) are counted: by the level of the medium."""

from typing import Any

from sqlalchemy import ColumnElement, case, literal, or_

from data.figures.figure import Column, Dim, Source, places
from data.figures.scope import Scope
from data.record_tables import MediaLevel, MediaReport
from data.statements import table_of

REPORT = table_of(MediaReport)
LEVEL_NAMES = {
    MediaLevel.CENTRAL: "中央", MediaLevel.PROVINCE: "省级", MediaLevel.CITY: "市级", MediaLevel.COUNTY: "县级",
}  # fmt: skip


def _level(_scope: Scope) -> Column:
    return case(*((REPORT.c.level == level, literal(name)) for level, name in LEVEL_NAMES.items()))


def _published(scope: Scope) -> ColumnElement[bool]:
    return (REPORT.c.published_on >= scope.period.first) & (REPORT.c.published_on < scope.period.after)


def _month(scope: Scope) -> Column:
    parts = scope.period.months()
    if not parts:
        return literal(scope.period.key)
    return case(*((REPORT.c.published_on < each.after, literal(each.key)) for each in parts))


def _reports(noted: Any, *, late: bool = False) -> Source:
    return Source(
        subject="media",
        table=REPORT,
        id=REPORT.c.id,
        at=REPORT.c.noted_at,
        text=REPORT.c.outlet + "：" + REPORT.c.title,
        where=lambda scope: (_published(scope), noted(scope)),
        village=REPORT.c.village_id,
        dims={"month": Dim("月", _month), **places(REPORT.c.village_id), "level": Dim("级别", _level)},
        late=late,
    )


REPORTS = _reports(
    lambda scope: scope.known(REPORT.c.noted_at) & or_(REPORT.c.struck_at.is_(None), REPORT.c.struck_at > scope.closes)
)
REPORTED_LATE = _reports(lambda scope: (REPORT.c.noted_at > scope.closes) & REPORT.c.struck_at.is_(None), late=True)


def of_level(level: MediaLevel) -> Any:
    """Reports in media of one level."""
    return lambda _scope: (REPORT.c.level == level,)
