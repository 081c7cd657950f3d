"""Holes that a review found in the console, each closed: what got through once does not again."""

import asyncio
import io
import zipfile
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict
from openpyxl import Workbook
from sqlmodel import Session, select

from bot.console import forms
from bot.console.gate import Front
from bot.console.pages import relay_reading
from bot.console.pages.settings import read
from bot.console.values import Form
from bot.settings import DESK_SETTINGS
from data import bindings, console_sessions, console_users, materials, snippetsheet
from data.desk import people
from data.desk_errors import BadEntry, LinkRefused
from data.desk_tables import Audit, ConsoleRole, ConsoleSession, ConsoleUser, LinkPurpose, Throttle
from data.errors import CodeRefused
from data.record_tables import Material
from data.tables import Member, RoleKind, Topic
from handlers.relay import read_paste
from tests.desk import COOKIE, Clerk, Desk, open_desk
from tests.lively import Lively, make_lively
from tests.test_console_gate import BEFORE, fill, first_admin
from tests.town import NOW, DemoTown

PHONE = "13812345678"


def run(town: DemoTown, story: Callable[[Desk, Lively], Awaitable[None]], mark: str = "") -> None:
    async def told() -> None:
        lively = make_lively(town, mark)
        async with open_desk(town) as desk:
            await story(desk, lively)

    asyncio.run(told())


async def raw(desk: Desk, head: bytes, body: bytes = b"") -> int:
    """The status of a request that no browser would send."""
    host, port = desk.address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    length = b"Content-Length: %d\r\n" % len(body) if body else b""
    writer.write(head + b"Connection: close\r\n" + length + b"\r\n" + body)
    line = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return int(line.split()[1])


# ---- what a stranger sends -----------------------------------------------------------------------------------------


def test_no_request_of_a_stranger_is_a_fault_of_ours(town: DemoTown) -> None:
    host, form = b"Host: 127.0.0.1\r\n", b"Content-Type: application/x-www-form-urlencoded\r\n"
    post = b"POST /login HTTP/1.1\r\n" + host
    parts = b"Cookie: menlou-before=a\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    sent = (
        (b"GET /me HTTP/1.1\r\n" + host + b"Cookie: menlou-session=" + b"a" * 30 + b"\xff\r\n", b"", 303),
        (b"GET /login HTTP/1.1\r\nHost: [\r\n", b"", 421),
        (b"GET /static/" + b"a" * 400 + b" HTTP/1.1\r\n" + host, b"", 404),
        (b"GET /static/..%2fgate.py HTTP/1.1\r\n" + host, b"", 404),
        (post + form + b"Cookie: menlou-before=a\r\nOrigin: http://[\r\n", b"before=a", 403),
        (post + form + b"Cookie: menlou-before=a\xff\r\n", b"before=a", 403),
        (post + parts, b"--b\r\nX: " + b"y" * 9000 + b"\r\n\r\nx\r\n--b--\r\n", 400),
        (post + parts, b"--b\r\nbad\xff\r\n\r\nx\r\n--b--\r\n", 400),
    )

    async def story(desk: Desk, _: Lively) -> None:
        assert [await raw(desk, head, body) for head, body, _ in sent] == [status for _, _, status in sent]

    run(town, story)


def test_many_wrong_passwords_at_once_count_as_many(town: DemoTown) -> None:
    async def story(desk: Desk, _: Lively) -> None:
        await first_admin(desk)
        thief = desk.stranger()
        found = BEFORE.search((await thief.get("/login")).text)
        assert found is not None

        async def guess(number: int) -> int:
            form = {"before": found[1], "name": "laoli", "password": f"猜一个密码{number}"}
            async with thief.session.post(desk.address + "/login", data=form) as answer:
                return answer.status

        statuses = await asyncio.gather(*(guess(number) for number in range(40)))
        assert statuses.count(401) <= console_sessions.FREE_TRIES and statuses.count(429) >= 35

    run(town, story)


