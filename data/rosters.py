"""The parties of a lecture's list, as a coordinator picks one of them."""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from data.loop import SignUp
from data.names import masked
from data.seats import HOLDING
from data.signups import RosterLine
from data.tables import Member


@dataclass(frozen=True, slots=True)
class Listed:
    """One party: ``called`` is whom the seat is for, ``line`` how the list shows it."""

    member_id: int
    room_id: int | None
    for_whom: str
    called: str
    line: RosterLine


def parties(session: Session, lecture_id: int) -> list[Listed]:
    """Everybody on the list, in the order in which they took their place."""
    query = (
        select(SignUp, Member.name)
        .join(Member, col(SignUp.member_id) == col(Member.id))
        .where(SignUp.lecture_id == lecture_id, col(SignUp.state).in_(HOLDING))
        .order_by(col(SignUp.at), col(SignUp.id))
    )
    return [
        Listed(
            each.member_id,
            each.room_id,
            each.for_whom,
            each.for_whom or name,
            RosterLine(masked(name), masked(each.for_whom), each.people, each.state, ""),
        )
        for each, name in session.exec(query)
    ]
