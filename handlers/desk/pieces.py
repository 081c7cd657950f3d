"""The pieces of a lecture in a coordinator's words, in whatever order: topic, lecturer, time, village, venue, seats."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import select

from data import rooms
from data.audience_words import close
from data.kinds import kind_of
from data.loop import EventKind
from data.tables import Lecturer, Village
from handlers.turn import Turn
from handlers.understand import Utterance, named_exactly, slots, understand
from handlers.understand.lecturers import find_lecturers
from handlers.understand.places import find_places
from handlers.understand.when import Reading, read_times
from handlers.understand.when.numerals import to_int

_TITLE = re.compile(r"《([^《》]{1,30})》")
_URL = re.compile(r"https?://[^\s，。；、《》“”]+", re.IGNORECASE)
_NUMBER = r"\d{1,4}|[一二三四五六七八九十百两]{1,5}"
_SEATS = re.compile(rf"(?:座位|限|可坐)?\s*({_NUMBER})\s*个?(?:座位|位子|座|席|人)")
_NICKNAME = re.compile(r"[老小阿]([\u4e00-\u9fff])(?![\u4e00-\u9fff])")
_NAMED_DAY = re.compile(r"[今明后大昨][天日晚早]|周|星期|礼拜|[号日月旬圩墟初廿节]|天后|\d[./-]\d")
# A place that nobody registered, by how it ends: 老榕树底, 李家院子.
_SPOT = re.compile(
    r"^(?!讲)[\u4e00-\u9fff0-9]{0,15}(?:底|下|边|旁|口|头|处|院|院子|家|屋|楼|室|场|堂|小学|中学|学校|庙|亭|店|铺|站|厂|棚|园|地里|桥|坪|塘|"
    r"码头|中心|大树|操场|礼堂|工地)里?$"
)
_SMALL = re.compile(r"^(?:讲|来|在|去|到|的|给|请|为|和|与|一?[场堂节]|课|讲座|老师|用|说|主题|题目|关于|叫|人)*$")
_APART = re.compile(r"[\s在到去于，,。.、；;：:]+")
_A_VILLAGE = re.compile(r"([\u4e00-\u9fff]{1,6}?(?:村|屯|寨|社区|街道))")
_NO_NAMES = frozenset({"农村", "乡村", "全村", "本村", "各村", "我村", "我们村", "驻村", "新农村", "社区"})
_FEW = 8  # villages that are all named
_GRAINS = ("minute", "hour")
NO_TIME = "时间"  # what is missing where none was said
_CLOCK_MISSING = "钟点（比如晚上7点半）"


@dataclass(frozen=True, slots=True)
class Where:
    """A venue and the villages that were named; ``venue`` is empty where only villages were."""

    venue: str
    villages: tuple[Village, ...]


@dataclass(frozen=True, slots=True)
class Pieces:
    """What was said of it; None or empty where it was not. ``missing`` are the names of what is needed and is not
    there, or is not sure."""

    kind: EventKind
    title: str
    topic: str | None
    lecturer: str | None
    starts_at: datetime | None
    where: Where
    seats: int | None
    dialect: str
    live_url: str
    missing: tuple[str, ...]
    unread: tuple[str, ...] = ()  # words of which nothing was made


def read_pieces(turn: Turn, words: str) -> Pieces:
    """Take the pieces out of ``words``; what is left of them is the topic."""
    missing: list[str] = []
    live_url = url_in(turn.verbatim)
    kind, words = kind_of(_URL.sub(" ", words).strip())
    titled = _TITLE.search(words)
    words = _TITLE.sub(" ", words)
    seats, words = _seats(words)
    lecturer, options, words = lecturer_in(turn, words)
    starts_at, words = _time(turn, words, missing)
    where, words = _spot(turn, *where_in(turn, words))
    dialect = slots.dialect(words) or ""
    words = words.replace(dialect, " ") if dialect else words
    title = titled[1].strip() if titled else ""
    topic, topics = _topic(turn, words, title)
    unread = _unread(turn, words) if topic is not None else ()
    if topic is None:
        missing.insert(0, f"题目（{'还是'.join(topics)}？）" if topics else "题目")
    if lecturer is None:
        missing.append(f"宣讲员（{'还是'.join(options)}？）" if options else "宣讲员")
    if not where.villages:
        missing.append(_which_village(turn, words, unread))
    return Pieces(kind, title, topic, lecturer, starts_at, where, seats, dialect, live_url, tuple(missing), unread)


def _which_village(turn: Turn, words: str, unread: tuple[str, ...]) -> str:
    """哪个村: what was said for one that nobody knows, and which it may be."""
    parts = _APART.split(words)
    said = [found[1] for part in parts if (found := _A_VILLAGE.match(part)) and found[1] not in _NO_NAMES]
    known = {name: each.name for each in rooms.villages(turn.session) for name in _names(each)}
    for part in (*said, *unread):
        if near := dict.fromkeys(known[name] for name in close(part, set(known))):
            return f"哪个村（没有“{part}”，是不是{'、'.join(near)}？）"
    if not said:
        return "哪个村"
    names = tuple(dict.fromkeys(known.values()))
    there = f"，登记了的有{'、'.join(names)}" if len(names) <= _FEW else "，要跟登记的村名一样"
    return f"哪个村（没有“{said[0]}”{there}）"


def url_in(words: str) -> str:
    """An address as it was typed; empty where there is none."""
    found = _URL.search(words)
    return found.group() if found else ""


def lecturer_in(turn: Turn, words: str) -> tuple[str | None, tuple[str, ...], str]:
    """The lecturer who is named, or the several who may be meant; and the words without theirs."""
    for hit in find_lecturers(words, turn.knowledge.lexicon.roll):
        rest = without(words, hit.start, hit.start + len(hit.words))
        if len(hit.options) > 1:
            return None, hit.options, rest
        if hit.name in turn.knowledge.lecturer_ids:
            return hit.name, (), rest
    for said, names in _familiar(words, tuple(turn.knowledge.lecturer_ids)):
        rest = words.replace(said, " " * len(said), 1)
        return (names[0], (), rest) if len(names) == 1 else (None, names, rest)
    return None, (), words


def time_in(turn: Turn, words: str, *, like: datetime) -> datetime | None:
    """A time that was said to replace ``like``: a clock alone keeps its day, a day alone keeps its clock."""
    reading = reading_in(turn, words)
    if reading is None:
        return None
    zone, before = turn.knowledge.zone, like.astimezone(turn.knowledge.zone)
    start = reading.when.start
    day = start.date() if _NAMED_DAY.search(reading.when.text) else before.date()
    clock = start.time() if reading.when.grain in _GRAINS else before.time()
    if reading.when.grain not in (*_GRAINS, "day"):
        return None
    return datetime.combine(day, clock, tzinfo=zone)


def where_in(turn: Turn, words: str) -> tuple[Where, str]:
    """The villages and the venue that are named, and the words without them."""
    known = rooms.villages(turn.session)
    villages: dict[int, Village] = {}
    venue, rest = "", words
    for hit in find_places(words, turn.knowledge.lexicon.places, turn.knowledge.lexicon.venues):
        rest = without(rest, hit.start, hit.end)
        village = next((each for each in known if _belongs(hit.name, each) or hit.village in _names(each)), None)
        if village is not None and village.id is not None:
            villages.setdefault(village.id, village)
        if village is None or hit.name not in _names(village):
            venue = venue or hit.name
    found = tuple(villages.values())
    return Where(full_venue(venue, found[0]) if found else venue, found), rest


def _spot(turn: Turn, where: Where, words: str) -> tuple[Where, str]:
    """With a venue that nobody registered: 老榕树底, said with its village. What is alone may be the topic."""
    if where.venue or not where.villages:
        return where, words
    parts = words.split()
    for part in parts:
        if _SPOT.match(part) and (len(parts) > 1 or named_exactly(part, turn.knowledge.lexicon) is None):
            return Where(part, where.villages), words.replace(part, " " * len(part), 1)
    return where, words


def _unread(turn: Turn, words: str) -> tuple[str, ...]:
    """The words beside the topic: those that name none, where others do."""
    parts = [part for part in words.strip(" ，,。.、；;：:").split() if not _SMALL.match(part)]
    alone = {part: _topic(turn, part, "")[0] for part in parts} if len(parts) > 1 else {}
    return tuple(part for part, topic in alone.items() if topic is None) if any(alone.values()) else ()


def full_venue(venue: str, village: Village) -> str:
    """晒谷场 in 上坪村 is its 上坪晒谷场."""
    return next((each for each in village.venues if venue and each.endswith(venue)), venue)


def local(turn: Turn) -> datetime:
    """The time in the town, naive, as readers of times want it."""
    return turn.now.astimezone(turn.knowledge.zone).replace(tzinfo=None)


def lecturer_named(turn: Turn, name: str) -> Lecturer:
    """The lecturer's row."""
    return turn.session.exec(select(Lecturer).where(Lecturer.name == name)).one()