def test_another_site_cannot_log_anybody_out(town: DemoTown) -> None:
    """The browser sends no cookie with it, and would still drop the one that it has."""

    async def story(desk: Desk, _: Lively) -> None:
        evil = {"Origin": "https://evil.example"}
        sent = desk.stranger().session.post(desk.address + "/logout", data={}, headers=evil, allow_redirects=False)
        async with sent as answer:
            assert answer.status == 303 and "Set-Cookie" not in answer.headers
        clerk = desk.clerk()
        async with clerk.session.post(desk.address + "/logout", data={"csrf": "x"}) as answer:
            assert answer.status == 403
        await clerk.post("/logout")
        with desk.session() as session:
            assert "退出" in session.exec(select(Audit.what).where(Audit.user_id == clerk.user_id)).all()

    run(town, story)


def test_behind_a_proxy_the_last_address_counts_in_whatever_header_it_stands() -> None:
    headers = CIMultiDict([("X-Forwarded-For", "1.2.3.4"), ("X-Forwarded-For", "10.0.0.9, 203.0.113.7")])
    request = make_mocked_request("GET", "/", headers=headers)
    assert Front("https://desk.example", proxied=True).client(request) == "203.0.113.7"
    assert Front("https://desk.example", proxied=False).client(request) != "203.0.113.7"


