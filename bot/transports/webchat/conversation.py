"""The rules of the simulated groups: who may write where, what addresses the bot, what may be taken back."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import uuid4

from bot.transports.base import PICTURE_LIMIT
from bot.transports.webchat.memory import ChatLog
from bot.transports.webchat.values import BOT, Said, WebPerson, WebRoom, picture_type

TOO_BIG = f"图片太大了，最大{PICTURE_LIMIT // 1024**2}MB，请换一张小一点的"
Watcher = Callable[[Said], None]


class Declined(Exception):
    """What a person wanted to do at the page does not go; the text tells that person why."""


class Conversation:
    """The people, the groups and what is said in them. ``changed`` is told of each message and each recall."""

    def __init__(
        self,
        rooms: Sequence[WebRoom],
        people: Sequence[WebPerson],
        memory: ChatLog,
        clock: Callable[[], datetime],
        bot_name: str,
        changed: Watcher,
    ) -> None:
        self.rooms = {room.id: room for room in rooms}
        self.people = {person.id: person for person in people}
        if len({BOT, *self.rooms, *self.people}) != 1 + len(rooms) + len(people):
            raise ValueError(f"ids of rooms and people must all be different, and none may be {BOT!r}")
        self.memory = memory
        self.bot_name = bot_name
        self._clock = clock
        self._changed = changed
        self._call = _call_of(bot_name, [person.name for person in people])
        ranked = sorted(rooms, key=lambda room: room.kind != "coordinators")  # the working group comes first
        self._chats = {
            person.id: (*(room.id for room in ranked if person.id in room.members), person.id) for person in people
        }

    def chats_of(self, person_id: str) -> tuple[str, ...]:
        """The rooms that a person sees; the direct chat, whose id is the person's own, comes last."""
        return self._chats.get(person_id, ())

    def addresses_bot(self, text: str) -> bool:
        """Whether the text calls the bot by @."""
        return self._call.search(text) is not None

    def say(self, person_id: str, room_id: str, text: str) -> Said:
        """A person writes. Raises `Declined`."""
        person = self.speaker(person_id, room_id)
        if not text.strip():
            raise Declined("还没有写字")
        return self._take_in(room_id, person, text, None)

    def show(self, person_id: str, room_id: str, picture: bytes) -> Said:
        """A person sends a picture. Raises `Declined`."""
        person = self.speaker(person_id, room_id)
        if len(picture) > PICTURE_LIMIT:
            raise Declined(TOO_BIG)
        if not picture_type(picture):
            raise Declined("这个文件不是图片。能发的是JPG、PNG、GIF和WebP")
        return self._take_in(room_id, person, "", picture)

    def speaker(self, person_id: str, room_id: str) -> WebPerson:
        """The person, who may say something there now. Raises `Declined`."""
        person = self.people.get(person_id)
        if person is None:
            raise Declined("请先选一个人")
        if room_id not in self.chats_of(person_id):
            raise Declined("您不在这个群里")
        if self.memory.busy:
            raise Declined(f"{self.bot_name}还没有听完前面的话，请过一会儿再说")
        return person

    def speak(self, room_id: str, text: str, content: bytes | None, file_name: str = "") -> Said:
        """The bot writes, shows a picture, or with a ``file_name`` hands a file over. Raises OSError."""
        return self._keep(room_id, BOT, self.bot_name, text, content, file_name)

    def recall(self, person_id: str, message_id: str) -> Said:
        """A person takes an own message back. Raises `Declined`."""
        said = self.memory.find(message_id)
        if said is None or said.sender != person_id:
            raise Declined("只能撤回自己说的话")
        if said.recalled:
            return said
        try:
            gone = self.memory.recall(said, self._clock())
        except OSError as error:
            raise Declined("没能存下来，可能是磁盘满了") from error
        self._changed(gone)
        return gone

    def _take_in(self, room_id: str, person: WebPerson, text: str, picture: bytes | None) -> Said:
        try:
            return self._keep(room_id, person.id, person.name, text, picture)
        except OSError as error:
            raise Declined("没能存下来，可能是磁盘满了") from error

    def _keep(
        self, room_id: str, sender: str, name: str, text: str, content: bytes | None, file_name: str = ""
    ) -> Said:
        # A lone half of a surrogate pair can be typed into JSON, but neither written to a file nor to a database.
        text = text.encode("utf-8", "replace").decode("utf-8")
        message_id = uuid4().hex
        if content is not None:
            self.memory.keep_picture(message_id, content)
        said = Said(
            id=message_id,
            number=self.memory.last_number + 1,
            room=room_id,
            sender=sender,
            name=name,
            text=text,
            at=self._clock(),
            direct=room_id in self.people,
            picture=content is not None and not file_name,
            file=file_name,
        )
        self.memory.say(said)
        self._changed(said.shortened())
        return said


def _call_of(bot_name: str, names: Sequence[str]) -> re.Pattern[str]:
    """What calls the bot: @ (phones also type ＠) and its name, unless a longer name of a person begins there."""
    longer = [re.escape(name[len(bot_name) :]) for name in names if name.startswith(bot_name) and name != bot_name]
    other = f"(?!{'|'.join(longer)})" if longer else ""
    return re.compile(f"[@＠]{re.escape(bot_name)}{other}")
