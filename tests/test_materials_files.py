"""A file of the library that was lost is mended by the same file; no older version takes a newer one's place."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlmodel import Session, select

from data import materials
from data.errors import Declined
from data.materials import FileGone, OlderMaterial, SameMaterial, content_of
from data.record_tables import Material, MaterialState
from data.tables import Member
from data.town import topic_ids
from tests.desk import open_desk
from tests.test_console_materials import home, upload
from tests.town import NOW, DemoTown

PDF = b"%PDF-1.7 how not to be cheated"


@dataclass
class Shelf:
    """The library of the demo town, and two people: one who uploads, one who reviews."""

    session: Session
    folder: Path
    topic_id: int
    one: int
    other: int

    def add(self, content: bytes = PDF) -> Material:
        return materials.add(
            self.session,
            topic_id=self.topic_id,
            title="防骗十招",
            file_name="a.pdf",
            content=content,
            folder=self.folder,
            by=self.one,
            now=NOW,
        )

    def approve(self, material: Material) -> None:
        materials.approve(self.session, material, by=self.other, now=NOW)


@pytest.fixture
def shelf(town: DemoTown, tmp_path: Path) -> Iterator[Shelf]:
    with town.session() as session:
        people = list(session.exec(select(Member.id).limit(2)))
        assert len(people) == 2
        yield Shelf(session, tmp_path / "materials", topic_ids(session)["反诈骗"], people[0] or 0, people[1] or 0)


RUINS: dict[str, Callable[[Path], object]] = {
    "emptied by a power cut": lambda path: path.write_bytes(b""),
    "lost": Path.unlink,
    "changed": lambda path: path.write_bytes(PDF[:-1] + b"X"),
}


@pytest.mark.parametrize("ruin", RUINS.values(), ids=RUINS)
def test_the_same_file_mends_what_was_lost(shelf: Shelf, ruin: Callable[[Path], object]) -> None:
    """People had been sent from one message to the other: upload it again, it is there already."""
    material = shelf.add()
    shelf.approve(material)
    ruin(shelf.folder / material.path)
    with pytest.raises(FileGone):
        content_of(material, shelf.folder)
    assert shelf.add() is material, "no new version, no new review: it is the very file that was reviewed"
    assert content_of(material, shelf.folder) == PDF and material.state == MaterialState.APPROVED
    with pytest.raises(SameMaterial):
        shelf.add()


def test_a_broken_file_is_not_kept_for_the_next_version(shelf: Shelf) -> None:
    material = shelf.add()
    materials.withdraw(shelf.session, material)
    (shelf.folder / material.path).write_bytes(b"")
    again = shelf.add()
    assert again.version == 2 and content_of(again, shelf.folder) == PDF


def test_an_older_version_does_not_take_a_newer_ones_place(shelf: Shelf) -> None:
    third, fourth = shelf.add(b"%PDF-3"), shelf.add(b"%PDF-4")
    shelf.approve(fourth)
    with pytest.raises(OlderMaterial, match="第2版已经审过了，比第1版新") as told:
        shelf.approve(third)
    assert isinstance(told.value, Declined)
    assert (third.state, fourth.state) == (MaterialState.WAITING, MaterialState.APPROVED)
    materials.give_back(shelf.session, third, "有更新的了", by=shelf.other, now=NOW)
    fifth = shelf.add(b"%PDF-5")
    shelf.approve(fifth)
    assert (fourth.state, fifth.state) == (MaterialState.WITHDRAWN, MaterialState.APPROVED)


def test_the_console_says_that_it_was_mended(town: DemoTown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home(tmp_path, monkeypatch)

    async def story() -> None:
        async with open_desk(town) as desk:
            one, other = desk.clerk(), desk.clerk()
            first = await upload(one)
            await other.post(f"{first.path}/approve")
            (path,) = (each for each in tmp_path.rglob("*.pdf"))
            path.write_bytes(b"")
            desk.later(minutes=1)
            again = await upload(one)
            assert again.path == first.path and "补好了" in again.said
            assert path.read_bytes() == (await other.post(f"{first.path}/file")).body
            desk.later(minutes=1)
            assert "不用再传" in (await upload(one)).said

    asyncio.run(story())
