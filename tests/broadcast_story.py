"""A broadcast by the whole bot over the real gateway, with a recorder on the other side: told again and again, with
the bot killed on the way, and counted at the end. The suite and ``python -m tests.figures.kills`` tell it.
"""

import contextlib
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

import yaml
from sqlmodel import Session, select

from bot.config import load_config
from bot.init import config_text
from bot.settings import SETTINGS
from bot.town import open_database, read_files
from data import town as town_data
from data.tables import Member, Role, RoleKind, Room, RoomKind, Village
from tests.bot_process import rows
from tests.gateway.harness import BOT, Gateway
from tests.mortal import Nursery
from tests.town import ZONE

BOSS = "boss"
SETTLED = "state NOT IN ('pending', 'sending')"
SLOW = {"delay_send": 12}  # ms: so that a moment in the middle of a send is easily met
NEVER_PACED = {
    "pace.reply_after": [0, 0],
    "pace.same_room": 0,
    "pace.other_room": [0, 0],
    "pace.batch_rooms": 0,
    "pace.per_minute": 0,
    "pace.per_hour": 0,
    "pace.per_day": 0,
    "account.listen_days": 0,
    "account.answer_days": 0,
    "account.rest_minutes": 0,
    "quiet.start": "00:00",
    "quiet.end": "00:00",
    "limits.per_minute": 100_000,
    "limits.loop_turns": 100_000,
    "broadcast.two_people": False,
    "broadcast.per_room_day": 0,
}


def crowd(count: int) -> dict[str, object]:
    """A gateway's town of so many groups."""
    return {
        "bot": {"id": BOT, "name": "门楼"},
        "people": [{"id": BOSS, "name": "周竹蓉"}],
        "rooms": [{"id": f"r{n}@chatroom", "topic": f"{n}组群", "members": [BOSS]} for n in range(count)],
    }


def found_town(folder: Path, gateway: Gateway, **settings: object) -> Path:
    """A town whose groups are claimed and whose coordinator is bound, as its config; nothing was said there yet."""
    (folder / "town").mkdir()
    town = {"town": {"name": "东西镇", "zone": "Asia/Shanghai"}, "villages": [{"name": "东沟村"}]}
    (folder / "town" / "town.yaml").write_text(yaml.safe_dump(town, allow_unicode=True), "utf-8")
    path = folder / "config.yaml"
    known = {setting.key for setting in SETTINGS}
    overrides = {key: value for key, value in NEVER_PACED.items() if key in known}
    own: dict[str, object] = {
        "town.folder": "town",
        "webchat.enabled": False,
        "console.enabled": False,
        "backup.enabled": False,
        "webchat.port": gateway.port + 1 if gateway.port < 65_000 else gateway.port - 1,
        "wechaty.endpoint": gateway.endpoint,
    }
    path.write_text(config_text(overrides | own | settings), "utf-8")
    now = datetime.now(ZONE)
    config = load_config(path, {})
    engine, _ = open_database(config, now=now)
    with Session(engine) as session, session.begin():
        files, topics = read_files(config)
        town_data.load_town(session, files, tuple(topics.names), transport=None, now=now)
        village = session.exec(select(Village)).one()
        for each in gateway.town["rooms"]:
            session.add(
                Room(
                    transport="wechaty",
                    external_id=each["id"],
                    name=each["topic"],
                    kind=RoomKind.RESIDENTS,
                    village_id=village.id,
                    created_at=now,
                )
            )
        boss = Member(transport="wechaty", external_id=BOSS, name="周竹蓉", created_at=now)
        session.add(boss)
        session.flush()
        session.add(Role(member_id=boss.id or 0, kind=RoleKind.COORDINATOR, granted_at=now, granted_by="test"))
    engine.dispose()
    return path


@dataclass
class Verdict:
    """What became of so many broadcasts. Each of ``messages`` is one text in one room."""

    broadcasts: int = 0
    killed: int = 0  # times
    messages: int = 0
    lost: int = 0  # in no room, and not shown as such: never queued, or "sent" without having been
    doubled: int = 0  # twice in one room
    silent: int = 0  # left pending or sending at the end
    unknown: int = 0  # shown as unknown
    unknown_arrived: int = 0  # of those, in the room after all

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


