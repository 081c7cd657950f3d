"""The demo town's people and groups, as the web chat shows them."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from aiohttp import web

from bot.transports.webchat import WebChat, WebPerson, WebRoom
from data.townfile import TownFiles


def open_webchat(files: TownFiles, log: Path, clock: Callable[[], datetime], application: web.Application) -> WebChat:
    """A web chat of the town's simulated groups, on the page's root."""
    town = files.town
    groups = [
        WebRoom(room.id, room.name, str(room.kind), tuple(each.id for each in town.people if room.id in each.rooms))
        for room in town.rooms
    ]
    people = [WebPerson(each.id, each.name, each.role, each.about) for each in town.people]
    log.parent.mkdir(parents=True, exist_ok=True)
    chat = WebChat(groups, people, log, clock, zone=town.town.zone)
    chat.attach(application)
    return chat
