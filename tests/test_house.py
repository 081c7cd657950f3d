"""The rules of the house, kept by machines. Each guard first asserts that it found something to guard."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from handlers import QUESTIONS, ROUTES
from tests.town import ROOT

HOUSE = ("bot", "handlers", "scheduler", "data")
PLAIN = ("handlers", "scheduler", "data")  # the rooms that know no loop, no clock and no commit
MAX_FILE = 400  # lines
MAX_FUNCTION = 60

# Where each outside SDK may be imported, of the whole house; `tools` and `tests` are not of the house.
SDK_HOMES = {
    "apscheduler": {"scheduler/timetable.py"},
    "wechaty_puppet": {"bot/transports/wechaty/gateway.py"},
    "wechaty_puppet_service": {"bot/transports/wechaty/gateway.py"},
    "wechaty_grpc": {"bot/transports/wechaty/gateway.py"},
    "grpclib": {"bot/transports/wechaty/gateway.py"},
    "icalendar": {"bot/console/ics.py"},
    "segno": {"bot/login.py", "data/drawing/qr.py"},
    "resvg_py": {"data/drawing/render.py"},
    "fontTools": {"data/drawing/font.py"},
    "pylopdf_fonts_zh_cn": {"data/drawing/font.py"},
    "argon2": {"bot/console/gate.py"},
    "jinja2": {"bot/console/render.py", "data/reports/marks.py"},  # in Word's templates within bounds
    "docxtpl": {"data/reports/filling.py"},
    "docx": {"data/reports/filling.py"},
    "lxml": {"data/reports/filling.py"},
    "lunardate": {"data/lunar.py"},
    "chinese_calendar": {"data/workdays.py"},
}
SPREAD_SDKS = {  # imported in several places, within one room or a few
    "yaml": ("bot/", "data/"),
    "aiohttp": ("bot/",),
    "alembic": ("data/",),
    "openpyxl": (
        "data/snippetsheet.py",
        "data/bring/",
        "data/export_book.py",
        "data/reports/book.py",
        "data/reports/plots.py",
        "bot/console/sheets.py",
    ),
}
CLOCKS = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "time.time",
    "time.monotonic",
    "time.sleep",
}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def sources(*rooms: str) -> list[Path]:
    """The Python files of some rooms, without the migrations, which Alembic's habits rule."""
    found = [path for room in rooms for path in sorted((ROOT / room).rglob("*.py"))]
    return [path for path in found if "migrations" not in path.parts and "node_modules" not in path.parts]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def imports(tree: ast.Module) -> frozenset[str]:
    """The top packages that a module imports, at whatever depth of it."""

    def found() -> Iterator[str]:
        for node in ast.walk(tree):
            match node:
                case ast.Import():
                    yield from (alias.name.split(".")[0] for alias in node.names)
                case ast.ImportFrom(module=str(module), level=0):
                    yield module.split(".")[0]

    return frozenset(found())


@cache
def calls(tree: ast.Module) -> frozenset[str]:
    """What is called, by its last two names: ``datetime.now``, ``session.commit``; "?" is what has no name."""
    return frozenset(_called(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call))


def _called(what: ast.expr) -> str:
    match what:
        case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=name):
            return f"{owner}.{name}"
        case ast.Attribute(attr=name):
            return f"?.{name}"
        case ast.Name(id=name):
            return name
    return "?"


def offenders(rooms: tuple[str, ...], offends: Callable[[ast.Module], bool], *, at_least: int) -> list[str]:
    """The files that break a rule, after a look at whether there was something to guard."""
    found = sources(*rooms)
    assert len(found) >= at_least, f"only {len(found)} files in {rooms}"
    return [name_of(path) for path in found if offends(parsed(path))]


# ---- rooms ---------------------------------------------------------------------------------------------------------


def test_the_rooms_import_only_to_their_right() -> None:
    told = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={"PATH": "/usr/bin:/bin", "PYTHONUTF8": "1", "NO_COLOR": "1", "COLUMNS": "200"},
    )
    assert told.returncode == 0, told.stdout + told.stderr
    analyzed = re.search(r"Analyzed (\d+) files, (\d+) dependencies", told.stdout)
    contracts = re.search(r"Contracts: (\d+) kept, (\d+) broken", told.stdout)
    assert analyzed is not None, told.stdout
    assert contracts is not None, told.stdout
    assert int(analyzed[1]) > 30
    assert int(analyzed[2]) > 60
    assert int(contracts[1]) >= 3
    assert int(contracts[2]) == 0


def test_no_two_files_import_each_other_by_name_only() -> None:
    """Two files of the import knew each other, hidden from the machine behind a check for type checkers."""

    def hides(tree: ast.Module) -> bool:
        return any(isinstance(node, ast.alias) and node.name == "TYPE_CHECKING" for node in ast.walk(tree))

    assert not offenders(HOUSE, hides, at_least=300)


@pytest.mark.parametrize("sdk", SDK_HOMES)
def test_an_outside_sdk_is_imported_in_one_place(sdk: str) -> None:
    assert set(offenders(HOUSE, lambda tree: sdk in imports(tree), at_least=40)) == SDK_HOMES[sdk]


def test_jieba_is_imported_in_one_place() -> None:
    homes = offenders(HOUSE, lambda tree: "jieba" in imports(tree), at_least=40)
    assert [Path(home).parent.as_posix() for home in homes] == ["handlers/understand"]


