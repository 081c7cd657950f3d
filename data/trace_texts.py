"""What was heard of, and said to others about, somebody who asked to be forgotten. Each function is one rule.

Said in public and not to them (notices, policy texts, polls) stays as it was. What waits to be said to others goes out,
without their name where it is tied to them by an id. Of what was said and heard, which nobody is sent again, what tells
their words goes altogether, and their name out of the rest.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, func, or_, select
from sqlmodel import Session, col
from sqlmodel import select as select_row

from data.loop import Assignment, AssignmentState
from data.mail import Inbox, Outbox, OutboxKind, OutboxState
from data.removing import WAITS
from data.statements import table_of
from data.tables import Room, RoomKind
from data.trace_lists import spoken_without
from data.traces import SOMEONE, Trace, as_json

_TAGS, _SIGN_UP, _BEHALF = "tags", "sign_up", "on_behalf"  # routes of what names a person
_LISTED = "list:"  # how `Outbox.gather` begins where a 接龙 is confirmed
_MANY = 100  # conditions in one statement
_OUT, _IN, _ROOM, _GIVEN = table_of(Outbox), table_of(Inbox), table_of(Room), table_of(Assignment)
_ALIVE = and_(
    _OUT.c.text != "",
    _OUT.c.kind != OutboxKind.PUSH,
    func.coalesce(_OUT.c.broadcast_id, 0) == 0,  # not by the index on it, in which nearly all are alike
)
_OVER = _OUT.c.state.not_in(WAITS)
_PRIVATE = select(_ROOM.c.id).where(_ROOM.c.kind.in_((RoomKind.DIRECT, RoomKind.COORDINATORS)))


def to_them_by_id(session: Session, trace: Trace, now: datetime) -> int:
    """What mentions their id, or was gathered from what they said: empty where it was to them alone."""
    known = as_json(trace.external_id)
    heard = select(_IN.c.id).where(_IN.c.member_id == trace.member_id)
    mentioned = cast(_OUT.c.mentions, String).contains(known, autoescape=True)
    gathering = and_(_OUT.c.gather.is_not(None), cast(_OUT.c.gathered, String) != "[]")
    rows = _rows(session, col(Outbox.room_id).in_(trace.rooms), _ALIVE, or_(mentioned, gathering))
    theirs = set(session.execute(heard).scalars()) if rows else set()
    touched = 0
    for row in rows:
        to_them = any(who == trace.external_id for who, _ in row.mentions)
        if not to_them and not any(each[0] in theirs for each in row.gathered):
            continue
        row.mentions = [each for each in row.mentions if each[0] != trace.external_id]
        touched += 1
        if row.mentions or (row.kind == OutboxKind.REPLY and row.state in WAITS):
            row.gathered = [[who, trace.struck(str(item)) if who in theirs else item] for who, item in row.gathered]
            row.text, row.error = trace.struck(row.text), trace.struck(row.error)
        else:
            _empty(row, now)
    return touched


def by_number(session: Session, trace: Trace, now: datetime) -> int:
    """What was said once about an order, a case or a sign-up of theirs. What is on its way goes without their words.

    A case is over, and so is an offer that was taken back: what is on its way about these is called off.
    """
    taken_back = select(_GIVEN.c.id).where(_GIVEN.c.id.in_(trace.given), _GIVEN.c.state == AssignmentState.RECALLED)
    order = [("arranged", trace.orders), ("declined", trace.orders)]
    order += [(each, trace.given) for each in ("offer", "taken", "refused", "countered", "released", "taken-by-other")]
    order += [("seat", (*trace.sign_ups, *trace.listed))]
    over = [("need", trace.voices), ("voice", trace.voices), ("chase", trace.voices)]
    over.append(("offer", tuple(session.execute(taken_back).scalars())))
    touched = 0
    for row in _said_once(session, over):
        touched += 1
        _empty(row, now)
    for row in _said_once(session, order):
        touched += 1
        if row.state in WAITS:
            row.text = trace.struck(_unsaid(row.text, trace))
        else:
            _empty(row, now)
    in_their_name = select(_GIVEN.c.id).where(_GIVEN.c.order_id.in_(trace.placed))
    for row in _said_once(session, [("offer", tuple(session.execute(in_their_name).scalars()))]):
        touched += 1
        row.text = trace.struck(row.text)
    return touched


def in_private(session: Session, trace: Trace, now: datetime) -> int:
    """What others were told privately, and is over: known by their words, or their name, beside a number of theirs."""
    told = and_(_ALIVE, _OVER, _OUT.c.room_id.in_(_PRIVATE))
    quoted = or_(trace.named_in(_OUT.c.text), *trace.quoted_in(_OUT.c.text))
    touched = 0
    for row in _rows(session, told, quoted):
        if any(each.are_in(row.text) for each in trace.words):
            _empty(row, now)
        elif trace.numbers.search(row.text):
            row.text = trace.struck(row.text)
        else:
            continue
        touched += 1
    return touched


def of_lists(session: Session, trace: Trace) -> int:
    """What a group was told of its 接龙, and the posts of it that others made: where a name stands alone."""
    if not trace.alone:
        return 0
    confirmed = _rows(session, col(Outbox.room_id).in_(trace.rooms), col(Outbox.gather).startswith(_LISTED), _ALIVE)
    touched = 0
    for row in confirmed:
        spoken = spoken_without(row.gathered, trace.line)
        if spoken != row.gathered:
            row.gathered, row.text = spoken, trace.struck(row.text)
            touched += 1
    posts = and_(_IN.c.room_id.in_(trace.rooms), _IN.c.route == "solitaire", _IN.c.member_id != trace.member_id)
    for post in session.exec(select_row(Inbox).where(posts, trace.named_in(_IN.c.text))).all():
        post.text = "\n".join(map(trace.line, post.text.split("\n")))
        touched += 1
    return touched


def of_commands(session: Session, trace: Trace, now: datetime) -> int:
    """What others said to us about them: commands on their orders and cases go, with our answers; else their name."""
    touched = 0
    for heard in _commands(session, trace):
        answers = select_row(Outbox).where(Outbox.inbox_id == heard.id, Outbox.room_id == heard.room_id, _ALIVE)
        if trace.commands.match(heard.text):
            heard.text, heard.understood, heard.error = "", {}, ""
            for answer in session.exec(answers.where(_OVER)).all():
                _empty(answer, now)
        elif _is_of_them(heard, trace) or _is_for_them(heard, trace, session.exec(answers).all()):
            heard.text = trace.struck(heard.text)
            heard.understood = {key: _value(value, trace) for key, value in heard.understood.items()}
            for answer in session.exec(answers.where(_OVER)).all():
                answer.text = trace.struck(answer.text)
                answer.gathered = [
                    [who, trace.struck(str(item)) if who == heard.id else item] for who, item in answer.gathered
                ]
        else:
            continue
        touched += 1
    return touched


def _is_of_them(heard: Inbox, trace: Trace) -> bool:
    """Whether their name in a message is them: whom it signs up, whom it tags, or beside a number of theirs."""
    if heard.route == _SIGN_UP or heard.room_id in trace.rooms:
        return heard.understood.get("for_whom") in trace.alone
    return (heard.route == _TAGS and trace.tagged) or trace.numbers.search(heard.text) is not None


def _is_for_them(heard: Inbox, trace: Trace, answers: Iterable[Outbox]) -> bool:
    """Whether it placed an order in just their name (代点): our answer has its number."""
    return heard.route == _BEHALF and any(trace.in_their_name.search(each.text) for each in answers)


def _commands(session: Session, trace: Trace) -> Iterator[Inbox]:
    """What may be one: said by who dealt with them, or with their name in it, in a private room or where they were."""
    others = and_(_IN.c.member_id != trace.member_id, _IN.c.text != "")
    latest = sorted({*trace.orders, *trace.voices})[-_MANY // 2 :]
    numbered = [_IN.c.text.contains(form) for each in latest for form in (f"{each}号", f"单{each}", f"意见{each}")]
    query = select_row(Inbox).where(others)
    seen: set[int] = set()
    for where in (
        and_(_IN.c.room_id.in_(trace.dealt), or_(*numbered)) if numbered and trace.dealt else None,
        and_(or_(_IN.c.room_id.in_(_PRIVATE), _IN.c.room_id.in_(trace.rooms)), trace.named_in(_IN.c.text)),
    ):
        for row in session.exec(query.where(where)).all() if where is not None else ():
            if row.id not in seen:
                seen.add(row.id or 0)
                yield row


def _said_once(session: Session, keys: Iterable[tuple[str, Sequence[int]]]) -> Iterator[Outbox]:
    """Rows whose ``once`` begins with one of these words and numbers."""
    begins = [f"{word}:{number}" for word, numbers in keys for number in numbers]
    for at in range(0, len(begins), _MANY):
        part = begins[at : at + _MANY]
        ranges = [and_(_OUT.c.once > f"{each}:", _OUT.c.once < f"{each};") for each in part]
        yield from _rows(session, or_(_OUT.c.once.in_(part), *ranges))


def _rows(session: Session, *where: ColumnElement[bool]) -> Sequence[Outbox]:
    return session.exec(select_row(Outbox).where(*where)).all()


def _empty(row: Outbox, now: datetime) -> None:
    """Nothing is left of it but that it was; what was on its way is called off."""
    row.text, row.mentions, row.gathered, row.error = "", [], [], ""
    if row.state == OutboxState.PENDING:
        row.state, row.settled_at = OutboxState.CANCELLED, now


def _unsaid(text: str, trace: Trace) -> str:
    """A text without the words of theirs that it quotes; it still reads."""
    for words in trace.words:
        for head in words.heads:
            if (at := text.find(head)) >= 0:
                end = min((found for mark in "”\n，" if (found := text.find(mark, at)) >= 0), default=len(text))
                text = f"{text[:at]}……{text[end:]}"
    return text


def _value(value: Any, trace: Trace) -> Any:
    return SOMEONE if value in trace.alone else value
