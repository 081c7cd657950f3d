"""The one who speaks: drains the outbox over the transports, and writes down how each message went."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from bot import faults
from bot.darkroom import Darkroom, Undrawn
from bot.pacing import Pacer
from bot.transports.base import AccountTrouble, Echo, NotSent, Outgoing, Refused, Transport, Uncertain
from bot.worker import Worker
from data import accounts, dispatches, missed, outbox
from data.accounts import ALL_KINDS, FREE, Caution
from data.hours import QuietHours
from data.mail import OutboxKind, OutboxState
from data.missed import OUTAGE, Patience
from data.outbox import EVER, Due, Letter, Settled

log = logging.getLogger("menlou.sender")

BATCH = 64
IDLE = 5.0  # seconds between looks at the outbox when nothing woke the sender
RETRY = timedelta(seconds=5)  # after the first try that did not go out; each further one waits twice as long
RETRY_CAP = timedelta(minutes=10)
TRIES = 30  # then it is given up, and a person is told: nearly four hours
DOUBT = timedelta(seconds=30)  # how long an unknown reply waits for its echo
FRESH = timedelta(minutes=5)  # how long an answer is worth sending again
TEND = timedelta(minutes=1)  # between looks at what waits too long


class FileLost(Exception):
    """A file of ours that a letter should carry cannot be read: the letter is given up, the account is well."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at the outbox gave: what goes out now, and what the sender takes on once that is committed."""

    letters: list[Letter]
    wait: float  # seconds until more may go
    pacers: Mapping[str, Pacer]
    able: Mapping[str, datetime]  # when each transport was last noted to be able to say anything
    tended: datetime


