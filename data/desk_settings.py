"""Settings that were changed in the console, over config.yaml; and words that were added to topics."""

from datetime import datetime

from sqlmodel import Session, col, select

from data.desk_tables import SettingChange, TopicAlias
from data.tables import Room, Topic


def changes(session: Session) -> dict[str, object]:
    """Setting's key → what it was changed to, as YAML would give it."""
    return {each.key: each.value for each in session.exec(select(SettingChange))}


def change(session: Session, key: str, value: object, *, by_id: int | None, now: datetime) -> None:
    """Change a setting; its value was checked before."""
    session.merge(SettingChange(key=key, value=value, at=now, by_id=by_id))


def reset(session: Session, key: str) -> None:
    """What config.yaml says counts again."""
    found = session.get(SettingChange, key)
    if found is not None:
        session.delete(found)


def added_words(session: Session) -> list[tuple[str, str]]:
    """(topic, words) of each topic in the order of the menu: its own name, and what was added."""
    names = [(name, name) for name in session.exec(select(Topic.name).order_by(col(Topic.position), col(Topic.id)))]
    added = select(Topic.name, TopicAlias.words).join(TopicAlias, col(TopicAlias.topic_id) == col(Topic.id))
    return [*names, *((name, words) for name, words in session.exec(added.order_by(col(TopicAlias.id))))]


def listening(session: Session) -> dict[str, str]:
    """Room's external id → how it is listened to there, where that was set in the console."""
    rooms = session.exec(select(Room.external_id, Room.listen).where(Room.listen != ""))
    return dict(rooms.all())
