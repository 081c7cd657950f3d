"""The catalogue as the console shows it: topics, and the words that this town added to those that ship."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from data.bring.known import fold
from data.desk_errors import BadEntry, NotThere
from data.desk_tables import TopicAlias
from data.lexicon import OTHER, TopicLexicon
from data.planning import short_name
from data.tables import LecturerTopic, Topic

SHORTEST, LONGEST = 2, 20  # characters; one alone is heard where nobody meant it
_WORDS = re.compile(r"[\w()（）/·+-]+")


@dataclass(frozen=True, slots=True)
class TopicLine:
    """A topic, what its town added to it, and how many speak on it."""

    id: int
    name: str
    added: tuple[TopicAlias, ...]
    lecturers: int


def topics(session: Session) -> list[TopicLine]:
    """All topics, in the order of the menu."""
    added: dict[int, list[TopicAlias]] = {}
    for alias in session.exec(select(TopicAlias).order_by(col(TopicAlias.id))):
        added.setdefault(alias.topic_id, []).append(alias)
    spoken = select(LecturerTopic.topic_id, func.count()).group_by(col(LecturerTopic.topic_id))
    speakers = dict(session.exec(spoken).all())
    rows = session.exec(select(Topic.id, Topic.name).order_by(col(Topic.position), col(Topic.id)))
    return [
        TopicLine(number or 0, name, tuple(added.get(number or 0, ())), speakers.get(number or 0, 0))
        for number, name in rows
    ]


def topic(session: Session, topic_id: int) -> Topic:
    """A topic. Raises `NotThere`."""
    found = session.get(Topic, topic_id)
    if found is None:
        raise NotThere("这个题目")
    return found


def add_words(
    session: Session, to: Topic, words: str, *, shipped: TopicLexicon, common: Callable[[str], bool], by: int,
    now: datetime,
) -> bool:  # fmt: skip
    """Let people ask for a topic by these words; False where they could before.

    ``common`` says what people say to each other all day. Raises `BadEntry` for that, for what is too short, and for
    what is another topic's.
    """
    said = fold(words)
    _require_fit(said, "说法")
    owner = _owner(session, said, shipped)
    if owner == to.name:
        return False
    if owner:
        raise BadEntry("说法", f"“{said}”已经是“{owner}”的说法。")
    if common(said):
        raise BadEntry("说法", f"“{said}”太常用，大家平时聊天也会说，听了会误会。换个说得更准的。")
    session.add(TopicAlias(topic_id=to.id or 0, words=said, added_at=now, added_by=by))
    session.flush()
    return True


def remove_words(session: Session, alias_id: int) -> TopicAlias:
    """Take added words out again. Raises `NotThere`."""
    alias = session.get(TopicAlias, alias_id)
    if alias is None:
        raise NotThere("这个说法")
    session.delete(alias)
    return alias


def add_topic(session: Session, name: str, *, shipped: TopicLexicon) -> Topic:
    """A new topic, the last of the menu. Raises `BadEntry`."""
    _require_fit(name, "题目")
    owner = _owner(session, fold(name), shipped)
    if owner:
        raise BadEntry("题目", f"“{name}”就是“{owner}”。")
    last = session.exec(select(func.max(Topic.position))).one()
    made = Topic(name=name, position=(last or 0) + 1)
    session.add(made)
    session.flush()
    return made


def _require_fit(words: str, label: str) -> None:
    if not SHORTEST <= len(words) <= LONGEST:
        raise BadEntry(label, f"要{SHORTEST}到{LONGEST}个字，免得听错。")
    if not _WORDS.fullmatch(words) or words.isdecimal():
        raise BadEntry(label, "只写一个词，不要标点。")


def _owner(session: Session, said: str, shipped: TopicLexicon) -> str:
    """The topic that goes by these words, "" for none."""
    for name in session.exec(select(Topic.name)):
        if said in (fold(name), fold(short_name(name))):
            return name
    added = select(Topic.name).join(TopicAlias, col(TopicAlias.topic_id) == col(Topic.id))
    owner = session.exec(added.where(TopicAlias.words == said)).first()
    if owner is not None:
        return owner
    alias = shipped.words.get(said)
    return alias.topic if alias is not None and alias.topic != OTHER and alias.strength != "weak" else ""