class Sender:
    """Sends what is due and allowed, room by room in order, different rooms side by side."""

    def __init__(
        self,
        worker: Worker,
        transports: Mapping[str, Transport],
        pacers: Mapping[str, Pacer],
        clock: Callable[[], datetime],
        *,
        send_timeout: float = 30.0,
        caution: Mapping[str, Caution] | None = None,
        quiet: QuietHours | None = None,
        patience: Patience | None = None,
        materials: Path | None = None,
    ) -> None:
        self._worker = worker
        self._transports = transports
        self._pacers = pacers
        self._clock = clock
        self._timeout = send_timeout
        self._caution = caution or {}
        self._quiet = quiet
        self._patience = patience
        self._materials = materials or Path()
        self._darkroom = Darkroom(worker)
        self._able: Mapping[str, datetime] = {}
        self._tended = EVER
        self._wake = asyncio.Event()
        self._stopping = False
        self._outcomes: list[Settled] = []  # how the last letters went; written down with the next claim
        self._out: dict[tuple[str, str], list[Echo]] = {}  # rooms that letters are out to, and what came back there
        self._doubtful: set[tuple[str, str]] = set()  # rooms where an unknown row waits for evidence
        self._busy = asyncio.Lock()  # held while letters are out, so that stopping waits for them

    def keep_quiet(self, quiet: QuietHours) -> None:
        """Keep these quiet hours from now on."""
        self._quiet = quiet

    def wake(self) -> None:
        """Something was queued, or a transport came back."""
        self._wake.set()

    async def run(self) -> None:
        """Drain the outbox until stopped."""
        await self._take_up()
        while not self._stopping:
            self._wake.clear()
            try:
                async with self._busy:
                    wait = await self.drain()
            except Exception:  # a full disk must not end the speaking: what is pending waits
                log.exception("发送出错，%.0f 秒后再试", IDLE)
                wait = IDLE
            if wait > 0:
                try:
                    async with asyncio.timeout(min(wait, IDLE)):
                        await self._wake.wait()
                except TimeoutError:
                    pass

    async def stop(self) -> None:
        """Send nothing new, and return when what is out is settled."""
        self._stopping = True
        self._wake.set()
        faults.point("stopping")
        async with self._busy:
            outcomes = self._outcomes
            try:
                await self._worker.run(lambda session: outbox.settle(session, outcomes, now=self._clock()))
            except SQLAlchemyError:
                log.exception("最后几条的结果没能记下，下次启动算待确认")
            else:
                self._outcomes = []

    async def drain(self) -> float:
        """Send what may leave now; returns the seconds until the next look is worth it (0: at once)."""
        now = self._clock()
        ready = [name for name, transport in self._transports.items() if transport.ready]
        outcomes = self._outcomes
        faults.point("before_claim")
        look = await self._worker.run(lambda session: self._turn(session, outcomes, ready, now))
        self._outcomes, self._pacers, self._able, self._tended = [], look.pacers, look.able, look.tended
        letters = look.letters
        if not letters:
            return look.wait
        faults.point("claimed")
        by_room: dict[tuple[str, str], list[Letter]] = {}
        for letter in letters:
            by_room.setdefault((letter.transport, letter.room), []).append(letter)
        self._out = {room: [] for room in by_room}
        sent = await asyncio.gather(*map(self._send_in_order, by_room.values()))
        echoes, self._out = self._out, {}
        self._outcomes = []
        for (room, written), outcomes in zip(by_room.items(), sent, strict=True):
            weighed = weigh(written, outcomes, echoes[room])
            if any(each.state is OutboxState.UNKNOWN for each in weighed):
                self._doubtful.add(room)
            self._outcomes += weighed
        faults.point("before_settle")
        return 0.0

    def _turn(self, session: Session, outcomes: list[Settled], ready: list[str], now: datetime) -> Look:
        """On the worker: write down how the last letters went, and claim the next ones that pacing lets go."""
        outbox.settle(session, outcomes, now=now)
        if outcomes:
            faults.point("settled")
        self._take_to_heart(session, outcomes, now)
        leaves = accounts.leaves(session, self._caution, now=now) if self._caution else {}
        ready = [name for name in ready if leaves.get(name, FREE).kinds]
        answers_only = {name for name, leave in leaves.items() if leave.kinds != ALL_KINDS}
        outbox.retry_fresh_replies(session, now=now, doubt=DOUBT, fresh=FRESH)
        able, tended = self._tend(session, [name for name in ready if name not in answers_only], now)
        planned = (self._quiet.began(now) if self._quiet else None) or EVER
        rows = outbox.due(session, transports=ready, now=now, limit=BATCH, answers_only=answers_only, planned=planned)
        pacers = {name: pacer.copy() for name, pacer in self._pacers.items()}
        for pacer in pacers.values():
            pacer.clock_says(now)
        allowed, wait = _allowed(rows, pacers, now)
        return Look(outbox.claim(session, allowed, now=now) if allowed else [], wait, pacers, able, tended)

    def _tend(self, session: Session, able: list[str], now: datetime) -> tuple[Mapping[str, datetime], datetime]:
        """On the worker: what waited too long ends, before anything of it can leave; see `data.missed`.

        Gives when each transport was noted to be able to say anything, and when we looked for what waits too long.
        """
        if self._patience is None:
            return self._able, self._tended
        noted = dict(self._able)
        for name in able:
            since = noted.get(name) or accounts.able_since(session, name) or EVER
            if now - since > OUTAGE:
                self._after_outage(session, name, since, now)
            if name not in noted or not timedelta() <= now - since < TEND:
                accounts.note_able(session, name, now=now)
                noted[name] = now
        if timedelta() <= now - self._tended < TEND:
            return noted, self._tended
        if lapsed := missed.lapse(session, self._patience, now=now):
            log.warning("%d 条过了时候，不发了", lapsed)
        return noted, now

    def _after_outage(self, session: Session, transport: str, since: datetime, now: datetime) -> None:
        assert self._patience is not None
        lapsed, held = missed.after_outage(session, transport, since=since, patience=self._patience, now=now)
        if lapsed or held:
            log.warning("停了一阵：%d 条推送过了时候，%d 条通知等干事说补不补", lapsed, len(held))
        dispatches.report_missed(session, held, now=now, not_before=self._decent(now))

    def _decent(self, moment: datetime) -> datetime:
        return self._quiet.after(moment) if self._quiet else moment

    def _take_to_heart(self, session: Session, outcomes: list[Settled], now: datetime) -> None:
        """On the worker: what went wrong opens the breaker of its account, and is told to the coordinators."""
        for each in outcomes:
            careful = self._caution.get(each.trouble)
            if careful is not None and accounts.trip(
                session, each.trouble, each.error, until=now + careful.breaker, now=now
            ):
                log.warning("%s 先停发 %.0f 分钟：%s", each.trouble, careful.breaker.total_seconds() / 60, each.error)
        failed = [each.id for each in outcomes if each.state is OutboxState.FAILED]
        if failed:
            dispatches.report(session, failed, now=now, not_before=self._decent(now))

    async def logged_out(self, transport: str, why: str) -> None:
        """The account was put out: whatever comes next, nothing leaves for a while."""
        now = self._clock()
        lost = Settled(0, OutboxState.PENDING, error=why, trouble=transport)
        await self._worker.run(lambda session: self._take_to_heart(session, [lost], now))

    async def heard_echo(self, echo: Echo) -> None:
        """Our own message came back. Of what is out just now it is remembered; what was in doubt is settled."""
        room = (echo.transport, echo.room_id)
        faults.point("before_echo")
        if room in self._out:
            self._out[room].append(echo)
        elif room in self._doubtful and not self._is_settled(echo):
            await self._worker.run(
                lambda session: outbox.settle_by_echo(
                    session,
                    transport=echo.transport,
                    room=echo.room_id,
                    text=echo.text,
                    message_id=echo.message_id,
                    now=self._clock(),
                )
            )

    def _is_settled(self, echo: Echo) -> bool:
        """Whether the echo is of a letter that is known to be sent, though not yet written down."""
        return any(each.transport_message_id == echo.message_id != "" for each in self._outcomes)

    async def _take_up(self) -> None:
        """At start: rows that we died over are in doubt, and pacing goes on from what was sent."""
        now = self._clock()
        gone = await self._worker.run(lambda session: outbox.orphan(session, now=now))
        if gone:
            log.warning("上次停机时有 %d 条正在发送，已记为待确认", gone)
        faults.point("taken_up")
        self._doubtful = await self._worker.run(outbox.in_doubt)
        sends = await self._worker.run(lambda session: outbox.last_sends(session, since=now - timedelta(days=1)))
        for name, pacer in self._pacers.items():
            pacer.recall((room_id, kind, at) for room_id, transport, kind, at in sends if transport == name)

    async def _send_in_order(self, letters: list[Letter]) -> list[Settled]:
        """One room's letters, in order; after one that did not go out, the rest wait for it."""
        outcomes: list[Settled] = []
        for position, letter in enumerate(letters):
            outcome = await self._send(letter)
            outcomes.append(outcome)
            if outcome.state is OutboxState.PENDING:
                outcomes += [
                    Settled(
                        each.id,
                        OutboxState.PENDING,
                        retry_at=outcome.retry_at,
                        lapses_at=self._lapses(each, outcome.retry_at),
                    )
                    for each in letters[position + 1 :]
                ]
                break
        return outcomes

    async def _send(self, letter: Letter) -> Settled:
        try:
            message = Outgoing(
                room_id=letter.room,
                text=letter.text,
                direct=letter.direct,
                mentions=letter.mentions,
                image=await self._image(letter),
                image_name=letter.picture_name or "picture.png",
                file=await self._file(letter),
                file_name=letter.file_name,
            )
            faults.point("before_send")
            async with asyncio.timeout(self._timeout):
                message_id = await self._transports[letter.transport].send(message)
            faults.point("after_send")
        except (NotSent, AccountTrouble) as error:
            trouble = letter.transport if isinstance(error, AccountTrouble) else ""
            if letter.held + 1 >= TRIES:
                log.warning("第 %d 条试了 %d 次都没发出去：%s", letter.id, TRIES, error)
                return Settled(letter.id, OutboxState.FAILED, error=str(error), trouble=trouble)
            return self._again(letter, str(error), trouble)
        except (Refused, FileLost) as error:
            log.warning("第 %d 条被拒收：%s", letter.id, error)
            trouble = letter.transport if isinstance(error, Refused) else ""
            return Settled(letter.id, OutboxState.FAILED, error=str(error), trouble=trouble)
        except (Uncertain, TimeoutError) as error:
            log.warning("第 %d 条不知发没发出去：%s", letter.id, error)
            return Settled(letter.id, OutboxState.UNKNOWN, error=str(error) or "对方没有回音")
        except Exception as error:  # a transport that breaks its word: nothing is known of the letter
            log.exception("第 %d 条发送时出错", letter.id)
            return Settled(letter.id, OutboxState.UNKNOWN, error=str(error) or type(error).__name__)
        return Settled(letter.id, OutboxState.SENT, transport_message_id=message_id)

    async def _image(self, letter: Letter) -> bytes | None:
        """The picture that goes with a letter. Words that tell of it never wait; `FileLost` where it is the answer."""
        if letter.png or letter.picture_id is None:
            return letter.png
        try:
            return await self._darkroom.develop(letter.picture_id, letter.svg)
        except Undrawn as error:
            log.warning("图 %d 画不出来：%s", letter.picture_id, error)
            if letter.kind is OutboxKind.REPLY:
                raise FileLost("海报画不出来") from error
            return None

    async def _file(self, letter: Letter) -> bytes | None:
        """The file that goes with a letter; `FileLost` where it is not there."""
        if not letter.file:
            return None
        try:
            return await asyncio.to_thread((self._materials / letter.file).read_bytes)
        except OSError as error:
            raise FileLost(f"文件《{letter.file_name}》找不到了") from error

    def _again(self, letter: Letter, error: str, trouble: str) -> Settled:
        """It certainly did not go out: when it is tried again. What began by day does not slip into the night."""
        now = self._clock()
        again = now + min(RETRY * 2 ** min(letter.held, 10), RETRY_CAP)
        if self._quiet and letter.kind is not OutboxKind.REPLY and not self._quiet.covers(now):
            again = self._quiet.after(again)
        lapses = self._lapses(letter, now)
        return Settled(letter.id, OutboxState.PENDING, error=error, retry_at=again, trouble=trouble, lapses_at=lapses)

    def _lapses(self, letter: Letter, now: datetime | None) -> datetime | None:
        """When an answer that did not go out at its first try is too old for any other."""
        if now is None or self._patience is None or letter.kind is not OutboxKind.REPLY:
            return None
        return now + self._patience.reply


