"""What a message was taken to mean: plain frozen values, with the evidence for each part."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Intent = Literal[
    "order_topic",  # 点单: a topic is wished for
    "order_lecturer",  # 点将: a lecturer is wished for
    "ask_schedule",  # 课表
    "sign_up",  # 报名
    "cancel",  # 取消报名 / 撤单
    "feedback",  # 评单
    "suggestion",  # 意见建议
    "question",  # a policy question
    "help",  # 帮助
    "none",
]
Listen = Literal["mention", "command", "natural"]


@dataclass(frozen=True, slots=True)
class Utterance:
    """One message as it was heard, before anything is made of it."""

    text: str
    addressed: bool = False  # by @, by name, or in a direct chat
    lecture_open: bool = False  # the room has a lecture that takes sign-ups
    listen: Listen = "natural"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why one part was read as it was: ``part`` ("intent", "topic", …), the words, and the rule that took them."""

    part: str
    words: str
    why: str


@dataclass(frozen=True, slots=True)
class When:
    """A time wished for: naive local times of the town's zone; ``end`` is exclusive. ``text`` is the person's words."""

    start: datetime
    end: datetime | None
    text: str
    grain: Literal["minute", "hour", "part", "day", "week", "month", "season"] = "day"


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that a message asks for or says."""

    intent: Intent
    confidence: float  # 0..1
    topic: str | None = None  # a catalogue name, exactly as in the catalogue
    topic_options: tuple[str, ...] = ()  # the names to choose from when unsure, best first
    wish: str | None = None  # the topic in the person's own words
    lecturer: str | None = None  # a full name of the town's, else the words used ("韦主任")
    lecturer_options: tuple[str, ...] = ()
    when: When | None = None
    when_text: str | None = None  # kept also when it could not be placed
    count: int | None = None  # people, 1 or more
    dialect: str | None = None
    place: str | None = None
    rating: int | None = None  # 1..5
    for_whom: str | None = None
    order_number: int | None = None
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Understanding:
    """The reading of one message. ``acts`` is never empty; ``acts[0]`` may be of intent "none"."""

    text: str  # normalised
    acts: tuple[Act, ...]
    reply: bool  # whether the bot would speak

    @property
    def first(self) -> Act:
        return self.acts[0]
