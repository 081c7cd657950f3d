"""Backups: made while the bot runs, verified before they get their name, rotated, restored, and drilled.

    make.py     the database's snapshot and the folders become one archive; rotation; the second folder
    archive.py  the archive itself: what is in it, its seal, and every reason to refuse one
    bring.py    restore, which keeps the present database aside, and the drill
    desk.py     when the bot makes one by itself
    child.py    the process in which it makes it
    configured.py   all of that as config.yaml says

SQLite only: PostgreSQL has ``pg_dump`` (docs/operate.md).
"""

from bot.backup.archive import Archive, BackupError, DamagedBackup, Manifest, check
from bot.backup.bring import Drilled, Restored, drill, newest, restore
from bot.backup.desk import BackupDesk
from bot.backup.make import Keep, Made, Plan, back_up

__all__ = [
    "Archive",
    "BackupDesk",
    "BackupError",
    "DamagedBackup",
    "Drilled",
    "Keep",
    "Made",
    "Manifest",
    "Plan",
    "Restored",
    "back_up",
    "check",
    "drill",
    "newest",
    "restore",
]
