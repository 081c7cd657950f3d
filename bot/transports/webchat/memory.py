"""What the web chat remembers: a file of JSON lines that only grows, and the last messages of each room.

Pictures lie beside it, for as long as their message is among those last ones.

One line is one fact: ``said``, ``recalled``, or ``heard`` (the bot took that in). What was said and not yet heard
when the process ended is told to the bot at the next start, as WeChat delivers what came while one was offline.
"""

import json
import logging
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.transports.webchat.values import Said, TakenBack

log = logging.getLogger("menlou.webchat")

KEPT = 200  # messages of one room kept in memory
UNHEARD = 1000  # facts that may wait for the bot
PICTURES = 256 * 1024 * 1024  # bytes of pictures kept; beyond it the oldest go

Fact = Said | TakenBack


class ChatLog:
    """The file and what of it is in memory. Every method writes first; OSError means that nothing changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pictures = path.with_name(path.stem + "-pictures")
        self._rooms: dict[str, deque[Said]] = {}
        self._by_id: dict[str, Said] = {}
        self._unheard: dict[tuple[str, str], Fact] = {}
        self._ragged = False  # whether the file ends in the middle of a line
        self.last_number = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            self._load()

    def say(self, said: Said) -> None:
        """Append a message."""
        self._append(
            {
                "do": "said",
                "id": said.id,
                "room": said.room,
                "sender": said.sender,
                "name": said.name,
                "text": said.text,
                "at": said.at.isoformat(),
                "direct": said.direct,
                "picture": said.picture,
                "file": said.file,
            }
        )
        self._remember(said)

    def recall(self, said: Said, at: datetime) -> Said:
        """Take a message back: it stays in the file and is shown no more; its picture is gone."""
        self._append({"do": "recalled", "id": said.id, "at": at.isoformat()})
        self._drop_picture(said)
        return self._take_back(said, at)

    def hear(self, fact: Fact) -> None:
        """The bot took this in; it is told no second time, even where writing that down fails."""
        self.skip(fact)
        self._append({"do": "heard", "what": _kind(fact), "id": fact.id})

    def skip(self, fact: Fact) -> None:
        """Do not tell the bot before the next start."""
        self._unheard.pop((_kind(fact), fact.id), None)

    def next_unheard(self) -> Fact | None:
        """The oldest fact that the bot has not taken in."""
        return next(iter(self._unheard.values()), None)

    @property
    def busy(self) -> bool:
        """Whether so much waits for the bot that people must wait too."""
        return len(self._unheard) >= UNHEARD

    def find(self, message_id: str) -> Said | None:
        """A message among the last of its room."""
        return self._by_id.get(message_id)

    def last_of(self, room: str) -> tuple[Said, ...]:
        """The last messages of a room, oldest first, as they are shown."""
        return tuple(self._rooms.get(room, ()))

    def keep_picture(self, message_id: str, picture: bytes) -> None:
        """Write a picture beside the log, whole or not at all."""
        self._pictures.mkdir(exist_ok=True)
        self._make_room(len(picture))
        draft = self._picture(message_id).with_suffix(".part")
        draft.write_bytes(picture)
        draft.replace(self._picture(message_id))

    def picture(self, message_id: str) -> bytes | None:
        """The picture of a message among the last of its room; None where it shows none, or none any more."""
        said = self.find(message_id)
        return self._read_kept(message_id) if said is not None and said.picture and not said.recalled else None

    def file(self, message_id: str) -> tuple[str, bytes] | None:
        """(name, content) of a file among the last messages of its room; None where there is none, or none any more."""
        said = self.find(message_id)
        content = self._read_kept(message_id) if said is not None and said.file and not said.recalled else None
        return None if said is None or content is None else (said.file, content)

    def _read_kept(self, message_id: str) -> bytes | None:
        try:
            return self._picture(message_id).read_bytes()
        except FileNotFoundError:  # it made room for others
            return None
        except OSError as error:
            log.warning("图片或文件 %s 读不出来：%s", message_id, error)
            return None

    def _picture(self, message_id: str) -> Path:
        return self._pictures / f"{message_id}.image"

    def _drop_picture(self, said: Said) -> None:
        if said.picture or said.file:
            try:
                self._picture(said.id).unlink(missing_ok=True)
            except OSError as error:  # it is shown no more all the same
                log.warning("图片 %s 删不掉：%s", said.id, error)

    def _make_room(self, size: int) -> None:
        """Let the oldest pictures go until one of this size fits in."""
        kept = sorted((file.stat().st_mtime, file.stat().st_size, file) for file in self._pictures.iterdir())
        total = size + sum(weight for _, weight, _ in kept)
        for _, weight, file in kept:
            if total <= PICTURES:
                break
            file.unlink()
            total -= weight

    def _append(self, fact: Mapping[str, object]) -> None:
        line = json.dumps(fact, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        if self._ragged:
            line = b"\n" + line
        try:
            with self._path.open("ab", buffering=0) as file:
                if file.write(line) != len(line):
                    raise OSError(f"{self._path}: only a part of a line was written")
        except OSError:
            self._ragged = True  # perhaps half a line is there: the next one must not be glued to it
            raise
        self._ragged = False

    def _remember(self, said: Said) -> None:
        self.last_number = said.number
        room = self._rooms.setdefault(said.room, deque())
        room.append(said.shortened())
        self._by_id[said.id] = room[-1]
        if len(room) > KEPT:
            oldest = room.popleft()
            self._by_id.pop(oldest.id, None)
            self._drop_picture(oldest)
        self._unheard["said", said.id] = said

    def _take_back(self, said: Said, at: datetime) -> Said:
        gone = replace(said, text="", recalled=True)
        room = self._rooms[said.room]
        room[room.index(said)] = gone
        self._by_id[said.id] = gone
        self._unheard["recalled", said.id] = TakenBack(said.id, at)
        return gone

    def _load(self) -> None:
        damaged = 0
        line = b"\n"
        with self._path.open("rb") as file:
            for line in file:
                try:
                    self._read(json.loads(line))
                except (ValueError, KeyError, TypeError, RecursionError):
                    damaged += bool(line.strip())
                while len(self._unheard) > UNHEARD:
                    del self._unheard[next(iter(self._unheard))]
        self._ragged = not line.endswith(b"\n")
        if damaged:
            log.warning("%s 里有 %d 行读不懂，已跳过", self._path, damaged)

    def _read(self, fact: dict[str, Any]) -> None:
        match fact["do"]:
            case "said":
                self._remember(_said(fact, self.last_number + 1))
            case "recalled":
                said = self.find(fact["id"])
                if said is not None:
                    self._take_back(said, datetime.fromisoformat(fact["at"]))
            case "heard":
                self._unheard.pop((fact["what"], fact["id"]), None)
            case _:
                raise ValueError(f"unknown fact: {fact['do']!r}")


def _kind(fact: Fact) -> str:
    return "said" if isinstance(fact, Said) else "recalled"


def _said(fact: dict[str, Any], number: int) -> Said:
    """A message out of its line; ValueError when a field is not what it should be."""
    words = [fact[key] for key in ("id", "room", "sender", "name", "text")]
    at = datetime.fromisoformat(fact["at"])
    if not all(isinstance(each, str) for each in words) or at.tzinfo is None:
        raise ValueError("not a message")
    message_id, room, sender, name, text = words
    file = str(fact.get("file", ""))
    return Said(
        message_id, number, room, sender, name, text, at, bool(fact["direct"]), bool(fact["picture"]), file=file
    )
