"""Photos that are cut off are refused by name, the others of the form are kept; on paper all stand upright."""

import asyncio
import io
import os
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from docx import Document
from sqlmodel import select

from data import archive, photos
from data.drawing.render import png
from data.loop import Lecture, LectureState, Photo
from data.photos import PictureCut
from data.reports import lecture as paper
from data.reports import word, zipped
from data.reports.photo import small
from handlers.desk.numbers import STEPS
from tests.desk import Clerk, Desk, Seen, open_desk
from tests.shots import JPEG, WEBP, a_png, colours, held
from tests.test_archive import keep
from tests.test_photos import Camera
from tests.town import NOW, ZONE, DemoTown

DRAWN = png('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>', width=90)
GIF = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\x00\x00\x00\x00\x00!\xf9\x04\x00\x00\x00\x00\x00,\x00\x00\x00\x00" \
      b"\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"  # fmt: skip
WHOLE = {"png": a_png(), "drawn": DRAWN, "jpg": JPEG, "exif": held(6), "gif": GIF, "webp": WEBP}


@pytest.mark.parametrize("name", WHOLE)
def test_what_is_whole_is_taken_and_nothing_shorter(name: str) -> None:
    picture = WHOLE[name]
    assert photos.whole(picture)
    assert photos.whole(picture + b"what phones write behind it;")
    shorter = [picture[:at] for at in range(len(picture) - 2)]
    assert [len(each) for each in shorter if photos.whole(each)] == []


def test_a_png_that_was_changed_on_its_way_is_not_whole() -> None:
    for at in range(8, len(DRAWN)):
        assert not photos.whole(DRAWN[:at] + bytes([DRAWN[at] ^ 1]) + DRAWN[at + 1 :])


