"""Pictures that were laid out here: how one becomes a PNG, and is kept."""

from sqlmodel import Session

from data.drawing.render import png
from data.drawing.styles import WIDE
from data.tables import Picture


def shown(picture: Picture) -> bytes:
    """Its PNG; drawn on the spot where nobody has seen it yet, and not kept."""
    return picture.png or png(picture.svg, width=WIDE)


def keep_drawn(session: Session, picture_id: int, drawn: bytes) -> None:
    """Keep the PNG of a picture; one that was let go of meanwhile stays away."""
    picture = session.get(Picture, picture_id)
    if picture is not None and not picture.png:
        picture.png = drawn