def test_behind_https_a_cookie_is_dropped_as_it_was_set(town: DemoTown, monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser ignores what touches a __Host- cookie without "Secure"."""
    monkeypatch.setattr("bot.console.build.public_address", lambda _config: "https://127.0.0.1")

    async def story(desk: Desk, _: Lively) -> None:
        clerk = desk.clerk()
        cookie = {"Cookie": f"__Host-{COOKIE}={clerk.token}"}
        async with desk.stranger().session.get(desk.address + "/me", headers=cookie) as answer:
            token = (await answer.text()).split('name="csrf" value="', 1)[1].split('"', 1)[0]
        sent = desk.stranger().session.post(
            desk.address + "/logout", data={"csrf": token}, headers=cookie, allow_redirects=False
        )
        async with sent as answer:
            (dropped,) = answer.headers.getall("Set-Cookie")
        assert dropped.startswith(f"__Host-{COOKIE}=") and "Max-Age=0" in dropped
        assert "Secure" in dropped and "Path=/" in dropped and "HttpOnly" in dropped

    run(town, story)


# ---- who is closed, changed or bound -------------------------------------------------------------------------------


def test_a_form_that_comes_in_slowly_does_nothing_for_who_was_closed_meanwhile(
    town: DemoTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk, _: Lively) -> None:
        desk.clerk(ConsoleRole.ADMIN)
        clerk = desk.clerk()
        token, whole = await clerk.csrf(), forms.read_form

        async def slowly(request: web.Request, largest: int) -> Form:
            form = await whole(request, largest)
            change = {"role": ConsoleRole.COORDINATOR, "village_id": None, "active": False, "now": desk.now}
            await desk.worker.run(lambda session: console_users.change(session, clerk.user_id, **change))  # type: ignore[arg-type]
            return form

        monkeypatch.setattr("bot.console.server.read_form", slowly)
        form = {"csrf": token, "name": "养蜂入门"}
        async with clerk.session.post(desk.address + "/catalogue/add", data=form) as answer:
            assert answer.status == 403
        with desk.session() as session:
            assert session.exec(select(Topic).where(Topic.name == "养蜂入门")).first() is None

    run(town, story)


def _user(session: Session, name: str, role: ConsoleRole = ConsoleRole.ADMIN) -> ConsoleUser:
    return console_users.add(
        session, name=name, shown_name=name, password_hash="-", role=role, created_by="测试", now=NOW
    )  # fmt: skip


def test_who_is_admin_no_more_has_no_key_left(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        bad, good = _user(session, "bad"), _user(session, "good")
        made = {"role": ConsoleRole.ADMIN, "created_by": "bad", "now": NOW}
        links = [
            console_users.make_link(session, LinkPurpose.INVITE, **made),  # type: ignore[arg-type]
            console_users.make_link(session, LinkPurpose.RESET, user_id=good.id, **made),  # type: ignore[arg-type]
        ]
        code = bindings.issue(session, RoleKind.COORDINATOR, user_id=good.id, now=NOW)
        of_lecturer = bindings.issue(session, RoleKind.LECTURER, lecturer_id=1, now=NOW)
        session.flush()
        for link in links:
            assert console_users.promise(session, link, now=NOW)
        console_users.change(session, bad.id or 0, role=ConsoleRole.VIEWER, village_id=None, active=True, now=NOW)
        for link in links:
            with pytest.raises(LinkRefused):
                console_users.promise(session, link, now=NOW)
        member = session.exec(select(Member.id).where(Member.transport == "webchat")).first() or 0
        with pytest.raises(CodeRefused):
            bindings.redeem(session, code, member_id=member, now=NOW)
        assert bindings.redeem(session, of_lecturer, member_id=member, now=NOW).lecturer_id == 1


def test_a_closed_account_gets_no_new_password(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        _user(session, "boss")
        gone = _user(session, "gone", ConsoleRole.VIEWER)
        console_users.change(session, gone.id or 0, role=gone.role, village_id=None, active=False, now=NOW)
        token = console_users.make_link(
            session, LinkPurpose.RESET, role=gone.role, created_by="boss", now=NOW, user_id=gone.id
        )
        session.flush()
        with pytest.raises(LinkRefused):
            console_users.redeem(session, token, name="", shown_name="", password_hash="x", now=NOW)


def test_nobody_reviews_their_own_material_by_letting_go_of_their_wechat(town: DemoTown, tmp_path: Path) -> None:
    with town.session() as session, session.begin():
        user = _user(session, "laoli", ConsoleRole.COORDINATOR)
        member = session.exec(select(Member).where(Member.transport == "webchat")).first()
        assert member is not None and member.id is not None
        console_users.bind(session, user.id or 0, member_id=member.id, now=NOW)
        kept = materials.add(
            session, topic_id=1, title="讲稿", file_name="a.pdf", content=b"%PDF-1.7 x", folder=tmp_path,
            by=user.member_id, now=NOW,
        )  # fmt: skip
        assert people.unbind(session, user.id or 0, now=NOW)
        session.expire_all()
        again = session.get_one(Material, kept.id)
        with pytest.raises(materials.OwnMaterial):
            materials.approve(session, again, by=session.get_one(ConsoleUser, user.id).member_id, now=NOW)


def test_nobody_takes_the_name_under_which_another_stands_in_the_log(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        _user(session, "老李")
        with pytest.raises(BadEntry, match="已经有人叫这个了"):
            console_users.add(
                session, name="liar", shown_name=" 老李\u200b", password_hash="-", role=ConsoleRole.VIEWER,
                created_by="测试", now=NOW,
            )  # fmt: skip


def test_a_village_clerk_without_a_village_sees_nothing(town: DemoTown) -> None:
    """Rather than all of them."""

    async def story(desk: Desk, _: Lively) -> None:
        clerk = desk.clerk(ConsoleRole.VILLAGE, village="石湾村")
        assert (await clerk.get("/orders")).path == "/orders"
        with desk.session() as session, session.begin():
            session.get_one(ConsoleUser, clerk.user_id).village_id = None
        assert (await clerk.get("/orders")).path == "/login"

    run(town, story)


def test_a_page_that_only_watches_does_not_keep_a_log_in_alive(town: DemoTown) -> None:
    async def story(desk: Desk, _: Lively) -> None:
        clerk = desk.clerk()
        desk.later(hours=11)
        async with clerk.session.get(desk.address + "/live") as answer:
            assert answer.status == 200
        with desk.session() as session:
            (login,) = session.exec(select(ConsoleSession).where(ConsoleSession.user_id == clerk.user_id))
            assert desk.now - login.seen_at >= timedelta(hours=11)

    run(town, story)


# ---- what would stop the bot ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    ["a" + " " * 3_000 + "x", "2026-1-1" + " " * 3_000 + "x", "2026-1-1" + "-" * 3_900 + "x", "#" + "\u3000" * 9_000],
)
def test_no_pasted_line_takes_longer_to_read_than_others(line: str, town: DemoTown) -> None:
    """500 spaces took half a minute, in which the bot heard nobody: whoever reads this test waiting knows why."""
    lines = read_paste(f"张三：早\n{line}\n李四：好", now=NOW, zone=town.knowledge.zone)
    assert (lines[0].name, lines[-1].name) == ("张三", "李四")


def test_a_paste_is_read_as_far_as_the_bot_can_wait(town: DemoTown, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_reading, "AT_ONCE", 3)

    async def story(desk: Desk, lively: Lively) -> None:
        clerk = desk.clerk(ConsoleRole.VILLAGE, village="石湾村")
        text = "\n".join(f"邻居{number}：报名{number}人" for number in range(1, 8))
        seen = await clerk.post(f"/relay/{lively.rooms[-1]}/paste", text=text)
        assert "只读了最后3条" in seen.said
        assert "邻居7" in seen.text and "邻居4" not in seen.text

    run(town, story)


def test_a_setting_does_not_unfold() -> None:
    (setting,) = [each for each in DESK_SETTINGS if isinstance(each.default, int)][:1]
    bomb = ", ".join(f"&a{n} [{', '.join([f'*a{n - 1}'] * 9 if n else ['1'] * 9)}]" for n in range(12))
    for words in (f"[{bomb}]", "&a [*a]"):
        with pytest.raises(BadEntry):
            read(setting, words)


def test_a_sheet_is_as_large_as_what_is_in_it(tmp_path: Path) -> None:
    """Whatever it says of its own size: a billion empty cells take hours."""
    book, plain = Workbook(), io.BytesIO()
    book.active.append([column.name for column in snippetsheet.COLUMNS])
    book.active.append(["t1"])
    book.save(plain)
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            body = old.read(part)
            if part.filename == "xl/worksheets/sheet1.xml":
                size = body.split(b'<dimension ref="', 1)[1].split(b'"', 1)[0]
                body = body.replace(b'ref="' + size, b'ref="A1:XFD1048576')
                body = body.replace(b"</sheetData>", b'<row r="40000"><c r="XFD40000"><v>1</v></c></row></sheetData>')
            new.writestr(part, body)
    with pytest.raises(snippetsheet.BadSheet, match="超过"):
        list(snippetsheet.read_sheet(path))


def test_one_user_cannot_take_all_places_at_the_live_numbers(town: DemoTown, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.console.live.MOST_OF_ONE", 2)

    async def story(desk: Desk, _: Lively) -> None:
        greedy, other = desk.clerk(), desk.clerk()
        held = [await greedy.session.get(desk.address + "/live") for _ in range(3)]
        late = await other.session.get(desk.address + "/live")
        assert [each.status for each in (*held, late)] == [200, 200, 503, 200]
        for each in (*held, late):
            each.close()

    run(town, story)


# ---- numbers, and the log ------------------------------------------------------------------------------------------

SHOWN = (
    "/orders", "/orders/1", "/cases", "/cases/1", "/texts/plan", "/villages/1", "/lecturers/1", "/rooms/1", "/rooms",
    "/people/roles/1", "/broadcasts", "/lectures/1",
)  # fmt: skip


def test_numbers_are_masked_in_names_and_titles_too(town: DemoTown) -> None:
    async def story(desk: Desk, _: Lively) -> None:
        admin, seen = desk.clerk(ConsoleRole.ADMIN), 0
        for path in SHOWN:
            page = await admin.get(path)
            assert PHONE not in page.text, path
            seen += "138****5678" in page.text
        assert seen > 8

    run(town, story, f"电{PHONE}")


def test_a_secret_in_an_address_is_not_in_our_log(
    town: DemoTown, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_args: object, **_more: object) -> None:
        raise RuntimeError("for this test")

    async def story(desk: Desk, _: Lively) -> None:
        monkeypatch.setattr(console_users, "promise", broken)
        assert (await desk.stranger().get("/link/geheim%0A2026 INFO alles gut")).status == 500
        assert "/link/{token}" in caplog.text and "geheim" not in caplog.text

    run(town, story)


def test_names_that_only_look_alike_share_no_brake_and_no_account(town: DemoTown) -> None:
    """Full-width letters, blanks and what cannot be seen: another name is nobody's, and the same name is braked."""

    async def story(desk: Desk, _: Lively) -> None:
        await first_admin(desk)
        thief: Clerk = desk.stranger()
        for name in ("laoli", " LAOLI ", "lao\u200bli", "Laoli\u00ad", "laoLI"):
            assert (await fill(thief, "/login", name=name, password="不对不对不对不对")).status == 401
        assert (await fill(thief, "/login", name="laoli", password="荷塘月色里的三只鸭子")).status == 429
        with desk.session() as session:
            assert session.get_one(Throttle, "name:laoli").failures == 5

    run(town, story)
