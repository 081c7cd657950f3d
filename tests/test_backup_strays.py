"""What else lies in the folders that are backed up, or leads out of them: the backup is made, and says what lacks."""

import errno
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot import cli
from bot.alone import AlreadyRunning, be_alone
from bot.backup import BackupError, Plan, back_up, bring, check, drill, restore
from bot.backup.archive import is_plain
from bot.backup.make import made_backups
from bot.backup.tree import LeftOut, _folders, files_of
from tests.town import NOW, ROOT, DemoTown

PHOTOS = "lecture.photos"
GOOD = f"{PHOTOS}/ab/abc.jpg"
LATER = NOW + timedelta(hours=3)


@pytest.fixture
def plan(town: DemoTown, tmp_path: Path) -> Plan:
    photos = tmp_path / "photos"
    (photos / "ab").mkdir(parents=True)
    (photos / "ab" / "abc.jpg").write_bytes(b"good" * 99)
    return Plan(f"sqlite:///{town.path}", {PHOTOS: photos}, tmp_path / "backups")


# ---- names ---------------------------------------------------------------------------------------------------------

STRAYS = [b"x.jpg:Zone.Identifier", b"10:30.jpg", b"back\\slash.jpg", b"new\nline.jpg", b"gbk-\xd5\xd5\xc6\xac.jpg"]


@pytest.mark.parametrize("name", STRAYS)
def test_a_stray_name_does_not_end_all_backups(plan: Plan, name: bytes) -> None:
    """A photo copied from Windows brought "x.jpg:Zone.Identifier" along, and from then on every backup failed with
    "menlou-….part 不能用"; a name in GBK ended in a traceback."""
    stray = os.path.join(os.fsencode(plan.folders[PHOTOS]), b"ab", name)
    with open(stray, "wb") as file:
        file.write(b"x")
    made = back_up(plan, now=NOW)
    assert set(made.manifest.members) == {"town.db", GOOD}
    assert "没备份进去" in made.trouble and "名字里有不能用的字" in made.trouble and "1个" not in made.trouble
    made.trouble.encode()  # as it is printed
    assert drill(made.path).manifest == made.manifest


def test_many_strays_are_told_in_one_short_line(plan: Plan) -> None:
    for number in range(40):
        (plan.folders[PHOTOS] / "ab" / f"{number}:.jpg").touch()
    said = back_up(plan, now=NOW).trouble
    assert "等40个" in said and len(said) < 600


REFUSALS = pytest.mark.parametrize(
    ("number", "why"),
    [(errno.EACCES, "没有权限"), (errno.EIO, "硬盘读写出错"), (errno.ESTALE, "网络盘断开过"), (errno.ENOENT, "")],
)


