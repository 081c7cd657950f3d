"""What a coordinator typed behind a command: which lecturers, what time, what place. Forgiving, and never guessing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from data.errors import NoSuchLecturer
from data.rooms import PUSHED
from handlers.turn import Turn
from handlers.understand import Utterance, When, named_exactly, understand
from handlers.understand.lecturers import SOUND_ENOUGH, find_lecturers
from handlers.understand.normalise import normalise
from handlers.understand.when import read_times

FOR_WHOM = re.compile(r"[\s,，]+(?:为|替|帮|给)(?P<whom>[^\s,，。]{1,12})[。]?$")
URGENT = re.compile(r"[\s,，]*加急[。]?$")
_JOINTS = re.compile(r"[\s,，、;；和跟与/]+")
_FILLER = re.compile(r"^(?:给|请|让|到|在|去)|(?:去讲?|来讲?|讲|吧|老师)$")
_CLOSE = 3  # characters of a name by which one is still looked for
_FAMILIAR = re.compile(r"[老小阿]([\u4e00-\u9fff])$")  # 老梁, 小莫
_MOST = 6  # names in a question
MAX_REASON = 100


@dataclass(frozen=True, slots=True)
class Said:
    """Whom, when and where, as far as it was said. ``doubtful`` are words that more than one goes by."""

    names: tuple[str, ...]
    starts_at: datetime | None
    when_text: str
    venue: str
    doubtful: tuple[tuple[str, tuple[str, ...]], ...] = ()


def read(turn: Turn, words: str) -> Said:
    """Lecturers, a time and a place in ``words``. Raises `NoSuchLecturer` for a name that nobody goes by."""
    starts_at, when_text, rest = split_time(turn, words)
    names: list[str] = []
    doubtful: list[tuple[str, tuple[str, ...]]] = []
    places: list[str] = []
    for part in filter(None, _JOINTS.split(rest)):
        found = lecturers_called(turn, part)
        if len(found) == 1:
            names.append(found[0])
        elif found:
            doubtful.append((part, found))
        elif names or doubtful:
            places.append(part)
        else:
            raise NoSuchLecturer(part[:12], _near(turn, part))
    venue = "".join(places)
    return Said(tuple(dict.fromkeys(names)), starts_at, when_text, _FILLER.sub("", venue), tuple(doubtful))


def lecturers_called(turn: Turn, words: str) -> tuple[str, ...]:
    """The lecturers who go by these words: a name, 姓+title, part of a name, or what sounds like one."""
    roll = turn.knowledge.lexicon.roll
    known = turn.knowledge.lecturer_ids
    if words in known:
        return (words,)
    hits = [hit for hit in find_lecturers(words, roll) if hit.options and hit.why != "trade"]
    if hits:
        return tuple(dict.fromkeys(name for hit in hits for name in hit.options if name in known))
    bare = _FILLER.sub("", words)
    familiar = _FAMILIAR.fullmatch(bare)
    if familiar:
        return tuple(name for name in known if name.startswith(familiar[1]))
    if len(bare) >= 2:
        part = tuple(name for name in known if bare in name)
        return part or tuple(_alike(turn, bare))
    return tuple(name for name in known if bare and name.startswith(bare)) if len(bare) == 1 else ()


def reason(words: str) -> str:
    """A reason as it is told on: with the marks of our script, which understanding makes plain ones."""
    return words.strip()[:MAX_REASON].replace(",", "，").replace(";", "；").replace("?", "？").replace("!", "！")


def ask_which(words: str, options: tuple[str, ...]) -> str:
    """The question which of several is meant; the answer is typed as the name."""
    return f"“{words}”有{len(options)}位：{'、'.join(options[:_MOST])}。请写全名。"


def split_time(turn: Turn, words: str) -> tuple[datetime | None, str, str]:
    """The time said in ``words``, the words for it, and the rest. A part of the day is taken at its usual hour."""
    local = turn.now.astimezone(turn.knowledge.zone).replace(tzinfo=None)
    for reading in read_times(words, local, turn.knowledge.lexicon.calendar):
        at = clock_of(turn, reading.when)
        if at is not None:
            rest = f"{words[: reading.start]} {words[reading.end :]}"
            return at, words[reading.start : reading.end].strip(), rest.strip()
    return None, "", words


def clock_of(turn: Turn, when: When) -> datetime | None:
    """The moment at which a lecture would begin: 周四晚上 is at the town's usual hour of the evening."""
    zone = turn.knowledge.zone
    if when.grain in ("minute", "hour"):
        return when.start.replace(tzinfo=zone)
    if when.grain not in ("part", "day"):
        return None  # next week is no time to be anywhere
    end = when.end or when.start + timedelta(days=1)
    for usual in (*turn.rules.usual_times, time(9, 0), time(15, 0)):
        at = datetime.combine(when.start.date(), usual)
        if when.start <= at < end:
            return at.replace(tzinfo=zone)
    return when.start.replace(tzinfo=zone)


def in_public(turn: Turn) -> bool:
    """Whether residents read along: what coordinators see of orders is not for their groups."""
    return turn.room.kind in PUSHED


def _alike(turn: Turn, words: str) -> Iterator[str]:
    """Names that hold something which sounds like ``words``: 金风 is 陆金凤's."""
    pinyin = turn.knowledge.lexicon.roll.pinyin
    for name in turn.knowledge.lecturer_ids:
        parts = (name[at : at + len(words)] for at in range(len(name) - len(words) + 1))
        if any(pinyin.likeness(words, part) >= SOUND_ENOUGH for part in parts):
            yield name


def _near(turn: Turn, words: str) -> tuple[str, ...]:
    """Names that share a character with what was typed."""
    return tuple(name for name in turn.knowledge.lecturer_ids if set(name) & set(words[:_CLOSE]))[:3]


def meant(turn: Turn, words: str) -> tuple[str | None, str | None, str | None]:
    """Topic, lecturer and dialect in a coordinator's words."""
    lexicon = turn.knowledge.lexicon
    text = normalise(words)
    exact = named_exactly(text, lexicon)
    if exact is not None:
        return exact.topic, None, None
    local = turn.now.astimezone(turn.knowledge.zone).replace(tzinfo=None)
    act = understand(Utterance(f"点课 {text}", addressed=True), lexicon, local).first
    known = turn.knowledge.lecturer_ids
    return act.topic, act.lecturer if act.lecturer in known else None, act.dialect
