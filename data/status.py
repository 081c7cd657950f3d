"""Where an order or a case stands, for those whom it concerns: the asker, who seconded it, their village."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, or_, select

from data import cases, progress
from data.loop import Assignment, AssignmentState, Lecture, Order, OrderSeconder, OrderState, Step, Subject, Voice
from data.orders import describe
from data.tables import Lecturer, Role, Room, RoomKind, Topic
from data.voices import ANSWERED, shorten

_MOST = 10


@dataclass(frozen=True, slots=True)
class OrderStatus:
    """An order as its people hear of it. ``through`` is the order that it goes on as part of, ``people`` how many wish
    for it by now; ``reason`` says why it ended. ``starts_at`` to ``lecturer`` are of its lecture, once there is one."""

    number: int
    what: str
    state: OrderState
    people: int
    seconded: bool
    due_at: datetime | None
    through: int | None = None
    reason: str = ""
    title: str = ""
    venue: str = ""
    lecturer: str = ""
    starts_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CaseStatus:
    """An opinion, need or question as its asker hears of it. ``private`` where it was said in a direct chat."""

    number: int
    text: str
    due_at: datetime | None
    answer: str
    refused: bool
    private: bool

    @property
    def closed(self) -> bool:
        return bool(self.answer)


def of_order(
    session: Session, number: int, *, member_id: int, village_id: int | None, desk: bool = False
) -> OrderStatus | None:
    """Where an order stands; None where there is none, or it is not theirs. ``desk``: a coordinator may ask for any."""
    order = session.get(Order, number)
    if order is None:
        return None
    leading = progress.leading(session, order)
    if not (desk or _concerns(session, order, leading, member_id, village_id)):
        return None
    return _order_status(session, order, leading, member_id)


def orders_of(session: Session, member_id: int, *, finished: bool = True) -> list[OrderStatus]:
    """The orders that a person placed or seconded, newest first; ``finished`` ones too."""
    seconded = select(OrderSeconder.order_id).where(OrderSeconder.member_id == member_id)
    query = select(Order).where(or_(Order.member_id == member_id, col(Order.id).in_(seconded)))
    if not finished:
        query = query.where(col(Order.state).in_((*progress.ALIVE, OrderState.MERGED)))
    found = session.exec(query.order_by(col(Order.id).desc()).limit(_MOST))
    stands = [_order_status(session, order, progress.leading(session, order), member_id) for order in found]
    return [each for each in stands if finished or each.state in progress.ALIVE]


def of_case(session: Session, number: int, *, member_id: int) -> CaseStatus | None:
    """Where one's own case stands; None for anybody else's."""
    voice = session.get(Voice, number)
    if voice is None or voice.kind not in ANSWERED or voice.member_id != member_id:
        return None
    return _case_status(session, voice)


def cases_of(session: Session, member_id: int) -> list[CaseStatus]:
    """One's own cases that still wait, newest first."""
    query = select(Voice).where(
        Voice.member_id == member_id, col(Voice.kind).in_(ANSWERED), col(Voice.answered_at).is_(None)
    )
    return [_case_status(session, voice) for voice in session.exec(query.order_by(col(Voice.id).desc()).limit(_MOST))]


def _concerns(session: Session, order: Order, leading: Order, member_id: int, village_id: int | None) -> bool:
    """Their own, their village's, or one that they were asked to speak for."""
    if village_id is not None and village_id in (order.village_id, leading.village_id):
        return True
    wished = {member for each in (order, leading) for member, _ in progress.askers(session, each)}
    if member_id in wished:
        return True
    offered = (
        select(Assignment.id)
        .join(Role, col(Role.lecturer_id) == col(Assignment.lecturer_id))
        .where(Assignment.order_id == leading.id, Role.member_id == member_id)
    )
    return session.exec(offered).first() is not None


def _order_status(session: Session, order: Order, leading: Order, member_id: int) -> OrderStatus:
    assert order.id is not None
    topic = session.get(Topic, order.topic_id) if order.topic_id else None
    wished = session.get(Lecturer, order.lecturer_id) if order.lecturer_id else None
    lecture = session.get(Lecture, leading.lecture_id) if leading.lecture_id else None
    speaker = session.get_one(Lecturer, lecture.lecturer_id).name if lecture else _taker(session, leading)
    wishers = {member for member, _ in progress.askers(session, leading)}
    merged = leading.id != order.id
    return OrderStatus(
        number=order.id,
        what=describe(topic.name if topic else None, wished.name if wished else None, order.wish),
        state=leading.state,
        people=len(wishers),
        seconded=member_id in wishers and order.member_id != member_id,
        due_at=leading.due_at,
        through=leading.id if merged else None,
        reason=_reason(session, leading) if leading.state in (OrderState.DECLINED, OrderState.WITHDRAWN) else "",
        title=lecture.title if lecture else "",
        venue=lecture.venue if lecture else "",
        lecturer=speaker,
        starts_at=lecture.starts_at if lecture else None,
    )


def _taker(session: Session, order: Order) -> str:
    """Who said that they would come; of those who were only asked nothing is told."""
    query = (
        select(Lecturer.name)
        .join(Assignment, col(Assignment.lecturer_id) == col(Lecturer.id))
        .where(Assignment.order_id == order.id, Assignment.state == AssignmentState.ACCEPTED)
    )
    return session.exec(query).first() or ""


def _reason(session: Session, order: Order) -> str:
    query = (
        select(Step.reason)
        .where(Step.subject == Subject.ORDER, Step.subject_id == order.id, Step.state == order.state)
        .order_by(col(Step.id).desc())
    )
    return session.exec(query).first() or ""


def _case_status(session: Session, voice: Voice) -> CaseStatus:
    assert voice.id is not None
    return CaseStatus(
        number=voice.id,
        text=shorten(voice.text, 30),
        due_at=voice.due_at,
        answer=voice.answer,
        refused=bool(voice.answer) and cases.was_refused(session, voice),
        private=session.get_one(Room, voice.room_id).kind == RoomKind.DIRECT,
    )
