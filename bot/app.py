"""The whole bot: assembled from the config, run until it is told to stop."""

import asyncio
import gc
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from bot import faults
from bot.alone import Release
from bot.backup import BackupDesk
from bot.config import Config, ConfigError
from bot.console.reader import Reader
from bot.dispatch import Dispatch
from bot.login import LoginDesk
from bot.sender import Sender
from bot.setting_values import Setting
from bot.settings import (
    CONSOLE_HOST,
    CONSOLE_PORT,
    WEBCHAT,
    WEBCHAT_HOST,
    WEBCHAT_PORT,
    WECHATY_ENDPOINT,
)
from bot.town import Clock, know, read_files
from bot.transports.base import AccountState, Event, Transport
from bot.worker import Worker
from data import accounts, desk_settings, rooms
from data.errors import TownError
from data.files import disk_why
from data.phrases import day_and_time
from handlers.knowledge import Knowledge
from scheduler.job import Job, JobContext
from scheduler.timetable import Timetable

log = logging.getLogger("menlou")

MOST_SHOWN = 12  # groups whose next push is told at the start
_RELISTEN_CAP = 60.0
_LOOK_UP = 30.0  # seconds between looks at which rooms have a lecture to sign up for


@dataclass(slots=True)
class Bot:
    """Everything that runs, wired once. Nothing here decides what a lecture is."""

    written: Config  # as config.yaml has it
    config: Config  # with what was changed in the console
    clock: Clock
    worker: Worker
    transports: dict[str, Transport]
    dispatch: Dispatch
    sender: Sender
    timetable: Timetable
    context: JobContext
    login: LoginDesk
    pages: web.Application
    console: web.Application | None
    reader: Reader | None
    backups: BackupDesk | None
    release: Release  # gives the database to the next process
    learning: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self, on_ready: Callable[["Bot"], Awaitable[None]] | None = None) -> None:
        """Serve until cancelled; what is being sent is settled before this returns."""
        gc.collect()
        gc.freeze()  # the lexicon stays as it is: the collector need not walk it again and again
        runners = await self._serve_all()
        listeners = [asyncio.create_task(self._listen(each), name=each.name) for each in self.transports.values()]
        listeners.append(asyncio.create_task(self._look_up_lectures(), name="lectures"))
        speaking = asyncio.create_task(self.sender.run(), name="sender")
        try:
            self.timetable.start(self._fire, self.clock)
            if self.backups is not None:
                self.backups.start()
            for job, occurrence in self.timetable.missed(now=self.clock(), within=self.context.grace):
                await self._run_job(job, occurrence)
            if on_ready is not None:
                await on_ready(self)
            await speaking
        finally:
            if self.backups is not None:
                await self.backups.stop()
            self.timetable.stop()
            await self.sender.stop()
            for task in (*listeners, speaking):
                task.cancel()
            await asyncio.gather(*listeners, speaking, return_exceptions=True)
            for runner in runners:
                await runner.cleanup()
            if self.reader is not None:
                await asyncio.to_thread(self.reader.close)
            await asyncio.to_thread(self.worker.close)
            self.release()

    def reload_soon(self) -> None:
        """Begin to `reload`, after the reload that may go on."""
        task = asyncio.get_running_loop().create_task(self.reload())
        task.add_done_callback(_log_failure)

    async def reload(self) -> None:
        """Gather anew what handlers and jobs know, after a coordinator changed it; turns go on meanwhile."""
        assert self.reader is not None  # only the console asks for it

        def learn(session: Session) -> tuple[Config, Knowledge]:
            config = self.written.changed(desk_settings.changes(session))
            return config, know(session, config, *read_files(config))

        async with self.learning:
            try:
                self.config, knowledge = await self.reader.run(learn)
            except TownError:
                log.exception("镇的资料读不了，照原来的")
                return
        self.dispatch.learn(knowledge)
        self.sender.keep_quiet(knowledge.quiet)
        self.context = replace(self.context, quiet=knowledge.quiet, rules=knowledge.rules)

    async def next_pushes(self) -> list[str]:
        """One line a group: when the next push goes there."""
        now = self.clock()
        fires = [fire for job, fire in self.timetable.upcoming(now=now) if job.name == "push"]
        names = await self.worker.run(lambda session: [room.name for room in rooms.pushed_rooms(session)])
        if not fires or not names:
            return ["还没有登记推送的群。请宣传干事在群里发“本群 村名”。"]
        when = day_and_time(self.context.quiet.after(min(fires)), self.context.zone, now=now)
        more = [f"……还有{len(names) - MOST_SHOWN}个群"] if len(names) > MOST_SHOWN else []
        return [*(f"{name}：{when}" for name in names[:MOST_SHOWN]), *more]

    async def _serve_all(self) -> list[web.AppRunner]:
        """The web chat (or the page to scan at) and the console, each at its own port. Raises `ConfigError`."""
        wanted = []
        if self.config[WEBCHAT] or self.config[WECHATY_ENDPOINT]:
            wanted.append((self.pages, WEBCHAT_HOST, WEBCHAT_PORT))
        if self.console is not None:
            wanted.append((self.console, CONSOLE_HOST, CONSOLE_PORT))
        runners: list[web.AppRunner] = []
        try:
            for application, host, port in wanted:
                runners.append(await self._serve(application, host, port))
        except ConfigError:
            for runner in runners:
                await runner.cleanup()
            raise
        return runners

    async def _serve(self, application: web.Application, host: Setting[str], port: Setting[int]) -> web.AppRunner:
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=2)
        await runner.setup()
        try:
            await web.TCPSite(runner, self.config[host], self.config[port]).start()
        except OSError as error:
            await runner.cleanup()
            where = f"{self.config[host]}:{self.config[port]}"
            told = f"{where} 用不了（{disk_why(error)}）。换一个端口，或先停掉占着它的程序。"
            raise ConfigError([self.config.problem(port, told)]) from error
        return runner

    async def _listen(self, transport: Transport) -> None:
        """Keep one transport listening for ever: a fault of its own is logged, and it begins again."""
        wait = 1.0
        while True:
            try:
                await transport.listen(self._feed)
            except Exception:  # whatever it was, the other transports and the page go on
                log.exception("%s 收消息出错，%.0f 秒后重来", transport.name, wait)
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))
            wait = min(wait * 2, _RELISTEN_CAP)

    async def _look_up_lectures(self) -> None:
        while True:
            try:
                await self.dispatch.look_up_lectures()
            except SQLAlchemyError:
                log.exception("查不了哪些群有课，过一会儿再查")
            await asyncio.sleep(_LOOK_UP)

    async def _feed(self, event: Event) -> None:
        if isinstance(event, AccountState):
            if not event.transport.startswith("wecom"):  # nobody scans a code there
                self.login.take(event)
            await self._account(event)
        faults.point("heard")
        await self.dispatch.feed(event)

    async def _account(self, event: AccountState) -> None:
        """Since when an account speaks is kept; one that was put out holds its tongue for a while."""
        if event.online:
            await self.worker.run(
                lambda session: accounts.seen(session, event.transport, event.account_id, now=self.clock())
            )
        elif event.logged_out:
            await self.sender.logged_out(event.transport, event.reason)

    def _fire(self, job: Job, occurrence: datetime) -> None:
        task = asyncio.get_running_loop().create_task(self._run_job(job, occurrence))
        task.add_done_callback(_log_failure)

    async def _run_job(self, job: Job, occurrence: datetime) -> None:
        faults.point("job_begun")
        queued = await self.worker.run(lambda session: job.run(session, self.context, occurrence, self.clock()))
        faults.point("job_queued")
        if queued:
            log.info("%s:%s 排了 %d 条", job.name, f"{occurrence:%m-%d %H:%M}", queued)
            self.sender.wake()


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("按时的任务出错", exc_info=error)
