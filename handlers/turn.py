"""One turn of talk: what a handler is handed, and what it gives back."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from sqlmodel import Session

from data.glance import Glance, Person, Place
from data.rules import Rules
from data.tables import RoleKind
from handlers.knowledge import Knowledge
from handlers.message import Heard
from handlers.understand.values import Act, Intent

About = Literal["单", "课", "意见", "投票", "条", "B"]
NO_ACT = Act(intent="none", confidence=0.0)


@dataclass(frozen=True, slots=True)
class Turn:
    """All that a handler needs.

    ``text`` is normalised, ``verbatim`` is as it was typed but for a leading mention, ``heard`` as it came; ``args`` is
    what stood behind the command word, ``act`` how the words were read.
    """

    session: Session
    room: Place
    member: Person
    knowledge: Knowledge
    now: datetime
    text: str
    verbatim: str
    heard: Heard
    args: str = ""
    word: str = ""  # the command word that was said
    number: int | None = None  # of the order, lecture, … that the command is about
    act: Act = NO_ACT
    payload: dict[str, object] = field(default_factory=dict)  # of the question that this answers
    routes: tuple["Route", ...] = ()  # all that can be heard, for those who ask for help

    @property
    def room_id(self) -> int:
        return self.room.id

    @property
    def member_id(self) -> int:
        return self.member.id

    @property
    def today(self) -> date:
        """The day it is in the town."""
        return self.now.astimezone(self.knowledge.zone).date()

    @property
    def rules(self) -> Rules:
        return self.knowledge.rules

    @property
    def leaves(self) -> datetime:
        """When what this turn says to others goes out: not while it can be undone, nor in the quiet hours."""
        return self.knowledge.rules.leaves(self.now)

    @property
    def village_id(self) -> int | None:
        """The village that this is about: the group's, or in a direct chat the one where the person was last heard."""
        return self.member.village_id if self.room.direct else self.room.village_id


@dataclass(frozen=True, slots=True)
class Ask:
    """A question that goes with a reply; ``kind`` names the entry of ``QUESTIONS`` that takes the answer."""

    kind: str
    payload: dict[str, object]


@dataclass(frozen=True, slots=True)
class Gather:
    """That an answer may be said together with others of its ``key`` which still wait in this room."""

    key: str
    item: str
    together: Callable[[list[str]], str]


@dataclass(frozen=True, slots=True)
class Reply:
    """What the bot answers in the same room. An empty text says nothing."""

    text: str
    ask: Ask | None = None
    gather: Gather | None = None


Handler = Callable[[Turn], Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """Something that the bot can hear: by its first word, by what it was understood to mean, or both.

    ``tail`` is a pattern that what stands behind the word must match whole when nobody addressed the bot, so that
    "报名费多少" between neighbours is not a sign-up. ``roles`` limits it to those who hold one of them. ``about`` is
    what the command takes a number of, before its word or behind it: 单 (12号 派 …), 课 (课5 改期 …), 意见, 投票, B;
    an empty word is the bare number. ``wordings`` are patterns of the same wish in people's own order of words, from
    the head of normalised text that was said to the bot; only for those who may, or whom ``others`` answers. ``more``
    is what 帮助 with the word tells beside ``help``. What ``undo`` does can be taken back.
    """

    name: str
    handle: Handler
    help: str
    words: tuple[str, ...] = ()
    intents: tuple[Intent, ...] = ()
    tail: str = ""
    roles: tuple[RoleKind, ...] = ()
    about: About | None = None
    wordings: tuple[str, ...] = ()
    more: str = ""
    undo: bool = False
    section: str = ""  # of 帮助
    others: Handler | None = None  # who answers those who may not

    def open_to(self, roles: Collection[RoleKind]) -> bool:
        """Whether somebody with these roles may."""
        return not self.roles or any(role in self.roles for role in roles)


@dataclass(frozen=True, slots=True)
class Ear:
    """Something heard for what it is, not for a word: a 接龙, a vote, a picture.

    ``could`` is the gate's cheap question of a message; ``hears`` looks into the database, reads only, and decides.
    """

    name: str
    could: Callable[[Heard], bool]
    hears: Callable[[Session, Heard, Glance, datetime], bool]
    handle: Handler
    help: str


@dataclass(frozen=True, slots=True)
class Question:
    """Something that the bot can ask. ``read`` takes the answer out of a text, or None where it is not one.

    A ``fleeting`` question is let go as soon as the person says anything else, so that no late 确认 answers it.
    """

    kind: str
    read: Callable[[str], str | None]
    handle: Handler
    undo: bool = False
    fleeting: bool = False
