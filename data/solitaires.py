"""接龙 as sign-ups: what a list says, brought into the lecture's own list, and what a coordinator should look at."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import cast

from sqlmodel import Session, col, select

from data import outbox, signups, tell
from data.errors import CapacityFull
from data.loop import Lecture, LectureState, SignUp, SignUpState, SolitaireState
from data.offers import leave
from data.rules import Rules
from data.seats import HOLDING, count, id_of, lock
from data.tables import Member, Room

HOLD = timedelta(seconds=60)  # so that several posts make one message
CHECK_EVERY = timedelta(minutes=30)
DOUBTS_KEPT = 30
NAMED = 12  # names in one confirmation


class Change(StrEnum):
    """What a post did to one line of the list."""

    JOINED = "joined"
    EDITED = "edited"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class LineChange:
    """A line that changed. ``key`` names it in its list, ``people`` is None where a bare name says no number.

    ``own`` where the line stands for ``member_id`` themself.
    """

    change: Change
    key: str
    name: str
    people: int | None
    member_id: int
    own: bool = False


@dataclass(slots=True)
class Taken:
    """What a post came to, name by name; ``refused`` are (key, name, why) that nobody but a person can settle."""

    joined: list[tuple[str, int]] = field(default_factory=list)
    waiting: list[tuple[str, int]] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    edited: bool = False
    refused: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def anything(self) -> bool:
        return bool(self.joined or self.waiting or self.left or self.edited)


def find(session: Session, room_id: int, lecture_id: int) -> SolitaireState | None:
    """A room's lists for a lecture, as they were kept."""
    return session.get(SolitaireState, (room_id, lecture_id))


def members_by_id(session: Session, transport: str, external_ids: Iterable[str]) -> dict[str, Member]:
    """The members whom a transport knows by these ids."""
    query = select(Member).where(Member.transport == transport, col(Member.external_id).in_(set(external_ids)))
    return {each.external_id: each for each in session.exec(query)}


def signed_up_members(session: Session, lecture_id: int) -> list[tuple[int, str]]:
    """(member, name) of everybody who is on a lecture's list themself."""
    query = (
        select(Member.id, Member.name)
        .join(SignUp, col(SignUp.member_id) == col(Member.id))
        .where(SignUp.lecture_id == lecture_id, SignUp.for_whom == "", col(SignUp.state).in_(HOLDING))
    )
    return [(member_id, name) for member_id, name in session.exec(query) if member_id is not None]


def take_in(
    session: Session,
    lecture: Lecture,
    changes: Sequence[LineChange],
    *,
    poster_id: int,
    links: dict[str, int],
    room_id: int,
    now: datetime,
    rules: Rules,
) -> Taken:
    """Bring the changed lines into the lecture's list, in their order; ``links`` (line → sign-up) is kept up to date.

    Who does not fit any more waits, in the list's order.
    """
    taken = Taken()
    fresh: list[tuple[LineChange, SignUp]] = []
    theirs = _theirs(session, lecture, {each.member_id for each in changes})
    for each in changes:
        mine = session.get(SignUp, links[each.key]) if each.key in links else None
        if each.change is Change.WITHDRAWN:
            _withdraw(session, each, mine, taken, poster_id=poster_id, now=now)
        elif mine is not None and (mine.state in HOLDING or each.change is Change.EDITED):
            if mine.state in HOLDING or mine.member_id == poster_id:  # whoever withdrew by word stays out
                _edit(session, lecture, each, mine, theirs, taken, now=now, rules=rules)
        else:
            mine = mine or _sign_up_of(each, lecture, theirs, set(links.values()))
            if mine.state not in HOLDING:
                mine.state = SignUpState.WAITING  # until its seat is found below
                fresh.append((each, mine))
            elif each.people is not None:
                _edit(session, lecture, each, mine, theirs, taken, now=now, rules=rules)
            if mine.id is not None:
                links[each.key] = mine.id
    _place(session, lecture, fresh, taken, room_id=room_id, now=now)
    links |= {each.key: mine.id for each, mine in fresh if mine.id is not None}
    if taken.left or taken.waiting:
        signups.offer_free(session, lecture, now=now, rules=rules)
    return taken


def _theirs(session: Session, lecture: Lecture, members: set[int]) -> dict[tuple[int, str], SignUp]:
    query = select(SignUp).where(SignUp.lecture_id == lecture.id, col(SignUp.member_id).in_(members))
    return {(each.member_id, each.for_whom): each for each in session.exec(query)}