def test_a_thumbnail_inside_does_not_pass_for_the_end() -> None:
    exif = b"Exif\x00\x00" + JPEG  # with its own end
    inside = JPEG[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + JPEG[2:]
    assert photos.whole(inside)
    assert not photos.whole(inside[:-10])


def test_in_chat_one_is_asked_to_send_it_again(town: DemoTown, tmp_path: Path) -> None:
    camera = Camera(town, tmp_path / "photos")
    _, said = camera.shoot("卫生院黄医生", JPEG[:300])
    assert "没传完整" in said[0]
    assert "再发一次" in said[0]
    assert camera.files() == []


def test_of_several_in_a_form_the_good_ones_are_kept_and_the_bad_named(town: DemoTown) -> None:
    async def story() -> None:
        async with open_desk(town) as desk:
            clerk = desk.clerk()
            path = f"/lectures/{begun(desk)}/photos"
            both = await _send(clerk, path, [("good.jpg", JPEG), ("cut.png", DRAWN[:60]), ("a.xlsx", b"PK")])
            assert both.said.startswith("存了1张照片。")
            assert "没有存“cut.png”：这张没传完整" in both.said
            assert "“a.xlsx”：" in both.said
            with desk.session() as session:
                assert len(session.exec(select(Photo)).all()) == 1
            bad = await _send(clerk, path, [("cut.png", DRAWN[:60])])
            assert bad.status == 422
            assert "cut.png" in bad.said

    asyncio.run(story())


def begun(desk: Desk) -> int:
    with desk.session() as session, session.begin():
        lecture = Lecture(
            topic_id=1, lecturer_id=1, village_id=1, title="防火", venue="祠堂", starts_at=NOW - timedelta(hours=3)
        )
        session.add(lecture)
        session.flush()
        return lecture.id or 0


async def _send(clerk: Clerk, path: str, files: list[tuple[str, bytes]]) -> Seen:
    class Several(dict[str, tuple[str, bytes]]):
        """A form's field with several files."""

        def items(self) -> list[tuple[str, tuple[str, bytes]]]:  # type: ignore[override]
            return [("photos", each) for each in files]

    return await clerk.post(path, files=Several())


UPRIGHT = {
    1: {"left": "red", "right": "blue"},
    2: {"left": "blue", "right": "red"},
    3: {"left": "blue", "right": "red"},
    4: {"left": "red", "right": "blue"},
    5: {"top": "red", "bottom": "blue"},
    6: {"top": "red", "bottom": "blue"},
    7: {"top": "blue", "bottom": "red"},
    8: {"top": "blue", "bottom": "red"},
}


@pytest.mark.parametrize(("orientation", "wanted"), UPRIGHT.items())
@pytest.mark.parametrize("order", "<>")
def test_on_paper_a_photo_stands_as_it_was_taken(orientation: int, wanted: dict[str, str], order: str) -> None:
    made = small(held(orientation, order=order))
    assert made is not None
    size = int.from_bytes(made[16:20], "big"), int.from_bytes(made[20:24], "big")
    assert size == ((32, 16) if orientation < 5 else (16, 32))
    assert {edge: colour for edge, colour in colours(made).items() if edge in wanted} == wanted


def test_exif_that_ends_too_soon_or_lies_does_no_harm() -> None:
    whole = held(6)
    for cut in range(4, 40):
        odd = whole[: 6 + cut] + b"\xff" * (40 - cut) + whole[46:]
        made = small(odd)
        assert made is None or made.startswith(b"\x89PNG")
    assert colours(small(held(9)) or b"")["left"] == "red"


def test_a_webp_gets_onto_paper_and_a_broken_photo_is_not_counted(town: DemoTown, tmp_path: Path) -> None:
    made = small(WEBP)
    assert made is not None
    assert colours(made)["left"] == "red"
    with town.session() as session:
        number = keep(session, tmp_path)
        (tmp_path / "bad.png").write_bytes(DRAWN[:60])
        session.add(Photo(lecture_id=number, member_id=1, sha256="bad", path="bad.png", size=60, at=NOW))
        session.flush()
        kept = archive.of_lecture(session, session.get_one(Lecture, number), STEPS)
        body = paper.dossier(kept, templates=None, photos=tmp_path, zone=ZONE, now=NOW)
    document = Document(io.BytesIO(body))
    assert len(document.inline_shapes) == 1
    assert "这里放1张" in "\n".join(each.text for each in document.paragraphs)


def test_a_photo_from_before_1980_does_not_stop_the_yearly_zip(town: DemoTown, tmp_path: Path) -> None:
    with town.session() as session:
        number = keep(session, tmp_path / "photos")
        for path in (tmp_path / "photos").rglob("*.png"):
            os.utime(path, (0, 0))
        kept = archive.of_lecture(session, session.get_one(Lecture, number), STEPS)
        made = zipped.year(
            [kept], tmp_path / "out", 2026, photos=tmp_path / "photos", zone=ZONE, now=NOW, step=lambda _: None
        )
        with zipfile.ZipFile(io.BytesIO(zipped.one(kept, b"", photos=tmp_path / "photos", zone=ZONE))) as one:
            assert "照片/01.png" in one.namelist()
    assert (made.lectures, made.photos) == (1, 1)
    assert zipfile.ZipFile(made.path).testzip() is None


def test_a_bad_template_of_an_archive_is_told_in_the_console(
    town: DemoTown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lecture.docx").write_bytes(b"PK not a document")
    monkeypatch.setattr(word, "SHIPPED", tmp_path)

    async def story() -> None:
        async with open_desk(town) as desk:
            number = begun(desk)
            with desk.session() as session, session.begin():
                session.get_one(Lecture, number).state = LectureState.ARCHIVED
            for what in ("word", "zip"):
                seen = await desk.clerk().get(f"/archive/{number}/{what}")
                assert seen.status == 400
                assert "模板 lecture.docx 有问题" in seen.text

    asyncio.run(story())


def test_a_cut_picture_is_a_kind_refusal() -> None:
    assert "重新选" in PictureCut().at_desk
