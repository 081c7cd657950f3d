"""All that the console can show and do, in the order of its menu."""

from bot.console.pages import (
    broadcast,
    broadcasts,
    calendar,
    cases,
    compose,
    lecture,
    lecturers,
    lectures,
    log,
    me,
    order,
    order_steps,
    orders,
    people,
    relay,
    series,
    signups,
    text_entry,
    texts,
    today,
    villages,
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
    *broadcasts.PAGES,
    *compose.PAGES,  # before the one with {number}
    *broadcast.PAGES,
    *texts.PAGES,
    *text_entry.PAGES,  # before the one with {number}
    *texts.TEXT_PAGES,
    *series.PAGES,
    *lecturers.PAGES,
    *villages.PAGES,
    *relay.PAGES,
    *people.PAGES,
    *log.PAGES,
    *me.PAGES,
)
