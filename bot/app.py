"""The whole bot: assembled from the config, run until it is told to stop."""

import asyncio
import gc
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from bot import faults
from bot.alone import Release, be_alone
from bot.config import Config, ConfigError
from bot.dispatch import Dispatch
from bot.login import LoginDesk
from bot.pacing import Pacer
from bot.sender import Sender
from bot.settings import (
    BREAKER,
    LOOP_CRON,
    NOTICE_GRACE,
    PUSH_CRON,
    PUSH_GRACE,
    REPLY_EXPIRES,
    WARM_ANSWER,
    WARM_LISTEN,
    WEBCHAT,
    WEBCHAT_HOST,
    WEBCHAT_LOG,
    WEBCHAT_PORT,
    WECHATY_ENDPOINT,
    ZONE,
)
from bot.town import Clock, clock_of, open_database, quiet_hours, settle_in, speed_of
from bot.transports.base import AccountState, Event, Transport
from bot.worker import Worker
from data import accounts, rooms
from data.accounts import Caution
from data.missed import Patience
from data.pace import Speed
from data.phrases import day_and_time
from data.townfile import TownFiles
from handlers import EARS, QUESTIONS, ROUTES
from handlers.knowledge import Knowledge
from handlers.take import Listener
from scheduler import JOBS
from scheduler.job import Job, JobContext
from scheduler.timetable import Timetable

log = logging.getLogger("menlou")

_RELISTEN_CAP = 60.0
_LOOK_UP = 30.0  # seconds between looks at which rooms have a lecture to sign up for


@dataclass(slots=True)
class Bot:
    """Everything that runs, wired once. Nothing here decides what a lecture is."""

    config: Config
    clock: Clock
    worker: Worker
    transports: dict[str, Transport]
    dispatch: Dispatch
    sender: Sender
    timetable: Timetable
    context: JobContext
    login: LoginDesk
    pages: web.Application
    release: Release  # gives the database to the next process

    async def run(self, on_ready: Callable[["Bot"], Awaitable[None]] | None = None) -> None:
        """Serve until cancelled; what is being sent is settled before this returns."""
        gc.collect()
        gc.freeze()  # the lexicon stays as it is: the collector need not walk it again and again
        serves_page = self.config[WEBCHAT] or self.config[WECHATY_ENDPOINT]
        runner = await self._serve() if serves_page else None
        listeners = [asyncio.create_task(self._listen(each), name=each.name) for each in self.transports.values()]
        listeners.append(asyncio.create_task(self._look_up_lectures(), name="lectures"))
        speaking = asyncio.create_task(self.sender.run(), name="sender")
        try:
            self.timetable.start(self._fire, self.clock)
            for job, occurrence in self.timetable.missed(now=self.clock(), within=self.context.grace):
                await self._run_job(job, occurrence)
            if on_ready is not None:
                await on_ready(self)
            await speaking
        finally:
            self.timetable.stop()
            await self.sender.stop()
            for task in (*listeners, speaking):
                task.cancel()
            await asyncio.gather(*listeners, speaking, return_exceptions=True)
            if runner is not None:
                await runner.cleanup()
            await asyncio.to_thread(self.worker.close)
            self.release()

    async def next_pushes(self) -> list[str]:
        """One line a group: when the next push goes there."""
        now = self.clock()
        fires = [fire for job, fire in self.timetable.upcoming(now=now) if job.name == "push"]
        names = await self.worker.run(lambda session: [room.name for room in rooms.pushed_rooms(session)])
        if not fires or not names:
            return ["还没有登记推送的群。请宣传干事在群里发“本群 村名”。"]
        when = day_and_time(self.context.quiet.after(min(fires)), self.context.zone, now=now)
        return [f"{name}：{when}" for name in names]

    async def _serve(self) -> web.AppRunner:
        runner = web.AppRunner(self.pages, access_log=None)
        await runner.setup()
        host, port = self.config[WEBCHAT_HOST], self.config[WEBCHAT_PORT]
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            await runner.cleanup()
            told = f"{host}:{port} 用不了（{error.strerror}）。换一个端口，或先停掉占着它的程序。"
            raise ConfigError([self.config.problem(WEBCHAT_PORT, told)]) from error
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


def build(config: Config) -> Bot:
    """Open the database, load the town, and wire the parts. Raises `ConfigError` or `data.errors.TownError`."""
    clock = clock_of(config)
    release = be_alone(config.database_url)
    engine, backup = open_database(config, now=clock())
    if backup is not None:
        log.info("数据库已升级，升级前的备份在 %s", backup)
    worker = Worker(engine)
    simulated = "webchat" if config[WEBCHAT] else None

    def load(session: Session) -> tuple[TownFiles, Knowledge]:
        return settle_in(session, config, transport=simulated, now=clock())

    files, knowledge = worker.run_now(load)
    application = web.Application()
    transports: dict[str, Transport] = {}
    pacers: dict[str, Pacer] = {}
    if config[WEBCHAT]:
        from bot.webtown import open_webchat

        try:
            transports["webchat"] = open_webchat(files, config.file(WEBCHAT_LOG), clock, application)
        except (OSError, ValueError) as error:
            raise ConfigError([config.problem(WEBCHAT_LOG, f"网页群聊开不了（{error}）。")]) from error
        pacers["webchat"] = Pacer(Speed.none())
    if config[WECHATY_ENDPOINT]:
        from bot.transports.wechaty import WechatySettings, WechatyTransport  # loaded only when configured

        settings = WechatySettings(endpoint=config[WECHATY_ENDPOINT], token=config.wechaty_token)
        transports["wechaty"] = WechatyTransport(settings)
        pacers["wechaty"] = Pacer(speed_of(config))
    caution = {name: _caution(config) for name in transports if name == "wechaty"}  # the web chat has no account
    sender = Sender(
        worker, transports, pacers, clock, caution=caution, quiet=quiet_hours(config), patience=_patience(config)
    )
    login = LoginDesk()
    login.attach(application)
    return Bot(
        config=config,
        clock=clock,
        worker=worker,
        transports=transports,
        dispatch=Dispatch(Listener(ROUTES, QUESTIONS, knowledge, EARS), worker, sender, clock, transports),
        sender=sender,
        timetable=Timetable(_timed(config), config[ZONE]),
        context=JobContext(config[ZONE], quiet_hours(config), timedelta(minutes=config[PUSH_GRACE]), knowledge.rules),
        login=login,
        pages=application,
        release=release,
    )


def _timed(config: Config) -> tuple[tuple[Job, str], ...]:
    lines = {PUSH_CRON.key: config[PUSH_CRON], LOOP_CRON.key: (config[LOOP_CRON],)}
    return tuple((job, line) for job in JOBS for line in lines[job.setting])


def _caution(config: Config) -> Caution:
    return Caution(
        listen=timedelta(days=config[WARM_LISTEN]),
        answer=timedelta(days=config[WARM_ANSWER]),
        breaker=timedelta(minutes=config[BREAKER]),
    )


def _patience(config: Config) -> Patience:
    return Patience(
        reply=timedelta(minutes=config[REPLY_EXPIRES]),
        push=timedelta(minutes=config[PUSH_GRACE]),
        notice=timedelta(hours=config[NOTICE_GRACE]),
    )


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("按时的任务出错", exc_info=error)
