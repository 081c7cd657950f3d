"""Subscriptions (订阅): who asked for direct messages on a topic. Nobody else gets a text of ours directly."""

from datetime import datetime

from sqlmodel import Session, col, select

from data.broadcast_tables import Subscription
from data.tables import Topic

LEAVE = "（不想再收，回“退订”就行）"  # under each such message


def subscribers(session: Session, topic_id: int) -> list[int]:
    """The members who asked for a topic, in a steady order."""
    query = select(Subscription.member_id).where(Subscription.topic_id == topic_id)
    return list(session.exec(query.order_by(col(Subscription.member_id))))


def subscribe(session: Session, *, member_id: int, topic_id: int, now: datetime) -> bool:
    """Note that somebody asks for a topic; False where they did before."""
    if session.get(Subscription, (topic_id, member_id)) is not None:
        return False
    session.add(Subscription(topic_id=topic_id, member_id=member_id, created_at=now))
    session.flush()
    return True


def leave(session: Session, *, member_id: int, topic_id: int | None = None) -> list[str]:
    """End a subscription, or all of them; returns the names of the topics that ended."""
    query = select(Subscription).where(Subscription.member_id == member_id)
    if topic_id is not None:
        query = query.where(Subscription.topic_id == topic_id)
    mine = session.exec(query).all()
    ended = _named(session, [each.topic_id for each in mine])
    for each in mine:
        session.delete(each)
    session.flush()
    return ended


def topics_of(session: Session, member_id: int) -> list[str]:
    """The names of the topics that somebody asked for, in the menu's order."""
    return _named(session, session.exec(select(Subscription.topic_id).where(Subscription.member_id == member_id)).all())


def _named(session: Session, topic_ids: object) -> list[str]:
    query = select(Topic.name).where(col(Topic.id).in_(topic_ids)).order_by(col(Topic.position))  # type: ignore[arg-type]
    return list(session.exec(query))


def direct_text(text: str) -> str:
    """A text as it goes to one person: with the way out."""
    return f"{text}\n{LEAVE}"
