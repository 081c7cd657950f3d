"""Policy texts: put in place version by version, withdrawn, found again, and worded for a group."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlmodel import Session, col, select

from data.errors import NoSuchText
from data.mail import Outbox, OutboxState
from data.snippetfile import SnippetEntry
from data.tables import Push, PushPart, Snippet, SnippetOrigin

_ARCHIVED = "@"  # stands in the key of a version that another took the place of, and in no key that is written


class Put(StrEnum):
    """What became of an entry."""

    ADDED = "added"
    RENEWED = "renewed"  # a new version took the place of the old
    CHANGED = "changed"  # its dates, questions or audience
    SAME = "same"


def put(
    session: Session,
    entry: SnippetEntry,
    *,
    origin: SnippetOrigin,
    topic_ids: Mapping[str, int],
    picture_id: int | None,
    now: datetime,
) -> Put:
    """Bring a text up to its entry. Other words, or a higher version, withdraw the version in force."""
    values = _values(entry, topic_ids)
    words = _words(entry, picture_id)
    row = find_key(session, entry.key)
    if row is None:
        session.add(Snippet(key=entry.key, origin=origin, version=entry.version or 1, **words, **values))
        session.flush()
        return Put.ADDED
    renewed = any(getattr(row, name) != value for name, value in words.items()) or (entry.version or 0) > row.version
    if renewed:
        version = max(row.version + 1, entry.version or 0)
        _archive(session, row, now=now)
        session.add(Snippet(key=entry.key, origin=origin, version=version, **words, **values))
        session.flush()
        return Put.RENEWED
    changed = row.withdrawn_at is not None or row.origin != origin
    row.withdrawn_at, row.origin = None, origin
    for name, value in values.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
            changed = True
    session.flush()
    return Put.CHANGED if changed else Put.SAME


def withdraw(session: Session, snippet: Snippet, *, now: datetime) -> int:
    """Never send it again, and hold back what of it still waits to leave; returns how many messages that were."""
    if snippet.withdrawn_at is None:
        snippet.withdrawn_at = now
    query = (
        select(Outbox)
        .join(Push, col(Push.outbox_id) == col(Outbox.id))
        .where(Push.snippet_id == snippet.id, Outbox.state == OutboxState.PENDING)
    )
    rows = session.exec(query).all()
    for row in rows:
        row.state, row.settled_at, row.error = OutboxState.CANCELLED, now, "短文已撤下"
    session.flush()
    return len(rows)


def find_key(session: Session, key: str) -> Snippet | None:
    """The version in force, or the last one that was."""
    return session.exec(select(Snippet).where(Snippet.key == key)).first()


def find(session: Session, words: str) -> Snippet:
    """The text that is meant by its key, its number, its title or a part of that. Raises `NoSuchText`."""
    said = _bare(words)
    current = [each for each in session.exec(select(Snippet).order_by(col(Snippet.id))) if not archived(each)]
    exact = [each for each in current if said in (_bare(each.key), _bare(each.title), str(each.id))]
    near = exact or [each for each in current if said and said in _bare(each.title)]
    if len(near) == 1 or exact:
        return near[0]
    raise NoSuchText(words.strip(), tuple(each.title for each in near[:4]))


def living(session: Session) -> list[Snippet]:
    """The versions in force, whatever their dates."""
    return list(session.exec(select(Snippet).where(col(Snippet.withdrawn_at).is_(None)).order_by(col(Snippet.id))))


def current(snippet: Snippet, today: date) -> bool:
    """Whether a text may leave on this day: in force, issued, and not past its expiry."""
    return snippet.withdrawn_at is None and snippet.issued_on <= today <= snippet.expires_on


def archived(snippet: Snippet) -> bool:
    """Whether a newer version took its place."""
    return _ARCHIVED in snippet.key


def bare_key(key: str) -> str:
    """The key that all versions of a text share."""
    return key.partition(_ARCHIVED)[0]


def topics_of(snippet: Snippet) -> list[int]:
    """The ids of all its topics, the main one first."""
    return [snippet.topic_id, *snippet.also_topic_ids]


def as_message(snippet: Snippet, part: PushPart = PushPart.WHOLE, *, head: str = "") -> str:
    """A text as a group reads it: title (``head`` before it), text, where it comes from and since when."""
    if part == PushPart.QUESTION:
        return f"【问一问】{snippet.ask}\n先想想，明天中午在这里说。"
    since = f"{snippet.issued_on.year}年{snippet.issued_on.month}月{snippet.issued_on.day}日"
    asked = f"昨晚问的：{snippet.ask}\n" if part == PushPart.ANSWER else ""
    link = f"\n详情：{snippet.link}" if snippet.link else ""
    return f"【{head}{snippet.title}】\n{asked}{snippet.text}{link}\n——{snippet.source}，{since}"


def _bare(words: str) -> str:
    """A title without its marks: 《》 and which kind of comma do not matter."""
    return re.sub(r"[\W_]", "", words)


def _archive(session: Session, row: Snippet, *, now: datetime) -> None:
    withdraw(session, row, now=now)
    row.key = f"{row.key}{_ARCHIVED}{row.version}"
    session.flush()


def _words(entry: SnippetEntry, picture_id: int | None) -> dict[str, Any]:
    """What people read: other words are another version."""
    return {
        "title": entry.title,
        "text": entry.text,
        "source": entry.source,
        "issued_on": entry.issued_on,
        "ask": entry.ask,
        "link": entry.link,
        "picture_id": picture_id,
    }


def _values(entry: SnippetEntry, topic_ids: Mapping[str, int]) -> dict[str, Any]:
    """What decides when and to whom it goes."""
    also: Sequence[str] = [name for name in dict.fromkeys(entry.topics) if name != entry.topic]
    return {
        "topic_id": topic_ids[entry.topic],
        "also_topic_ids": [topic_ids[name] for name in also],
        "expires_on": entry.expires_on,
        "questions": list(entry.questions),
        "audience": entry.audience.as_row(),
    }
