"""All that the console can show and do, in the order of its menu."""

from bot.console.pages import (
    calendar,
    cases,
    lecture,
    lectures,
    log,
    me,
    order,
    order_steps,
    orders,
    relay,
    signups,
    today,
)
from bot.console.values import Deed, Open, Page

PAGES: tuple[Page | Deed | Open, ...] = (
    *today.PAGES,
    *orders.PAGES,
    *order.PAGES,
    *order_steps.PAGES,
    *lectures.PAGES,
    *calendar.PAGES,
    *lecture.PAGES,
    *signups.PAGES,
    *cases.PAGES,
    *relay.PAGES,
    *log.PAGES,
    *me.PAGES,
)
