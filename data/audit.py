"""The log of the console (操作记录): each write, log-in, export and opened number, with who did it and from where."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from data.desk_tables import Audit, ConsoleUser
from data.names import clean_text, masked

_LONG = 200  # characters of one detail that are kept


def note(
    session: Session,
    what: str,
    *,
    now: datetime,
    user: ConsoleUser | None = None,
    user_id: int | None = None,
    who: str = "",
    about: str = "",
    detail: Mapping[str, object] | None = None,
    address: str = "",
) -> None:
    """Write down that ``what`` was done to ``about`` ("单12"); phone numbers in ``detail`` are masked."""
    session.add(
        Audit(
            at=now,
            user_id=user.id if user is not None else user_id,
            who=user.shown_name if user is not None else who,
            what=what,
            about=about[:_LONG],
            detail={key: _plain(value) for key, value in (detail or {}).items()},
            address=address,
        )
    )


def _plain(value: object) -> object:
    if isinstance(value, bool | int | float) or value is None:
        return value
    return masked(clean_text(str(value), limit=_LONG))
