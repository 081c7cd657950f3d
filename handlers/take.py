"""One message through one transaction: seen before? → question open? → understand → handler → reply → outbox."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session

from data import dialogs, inbox, lectures, outbox
from data.errors import Declined
from data.glance import Glance, Pending, glance, meet_member, meet_room
from data.mail import OutboxKind
from data.names import clean_name, clean_text
from data.tables import RoomKind
from handlers import info
from handlers.guard import WORDS, Verdict, judge
from handlers.knowledge import Knowledge
from handlers.message import Heard
from handlers.router import Call, Router
from handlers.turn import NO_ACT, Handler, Question, Reply, Route, Turn
from handlers.understand import Act, Utterance, normalise, understand
from handlers.understand.reading import peel_mention, read_wish

MAX_KEPT = 2_000
APOLOGY = "抱歉，刚才没办成。您的话已经记下，镇里会看到。"


class Outcome(StrEnum):
    """What became of a message."""

    SILENT = "silent"  # not meant for us: no row
    SEEN = "seen"  # taken before
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Reading:
    """Which handler takes the message, and what it is handed; ``answers`` is the question of ours that it answers."""

    route: str
    handle: Handler
    text: str  # normalised
    args: str = ""
    act: Act = NO_ACT
    answers: Pending | None = None


class Listener:
    """Takes messages. Holds what never changes while the bot runs: the routes, the questions and the town."""

    def __init__(self, routes: tuple[Route, ...], questions: tuple[Question, ...], knowledge: Knowledge) -> None:
        self.router = Router(routes)
        self.knowledge = knowledge
        self._questions = {question.kind: question for question in questions}
        self._unclear = self.router.by_intent("none")

    def take(self, session: Session, heard: Heard, *, now: datetime) -> Outcome:
        """Handle one message within the caller's transaction."""
        known = self._glance(session, heard, now)
        if known.seen:
            return Outcome.SEEN
        reading = self._read(session, heard, known, now)
        if reading is None:
            return Outcome.SILENT
        turn = self._turn(session, heard, known, now, reading)
        if reading.answers:
            dialogs.close(session, room_id=turn.room_id, member_id=turn.member_id)
        verdict = judge(session, turn, self.knowledge.limits, lately=known.lately)
        if verdict is Verdict.FINE:
            self._keep(session, heard, turn, reading.route, _answer(reading, turn))
        else:
            self._keep(session, heard, turn, verdict.value, Reply(WORDS[verdict]))
        return Outcome.ANSWERED

    def apologise(self, session: Session, heard: Heard, error: str, *, now: datetime) -> None:
        """A handler failed and its turn was rolled back: keep the message with the error, and say so once."""
        known = self._glance(session, heard, now)
        if not known.seen:
            turn = self._turn(session, heard, known, now, Reading("failed", info.unclear, normalise(heard.text)))
            self._keep(session, heard, turn, "failed", Reply(APOLOGY), error=error[:MAX_KEPT])

    @staticmethod
    def _glance(session: Session, heard: Heard, now: datetime) -> Glance:
        return glance(
            session,
            transport=heard.transport,
            message_id=heard.message_id,
            room=heard.room_id,
            member=heard.sender_id,
            now=now,
        )

    def _read(self, session: Session, heard: Heard, known: Glance, now: datetime) -> Reading | None:
        """Who takes this message; None where it is not meant for the bot. Writes nothing."""
        text = normalise(heard.text)
        if known.pending is not None and (question := self._questions.get(known.pending.kind)):
            answer = question.read(text)
            if answer is not None:
                return Reading(question.kind, question.handle, text, answer, answers=known.pending)
        listen = self.knowledge.listen_mode(heard.room_name, heard.room_id)
        served = known.room is not None and known.room.kind != RoomKind.UNBOUND
        if not heard.addressed and (listen == "mention" or not served):
            return None
        call = self.router.by_word(text)
        if call is not None and (heard.addressed or call.plain):
            return self._called(heard, known, text, call)
        lecture = lectures.open_in(session, known.room.id, now=now) if known.room is not None else None
        said = Utterance(heard.text, heard.addressed, lecture_open=lecture is not None, listen=listen)
        understood = understand(said, self.knowledge.lexicon, now)
        route = self.router.by_intent(understood.first.intent) or self._unclear
        if route is None or not understood.reply:
            return None
        return Reading(route.name, route.handle, text, act=understood.first)

    def _called(self, heard: Heard, known: Glance, text: str, call: Call) -> Reading | None:
        """A command word was said: by somebody who may, or else by somebody who is told so if they asked us."""
        route = call.route
        roles = known.member.roles if known.member is not None else frozenset()
        if route.role is None or route.role in roles:
            act = read_wish(call.args, self.knowledge.lexicon) if call.args else NO_ACT
            return Reading(route.name, route.handle, text, call.args, act)
        return Reading(route.name, info.not_allowed, text) if heard.addressed else None

    def _turn(self, session: Session, heard: Heard, known: Glance, now: datetime, reading: Reading) -> Turn:
        """The turn of a message that is ours: from here on its room and its sender are known."""
        room = meet_room(
            session,
            known.room,
            transport=heard.transport,
            external_id=heard.room_id,
            name=clean_name(heard.room_name),
            direct=heard.direct,
            now=now,
        )
        member = meet_member(
            session,
            known.member,
            transport=heard.transport,
            external_id=heard.sender_id,
            name=clean_name(heard.sender_name),
            village_id=room.village_id,
            now=now,
        )
        return Turn(
            session=session,
            room=room,
            member=member,
            knowledge=self.knowledge,
            now=now,
            text=reading.text,
            verbatim=clean_text(peel_mention(heard.text), limit=MAX_KEPT),
            args=reading.args,
            act=reading.act,
            payload=reading.answers.payload if reading.answers else {},
            routes=self.router.routes,
        )

    def _keep(self, session: Session, heard: Heard, turn: Turn, route: str, reply: Reply, *, error: str = "") -> None:
        inbox_id = inbox.record(
            session,
            transport=heard.transport,
            message_id=heard.message_id,
            room_id=turn.room_id,
            member_id=turn.member_id,
            text=clean_text(heard.text, limit=MAX_KEPT),
            heard_at=heard.at,
            handled_at=turn.now,
            route=route,
            understood=_as_json(turn.act),
            error=error,
        )
        if reply.ask is not None:
            dialogs.ask(
                session,
                room_id=turn.room_id,
                member_id=turn.member_id,
                kind=reply.ask.kind,
                payload=reply.ask.payload,
                expires_at=turn.now + self.knowledge.limits.answer_within,
            )
        if reply.text:
            mentions = () if heard.direct else ((turn.member.external_id, turn.member.name),)
            outbox.queue(
                session,
                room_id=turn.room_id,
                kind=OutboxKind.REPLY,
                text=reply.text,
                now=turn.now,
                mentions=mentions,
                inbox_id=inbox_id,
            )


def _answer(reading: Reading, turn: Turn) -> Reply:
    """The handler's reply; a wish that cannot be met says why. Services raise before they write."""
    try:
        return reading.handle(turn)
    except Declined as declined:
        return Reply(str(declined))


def _as_json(act: Act) -> dict[str, object]:
    """What was understood, as the inbox row keeps it."""
    parts = {"intent": act.intent, "topic": act.topic, "lecturer": act.lecturer, "wish": act.wish, "count": act.count}
    return {name: value for name, value in parts.items() if value is not None}