@pytest.mark.parametrize("sdk", SPREAD_SDKS)
def test_a_library_of_several_places_stays_in_its_rooms(sdk: str) -> None:
    homes = offenders(HOUSE, lambda tree: sdk in imports(tree), at_least=40)
    assert homes
    assert [home for home in homes if not home.startswith(SPREAD_SDKS[sdk])] == []


def test_each_outside_package_is_one_that_the_project_declares() -> None:
    """What the house imports from outside is named in pyproject.toml, or comes with what is named there."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"[\[<>=; ]", each)[0].lower() for each in project["dependencies"]}
    declared |= {"sqlalchemy", "pydantic", "grpclib", "wechaty-grpc"}  # sqlmodel's and the puppet layer's own
    modules = {
        "yaml": "pyyaml",
        "chinese_calendar": "chinesecalendar",
        "telnetlib": "standard-telnetlib",
        "argon2": "argon2-cffi",
        "fontTools": "fonttools",
        "docx": "docxtpl",
        "lxml": "docxtpl",
    }
    outside = {each for path in sources(*HOUSE) for each in imports(parsed(path))}
    outside -= {*HOUSE, *sys.stdlib_module_names}
    assert len(outside) > 5
    assert {modules.get(each, each.replace("_", "-")) for each in outside} <= declared


# ---- what the plain rooms never do ---------------------------------------------------------------------------------


def is_async(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.AsyncFunctionDef | ast.AsyncWith | ast.Await) for node in ast.walk(tree))


def test_only_the_body_is_async() -> None:
    assert offenders(PLAIN, is_async, at_least=25) == []
    assert len(offenders(("bot",), is_async, at_least=15)) > 5  # the guard sees what it looks for


def test_nothing_below_the_body_reads_the_clock() -> None:
    def reads_clock(tree: ast.Module) -> bool:
        return not CLOCKS.isdisjoint(calls(tree))

    assert offenders(PLAIN, reads_clock, at_least=25) == []
    assert offenders(("bot",), reads_clock, at_least=15)


def test_nothing_below_the_body_commits() -> None:
    def commits(tree: ast.Module) -> bool:
        return any(call.endswith(".commit") for call in calls(tree))

    assert offenders(PLAIN, commits, at_least=25) == []
    assert commits(ast.parse("with Session(engine) as session: session.commit()"))


def test_nothing_prints_what_it_caught() -> None:
    """No ``except Exception`` that only prints or passes, anywhere in the house."""

    def hushes(tree: ast.Module) -> bool:
        return any(
            isinstance(node, ast.ExceptHandler)
            and (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
            and all(isinstance(line, ast.Pass) or ast.unparse(line).startswith("print(") for line in node.body)
            for node in ast.walk(tree)
        )

    assert offenders(HOUSE, hushes, at_least=40) == []
    assert hushes(ast.parse("try:\n    go()\nexcept Exception as e:\n    print(e)"))


def test_no_test_sleeps() -> None:
    def sleeps(tree: ast.Module) -> bool:
        bare = any(
            isinstance(node, ast.ImportFrom) and any(alias.name == "sleep" for alias in node.names)
            for node in ast.walk(tree)
        )
        return bare or not {"time.sleep", "asyncio.sleep"}.isdisjoint(calls(tree))

    assert offenders(("tests",), sleeps, at_least=15) == []
    assert sleeps(ast.parse("await asyncio.sleep(0)"))
    assert sleeps(ast.parse("from time import sleep"))


# ---- sizes ---------------------------------------------------------------------------------------------------------


def test_no_file_is_too_long_to_read() -> None:
    found = sources(*HOUSE, "tests", "tools")
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in found}
    assert len(lengths) > 200
    assert max(lengths.values()) > 100
    assert {name: length for name, length in lengths.items() if length > MAX_FILE} == {}


def test_no_function_is_too_long_to_read() -> None:
    lengths = {
        f"{name_of(path)}:{node.lineno} {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path in sources(*HOUSE)
        for node in ast.walk(parsed(path))
        if isinstance(node, FUNCTIONS)
    }
    assert len(lengths) > 200
    assert max(lengths.values()) > 20
    assert {name: length for name, length in lengths.items() if length > MAX_FUNCTION} == {}


# ---- what the bot can hear and ask ---------------------------------------------------------------------------------


def test_each_route_and_question_has_a_name_of_its_own_and_each_route_its_help() -> None:
    assert len(ROUTES) >= 10
    assert len(QUESTIONS) >= 1
    names, kinds = [route.name for route in ROUTES], [question.kind for question in QUESTIONS]
    assert len(set(names)) == len(names)
    assert len(set(kinds)) == len(kinds)
    # The inbox keeps a route's name, a question's kind or a verdict in one column.
    assert not set(names) & set(kinds)
    assert not {*names, *kinds} & {"failed", "too_fast", "loop", "muted", "fine"}
    for route in ROUTES:
        assert route.help.strip(), route.name
        assert len(route.help) <= 120
        assert re.search(r"[\u4e00-\u9fff]", route.help), "what a person reads is Chinese"
        assert route.words or route.intents, f"nobody can reach {route.name}"
        re.compile(route.tail)


def test_each_route_with_words_tells_a_word_in_its_help() -> None:
    spoken = [route for route in ROUTES if route.words]
    assert len(spoken) >= 8
    assert [route.name for route in spoken if not any(word in route.help for word in route.words)] == []
