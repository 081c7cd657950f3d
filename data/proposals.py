"""Whom to ask, as a coordinator reads it: up to three lecturers with reasons, and two times."""

from datetime import datetime

from sqlmodel import Session

from data import matching
from data.loop import Order
from data.phrases import day_and_time
from data.rules import Rules


def suggest(session: Session, order: Order, *, rules: Rules, now: datetime) -> str:
    """The proposals in lines; what to type stands with them."""
    found = matching.propose(session, order, rules=rules, now=now)
    if not found:
        return f"没有合适的老师可推荐。想到谁就发“{order.id}号 派 老师名”。"
    lines = [
        f"{place} {each.name}：{'，'.join(each.reasons) or '有空'}{'' if each.reachable else '（要打电话）'}"
        for place, each in enumerate(found, 1)
    ]
    slots = card_times(session, order, rules=rules, now=now, first=found[0].lecturer_id)
    times = [
        f"{place} {day_and_time(each.starts_at, rules.zone, now=now)}{f'（{each.reason}）' if each.reason else ''}"
        for place, each in enumerate(slots, 1)
    ]
    shown = f"\n时间：{'；'.join(times)}" if times else ""
    second = f"，“{order.id}号 1 2”用第2个时间" if len(times) > 1 else ""
    return (
        "推荐：\n"
        + "\n".join(lines)
        + shown
        + f"\n发“{order.id}号 1”派第1位{second}；也可“{order.id}号 派 老师名 时间”。"
    )


def card_times(session: Session, order: Order, *, rules: Rules, now: datetime, first: int) -> list[matching.Slot]:
    """The times that stand with the proposals: those of the ``first``."""
    return matching.times(session, order, rules=rules, now=now, lecturer_id=first)
