"""By what somebody who asked to be forgotten is known in what others wrote, and where that is cleared.

Names are no identity. What is struck is tied to the person: by their id (a mention, an owner of a line), by a number of
theirs (order, case, sign-up), or by the place in which it stands (a whole slot of a list). What anybody may read
(notices, policy texts, polls) stays as it was said, and what waits to be said in public goes out as it is.

`of` finds it out while it is still known; the rest is cleared by `data.trace_texts` (what was said and heard),
`data.trace_lists` (接龙) and `data.trace_desk` (sign-ups, deeds, drafts, the log).
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from sqlalchemy import ColumnElement, String, and_, cast, literal, or_, select
from sqlmodel import Session, col
from sqlmodel import select as select_row

from data.broadcast_tables import MemberTag
from data.loop import Assignment, Lecture, LectureRoom, Order, SignUp, SolitaireState, Step, Subject, Voice, VoiceKind
from data.mail import Inbox, Outbox, OutboxKind
from data.removing import SOMEBODY
from data.statements import table_of
from data.tables import Member, Room, RoomKind
from data.trace_lists import names_in

SOMEONE = "一位乡亲"
DESK = "console"  # the transport of members who are accounts of the console
_SHORTEST = 2  # characters of a name that is struck out of sentences
_HEAD = 10  # characters by which their words are known where others were told of them
_WORDS = 4  # a wish or a place is known by no fewer
_LATEST = 40  # orders, and cases, whose words are looked for
_ASIDE = re.compile(r"\s*[（(【\[].*$")  # 阿辉（东莞厚街）
_KIN = re.compile(rf"^我|^{SOMEBODY}|^[家老小阿妈爸爷奶公婆娘爹哥姐弟妹叔伯姨舅姑嫂婶媳妇儿女孙]{{1,3}}$")
# A name stands by itself, or where our sentences put one: 帮阿珍报名, 阿珍的标签, 阿珍2人.
_BEFORE, _AFTER = r"(?:(?<!\w)|(?<=[帮替给代请为退]))", r"(?!\w)|(?=[的报点]|\d{1,3}\s*[人位])"
_OUT, _IN, _UP, _ORDER = table_of(Outbox), table_of(Inbox), table_of(SignUp), table_of(Order)
_VOICE, _LECTURE, _GIVEN, _ROOM = table_of(Voice), table_of(Lecture), table_of(Assignment), table_of(Room)
_STEP, _MEMBER, _SAID_IN, _TAG = table_of(Step), table_of(Member), table_of(LectureRoom), table_of(MemberTag)


@dataclass(frozen=True, slots=True)
class Words:
    """What they said in an order or a case: known by its number (as others write it) and how it begins."""

    number: re.Pattern[str]
    heads: tuple[str, ...]

    def are_in(self, text: str) -> bool:
        """Whether a text speaks of it in their words."""
        return any(head in text for head in self.heads) and self.number.search(text) is not None


@dataclass(frozen=True)
class Trace:
    """What ties rows to somebody: ids, numbers, names, words, and the rooms in which they were."""

    member_id: int
    external_id: str
    own: frozenset[str] = frozenset()  # their names, former ones too
    others: frozenset[str] = frozenset()  # whom they signed up
    orders: tuple[int, ...] = ()
    voices: tuple[int, ...] = ()
    placed: tuple[int, ...] = ()  # orders that coordinators placed in just their name
    lectures: frozenset[int] = frozenset()  # for which they were signed up
    sign_ups: frozenset[int] = frozenset()  # made by them
    listed: tuple[int, ...] = ()  # sign-ups in which others named them
    given: tuple[int, ...] = ()  # assignments of their orders
    words: tuple[Words, ...] = ()
    rooms: frozenset[int] = frozenset()  # groups in which they were
    dealt: frozenset[int] = frozenset()  # direct chats of those who dealt with what they asked for
    shared: frozenset[str] = frozenset()  # names by which others of the village go as well
    tagged: bool = False

    @cached_property
    def names(self) -> frozenset[str]:
        """Their names and whom they signed up, as long as a sentence can hold them."""
        return frozenset(each for each in self.own | self.others if len(each) >= _SHORTEST)

    @cached_property
    def alone(self) -> frozenset[str]:
        """Names that mean them where nothing but the name stands: not 妈妈, nor a name that others there go by too."""
        return frozenset(each for each in self.own - self.shared if not _KIN.search(each))

    @cached_property
    def _slot(self) -> re.Pattern[str]:
        longest_first = "|".join(map(re.escape, sorted(self.names, key=len, reverse=True)))
        offered = f"(?:{longest_first})(?=想听)"  # 上坪村三婶想听
        return re.compile(f"{_BEFORE}(?:{longest_first})(?:{_AFTER})|{offered}" if longest_first else r"(?!)")

    @cached_property
    def numbers(self) -> re.Pattern[str]:
        """A number of theirs, as others write it: 单3, 3号, 意见2号, 课1."""
        return re.compile(_numbered((*self.orders, *self.placed), self.voices, self.lectures))

    @cached_property
    def in_their_name(self) -> re.Pattern[str]:
        """A number of an order that was placed in just their name."""
        return re.compile(_numbered(self.placed, ()))

    @cached_property
    def commands(self) -> re.Pattern[str]:
        """The beginning of a command on what they asked for."""
        return re.compile(rf"\s*(?:@\S+\s+)?(?:{_numbered(self.orders, self.voices)})")

    @cached_property
    def _line(self) -> re.Pattern[str]:
        longest_first = "|".join(map(re.escape, sorted(self.alone, key=len, reverse=True)))
        number, people = r"\s*(?:\d{1,3}[.、．:：)）]?)?\s*", r"\s*(?:\d{1,3}\s*[人位个]?)?\s*"
        return re.compile(f"({number})(?:{longest_first})(?={people}$)")

    def line(self, text: str) -> str:
        """A line of a list, without them where the whole name on it is theirs."""
        return self._line.sub(rf"\1{SOMEONE}", text) if self.alone and self._line.match(text) else text

    def struck(self, text: str) -> str:
        """A text that is tied to them, without their names and their id."""
        return self._slot.sub(SOMEONE, text.replace(self.external_id, SOMEONE))

    def named_in(self, text: ColumnElement[str]) -> ColumnElement[bool]:
        """Whether a text holds one of the names; they still have to stand in a slot."""
        return or_(*(text.contains(each, autoescape=True) for each in (*sorted(self.names), self.external_id)))

    def quoted_in(self, text: ColumnElement[str]) -> list[ColumnElement[bool]]:
        """Whether a text holds words of theirs; the number still has to be looked for."""
        return [text.contains(head, autoescape=True) for each in self.words for head in each.heads]


def of(session: Session, person: Member) -> Trace:
    """What to look for, while it is still known."""
    assert person.id is not None
    orders = tuple(session.execute(select(_ORDER.c.id).where(_ORDER.c.member_id == person.id)).scalars())
    cases = and_(_VOICE.c.member_id == person.id, _VOICE.c.kind != VoiceKind.FEEDBACK)
    voices = tuple(session.execute(select(_VOICE.c.id).where(cases)).scalars())
    mine = session.execute(select(_UP.c.id, _UP.c.lecture_id, _UP.c.for_whom).where(_UP.c.member_id == person.id)).all()
    sign_ups, rooms = frozenset(number for number, *_ in mine), rooms_of(session, person.id)
    own = {person.name} | _mentioned(session, person.external_id, rooms)
    themself = frozenset(number for number, _, whom in mine if not whom)
    own |= {each for state in lists_of(session, rooms) for each in names_in(state.lists, person.external_id, themself)}
    own = (own | {_ASIDE.sub("", each) for each in own}) - {""}
    near = or_(_MEMBER.c.village_id == person.village_id, _MEMBER.c.village_id.is_(None))
    others = and_(_MEMBER.c.id != person.id, _MEMBER.c.transport != DESK, near)
    trace = Trace(
        person.id,
        person.external_id,
        own=frozenset(own),
        others=frozenset(whom for *_, whom in mine if whom and not _KIN.search(whom)),
        orders=orders,
        voices=voices,
        lectures=frozenset(lecture for _, lecture, _ in mine),
        sign_ups=sign_ups,
        given=tuple(session.execute(select(_GIVEN.c.id).where(_GIVEN.c.order_id.in_(orders))).scalars()),
        words=_words(session, person.id),
        rooms=rooms,
        dealt=_dealt(session, orders, voices),
        shared=frozenset(session.execute(select(_MEMBER.c.name).where(_MEMBER.c.name.in_(own), others)).scalars()),
        tagged=session.execute(select(_TAG.c.tag).where(_TAG.c.member_id == person.id)).first() is not None,
    )
    listed = _listed(session, trace, person.village_id)
    return replace(
        trace,
        listed=tuple(listed),
        lectures=trace.lectures | frozenset(listed.values()),
        placed=_placed(session, trace, person.village_id),
    )


def lists_of(session: Session, rooms: frozenset[int]) -> Sequence[SolitaireState]:
    """The 接龙 of these rooms."""
    return session.exec(select_row(SolitaireState).where(col(SolitaireState.room_id).in_(rooms))).all()


def _numbered(orders: Iterable[int], voices: Iterable[int], lectures: Iterable[int] = ()) -> str:
    """A pattern of these numbers as commands and answers write them; of nothing, one that never matches."""
    order, case, lecture = ("|".join(map(str, each)) for each in (orders, voices, lectures))
    plain = "|".join(filter(None, (order, case)))
    forms = (
        rf"单\s?(?:{order})(?!\d)" if order else "",
        rf"意见\s?(?:{case})(?!\d)" if case else "",
        rf"(?<![\d课])(?:{plain})号" if plain else "",
        rf"课\s?(?:{lecture})(?!\d)" if lecture else "",
    )
    return "|".join(filter(None, forms)) or r"(?!)"


def _words(session: Session, member_id: int) -> tuple[Words, ...]:
    """How their latest wishes and cases begin, each with its number."""
    wished = select(_ORDER.c.id, _ORDER.c.wish, _ORDER.c.place).where(_ORDER.c.member_id == member_id)
    voiced = select(_VOICE.c.id, _VOICE.c.text, literal("")).where(
        _VOICE.c.member_id == member_id, _VOICE.c.kind != VoiceKind.FEEDBACK
    )
    found = [
        (_numbered((number,), ()), said)
        for number, *said in session.execute(wished.order_by(_ORDER.c.id.desc()).limit(_LATEST))
    ]
    found += [
        (_numbered((), (number,)), said)
        for number, *said in session.execute(voiced.order_by(_VOICE.c.id.desc()).limit(_LATEST))
    ]
    heads = ((form, tuple(" ".join(each.split())[:_HEAD] for each in said)) for form, said in found)
    known = ((form, tuple(each for each in said if len(each) >= _WORDS)) for form, said in heads)
    return tuple(Words(re.compile(form), said) for form, said in known if said)


def _mentioned(session: Session, external_id: str, rooms: frozenset[int]) -> set[str]:
    """The names by which we called them in groups."""
    spoken = select(_OUT.c.mentions).where(_OUT.c.room_id.in_(rooms), _OUT.c.kind != OutboxKind.PUSH)
    rows = session.execute(spoken.where(cast(_OUT.c.mentions, String).contains(as_json(external_id), autoescape=True)))
    return {name for mentions in rows.scalars() for who, name in mentions if who == external_id}


def as_json(words: str) -> str:
    """Words as the database keeps them within JSON."""
    return json.dumps(words)[1:-1]


def _listed(session: Session, trace: Trace, village_id: int | None) -> dict[int, int]:
    """Sign-ups (and their lectures) that others made under just their name, in their village or their groups."""
    near = or_(
        _LECTURE.c.village_id == village_id if village_id is not None else literal(value=False),
        _LECTURE.c.id.in_(select(_SAID_IN.c.lecture_id).where(_SAID_IN.c.room_id.in_(trace.rooms))),
    )
    query = select(_UP.c.id, _UP.c.lecture_id).where(
        _UP.c.lecture_id.in_(select(_LECTURE.c.id).where(near)),
        _UP.c.for_whom.in_(trace.alone),
        _UP.c.member_id != trace.member_id,
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _placed(session: Session, trace: Trace, village_id: int | None) -> tuple[int, ...]:
    """Orders that others placed under just their name (代点), for their village."""
    near = or_(_ORDER.c.village_id.is_(None), _ORDER.c.village_id == village_id)
    query = select(_ORDER.c.id).where(_ORDER.c.for_whom.in_(trace.alone), near, _ORDER.c.member_id != trace.member_id)
    return tuple(session.execute(query).scalars())


def rooms_of(session: Session, member_id: int) -> frozenset[int]:
    """The groups in which they were heard, or for which they are known."""
    queries = (
        select(_IN.c.room_id).where(_IN.c.member_id == member_id),
        select(_UP.c.room_id).where(_UP.c.member_id == member_id),
        select(_VOICE.c.room_id).where(_VOICE.c.member_id == member_id),
        select(_ORDER.c.room_id).where(_ORDER.c.member_id == member_id),
    )
    seen = {each for query in queries for each in session.execute(query.distinct()).scalars()}
    groups = select(_ROOM.c.id).where(_ROOM.c.id.in_(seen - {None}), _ROOM.c.kind != RoomKind.DIRECT)
    return frozenset(session.execute(groups).scalars())


def _dealt(session: Session, orders: Sequence[int], voices: Sequence[int]) -> frozenset[int]:
    """The direct chats of those who dealt with what they asked for, whether they still hold a role or not."""
    steps = [
        select(_STEP.c.by_id).where(_STEP.c.subject == subject, _STEP.c.subject_id.in_(ids))
        for subject, ids in ((Subject.ORDER, orders), (Subject.VOICE, voices))
    ]
    gave = select(_GIVEN.c.offered_by).where(_GIVEN.c.order_id.in_(orders))
    people = {each for query in (*steps, gave) for each in session.execute(query.distinct()).scalars()}
    theirs = and_(_ROOM.c.transport == _MEMBER.c.transport, _ROOM.c.external_id == _MEMBER.c.external_id)
    chats = select(_ROOM.c.id).join(_MEMBER, theirs).where(_MEMBER.c.id.in_(people - {None}))
    return frozenset(session.execute(chats.where(_ROOM.c.kind == RoomKind.DIRECT)).scalars())
