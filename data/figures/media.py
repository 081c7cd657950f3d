"""Articles and reports in media (媒体报道), noted by hand. One that was noted by mistake is struck, not deleted."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from data.errors import Declined
from data.record_tables import MediaLevel, MediaReport

_MOST = 120  # characters of a title


class BadReport(Declined):
    """A report that cannot be noted as it is."""

    def __init__(self, why: str) -> None:
        super().__init__(f"这篇报道还记不了：{why}。")


class ReportKnown(Declined):
    """The same report was noted before."""

    def __init__(self, report: MediaReport) -> None:
        super().__init__(f"《{report.title[:30]}》（{report.outlet}）已经登记过了，是第{report.id}篇，不用再记。")
        self.number = report.id


class NoSuchReport(Declined):
    """No report has this number, or it was struck before."""

    def __init__(self, number: int) -> None:
        super().__init__(f"没有第{number}篇报道，或者已经划掉了。请在报道清单里看编号。")


def add(
    session: Session,
    *,
    title: str,
    outlet: str,
    level: MediaLevel,
    published_on: date,
    by: int | None,
    now: datetime,
    zone: ZoneInfo,
    url: str = "",
    village_id: int | None = None,
    lecture_id: int | None = None,
) -> MediaReport:
    """Note a report. Raises `BadReport` or `ReportKnown`."""
    title, outlet, url = " ".join(title.split()), " ".join(outlet.split()), url.strip()
    if not title or not outlet:
        raise BadReport("请写上标题和媒体名称")
    if len(title) > _MOST:
        raise BadReport(f"标题太长了，请缩到{_MOST}字以内")
    if published_on > now.astimezone(zone).date():
        raise BadReport("见报日期还没到，请核对一下")
    if url and not url.startswith(("https://", "http://")):
        raise BadReport("网址请从 http 开始完整地写，没有就空着")
    known = session.exec(
        select(MediaReport).where(
            MediaReport.title == title,
            MediaReport.outlet == outlet,
            MediaReport.published_on == published_on,
            col(MediaReport.struck_at).is_(None),
        )
    ).first()
    if known is not None:
        raise ReportKnown(known)
    report = MediaReport(
        title=title,
        outlet=outlet,
        level=level,
        published_on=published_on,
        url=url,
        village_id=village_id,
        lecture_id=lecture_id,
        noted_by=by,
        noted_at=now,
    )
    session.add(report)
    session.flush()
    return report


def strike(session: Session, number: int, *, now: datetime) -> MediaReport:
    """Strike a report that was noted by mistake. Periods whose books are closed keep it. Raises `NoSuchReport`."""
    report = session.get(MediaReport, number)
    if report is None or report.struck_at is not None:
        raise NoSuchReport(number)
    report.struck_at = now
    session.flush()
    return report


def listed(
    session: Session, first: date, after: date, *, struck: bool = False, limit: int = 50, offset: int = 0
) -> list[MediaReport]:
    """The reports that were published from ``first`` until before ``after``, newest first; ``struck`` ones too."""
    query = select(MediaReport).where(MediaReport.published_on >= first, MediaReport.published_on < after)
    if not struck:
        query = query.where(col(MediaReport.struck_at).is_(None))
    query = query.order_by(col(MediaReport.published_on).desc(), col(MediaReport.id).desc())
    return list(session.exec(query.limit(limit).offset(offset)))
