"""How a coordinator says whom a notice is for: "上坪村、石湾村", "外出务工群", "标签:种植户", "果农" …"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches

from sqlmodel import Session, col, select

from data import audiences, rooms, tags
from data.audiences import Audience
from data.broadcast_errors import UnknownAudience
from data.tables import Room, RoomKind

WHOLE_TOWN = "全镇"
KIND_NAMES = {RoomKind.RESIDENTS: "村民群", RoomKind.MIGRANTS: "外出务工群", RoomKind.COORDINATORS: "工作群"}
_TOWN_WORDS = frozenset({WHOLE_TOWN, "全部", "所有群", "全体", "全镇各村", "各村", "所有村", "大家"})
_KIND_WORDS = {
    **dict.fromkeys(
        ("外出务工群", "务工群", "外出群", "在外群", "外出务工", "在外乡亲", "在外乡亲群"), RoomKind.MIGRANTS
    ),
    **dict.fromkeys(("村民群", "居民群", "村群", "乡亲群"), RoomKind.RESIDENTS),
    **dict.fromkeys(("工作群", "干部群", "干事群"), RoomKind.COORDINATORS),
}
_GAP = re.compile(r"[\s、,，;；]*")
_WORD = re.compile(r"[^\s、,，;；:：]+")
_LABELLED = re.compile(r"(?P<label>标签|標籤|订阅|訂閱)\s*[:：]?\s*(?P<word>[^\s、,，;；:：]+)")
_AND = re.compile(r"[和及与跟]")
_QUOTES = "“”\"'《》「」【】"
_NEAR = 0.45  # of difflib: three characters of which two are right

Topic = tuple[int, str]  # id and name


@dataclass(slots=True)
class Reader:
    """Reads whom words mean. ``plain`` makes the simplified form, ``topic`` finds a topic of the catalogue."""

    session: Session
    plain: Callable[[str], str]
    topic: Callable[[str], Topic | None]
    _villages: dict[str, tuple[int, str]] = field(default_factory=dict)
    _saved: dict[str, Audience] = field(default_factory=dict)
    _tags: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for village in rooms.villages(self.session):
            for name in (village.name, *village.aliases):
                self._villages[name] = village.id or 0, village.name
        self._saved = {each.name: Audience.of_spec(each.spec) for each in audiences.saved(self.session)}
        self._tags = tags.names(self.session)

    def split(self, text: str) -> tuple[Audience, str, str]:
        """The audience with which ``text`` begins, how it is called, and the rest. Raises `UnknownAudience`."""
        audience, called, at = Audience(), list[str](), 0
        while True:
            gap = _GAP.match(text, at)
            start = gap.end() if gap else at
            if called and (at == start or "\n" in text[at:start] or text[at : at + 1] in (":", "：")):
                break
            found = self._next(text, start)
            if found is None or not _goes_with(audience, found[0]):
                break
            term, name, at = found
            audience |= term
            called.append(name)
        if not called:
            word = _WORD.match(text, _GAP.match(text).end())  # type: ignore[union-attr]
            said = word.group() if word else text.strip()
            raise UnknownAudience(said[:12], self._near(said), tuple(self._known_villages()))
        return audience, " ".join(dict.fromkeys(called)), text[at:].strip(" \t\r\n:：,，、")

    def whole(self, text: str) -> tuple[Audience, str]:
        """The audience that ``text`` is, all of it. Raises `UnknownAudience` for what is left."""
        audience, called, rest = self.split(text)
        if rest:
            word = _WORD.match(rest)
            said = word.group() if word else rest
            raise UnknownAudience(said[:12], self._near(said), tuple(self._known_villages()))
        return audience, called

    def knows(self, said: str) -> bool:
        """Whether a word names somebody already who is no saved audience."""
        return said not in self._saved and self._term(self.plain(said)) is not None

    def _next(self, text: str, start: int) -> tuple[Audience, str, int] | None:
        """The term that stands at ``start``, its name, and where it ends."""
        labelled = _LABELLED.match(text, start)
        if labelled is not None and (found := self._labelled(self.plain(labelled["label"]), labelled["word"])):
            return *found, labelled.end()
        word = _WORD.match(text, start)
        if word is None:
            return None
        said = self.plain(word.group().strip(_QUOTES))
        if one := self._term(said):
            return *one, word.end()
        parts = [self._term(each) for each in _AND.split(said)]
        if len(parts) > 1 and all(parts):
            audience, names = Audience(), []
            for part in parts:
                assert part is not None
                audience |= part[0]
                names.append(part[1])
            return audience, "、".join(names), word.end()
        return None

    def _labelled(self, label: str, word: str) -> tuple[Audience, str] | None:
        said = self.plain(word)
        if label == "标签":
            if said not in self._tags:
                raise UnknownAudience(f"标签:{said}"[:16], tuple(f"标签:{each}" for each in close(said, self._tags)))
            return Audience(tags=(said,)), f"标签:{said}"
        topic = self.topic(said)
        if topic is None:
            raise UnknownAudience(f"订阅:{said}"[:16], ())
        return Audience(topics=(topic[0],)), f"订阅:{topic[1]}"

    def _term(self, said: str) -> tuple[Audience, str] | None:
        if said in self._saved:
            return self._saved[said], said
        if said in _TOWN_WORDS:
            return Audience(town=True), WHOLE_TOWN
        if said in self._villages:
            id_, name = self._villages[said]
            return Audience(villages=(id_,)), name
        if said in self._tags:
            return Audience(tags=(said,)), f"标签:{said}"
        if said in _KIND_WORDS:
            kind = _KIND_WORDS[said]
            return Audience(kinds=(kind,)), KIND_NAMES[kind]
        return self._room(said) or self._joined(said)

    def _room(self, said: str) -> tuple[Audience, str] | None:
        spoken = col(Room.kind).in_(tuple(KIND_NAMES))
        found = self.session.exec(select(Room.id, Room.name).where(Room.name == said, spoken)).all()
        return (Audience(rooms=tuple(id_ or 0 for id_, _ in found)), found[0][1]) if found else None

    def _joined(self, said: str) -> tuple[Audience, str] | None:
        """上坪村外出务工群, 上坪的种植户: a village, and which of it."""
        for name in sorted(self._villages, key=len, reverse=True):
            rest = said.removeprefix(name).removeprefix("的")
            if rest and rest != said and (rest in _KIND_WORDS or rest in self._tags):
                id_, village = self._villages[name]
                which = self._term(rest)
                assert which is not None
                return Audience(villages=(id_,)) | which[0], f"{village} {which[1]}"
        return None

    def _known_villages(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for _, name in self._villages.values()))

    def _near(self, said: str) -> tuple[str, ...]:
        groups = self.session.exec(select(Room.name).where(col(Room.kind).in_(tuple(KIND_NAMES)))).all()
        return close(said, {*self._villages, *self._saved, *self._tags, *_KIND_WORDS, WHOLE_TOWN, *groups})


def _goes_with(audience: Audience, more: Audience) -> bool:
    """Whether a term can still be whom it is for; behind 全镇 a village's name is the first word of the text,
    as is 大家 behind a village's."""
    return not (audience and (more.town or (audience.town and (more.villages or more.rooms))))


def close(said: str, known: set[str]) -> tuple[str, ...]:
    """The names that are nearest to what was said, the nearest first; none where nothing is near."""
    return tuple(get_close_matches(said, sorted(known), n=3, cutoff=_NEAR))
