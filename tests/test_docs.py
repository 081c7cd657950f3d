"""The documentation tells what the code does, leads nowhere wrong, and names no machine of ours."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from bot.cli import COMMANDS
from bot.settings import SETTINGS
from data.townfile import read_town
from handlers import ROUTES
from scheduler import JOBS
from tests.town import ROOT
from tools.docs import DOCUMENTS, commands_page, config_page

READMES = ("README.md", "README.en.md")
PAGES = [*READMES, *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]
# Put together here, so that this file does not hold what it forbids.
REGISTRIES = [
    "".join(parts)
    for parts in (("pypi", ".org"), ("python", "hosted.org"), ("npm", "js.org"), ("npm", "js.com"), ("debian", ".org"))
]
MACHINE_PATHS = ["/".join(("", *parts)) for parts in (("work", "main"), ("work", "shared"), ("opt", "pypi"))]
INDEX_LINE = re.compile(r"^\s*(-i\b|-f\b|--(extra-)?index-url|--find-links|--trusted-host|--no-index)", re.MULTILINE)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_is_made_from_the_code_is_up_to_date(name: str) -> None:
    made = DOCUMENTS[name]()
    assert len(made) > 500
    assert (ROOT / name).read_text("utf-8") == made, "run: make docs"


def test_the_made_pages_tell_everything() -> None:
    assert SETTINGS
    assert ROUTES
    assert COMMANDS
    assert JOBS
    settings, commands = config_page(), commands_page()
    for setting in SETTINGS:
        assert f"| `{setting.key}` |" in settings
        assert setting.help in settings
    for route in ROUTES:
        assert all(word in commands for word in route.words)
    for name, meaning in [(each.name, each.help) for each in COMMANDS] + [(each.name, each.help) for each in JOBS]:
        assert f"| `{name}` | {meaning} |" in commands


@pytest.mark.parametrize("name", READMES)
def test_a_readme_opens_with_a_picture_and_the_two_commands(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    picture, run, test = (text.index(wanted) for wanted in ("docs/img/phone.png", "make run", "make test"))
    assert picture < run < test
    assert run < 1_500


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_to_files_that_exist(name: str) -> None:
    page = ROOT / name
    targets = list(_links(page.read_text("utf-8")))
    if name in READMES:
        assert len(targets) >= 8
    for target in targets:
        parts = urlsplit(target)
        if not parts.scheme and parts.path:
            assert (page.parent / parts.path).exists(), f"{name} → {target}"


def test_the_town_that_the_page_shows_is_a_town(tmp_path: Path) -> None:
    for block in re.findall(r"```yaml\n(.+?)```", (ROOT / "docs" / "town.md").read_text("utf-8"), re.DOTALL):
        name = block.splitlines()[0].removeprefix("# ")
        (tmp_path / name).write_text(block, "utf-8")
    topics = yaml.safe_load((ROOT / "data" / "lexicon" / "topics.yaml").read_text("utf-8"))
    files = read_town(tmp_path, topics=tuple(topics))
    assert len(files.town.villages) == 2
    assert files.town.lecturers[0].free
    assert len(files.snippets) == 1


def test_pictures_are_light() -> None:
    pictures = sorted((ROOT / "docs" / "img").iterdir())
    assert len(pictures) >= 2
    for picture in pictures:
        assert picture.stat().st_size <= 150_000, picture.name


def test_no_tracked_file_names_a_registry_or_a_machine_path() -> None:
    files = _tracked()
    assert len(files) > 50
    forbidden = [each.encode() for each in (*REGISTRIES, *MACHINE_PATHS)]
    found = [
        f"{path.relative_to(ROOT)}: {each.decode()}"
        for path in files
        for each in forbidden
        if each in path.read_bytes()
    ]
    assert found == []


def test_lock_files_name_no_index() -> None:
    locks = sorted((ROOT / "requirements").glob("*.txt"))
    assert len(locks) >= 2
    for lock in locks:
        text = lock.read_text("utf-8")
        assert "--hash=sha256:" in text
        assert INDEX_LINE.search(text) is None, lock.name
    node = (ROOT / "tests" / "gateway" / "package-lock.json").read_text("utf-8")
    assert '"integrity"' in node
    assert '"resolved"' not in node


def _links(text: str) -> Iterator[str]:
    yield from re.findall(r"\]\(([^)\s]+)\)", text)
    yield from re.findall(r'<img[^>]*\bsrc="([^"]+)"', text)


def _tracked() -> list[Path]:
    """What git keeps, as it lies here now; skipped where this is no clone."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git clone")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]
