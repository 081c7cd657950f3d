"""Log-ins to the console: sessions that expire and can be ended, and a brake on wrong passwords."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, select

from data.console_users import token_hash
from data.desk_tables import ConsoleRole, ConsoleSession, ConsoleUser, Throttle

LIFE = timedelta(days=7)  # of a log-in, whatever happens
IDLE = timedelta(hours=12)  # … and without a page being opened
SEEN_EVERY = timedelta(minutes=5)  # how often that is written down
FREE_TRIES = 5  # wrong passwords before one has to wait
_WAIT = timedelta(seconds=30)  # doubled with each further one
_LONGEST = timedelta(minutes=15)
_FORGET = timedelta(hours=24)
_ADDRESS_TRIES = 30  # from one address, over all names: an office shares one


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is logged in. ``scope`` is the only village that they see, None where they see the town."""

    user_id: int
    name: str
    shown_name: str
    role: ConsoleRole
    village_id: int | None
    member_id: int
    token_hash: str
    csrf: str
    seen_at: datetime

    @property
    def scope(self) -> int | None:
        return self.village_id if self.role is ConsoleRole.VILLAGE else None


def begin(session: Session, user: ConsoleUser, *, now: datetime, address: str, agent: str) -> str:
    """Log in: a fresh token, whatever the browser had before."""
    token = secrets.token_urlsafe(32)
    assert user.id is not None
    session.add(
        ConsoleSession(
            token_hash=token_hash(token),
            user_id=user.id,
            csrf=secrets.token_urlsafe(24),
            created_at=now,
            seen_at=now,
            expires_at=now + LIFE,
            address=address[:64],
            agent=agent[:200],
        )
    )
    return token


def visitor(session: Session, token: str, *, now: datetime) -> Visitor | None:
    """Who holds this token now; None where it is unknown, over, or its user was closed."""
    query = select(ConsoleSession, ConsoleUser).join(ConsoleUser).where(ConsoleSession.token_hash == token_hash(token))
    found = session.exec(query).first()
    return _visitor(*found, now) if found is not None else None


def wrote(session: Session, token: str, csrf: str) -> int | None:
    """Whose log-in it was that this form comes from, though it may be over by now; None where it is none of ours."""
    login = session.get(ConsoleSession, token_hash(token))
    genuine = login is not None and hmac.compare_digest(login.csrf.encode(), csrf.encode())
    return login.user_id if login is not None and genuine else None


def _visitor(login: ConsoleSession, user: ConsoleUser, now: datetime) -> Visitor | None:
    over = login.ended_at is not None or login.expires_at <= now or login.seen_at + IDLE <= now
    nowhere = user.role is ConsoleRole.VILLAGE and user.village_id is None  # whose scope would be the whole town
    if over or nowhere or not user.active:
        return None
    assert user.id is not None
    return Visitor(
        user.id, user.name, user.shown_name, user.role, user.village_id, user.member_id,
        login.token_hash, login.csrf, login.seen_at,
    )  # fmt: skip


def same(session: Session, known: Visitor, *, now: datetime) -> bool:
    """Whether somebody who was let in a while ago is still logged in, with the same role, village and member."""
    query = select(ConsoleSession, ConsoleUser).join(ConsoleUser)
    found = session.exec(query.where(ConsoleSession.token_hash == known.token_hash)).first()
    return (
        found is not None
        and (here := _visitor(*found, now)) is not None
        and ((here.role, here.village_id, here.member_id) == (known.role, known.village_id, known.member_id))
    )


def seen(session: Session, token: str, *, now: datetime) -> None:
    """Note that a page was opened."""
    login = session.get(ConsoleSession, token)
    if login is not None:
        login.seen_at = now


def end(session: Session, hashed: str, *, now: datetime) -> None:
    """Log out."""
    login = session.get(ConsoleSession, hashed)
    if login is not None and login.ended_at is None:
        login.ended_at = now


def must_wait(session: Session, *, name: str, address: str, now: datetime) -> timedelta:
    """How long no password for this name, or from this address, is looked at; zero: it is."""
    waits = [each.until - now for each in _brakes(session, name, address) if each.until and each.until > now]
    return max(waits, default=timedelta())


def failed(session: Session, *, name: str, address: str, now: datetime) -> None:
    """A wrong password: count it, and let the next one wait where there were many."""
    known = {each.key: each for each in _brakes(session, name, address)}
    for key, free in _keys(name, address).items():
        brake = known.get(key) or Throttle(key=key, last_at=now)
        if brake.last_at + _FORGET < now:
            brake.failures, brake.until = 0, None
        brake.failures += 1
        brake.last_at = now
        if brake.failures >= free:
            brake.until = now + min(_WAIT * 2 ** min(brake.failures - free, 10), _LONGEST)
        session.add(brake)


def forgive(session: Session, *, name: str) -> None:
    """The right password: the name's wrong ones are forgotten, the address's are not."""
    brake = session.get(Throttle, f"name:{name}")
    if brake is not None:
        session.delete(brake)


def _keys(name: str, address: str) -> dict[str, int]:
    return {f"name:{name[:64]}": FREE_TRIES, f"address:{address[:64]}": _ADDRESS_TRIES}


def _brakes(session: Session, name: str, address: str) -> list[Throttle]:
    return [each for key in _keys(name, address) if (each := session.get(Throttle, key)) is not None]