def _allowed(rows: list[Due], pacers: Mapping[str, Pacer], now: datetime) -> tuple[list[int], float]:
    """The rows that pacing lets go now, and the seconds until the first that it holds back may go."""
    allowed: list[int] = []
    held: set[int] = set()  # rooms where an earlier row waits: what follows there waits behind it
    wait = IDLE
    for row in rows:
        pacer = pacers[row.transport]
        earliest = pacer.not_before(row.id, row.room_id, row.kind, row.queued_at)
        if earliest <= now and row.room_id not in held:
            pacer.sent(row.room_id, row.kind, now)
            allowed.append(row.id)
        else:
            held.add(row.room_id)
            wait = min(wait, max(0.0, (earliest - now).total_seconds()))
    return allowed, max(wait, 0.01)


def weigh(letters: list[Letter], outcomes: list[Settled], echoes: list[Echo]) -> list[Settled]:
    """One room's outcomes, where each in doubt is sent if an echo says so that is no other letter's.

    Two letters may say the same, so an echo counts once, and not for one in doubt when it is of one that was sent.
    """
    texts = {letter.id: letter.text for letter in letters}
    known = {each.transport_message_id for each in outcomes if each.state is OutboxState.SENT}
    left = [echo for echo in echoes if echo.message_id not in known]

    def take(text: str) -> Echo | None:
        found = next((echo for echo in left if outbox.says(echo.text, text)), None)
        if found is not None:
            left.remove(found)
        return found

    for each in outcomes:
        if each.state is OutboxState.SENT and not each.transport_message_id:
            take(texts[each.id])  # the transport gave no id: its echo is known by its words
    weighed = []
    for each in outcomes:
        echo = take(texts[each.id]) if each.state is OutboxState.UNKNOWN else None
        weighed.append(each if echo is None else Settled(each.id, OutboxState.SENT, echo.message_id))
    return weighed
