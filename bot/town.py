"""The town as this process knows it: files into the database, and what handlers may know out of it."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from bot import settings
from bot.config import Config
from bot.setting_values import listen_map
from bot.settings import LIMIT_LOOP, LIMIT_MINUTE, LISTEN, LISTEN_GROUPS, QUIET_END, QUIET_START, TOWN_FOLDER, ZONE
from data import desk_settings, snippets, town
from data.accounts import Caution
from data.database import open_engine, upgrade
from data.errors import TownError, TownFileError
from data.hours import QuietHours
from data.lexicon import LexiconError, TopicLexicon
from data.lexicon import load_lexicon as load_topics
from data.pace import Speed
from data.rules import BroadcastRules, Deadlines, PosterRules, Rules
from data.series import EVENING
from data.tables import Lecturer as LecturerRow
from data.tables import Village
from data.townfile import TownFiles, read_town
from data.workdays import Span, WorkCalendar
from handlers.knowledge import Knowledge, Limits
from handlers.understand import Lexicon, load_lexicon
from handlers.understand.answers import AnswerIndex, Text, index_texts
from handlers.understand.lecturers import Lecturer
from handlers.understand.sayings import load_sayings
from handlers.understand.when import TownCalendar
from scheduler.timetable import next_fires, occurrences, read_cron

Clock = Callable[[], datetime]


class NeverStarted(TownError):
    """The villages and lecturers of the files come into the database when the bot starts; before that it is empty."""

    def __init__(self) -> None:
        super().__init__("机器人还没有启动过，镇的资料还没进数据库。请先启动一次（python -m bot run），再来做这个。")


def clock_of(config: Config) -> Clock:
    """The wall clock in the town's zone."""
    zone = config[ZONE]
    return lambda: datetime.now(zone)


def quiet_hours(config: Config) -> QuietHours:
    """The quiet hours as configured."""
    return QuietHours(config[QUIET_START], config[QUIET_END], config[ZONE])


def speed_of(config: Config) -> Speed:
    """How fast the WeChat account may speak, as configured."""
    return Speed(
        reply_after=config[settings.PACE_REPLY],
        same_room=config[settings.PACE_ROOM],
        other_room=config[settings.PACE_OTHER],
        per_minute=config[settings.PACE_MINUTE],
        per_hour=config[settings.PACE_HOUR],
        per_day=config[settings.PACE_DAY],
        batch_rooms=config[settings.BATCH_ROOMS],
        batch_pause=config[settings.BATCH_PAUSE],
    )


def caution_of(config: Config) -> Caution:
    """How careful a private account is, as configured."""
    return Caution(
        listen=timedelta(days=config[settings.WARM_LISTEN]),
        answer=timedelta(days=config[settings.WARM_ANSWER]),
        breaker=timedelta(minutes=config[settings.BREAKER]),
    )


def rules_of(config: Config, files: TownFiles, *, cut: Callable[[str], Sequence[str]] | None = None) -> Rules:
    """The rules of the loop as configured, with this town's market days. ``cut``: see `PosterRules`."""
    opens, closes = config[settings.WORK_HOURS]
    return Rules(
        zone=config[ZONE],
        quiet=quiet_hours(config),
        work=WorkCalendar(
            config[ZONE],
            opens,
            closes,
            config[settings.WORK_HOLIDAYS],
            config[settings.WORK_WORKDAYS],
            config[settings.WORK_FARMING],
        ),
        deadlines=Deadlines(
            review=Span(config[settings.LOOP_REVIEW]),
            dispatch=Span(config[settings.LOOP_DISPATCH]),
            accept=Span(config[settings.LOOP_ACCEPT]),
            schedule=Span(config[settings.LOOP_SCHEDULE]),
            urgent=Span(config[settings.LOOP_URGENT]),
            count=Span(config[settings.LOOP_COUNT]),
            answer=Span(days=config[settings.LOOP_ANSWER]),
        ),
        market_days=files.town.town.market_days,
        usual_times=config[settings.LECTURE_TIMES],
        lecture_minutes=config[settings.LECTURE_MINUTES],
        remind_evening=config[settings.LECTURE_EVENING],
        remind_before=timedelta(minutes=config[settings.LECTURE_BEFORE]),
        rate_after=timedelta(minutes=config[settings.LECTURE_RATE]),
        archive_after=timedelta(days=config[settings.LOOP_ARCHIVE]),
        offer_for=timedelta(minutes=config[settings.SIGN_UP_OFFER]),
        undo_within=timedelta(seconds=config[settings.LOOP_UNDO]),
        grab_most=config[settings.LOOP_GRAB],
        per_week=config[settings.PUSH_WEEK],
        evening_pushes=pushes_in_the_evening(config),
        poster=PosterRules(config[settings.LECTURE_POSTER], files.town.town.name, cut),
        broadcast=BroadcastRules(
            config[settings.BROADCAST_TWO], config[settings.BROADCAST_EMERGENCY], config[settings.BROADCAST_DAY]
        ),
    )


