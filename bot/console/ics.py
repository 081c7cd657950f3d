"""A feed as an iCalendar file (RFC 5545), which a phone's calendar reads anew every hour."""

import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, date, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from data.desk import feeds

CONTENT_TYPE = "text/calendar; charset=utf-8"
_READ_EVERY = timedelta(hours=1)
_SINCE = date(2020, 1, 1)  # what the zone's rules were before is of no use
_END = b"END:VCALENDAR"
_ADDRESS = re.compile(r"https?://[\x21-\x7e]{1,500}")  # nothing that could end the line
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


def calendar(name: str, events: Iterable[feeds.Event], *, town: str, zone: ZoneInfo) -> bytes:
    """The file. The id of each event stays the same as long as the town keeps its name."""
    from icalendar import Calendar, vText  # loaded only where it is used

    made = Calendar()
    made.add("prodid", "-//menlou//calendar//ZH")
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", vText(_line(f"{town}讲课 {name}")))  # of no known type: it would not be escaped
    made.add("x-wr-timezone", zone.key)
    made.add("refresh-interval", _READ_EVERY, parameters={"value": "DURATION"})
    made.add("x-published-ttl", "PT1H")
    made.add_component(_zone(zone.key))
    whose = hashlib.sha256(town.encode()).hexdigest()[:12]
    head, end, behind = bytes(made.to_ical()).rpartition(_END)
    return b"".join((head, *(_event(each, whose, zone) for each in events), end, behind))


@lru_cache(maxsize=4)
def _zone(key: str) -> Any:
    from icalendar import Timezone  # loaded only where it is used

    return Timezone.from_tzid(key, first_date=_SINCE)


@lru_cache(maxsize=2 * feeds.MOST)
def _event(each: feeds.Event, whose: str, zone: ZoneInfo) -> bytes:
    """One event as it is written. Phones ask every hour, and hardly ever is one another than it was."""
    from icalendar import Event  # loaded only where it is used

    made = Event()
    made.add("uid", f"lecture-{each.number}@{whose}.menlou.invalid")
    made.add("sequence", each.changes)
    made.add("dtstamp", each.changed_at.astimezone(UTC))
    made.add("last-modified", each.changed_at.astimezone(UTC))
    made.add("dtstart", each.starts_at.astimezone(zone))
    made.add("dtend", each.ends_at.astimezone(zone))
    made.add("summary", _line(f"（取消）{each.title}" if each.cancelled else each.title))
    made.add("description", _clean(each.about))
    made.add("status", "CANCELLED" if each.cancelled else "CONFIRMED")
    if each.where:
        made.add("location", _line(each.where))
    if _ADDRESS.fullmatch(each.live_url):
        made.add("url", each.live_url)
    return bytes(made.to_ical())


def _clean(words: str) -> str:
    """Without control characters but the line end, which the writer escapes."""
    return _CONTROL.sub("", words)


def _line(words: str) -> str:
    return " ".join(_clean(words).split())