def _familiar(words: str, known: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """How colleagues call each other, and who that may be: 老梁, 金凤."""
    for found in _NICKNAME.finditer(words):
        if same := tuple(name for name in known if name.startswith(found[1])):
            yield found.group(), same
    for given in dict.fromkeys(name[1:] for name in known if len(name) > 2):
        if given in words:
            yield given, tuple(name for name in known if name[1:] == given)


def _names(village: Village) -> set[str]:
    return {village.name, *village.aliases}


def _belongs(place: str, village: Village) -> bool:
    return place in (*_names(village), *village.venues)


def without(words: str, start: int, end: int) -> str:
    """The words with a piece blanked, so that all others stay where they were."""
    return words[:start] + " " * (end - start) + words[end:]


def _seats(words: str) -> tuple[int | None, str]:
    found = _SEATS.search(words)
    if found is None:
        return None, words
    return int(found[1]) if found[1].isdigit() else to_int(found[1]), without(words, *found.span())


def reading_in(turn: Turn, words: str) -> Reading | None:
    """The time that is meant: one with a clock before one without."""
    readings = read_times(words, local(turn), turn.knowledge.lexicon.calendar)
    return next(
        (each for each in readings if each.when.grain in _GRAINS),
        next(iter(readings), None),
    )


def _time(turn: Turn, words: str, missing: list[str]) -> tuple[datetime | None, str]:
    reading = reading_in(turn, words)
    if reading is None:
        missing.append(NO_TIME)
        return None, words
    rest = without(words, reading.start, reading.end)
    if reading.when.grain not in _GRAINS:
        missing.append(_CLOCK_MISSING)
        return None, rest
    return reading.when.start.replace(tzinfo=turn.knowledge.zone), rest


def _topic(turn: Turn, words: str, title: str) -> tuple[str | None, tuple[str, ...]]:
    """The topic that is named, or the several that may be meant; else the one that the title speaks of."""
    for said in _said(words, title):
        exact = named_exactly(said, turn.knowledge.lexicon)
        act = exact or understand(Utterance(f"点课 {said}", addressed=True), turn.knowledge.lexicon, local(turn)).first
        if act.topic_options:
            return None, act.topic_options
        if act.topic is not None:
            return act.topic, ()
    return None, ()


def _said(words: str, title: str) -> Iterator[str]:
    rest = " ".join(words.split()).strip(" ，,。.、；;：:讲的在")
    yield from (each for each in (rest, title) if each)
