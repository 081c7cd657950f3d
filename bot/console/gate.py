"""The door of the console: cookies, logging in and out, one-time links, and what a request must show to be let in."""

import asyncio
import hmac
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TypeVar
from urllib.parse import quote, unquote, urlsplit

from aiohttp import web
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlmodel import Session, select

from bot.console.forms import read_form
from bot.console.reader import Reader
from bot.console.render import Renderer
from bot.console.values import address
from bot.worker import Worker
from data import audit, console_sessions, console_users
from data.console_sessions import Visitor
from data.desk_errors import BadEntry, LoginRefused
from data.desk_tables import ConsoleUser
from data.errors import Declined
from data.names import clean_text

log = logging.getLogger("menlou.console")

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_OVER = "登录过期了，请再登录一次，登录后回到刚才那一页。"
_HASHES_AT_ONCE = 2  # each takes some tens of ms and some MB
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Front:
    """How the console is reached: its public address, and whether a proxy stands before it."""

    address: str  # "http://127.0.0.1:8090"
    proxied: bool

    @property
    def secure(self) -> bool:
        return self.address.startswith("https://")

    def client(self, request: web.Request) -> str:
        """Who asks. Behind a proxy of ours: whom it names last, which is the only one that it saw itself."""
        named = ",".join(request.headers.getall("X-Forwarded-For", ())).rsplit(",", 1)[-1].strip()
        return clean_text(named if self.proxied and named else request.remote or "", limit=64)[:64]

    def own_origin(self, request: web.Request) -> bool:
        """Whether a form comes from a page of ours, as far as the browser says."""
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            return False
        origin = request.headers.get("Origin")
        try:
            return origin is None or urlsplit(origin).netloc in (request.host, urlsplit(self.address).netloc)
        except ValueError:  # no address at all
            return False


