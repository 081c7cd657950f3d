"""The archive: what is kept of a lecture, on its page, on paper and in a zip; a year with its index."""

import argparse
import asyncio
import hashlib
import io
import re
import zipfile
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from openpyxl import load_workbook
from sqlmodel import Session, select

from bot import cli_archive
from data import archive
from data.database import open_reader
from data.desk_tables import Audit, ConsoleRole
from data.drawing.render import png
from data.loop import Lecture, LectureState, Photo, SignUp, Voice, VoiceKind
from data.reports import lecture as paper
from data.reports import zipped
from data.reports.photo import WIDE, small
from data.tables import Member
from handlers.desk.numbers import STEPS
from tests.desk import Desk, open_desk
from tests.test_reports import DURING, hold
from tests.test_reports_asked import config_of
from tests.town import NOW, ZONE, DemoTown

MARK = "<script>alert(1)</script>"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 3"><rect width="4" height="3" fill="#0b5fa5"/></svg>'
PICTURE = png(SVG, width=1200)


def keep(session: Session, folder: Path) -> int:
    """A lecture with all that can be kept of one; in the second village."""
    lecture = hold(session, 1, title=f"防骗{MARK}", attended=36, handouts=40)
    number = lecture.id or 0
    member = session.exec(select(Member)).first()
    assert member is not None
    member.name = "张三丰"
    member_id = member.id or 0
    session.add(SignUp(lecture_id=number, member_id=member_id, people=3, at=DURING))
    for mark, text in ((5, f"讲得好{MARK}，找我13800001234"), (4, "")):
        session.add(Voice(kind=VoiceKind.FEEDBACK, member_id=member_id, room_id=1, village_id=2, text=text, rating=mark,
                          lecture_id=number, at=DURING + timedelta(days=1, hours=3)))  # fmt: skip
    digest = hashlib.sha256(PICTURE).hexdigest()
    (folder / digest[:2]).mkdir(parents=True, exist_ok=True)
    (folder / digest[:2] / f"{digest}.png").write_bytes(PICTURE)
    for path, sha in ((f"{digest[:2]}/{digest}.png", digest), ("aa/gone.jpg", "gone"), ("../../etc/passwd", "away")):
        session.add(Photo(lecture_id=number, member_id=member_id, sha256=sha, path=path, size=len(PICTURE), at=DURING))
    session.flush()
    return number


def test_a_dossier_tells_all_and_names_nobody(town: DemoTown, tmp_path: Path) -> None:
    with town.session() as session:
        number = keep(session, tmp_path)
        kept = archive.of_lecture(session, session.get_one(Lecture, number), STEPS)
        body = paper.dossier(kept, templates=None, photos=tmp_path, zone=ZONE, now=NOW)
    made = Document(io.BytesIO(body))
    rows = {row.cells[0].text: row.cells[1].text for table in made.tables for row in table.rows}
    assert rows["报名"] == "3人（1家）"
    assert rows["到场"] == "36人"
    assert rows["评课"] == "2人，平均4.5分（5分1人、4分1人）"
    assert rows["直播"] == "—"
    assert rows["5"].startswith(f"讲得好{MARK}，找我138****1234")
    text = "\n".join([*(each.text for each in made.paragraphs), *rows, *rows.values()])
    assert "张三丰" not in text
    assert "13800001234" not in text
    assert len(made.inline_shapes) == 1
    assert "共3张，这里放1张" in text
    assert "{{" not in text
    assert "{%" not in text
    assert len(body) < 200_000


def test_photos_are_made_small_and_lose_what_the_camera_wrote() -> None:
    made = small(PICTURE)
    assert made is not None
    assert int.from_bytes(made[16:20], "big") == WIDE
    huge = PICTURE[:16] + (60_000).to_bytes(4, "big") * 2 + PICTURE[24:]
    for other in (b"", b"\xff\xd8\xff", b"RIFF....WEBPVP8 ", huge):
        assert small(other) is None


