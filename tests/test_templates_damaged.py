"""A damaged template is told as a fault of the template, with its name, and never as a traceback.

A document that was cut on a stick, or saved by a program that failed, once came out of ``check-config`` as an error
of the XML reader, of zlib, or as a TypeError.
"""

import zipfile
from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cli import main
from data.reports.word import SHIPPED, TemplateFault, check, render
from tests.test_reports_asked import config_of
from tests.town import DemoTown

BODY = "word/document.xml"
PARTS = (BODY, "word/styles.xml", "[Content_Types].xml", "_rels/.rels", "word/_rels/document.xml.rels",
         "word/footer1.xml", "docProps/core.xml", "word/numbering.xml", "word/settings.xml")  # fmt: skip


@cache
def whole() -> bytes:
    return (SHIPPED / "lecture.docx").read_bytes()


@cache
def parts() -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(whole())) as archive:
        return {each: archive.read(each) for each in archive.namelist()}


def packed(changed: dict[str, bytes]) -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, body in changed.items():
            archive.writestr(name, body)
    return made.getvalue()


def told(folder: Path, body: bytes) -> bool:
    """Whether it is told as a fault, or goes well; nothing else comes out."""
    path = folder / "lecture.docx"
    path.write_bytes(body)
    said = []
    for use in (check, lambda path: render(path, {})):
        try:
            use(path)
        except TemplateFault as fault:
            said.append(str(fault))
    assert all("模板 lecture.docx 有问题" in each for each in said)
    return len(said) == 2


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize(
    "damage",
    [
        lambda body: body[: len(body) // 2],
        lambda body: body[:-9],
        lambda _: b"",
        lambda _: b"<a/>",
        lambda body: b"\xff" + body,
        lambda body: body.replace(b"w:body", b"w:nobody").replace(b"Target=", b"Tarjet=").replace(b"PartName", b"Part"),
    ],
    ids=["half", "cut", "empty", "another", "odd", "renamed"],
)
def test_a_part_that_is_damaged(tmp_path: Path, name: str, damage: Callable[[bytes], bytes]) -> None:
    assert parts()[name]
    fault = told(tmp_path, packed(parts() | {name: damage(parts()[name])}))
    assert fault or name not in (BODY, "[Content_Types].xml"), "these cannot be done without"


@pytest.mark.parametrize("name", PARTS)
def test_a_part_that_is_missing(tmp_path: Path, name: str) -> None:
    told(tmp_path, packed({each: body for each, body in parts().items() if each != name}))


def test_what_is_not_damaged_is_read(tmp_path: Path) -> None:
    (tmp_path / "lecture.docx").write_bytes(packed(parts()))
    check(tmp_path / "lecture.docx")


def test_a_document_without_a_body_and_one_that_is_none(tmp_path: Path) -> None:
    nobody = parts()[BODY].replace(b"<w:body>", b"<w:x>").replace(b"</w:body>", b"</w:x>")
    assert told(tmp_path, packed(parts() | {BODY: nobody}))
    assert told(tmp_path, b"") and told(tmp_path, b"PK\x03\x04") and told(tmp_path, b"\xd0\xcf\x11\xe0")


def test_bytes_of_what_is_packed_are_changed(tmp_path: Path) -> None:
    raw = bytearray(whole())
    with zipfile.ZipFile(BytesIO(whole())) as archive:
        start = archive.getinfo(BODY).header_offset + 60
    raw[start : start + 40] = b"\xff" * 40
    assert told(tmp_path, bytes(raw))


def test_check_config_tells_of_each_file_and_of_no_traceback(
    town: DemoTown, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    for path in SHIPPED.glob("*.docx"):
        (folder / path.name).write_bytes(path.read_bytes())
    config = config_of(town, tmp_path)
    config.write_text(config.read_text("utf-8").replace("templates: ''", "templates: own"), "utf-8")
    assert main(["check-config", "--config", str(config)]) == 0, capsys.readouterr().err
    cut = parts() | {BODY: parts()[BODY][:900]}
    (folder / "lecture.docx").write_bytes(packed(cut))
    hostile = parts() | {BODY: parts()[BODY].replace(b"{{ title }}", b"{{ 9**(9**8) }}")}
    (folder / "report.docx").write_bytes(packed(hostile))
    assert main(["check-config", "--config", str(config)]) == 2
    said = capsys.readouterr().err
    assert "模板 lecture.docx 有问题：打不开" in said
    assert "模板 report.docx 有问题，在“{{ 9**(9**8) }}”这里：花括号里只能写名字，不能计算" in said
    assert "annual.docx" not in said and "Traceback" not in said


@settings(max_examples=40, deadline=None)
@given(
    cut=st.none() | st.integers(0, 36_000),
    flips=st.lists(st.tuples(st.integers(0, 36_000), st.integers(1, 255)), max_size=6),
)
def test_a_file_that_is_cut_or_flipped(
    tmp_path_factory: pytest.TempPathFactory, cut: int | None, flips: list[tuple[int, int]]
) -> None:
    raw = bytearray(whole()[:cut])
    for at, mask in flips:
        if at < len(raw):
            raw[at] ^= mask
    told(tmp_path_factory.getbasetemp(), bytes(raw))


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(PARTS),
    cut=st.none() | st.floats(0, 1),
    flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), max_size=4),
)
def test_a_part_that_is_cut_or_flipped(
    tmp_path_factory: pytest.TempPathFactory, name: str, cut: float | None, flips: list[tuple[float, int]]
) -> None:
    body = parts()[name]
    raw = bytearray(body if cut is None else body[: int(cut * len(body))])
    for at, mask in flips:
        if raw:
            raw[int(at * len(raw))] ^= mask
    told(tmp_path_factory.getbasetemp(), packed(parts() | {name: bytes(raw)}))
