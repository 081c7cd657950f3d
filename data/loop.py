"""The tables of the loop: from a wish to a lecture to its echo.

An order goes

    received → reviewed → dispatched → accepted → scheduled → delivered → rated → archived

or ends as declined, withdrawn or merged; `data.progress` holds which step may follow which. Each step of an order, a
lecture, a voice or a poll is a `Step`: who, when and why.
"""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from data.columns import choice, json_list, json_object, maybe_moment, moment


class EventKind(StrEnum):
    """What is held: a lecture, or another event that goes the same way."""

    LECTURE = "lecture"  # 讲座
    COURTYARD = "courtyard"  # 屋场会
    VOLUNTEER = "volunteer"  # 志愿服务
    TRAINING = "training"  # 培训
    SHOW = "show"  # 文艺活动
    VISIT = "visit"  # 送学上门, one to one


class OrderState(StrEnum):
    """Where an order (点单) stands."""

    RECEIVED = "received"
    REVIEWED = "reviewed"
    DISPATCHED = "dispatched"
    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    DELIVERED = "delivered"
    RATED = "rated"
    ARCHIVED = "archived"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"  # goes on as part of another


class AssignmentState(StrEnum):
    """Where the offer of an order to one lecturer (派单) stands."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    COUNTERED = "countered"  # the lecturer would come at another time
    TAKEN = "taken"  # somebody else took it first (抢单)
    RECALLED = "recalled"  # the coordinator took it back


class LectureState(StrEnum):
    """Where a lecture stands."""

    ANNOUNCED = "announced"
    CANCELLED = "cancelled"
    DELIVERED = "delivered"
    ARCHIVED = "archived"


class SignUpState(StrEnum):
    """Where a sign-up stands. A seat that is offered is held until the offer ends."""

    SEATED = "seated"
    WAITING = "waiting"
    OFFERED = "offered"
    OUT = "out"  # withdrawn by themselves, or on their behalf
    LAPSED = "lapsed"  # did not take the seat that was offered


class VoiceKind(StrEnum):
    """What somebody told us."""

    FEEDBACK = "feedback"  # 评单
    SUGGESTION = "suggestion"  # 意见建议
    NEED = "need"  # 急难愁盼
    QUESTION = "question"  # a policy question that no text of ours answers


class PollState(StrEnum):
    """Where a poll (投票) stands."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    DROPPED = "dropped"


class Subject(StrEnum):
    """What a step is a step of."""

    ORDER = "order"
    LECTURE = "lecture"
    VOICE = "voice"
    POLL = "poll"
    BROADCAST = "broadcast"


