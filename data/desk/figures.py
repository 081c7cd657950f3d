"""What the console's pages of figures, media and the archive ask beside the figures themselves."""

from zoneinfo import ZoneInfo

from sqlalchemy import func, or_
from sqlalchemy import select as core_select
from sqlmodel import Session, col, select

from data.figures.areas import TITLES
from data.loop import Lecture
from data.record_tables import MediaLevel, MediaReport
from data.tables import Village


def place_names(session: Session, most: int) -> list[str]:
    """The names of areas and villages, areas first, no more than ``most``."""
    areas = session.execute(core_select(TITLES.c.title).order_by(TITLES.c.id).limit(most)).scalars().all()
    villages = session.exec(select(Village.name).order_by(col(Village.id)).limit(most - len(areas))).all()
    return list(dict.fromkeys((*areas, *villages)))


def media(
    session: Session, *, words: str, level: str, village_id: int | None, offset: int, limit: int
) -> tuple[list[tuple[MediaReport, str]], int]:
    """Some media reports with their village, the latest first, and how many there are; struck ones too."""
    where = []
    if words:
        where.append(
            or_(*(col(each).contains(words, autoescape=True) for each in (MediaReport.title, MediaReport.outlet)))
        )
    if level:
        where.append(col(MediaReport.level) == MediaLevel(level))
    if village_id is not None:
        where.append(col(MediaReport.village_id) == village_id)
    total = session.exec(select(func.count()).select_from(MediaReport).where(*where)).one()
    query = (
        select(MediaReport, func.coalesce(Village.name, ""))
        .join(Village, col(MediaReport.village_id) == col(Village.id), isouter=True)
        .where(*where)
        .order_by(col(MediaReport.published_on).desc(), col(MediaReport.id).desc())
    )
    return [(report, name) for report, name in session.exec(query.offset(offset).limit(limit))], total


def years(session: Session, zone: ZoneInfo) -> tuple[int, int] | None:
    """The first and the last year in which anything was planned; None where nothing ever was."""
    first, last = session.exec(select(func.min(Lecture.starts_at), func.max(Lecture.starts_at))).one()
    if first is None or last is None:
        return None
    return first.astimezone(zone).year, last.astimezone(zone).year
