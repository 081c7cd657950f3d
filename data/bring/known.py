"""What stands in the town, by name, together with what the file itself adds; nothing here writes."""

import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from difflib import get_close_matches
from functools import cached_property

from sqlmodel import Session, col, select

from data.bring.model import Line
from data.desk_tables import TopicAlias
from data.dialects import spoken
from data.lexicon import OTHER, TopicLexicon, load_lexicon
from data.loop import Lecture
from data.planning import short_name
from data.record_tables import Area, AreaLevel
from data.tables import Lecturer, LecturerTopic, Topic, Village
from data.town import near_said
from data.townfile import LecturerEntry, TownFiles, VillageEntry

NOT_HERE = "写在镇的 town.yaml 里，重启会照那里的来。请到那里改，或从那里删掉这一项再导入"
_NEAR_MOST = 60  # words for which something near is looked for, in one file


def fold(words: str) -> str:
    """What two ways to write one name have in common."""
    return unicodedata.normalize("NFKC", words).casefold().replace(" ", "")


@dataclass(slots=True)
class Names:
    """Names of one kind of thing, found however they are written. ``meant`` knows what else people call them."""

    noun: str
    meant: Callable[[str], str] = field(default=lambda _words: "")
    exact: dict[str, str] = field(default_factory=dict)
    folded: dict[str, str] = field(default_factory=dict)
    _near: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, *also: str) -> None:
        """A thing's name and what it is also called; whoever has a name keeps it."""
        self.exact[name] = name
        self.folded[fold(name)] = name
        for each in also:
            self.exact.setdefault(each, name)
            self.folded.setdefault(fold(each), name)

    def join(self, name: str, *also: str) -> None:
        """What the file adds; a name that something goes by already stays that thing's."""
        if self.find(name) is None:
            self.add(name)
        for each in also:
            self.exact.setdefault(each, name)
            self.folded.setdefault(fold(each), name)

    def find(self, words: str) -> str | None:
        """The name of the thing that goes by these words."""
        return self.exact.get(words) or self.folded.get(fold(words))

    def refer(self, line: Line, title: str, words: str) -> str | None:
        """As `find`; where nothing goes by these words that is a fault of the line."""
        found = self.find(words)
        if found is None:
            near = self._nearest(words)
            hint = f"，您要的是“{near}”吗？" if near else f"。先在“{self.noun}”表里加上"
            line.fault(title, f"没有“{words}”{hint}")
        return found

    def _nearest(self, words: str) -> str:
        if words not in self._near and len(self._near) < _NEAR_MOST:
            near = get_close_matches(fold(words), self.folded, n=1, cutoff=0.5)
            self._near[words] = self.meant(words) or (self.folded[near[0]] if near else "")
        return self._near.get(words, "")


