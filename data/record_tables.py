"""The tables of what stays: areas, counts as they came in, media reports, material, and what was removed when."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from data.columns import choice, json_object, maybe_moment, moment


class AreaLevel(StrEnum):
    """What an area above the villages is."""

    TOWN = "town"
    COUNTY = "county"
    CITY = "city"


class MediaLevel(StrEnum):
    """Whose medium reported."""

    CENTRAL = "central"  # 中央
    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"


class MaterialState(StrEnum):
    """Where a piece of material (课件) stands."""

    WAITING = "waiting"  # for review
    APPROVED = "approved"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"  # a newer version took its place, or it was taken out


class Area(SQLModel, table=True):
    """A town, county or city; villages lie in one (``Village.area_id``)."""

    __table_args__ = (UniqueConstraint("level", "name", "parent_id"),)

    id: int | None = Field(default=None, primary_key=True)
    level: AreaLevel = choice(AreaLevel)
    name: str
    parent_id: int | None = Field(default=None, foreign_key="area.id", index=True)


class LectureCount(SQLModel, table=True):
    """What was said of a lecture's attendance, each time it was said: the last before a period was closed counts."""

    __tablename__ = "lecture_count"
    __table_args__ = (Index("ix_lecture_count", "lecture_id", "at"),)

    id: int | None = Field(default=None, primary_key=True)
    lecture_id: int = Field(foreign_key="lecture.id")
    attended: int | None = None
    handouts: int | None = None
    by_id: int | None = Field(default=None, foreign_key="member.id")
    at: datetime = moment()


class MediaReport(SQLModel, table=True):
    """An article or report in a medium. One that was entered by mistake is struck, not deleted."""

    __tablename__ = "media_report"

    id: int | None = Field(default=None, primary_key=True)
    title: str
    outlet: str
    level: MediaLevel = choice(MediaLevel)
    published_on: date = Field(index=True)
    url: str = ""
    village_id: int | None = Field(default=None, foreign_key="village.id")
    lecture_id: int | None = Field(default=None, foreign_key="lecture.id")
    noted_by: int | None = Field(default=None, foreign_key="member.id")
    noted_at: datetime = moment()
    struck_at: datetime | None = maybe_moment()


class Material(SQLModel, table=True):
    """One version of a piece of material (课件) on a topic; the file lies under the material folder."""

    __table_args__ = (UniqueConstraint("topic_id", "title", "version"), Index("ix_material", "topic_id", "state"))

    id: int | None = Field(default=None, primary_key=True)
    topic_id: int = Field(foreign_key="topic.id")
    title: str
    version: int = 1
    file_name: str  # as it was uploaded, cleaned
    path: str  # relative to the material folder
    sha256: str
    size: int  # bytes
    state: MaterialState = choice(MaterialState, default=MaterialState.WAITING)
    uploaded_by: int | None = Field(default=None, foreign_key="member.id")
    uploaded_at: datetime = moment()
    reviewed_by: int | None = Field(default=None, foreign_key="member.id")
    reviewed_at: datetime | None = maybe_moment()
    note: str = ""  # of the reviewer


class MaterialDownload(SQLModel, table=True):
    """That somebody was given a piece of material."""

    __tablename__ = "material_download"
    __table_args__ = (Index("ix_material_download", "material_id", "at"),)

    id: int | None = Field(default=None, primary_key=True)
    material_id: int = Field(foreign_key="material.id")
    member_id: int | None = Field(default=None, foreign_key="member.id")
    at: datetime = moment()


class Removal(SQLModel, table=True):
    """What was removed because its time was over, or because a person asked (删除我的信息): how many, not what.

    ``member_id`` is the person who asked, whose row stays without a name.
    """

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = moment(index=True)
    kind: str
    rows: int = 0
    before: datetime | None = maybe_moment()
    member_id: int | None = Field(default=None, foreign_key="member.id")
    detail: dict[str, object] = json_object()
