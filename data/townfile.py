"""The files of a town (``town.yaml``, ``snippets.yaml``) as checked values; every error says where and what to do."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from data.errors import TownFileError
from data.tables import RoleKind, RoomKind

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TownHead(_Entry):
    """The town itself. ``market_days`` are the last digits of the days on which people go to market (圩日)."""

    name: Name
    county: str = ""
    market_days: tuple[int, ...] = ()
    zone: str = "Asia/Shanghai"


class VillageEntry(_Entry):
    name: Name
    aliases: tuple[str, ...] = ()
    venues: tuple[str, ...] = ()


class RoomEntry(_Entry):
    """A simulated group of the web chat."""

    id: Name
    name: Name
    kind: Literal[RoomKind.RESIDENTS, RoomKind.MIGRANTS, RoomKind.COORDINATORS]
    village: str | None = None


class LecturerEntry(_Entry):
    name: Name
    title: str = ""
    kind: str = ""
    trade: str = ""
    dialects: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    home_village: str | None = None
    free: tuple[str, ...] = ()


class PersonEntry(_Entry):
    """A simulated person of the web chat."""

    id: Name
    name: Name
    role: Literal["resident", "migrant", "coordinator", "lecturer"]
    lecturer: str | None = None
    village: str | None = None
    rooms: tuple[str, ...] = ()
    about: str = ""

    @property
    def granted(self) -> RoleKind | None:
        return RoleKind(self.role) if self.role in ("coordinator", "lecturer") else None


class LectureEntry(_Entry):
    """A lecture that the demo announces ``days_ahead`` of the day on which it is loaded."""

    topic: Name
    title: Name
    lecturer: Name
    venue: Name
    village: str | None = None
    rooms: tuple[str, ...] = ()
    days_ahead: int
    time: time
    seats: int | None = None
    dialect: str = ""


class TownEntry(_Entry):
    """``town.yaml`` as a whole."""

    town: TownHead
    villages: tuple[VillageEntry, ...] = ()
    rooms: tuple[RoomEntry, ...] = ()
    lecturers: tuple[LecturerEntry, ...] = ()
    people: tuple[PersonEntry, ...] = ()
    lectures: tuple[LectureEntry, ...] = ()


class SnippetEntry(_Entry):
    """A policy text; ``picture`` is the file name of a PNG beside ``snippets.yaml``."""

    key: Name
    topic: Name
    title: Name
    text: Text
    source: Name | Text
    issued_on: date
    expires_on: date
    questions: tuple[str, ...] = ()
    picture: str | None = None


@dataclass(frozen=True, slots=True)
class TownFiles:
    """What a town's folder says."""

    folder: Path
    town: TownEntry
    snippets: tuple[SnippetEntry, ...]


def read_town(folder: Path, *, topics: tuple[str, ...]) -> TownFiles:
    """Read and check a town's folder; `TownFileError` lists everything that is wrong with it."""
    town_path, snippets_path = folder / "town.yaml", folder / "snippets.yaml"
    if not town_path.is_file():
        raise TownFileError([f"没有 {town_path}。请检查 config.yaml 的 town.folder，或用 python -m bot init 新建。"])
    try:
        town = TownEntry.model_validate(_load(town_path))
    except ValidationError as error:
        raise TownFileError(list(_told("town.yaml", error))) from error
    raw = _load(snippets_path) if snippets_path.is_file() else []
    if not isinstance(raw, list):
        raise TownFileError(["snippets.yaml 要写成列表，每条以“- key:”开头。"])
    snippets: list[SnippetEntry] = []
    problems: list[str] = []
    for position, each in enumerate(raw, 1):
        try:
            snippets.append(SnippetEntry.model_validate(each))
        except ValidationError as error:
            problems += _told(f"snippets.yaml 第{position}条", error)
    files = TownFiles(folder, town, tuple(snippets))
    problems += _cross_check(files, set(topics))
    if problems:
        raise TownFileError(problems)
    return files


def _load(path: Path) -> object:
    try:
        return yaml.safe_load(path.read_text("utf-8"))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise TownFileError([f"{path.name} 第{line}行写法不对：{error.problem}"]) from error
    except UnicodeDecodeError as error:
        raise TownFileError([f"{path.name} 不是 UTF-8 文本，请另存为 UTF-8。"]) from error


def _told(where: str, error: ValidationError) -> Iterator[str]:
    for each in error.errors():
        place = ".".join(str(step + 1) if isinstance(step, int) else step for step in each["loc"])
        yield f"{where} {place}：{each['msg']}（写的是 {str(each['input'])[:40]!r}）"


def _cross_check(files: TownFiles, topics: set[str]) -> Iterator[str]:
    """References that lead nowhere, keys used twice, dates the wrong way round, pictures that are not there."""
    town = files.town
    villages = {each.name for each in town.villages}
    rooms = {each.id for each in town.rooms}
    lecturers = {each.name for each in town.lecturers}
    wanted = [
        *(("rooms", each.id, each.village, villages) for each in town.rooms),
        *(("lecturers", each.name, each.home_village, villages) for each in town.lecturers),
        *(("lecturers", each.name, topic, topics) for each in town.lecturers for topic in each.topics),
        *(("people", each.id, each.village, villages) for each in town.people),
        *(("people", each.id, each.lecturer, lecturers) for each in town.people),
        *(("people", each.id, room, rooms) for each in town.people for room in each.rooms),
        *(("lectures", each.title, each.lecturer, lecturers) for each in town.lectures),
        *(("lectures", each.title, each.topic, topics) for each in town.lectures),
        *(("lectures", each.title, each.village, villages) for each in town.lectures),
        *(("lectures", each.title, room, rooms) for each in town.lectures for room in each.rooms),
    ]
    for part, owner, name, known in wanted:
        if name is not None and name not in known:
            yield f"town.yaml {part} “{owner}”提到的“{name}”没有登记。"
    named = {
        "villages": [each.name for each in town.villages],
        "rooms": [each.id for each in town.rooms],
        "lecturers": [each.name for each in town.lecturers],
        "people": [each.id for each in town.people],
        "snippets": [each.key for each in files.snippets],
    }
    for part, names in named.items():
        for name in sorted({each for each in names if names.count(each) > 1}):
            yield f"{part}：“{name}”写了两次。"
    for snippet in files.snippets:
        if snippet.topic not in topics:
            yield f"snippets.yaml “{snippet.key}”的题目“{snippet.topic}”不在目录里。"
        if snippet.expires_on < snippet.issued_on:
            yield f"snippets.yaml “{snippet.key}”的到期日早于发布日。"
        if snippet.picture and not (files.folder / snippet.picture).is_file():
            yield f"snippets.yaml “{snippet.key}”的图片 {snippet.picture} 找不到。"
