"""The library: what it takes, who reviews it, and how a lecturer gets it."""

import asyncio
import base64
import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession
from sqlmodel import Session, select

from bot.pacing import Pacer
from bot.sender import Sender
from bot.transports.base import Outgoing
from bot.transports.memory import MemoryTransport
from bot.worker import Worker
from data import materials, town
from data.mail import Outbox, OutboxState
from data.materials import BadMaterial, FileGone, NoSuchMaterial, NotWaiting, OwnMaterial, SameMaterial
from data.pace import Speed
from data.record_tables import Material, MaterialDownload, MaterialState
from data.tables import Member
from tests.gateway.harness import require_gateway
from tests.town import NOW, DemoTown, Talk
from tests.transport_stages import Audience, MemoryStage, Play, Stage, WebStage, WechatyStage

PDF = b"%PDF-1.7 how not to be cheated"
LECTURER, COORDINATOR, RESIDENT = "覃警官", "干事小农", "坪顶梁伯"
TITLE = "防骗十招"
LATER = NOW + timedelta(minutes=1)


def office(*names: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return held.getvalue()


class Library:
    """The library of the demo town."""

    def __init__(self, demo: DemoTown, folder: Path, session: Session) -> None:
        self.session, self.folder = session, folder
        self.topics = town.topic_ids(session)
        people = {name: number or 0 for name, number in session.exec(select(Member.name, Member.id))}
        self.one, self.other = people[COORDINATOR], people["宣传委员周竹蓉"]

    def add(self, content: bytes = PDF, *, topic: str = "反诈骗", title: str = TITLE, name: str = "a.pdf") -> Material:
        return materials.add(
            self.session,
            topic_id=self.topics[topic],
            title=title,
            file_name=name,
            content=content,
            folder=self.folder,
            by=self.one,
            now=NOW,
        )

    def approved(self, content: bytes = PDF, **options: str) -> Material:
        material = self.add(content, **options)
        materials.approve(self.session, material, by=self.other, now=NOW)
        return material


@pytest.fixture
def library(town: DemoTown, tmp_path: Path) -> Iterator[Library]:
    with Session(town.engine, expire_on_commit=False) as session:
        yield Library(town, tmp_path / "materials", session)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PDF, "pdf"),
        (b"\x89PNG\r\n\x1a\n..", "png"),
        (b"\xff\xd8\xff\xe0", "jpg"),
        (office("[Content_Types].xml", "word/document.xml"), "docx"),
        (office("ppt/presentation.xml"), "pptx"),
        (office("xl/workbook.xml"), "xlsx"),
        (office("word/document.xml", "word/vbaProject.bin"), None),  # macros
        (office("anything.txt"), None),
        (b"PK\x03\x04 no archive", None),
        (b"MZ\x90 an executable", None),
        (b"<html>", None),
        (b"", None),
    ],
)
def test_a_file_is_known_by_what_is_in_it(content: bytes, kind: str | None) -> None:
    assert materials.kind_of(content) == kind


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("防骗.PDF", "防骗.pdf"),
        ("..\\..\\etc/passwd", "passwd.pdf"),
        ('a<b>:"|?*.exe', "a_b______.pdf"),
        ("../..", f"{TITLE}.pdf"),
        ("\u202e\x00fdp.exe", "fdp.pdf"),
        ("", f"{TITLE}.pdf"),
    ],
)
def test_a_name_is_cleaned_and_ends_in_what_the_file_is(library: Library, name: str, kept: str) -> None:
    material = library.add(name=name)
    assert material.file_name == kept
    assert (library.folder / material.path).read_bytes() == PDF
    assert (library.folder / material.path).resolve().is_relative_to(library.folder.resolve())


def test_what_cannot_be_taken_leaves_nothing(library: Library) -> None:
    for content, title in ((b"MZ", TITLE), (PDF + bytes(materials.MAX_SIZE), TITLE), (PDF, " \u200b ")):
        with pytest.raises(BadMaterial):
            library.add(content, title=title)
    library.add()
    with pytest.raises(SameMaterial):
        library.add()
    assert len(library.session.exec(select(Material)).all()) == 1
    assert len([each for each in library.folder.rglob("*") if each.is_file()]) == 1


