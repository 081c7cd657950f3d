"""The console as an attacker finds it: each page and each deed of the list, whoever adds one.

Nothing here names a page: what is declared in `bot.console.pages.PAGES` is walked, so a new one is attacked too.
"""

import asyncio
import hashlib
import random
import re
import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing
from itertools import product
from typing import Any

import pytest

from bot.console.pages import PAGES
from bot.console.values import Deed, Page, allows
from data.desk_tables import ConsoleRole
from tests.desk import Clerk, Desk, Seen, open_desk
from tests.lively import ELSEWHERE, Lively, make_lively
from tests.town import DemoTown

SHOWN = [each for each in PAGES if isinstance(each, Page) and not getattr(each, "public", False)]
DONE = [each for each in PAGES if isinstance(each, Deed)]
PART = re.compile(r"\{(\w+)\}")
EVIL = "<img src=x>\"'"  # as it is typed; shown as it is typed, it would be markup
OWN = ("audit", "console_session", "throttle", "alembic_version")  # what a refused attempt may write


def filled(path: str, values: Sequence[object]) -> str:
    """A path with its parts filled in, in order."""
    left = iter(values)
    return PART.sub(lambda _: str(next(left)), path)


def ids(path: str, most: int = 4) -> Iterator[str]:
    """A path with each small number in its parts; nothing but itself where it has none."""
    parts = PART.findall(path)
    for values in product(range(1, most + 1), repeat=min(len(parts), 2)):
        yield filled(path, (*values, *([1] * (len(parts) - len(values)))))


def run(town: DemoTown, story: Callable[[Desk, Lively], Awaitable[None]], mark: str = "") -> None:
    async def told() -> None:
        lively = make_lively(town, mark)
        async with open_desk(town) as desk:
            await story(desk, lively)

    asyncio.run(told())


def state(desk: Desk) -> dict[str, str]:
    """A digest of each table that an attempt may not touch."""
    with closing(sqlite3.connect(desk.town.path)) as raw:
        tables = [name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            name: hashlib.sha256(repr(raw.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall()).encode()).hexdigest()
            for name in tables
            if name not in OWN and not name.startswith("sqlite_")
        }


def test_there_is_something_to_attack() -> None:
    assert len(SHOWN) >= 20
    assert len(DONE) >= 30
    assert {each.page for each in DONE} <= {each.path for each in SHOWN}, "a deed's form is on a page that is there"


def test_nobody_sees_or_does_anything_without_logging_in(town: DemoTown) -> None:
    async def story(desk: Desk, _: Lively) -> None:
        before, stranger = state(desk), desk.stranger()
        for page in SHOWN:
            for path in (filled(page.path, "1" * 9), *([filled(page.path, "1" * 9) + "?as=xlsx"])):
                seen = await stranger.get(path)
                assert seen.path == "/login", path
        for deed in DONE:
            async with stranger.session.post(desk.address + filled(deed.path, "1" * 9), data={"csrf": "x"}) as answer:
                assert answer.url.path == "/login", deed.path
        assert state(desk) == before

    run(town, story)


def test_a_write_without_its_token_is_refused(town: DemoTown) -> None:
    async def story(desk: Desk, _: Lively) -> None:
        admin = desk.clerk(ConsoleRole.ADMIN)
        another = await desk.clerk().csrf()
        before = state(desk)
        for deed in DONE:
            for fields in ({}, {"csrf": ""}, {"csrf": "A" * 32}, {"csrf": another}):
                async with admin.session.post(desk.address + filled(deed.path, "1" * 9), data=fields) as answer:
                    assert answer.status == 403, deed.path
            async with admin.session.get(desk.address + filled(deed.path, "1" * 9)) as answer:
                assert answer.status in (200, 400, 404, 405), deed.path  # a link does nothing
        assert state(desk) == before

    run(town, story)


