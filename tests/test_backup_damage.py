"""What is not the backup that was made is refused, before anything is touched."""

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.backup import BackupError, DamagedBackup, Plan, back_up, check, restore
from bot.backup.archive import DATABASE, INFLATES_FREE, MANIFEST, SEAL
from tests.town import NOW, DemoTown

PHOTOS = "lecture.photos"
PHOTO = f"{PHOTOS}/ab/abc.jpg"
LATER = NOW + timedelta(hours=3)
Contents = dict[str, bytes]


@pytest.fixture(scope="module")
def good(town_template: DemoTown, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("backup")
    (folder / "photos" / "ab").mkdir(parents=True)
    (folder / "photos" / "ab" / "abc.jpg").write_bytes(b"\xff\xd8\xff photo")
    plan = Plan(f"sqlite:///{town_template.path}", {PHOTOS: folder / "photos"}, folder / "backups")
    return back_up(plan, now=NOW).path


@pytest.fixture
def refused(tmp_path: Path) -> Callable[[Path], str]:
    """Restoring a file is refused and changes nothing: returns what is said."""

    def try_it(path: Path) -> str:
        here = tmp_path / "here"
        (here / "photos").mkdir(parents=True)
        with closing(sqlite3.connect(here / "town.db")) as database:
            database.execute("CREATE TABLE present (id)")
        before = {each: each.read_bytes() for each in here.rglob("*") if each.is_file()}
        with pytest.raises(BackupError) as told:
            restore(path, f"sqlite:///{here / 'town.db'}", {PHOTOS: here / "photos"}, now=LATER)
        after = {each: each.read_bytes() for each in here.rglob("*") if each.is_file()}
        assert {each: raw for each, raw in after.items() if each.name != "town.db.lock"} == before
        assert not list(tmp_path.glob("*.txt")), "something was written outside"
        return str(told.value)

    return try_it


def contents(path: Path) -> tuple[Contents, dict[str, Any]]:
    with ZipFile(path) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    return held, json.loads(held.pop(MANIFEST))


def forged(path: Path, held: Contents, manifest: dict[str, Any], *, honest: bool = True) -> Path:
    """An archive by somebody who knows how to seal one; ``honest`` where the manifest is made to fit."""
    if honest:
        manifest["members"] = {
            name: {"sha256": hashlib.sha256(raw).hexdigest(), "size": len(raw)} for name, raw in held.items()
        }
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, raw in {**held, MANIFEST: json.dumps(manifest).encode()}.items():
            info = ZipInfo("x")
            info.filename, info.compress_type = name, ZIP_DEFLATED
            archive.writestr(info, raw)
        archive.comment = SEAL + b"0" * 64
    sealed = path.read_bytes()[:-64]
    path.write_bytes(sealed + hashlib.sha256(sealed).hexdigest().encode("ascii"))
    return path


# ---- by accident -------------------------------------------------------------------------------------------------


@settings(max_examples=120, deadline=None)
@given(st.floats(0, 1, exclude_max=True), st.integers(0, 7))
def test_one_bit_that_flips_anywhere_is_seen(good: Path, place: float, bit: int) -> None:
    raw = bytearray(good.read_bytes())
    raw[int(place * len(raw))] ^= 1 << bit
    bad = good.with_name("bad.zip")
    bad.write_bytes(raw)
    with pytest.raises(DamagedBackup):
        check(bad)


def test_one_bit_that_flips_in_its_first_and_last_bytes_is_seen(good: Path) -> None:
    raw = good.read_bytes()
    bad = good.with_name("bad.zip")
    for at in [*range(60), *range(len(raw) - 240, len(raw))]:
        bad.write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
        with pytest.raises(DamagedBackup):
            check(bad)


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 1, exclude_max=True))
def test_one_that_ends_early_is_seen(good: Path, place: float) -> None:
    raw = good.read_bytes()
    bad = good.with_name("bad.zip")
    bad.write_bytes(raw[: int(place * len(raw))])
    with pytest.raises(DamagedBackup):
        check(bad)


def test_one_with_more_behind_it_is_seen(good: Path, refused: Callable[[Path], str], tmp_path: Path) -> None:
    bad = tmp_path / "bad.zip"
    bad.write_bytes(good.read_bytes() + b"\0")
    assert "它不是门楼的备份，或者没有存完整" in refused(bad)


