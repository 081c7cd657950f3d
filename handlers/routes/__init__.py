"""All that the bot can hear by a word or by its meaning, in the sections that 帮助 shows."""

from dataclasses import replace

from handlers.routes.lecturers import LECTURERS
from handlers.routes.lectures import LECTURES
from handlers.routes.orders import ORDERS
from handlers.routes.people import PEOPLE
from handlers.routes.reports import REPORTS
from handlers.routes.residents import RESIDENTS
from handlers.routes.texts import TEXTS
from handlers.turn import Route

SECTIONS: tuple[tuple[str, tuple[Route, ...]], ...] = (
    ("大家", RESIDENTS),
    ("宣讲员", LECTURERS),
    ("点单和派单", ORDERS),
    ("开课", LECTURES),
    ("政策短文", TEXTS),
    ("通知、答复和群", PEOPLE),
    ("总结", REPORTS),
)
ROUTES: tuple[Route, ...] = tuple(replace(route, section=name) for name, routes in SECTIONS for route in routes)
