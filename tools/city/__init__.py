"""A year of a prefecture city in a database: what the bot is measured on.

    python -m tools.city var/city.db --seed 1

The scale is that of one prefecture city as its reports tell it: 27,800 lectures, 4.42 million attendances and 6,000
lecturers in a year; 60,000 orders for them; a town has 16 villages, so 100 towns have 1,600. Opinions are as many as a
town of 16 villages reports (261 in four months), for the year's last four months. Who lives where, what is asked for
and when is dice: the same seed gives the same city.

Shapes. Nearly all of it is over: lectures and orders are archived, each with its trail of steps; some 500 orders are
open (a third of them late), some 600 lectures are announced, and only those have sign-ups. A lecture serves one order
or a few. Attendances are counts (`Lecture.attended`), which sum up to the city's figure exactly; some were put right
afterwards. Every group gets a text a week.
"""

import random
from datetime import datetime

from sqlalchemy import Engine, func, select

from data.loop import Assignment, Lecture, Order, SignUp, Step, Voice
from data.mail import Inbox, Outbox
from data.record_tables import LectureCount, MediaReport
from data.statements import table_of
from data.tables import Lecturer, Member, Room, Village
from tools.city import records, who, year
from tools.city.scale import CITY, TRANSPORT, YEAR_END, City, Scale

_KEPT = (LectureCount, Outbox, Inbox, MediaReport)


def make_city(
    engine: Engine, *, seed: int = 1, now: datetime = YEAR_END, transport: str = TRANSPORT, scale: Scale = CITY
) -> dict[str, int]:
    """Put the city into a database with today's schema, beside what is there; returns how many rows each table has."""
    with engine.begin() as connection:
        city = City(connection, scale, random.Random(seed), now, transport)
        who.places(city)
        who.people(city)
        who.lecturers(city)
        year.lectures(city)
        year.orders(city)
        year.sign_ups(city)
        year.voices(city)
        records.counts(city)
        records.cancelled(city)
        records.messages(city)
        records.media(city)
        tables = (Village, Room, Member, Lecturer, Lecture, Order, Assignment, Step, SignUp, Voice, *_KEPT)
        counted = {
            table_of(each).name: connection.execute(select(func.count()).select_from(table_of(each))) for each in tables
        }
        return {name: found.scalar_one() for name, found in counted.items()}