def test_a_new_version_takes_the_place_of_the_old_when_it_is_approved(library: Library) -> None:
    first = library.approved()
    second = library.add(PDF + b" 2")
    assert (first.version, second.version) == (1, 2)
    assert [each.number for each in materials.of_topic(library.session, first.topic_id)] == [first.id]
    materials.approve(library.session, second, by=library.other, now=NOW)
    assert (first.state, second.state) == (MaterialState.WITHDRAWN, MaterialState.APPROVED)
    (piece,) = materials.of_topic(library.session, first.topic_id)
    assert (piece.number, piece.version, piece.kind, piece.reviewed_at) == (second.id, 2, "pdf", NOW)
    assert [each.version for each in materials.versions(library.session, first)] == [2, 1]


def test_nobody_reviews_what_they_uploaded_and_nothing_is_reviewed_twice(library: Library) -> None:
    material = library.add()
    assert materials.waiting(library.session) == [material]
    with pytest.raises(OwnMaterial):
        materials.approve(library.session, material, by=library.one, now=NOW)
    with pytest.raises(OwnMaterial):
        materials.give_back(library.session, material, "改一下", by=library.one, now=NOW)
    with pytest.raises(ValueError, match="note"):
        materials.give_back(library.session, material, " ", by=library.other, now=NOW)
    materials.give_back(library.session, material, "第3页数字旧了", by=library.other, now=NOW)
    assert (material.state, material.note) == (MaterialState.RETURNED, "第3页数字旧了")
    with pytest.raises(NotWaiting):
        materials.approve(library.session, material, by=library.other, now=NOW)
    assert materials.of_topic(library.session, material.topic_id) == []


def test_a_file_that_was_changed_on_the_disk_is_not_given_out(library: Library) -> None:
    material = library.approved()
    assert materials.content_of(material, library.folder) == PDF
    (library.folder / material.path).write_bytes(PDF + b"!")
    with pytest.raises(FileGone):
        materials.content_of(material, library.folder)


def test_what_was_taken_out_is_no_longer_found(library: Library) -> None:
    material = library.approved()
    assert materials.withdraw(library.session, material)
    assert not materials.withdraw(library.session, material)
    with pytest.raises(NoSuchMaterial):
        materials.find_approved(library.session, material.id or 0)
    assert materials.shelf(library.session) == []


# ---- in chat -------------------------------------------------------------------------------------------------------


def test_a_lecturer_gets_the_reviewed_version(town: DemoTown, library: Library) -> None:
    material = library.approved(name="防骗.pdf")
    library.add(PDF + b" not reviewed")
    number = material.id
    library.session.commit()
    talk = Talk(town, now=NOW + timedelta(hours=1))
    assert talk.say(LECTURER, None, "资料 防诈骗") == [
        f"[私聊 {LECTURER}] 反诈骗：《{TITLE}》第1版（PDF，1KB，2026年11月20日审过）"
    ]
    with town.session() as session:
        (row,) = session.exec(select(Outbox)).all()
        (download,) = session.exec(select(MaterialDownload)).all()
    assert (row.material_id, download.material_id) == (number, number)


def test_of_several_one_is_chosen(town: DemoTown, library: Library) -> None:
    first, second = library.approved(), library.approved(PDF + b" 2", title="案例")
    wanted = second.id
    library.session.commit()
    talk = Talk(town)
    (listed,) = talk.say(COORDINATOR, None, "资料 反诈骗")
    assert f"{first.id} 《{TITLE}》第1版" in listed or f"{wanted} 《案例》第1版" in listed
    assert "《案例》" in talk.say(COORDINATOR, None, f"资料 {wanted}")[0]
    with town.session() as session:
        assert session.exec(select(Outbox.material_id).where(Outbox.material_id == wanted)).all() == [wanted]
    assert "没有资料99" in talk.say(COORDINATOR, None, "资料 99")[0]
    assert "有课件的题目：反诈骗2份" in talk.say(COORDINATOR, None, "资料")[0]


def test_it_is_for_lecturers_and_coordinators_and_private(town: DemoTown, library: Library) -> None:
    library.approved()
    library.session.commit()
    talk = Talk(town)
    assert TITLE not in talk.say(RESIDENT, None, "资料 反诈骗")[0]
    assert all("私聊" in each for each in talk.say(LECTURER, "上坪村乡亲群", "资料 反诈骗")), "never in a group"
    assert "私聊" in talk.say(LECTURER, "上坪村乡亲群", "@小门 资料 反诈骗")[0]
    with town.session() as session:
        assert session.exec(select(MaterialDownload)).all() == []


