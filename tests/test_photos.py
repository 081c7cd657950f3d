"""Photos: kept with the lecture, once, in a file that its content names."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from data import photos
from data.errors import NoPicture, NotBegun, PhotosFull
from data.loop import Lecture, Photo
from data.mail import Outbox
from handlers.message import Kind
from handlers.take import Outcome
from tests.shots import a_png
from tests.town import NOW, DemoTown, Talk

PNG = a_png()
AFTER = NOW + timedelta(days=3, hours=6)  # 课1 (黄秀兰) is over


class Camera:
    """Somebody who sends pictures to the bot."""

    def __init__(self, town: DemoTown, folder: Path) -> None:
        self.folder = folder
        town = replace(town, knowledge=replace(town.knowledge, photos=folder))
        self.talk = Talk(town, now=AFTER, sends=False)

    def shoot(self, who: str, picture: bytes | None, where: str | None = None) -> tuple[Outcome, list[str]]:
        heard = replace(self.talk.heard(who, where, ""), kind=Kind.IMAGE, picture=picture)
        return self.talk.take(heard)

    def files(self) -> list[Path]:
        return [path for path in self.folder.rglob("*") if path.is_file()] if self.folder.exists() else []


@pytest.mark.parametrize(
    ("start", "ending"),
    [
        (PNG, "png"),
        (b"\xff\xd8\xff\xe0 jfif", "jpg"),
        (b"GIF89a", "gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "webp"),
        (b"<svg onload=alert(1)>", None),
        (b"MZ an executable", None),
        (b"", None),
    ],
)
def test_a_picture_is_known_by_its_first_bytes(start: bytes, ending: str | None) -> None:
    assert photos.kind_of(start) == ending


def test_several_in_a_row_are_told_of_together(town: DemoTown, tmp_path: Path) -> None:
    camera = Camera(town, tmp_path / "photos")
    for number in range(3):
        camera.shoot("卫生院黄医生", PNG + bytes([number]))
    with town.session() as session:
        (row,) = session.exec(select(Outbox)).all()
        kept = session.exec(select(Photo)).all()
    assert row.text == "收到3张照片，存到课1《天冷了，血压怎么管》。"
    assert {(tmp_path / "photos" / each.path).read_bytes() for each in kept} == {PNG + bytes([n]) for n in range(3)}
    assert [each.lecture_id for each in kept] == [1, 1, 1]


def test_eight_photos_are_not_taken_for_a_bot_that_repeats_itself(town: DemoTown, tmp_path: Path) -> None:
    camera = Camera(town, tmp_path / "photos")
    for number in range(8):
        camera.shoot("卫生院黄医生", PNG + bytes([number]))
    assert len(camera.files()) == 8
    assert "记下了" in camera.talk.say("卫生院黄医生", None, "到场 36")[0]


def test_the_same_picture_is_kept_once(town: DemoTown, tmp_path: Path) -> None:
    camera = Camera(town, tmp_path / "photos")
    camera.shoot("卫生院黄医生", PNG)
    _, said = camera.shoot("卫生院黄医生", PNG)
    assert said == ["[私聊 卫生院黄医生] 这张课1已经有了。"]
    assert len(camera.files()) == 1


def test_only_lecturers_and_coordinators_and_only_in_a_direct_chat(town: DemoTown, tmp_path: Path) -> None:
    camera = Camera(town, tmp_path / "photos")
    assert camera.shoot("坪顶梁伯", PNG) == (Outcome.SILENT, [])
    assert camera.shoot("卫生院黄医生", PNG, "上坪村乡亲群") == (Outcome.SILENT, [])
    assert camera.files() == []


def test_a_lecturer_with_no_lecture_lately_is_not_listened_to(town: DemoTown, tmp_path: Path) -> None:
    camera = Camera(town, tmp_path / "photos")
    assert camera.shoot("莫律师", PNG) == (Outcome.SILENT, [])
    assert camera.files() == []


def test_a_picture_that_did_not_come_through_is_asked_for_again(town: DemoTown, tmp_path: Path) -> None:
    _, said = Camera(town, tmp_path / "photos").shoot("卫生院黄医生", None)
    assert "再发一次" in said[0]


def test_what_is_no_picture_is_refused(town: DemoTown, tmp_path: Path) -> None:
    camera = Camera(town, tmp_path / "photos")
    _, said = camera.shoot("卫生院黄医生", b"<script>alert(1)</script>")
    assert "JPG" in said[0]
    assert camera.files() == []


def test_which_lecture_can_be_said_before(town: DemoTown, tmp_path: Path) -> None:
    with town.session() as session, session.begin():
        session.get_one(Lecture, 2).starts_at = AFTER - timedelta(hours=1)  # later than 课1
    camera = Camera(town, tmp_path / "photos")
    assert "都存到课1" in camera.talk.say("干事小农", None, "照片 课1")[0]
    camera.shoot("干事小农", PNG + b"1")
    camera.shoot("干事小农", PNG + b"2")
    assert camera.talk.say("干事小农", None, "好了") == ["[私聊 干事小农] 好，课1一共2张照片。"]
    camera.shoot("干事小农", PNG + b"3")  # the latest
    with town.session() as session:
        assert [each.lecture_id for each in session.exec(select(Photo).order_by(col(Photo.id)))] == [1, 1, 2]


def _keep(town: DemoTown, session: Session, folder: Path, picture: bytes, *, now: datetime = AFTER) -> photos.Kept:
    return photos.keep(
        session,
        session.get_one(Lecture, 1),
        picture,
        folder=folder,
        member_id=1,
        now=now,
        rules=town.knowledge.rules,
    )


def test_a_lecture_keeps_twenty(town: DemoTown, tmp_path: Path) -> None:
    with town.session() as session:
        for number in range(photos.MOST):
            assert _keep(town, session, tmp_path, PNG + bytes([number])).photos == number + 1
        with pytest.raises(PhotosFull):
            _keep(town, session, tmp_path, PNG + b"one more")
    assert len(list(tmp_path.rglob("*.png"))) == photos.MOST


def test_too_big_or_too_early_is_refused_before_anything_is_written(town: DemoTown, tmp_path: Path) -> None:
    with town.session() as session:
        with pytest.raises(NoPicture):
            _keep(town, session, tmp_path, PNG + bytes(photos.MAX_SIZE))
        with pytest.raises(NotBegun):
            _keep(town, session, tmp_path, PNG, now=NOW)
    assert list(tmp_path.rglob("*.png")) == []
