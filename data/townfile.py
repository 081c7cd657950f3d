"""The files of a town (``town.yaml``, ``snippets.yaml``) as checked values; every error says where and what to do."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field, ValidationError

from data.checked import Entry, Name, told
from data.errors import TownFileError
from data.lexicon import load_yaml
from data.seriesfile import SeriesEntry, check_days, check_series
from data.snippetfile import SnippetEntry, cross_check
from data.tables import RoleKind, RoomKind


class TownHead(Entry):
    """The town itself. ``market_days`` are the last digits of the days on which people go to market (圩日)."""

    name: Name
    county: str = ""
    market_days: tuple[int, ...] = ()
    zone: str = "Asia/Shanghai"


class VillageEntry(Entry):
    """A village; ``near`` are its neighbours, ``free`` the times that suit its people."""

    name: Name
    aliases: tuple[str, ...] = ()
    venues: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    free: tuple[str, ...] = ()


class RoomEntry(Entry):
    """A simulated group of the web chat."""

    id: Name
    name: Name
    kind: Literal[RoomKind.RESIDENTS, RoomKind.MIGRANTS, RoomKind.COORDINATORS]
    village: str | None = None


class LecturerEntry(Entry):
    """A lecturer; ``mentor`` is who teaches them (导师制)."""

    name: Name
    title: str = ""
    kind: str = ""
    trade: str = ""
    dialects: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    home_village: str | None = None
    free: tuple[str, ...] = ()
    mentor: str | None = None


class PersonEntry(Entry):
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


class LectureEntry(Entry):
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


class TownEntry(Entry):
    """``town.yaml`` as a whole; ``dates`` are days of this town by name (返乡, 开学), for its series."""

    town: TownHead
    villages: tuple[VillageEntry, ...] = ()
    rooms: tuple[RoomEntry, ...] = ()
    lecturers: tuple[LecturerEntry, ...] = ()
    people: tuple[PersonEntry, ...] = ()
    lectures: tuple[LectureEntry, ...] = ()
    dates: dict[Name, str] = Field(default_factory=dict)
    series: tuple[SeriesEntry, ...] = ()


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
        raise TownFileError(list(told("town.yaml", error))) from error
    raw = _load(snippets_path) if snippets_path.is_file() else []
    if not isinstance(raw, list):
        raise TownFileError(["snippets.yaml 要写成列表，每条以“- key:”开头。"])
    snippets: list[SnippetEntry] = []
    problems: list[str] = []
    for position, each in enumerate(raw, 1):
        try:
            snippets.append(SnippetEntry.model_validate(each))
        except ValidationError as error:
            problems += told(f"snippets.yaml 第{position}条", error)
    files = TownFiles(folder, town, tuple(snippets))
    problems += _cross_check(files, set(topics))
    if problems:
        raise TownFileError(problems)
    return files


def _load(path: Path) -> object:
    try:
        return load_yaml(path.read_text("utf-8"))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise TownFileError([f"{path.name} 第{line}行写法不对：{error.problem}"]) from error
    except UnicodeDecodeError as error:
        raise TownFileError([f"{path.name} 不是 UTF-8 文本，请另存为 UTF-8。"]) from error


def _cross_check(files: TownFiles, topics: set[str]) -> Iterator[str]:
    """References that lead nowhere, keys used twice, dates the wrong way round, pictures that are not there."""
    town = files.town
    villages = {each.name for each in town.villages}
    rooms = {each.id for each in town.rooms}
    lecturers = {each.name for each in town.lecturers}
    wanted = [
        *(("villages", each.name, near, villages) for each in town.villages for near in each.near),
        *(("rooms", each.id, each.village, villages) for each in town.rooms),
        *(("lecturers", each.name, each.home_village, villages) for each in town.lecturers),
        *(("lecturers", each.name, topic, topics) for each in town.lecturers for topic in each.topics),
        *(("lecturers", each.name, each.mentor, lecturers) for each in town.lecturers),
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
    yield from _about_themselves(town)
    named = {
        "villages": [each.name for each in town.villages],
        "rooms": [each.id for each in town.rooms],
        "lecturers": [each.name for each in town.lecturers],
        "people": [each.id for each in town.people],
        "series": [each.name for each in town.series],
        "snippets": [each.key for each in files.snippets],
    }
    for part, names in named.items():
        for name in sorted({each for each in names if names.count(each) > 1}):
            yield f"{part}：“{name}”写了两次。"
    for snippet in files.snippets:
        for place, words in cross_check(snippet, topics=topics, villages=villages):
            yield f"snippets.yaml “{snippet.key}” {place}：{words}。"
        if snippet.picture and not (files.folder / snippet.picture).is_file():
            yield f"snippets.yaml “{snippet.key}”的图片 {snippet.picture} 找不到。"
    yield from check_days(town.dates)
    yield from check_series(town.series, town.dates, villages)


def _about_themselves(town: TownEntry) -> Iterator[str]:
    """Villages near themselves, and who is their own mentor, at once or by way of others: each ring told once."""
    for village in town.villages:
        if village.name in village.near:
            yield f"town.yaml villages “{village.name}”的 near 写了自己。"
    mentors = {each.name: each.mentor for each in town.lecturers}
    told: set[str] = set()
    for each in town.lecturers:
        way = [each.name]
        while (mentor := mentors.get(way[-1])) is not None and mentor not in way:
            way.append(mentor)
        if mentor == each.name and each.name not in told:
            told.update(way)
            if len(way) == 1:
                yield f"town.yaml lecturers “{each.name}”的 mentor 写了自己。"
            else:
                yield f"town.yaml lecturers 的 mentor 绕成了圈：{'→'.join([*way, each.name])}。"
