"""What the tests of series share: texts, series and groups that stand in no database, and what is chosen of them."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from data.listeners import Listener
from data.rules import Rules
from data.series import Board, Choice
from data.series_tables import Series, SeriesKind
from data.tables import RoomKind, Snippet
from data.workdays import WorkCalendar
from tests.town import ZONE, demo_rules

RULES = demo_rules()
GROUP = Listener(1, "上坪村乡亲群", RoomKind.RESIDENTS, "上坪村")
AWAY = Listener(2, "上坪在外乡亲群", RoomKind.MIGRANTS, "上坪村")
TWICE_A_DAY = ("0 12 * * *", "30 19 * * *")
WORK = WorkCalendar(ZONE, busy=(((7, 10), (8, 5)), ((12, 20), (1, 5))))
PLENTY = replace(RULES, per_week=0, work=WORK)


def text(number: int, **values: Any) -> Snippet:
    known: dict[str, Any] = {
        "key": f"t{number}", "topic_id": number, "title": f"第{number}条", "text": "话", "source": "镇里",
        "issued_on": date(2020, 1, 1), "expires_on": date(2040, 1, 1),
    }  # fmt: skip
    return Snippet(id=number, **{**known, **values})


def dated(*keys: str, days: tuple[str, ...], number: int = 1, **values: Any) -> Series:
    return Series(id=number, name=f"系列{number}", kind=SeriesKind.DATED, texts=list(keys), days=list(days), **values)


def course(*keys: str, **values: Any) -> Series:
    known: dict[str, Any] = {"id": 9, "name": "小课", "kind": SeriesKind.COURSE, "texts": list(keys), **values}
    return Series(**known)


def world(*texts: Snippet, series: tuple[Series, ...] = (), rules: Rules = PLENTY) -> Board:
    return Board(texts, series, {}, rules)


def days_of(board: Board, start: date, many: int, *, group: Listener = GROUP) -> list[tuple[datetime, Choice]]:
    """What the group gets, pushed at noon and in the evening of each day."""
    got = []
    for shift in range(many):
        for at in (time(12), time(19, 30)):
            moment = datetime.combine(start + timedelta(days=shift), at)
            if (choice := board.choose(group, moment)) is not None:
                board.histories[group.room_id].note(choice, moment)
                got.append((moment, choice))
    return got
