"""The bot, put together from its config."""

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta

from aiohttp import web
from sqlmodel import Session

from bot.alone import be_alone
from bot.app import Bot
from bot.backup.configured import desk_of
from bot.config import Config, ConfigError
from bot.console.reader import Reader
from bot.dispatch import Dispatch
from bot.login import LoginDesk
from bot.pacing import Pacer
from bot.places import homes
from bot.sender import Sender
from bot.settings import (
    CONSOLE,
    LOOP_CRON,
    MATERIAL_FOLDER,
    NOTICE_GRACE,
    PUSH_CRON,
    PUSH_GRACE,
    REPLY_EXPIRES,
    RETENTION_CRON,
    RETENTION_DAYS,
    WEBCHAT,
    WEBCHAT_LOG,
    WECHATY_ENDPOINT,
    ZONE,
)
from bot.town import Clock, caution_of, clock_of, open_database, quiet_hours, settle_in, speed_of
from bot.transports.base import Transport
from bot.transports.desk import ConsoleTransport, RelayTransport
from bot.transports.wecom.wiring import open_wecom, settle_rooms
from bot.worker import Worker
from data import desk_settings
from data.accounts import Caution
from data.missed import Patience
from data.pace import Speed
from data.townfile import TownFiles
from handlers import EARS, QUESTIONS, ROUTES
from handlers.knowledge import Knowledge
from handlers.take import Listener
from scheduler import JOBS
from scheduler.job import Job, JobContext
from scheduler.timetable import Timetable

log = logging.getLogger("menlou")


def build(config: Config) -> Bot:
    """Open the database, load the town, and wire the parts. Raises `ConfigError` or `data.errors.TownError`."""
    clock = clock_of(config)
    release = be_alone(config.database_url)
    engine, backup = open_database(config, now=clock())
    if backup is not None:
        log.info("数据库已升级，升级前的备份在 %s", backup)
    worker = Worker(engine)
    written, config = config, config.changed(worker.run_now(desk_settings.changes))
    simulated = "webchat" if config[WEBCHAT] else None

    def load(session: Session) -> tuple[TownFiles, Knowledge]:
        settled = settle_in(session, config, transport=simulated, now=clock())
        settle_rooms(session, config, now=clock())
        return settled

    files, knowledge = worker.run_now(load)
    application = web.Application()
    transports, pacers = _transports(config, files, clock, application)
    sender = Sender(
        worker,
        transports,
        pacers,
        clock,
        caution=_caution(config, transports),
        quiet=quiet_hours(config),
        patience=_patience(config),
        materials=config.file(MATERIAL_FOLDER),
    )
    login = LoginDesk()
    login.attach(application)
    dispatch = Dispatch(Listener(ROUTES, QUESTIONS, knowledge, EARS), worker, sender, clock, transports)

    def reload() -> None:
        bot.reload_soon()

    console, reader = _console(config, dispatch, worker, sender, reload) if config[CONSOLE] else (None, None)
    bot = Bot(
        written=written,
        config=config,
        clock=clock,
        worker=worker,
        transports=transports,
        dispatch=dispatch,
        sender=sender,
        timetable=Timetable(_timed(config), config[ZONE]),
        context=_context(config, knowledge),
        login=login,
        pages=application,
        console=console,
        reader=reader,
        backups=desk_of(config, clock),
        release=release,
    )
    return bot


def _transports(
    config: Config, files: TownFiles, clock: Clock, application: web.Application
) -> tuple[dict[str, Transport], dict[str, Pacer]]:
    """The ways in and out that are configured, each with its pace."""
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
    for transport, speed in open_wecom(config):
        transports[transport.name], pacers[transport.name] = transport, Pacer(speed)
    if config[CONSOLE]:
        for each in (ConsoleTransport(clock), RelayTransport(clock)):  # hands need the console
            transports[each.name], pacers[each.name] = each, Pacer(Speed.none())
    return transports, pacers


def _console(
    config: Config, dispatch: Dispatch, worker: Worker, sender: Sender, reload: Callable[[], None]
) -> tuple[web.Application, Reader]:
    from bot.console.build import Given, open_console  # loaded only when configured

    given = Given(
        worker=worker,
        transports=dispatch.transports,
        knowledge=lambda: dispatch.knowledge,
        reload=reload,
        wake=sender.wake,
        take=dispatch.take_now,
        clock=clock_of(config),
    )
    return open_console(config, given)


def _timed(config: Config) -> tuple[tuple[Job, str], ...]:
    lines = {
        PUSH_CRON.key: config[PUSH_CRON],
        LOOP_CRON.key: (config[LOOP_CRON],),
        RETENTION_CRON.key: (config[RETENTION_CRON],),
    }
    return tuple((job, line) for job in JOBS for line in lines[job.setting])


def _context(config: Config, knowledge: Knowledge) -> JobContext:
    return JobContext(
        config[ZONE],
        knowledge.quiet,
        timedelta(minutes=config[PUSH_GRACE]),
        knowledge.rules,
        {key: config[setting] for key, setting in RETENTION_DAYS.items()},
        homes(config),
    )


def _caution(config: Config, transports: Iterable[str]) -> dict[str, Caution]:
    """By transport: of those that are configured, only a private account has something to fear."""
    return {name: caution_of(config) for name in transports if name == "wechaty"}


def _patience(config: Config) -> Patience:
    return Patience(
        reply=timedelta(minutes=config[REPLY_EXPIRES]),
        push=timedelta(minutes=config[PUSH_GRACE]),
        notice=timedelta(hours=config[NOTICE_GRACE]),
    )
