"""The account behind a transport: since when it speaks, and whether it has to hold its tongue.

A new account listens for some days, then only answers for some days (养号). A logout or a refusal opens the breaker:
nothing leaves for a while, and a person is told. Both outlive a restart.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select as core_select
from sqlmodel import Session

from data.mail import Account, OutboxKind
from data.statements import table_of

_ACCOUNT = table_of(Account)
_ALL = core_select(_ACCOUNT.c.transport, _ACCOUNT.c.since, _ACCOUNT.c.breaker_until, _ACCOUNT.c.breaker_why)
ALL_KINDS = frozenset(OutboxKind)
_ANSWERS = frozenset({OutboxKind.REPLY})


@dataclass(frozen=True, slots=True)
class Caution:
    """How careful a town is with its account. Zero spans: not at all."""

    listen: timedelta = timedelta()  # a new account says nothing
    answer: timedelta = timedelta()  # and then only answers
    breaker: timedelta = timedelta()  # how long nothing leaves after a logout or a refusal


@dataclass(frozen=True, slots=True)
class Leave:
    """What an account may say now. ``until`` is when that changes by itself; ``why`` is for a person."""

    kinds: frozenset[OutboxKind] = ALL_KINDS
    until: datetime | None = None
    why: str = ""


FREE = Leave()


def seen(session: Session, transport: str, account_id: str, *, now: datetime) -> None:
    """The account is online; another account than before begins anew."""
    account = session.get(Account, transport)
    if account is None:
        session.add(Account(transport=transport, account_id=account_id, since=now))
    elif account_id and account.account_id != account_id:
        if account.account_id:  # else it was known before its name was
            account.since = now
        account.account_id = account_id


def trip(session: Session, transport: str, why: str, *, until: datetime, now: datetime) -> bool:
    """Open the breaker, or keep it open longer. Returns whether it was closed before."""
    if until <= now:
        return False
    account = session.get(Account, transport)
    if account is None:
        account = Account(transport=transport, since=now)
        session.add(account)
    closed = account.breaker_until is None or account.breaker_until <= now
    account.breaker_until, account.breaker_why = until, why
    session.flush()
    return closed


def close(session: Session, transport: str) -> None:
    """A person looked and says that the account is well."""
    account = session.get(Account, transport)
    if account is not None:
        account.breaker_until = None


def able_since(session: Session, transport: str) -> datetime | None:
    """When the account could last say anything, as far as it was noted."""
    account = session.get(Account, transport)
    return account.able_at if account is not None else None


def note_able(session: Session, transport: str, *, now: datetime) -> None:
    """The account can say anything now."""
    account = session.get(Account, transport)
    if account is not None:
        account.able_at = now


def leaves(session: Session, caution: Mapping[str, Caution], *, now: datetime) -> dict[str, Leave]:
    """What each account with a caution may say now."""
    rows = {row.transport: row for row in session.execute(_ALL)}
    return {
        transport: _leave(rows[transport], careful, now) if transport in rows else FREE
        for transport, careful in caution.items()
    }


def _leave(row: object, caution: Caution, now: datetime) -> Leave:
    since: datetime = row.since  # type: ignore[attr-defined]
    until: datetime | None = row.breaker_until  # type: ignore[attr-defined]
    if until is not None and until > now:
        return Leave(frozenset(), until, f"先停一停：{row.breaker_why}")  # type: ignore[attr-defined]
    speaks, pushes = since + caution.listen, since + caution.listen + caution.answer
    if now < speaks:
        return Leave(frozenset(), speaks, "新号头几天只听不说")
    if now < pushes:
        return Leave(_ANSWERS, pushes, "新号这几天只答不推")
    return FREE