def test_what_is_too_large_for_the_way_is_to_be_had_in_the_console(town: DemoTown, library: Library) -> None:
    material = library.approved()
    material.size = materials.CARRIERS["wechaty"] + 1
    room = library.session.exec(select(Member).where(Member.name == LECTURER)).one()
    room.transport = "wechaty"
    library.session.add_all((material, room))
    library.session.commit()
    talk = Talk(town)
    heard = replace(talk.heard(LECTURER, None, "资料 反诈骗"), transport="wechaty")
    assert "请到控制台" in talk.take(heard)[1][0]
    with town.session() as session:
        assert session.exec(select(MaterialDownload)).all() == []


# ---- over the wire -------------------------------------------------------------------------------------------------


def send_all(town: DemoTown, folder: Path, count: int) -> list[Outgoing]:
    """What the sender hands over, and no more than ``count`` times."""
    transport = MemoryTransport(lambda: LATER, name="webchat")

    async def run() -> None:
        sender = Sender(
            Worker(town.engine),
            {"webchat": transport},
            {"webchat": Pacer(Speed.none())},
            lambda: LATER,
            materials=folder,
        )
        for _ in range(count):
            await sender.drain()
        await sender.stop()

    asyncio.run(run())
    return transport.sent


def queued(town: DemoTown, library: Library) -> Material:
    material = library.approved(name="防骗.pdf")
    library.session.commit()
    Talk(town, sends=False).say(LECTURER, None, "资料 反诈骗")
    return material


def test_the_sender_hands_the_file_over(town: DemoTown, library: Library) -> None:
    queued(town, library)
    (message,) = send_all(town, library.folder, 2)
    assert (message.file, message.file_name, message.direct) == (PDF, "防骗.pdf", True)
    assert "第1版" in message.text


def test_a_file_that_is_gone_fails_its_row_and_nothing_else(town: DemoTown, library: Library) -> None:
    material = queued(town, library)
    (library.folder / material.path).unlink()
    assert [each for each in send_all(town, library.folder, 2) if each.file is not None] == []
    with town.session() as session:
        row = session.exec(select(Outbox).where(Outbox.material_id == material.id)).one()
    assert (row.state, row.error) == (OutboxState.FAILED, "文件《防骗.pdf》找不到了")


@pytest.mark.parametrize("large", [False, True], ids=["small", "largest"])
@pytest.mark.parametrize("carrier", ["memory", "webchat", pytest.param("wechaty", marks=pytest.mark.gateway)])
def test_a_file_arrives_after_its_text(carrier: str, tmp_path: Path, *, large: bool) -> None:
    """The contract of every transport of `materials.CARRIERS`, and of the one in memory."""
    if carrier == "wechaty":
        require_gateway()
    # A test's gateway is given up after a moment of silence, so there a smaller one stands for the largest.
    size = (1_000_000 if carrier == "wechaty" else materials.MAX_SIZE) if large else 2_000
    content = (PDF * (size // len(PDF) + 1))[:size]

    async def act(stage: Stage, _audience: Audience) -> None:
        message = Outgoing(stage.person, "给您课件", direct=True, file=content, file_name="防骗 十招.pdf")
        assert await stage.transport.send(message)
        await stage.shows("给您课件", direct=True)
        match stage:
            case MemoryStage():
                assert stage.transport.sent[-1].file == content
            case WebStage():
                assert await fetched(stage) == (
                    "attachment; filename*=UTF-8''%E9%98%B2%E9%AA%97%20%E5%8D%81%E6%8B%9B.pdf",
                    content,
                )
            case WechatyStage():
                sent = await stage._gateway.wait_sent(lambda sent: sent.kind == "file" and sent.to == stage.person)
                assert sent.size == len(content)

    Play(carrier, tmp_path / "chat.jsonl")(act)


def test_the_largest_for_a_gateway_fits_into_one_of_its_messages() -> None:
    box = len(base64.b64encode(bytes(materials.CARRIERS["wechaty"]))) + 1_000  # with names and ids
    assert 3_900_000 < box < 4 * 2**20


async def fetched(stage: WebStage) -> tuple[str, bytes]:
    """The file as a person at the page gets it."""
    while not (message := (await stage._page.until("message"))["message"])["file"]:
        pass
    assert (message["file"], message["picture"], message["bot"]) == ("防骗 十招.pdf", False, True)
    address = stage._pictures.removesuffix("picture") + f"file/{message['id']}"
    async with ClientSession() as session, session.get(address) as answer:
        return answer.headers["Content-Disposition"], await answer.read()