@dataclass
class Story:
    """A gateway, a nursery of bots, and the texts that were to be told everywhere."""

    gateway: Gateway
    nursery: Nursery
    config: Path
    dice: random.Random
    texts: list[str] = field(default_factory=list)
    killed: int = 0

    @property
    def database(self) -> Path:
        return self.config.parent / "var" / "town.db"

    @property
    def rooms(self) -> int:
        return len(self.gateway.town["rooms"])

    async def live(self, *, kill: str = "", armed: bool = False) -> bool:
        """A bot lives (again), and comes online unless it dies of ``kill`` before."""
        if not self.nursery.pid:
            await self.nursery.bear(self.config, kill=kill, armed=armed)
        return await self.nursery.online()

    async def draft(self) -> None:
        """The coordinator writes a new notice and is asked to confirm it."""
        text = f"第{len(self.texts) + 1}号通知：明天上午停水"
        seen = len(self.gateway.sends)
        await self.gateway.say(BOSS, f"通知 全镇 {text}")
        await self.gateway.wait_sent(
            lambda sent: sent.to == BOSS and text in sent.text and sent in self.gateway.sends[seen:], timeout=60
        )
        self.texts.append(text)

    async def confirm(self) -> None:
        await self.gateway.say(BOSS, "确认")

    async def moment(self, seconds: float) -> None:
        """So much time passes."""
        with contextlib.suppress(AssertionError):
            await self.nursery.until(lambda: False, seconds)

    async def die(self) -> None:
        """It is killed now, unless it has killed itself."""
        self.nursery.signal(signal.SIGKILL)
        assert await self.nursery.gone() == -signal.SIGKILL
        self.killed += 1

    async def retire(self) -> None:
        """The bot of now is stopped in the orderly way."""
        self.nursery.signal(signal.SIGTERM)
        assert await self.nursery.gone() == 0, self.nursery.lines[-10:]

    async def finish(self, patience: float = 120) -> None:
        """The bot of now lives until all of the last text is told, or known not to be told."""
        deadline = time.monotonic() + patience
        while not self._queued():  # it died before it had taken the coordinator's word
            assert time.monotonic() < deadline, f"{self.texts[-1]} was never queued; {self.nursery.lines[-10:]}"
            await self.confirm()
            await self._look(self._queued, time.monotonic() + 3)
        await self._look(lambda: self._left() == 0, deadline)
        assert self._left() == 0, f"{self._left()} rows are still to go; {self.nursery.lines[-10:]}"

    def verdict(self) -> Verdict:
        """Hold what the gateway recorded against what the bot's database says."""
        verdict = Verdict(broadcasts=len(self.texts), killed=self.killed)
        heard = Counter((sent.to, sent.text) for sent in self.gateway.sends)
        states = {
            (room, text): state
            for room, text, state in rows(
                self.database,
                "SELECT room.external_id, outbox.text, outbox.state FROM outbox JOIN room ON room.id = outbox.room_id"
                " WHERE outbox.broadcast_id IS NOT NULL",
            )
        }
        for text in self.texts:
            for room in (each["id"] for each in self.gateway.town["rooms"]):
                times, state = heard[room, text], states.get((room, text))
                verdict.messages += 1
                verdict.doubled += times > 1
                verdict.lost += state is None or (state == "sent" and times == 0)
                verdict.silent += state in ("pending", "sending")
                verdict.unknown += state == "unknown"
                verdict.unknown_arrived += state == "unknown" and times > 0
        return verdict

    def _queued(self) -> bool:
        return bool(
            rows(self.database, "SELECT count(*) FROM outbox WHERE text = ? AND broadcast_id > 0", self.texts[-1])[0][0]
        )

    def _left(self) -> int:
        query = f"SELECT count(*) FROM outbox WHERE broadcast_id > 0 AND NOT ({SETTLED})"
        return int(rows(self.database, query)[0][0])

    async def _look(self, come: Callable[[], bool], deadline: float) -> None:
        """Look now and then until it has come, or the time is up."""
        while not come() and time.monotonic() < deadline:
            await self.moment(0.03)


@asynccontextmanager
async def telling(folder: Path, rooms: int, *, seed: int = 0, **settings: object) -> AsyncIterator[Story]:
    """A town of so many groups, ready for its first bot."""
    async with Gateway(town=crowd(rooms)) as gateway:
        config = found_town(folder, gateway, **settings)
        async with Nursery({"MENLOU_WECHATY_TOKEN": gateway.token}) as nursery:
            yield Story(gateway, nursery, config, random.Random(seed))


async def one_death(story: Story, longest: float) -> None:
    """A new broadcast, killed once at a random moment of it or of the start that follows; then told to the end."""
    await story.live()
    await story.gateway.mode(**(SLOW if story.dice.random() < 0.7 else {}))
    await story.draft()
    await story.confirm()
    await story.moment(story.dice.uniform(0, longest))
    await story.die()
    if story.dice.random() < 0.2:  # and once more while it gets up
        await story.nursery.bear(story.config)
        await story.moment(story.dice.uniform(0, 1.5))
        await story.die()
    await story.live()
    await story.finish()


async def longest_of(story: Story) -> float:
    """Seconds that a broadcast takes when nobody dies, from the coordinator's word to the last room."""
    await story.live()
    await story.gateway.mode(**SLOW)
    await story.draft()
    started = time.monotonic()
    await story.confirm()
    await story.finish()
    return time.monotonic() - started
