"""What is typed into the forms of orders, read as the chat reads it: a wish, lecturers by name, a moment."""

import re
from dataclasses import dataclass, replace
from datetime import datetime

from bot.console.values import Ask
from data import wishes
from data.desk_errors import BadEntry
from data.glance import Person, Place
from data.kinds import kind_of
from data.loop import EventKind
from data.tables import RoleKind, RoomKind
from handlers.desk import wording
from handlers.message import Heard
from handlers.turn import Turn
from handlers.understand import normalise

MAX_WISH = 60
YEARS = range(2000, 2100)  # that a date in a form may be of


@dataclass(frozen=True, slots=True)
class Understood:
    """What was made of free words; ``wish`` is what is left of them when village, time and whom are taken out."""

    wish: str = ""
    village_id: int | None = None
    kind: EventKind = EventKind.LECTURE
    topic: str = ""
    lecturer: str = ""
    dialect: str = ""
    at: datetime | None = None
    when_text: str = ""
    for_whom: str = ""
    urgent: bool = False


def turn_of(ask: Ask) -> Turn:
    """The asker as one who speaks in private, for what `handlers.desk.wording` reads out of words."""
    me = ask.user
    here = Place(0, "console", me.name, "", RoomKind.DIRECT, None)
    who = Person(me.member_id, "console", me.name, me.shown_name, me.village_id, frozenset((RoleKind.COORDINATOR,)))
    heard = Heard("console", "", me.name, me.name, "", ask.now, direct=True)
    return Turn(ask.session, here, who, ask.knowledge, ask.now, "", "", heard)


def read_wish(ask: Ask, words: str) -> Understood:
    """上坪村 反诈骗 周三晚上 为李大爷 加急: village, whom, when, and what is wished for, as 代点 has it."""
    text = normalise(words).strip()
    urgent = wording.URGENT.search(text) is not None
    text = wording.URGENT.sub("", text)
    whom = wording.FOR_WHOM.search(text)
    text = text[: whom.start()] if whom else text
    name, _, rest = text.partition(" ")
    village = wishes.village_named(ask.session, name)
    at, when_text, left = wording.split_time(turn_of(ask), rest if village else text)
    wish = re.sub(r"\s+", " ", left).strip(" ，,。")[:MAX_WISH]
    found = replace(_meant(ask, wish), at=at, when_text=when_text[:MAX_WISH], urgent=urgent)
    return replace(found, village_id=village.id if village else None, for_whom=whom["whom"] if whom else "")


def lecturers_named(ask: Ask, words: str) -> list[int]:
    """The lecturers named in ``words``. Raises `NoSuchLecturer`, or `BadEntry` where a name can mean several."""
    if not words.strip():
        return []
    said = wording.read(turn_of(ask), normalise(words))
    if said.doubtful:
        raise BadEntry("老师", wording.ask_which(*said.doubtful[0]))
    return [ask.knowledge.lecturer_ids[name] for name in said.names]


def moment_of(ask: Ask, name: str, label: str) -> datetime | None:
    """A field of date and time, in the town's zone; None where it is empty. Raises `BadEntry`."""
    value = ask.form.get(name)
    if not value:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        found = None
    if found is None or found.year not in YEARS:
        raise BadEntry(label, "没看懂，请重新选日期和时间。")
    return found if found.tzinfo else found.replace(tzinfo=ask.rules.zone)


def picked(ask: Ask, moment: datetime | None) -> str:
    """A moment as a field of date and time holds it."""
    return "" if moment is None else f"{moment.astimezone(ask.rules.zone):%Y-%m-%dT%H:%M}"


def _meant(ask: Ask, wish: str) -> Understood:
    """Kind, topic, lecturer and dialect in a wish."""
    kind, bare = kind_of(wish)
    topic, lecturer, dialect = wording.meant(turn_of(ask), bare) if bare else (None, None, None)
    return Understood(wish, kind=kind, topic=topic or "", lecturer=lecturer or "", dialect=dialect or "")