def test_a_flipped_bit_is_told_kindly_and_nothing_changes(
    good: Path, refused: Callable[[Path], str], tmp_path: Path
) -> None:
    raw = bytearray(good.read_bytes())
    raw[len(raw) // 2] ^= 1
    bad = tmp_path / "bad.zip"
    bad.write_bytes(raw)
    assert refused(bad) == "bad.zip 不能用：内容和封存时不一样，坏了或被改过。请换一份备份。什么都没有改动。"


@pytest.mark.parametrize("raw", [b"", b"PK\x05\x06" + b"\0" * 18, b"\x89PNG\r\n\x1a\n" * 50, b"x" * 79])
def test_other_files_are_no_backups(raw: bytes, refused: Callable[[Path], str], tmp_path: Path) -> None:
    other = tmp_path / "photo.png"
    other.write_bytes(raw)
    assert "它不是门楼的备份" in refused(other)


def test_a_file_that_is_not_there(refused: Callable[[Path], str], tmp_path: Path) -> None:
    assert "没有这个文件" in refused(tmp_path / "none.zip")


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=4))
def test_one_that_was_sealed_again_with_other_bytes_is_refused_or_the_same(
    good: Path, changes: list[tuple[float, int]]
) -> None:
    """Bytes that say nothing (a time, an attribute) may differ; whatever is read from it is what was made."""
    raw = bytearray(good.read_bytes()[:-64])
    for place, value in changes:
        raw[-1 - int(place * min(len(raw) - 1, 2_000))] = value
    bad = good.with_name("resealed.zip")
    bad.write_bytes(raw + hashlib.sha256(raw).hexdigest().encode("ascii"))
    try:
        manifest = check(bad)
    except DamagedBackup:
        return
    assert manifest.members == check(good).members


# ---- on purpose --------------------------------------------------------------------------------------------------


def test_a_forged_one_with_nothing_wrong_is_taken(good: Path, tmp_path: Path) -> None:
    """So that what follows is refused for its own fault."""
    path = forged(tmp_path / "forged.zip", *contents(good))
    done = restore(path, f"sqlite:///{tmp_path / 'town.db'}", {PHOTOS: tmp_path / "photos"}, now=LATER)
    assert done.files == 1 and done.manifest == check(good)


def test_a_member_that_is_missing(good: Path, refused: Callable[[Path], str], tmp_path: Path) -> None:
    held, manifest = contents(good)
    del held[PHOTO]
    assert "少了或多了" in refused(forged(tmp_path / "f.zip", held, manifest, honest=False))


def test_a_member_too_many(good: Path, refused: Callable[[Path], str], tmp_path: Path) -> None:
    held, manifest = contents(good)
    held[f"{PHOTOS}/more.jpg"] = b"more"
    assert "少了或多了" in refused(forged(tmp_path / "f.zip", held, manifest, honest=False))


def test_no_database(good: Path, refused: Callable[[Path], str], tmp_path: Path) -> None:
    held, manifest = contents(good)
    del held[DATABASE]
    assert "里面没有数据库" in refused(forged(tmp_path / "f.zip", held, manifest))


@pytest.mark.parametrize(("name", "raw"), [(PHOTO, b"\xff\xd8\xff other"), (DATABASE, b"")])
def test_a_member_with_another_content(
    good: Path, refused: Callable[[Path], str], tmp_path: Path, name: str, raw: bytes
) -> None:
    held, manifest = contents(good)
    held[name] = raw
    assert "清单对不上" in refused(forged(tmp_path / "f.zip", held, manifest, honest=False))


@pytest.mark.parametrize(
    "name",
    [
        "../out.txt",
        f"{PHOTOS}/../../out.txt",
        f"{PHOTOS}/./out.txt",
        f"{PHOTOS}//out.txt",
        "/tmp/out.txt",
        f"{PHOTOS}/..\\..\\out.txt",
        f"{PHOTOS}/C:out.txt",
        f"{PHOTOS}/a\nb.txt",
        f"{PHOTOS}/",
        "town.db-wal",
        "config.yaml",
        "elsewhere/out.txt",
        f"{PHOTOS}/dir/",
    ],
)
def test_names_that_lead_elsewhere(good: Path, refused: Callable[[Path], str], tmp_path: Path, name: str) -> None:
    held, manifest = contents(good)
    held[name] = b"out"
    assert "不该有的文件名" in refused(forged(tmp_path / "f.zip", held, manifest))