def read_files(config: Config) -> tuple[TownFiles, TopicLexicon]:
    """The town's folder and the catalogue, checked; `data.errors.TownFileError` says what is wrong with them."""
    try:
        topics = load_topics()
    except LexiconError as error:
        raise TownFileError([str(error)]) from error
    return read_town(config.file(TOWN_FOLDER), topics=tuple(topics.names)), topics


def words_of(files: TownFiles, topics: TopicLexicon) -> Lexicon:
    """All that understanding knows, with this town's lecturers, villages, venues and market days."""
    town = files.town
    places = [word for village in town.villages for word in (village.name, *village.aliases, *village.venues)]
    lecturers = [Lecturer(each.name, each.title, (each.trade,) if each.trade else ()) for each in town.lecturers]
    return load_lexicon(lecturers, places, TownCalendar(market_days=town.town.market_days), topics)


def known_words(session: Session, files: TownFiles, topics: TopicLexicon) -> Lexicon:
    """All that understanding knows of this town as the database has it: with what was imported or added since."""
    people = session.exec(select(LecturerRow).order_by(col(LecturerRow.id)))
    lecturers = [Lecturer(each.name, each.title, (each.trade,) if each.trade else ()) for each in people]
    villages = session.exec(select(Village).order_by(col(Village.id)))
    places = [word for each in villages for word in (each.name, *each.aliases, *each.venues)]
    calendar = TownCalendar(market_days=files.town.town.market_days)
    added = [each for each in desk_settings.added_words(session) if each[0] not in topics.names or each[0] != each[1]]
    return load_lexicon(lecturers, places, calendar, topics.with_words(added))


def pushes_in_the_evening(config: Config) -> bool:
    """Whether a push may leave in the evening, on any day of the next weeks."""
    today = clock_of(config)().date()
    afternoons = [datetime.combine(today + timedelta(days=days), EVENING, tzinfo=config[ZONE]) for days in range(32)]
    first = (
        fire
        for line in config[settings.PUSH_CRON]
        for afternoon in afternoons
        for fire in next_fires(read_cron(line, config[ZONE]), now=afternoon)
    )
    return any(quiet_hours(config).after(each).astimezone(config[ZONE]).time() >= EVENING for each in first)


def answers_of(session: Session, words: Lexicon) -> AnswerIndex:
    """The town's policy texts in force, those of its files and those that were imported, ready to be asked."""
    topics = {number: name for name, number in town.topic_ids(session).items()}
    texts = (
        Text(each.key, topics[each.topic_id], each.title, each.text, tuple(each.questions))
        for each in snippets.living(session)
    )
    return index_texts(texts, words.tokenizer, words.topics, load_sayings())


def open_database(config: Config, *, now: datetime) -> tuple[Engine, Path | None]:
    """The database with today's schema, and the backup that was taken on the way there, if one was."""
    engine = open_engine(config.database_url)
    return engine, upgrade(engine, now=now)


def open_settled(config: Config, *, now: datetime) -> Engine:
    """As `open_database`, for what only reads. Raises `NeverStarted` where the town's files are not in it yet."""
    engine, _backup = open_database(config, now=now)
    with Session(engine) as session:
        if town.topic_ids(session):
            return engine
    engine.dispose()
    raise NeverStarted


def settle_in(session: Session, config: Config, *, transport: str | None, now: datetime) -> tuple[TownFiles, Knowledge]:
    """Load the town's files into the database and gather what handlers may know."""
    files, topics = read_files(config)
    town.load_town(session, files, tuple(topics.names), transport=transport, now=now)
    session.flush()
    return files, know(session, config, files, topics)


def know(session: Session, config: Config, files: TownFiles, topics: TopicLexicon) -> Knowledge:
    """What handlers may know, out of the database and the files; only reads. Takes about half a second."""
    words = known_words(session, files, topics)
    groups = config[LISTEN_GROUPS]
    return Knowledge(
        town=files.town.town.name,
        zone=config[ZONE],
        quiet=quiet_hours(config),
        lexicon=words,
        topic_ids=town.topic_ids(session),
        lecturer_ids=town.lecturer_ids(session),
        answers=answers_of(session, words),
        rules=rules_of(config, files, cut=words.tokenizer.short_words),
        speed=speed_of(config) if config[settings.WECHATY_ENDPOINT] else Speed.none(),
        photos=config.file(settings.LECTURE_PHOTOS),
        push_times=partial(occurrences, config[settings.PUSH_CRON], config[ZONE]),
        limits=Limits(per_minute=config[LIMIT_MINUTE], loop_turns=config[LIMIT_LOOP]),
        listen=config[LISTEN],
        listen_in={**groups, **listen_map(desk_settings.listening(session))},
    )
