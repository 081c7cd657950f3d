"""The console over HTTP: pages read beside the writer, deeds are turns of the worker; both are declared in a list."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import quote, urlsplit

from aiohttp import web
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from bot.console.brake import AGAIN, Brake, TooHeavy
from bot.console.forms import BODY, read_form
from bot.console.gate import HEADERS, Gate, redirect
from bot.console.live import Streams
from bot.console.reader import Reader
from bot.console.render import Renderer
from bot.console.unsent import AGAIN as WRITTEN_BEFORE
from bot.console.unsent import Unsent
from bot.console.values import (
    Answer,
    Ask,
    Deed,
    Done,
    Download,
    Form,
    Go,
    House,
    Html,
    Knock,
    Open,
    Page,
    allows,
    clean_field,
)
from bot.worker import Worker
from data import audit, console_sessions, deeds
from data.console_sessions import Visitor
from data.desk_errors import BadEntry, NotThere
from data.errors import Declined
from data.names import masked

log = logging.getLogger("menlou.console")

FORM_TIME = 120.0  # seconds that a form may take to arrive
_STATIC = Path(__file__).parent / "static"
_FILES = frozenset(path.name for path in _STATIC.iterdir() if path.is_file())
_OPEN = "/open"  # behind a private page's path: the same with full numbers
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Console:
    """The application, from its pages and deeds."""

    def __init__(
        self,
        pages: Sequence[Page | Deed | Open],
        *,
        worker: Worker,
        reader: Reader,
        renderer: Renderer,
        gate: Gate,
        house: House,
        clock: Callable[[], datetime],
    ) -> None:
        self._worker, self._reader, self._renderer, self._gate = worker, reader, renderer, gate
        self._house, self._clock = house, clock
        self._unsent = Unsent(clock)
        self._brake: Brake[tuple[Answer, str]] = Brake(reader)
        self._pages = {page.path: page for page in pages if isinstance(page, Page)}
        largest = max([BODY, *(deed.largest for deed in pages if isinstance(deed, Deed))])
        self.application = web.Application(middlewares=[self._guard], client_max_size=largest)
        self._streams = Streams(reader, gate, clock, lambda: house.knowledge().rules, house)
        gate.attach(self.application)
        self._streams.attach(self.application)
        self.application.on_cleanup.append(self._close)
        router = self.application.router
        router.add_get("/static/{file}", self._file)
        for each in pages:
            if isinstance(each, Page):
                router.add_get(each.path, self._shows(each))
                if each.private:
                    router.add_post(_open_path(each.path), self._opens(each))
            elif isinstance(each, Open):
                router.add_get(each.path, self._gives(each))
            else:
                router.add_post(each.path, self._does(each))

    async def _close(self, _application: web.Application) -> None:
        """What is made in the background for somebody ends with the console."""
        for each in (self._house.reports, self._house.upkeep):
            await asyncio.to_thread(each.close)

    def _shows(self, page: Page) -> Handler:
        async def show(request: web.Request) -> web.StreamResponse:
            visitor = await self._gate.visitor(request)
            if visitor is None:
                return self._gate.to_login(request)
            if (unsent := self._unsent.take(visitor.user_id, request.path)) is not None:
                return await self._page(request, page, visitor, form=unsent, fault=WRITTEN_BEFORE)
            return await self._page(request, page, visitor)

        return show

    def _gives(self, thing: Open) -> Handler:
        """Something that needs no log-in. What is not there, or not any more, looks alike."""

        async def give(request: web.Request) -> web.StreamResponse:
            now, path = self._clock(), dict(request.match_info)
            try:
                return _download(
                    await self._reader.run(lambda session: thing.show(Knock(session, now, self._house, path)))
                )
            except NotThere:
                return self._error(404)

        return give

    def _opens(self, page: Page) -> Handler:
        """The page with full phone numbers: by a button, and noted."""

        async def show(request: web.Request) -> web.StreamResponse:
            visitor = await self._gate.visitor(request)
            if visitor is None:
                return self._gate.to_login(request)
            self._genuine(request, visitor, await read_form(request, 0))
            if not allows(visitor, page.may, village=page.village):
                return self._error(403)
            where = request.path.removesuffix(_OPEN) or "/"
            response = await self._page(request, page, visitor, open_=True, where=where)
            if response.status == web.HTTPOk.status_code:
                await self._log(request, visitor, "看了完整号码", where)
            return response

        return show

    async def _page(
        self,
        request: web.Request,
        page: Page,
        visitor: Visitor,
        *,
        form: Form | None = None,
        fault: str = "",
        open_: bool = False,
        where: str = "",
    ) -> web.StreamResponse:
        if not allows(visitor, page.may, village=page.village):
            return self._error(403)
        said, now = self._gate.told(request), self._clock()

        def read(session: Session) -> tuple[Answer, str]:
            ask = self._ask(request, visitor, session, now, form or Form(), where=where)
            ask = ask.again(fault=fault, open=open_)
            answer = page.show(ask)
            return answer, self._renderer.page(ask, answer, said=said) if isinstance(answer, Html) else ""

        try:
            if page.weighs(request.query):
                answer, text = await self._brake.run(visitor.user_id, f"{request.method} {request.path_qs}", read)
            else:
                answer, text = await self._reader.run(read)
        except NotThere as gone:
            return self._error(404, str(gone))
        except TooHeavy as not_now:
            later = self._error(429, str(not_now))
            later.headers["Retry-After"] = str(AGAIN)
            return later
        except Declined as declined:
            return self._error(400, declined.at_desk)
        response = await self._answered(request, visitor, answer, text, 422 if fault else 0)
        if said and isinstance(answer, Html):  # else it waits for the page that one is sent on to
            self._gate.told_now(response)
        return response

    def _does(self, deed: Deed) -> Handler:
        async def do(request: web.Request) -> web.StreamResponse:
            visitor = await self._gate.visitor(request)
            if visitor is None:
                return await self._too_late(request, deed)
            if not allows(visitor, deed.may, village=deed.village):
                return self._error(403)
            form = await read_form(request, deed.largest)
            self._genuine(request, visitor, form)
            return await self._deed(request, deed, visitor, form)

        return do

    async def _too_late(self, request: web.Request, deed: Deed) -> web.Response:
        """What was written is held till its writer has logged in again."""
        back = _filled(deed.page, request)
        form = await read_form(request, deed.largest)
        user_id = await self._gate.wrote(request, form.get("csrf"))
        if user_id is None:
            return self._gate.to_login(request)
        self._unsent.hold(user_id, back, form)
        return self._gate.to_login(request, back=back)

    async def _deed(self, request: web.Request, deed: Deed, visitor: Visitor, form: Form) -> web.StreamResponse:
        now = self._clock()

        def turn(session: Session) -> tuple[Ask, Done]:
            if not console_sessions.same(session, visitor, now=self._clock()):
                raise web.HTTPForbidden  # closed, bound or changed while the form came in
            ask = self._ask(request, visitor, session, now, form)
            done = self._recorded(ask, deed) if deed.undo else deed.do(ask)
            audit.note(
                session, deed.name, now=now, user_id=visitor.user_id, who=visitor.shown_name,
                about=done.about, detail=done.detail, address=ask.address,
            )  # fmt: skip
            return ask, done

        try:
            ask, done = await self._worker.run(turn)
        except NotThere as gone:
            return self._error(404, str(gone))
        except Declined as declined:
            where = _filled(deed.page, request)
            page = self._pages[deed.page]
            return await self._page(request, page, visitor, form=form, fault=declined.at_desk, where=where)
        self._house.wake()
        if done.reload:
            self._house.reload()
        if done.show is not None:
            shown = done.show
            text = ""
            if isinstance(shown, Html):
                text = await self._reader.run(
                    lambda session: self._renderer.page(ask.again(session=session), shown, said=done.said)
                )
            return await self._answered(request, visitor, shown, text, 0)
        response = redirect(done.to)
        self._gate.tell(response, done.said)
        return response

    def _recorded(self, ask: Ask, deed: Deed) -> Done:
        """A deed that can be taken back for a minute."""
        with deeds.recording(ask.session) as recorder:
            done = deed.do(ask)
        what = f"{deed.name} {done.about}".strip()[:60]
        deeds.keep(ask.session, recorder, member_id=ask.user.member_id, what=what, now=ask.now)
        return done

    def _ask(
        self, request: web.Request, visitor: Visitor, session: Session, now: datetime, form: Form, *, where: str = ""
    ) -> Ask:
        return Ask(
            session=session,
            user=visitor,
            now=now,
            house=self._house,
            path=dict(request.match_info),
            query={key: clean_field(value) for key, value in request.query.items()},
            form=form,
            address=self._gate.front.client(request),
            where=where or request.path,
        )

    async def _answered(
        self, request: web.Request, visitor: Visitor, answer: Answer, text: str, status: int
    ) -> web.StreamResponse:
        match answer:
            case Html():
                return _html(text, status or answer.status)
            case Go():
                return redirect(answer.to)
            case Download():
                if answer.logged is not None:
                    await self._log(request, visitor, *answer.logged)
                return _download(answer)

    async def _log(self, request: web.Request, visitor: Visitor, what: str, about: str) -> None:
        now, client = self._clock(), self._gate.front.client(request)
        await self._worker.run(
            lambda session: audit.note(
                session, what, now=now, user_id=visitor.user_id, who=visitor.shown_name, about=about, address=client
            )
        )

    def _genuine(self, request: web.Request, visitor: Visitor, form: Form) -> None:
        if not self._gate.genuine(request, visitor, form.get("csrf")):
            log.warning("拒绝了不是从控制台页面来的表单：%s", _route(request))
            raise web.HTTPForbidden

    async def _file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["file"]
        if name not in _FILES:
            return self._error(404)
        return web.FileResponse(_STATIC / name, headers={**HEADERS, "Cache-Control": "public, max-age=86400"})

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Whatever goes wrong, a person reads a kind page, and only we read why."""
        try:
            if not self._known_host(request):
                raise web.HTTPMisdirectedRequest
            async with asyncio.timeout(None if request.path == "/live" else FORM_TIME):
                return await handler(request)
        except web.HTTPException as error:
            if (
                error.status == web.HTTPForbidden.status_code
            ):  # no right of anybody's: the form is not from a page of now
                return self._error(403, _STALE, title=_NOT_DONE)
            return error if error.status < 400 else self._error(error.status)
        except BadEntry as bad:
            return self._error(400, str(bad))
        except TimeoutError:
            return self._error(408)
        except Exception as error:  # a page must not take the others down
            log.exception("%s %s 出错", request.method, _route(request))
            return self._error(503 if isinstance(error, OperationalError) else 500)

    def _known_host(self, request: web.Request) -> bool:
        """Whether we are asked under a name of ours: a name that somebody points at this machine is none."""
        try:
            name = urlsplit(f"//{request.host}").hostname or ""
            return name in ("localhost", urlsplit(self._gate.front.address).hostname) or bool(ip_address(name))
        except ValueError:
            return False

    def _error(self, status: int, why: str = "", *, title: str = "") -> web.Response:
        said = why or _WHY.get(status, "请回上一页再试。")
        text = self._renderer.bare("error.html", title=title or _TITLES.get(status, _NOT_DONE), fault=masked(said))
        return _html(text, status)