@pytest.mark.parametrize("folder", ["..", "", ".", "/", "a/b"])
def test_folders_that_lead_elsewhere(good: Path, refused: Callable[[Path], str], tmp_path: Path, folder: str) -> None:
    held, manifest = contents(good)
    held[f"{folder}/out.txt"] = b"out"
    manifest["folders"] = [PHOTOS, folder]
    assert "不该有的文件名" in refused(forged(tmp_path / "f.zip", held, manifest))


def test_a_folder_that_this_program_does_not_know(good: Path, refused: Callable[[Path], str], tmp_path: Path) -> None:
    held, manifest = contents(good)
    held["poster.fonts/font.ttf"] = b"font"
    manifest["folders"] = [PHOTOS, "poster.fonts"]
    assert "请升级程序" in refused(forged(tmp_path / "f.zip", held, manifest))


def test_a_bomb(good: Path, refused: Callable[[Path], str], tmp_path: Path) -> None:
    held, manifest = contents(good)
    held[f"{PHOTOS}/bomb.jpg"] = bytes(INFLATES_FREE + 1)
    path = forged(tmp_path / "f.zip", held, manifest)
    assert path.stat().st_size < 2**20
    assert "大得不合常理" in refused(path)


def test_a_bomb_that_lies_about_its_size(good: Path, refused: Callable[[Path], str], tmp_path: Path) -> None:
    held, manifest = contents(good)
    bomb = bytes(8 * 2**20)
    held[f"{PHOTOS}/bomb.jpg"] = bomb
    manifest["members"][f"{PHOTOS}/bomb.jpg"] = {"sha256": hashlib.sha256(bomb[:10]).hexdigest(), "size": 10}
    path = forged(tmp_path / "f.zip", held, manifest, honest=False)
    assert "大小和清单对不上" in refused(path)
    raw = path.read_bytes()[:-64].replace(len(bomb).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    path.write_bytes(raw + hashlib.sha256(raw).hexdigest().encode("ascii"))
    shutil.rmtree(tmp_path / "here")
    assert "不能用" in refused(path)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"format": 2}, "结构不对"),
        ({"rows": {"village": 1}}, "数据库里的内容和清单对不上"),
        ({"schema": "0001"}, "数据库里的内容和清单对不上"),
        ({"rows": None}, "结构不对"),
        ({"rows": {"village": float("inf")}}, "结构不对"),
        ({"made_at": "昨天"}, "结构不对"),
        ({"folders": 3}, "结构不对"),
    ],
)
def test_a_manifest_that_does_not_fit(
    good: Path, refused: Callable[[Path], str], tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    held, manifest = contents(good)
    assert told in refused(forged(tmp_path / "f.zip", held, {**manifest, **change}))


def changed_database(raw: bytes, place: Path, *statements: str) -> bytes:
    place.write_bytes(raw)
    with closing(sqlite3.connect(place)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()
    return place.read_bytes()


def test_a_newer_schema(good: Path, refused: Callable[[Path], str], tmp_path: Path) -> None:
    held, manifest = contents(good)
    statement = "UPDATE alembic_version SET version_num = '9999'"
    held[DATABASE] = changed_database(held[DATABASE], tmp_path / "newer.db", statement)
    manifest["schema"] = "9999"
    assert "更新版本的程序做的（结构 9999），请升级程序" in refused(forged(tmp_path / "f.zip", held, manifest))


@pytest.mark.parametrize(
    "raw", [b"no database" * 99, b"SQLite format 3\0" + b"\xff" * 5_000, b""], ids=["text", "header", "empty"]
)
def test_a_database_that_is_none(good: Path, refused: Callable[[Path], str], tmp_path: Path, raw: bytes) -> None:
    held, manifest = contents(good)
    held[DATABASE] = raw
    assert "不能用：数据库" in refused(forged(tmp_path / "f.zip", held, manifest))


def test_a_database_whose_pages_are_damaged(good: Path, refused: Callable[[Path], str], tmp_path: Path) -> None:
    held, manifest = contents(good)
    raw = bytearray(held[DATABASE])
    for page in range(2, len(raw) // 4096, 3):
        raw[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    held[DATABASE] = bytes(raw)
    assert "不能用：数据库" in refused(forged(tmp_path / "f.zip", held, manifest))


def test_a_database_of_something_else(good: Path, refused: Callable[[Path], str], tmp_path: Path) -> None:
    held, manifest = contents(good)
    held[DATABASE] = changed_database(b"", tmp_path / "other.db", "CREATE TABLE other (id)")
    assert "没有门楼的表" in refused(forged(tmp_path / "f.zip", held, manifest))
