"""What is backed up, where to and when, as config.yaml says."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from bot.backup.desk import BackupDesk, Told
from bot.backup.make import Keep, Plan, is_sqlite, nested, sqlite_file
from bot.backup.rooms import sweep_rooms
from bot.config import Config, ConfigError
from bot.exports import export_folder, sweep_exports
from bot.settings import (
    BACKUP,
    BACKUP_AT,
    BACKUP_DAYS,
    BACKUP_FOLDER,
    BACKUP_MONTHS,
    BACKUP_SECOND,
    BACKUP_WEEKS,
    LECTURE_PHOTOS,
    MATERIAL_FOLDER,
)

FOLDERS = (LECTURE_PHOTOS, MATERIAL_FOLDER)  # of whose files the database speaks


def folders_of(config: Config) -> Mapping[str, Path]:
    """The folders that belong to the database, by their setting."""
    return {setting.key: config.file(setting) for setting in FOLDERS}


def plan_of(config: Config) -> Plan:
    """What a backup is of, and where it goes."""
    return Plan(
        database_url=config.database_url,
        folders=folders_of(config),
        folder=config.file(BACKUP_FOLDER),
        second=config.file(BACKUP_SECOND) if config[BACKUP_SECOND] else None,
        keep=Keep(config[BACKUP_DAYS], config[BACKUP_WEEKS], config[BACKUP_MONTHS]),
    )


def require_apart(config: Config) -> None:
    """Raises `ConfigError` where backups would be part of the next ones."""
    plan = plan_of(config)
    if is_sqlite(plan.database_url) and (within := nested(plan)):
        place, why = within
        raise ConfigError([config.problem(BACKUP_FOLDER if place == plan.folder else BACKUP_SECOND, why)])


def desk_of(config: Config, clock: Callable[[], datetime], *, told: Told | None = None) -> BackupDesk | None:
    """Who backs up while the bot runs; None where that is turned off, or PostgreSQL's own affair."""
    if not config[BACKUP] or not is_sqlite(config.database_url):
        return None
    return BackupDesk(plan_of(config), config[BACKUP_AT], clock, told=told, tidy=lambda: tidy_up(config))


def tidy_up(config: Config) -> None:
    """Sweep what restores, drills and exports left that were killed."""
    plan = plan_of(config)
    for folder in (plan.folder, sqlite_file(plan.database_url).parent):
        sweep_rooms(folder)
    sweep_exports(export_folder(config))