@pytest.mark.parametrize(
    "role", [ConsoleRole.VIEWER, ConsoleRole.VILLAGE, ConsoleRole.COORDINATOR, ConsoleRole.APPROVER]
)
def test_each_role_does_what_it_may_and_no_more(town: DemoTown, role: ConsoleRole) -> None:
    async def story(desk: Desk, _: Lively) -> None:
        clerk = desk.clerk(role, village=ELSEWHERE if role is ConsoleRole.VILLAGE else "")
        me = _Me(role)
        refused = 0
        before = state(desk)
        for page in SHOWN:
            if not allows(me, page.may, village=page.village):  # type: ignore[arg-type]
                assert (await clerk.get(filled(page.path, "1" * 9))).status == 403, page.path
                refused += 1
        token = await clerk.csrf()
        for deed in DONE:
            if not allows(me, deed.may, village=deed.village):  # type: ignore[arg-type]
                form = {"csrf": token}
                async with clerk.session.post(desk.address + filled(deed.path, "1" * 9), data=form) as answer:
                    assert answer.status == 403, deed.path
                refused += 1
        assert refused, "this role may do everything"
        assert state(desk) == before

    run(town, story)


class _Me:
    def __init__(self, role: ConsoleRole) -> None:
        self.role = role


def test_a_village_clerk_sees_nothing_of_other_villages(town: DemoTown) -> None:
    """Whatever ids a clerk tries: what was said in the other villages, their people and groups are not shown."""

    async def story(desk: Desk, lively: Lively) -> None:
        clerk, looked = desk.clerk(ConsoleRole.VILLAGE, village=ELSEWHERE), 0
        coordinator, marked = desk.clerk(ConsoleRole.ADMIN), 0
        for page in SHOWN:
            if not page.village:
                continue
            for path in ids(page.path, 5):
                for query in ("", "?as=xlsx", "?q=" + SECRET):
                    seen = await clerk.get(path + query)
                    assert seen.status < 500, path
                    assert SECRET not in without_search(seen), (path, query)
                    looked += 1
                marked += SECRET in (await coordinator.get(path)).text
        assert looked > 30 and marked > 5, "the marks would have been seen"

    run(town, story, SECRET)


SECRET = "暗号七七"


def without_search(seen: Seen) -> str:
    """The page without the field in which the words that were searched for stand."""
    return re.sub(r"<input[^>]*>|“[^”<]*”|<a [^>]*q=[^>]*>|<title>.*</title>", "", seen.text)


def test_a_village_clerk_changes_nothing_of_other_villages(town: DemoTown) -> None:
    async def story(desk: Desk, lively: Lively) -> None:
        clerk = desk.clerk(ConsoleRole.VILLAGE, village=ELSEWHERE)
        token, tried = await clerk.csrf(), 0
        mine = [deed for deed in DONE if deed.village and PART.search(deed.path)]
        before = state(desk)
        for deed in mine:
            for path in ids(deed.path, 4):
                form = {"csrf": token, **dict(GUESSES)}
                async with clerk.session.post(desk.address + path, data=form) as answer:
                    assert answer.status in (303, 400, 404, 422, 200), (path, answer.status)
                tried += 1
        after = state(desk)
        assert tried >= 8
        assert {name for name in after if after[name] != before[name]} <= {"relay_draft"}

    run(town, story)


GUESSES = (
    ("lecture", "1"), ("order", "1"), ("room", "2"), ("member", "3"), ("village", "1"), ("name", "某人"),
    ("people", "2"), ("text", "报名"), ("reason", "试试"), ("attended", "5"), ("id", "1"), ("signup", "1"),
)  # fmt: skip


def test_what_people_typed_is_never_markup(town: DemoTown) -> None:
    async def story(desk: Desk, lively: Lively) -> None:
        admin, escaped = desk.clerk(ConsoleRole.ADMIN), 0
        for page in SHOWN:
            for path in ids(page.path, 3):
                seen = await admin.get(path)
                assert seen.status < 500, path
                assert "<img src=x>" not in seen.text, path
                escaped += "&lt;img src=x&gt;" in seen.text
            found = await admin.get(filled(page.path, "1" * 9), q=EVIL, state=EVIL, page=EVIL, days=EVIL, village=EVIL)
            assert found.status < 500 and "<img src=x>" not in found.text, page.path
        assert escaped > 5, "the evil words would have been seen"

    run(town, story, EVIL)