@REFUSALS
def test_what_may_not_be_read_is_told_and_the_rest_is_backed_up(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, number: int, why: str
) -> None:
    """Somebody had copied a photo in as root: the backups ended there. So they did where a disk could not read one."""
    other = plan.folders[PHOTOS] / "ab" / "other.jpg"
    other.touch()
    opened = Path.open

    def closed(self: Path, *args: object, **options: object) -> object:
        if self == other:
            raise OSError(number, "refused", str(self))
        return opened(self, *args, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", closed)
    made = back_up(plan, now=NOW)
    assert set(made.manifest.members) == {"town.db", GOOD}
    assert (f"{other}（{why}）" in made.trouble) if why else made.trouble == ""


def refuse(monkeypatch: pytest.MonkeyPatch, number: int, which: Callable[[Path], bool]) -> None:
    """Nobody can look at these."""
    look = os.stat

    def stat(path: Any, **options: Any) -> os.stat_result:
        if not isinstance(path, int) and which(Path(os.fsdecode(path))):
            raise OSError(number, "refused", path)
        return look(path, **options)

    monkeypatch.setattr(os, "stat", stat)


@REFUSALS
def test_a_folder_that_may_be_read_but_not_entered_ends_no_backup(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, number: int, why: str
) -> None:
    """One of another user's, 0744: its names were there, and to ask what they are of ended the whole backup."""
    shut = plan.folders[PHOTOS] / "shut"
    shut.mkdir()
    (shut / "a.jpg").touch()
    refuse(monkeypatch, number, lambda path: path.parent == shut)
    made = back_up(plan, now=NOW)
    assert set(made.manifest.members) == {"town.db", GOOD}
    assert (f"{shut / 'a.jpg'}（{why}）" in made.trouble) if why else made.trouble == ""


@REFUSALS
def test_a_folder_that_goes_while_it_is_looked_through_ends_no_backup(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, number: int, why: str
) -> None:
    """Between its listing and a look at which it is."""
    goes = plan.folders[PHOTOS] / "goes"
    (goes / "below").mkdir(parents=True)
    refuse(monkeypatch, number, lambda path: path == goes)
    made = back_up(plan, now=NOW)
    assert set(made.manifest.members) == {"town.db", GOOD}
    assert (f"{goes}（{why}）" in made.trouble) if why else made.trouble == ""


def test_a_second_disk_that_fails_is_told_like_one_that_is_not_there(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was asked which it is, that it may not be part of the backup: it ended the first one too."""
    second = tmp_path / "usb"
    second.mkdir()
    refuse(monkeypatch, errno.EIO, lambda path: path == second)
    made = back_up(replace(plan, second=second), now=NOW)
    assert set(made.manifest.members) == {"town.db", GOOD} and "第二份没存上" in made.trouble


def test_photos_that_cannot_be_reached_are_told(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    photos, scan = plan.folders[PHOTOS], os.scandir
    refuse(monkeypatch, errno.EACCES, lambda path: path == photos)

    def shut(path: Any) -> Any:
        if Path(path) == photos:
            raise PermissionError(errno.EACCES, "refused", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", shut)
    made = back_up(plan, now=NOW)
    assert set(made.manifest.members) == {"town.db"} and f"{photos}（没有权限）" in made.trouble


def test_many_folders_in_one_are_told_apart_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each was looked for in the list of all the others: 20,000 of them took three seconds, twice."""
    compared = list[str]()

    class Name(str):
        def __eq__(self, other: object) -> bool:
            compared.append(self)
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    many = 300
    monkeypatch.setattr(os, "walk", lambda *_, **__: iter([(str(tmp_path), [Name(n) for n in range(many)], ["x"])]))
    assert [names for _, names in _folders(tmp_path, LeftOut(), set(), lambda _: False)] == [["x"]]
    assert len(compared) < many


def test_a_plain_name_is_one_on_any_system() -> None:
    assert is_plain("ab/照片 1.jpg")
    assert not any(map(is_plain, ("", "/a", "a//b", "../a", "a/.", "a:b", "a\\b", "a\nb", "a\udcd5b", "长" * 9_999)))


def test_a_folder_called_like_a_half_backup_is_left_alone(plan: Plan, tmp_path: Path) -> None:
    """Each backup tried to sweep it away as a file, and failed."""
    (tmp_path / "usb").mkdir()
    theirs = [folder / "menlou-x.part" for folder in (plan.folder, tmp_path / "usb")]
    for each in theirs:
        each.mkdir(parents=True)
    made = back_up(replace(plan, second=tmp_path / "usb"), now=NOW)
    assert made.trouble == "" and made.copy is not None and all(each.is_dir() for each in theirs)


# ---- links ---------------------------------------------------------------------------------------------------------


def moved(path: Path, to: Path) -> None:
    """To a bigger disk, and linked."""
    shutil.move(path, to)
    path.symlink_to(to)


@pytest.mark.parametrize("which", ["ab", "ab/abc.jpg", "."])
def test_photos_on_a_bigger_disk_are_backed_up_too(plan: Plan, tmp_path: Path, which: str) -> None:
    """The bot read them through the link, and the backup held none of them, without a word."""
    moved(plan.folders[PHOTOS] / which if which != "." else plan.folders[PHOTOS], tmp_path / "bigger")
    made = back_up(plan, now=NOW)
    assert set(made.manifest.members) == {"town.db", GOOD} and made.trouble == ""
    here = tmp_path / "here"
    restore(made.path, f"sqlite:///{here / 'town.db'}", {PHOTOS: here / "photos"}, now=LATER)
    assert (here / "photos" / "ab" / "abc.jpg").read_bytes() == b"good" * 99


def test_what_comes_back_goes_through_the_link(plan: Plan, tmp_path: Path) -> None:
    moved(plan.folders[PHOTOS] / "ab", tmp_path / "bigger")
    path = back_up(plan, now=NOW).path
    (tmp_path / "bigger" / "abc.jpg").write_bytes(b"spoilt")
    restore(path, plan.database_url, plan.folders, now=LATER)
    assert (plan.folders[PHOTOS] / "ab").is_symlink()
    assert (tmp_path / "bigger" / "abc.jpg").read_bytes() == b"good" * 99


def test_links_that_lead_round_have_an_end(plan: Plan) -> None:
    photos = plan.folders[PHOTOS]
    for name in ("aa", "zz"):  # the real one goes before each link to it
        (photos / name).symlink_to(photos / "ab")
    (photos / "ab" / "up").symlink_to(photos)
    made = back_up(plan, now=NOW)
    assert set(made.manifest.members) == {"town.db", GOOD}
    assert made.trouble.count("链接到已经在备份里的文件夹") == 2 and "up（链接到了数据库" in made.trouble


def test_a_disk_that_is_not_there_is_told(plan: Plan, tmp_path: Path) -> None:
    photos = plan.folders[PHOTOS]
    (photos / "cd").symlink_to(tmp_path / "unplugged")
    assert f"{photos / 'cd'}（链接的那头找不到" in back_up(plan, now=NOW).trouble
    shutil.rmtree(photos)
    photos.symlink_to(tmp_path / "unplugged")
    assert f"{photos}（链接的那头找不到" in back_up(plan, now=LATER).trouble


def test_what_is_no_plain_file_is_never_opened(plan: Plan, tmp_path: Path) -> None:
    photos = plan.folders[PHOTOS]
    os.mkfifo(photos / "ab" / "pipe")
    (photos / "ab" / "zero").symlink_to("/dev/zero")
    made = back_up(plan, now=NOW)
    assert set(made.manifest.members) == {"town.db", GOOD}
    assert made.trouble.count("不是普通的文件") == 2


def test_no_folder_yet_is_nothing_to_tell(plan: Plan, tmp_path: Path) -> None:
    left = LeftOut()
    assert list(files_of(tmp_path / "none", left)) == [] and left.words() == ""


# ---- backups among what is backed up -------------------------------------------------------------------------------


@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize("which", ["folder", "second"])
def test_a_backup_is_never_part_of_the_next(plan: Plan, tmp_path: Path, which: str, linked: bool) -> None:
    """In the photos' folder each backup held all before it: twice the size each day, until the disk was full."""
    inside = plan.folders[PHOTOS] / "backups"
    inside.mkdir()
    place = inside
    if linked:
        place = tmp_path / "link"
        place.symlink_to(inside)
    with pytest.raises(BackupError, match=r"一份套一份.*改到别处"):
        back_up(replace(plan, folder=place) if which == "folder" else replace(plan, second=place), now=NOW)
    assert list(inside.iterdir()) == []


def test_backups_that_a_link_leads_to_are_not_entered(plan: Plan) -> None:
    plan.folder.mkdir()
    (plan.folders[PHOTOS] / "old").symlink_to(plan.folder)
    for day in range(3):
        assert set(back_up(plan, now=NOW + timedelta(days=day)).manifest.members) == {"town.db", GOOD}


def test_check_config_says_so_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "config.yaml"
    tree = {"town": {"folder": str(ROOT / "data/demo")}, "backup": {"second_folder": "var/photos/usb"}}
    path.write_text(yaml.safe_dump(tree), "utf-8")
    assert cli.main(["check-config", "--config", str(path)]) == 2
    told = capsys.readouterr().err
    assert "backup.second_folder" in told and "第2行" in told and "一份套一份" in told


# ---- the database behind a link --------------------------------------------------------------------------------------


@pytest.fixture
def linked(town: DemoTown, tmp_path: Path) -> Path:
    town.engine.dispose()
    here = tmp_path / "here" / "town.db"
    here.parent.mkdir()
    here.symlink_to(town.path)
    return here


def test_a_restore_keeps_the_link_to_the_database(town: DemoTown, plan: Plan, linked: Path) -> None:
    """It put a file in the link's place: the disk that was meant for the database kept the old one."""
    url = f"sqlite:///{linked}"
    made = back_up(replace(plan, database_url=url), now=NOW)
    done = restore(made.path, url, plan.folders, now=LATER)
    assert linked.is_symlink() and linked.resolve() == town.path
    assert done.aside is not None and done.aside.parent == town.path.parent and not done.aside.is_symlink()


def test_one_database_is_one_by_either_name(town: DemoTown, linked: Path) -> None:
    release = be_alone(f"sqlite:///{linked}")
    with pytest.raises(AlreadyRunning):
        be_alone(f"sqlite:///{town.path}")
    release()


# ---- a file that comes back ------------------------------------------------------------------------------------------


def test_a_photo_is_never_away_while_it_is_replaced(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """The present one was moved aside before the copy was there: a full disk then left the name without a file."""
    path = back_up(plan, now=NOW).path
    photo = plan.folders[PHOTOS] / "ab" / "abc.jpg"
    photo.write_bytes(b"spoilt")

    def full(_source: Path, part: Path) -> None:
        part.write_bytes(b"go")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(BackupError, match="没有恢复成"):
        restore(path, plan.database_url, plan.folders, now=LATER)
    assert photo.read_bytes() == b"spoilt" and not list(photo.parent.glob("*before-restore*"))


def test_what_comes_back_is_durable_before_the_database_is(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database that speaks of a photo never survives a power cut that the photo's name does not."""
    path = back_up(plan, now=NOW).path
    photos, order = plan.folders[PHOTOS], list[Path]()
    shutil.rmtree(photos)
    swap = bring._swap

    def noted(*args: object) -> Path | None:
        order.append(Path("swap"))
        return swap(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(bring, "sync_folder", order.append)
    monkeypatch.setattr(bring, "_swap", noted)
    restore(path, plan.database_url, plan.folders, now=LATER)
    assert set(order[: order.index(Path("swap"))]) == {photos, photos / "ab"}


def _folder(photo: Path) -> None:
    photo.unlink()
    photo.mkdir()


def _link(photo: Path) -> None:
    photo.with_name("other").write_bytes(b"other")
    photo.unlink()
    photo.symlink_to(photo.with_name("other"))


def _dangling(photo: Path) -> None:
    photo.unlink()
    photo.symlink_to("nowhere")


@pytest.mark.parametrize("becomes", [_folder, _link, _dangling])
def test_whatever_has_the_name_is_kept_aside(plan: Plan, becomes: Callable[[Path], None]) -> None:
    path = back_up(plan, now=NOW).path
    photo = plan.folders[PHOTOS] / "ab" / "abc.jpg"
    becomes(photo)
    restore(path, plan.database_url, plan.folders, now=LATER)
    assert photo.read_bytes() == b"good" * 99 and not photo.is_symlink()
    (aside,) = photo.parent.glob("abc.before-restore.*")
    assert os.path.lexists(aside)
    assert check(path) and made_backups(plan.folder) == [path]


@pytest.mark.parametrize("target", ["..", "../town.db", "."])
def test_a_link_to_what_holds_the_database_is_left_out_and_told(plan: Plan, target: str) -> None:
    """``ln -s .. photos/loop`` took the live database along as a photo; it came back where no erasure reaches."""
    (plan.folders[PHOTOS] / "loop").symlink_to(target)
    made = back_up(plan, now=NOW)
    assert set(made.manifest.members) == {"town.db", GOOD}
    assert "loop（链接到了数据库，或装着它、装着照片的文件夹）" in made.trouble
