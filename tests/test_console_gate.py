"""The door of the console: the first link, logging in and out, and what lets nobody in."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from itertools import islice
from urllib.parse import urlencode

from aiohttp import ClientError
from sqlmodel import col, select
from yarl import URL

from bot.console.gate import local_path
from data import console_users
from data.desk_tables import Audit, ConsoleRole, LinkPurpose
from tests.desk import COOKIE, Clerk, Desk, Seen, open_desk
from tests.town import NOW, DemoTown

BEFORE = re.compile(r'name="before" value="([^"]+)"')
LENGTH = re.compile(r"(?i)content-length: (\d+)")
GOOD = "荷塘月色里的三只鸭子"


async def fill(clerk: Clerk, path: str, **fields: str) -> Seen:
    """Open a page before log-in and send its form."""
    found = BEFORE.search((await clerk.get(path)).text)
    assert found is not None
    async with clerk.session.post(clerk.desk.address + path, data={"before": found[1], **fields}) as answer:
        return Seen(answer.status, await answer.text(), answer.url.path, answer.headers)


def a_link(desk: Desk, purpose: LinkPurpose = LinkPurpose.SETUP, **more: int) -> str:
    with desk.session() as session, session.begin():
        token = console_users.make_link(
            session, purpose, role=ConsoleRole.ADMIN, created_by="终端", now=desk.now, user_id=more.get("user_id")
        )
    return f"/link/{token}"


async def first_admin(desk: Desk) -> Clerk:
    clerk = desk.stranger()
    made = await fill(clerk, a_link(desk), name="laoli", shown_name="老李", password=GOOD, again=GOOD)
    assert made.status == 200 and made.path == "/"
    return clerk


def run(town: DemoTown, story: object) -> None:
    async def told() -> None:
        async with open_desk(town) as desk:
            await story(desk)  # type: ignore[operator]

    asyncio.run(told())


def test_the_first_admin_comes_by_a_link_that_works_once(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        nobody = desk.stranger()
        assert "一次性链接" in (await nobody.get("/login")).text
        link = a_link(desk)
        clerk = desk.stranger()
        weak = await fill(clerk, link, name="laoli", shown_name="老李", password="laoli12345", again="laoli12345")
        assert weak.status == 422 and "太容易猜到" in weak.text and "laoli" in weak.text
        differ = await fill(clerk, link, name="laoli", shown_name="老李", password=GOOD, again=GOOD + "x")
        assert differ.status == 422 and "不一样" in differ.text
        made = await fill(clerk, link, name="laoli", shown_name="老李", password=GOOD, again=GOOD)
        assert made.status == 200
        assert (await desk.stranger().get(link)).status == 404
        assert "老李" in (await clerk.get("/me")).text

    run(town, story)


def test_a_link_ends_after_two_days(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        link = a_link(desk)
        desk.later(hours=47)
        assert (await desk.stranger().get(link)).status == 200
        desk.later(hours=2)
        assert (await desk.stranger().get(link)).status == 404

    run(town, story)


def test_logging_in_and_out(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        await first_admin(desk)
        clerk = desk.stranger()
        wrong = await fill(clerk, "/login", name="laoli", password="不是这个密码呀")
        assert wrong.status == 401 and "名字或密码不对" in wrong.text
        nobody = await fill(clerk, "/login", name="nobody", password=GOOD)
        assert nobody.status == 401 and "名字或密码不对" in nobody.text
        inside = await fill(clerk, "/login", name=" LaoLi ", password=GOOD)
        assert inside.status == 200
        token = next(each.value for each in clerk.session.cookie_jar if each.key == COOKIE)
        await clerk.post("/logout")
        thief = desk.stranger()
        thief.session.cookie_jar.update_cookies({COOKIE: token}, URL(desk.address))
        assert (await thief.get("/me")).path == "/login"

    run(town, story)


def test_a_session_ends_when_it_is_not_used(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        for _ in range(3):
            desk.later(hours=11)
            assert (await clerk.get("/me")).path == "/me"
        desk.later(hours=13)
        assert (await clerk.get("/me")).path == "/login"

    run(town, story)


def test_a_session_ends_after_a_week_however_it_is_used(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        for _ in range(15):
            desk.later(hours=11)
            assert (await clerk.get("/me")).path == "/me"
        desk.later(hours=5)
        assert (await clerk.get("/me")).path == "/login"

    run(town, story)


async def hammered(clerk: Clerk, path: str, forms: Iterator[dict[str, str]]) -> list[int]:
    """The statuses of many forms, sent over one bare connection a hundred at a time: a client of HTTP costs more."""
    host, port = clerk.desk.address.removeprefix("http://").split(":")
    cookies = "; ".join(f"{each.key}={each.value}" for each in clerk.session.cookie_jar)
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookies}\r\n"
    head += "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "
    statuses = []
    while batch := [urlencode(form) for form in islice(forms, 100)]:
        writer.write("".join(f"{head}{len(body)}\r\n\r\n{body}" for body in batch).encode())
        for _ in batch:
            answer = (await reader.readuntil(b"\r\n\r\n")).decode()
            statuses.append(int(answer.split()[1]))
            length = LENGTH.search(answer)
            assert length is not None, answer
            await reader.readexactly(int(length[1]))
    writer.close()
    await writer.wait_closed()
    return statuses


def test_ten_thousand_wrong_passwords(town: DemoTown) -> None:
    """Most are not even looked at; the right one is not either until the wait is over, and works then."""

    async def story(desk: Desk) -> None:
        await first_admin(desk)
        thief = desk.stranger()
        found = BEFORE.search((await thief.get("/login")).text)
        assert found is not None
        forms = ({"before": found[1], "name": "laoli", "password": f"猜一个{number}"} for number in range(10_000))
        statuses = await hammered(thief, "/login", forms)
        assert statuses.count(401) <= 6
        assert statuses.count(429) >= 9_990
        assert (await fill(desk.stranger(), "/login", name="laoli", password=GOOD)).status == 429
        desk.later(minutes=16)
        assert (await fill(desk.stranger(), "/login", name="laoli", password=GOOD)).status == 200

    run(town, story)


def test_a_session_that_somebody_else_chose_is_not_taken(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        await first_admin(desk)
        clerk = desk.stranger()
        clerk.session.cookie_jar.update_cookies({COOKIE: "a" * 43}, URL(desk.address))
        await fill(clerk, "/login", name="laoli", password=GOOD)
        token = next(each.value for each in clerk.session.cookie_jar if each.key == COOKIE)
        assert token != "a" * 43

    run(town, story)


def test_a_form_of_another_site_is_refused(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        csrf = await clerk.csrf()
        url = desk.address + "/me/end-others"
        for headers, fields in (
            ({}, {}),
            ({}, {"csrf": "x" * 32}),
            ({"Origin": "https://evil.example"}, {"csrf": csrf}),
            ({"Sec-Fetch-Site": "cross-site"}, {"csrf": csrf}),
        ):
            async with clerk.session.post(url, data=fields, headers=headers) as answer:
                assert answer.status == 403
        async with clerk.session.post(url, data={"csrf": csrf}, headers={"Origin": desk.address}) as answer:
            assert answer.status == 200

    run(town, story)


def test_a_name_that_is_pointed_at_us_is_not_ours(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        async with clerk.session.get(desk.address + "/me", headers={"Host": "evil.example"}) as answer:
            assert answer.status == 421

    run(town, story)


def test_log_ins_are_in_the_log(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        await first_admin(desk)
        await fill(desk.stranger(), "/login", name="laoli", password="不对不对不对不对")
        await fill(desk.stranger(), "/login", name="密码当成了名字", password="x")
        with desk.session() as session:
            rows = session.exec(select(Audit).order_by(col(Audit.id))).all()
        told = [(each.what, each.who) for each in rows]
        assert ("登录失败", "laoli") in told
        assert ("登录失败", "") in told
        assert ("登录", "老李") in told
        assert all(each.at - NOW < timedelta(minutes=1) for each in rows)

    run(town, story)


def test_nobody_is_sent_to_another_site() -> None:
    for wanted in ("https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil", "javascript:alert(1)",
                   "/ok\r\nSet-Cookie: a=b", ""):  # fmt: skip
        assert local_path(wanted) == "/"
    assert local_path("/orders?q=1") == "/orders?q=1"


def test_what_is_sent_before_log_in_is_small(town: DemoTown) -> None:
    """However it comes: nobody who is not logged in can fill the memory."""

    async def story(desk: Desk) -> None:
        stranger = desk.stranger()
        await stranger.get("/login")

        async def endless() -> AsyncIterator[bytes]:
            for _ in range(64):
                yield b"a" * 65_536

        form = {"Content-Type": "application/x-www-form-urlencoded"}
        for data, headers in ((b"a" * 900_000, form), (endless(), form)):
            try:
                async with stranger.session.post(desk.address + "/login", data=data, headers=headers) as answer:
                    assert answer.status == 413
            except ClientError:
                pass  # hung up on, which does as well
        many = "&".join(f"f{number}=1" for number in range(4_000)).encode()
        for body, headers, status in (
            (many, form, 400),
            (b"\xff=\xfe", form, 400),
            (b"{}", {"Content-Type": "application/json"}, 415),
        ):
            async with stranger.session.post(desk.address + "/login", data=body, headers=headers) as answer:
                assert answer.status == status

    run(town, story)
