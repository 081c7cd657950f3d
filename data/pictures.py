"""Pictures that were laid out here: how the PNG of one is kept."""

from sqlmodel import Session

from data.tables import Picture


def keep_drawn(session: Session, picture_id: int, drawn: bytes) -> None:
    """Keep the PNG of a picture; one that was let go of meanwhile stays away."""
    picture = session.get(Picture, picture_id)
    if picture is not None and not picture.png:
        picture.png = drawn
