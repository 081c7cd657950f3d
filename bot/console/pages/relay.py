"""手动群: groups that a person serves by hand. Copy out what is to be said, paste in what was said."""

from sqlmodel import select

from bot.console.pages.relay_reading import DRAFT_PAGES
from bot.console.values import Answer, Ask, Deed, Done, Download, Html, Page
from bot.darkroom import draw
from data import relay, rooms
from data.desk_errors import BadEntry, NotThere
from data.desk_tables import ConsoleRole
from data.mail import Outbox
from data.tables import Picture, RoomKind

KINDS = ((RoomKind.RESIDENTS, "村民群"), (RoomKind.MIGRANTS, "外出务工群"), (RoomKind.COORDINATORS, "工作群"))


def show_all(ask: Ask) -> Answer:
    """The groups, those where something waits first."""
    groups = relay.served(ask.session, village_id=ask.scope, now=ask.now)
    villages = [(each.id, each.name) for each in rooms.villages(ask.session)]
    return Html("relay.html", "手动群", {"groups": groups, "villages": villages, "kinds": KINDS, "names": dict(KINDS)})


def add(ask: Ask) -> Done:
    """A group that is served by hand from now on."""
    if ask.form.get("kind") not in tuple(RoomKind):
        raise BadEntry("用途", "请选一个。")
    room = relay.add_room(
        ask.session,
        name=ask.form.need("name", "群名", longest=32),
        village_id=ask.form.number("village", "村"),
        kind=RoomKind(ask.form.get("kind")),
        now=ask.now,
    )
    return Done(
        f"/relay/{room.id}", f"“{room.name}”登记好了。群里有人说话，就粘贴到这里。", about=f"群{room.id}", reload=True
    )


def show(ask: Ask) -> Answer:
    """What is to be said in one group now, and where to paste what was said there."""
    room = relay.find_room(ask.session, ask.number, village_id=ask.scope)
    found = relay.cards(ask.session, ask.number, now=ask.now)
    last = ask.query.get("last", "")
    return Html("relay_room.html", room.name, {"room": room, "cards": found, "last": last if last.isdecimal() else ""})


def said(ask: Ask) -> Done:
    """One tap: it is in the group now."""
    row = relay.said(ask.session, ask.id("card"), village_id=ask.scope, by=ask.user.name, now=ask.now)
    return Done(f"/relay/{_here(ask, row)}?last={row.id}", "记下了，已经发出。", about=f"第{row.id}条")


def left_out(ask: Ask) -> Done:
    """It is not said after all."""
    row = relay.left_out(ask.session, ask.id("card"), village_id=ask.scope, by=ask.user.name, now=ask.now)
    return Done(f"/relay/{_here(ask, row)}", "好，这条不发了。", about=f"第{row.id}条")


def not_said(ask: Ask) -> Done:
    """It was tapped by mistake."""
    row = relay.not_said(ask.session, ask.id("card"), village_id=ask.scope, now=ask.now)
    return Done(f"/relay/{_here(ask, row)}", "放回去了。", about=f"第{row.id}条")


def picture(ask: Ask) -> Answer:
    """The picture of a card, to be saved and sent."""
    room = relay.find_room(ask.session, ask.number, village_id=ask.scope)
    row = ask.session.get(Outbox, ask.id("card"))
    if row is None or row.picture_id is None or relay.group_of(ask.session, row.room_id) != room.id:
        raise NotThere("这张图")
    kept = ask.session.exec(select(Picture).where(Picture.id == row.picture_id)).one()
    return Download(f"{kept.name.rsplit('.', 1)[0]}.png", "image/png", kept.png or draw(kept.svg), inline=True)


def _here(ask: Ask, row: Outbox) -> int:
    """The group of the address, which must be the card's. Raises `NotThere`."""
    if relay.group_of(ask.session, row.room_id) != ask.number:
        raise NotThere("这一条")
    return ask.number


PAGES: tuple[Page | Deed, ...] = (
    Page("/relay", show_all, "手动群：没有机器人的群，由人来收、来发", village=True, nav="手动群"),
    Deed("/relay/add", add, "登记手动群", "/relay", may=ConsoleRole.COORDINATOR),
    Page("/relay/{number}", show, "一个手动群：要发的话、粘贴群里的话", village=True),
    Page("/relay/{number}/picture/{card}", picture, "要发的图片", village=True),
    Deed("/relay/{number}/said/{card}", said, "手动发出", "/relay/{number}", village=True),
    Deed("/relay/{number}/left-out/{card}", left_out, "决定不发", "/relay/{number}", village=True),
    Deed("/relay/{number}/not-said/{card}", not_said, "放回没发的", "/relay/{number}", village=True),
    *DRAFT_PAGES,
)
