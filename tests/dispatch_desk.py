"""What the tests of dispatching share: a desk at work in the demo town."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlmodel import Session, col, delete, select

from data import progress
from data.loop import Order
from data.tables import Lecturer, Member, Role
from tests.town import NOW, DemoTown, demo_rules

RULES = demo_rules()
THURSDAY = NOW.replace(hour=19, minute=30) + timedelta(days=6)
SHANGPING, SHIWAN = "上坪村乡亲群", "石湾村大家庭"
DESK, OTHER_DESK = "宣传委员周竹蓉", "干事小农"


@contextmanager
def at_work(town: DemoTown) -> Iterator[Session]:
    with Session(town.engine, expire_on_commit=False) as session, session.begin():
        yield session


def lecturer(session: Session, name: str) -> int:
    return session.exec(select(Lecturer.id).where(Lecturer.name == name)).one() or 0


def member(session: Session, name: str) -> int:
    return session.exec(select(Member.id).where(Member.name == name)).one() or 0


def unbind(town: DemoTown, name: str) -> None:
    """Nobody stands for this lecturer: the bot cannot reach them."""
    with at_work(town) as session:
        session.exec(delete(Role).where(col(Role.lecturer_id) == lecturer(session, name)))


def order_of(session: Session, number: int = 1) -> Order:
    return progress.find(session, number)


def said_to(lines: list[str], where: str) -> list[str]:
    return [line.partition("] ")[2] for line in lines if line.startswith(f"[{where}]")]