def _sign_up_of(each: LineChange, lecture: Lecture, theirs: dict[tuple[int, str], SignUp], linked: set[int]) -> SignUp:
    """The sign-up that a new line stands for: what they said by word, or a new one beside those of other lines."""
    for_whom, number = "" if each.own else each.name, 1
    while (there := theirs.get((each.member_id, for_whom))) is not None and (there.id is None or there.id in linked):
        number += 1
        for_whom = each.name if number == 2 and each.own else f"{each.name}（{number}）"
    if there is None:
        there = SignUp(lecture_id=id_of(lecture), member_id=each.member_id, for_whom=for_whom, state=SignUpState.OUT)
        theirs[each.member_id, for_whom] = there
    return there


def _place(
    session: Session,
    lecture: Lecture,
    fresh: Sequence[tuple[LineChange, SignUp]],
    taken: Taken,
    *,
    room_id: int,
    now: datetime,
) -> None:
    """Seat new lines, or put them on the waiting list: counted once for a whole list, which may have hundreds."""
    if not fresh:
        return
    session.flush()
    lock(session, lecture)
    counts = count(session, id_of(lecture))
    free, waits = counts.free(lecture), counts.waiting > 0
    at = max(now, counts.last) if counts.last is not None else now
    for number, (each, mine) in enumerate(fresh, 1):
        people = each.people or 1
        fits = free is None or (not waits and people <= free)
        mine.people, mine.at, mine.room_id, mine.by_list = people, at + timedelta(microseconds=number), room_id, True
        mine.withdrawn_at = mine.offered = mine.offered_until = None
        mine.state = SignUpState.SEATED if fits else SignUpState.WAITING
        if fits and free is not None:
            free -= people
        waits = waits or not fits
        (taken.joined if fits else taken.waiting).append((each.name, people))
        session.add(mine)
    session.flush()


def _edit(
    session: Session,
    lecture: Lecture,
    each: LineChange,
    mine: SignUp,
    theirs: dict[tuple[int, str], SignUp],
    taken: Taken,
    *,
    now: datetime,
    rules: Rules,
) -> None:
    if mine.state is SignUpState.OFFERED:
        return  # an offer is answered by its own word
    renamed = mine.by_list and mine.for_whom and mine.for_whom != each.name
    if renamed and (mine.member_id, each.name) not in theirs and not _has(session, mine, each.name):
        mine.for_whom = each.name
        theirs[mine.member_id, each.name] = mine
    try:
        done = signups.sign_up(
            session,
            lecture,
            member_id=mine.member_id,
            people=each.people or 1,
            now=now,
            rules=rules,
            for_whom=mine.for_whom,
            room_id=mine.room_id,
            wait=True,
            by_list=True,
        )
    except CapacityFull as full:
        taken.refused.append((each.key, each.name, f"位子不够，还是{full.held}人"))
        return
    taken.edited = taken.edited or done.changed


def _has(session: Session, mine: SignUp, for_whom: str) -> bool:
    query = select(SignUp.id).where(
        SignUp.lecture_id == mine.lecture_id, SignUp.member_id == mine.member_id, SignUp.for_whom == for_whom
    )
    return session.exec(query).first() is not None


def _withdraw(
    session: Session, each: LineChange, mine: SignUp | None, taken: Taken, *, poster_id: int, now: datetime
) -> None:
    if mine is None or mine.state not in HOLDING:
        return
    if not mine.by_list and mine.member_id != poster_id:
        taken.refused.append((each.key, each.name, "自己报过名，别人从接龙里删了，先留着"))
        return
    leave(session, mine, SignUpState.OUT, now)
    taken.left.append(each.name)


def keep(
    session: Session,
    state: SolitaireState | None,
    *,
    room_id: int,
    lecture_id: int,
    lists: dict[str, object],
    doubts: Sequence[dict[str, object]],
    now: datetime,
) -> SolitaireState:
    """Keep a room's lists after one more post, with what a coordinator should look at, each thing once."""
    if state is None:
        state = SolitaireState(room_id=room_id, lecture_id=lecture_id, changed_at=now)
        session.add(state)
    state.lists, state.posts, state.changed_at = lists, state.posts + 1, now
    if fresh := [each for each in doubts if each not in state.unclear]:
        state.unclear = [*state.unclear, *fresh][-DOUBTS_KEPT:]
        state.doubts = len(state.unclear)
    session.flush()
    return state


# What is said


