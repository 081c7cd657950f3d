"""A log-in that was over while somebody wrote: they are told why, and what they wrote is there again."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from yarl import URL

from bot.console import unsent
from bot.console.unsent import Unsent
from bot.console.values import Form
from data import console_sessions
from tests.desk import COOKIE, CSRF, Clerk, Desk, open_desk
from tests.town import NOW, DemoTown

REPORT: dict[str, Any] = {"title": "讲到家门口", "outlet": "西江日报", "level": "city", "day": "2026-11-18"}


def run(town: DemoTown, story: Callable[[Desk], Awaitable[None]]) -> None:
    async def told() -> None:
        async with open_desk(town) as desk:
            await story(desk)

    asyncio.run(told())


def log_in_again(desk: Desk, clerk: Clerk, *, as_: Clerk) -> None:
    """The same browser, with a new log-in of somebody."""
    with desk.session() as session, session.begin():
        token = console_sessions.begin(session, desk.user(as_), now=desk.now, address="", agent="")
    clerk.session.cookie_jar.update_cookies({COOKIE: token}, URL(desk.address))


async def written_too_late(desk: Desk, clerk: Clerk) -> str:
    """A form that was opened in time and sent a day later; where that led."""
    csrf = CSRF.search((await clerk.get("/media")).text)
    assert csrf is not None
    desk.later(hours=13)
    fields = {**REPORT, "csrf": csrf[1]}
    async with clerk.session.post(f"{desk.address}/media", data=fields, allow_redirects=False) as answer:
        return answer.headers["Location"]


def test_it_is_told_why_and_the_form_is_there_again_once(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        to = await written_too_late(desk, clerk)
        assert to == "/login?next=%2Fmedia&over=1"
        assert "登录过期了" in (await clerk.get("/login", next="/media", over="1")).said
        log_in_again(desk, clerk, as_=clerk)
        assert "讲到家门口" not in (await clerk.get("/lectures")).text
        again = await clerk.get("/media")
        assert again.said == unsent.AGAIN
        assert 'value="讲到家门口"' in again.text
        assert (await clerk.get("/media")).said == ""
        assert "记下了" in (await clerk.post("/media", **REPORT)).said

    run(town, story)


def test_nobody_else_on_that_machine_reads_it(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk, other = desk.clerk(), desk.clerk()
        await written_too_late(desk, clerk)
        log_in_again(desk, clerk, as_=other)
        assert "讲到家门口" not in (await clerk.get("/media")).text

    run(town, story)


def test_what_comes_from_elsewhere_is_not_held(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        csrf = CSRF.search((await clerk.get("/media")).text)
        assert csrf is not None
        desk.later(hours=13)
        for fields, headers in (
            ({**REPORT, "csrf": "x" * 32}, {}),
            (REPORT, {}),
            ({**REPORT, "csrf": csrf[1]}, {"Origin": "https://evil.example"}),
            ({**REPORT, "csrf": csrf[1]}, {"Sec-Fetch-Site": "cross-site"}),
        ):
            url = f"{desk.address}/media"
            async with clerk.session.post(url, data=fields, headers=headers, allow_redirects=False) as answer:
                assert answer.headers["Location"] == "/login?over=1"
        log_in_again(desk, clerk, as_=clerk)
        assert (await clerk.get("/media")).said == ""
        stranger = desk.stranger()
        async with stranger.session.post(f"{desk.address}/media", data=REPORT, allow_redirects=False) as answer:
            assert answer.headers["Location"] == "/login"

    run(town, story)


def test_only_the_last_of_a_few_and_not_for_ever() -> None:
    moment = [NOW]
    held = Unsent(lambda: moment[0])
    for user in range(unsent.MOST + 1):
        held.hold(user, "/media", Form({"title": (str(user),)}))
    assert held.take(0, "/media") is None
    assert held.take(1, "/other") is None
    found = held.take(1, "/media")
    assert found is not None
    assert found.get("title") == "1"
    assert held.take(1, "/media") is None
    moment[0] += unsent.WITHIN + timedelta(seconds=1)
    assert held.take(2, "/media") is None