class Order(SQLModel, table=True):
    """An order (点单): somebody's wish for a topic (点课), a lecturer (点将), or both. ``wish`` is in their words.

    ``for_whom`` names on whose behalf a coordinator placed it (代点). ``owner_id`` is the coordinator who took it on.
    ``due_at`` is when its present step should be done. ``merged_into`` is the order that it is now part of.
    """

    __tablename__ = "lecture_order"
    __table_args__ = (
        Index("ix_order_same_wish", "village_id", "state", "topic_id", "lecturer_id", "wish"),
        Index("ix_order_desk", "state", "due_at"),
        Index("ix_order_created", "created_at", "village_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: EventKind = choice(EventKind, default=EventKind.LECTURE)
    member_id: int = Field(foreign_key="member.id", index=True)
    room_id: int = Field(foreign_key="room.id")
    village_id: int | None = Field(default=None, foreign_key="village.id")
    topic_id: int | None = Field(default=None, foreign_key="topic.id")
    lecturer_id: int | None = Field(default=None, foreign_key="lecturer.id")
    wish: str = ""
    when_text: str = ""
    when_start: datetime | None = maybe_moment()
    when_end: datetime | None = maybe_moment()
    dialect: str = ""
    place: str = ""
    listeners: int | None = None  # how many the asker said would come
    for_whom: str = ""
    urgent: bool = False
    state: OrderState = choice(OrderState, default=OrderState.RECEIVED)
    created_at: datetime = moment()
    changed_at: datetime | None = maybe_moment()
    due_at: datetime | None = maybe_moment()
    reminded_at: datetime | None = maybe_moment()  # when somebody was last told that a step of it is due
    owner_id: int | None = Field(default=None, foreign_key="member.id")
    merged_into: int | None = Field(default=None, foreign_key="lecture_order.id", index=True)
    lecture_id: int | None = Field(default=None, foreign_key="lecture.id", index=True)


class OrderSeconder(SQLModel, table=True):
    """Somebody of the same village who wishes for the same (附议)."""

    __tablename__ = "order_seconder"

    order_id: int = Field(foreign_key="lecture_order.id", primary_key=True)
    member_id: int = Field(foreign_key="member.id", primary_key=True, index=True)
    at: datetime = moment()


_TAKER = text("state = 'accepted'")


class Assignment(SQLModel, table=True):
    """An order offered to one lecturer, at a time and a place. At most one of an order's can be accepted, ever.

    ``paper`` where the lecturer cannot be reached by the bot and a coordinator answers for them.
    """

    __table_args__ = (
        Index("ix_assignment_order", "order_id", "state"),
        Index("ix_assignment_lecturer", "lecturer_id", "state"),
        Index("ix_assignment_one_taker", "order_id", unique=True, sqlite_where=_TAKER, postgresql_where=_TAKER),
    )

    id: int | None = Field(default=None, primary_key=True)
    order_id: int = Field(foreign_key="lecture_order.id")
    lecturer_id: int = Field(foreign_key="lecturer.id")
    state: AssignmentState = choice(AssignmentState, default=AssignmentState.OFFERED)
    starts_at: datetime = moment()
    venue: str = ""
    paper: bool = False
    offered_by: int = Field(foreign_key="member.id")
    offered_at: datetime = moment()
    due_at: datetime | None = maybe_moment()
    answered_by: int | None = Field(default=None, foreign_key="member.id")
    answered_at: datetime | None = maybe_moment()
    reason: str = ""
    counter_start: datetime | None = maybe_moment()  # 改到: the time that the lecturer named instead


class Lecture(SQLModel, table=True):
    """A lecture, or another event, that was announced. ``seats`` is None where nobody counts them.

    ``attended`` and ``handouts`` are typed once, after it, by the lecturer or a coordinator.
    """

    __table_args__ = (
        Index("ix_lecture_state", "state", "starts_at"),
        Index("ix_lecture_lecturer", "lecturer_id", "starts_at"),
        Index("ix_lecture_village", "village_id", "starts_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: EventKind = choice(EventKind, default=EventKind.LECTURE)
    topic_id: int = Field(foreign_key="topic.id")
    lecturer_id: int = Field(foreign_key="lecturer.id")
    village_id: int | None = Field(default=None, foreign_key="village.id")
    title: str
    venue: str
    hamlet: str = ""  # 村小组
    branches: list[str] = json_list()  # 分会场
    live_url: str = ""
    dialect: str = ""
    seats: int | None = None
    material_reviewed: bool | None = None  # None: nobody said
    minutes: int = 60
    starts_at: datetime = moment(index=True)
    state: LectureState = choice(LectureState, default=LectureState.ANNOUNCED)
    owner_id: int | None = Field(default=None, foreign_key="member.id")  # the coordinator who looks after it
    created_at: datetime | None = maybe_moment()
    attended: int | None = None
    handouts: int | None = None
    counted_by: int | None = Field(default=None, foreign_key="member.id")
    counted_at: datetime | None = maybe_moment()


class LectureRoom(SQLModel, table=True):
    """A room in which a lecture was announced, so that 报名 there means this lecture."""

    __tablename__ = "lecture_room"

    lecture_id: int = Field(foreign_key="lecture.id", primary_key=True)
    room_id: int = Field(foreign_key="room.id", primary_key=True, index=True)


class SignUp(SQLModel, table=True):
    """A sign-up (报名) by one member, for ``people`` persons; kept, with its time, when it is withdrawn.

    ``for_whom`` is empty for the member's own, else whom they signed up ("妈妈"). ``at`` is when it took its place:
    the waiting list goes by it. ``room_id`` is where it was said, and where an offer is made.
    """

    __tablename__ = "sign_up"
    __table_args__ = (
        UniqueConstraint("lecture_id", "member_id", "for_whom"),
        Index("ix_sign_up_list", "lecture_id", "state", "at", "id"),
        Index("ix_sign_up_offered", "state", "offered_until"),
    )

    id: int | None = Field(default=None, primary_key=True)
    lecture_id: int = Field(foreign_key="lecture.id")
    member_id: int = Field(foreign_key="member.id", index=True)
    room_id: int | None = Field(default=None, foreign_key="room.id")
    for_whom: str = ""
    people: int = 1
    state: SignUpState = choice(SignUpState, default=SignUpState.SEATED)
    by_list: bool = False  # read from a 接龙
    at: datetime = moment()
    offered: int | None = None  # seats held for them; may be fewer than ``people``
    offered_until: datetime | None = maybe_moment()
    withdrawn_at: datetime | None = maybe_moment()


class SolitaireState(SQLModel, table=True):
    """The 接龙 of a room that are sign-ups for a lecture, as merged so far: a `handlers.jielong.ListState`."""

    __tablename__ = "solitaire_state"

    room_id: int = Field(foreign_key="room.id", primary_key=True)
    lecture_id: int = Field(foreign_key="lecture.id", primary_key=True)
    lists: dict[str, object] = json_object()
    posts: int = 0
    unclear: list[dict[str, object]] = json_list()  # 请核对: what a coordinator should look at
    doubts: int = Field(default=0, index=True)  # how many of these there are
    changed_at: datetime = moment()


class Photo(SQLModel, table=True):
    """A picture sent to the bot and kept with a lecture; the file lies under the photo folder."""

    __table_args__ = (UniqueConstraint("lecture_id", "sha256"),)

    id: int | None = Field(default=None, primary_key=True)
    lecture_id: int = Field(foreign_key="lecture.id")
    member_id: int = Field(foreign_key="member.id")
    sha256: str
    path: str  # relative to the photo folder
    size: int  # bytes
    at: datetime = moment()


CASE_WAITS = text("voice.answered_at IS NULL AND voice.kind <> 'feedback'")  # in these words, so that its index serves


class Voice(SQLModel, table=True):
    """What somebody said to the town: a rating, an opinion, a need, a question.

    All but ratings are cases: they have an owner and a deadline, and ``answer`` goes back to the asker. ``share`` is
    whether the asker agreed that their village may read it too; None until they said.
    """

    __table_args__ = (
        Index("ix_voice_case", "kind", "answered_at", "due_at"),
        Index("ix_voice_said", "kind", "at", "village_id"),
        Index("ix_voice_waiting", "due_at", "id", sqlite_where=CASE_WAITS, postgresql_where=CASE_WAITS),
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: VoiceKind = choice(VoiceKind)
    member_id: int = Field(foreign_key="member.id", index=True)
    room_id: int = Field(foreign_key="room.id")
    village_id: int | None = Field(default=None, foreign_key="village.id")
    lecture_id: int | None = Field(default=None, foreign_key="lecture.id", index=True)
    topic_id: int | None = Field(default=None, foreign_key="topic.id")
    text: str
    rating: int | None = None  # 1 to 5
    at: datetime = moment()
    owner_id: int | None = Field(default=None, foreign_key="member.id")
    due_at: datetime | None = maybe_moment()
    share: bool | None = None
    answer: str = ""
    answered_by: int | None = Field(default=None, foreign_key="member.id")
    answered_at: datetime | None = maybe_moment()


class Poll(SQLModel, table=True):
    """A numbered question that a coordinator asks one group."""

    __table_args__ = (Index("ix_poll_open", "room_id", "state"), Index("ix_poll_closing", "state", "closes_at"))

    id: int | None = Field(default=None, primary_key=True)
    room_id: int = Field(foreign_key="room.id")
    author_id: int = Field(foreign_key="member.id")
    question: str
    options: list[str] = json_list()
    state: PollState = choice(PollState, default=PollState.DRAFT)
    created_at: datetime = moment()
    closes_at: datetime = moment()
    closed_at: datetime | None = maybe_moment()


class PollVote(SQLModel, table=True):
    """One person's choice, from 1; changeable until the poll closes."""

    __tablename__ = "poll_vote"

    poll_id: int = Field(foreign_key="poll.id", primary_key=True)
    member_id: int = Field(foreign_key="member.id", primary_key=True)
    choice: int
    at: datetime = moment()


class LecturerTraining(SQLModel, table=True):
    """A training (培训) that a lecturer took part in."""

    __tablename__ = "lecturer_training"

    id: int | None = Field(default=None, primary_key=True)
    lecturer_id: int = Field(foreign_key="lecturer.id", index=True)
    held_on: date
    title: str
    noted_by: int | None = Field(default=None, foreign_key="member.id")


# Steps whose times are counted; in these words, so that their index serves.
ORDER_TURNS = text("step.subject = 'order' AND step.state IN ('dispatched', 'accepted')")


class Step(SQLModel, table=True):
    """That something came to a state: who did it (None: the clock), when, and why."""

    __table_args__ = (
        Index("ix_step_subject", "subject", "subject_id", "state", "at"),
        Index(
            "ix_step_turns",
            "state",
            "at",
            "subject_id",
            "subject",
            sqlite_where=ORDER_TURNS,
            postgresql_where=ORDER_TURNS,
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    subject: Subject = choice(Subject)
    subject_id: int
    state: str
    at: datetime = moment()
    by_id: int | None = Field(default=None, foreign_key="member.id")
    reason: str = ""


class Deed(SQLModel, table=True):
    """What a coordinator did in one turn, and how to take it back while nothing of it was said."""

    __table_args__ = (Index("ix_deed_member", "member_id", "at"),)

    id: int | None = Field(default=None, primary_key=True)
    member_id: int = Field(foreign_key="member.id")
    at: datetime = moment()
    what: str  # as 撤销 names it
    changes: list[dict[str, object]] = json_list()
    outbox_ids: list[int] = json_list()
    undone_at: datetime | None = maybe_moment()