def confirm(session: Session, lecture: Lecture, taken: Taken, *, room_id: int, now: datetime) -> None:
    """Say in the room what was taken from the list: one message a minute, whatever is posted meanwhile."""
    if not taken.anything:
        return
    item = "\n".join(
        [f"+{_party(*each)}" for each in taken.joined]
        + [f"?{_party(*each)}" for each in taken.waiting]
        + [f"-{name}" for name in taken.left]
    )
    total, left = signups.people_in(session, lecture.id or 0), signups.seats_left(session, lecture)
    ends = f"现在{total}人{'' if left is None else f'，还剩{left}位'}。"

    def together(items: list[str]) -> str:
        return _confirmation([line for each in items for line in each.split("\n") if line], ends)

    outbox.gather(
        session,
        item,
        key=f"list:{lecture.id}",
        text=together([item]),
        together=together,
        room_id=room_id,
        now=now,
        not_before=now + HOLD,
    )


def _party(name: str, people: int) -> str:
    return f"{name}{people}人" if people > 1 else name


def _confirmation(lines: list[str], ends: str) -> str:
    said = "".join(
        f"{word}{_names([line[1:] for line in lines if line[0] == mark])}。"
        for mark, word in (("+", "新增"), ("?", "候补"), ("-", "退出"))
        if any(line[0] == mark for line in lines)
    )
    return f"接龙收到：{said}{ends}"


def _names(names: list[str]) -> str:
    more = f"等{len(names)}个" if len(names) > NAMED else ""
    return "、".join(names[:NAMED]) + more


def ask_to_check(session: Session, lecture: Lecture, state: SolitaireState, *, rules: Rules, now: datetime) -> None:
    """Tell the coordinators what was not clear: one private message a list, at most every half an hour."""
    kept = state.lists
    last = datetime.fromisoformat(cast(str, kept["asked_at"])) if kept.get("asked_at") else None
    if last is not None and now < last:
        says_at = last  # it has not left yet: this goes with it
    else:
        says_at = rules.quiet.after(max(now + HOLD, last + CHECK_EVERY) if last is not None else now + HOLD)
        state.lists = kept | {"asked_at": says_at.isoformat()}
    where = session.get_one(Room, state.room_id).name
    lines = _doubt_lines(state.unclear)
    text = f"课{lecture.id}的接龙有{state.doubts}处请核对（{where}）：\n{lines}\n看过就发“课{lecture.id} 核对 好”。"
    for member_id in tell.coordinators(session, owner_id=lecture.owner_id):
        outbox.gather(
            session,
            str(state.doubts),
            key=f"list-check:{state.room_id}:{lecture.id}",
            text=text,
            together=lambda _items: text,
            room_id=tell.direct_room(session, member_id, now=now),
            now=now,
            not_before=says_at,
        )


def _doubt_lines(unclear: Sequence[dict[str, object]], *, most: int = 6) -> str:
    lines = [f"{each['name']}：{each['why']}" for each in unclear[-most:]]
    if len(unclear) > most:
        lines.append(f"……还有{len(unclear) - most}处")
    return "\n".join(lines)


def unclear(session: Session, *, limit: int) -> list[str]:
    """The lists that wait for a coordinator's look, a line each."""
    query = (
        select(SolitaireState.lecture_id, SolitaireState.doubts, Room.name)
        .join(Lecture, col(SolitaireState.lecture_id) == col(Lecture.id))
        .join(Room, col(SolitaireState.room_id) == col(Room.id))
        .where(SolitaireState.doubts > 0, Lecture.state == LectureState.ANNOUNCED)
        .order_by(col(SolitaireState.changed_at))
        .limit(limit)
    )
    return [
        f"课{lecture}接龙{doubts}处请核对（{room}）：发“课{lecture} 核对”"
        for lecture, doubts, room in session.exec(query)
    ]


def to_check(session: Session, lecture_id: int) -> list[str]:
    """What is not clear in a lecture's lists, a line each."""
    query = select(SolitaireState).where(SolitaireState.doubts > 0, SolitaireState.lecture_id == lecture_id)
    return [_doubt_lines(state.unclear, most=DOUBTS_KEPT) for state in session.exec(query)]


def checked(session: Session, lecture_id: int) -> int:
    """A coordinator has looked at it: nothing waits any more. Returns how many things there were."""
    query = select(SolitaireState).where(SolitaireState.doubts > 0, SolitaireState.lecture_id == lecture_id)
    states = session.exec(query).all()
    number = sum(state.doubts for state in states)
    for state in states:
        state.unclear, state.doubts = [], 0
    return number