class Gate:
    """Who is let in."""

    def __init__(
        self, worker: Worker, reader: Reader, renderer: Renderer, front: Front, clock: Callable[[], datetime]
    ) -> None:
        self._worker, self._reader, self._renderer = worker, reader, renderer
        self._clock = clock
        self.front = front
        prefix = "__Host-" if front.secure else ""
        self._cookie, self._before, self._said = (f"{prefix}menlou-{each}" for each in ("session", "before", "said"))
        self._hasher = PasswordHasher()  # argon2id, RFC 9106's second choice of parameters
        self._hashing = asyncio.Semaphore(_HASHES_AT_ONCE)
        self._checking = asyncio.Lock()

    def attach(self, application: web.Application) -> None:
        application.router.add_get("/login", self._login_page)
        application.router.add_post("/login", self._login)
        application.router.add_post("/logout", self._logout)
        application.router.add_get("/link/{token}", self._link_page)
        application.router.add_post("/link/{token}", self._link)

    async def visitor(self, request: web.Request, *, used: bool = True) -> Visitor | None:
        """Who is logged in; where it is ``used`` that is noted now and then, so that one that is not ends."""
        token = self._token(request)
        if not token:
            return None
        now = self._clock()
        found = await self._reader.run(lambda session: console_sessions.visitor(session, token, now=now))
        if used and found is not None and now - found.seen_at > console_sessions.SEEN_EVERY:
            await self._worker.run(lambda session: console_sessions.seen(session, found.token_hash, now=now))
        return found

    async def wrote(self, request: web.Request, given: str) -> int | None:
        """Who wrote a form of ours, though their log-in is over; None where nobody did."""
        token = self._token(request)
        if not token or not self.front.own_origin(request):
            return None
        return await self._reader.run(lambda session: console_sessions.wrote(session, token, given))

    def _token(self, request: web.Request) -> str:
        token = request.cookies.get(self._cookie, "")
        return token if 20 <= len(token) <= 100 and token.isascii() else ""

    def told(self, request: web.Request) -> str:
        """What the last deed left to be said on this page."""
        return clean_text(unquote(request.cookies.get(self._said, "")), limit=500)

    def tell(self, response: web.StreamResponse, said: str) -> None:
        """Leave something to be said on the next page."""
        if said:
            self._set(response, self._said, quote(said[:300]), max_age=60)

    def told_now(self, response: web.StreamResponse) -> None:
        self._forget(response, self._said)

    def to_login(self, request: web.Request, *, back: str = "") -> web.Response:
        """Log in first; a page that was asked for is come back to, else ``back``. Whoever was logged in is told why."""
        back = request.rel_url.path_qs if request.method == "GET" else back or "/"
        query = {"next": "" if back == "/" else back, "over": "1" if self._token(request) else ""}
        return redirect(address("/login", **query))

    def genuine(self, request: web.Request, visitor: Visitor, given: str) -> bool:
        """Whether a form is ours and this log-in's."""
        return self.front.own_origin(request) and hmac.compare_digest(given.encode(), visitor.csrf.encode())

    async def _login_page(self, request: web.Request) -> web.Response:
        if not await self._reader.run(console_users.anybody):
            return self._form(request, "first.html", title="还没有管理员")
        fault = _OVER if request.query.get("over") else ""
        return self._form(request, "login.html", title="登录", name="", next=request.query.get("next", ""), fault=fault)

    async def _login(self, request: web.Request) -> web.Response:
        form = await self._posted(request)
        name, back = form.get("name", "").strip().lower()[:64], form.get("next", "")
        try:
            async with self._checking:  # so that a hundred tries at once count like one after the other
                user = await self._check(request, name, form.get("password", ""))
        except LoginRefused as refused:
            shown = {"title": "登录", "name": name, "next": back, "fault": str(refused)}
            return self._form(request, "login.html", status=429 if refused.wait_seconds else 401, **shown)
        response = redirect(local_path(back))
        await self._let_in(request, response, user)
        return response

    async def _check(self, request: web.Request, name: str, password: str) -> ConsoleUser:
        """The user with this name and password. Raises `LoginRefused`."""
        now, client = self._clock(), self.front.client(request)

        def look(session: Session) -> tuple[int, ConsoleUser | None]:
            wait = console_sessions.must_wait(session, name=name, address=client, now=now)
            query = select(ConsoleUser).where(ConsoleUser.name == name)
            return int(wait.total_seconds()), session.exec(query).first()

        wait, user = await self._reader.run(look)
        if wait:
            raise LoginRefused(wait)
        decoy = await self._hashed(_decoy)  # made for everybody, so that it tells nothing
        kept = user.password_hash if user is not None and user.active else decoy
        right = await self._hashed(lambda: self._verify(kept, password))
        if right and user is not None and user.active:
            await self._worker.run(lambda session: console_sessions.forgive(session, name=name))
            return user

        def note(session: Session) -> None:
            console_sessions.failed(session, name=name, address=client, now=now)
            known = user is not None  # else it may be a password that was typed into the wrong field
            audit.note(session, "登录失败", now=now, who=name if known else "", address=client)

        await self._worker.run(note)
        raise LoginRefused

    def _verify(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password[: console_users.MOST * 4])
        except (Argon2Error, InvalidHashError):
            return False

    async def _hashed(self, work: Callable[[], Result]) -> Result:
        async with self._hashing:
            return await asyncio.to_thread(work)

    async def _let_in(self, request: web.Request, response: web.Response, user: ConsoleUser) -> None:
        now, client = self._clock(), self.front.client(request)
        agent = clean_text(request.headers.get("User-Agent", ""), limit=200)

        def begin(session: Session) -> str:
            audit.note(session, "登录", now=now, user=user, address=client)
            return console_sessions.begin(session, user, now=now, address=client, agent=agent)

        token = await self._worker.run(begin)
        self._set(response, self._cookie, token, max_age=int(console_sessions.LIFE.total_seconds()))
        self._forget(response, self._before)

    async def _logout(self, request: web.Request) -> web.Response:
        visitor = await self.visitor(request)
        given = (await read_form(request, 0)).get("csrf")
        response = redirect("/login")
        if visitor is None:
            return response  # whoever sent them here, nothing of theirs is touched
        if not self.genuine(request, visitor, given):
            raise web.HTTPForbidden
        now, client = self._clock(), self.front.client(request)

        def leave(session: Session) -> None:
            console_sessions.end(session, visitor.token_hash, now=now)
            audit.note(session, "退出", now=now, user_id=visitor.user_id, who=visitor.shown_name, address=client)

        await self._worker.run(leave)
        self._forget(response, self._cookie)
        return response

    async def _link_page(self, request: web.Request) -> web.Response:
        token, now = request.match_info["token"], self._clock()
        try:
            promised = await self._reader.run(lambda session: console_users.promise(session, token, now=now))
        except Declined as declined:
            return self._bare("error.html", status=404, title="链接不能用了", fault=declined.at_desk)
        return self._form(request, "link.html", title="设置密码", promised=promised, name="", shown=promised.shown_name)

    async def _link(self, request: web.Request) -> web.Response:
        token, now = request.match_info["token"], self._clock()
        form = await self._posted(request)
        name, shown, password = form.get("name", ""), form.get("shown_name", ""), form.get("password", "")

        def make(session: Session, hashed: str) -> ConsoleUser:
            user = console_users.redeem(session, token, name=name, shown_name=shown, password_hash=hashed, now=now)
            audit.note(session, "用一次性链接设了密码", now=now, user=user, address=self.front.client(request))
            return user

        try:
            promised = await self._reader.run(lambda session: console_users.promise(session, token, now=now))
        except Declined as declined:
            return self._bare("error.html", status=404, title="链接不能用了", fault=declined.at_desk)
        try:
            console_users.check_password(password, about=(name, shown, promised.shown_name))
            if password != form.get("again", ""):
                raise BadEntry("再写一次", "两次写的不一样。")
            hashed = await self._hashed(lambda: self._hasher.hash(password))
            user = await self._worker.run(lambda session: make(session, hashed))
        except Declined as declined:
            again = {"title": "设置密码", "promised": promised, "name": name, "shown": shown, "fault": declined.at_desk}
            return self._form(request, "link.html", status=422, **again)
        response = redirect("/")
        await self._let_in(request, response, user)
        return response

    def _form(self, request: web.Request, template: str, *, status: int = 200, **values: object) -> web.Response:
        """A form before log-in: what it must send back lies in a cookie too, which another site cannot know."""
        kept = request.cookies.get(self._before, "")
        before = kept if 20 <= len(kept) <= 100 and kept.isascii() else secrets.token_urlsafe(24)
        response = self._bare(template, status=status, before=before, **values)
        self._set(response, self._before, before, max_age=3600)
        return response

    async def _posted(self, request: web.Request) -> dict[str, str]:
        posted = await read_form(request, 0)
        form = {key: values[0] for key, values in posted.fields.items()}
        before = request.cookies.get(self._before, "")
        same = hmac.compare_digest(before.encode(errors="replace"), form.get("before", "").encode())
        if not (before and self.front.own_origin(request) and same):
            raise web.HTTPForbidden
        return form

    def _bare(self, template: str, *, status: int, **values: object) -> web.Response:
        text = self._renderer.bare(template, **{"fault": "", **values})
        return web.Response(text=text, content_type="text/html", status=status, headers=HEADERS)

    def _forget(self, response: web.StreamResponse, name: str) -> None:
        """A browser drops a ``__Host-`` cookie only where it is told to as it was told to keep it."""
        response.del_cookie(name, path="/", httponly=True, samesite="Lax", secure=self.front.secure)

    def _set(self, response: web.StreamResponse, name: str, value: str, *, max_age: int) -> None:
        response.set_cookie(
            name, value, max_age=max_age, path="/", httponly=True, samesite="Lax", secure=self.front.secure
        )


@cache
def _decoy() -> str:
    """What the password of a name that nobody has is held against, so that it costs as much time."""
    return PasswordHasher().hash(secrets.token_urlsafe(12))


def local_path(wanted: str) -> str:
    """``wanted`` where it is a path of ours, else the first page: nobody is sent to another site."""
    inside = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted
    return wanted if inside and wanted.isprintable() else "/"


def redirect(to: str) -> web.Response:
    """Go on there by GET."""
    return web.Response(status=303, headers={**HEADERS, "Location": local_path(to)})
