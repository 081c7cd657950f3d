"""One turn of talk: what a handler is handed, and what it gives back."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlmodel import Session

from data.glance import Person, Place
from data.tables import RoleKind
from handlers.knowledge import Knowledge
from handlers.understand.values import Act, Intent

NO_ACT = Act(intent="none", confidence=0.0)


@dataclass(frozen=True, slots=True)
class Turn:
    """All that a handler needs.

    ``text`` is normalised, ``verbatim`` is as it was typed but for a leading mention; ``args`` is what stood behind
    the command word, ``act`` how the words were read.
    """

    session: Session
    room: Place
    member: Person
    knowledge: Knowledge
    now: datetime
    text: str
    verbatim: str
    args: str = ""
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
    def village_id(self) -> int | None:
        """The village that this is about: the group's, or in a direct chat the one where the person was last heard."""
        return self.member.village_id if self.room.direct else self.room.village_id


@dataclass(frozen=True, slots=True)
class Ask:
    """A question that goes with a reply; ``kind`` names the entry of ``QUESTIONS`` that takes the answer."""

    kind: str
    payload: dict[str, object]


@dataclass(frozen=True, slots=True)
class Reply:
    """What the bot answers in the same room. An empty text says nothing."""

    text: str
    ask: Ask | None = None


Handler = Callable[[Turn], Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """Something that the bot can hear: by its first word, by what it was understood to mean, or both.

    ``tail`` is a pattern that what stands behind the word must match whole when nobody addressed the bot, so that
    "报名费多少" between neighbours is not a sign-up. ``role`` limits it to those who hold the role.
    """

    name: str
    handle: Handler
    help: str
    words: tuple[str, ...] = ()
    intents: tuple[Intent, ...] = ()
    tail: str = ""
    role: RoleKind | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """Something that the bot can ask. ``read`` takes the answer out of a text, or None where it is not one."""

    kind: str
    read: Callable[[str], str | None]
    handle: Handler
