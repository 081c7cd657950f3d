"""Whether something can be held then; and if not, when it could."""

from datetime import datetime, timedelta

from sqlmodel import Session

from data.clashes import clashes
from data.errors import Taken
from data.phrases import day_and_time
from data.rules import Rules

_DAYS = 7  # how far other times are looked for
_OFFERED = 2


def require_free(
    session: Session,
    *,
    starts_at: datetime,
    minutes: int,
    lecturer_id: int,
    venue: str,
    village_id: int | None,
    rules: Rules,
    now: datetime,
    ignoring: int | None = None,
) -> None:
    """Raises `Taken`, with the reasons and the nearest times that would do, where lecturer, place or people are not
    free; ``ignoring`` is the lecture that is being moved."""

    def reasons(at: datetime) -> tuple[str, ...]:
        return clashes(
            session,
            starts_at=at,
            minutes=minutes,
            lecturer_id=lecturer_id,
            venue=venue,
            village_id=village_id,
            ignoring=ignoring,
            rules=rules,
        )

    found = reasons(starts_at)
    if not found:
        return
    local = starts_at.astimezone(rules.zone)
    clocks = dict.fromkeys((local.time(), *rules.usual_times))
    days = (local.date() + timedelta(days=ahead) for ahead in range(_DAYS))
    moments = (datetime.combine(day, clock, tzinfo=rules.zone) for day in days for clock in clocks)
    free: list[str] = []
    for moment in moments:
        if len(free) == _OFFERED:
            break
        if moment > now and moment != starts_at and not reasons(moment):
            free.append(day_and_time(moment, rules.zone, now=now))
    raise Taken(found, tuple(free))