def test_every_page_is_safe_by_its_headers(town: DemoTown) -> None:
    async def story(desk: Desk, _: Lively) -> None:
        admin, whole = desk.clerk(ConsoleRole.ADMIN), 0
        for page in SHOWN:
            seen = await admin.get(filled(page.path, "1" * 9))
            policy = seen.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy and "unsafe" not in policy, page.path
            assert seen.headers["X-Content-Type-Options"] == "nosniff"
            assert seen.headers["Cache-Control"] == "no-store"
            assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", seen.text), page.path
            assert len(seen.text.encode()) < 150_000, page.path
            whole += seen.status == 200
        assert whole > len(SHOWN) // 2

    run(town, story)


RANDOM_TEXTS = (
    "", "0", "-1", "1", "2", "999999999", "1e9", "NaN", "٣", "１", "true", "null", "' OR 1=1 --", "../../etc/passwd",
    "%00", "\x00", "\ud83d", "😀" * 50, "甲" * 500, "2026-11-31", "2026-11-25T19:30", "9999-12-31T23:59",
    "0001-01-01", "明天晚上", "{{7*7}}", "${7*7}", "\r\nSet-Cookie: a=b", "=1+1", "<script>", "residents", "open",
    "on", "keep", "all",
)  # fmt: skip
FIELD = re.compile(r'name="([\w.\-]+)"')


def test_a_fuzzer_finds_no_fault(town: DemoTown) -> None:
    """Random words in every field, address and filter: the answer is never a fault of ours."""

    async def story(desk: Desk, _: Lively) -> None:
        dice, admin = random.Random(6), desk.clerk(ConsoleRole.ADMIN)
        token = await admin.csrf()
        forms = await fields_of(admin)
        tried: dict[int, int] = {}
        for page, _turn in product(SHOWN, range(5)):
            path = filled(page.path, [dice.choice(("1", "2", "x", "0", "9" * 12, "%2e%2e", "a b")) for _ in range(4)])
            query = {
                name: dice.choice(RANDOM_TEXTS).replace("\ud83d", "")
                for name in ("q", "page", "state", "from", "to", "as")
            }
            seen = await admin.get(path, **query)
            tried[seen.status] = tried.get(seen.status, 0) + 1
            assert seen.status < 500, (path, query)
        for deed, _turn in product(DONE, range(8)):
            if deed.path in UNSETTLING:
                continue
            path = filled(deed.path, [dice.choice(("1", "2", "3", "x", "9" * 12)) for _ in range(4)])
            names = forms.get(deed.page, ()) or ("text", "name")
            form: list[tuple[str, Any]] = [("csrf", token)]
            form += [(name, dice.choice(RANDOM_TEXTS).encode("utf-8", "replace").decode()) for name in names]
            async with admin.session.post(desk.address + path, data=form, allow_redirects=False) as answer:
                tried[answer.status] = tried.get(answer.status, 0) + 1
                assert answer.status < 500, (path, form, await answer.text())
            if answer.status == 303 and answer.headers["Location"].startswith("/login"):
                raise AssertionError(f"logged out by {path}")
        assert tried.get(200, 0) + tried.get(303, 0) > 20 and tried.get(404, 0) > 5

    run(town, story)


UNSETTLING = {"/people/{number}/end"}  # ends the log-in of whom it names


async def fields_of(clerk: Clerk) -> dict[str, tuple[str, ...]]:
    """The names of the fields on each page."""
    found = {}
    for page in SHOWN:
        names: set[str] = set()
        for path in list(ids(page.path, 3))[:3]:
            names |= set(FIELD.findall((await clerk.get(path)).text)) - {"csrf", "viewport"}
        found[page.path] = tuple(sorted(names))
    return found
