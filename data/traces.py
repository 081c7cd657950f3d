"""What others wrote about somebody who asked to be forgotten: their name and words in lists, answers and drafts.

Names are no identity, so what is struck is a name wherever it stands in these rows; it does no harm to a namesake, for
nothing is decided by a name. Public speech (notices, policy texts) stays as it was said.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, String, Table, and_, delete, func, literal, or_, select, update
from sqlalchemy import cast as sql_cast
from sqlmodel import Session, col
from sqlmodel import select as select_row

from data.desk_tables import Audit, RelayDraft
from data.loop import Assignment, Deed, Order, SignUp, SolitaireState, Voice, VoiceKind
from data.mail import Inbox, Outbox, OutboxKind, OutboxState
from data.retention import SOMEBODY
from data.statements import changed, table_of
from data.tables import Dialog, Member, Role, Room, RoomKind

SOMEONE = "一位乡亲"
_SHORTEST = 2  # characters of a name that is struck out of sentences
_PHRASE = 10  # characters by which their words are known where others were told of them
_PHRASES = 40
_ASIDE = re.compile(r"\s*[（(【\[].*$")  # 阿辉（东莞厚街）
_KIN = re.compile(rf"^我|^{SOMEBODY}|^[家老小阿妈爸爷奶公婆娘爹哥姐弟妹叔伯姨舅姑嫂婶媳妇儿女孙]{{1,3}}$")
_OUT, _IN, _UP, _ORDER = table_of(Outbox), table_of(Inbox), table_of(SignUp), table_of(Order)
_DEED, _DIALOG, _DRAFT, _AUDIT = table_of(Deed), table_of(Dialog), table_of(RelayDraft), table_of(Audit)
_LIST, _STEP_TAKEN = table_of(SolitaireState), table_of(Assignment)


@dataclass(frozen=True, slots=True)
class Trace:
    """By what somebody is known in what others wrote, and in which rooms to look."""

    member_id: int
    external_id: str
    own: tuple[str, ...]  # their names
    names: tuple[str, ...]  # these and whom they signed up, the longest first
    phrases: tuple[str, ...]
    rooms: frozenset[int]
    listed: tuple[int, ...] = ()  # sign-ups in which others named them

    def strike(self, value: object, tombstone: str) -> object:
        """A text, or what JSON holds, without them."""
        match value:
            case str():
                return self._text(value, tombstone)
            case list():
                return [self.strike(each, tombstone) for each in value]
            case dict():
                return {self._text(str(key), tombstone): self.strike(each, tombstone) for key, each in value.items()}
            case _:
                return value

    def _text(self, text: str, tombstone: str) -> str:
        text = text.replace(self.external_id, tombstone)
        for name in self.names:
            text = text.replace(name, SOMEONE) if len(name) >= _SHORTEST else SOMEONE if text == name else text
        return text

    def named_in(self, *columns: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether a text, or JSON as the database keeps it, holds a name or the id."""
        known = {self.external_id, *(name for name in self.names if len(name) >= _SHORTEST)}
        forms = {form for each in known for form in (each, json.dumps(each)[1:-1])}
        return or_(*(sql_cast(each, String).contains(form, autoescape=True) for each in columns for form in forms))

    def quoted_in(self, text: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether a text holds words of theirs."""
        return or_(literal(value=False), *(text.contains(each, autoescape=True) for each in self.phrases))


def of(session: Session, person: Member) -> Trace:
    """What to look for, while it is still known."""
    assert person.id is not None
    names = {person.name, _ASIDE.sub("", person.name)} - {""}
    listed = session.execute(select(_UP.c.id, _UP.c.room_id).where(_UP.c.for_whom.in_(names))).all()
    return Trace(
        person.id,
        person.external_id,
        tuple(names),
        tuple(sorted(names | _signed_up(session, person.id), key=len, reverse=True)),
        _phrases(session, person.id),
        _rooms(session, person.id) | {room for _, room in listed if room is not None},
        tuple(number for number, _ in listed),
    )


def strike(session: Session, trace: Trace, tombstone: str, *, now: datetime) -> int:
    """Strike somebody out of what others wrote, and what was told of them; returns how many rows changed."""
    rows = changed(
        session,
        update(_UP)
        .where(_UP.c.id.in_(trace.listed))
        .values(for_whom=literal(SOMEBODY).concat(sql_cast(_UP.c.id, String))),
    )
    rows += changed(session, update(_ORDER).where(_ORDER.c.for_whom.in_(trace.own)).values(for_whom=""))
    rows += changed(session, update(_STEP_TAKEN).where(_STEP_TAKEN.c.answered_by == trace.member_id).values(reason=""))
    rows += changed(session, delete(_DEED).where(trace.named_in(_DEED.c.what, _DEED.c.changes)))
    rows += changed(session, delete(_DIALOG).where(trace.named_in(_DIALOG.c.payload)))
    rows += changed(session, delete(_DRAFT).where(trace.named_in(_DRAFT.c.lines)))
    rows += _told(session, trace, tombstone, now)
    in_rooms = _LIST.c.room_id.in_(trace.rooms)
    rows += _rewrite(session, _LIST, ("lists", "unclear"), in_rooms, trace, tombstone)
    others = and_(_IN.c.room_id.in_(trace.rooms), _IN.c.member_id != trace.member_id)
    rows += _rewrite(session, _IN, ("text", "understood"), others, trace, tombstone)
    return rows + _rewrite(session, _AUDIT, ("about", "detail"), literal(value=True), trace, tombstone)


def _told(session: Session, trace: Trace, tombstone: str, now: datetime) -> int:
    """What was, or is to be, told to others: their words go altogether, their name out of the sentence."""
    query = select_row(Outbox).where(
        col(Outbox.room_id).in_(trace.rooms),
        func.coalesce(_OUT.c.broadcast_id, 0) == 0,  # not by the index on it, in which nearly all are alike
        Outbox.kind != OutboxKind.PUSH,
        or_(trace.named_in(_OUT.c.text, _OUT.c.mentions, _OUT.c.gathered, _OUT.c.error), trace.quoted_in(_OUT.c.text)),
    )
    rows = session.exec(query).all()
    for row in rows:
        row.mentions = [each for each in row.mentions if each[0] != trace.external_id]
        if any(phrase in row.text for phrase in trace.phrases):
            row.text, row.gathered, row.error = "", [], ""
            if row.state == OutboxState.PENDING:
                row.state, row.settled_at = OutboxState.CANCELLED, now
        else:
            row.text = str(trace.strike(row.text, tombstone))
            row.gathered = cast("list[list[int | str | None]]", trace.strike(row.gathered, tombstone))
            row.error = str(trace.strike(row.error, tombstone))
    session.flush()
    return len(rows)


def _rewrite(
    session: Session, table: Table, columns: Sequence[str], where: ColumnElement[bool], trace: Trace, tombstone: str
) -> int:
    """Strike them out of the columns of the rows that hold them."""
    key = list(table.primary_key)
    named = trace.named_in(*(table.c[each] for each in columns))
    rows = session.execute(select(*key, *(table.c[each] for each in columns)).where(where, named)).all()
    for row in rows:
        which = (part == value for part, value in zip(key, row, strict=False))
        texts = row[len(key) :]
        clean = {each: trace.strike(text, tombstone) for each, text in zip(columns, texts, strict=True)}
        session.execute(update(table).where(*which).values(**clean))
    return len(rows)


def _phrases(session: Session, member_id: int) -> tuple[str, ...]:
    """How the words of their cases, and of wishes that fit no topic, begin; the latest."""
    voiced = select_row(Voice.text).where(Voice.member_id == member_id, Voice.kind != VoiceKind.FEEDBACK)
    wished = select_row(Order.wish).where(
        Order.member_id == member_id, col(Order.topic_id).is_(None), col(Order.lecturer_id).is_(None)
    )
    said = [
        *session.exec(voiced.order_by(col(Voice.id).desc()).limit(_PHRASES)),
        *session.exec(wished.order_by(col(Order.id).desc()).limit(_PHRASES)),
    ]
    heads = (" ".join(each.split())[:_PHRASE] for each in said)
    return tuple(dict.fromkeys(head for head in heads if len(head) >= _PHRASE // 2))[:_PHRASES]


def _signed_up(session: Session, member_id: int) -> set[str]:
    """Whom they signed up, as far as that is a name: 我妈 and 妈妈 are anybody's."""
    query = select_row(SignUp.for_whom).where(SignUp.member_id == member_id, SignUp.for_whom != "")
    return {each for each in session.exec(query) if not _KIN.search(each)}


def _rooms(session: Session, member_id: int) -> frozenset[int]:
    """Where they were heard, and where the desk and the lecturers are told of people."""
    heard = select_row(Inbox.room_id).where(Inbox.member_id == member_id).distinct()
    listed = select_row(SignUp.room_id).where(SignUp.member_id == member_id)
    voiced = select_row(Voice.room_id).where(Voice.member_id == member_id)
    ordered = select_row(Order.room_id).where(Order.member_id == member_id)
    desk = select_row(Room.id).where(Room.kind == RoomKind.COORDINATORS)
    private = (
        select_row(Room.id)
        .join(Member, (col(Room.transport) == Member.transport) & (col(Room.external_id) == Member.external_id))
        .join(Role, col(Role.member_id) == col(Member.id))
    )
    found: set[int] = set()
    for query in (heard, listed, voiced, ordered, desk, private):
        found |= {each for each in session.exec(query) if each is not None}
    return frozenset(found)
