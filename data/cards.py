"""A lecturer's card (宣讲员): what they speak on, when they are free, what they did, who teaches them.

For coordinators only: nobody is ranked, and no residents' group ever sees it.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlmodel import Session, case, col, func, select

from data import tell
from data.errors import BadMentor, NoSuchLecturer
from data.loop import Lecture, LecturerTraining, LectureState, Voice, VoiceKind
from data.rules import Rules
from data.tables import Lecturer, LecturerTopic, Topic, Village

_SHOWN = 3  # trainings


@dataclass(frozen=True, slots=True)
class Card:
    """A lecturer as a coordinator sees them; ``rating`` is the mean of ``rated`` ratings, None where there are none."""

    lecturer: Lecturer
    village: str
    topics: tuple[str, ...]
    this_month: int
    rating: float | None
    rated: int
    trainings: tuple[LecturerTraining, ...]
    mentor: str
    students: tuple[str, ...]
    reachable: bool


def find(session: Session, name: str) -> Lecturer:
    """The lecturer of this name. Raises `NoSuchLecturer`, with those who are called alike."""
    lecturer = session.exec(select(Lecturer).where(Lecturer.name == name)).first()
    if lecturer is None:
        alike = session.exec(
            select(Lecturer.name).where(col(Lecturer.name).startswith(name[:1], autoescape=True)).limit(_SHOWN)
        )
        raise NoSuchLecturer(name, tuple(alike) if name else ())
    return lecturer


def card(session: Session, lecturer: Lecturer, *, now: datetime, rules: Rules) -> Card:
    """All that is kept of a lecturer."""
    assert lecturer.id is not None
    village = session.get(Village, lecturer.village_id) if lecturer.village_id is not None else None
    mentor = session.get(Lecturer, lecturer.mentor_id) if lecturer.mentor_id is not None else None
    topics = (
        select(Topic.name)
        .join(LecturerTopic, col(LecturerTopic.topic_id) == col(Topic.id))
        .where(LecturerTopic.lecturer_id == lecturer.id)
        .order_by(col(Topic.position))
    )
    trainings = (
        select(LecturerTraining)
        .where(LecturerTraining.lecturer_id == lecturer.id)
        .order_by(col(LecturerTraining.held_on).desc(), col(LecturerTraining.id).desc())
        .limit(_SHOWN)
    )
    students = select(Lecturer.name).where(Lecturer.mentor_id == lecturer.id).order_by(col(Lecturer.id))
    # The kind is no condition: SQLite would read all ratings of the year by it, and not those of these lectures.
    said = case((col(Voice.kind) == VoiceKind.FEEDBACK, col(Voice.rating)))
    theirs = select(Lecture.id).where(Lecture.lecturer_id == lecturer.id)
    rated, rating = session.exec(
        select(func.count(said), func.avg(said)).where(col(Voice.lecture_id).in_(theirs))
    ).one()
    return Card(
        lecturer=lecturer,
        village=village.name if village is not None else "",
        topics=tuple(session.exec(topics)),
        this_month=_this_month(session, lecturer.id, now=now, rules=rules),
        rating=float(rating) if rating is not None else None,
        rated=rated,
        trainings=tuple(session.exec(trainings)),
        mentor=mentor.name if mentor is not None else "",
        students=tuple(session.exec(students)),
        reachable=bool(tell.lecturer_members(session, lecturer.id)),
    )


def note_training(session: Session, lecturer: Lecturer, *, held_on: date, title: str, by: int) -> bool:
    """Keep a training; whether it was not kept before."""
    assert lecturer.id is not None
    same = select(LecturerTraining.id).where(
        LecturerTraining.lecturer_id == lecturer.id,
        LecturerTraining.held_on == held_on,
        LecturerTraining.title == title,
    )
    if session.exec(same).first() is not None:
        return False
    session.add(LecturerTraining(lecturer_id=lecturer.id, held_on=held_on, title=title, noted_by=by))
    session.flush()
    return True


def set_mentor(session: Session, student: Lecturer, mentor: Lecturer | None) -> bool:
    """Say who teaches them (None: nobody); whether that is another than before. Raises `BadMentor` for a ring."""
    above = mentor
    while above is not None:
        if above.id == student.id:
            assert mentor is not None
            raise BadMentor(student.name, mentor.name)
        above = session.get(Lecturer, above.mentor_id) if above.mentor_id is not None else None
    wanted = mentor.id if mentor is not None else None
    if student.mentor_id == wanted:
        return False
    student.mentor_id = wanted
    session.flush()
    return True


def _this_month(session: Session, lecturer_id: int, *, now: datetime, rules: Rules) -> int:
    first = now.astimezone(rules.zone).date().replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    since, until = (datetime.combine(day, time(), tzinfo=rules.zone) for day in (first, following))
    query = select(func.count(col(Lecture.id))).where(
        Lecture.lecturer_id == lecturer_id,
        Lecture.state != LectureState.CANCELLED,
        Lecture.starts_at >= since,
        Lecture.starts_at < until,
    )
    return session.exec(query).one()