class Known:
    """The town as it stands, and the names that the file adds to it. ``hints``: whether anybody will read them."""

    def __init__(self, session: Session, files: TownFiles, *, zone: tzinfo, now: datetime, hints: bool = True) -> None:
        self.session, self.files, self.zone, self.now, self.hints = session, files, zone, now, hints
        self.village_names, self.lecturer_names = Names("村"), Names("宣讲员")
        self.topic_names = Names("题目", self.shipped_topic)
        self.reload()

    def reload(self) -> None:
        """Look again; names of the file that were added stay known."""
        session = self.session
        self.villages = {each.name: each for each in session.exec(select(Village).order_by(col(Village.id)))}
        self.topics = {each.name: each for each in session.exec(select(Topic).order_by(col(Topic.position)))}
        people = session.exec(select(Lecturer.name, Lecturer.id).order_by(col(Lecturer.id)))
        self.lecturer_ids = {name: number or 0 for name, number in people}
        self._lecturers: dict[str, Lecturer] | None = None
        towns = session.exec(select(Area).where(Area.level == AreaLevel.TOWN).order_by(col(Area.id)))
        self.towns: dict[str, list[Area]] = {}
        for area in towns:
            self.towns.setdefault(area.name, []).append(area)
        self.aliases: dict[str, list[TopicAlias]] = {}
        by_id = {each.id: each.name for each in self.topics.values()}
        for alias in session.exec(select(TopicAlias).order_by(col(TopicAlias.id))):
            self.aliases.setdefault(by_id[alias.topic_id], []).append(alias)
        self._speaks_on: dict[str, tuple[str, ...]] | None = None
        self._by_id = {each.id or 0: name for name, each in self.villages.items()}
        self._lecturer_by_id = {number: name for name, number in self.lecturer_ids.items()}
        for name, village in self.villages.items():
            self.village_names.add(name, *village.aliases)
        for name in self.topics:
            self.topic_names.add(name, short_name(name), *(each.words for each in self.aliases.get(name, ())))
        for name in self.lecturer_ids:
            self.lecturer_names.add(name)

    @property
    def lecturers(self) -> dict[str, Lecturer]:
        """The lecturers; a city has thousands, so they are only loaded where lecturers are brought."""
        if self._lecturers is None:
            everybody = self.session.exec(select(Lecturer).order_by(col(Lecturer.id)))
            self._lecturers = {each.name: each for each in everybody}
        return self._lecturers

    @property
    def speaks_on(self) -> Mapping[str, tuple[str, ...]]:
        """The topics of each lecturer; as `lecturers`."""
        if self._speaks_on is None:
            by_id = {each.id: each.name for each in self.topics.values()}
            spoken: dict[int, list[str]] = {}
            for lecturer, topic in self.session.exec(select(LecturerTopic.lecturer_id, LecturerTopic.topic_id)):
                spoken.setdefault(lecturer, []).append(by_id[topic])
            self._speaks_on = {
                name: tuple(sorted(spoken.get(number, ()))) for name, number in self.lecturer_ids.items()
            }
        return self._speaks_on

    def shipped_topic(self, words: str) -> str:
        """The topic for which these words stand in the lexicon that ships with the program, "" for none."""
        alias = self._shipped.words.get(fold(words))
        owned = alias is not None and alias.strength != "weak" and alias.topic != OTHER
        return alias.topic if alias is not None and owned else ""

    @cached_property
    def _shipped(self) -> TopicLexicon:
        return load_lexicon()

    @cached_property
    def dialects(self) -> frozenset[str]:
        """Those that somebody speaks."""
        found = self.session.exec(select(Lecturer.dialects)).all()
        return frozenset(each for said in found for words in said for each in spoken(words))

    @cached_property
    def heard(self) -> frozenset[str]:
        """Those that somebody speaks, or a lecture was held in: free text, so nobody is offered it."""
        held = self.session.exec(select(Lecture.dialect).where(Lecture.dialect != "").distinct())
        return self.dialects.union(each for words in held for each in spoken(words))

    @cached_property
    def near_said(self) -> dict[str, bool]:
        """Of the villages in the town's files: whether neighbours are written there."""
        return near_said(self.files)

    @cached_property
    def village_entries(self) -> dict[str, VillageEntry]:
        """The villages in the town's files."""
        return {each.name: each for each in self.files.town.villages}

    @cached_property
    def lecturer_entries(self) -> dict[str, LecturerEntry]:
        """The lecturers in the town's files."""
        return {each.name: each for each in self.files.town.lecturers}

    def village_name(self, village_id: int | None) -> str:
        """A village's name, "" for none."""
        return self._by_id.get(village_id or 0, "")

    def lecturer_name(self, lecturer_id: int | None) -> str:
        """A lecturer's name, "" for none."""
        return self._lecturer_by_id.get(lecturer_id or 0, "")


def settled(names: Names, line: Line, title: str, listed: Iterable[str] | None) -> tuple[str, ...] | None:
    """The names of things that a cell lists; None where it says nothing. Faults are the line's."""
    if listed is None:
        return None
    found = [names.refer(line, title, each) for each in listed]
    return tuple(dict.fromkeys(each for each in found if each is not None))


def once_each(lines: Collection[Line], title: str, names: Names | None = None) -> list[tuple[Line, str]]:
    """(line, name) of each line that has a name; one that stands there twice is a fault of the second."""
    seen: dict[str, int] = {}
    found = []
    for line in lines:
        said = line.text(title)
        if not said:
            continue
        known = names.find(said) if names is not None else None
        name = known if known is not None and fold(known) == fold(said) else said
        first = seen.setdefault(fold(name), line.number)
        if first != line.number:
            line.fault(title, f"“{said}”和第{first}行重复，请只留一行")
        else:
            found.append((line, name))
    return found
