"""What the groups will get in the days to come: the very choosing of the push job (`data.series`), run dry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from data.listeners import Listener, listeners
from data.pushes import open_board
from data.rules import Rules
from data.series import Choice


@dataclass(frozen=True, slots=True)
class Planned:
    """One push to come. ``leaves`` is after the quiet hours, in the town's zone."""

    leaves: datetime
    room_id: int
    room: str
    choice: Choice


def plan(
    session: Session,
    times: Sequence[datetime],
    *,
    rules: Rules,
    now: datetime,
    groups: Sequence[Listener] | None = None,
) -> list[Planned]:
    """What these groups (all, when None) get at these occurrences, as things stand. Nothing is written.

    A broadcast, or another text, changes it.
    """
    chosen = listeners(session) if groups is None else groups
    board = open_board(session, chosen, rules=rules, now=now)
    planned = []
    for occurrence in times:
        leaves = rules.quiet.after(occurrence).astimezone(rules.zone)
        local = leaves.replace(tzinfo=None)
        for each in chosen:
            choice = board.choose(each, local)
            if choice is not None:
                board.histories[each.room_id].note(choice, local)
                planned.append(Planned(leaves, each.room_id, each.name, choice))
    return planned