def test_one_lecture_in_a_zip(town: DemoTown, tmp_path: Path) -> None:
    with town.session() as session:
        kept = archive.of_lecture(session, session.get_one(Lecture, keep(session, tmp_path)), STEPS)
        body = zipped.one(kept, b"docx", photos=tmp_path, zone=ZONE)
    with zipfile.ZipFile(io.BytesIO(body)) as made:
        assert set(made.namelist()) == {"归档.docx", "归档.html", "照片/01.png"}
        assert made.read("照片/01.png") == PICTURE
        page = made.read("归档.html").decode()
    assert "<script>" not in page
    assert "张三丰" not in page
    assert '<img src="照片/01.png"' in page
    with zipfile.ZipFile(io.BytesIO(zipped.one(kept, b"docx", photos=tmp_path, zone=ZONE, room=10))) as full:
        assert full.read("照片/01.png") == small(PICTURE)


def options(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", type=Path)
    cli_archive.add_arguments(parser)
    return parser.parse_args(words)


def test_a_year_has_an_index(town: DemoTown, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with town.session() as session, session.begin():
        number = keep(session, tmp_path / "photos")
        hold(session, 2, title="=1+1")
        hold(session, 3, starts_at=DURING - timedelta(days=365))
        hold(session, 4, state=LectureState.CANCELLED)
    config = config_of(town, tmp_path)
    config.write_text(config.read_text("utf-8").replace("var/photos", "photos"), "utf-8")
    words = ("--config", str(config), "--year", "2026", "--out", str(tmp_path / "out"))
    assert cli_archive.run(options(*words)) == 0
    said = capsys.readouterr().out
    assert "2场，1张照片" in said and "有2张照片的文件不在了" in said
    assert "50% 已放1场，共2场\n100% 已放2场，共2场\n" in said
    with town.session() as session:
        (noted,) = session.exec(select(Audit)).all()
    assert (noted.who, noted.what) == ("命令行", "打包一年的档案")
    (path,) = (tmp_path / "out").iterdir()
    with zipfile.ZipFile(path) as made:
        assert made.testzip() is None
        top = "2026年宣讲档案/"
        index = made.read(f"{top}index.html").decode()
        links = re.findall(r'href="([^"]+)"', index)
        assert links == [f"课{each:04}/归档.html" for each in (number, number + 1)]
        assert {top + link for link in links} <= set(made.namelist())
        sheet = load_workbook(io.BytesIO(made.read(f"{top}index.xlsx"))).active
        assert sheet is not None
        rows = list(sheet.iter_rows(min_row=2, values_only=True))
        page = made.read(f"{top}{links[0]}").decode()
    assert [(row[0], row[7], row[8]) for row in rows] == [(number, 3, 36), (number + 1, 0, None)]
    assert [row[12:] for row in rows] == [(3, 2), (0, 0)]
    assert "有2张照片的文件不在了" in index and "有2张照片的文件不在了" in page
    assert rows[1][2] == "'=1+1"
    assert "<script>" not in index
    with pytest.raises(zipped.ArchiveThere, match="不覆盖"):
        cli_archive.run(options(*words))


def test_a_phone_shows_each_lecture_of_the_index_as_a_card(town: DemoTown, tmp_path: Path) -> None:
    """Fourteen columns on a phone broke each cell to one character a line, and the page was wider than the phone."""
    with town.session() as session, session.begin():
        hold(session, 1, attended=36, title="<b>", starts_at=DURING - timedelta(minutes=9))
        numbers = archive.numbers_of(session, 2026, ZONE)
        each = archive.each_of(session, numbers, STEPS)
        made = zipped.year(each, tmp_path, 2026, photos=tmp_path, zone=ZONE, now=NOW, step=lambda _done: None)
    with zipfile.ZipFile(made.path) as archived:
        index = archived.read("2026年宣讲档案/index.html").decode()
    heads = re.findall("<th>(.*?)</th>", index)
    named = re.findall('<td title="(.*?)">(.*?)</td>', index)
    assert [head for head, _ in named] == heads[1:] and ("到场", "36") in named and ("题目", "&lt;b&gt;") in named
    assert '<table class="list">' in index and "@media(max-width:60em){.list," in index


def test_a_year_that_breaks_off_leaves_nothing(town: DemoTown, tmp_path: Path) -> None:
    with town.session() as session, session.begin():
        keep(session, tmp_path)

    def breaks(_done: int) -> None:
        raise OSError("disk full")

    reader = open_reader(f"sqlite:///{town.path}")
    with Session(reader) as session:
        kept = archive.each_of(session, archive.numbers_of(session, 2026, ZONE), STEPS)
        with pytest.raises(OSError, match="disk full"):
            zipped.year(kept, tmp_path / "out", 2026, photos=tmp_path, zone=ZONE, now=NOW, step=breaks)
    reader.dispose()
    assert list((tmp_path / "out").iterdir()) == []


def test_a_disk_that_fills_up_at_a_photo_is_not_a_photo_that_is_gone(
    town: DemoTown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was counted as one whose file is not there, and the archive went on without it."""
    with town.session() as session:
        kept = archive.of_lecture(session, session.get_one(Lecture, keep(session, tmp_path)), STEPS)
    entered = zipfile.ZipFile.open

    def full(self: zipfile.ZipFile, name: Any, mode: Any = "r", **options: Any) -> Any:
        if mode == "w" and "照片/" in name.filename:
            raise OSError(28, "No space left on device")
        return entered(self, name, mode, **options)

    with monkeypatch.context() as patched:
        patched.setattr(zipfile.ZipFile, "open", full)
        with pytest.raises(OSError, match="No space left"):
            zipped.one(kept, b"docx", photos=tmp_path, zone=ZONE)

    def unread(_path: Path) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "read_bytes", unread)
    with zipfile.ZipFile(io.BytesIO(zipped.one(kept, b"docx", photos=tmp_path, zone=ZONE))) as made:
        assert "有3张照片的文件不在了" in made.read("归档.html").decode()


# ---- the console ---------------------------------------------------------------------------------------------------


def run(town: DemoTown, story: Callable[[Desk], Awaitable[None]]) -> None:
    async def told() -> None:
        async with open_desk(town) as desk:
            await story(desk)

    asyncio.run(told())


def test_the_archive_is_searched_and_shows_one(town: DemoTown, tmp_path: Path) -> None:
    with town.session() as session, session.begin():
        number = keep(session, tmp_path)
        other = hold(session, 2, title="高血压").id
        coming = hold(session, 3, state=LectureState.ANNOUNCED).id

    async def story(desk: Desk) -> None:
        clerk = desk.clerk(ConsoleRole.VIEWER)
        whole = await clerk.get("/archive")
        assert "共2条" in whole.text
        assert MARK not in whole.text
        for query, found in (({"q": "高血压"}, 1), ({"year": "2026"}, 2), ({"village": "2"}, 1), ({"topic": "2"}, 1),
                             ({"q": "月亮"}, 0)):  # fmt: skip
            assert f"共{found}条" in (await clerk.get("/archive", **query)).text, query
        page = await clerk.get(f"/archive/{number}")
        assert "36人" in page.text
        assert "138****1234" in page.text
        assert "张三丰" not in page.text
        assert MARK not in page.text
        assert Document(io.BytesIO((await clerk.get(f"/archive/{number}/word")).body)).tables
        with zipfile.ZipFile(io.BytesIO((await clerk.get(f"/archive/{number}/zip")).body)) as made:
            assert {"归档.docx", "归档.html"} <= set(made.namelist())
        assert (await clerk.get(f"/archive/{coming}")).status == 404
        assert (await clerk.get("/archive/9999")).status == 404
        village = desk.clerk(ConsoleRole.VILLAGE, village="上坪村")
        assert f"/archive/{other}" in (await village.get("/archive", village="2")).text
        assert f"/archive/{number}" not in (await village.get("/archive", village="2")).text
        for path in ("", "/word", "/zip"):
            assert (await village.get(f"/archive/{number}{path}")).status == 404

    run(town, story)