_NOT_DONE = "没有办成"
_STALE = "这一页开得太久了，或者不是从控制台里点的。请回上一页刷新，再试一次。"
_TITLES = {
    403: "这一项不归您",
    404: "没有这一页",
    405: "没有这一页",
    413: "太大了",
    429: "请等一等",
    500: "出错了",
    503: "正忙",
}
_WHY = {
    403: "您的账号不能做这件事。要做，请管理员在“人员”里改您的角色。",
    404: "可能已经删了，或网址写错了。",
    405: "请从菜单进。",
    408: "网络太慢，没有收完整，请再试一次。",
    413: "发来的内容太大了。",
    421: "请用管理员给的网址打开。",
    500: "已经记下，您的资料没有丢。请过一会儿再试，还不行就告诉管理员。",
    503: "数据库正忙，请过几秒再试。",
}


def _open_path(path: str) -> str:
    return (path if path != "/" else "") + _OPEN


def _filled(path: str, request: web.Request) -> str:
    """A page's path with the parts of this request's."""
    for key, value in request.match_info.items():
        path = path.replace("{" + key + "}", value)
    return path


def _route(request: web.Request) -> str:
    """The path as it is declared: what stands in its parts may be a secret, or a second line for the log."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "（没有这一页）"


def _html(text: str, status: int) -> web.Response:
    return web.Response(text=text, content_type="text/html", status=status, headers=HEADERS)


def _download(answer: Download) -> web.StreamResponse:
    how = "inline" if answer.inline else "attachment"
    shown = f"{how}; filename*=UTF-8''{quote(answer.name, safe='')}"
    kind = {"Content-Type": answer.content_type, "Content-Disposition": shown}
    if answer.file is not None:
        return web.FileResponse(answer.file, headers={**HEADERS, **kind})
    return web.Response(body=answer.body, headers={**HEADERS, **kind})
