"""One message through one transaction: seen before? → question open? → understand → handler → reply → outbox."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session

from data import dialogs, inbox, lectures, outbox, rooms
from data.errors import Declined
from data.mail import OutboxKind
from data.names import clean_name, clean_text
from data.tables import Member, RoleKind, Room, RoomKind
from handlers.guard import WORDS, Verdict, judge
from handlers.info import not_allowed
from handlers.knowledge import Knowledge
from handlers.message import Heard
from handlers.router import Router
from handlers.turn import Handler, Question, Reply, Route, Turn
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
    """Which handler takes the message, and what it is handed."""

    route: str
    turn: Turn
    handle: Handler


class Listener:
    """Takes messages. Holds what never changes while the bot runs: the routes, the questions and the town."""

    def __init__(self, routes: tuple[Route, ...], questions: tuple[Question, ...], knowledge: Knowledge) -> None:
        self.router = Router(routes)
        self.knowledge = knowledge
        self._questions = {question.kind: question for question in questions}
        self._unclear = self.router.by_intent("none")

    def take(self, session: Session, heard: Heard, *, now: datetime) -> Outcome:
        """Handle one message within the caller's transaction."""
        if inbox.seen(session, heard.transport, heard.message_id):
            return Outcome.SEEN
        text = normalise(heard.text)
        reading = self._read(session, heard, text, now)
        if reading is None:
            return Outcome.SILENT
        turn = reading.turn
        verdict = judge(session, turn, self.knowledge.limits)
        if verdict is Verdict.FINE:
            self._keep(session, heard, turn, reading.route, _answer(reading))
        else:
            self._keep(session, heard, turn, verdict.value, Reply(WORDS[verdict]))
        return Outcome.ANSWERED

    def apologise(self, session: Session, heard: Heard, error: str, *, now: datetime) -> None:
        """A handler failed and its turn was rolled back: keep the message with the error, and say so once."""
        if inbox.seen(session, heard.transport, heard.message_id):
            return
        turn = self._turn(session, heard, normalise(heard.text), now)
        self._keep(session, heard, turn, "failed", Reply(APOLOGY), error=error[:2_000])

    def _read(self, session: Session, heard: Heard, text: str, now: datetime) -> Reading | None:
        """Who takes this message; None where it is not meant for the bot. Writes nothing."""
        room = rooms.find_room(session, heard.transport, heard.room_id)
        member = rooms.find_member(session, heard.transport, heard.sender_id)
        question = self._asked(session, room, member, text, now)
        if question is not None:
            asked, answer, payload = question
            turn = self._turn(session, heard, text, now, args=answer, payload=payload)
            dialogs.close(session, room_id=turn.room_id, member_id=turn.member_id)
            return Reading(asked.kind, turn, asked.handle)
        listen = self.knowledge.listen_mode(heard.room_name, heard.room_id)
        hears = heard.addressed or (listen != "mention" and room is not None and room.kind != RoomKind.UNBOUND)
        if not hears:
            return None
        call = self.router.by_word(text)
        if call is not None and (heard.addressed or call.plain):
            allowed = call.route.role is None or self._holds(session, member, call.route.role)
            if allowed or heard.addressed:
                act = read_wish(call.args, self.knowledge.lexicon) if call.args else Act("none", 0.0)
                turn = self._turn(session, heard, text, now, args=call.args, act=act)
                return Reading(call.route.name, turn, call.route.handle if allowed else not_allowed)
            return None
        lecture_open = (
            room is not None and room.id is not None and lectures.open_in(session, room.id, now=now) is not None
        )
        said = Utterance(heard.text, heard.addressed, lecture_open=lecture_open, listen=listen)
        understood = understand(said, self.knowledge.lexicon, now)
        route = self.router.by_intent(understood.first.intent) or self._unclear
        if route is None or not understood.reply:
            return None
        return Reading(route.name, self._turn(session, heard, text, now, act=understood.first), route.handle)

    def _asked(
        self, session: Session, room: Room | None, member: Member | None, text: str, now: datetime
    ) -> tuple[Question, str, dict[str, object]] | None:
        if room is None or member is None or room.id is None or member.id is None:
            return None
        pending = dialogs.pending(session, room_id=room.id, member_id=member.id, now=now)
        question = self._questions.get(pending.kind) if pending else None
        answer = question.read(text) if question else None
        return (question, answer, pending.payload) if question and pending and answer is not None else None

    @staticmethod
    def _holds(session: Session, member: Member | None, role: RoleKind) -> bool:
        return member is not None and member.id is not None and role in rooms.roles_of(session, member.id)

    def _turn(
        self,
        session: Session,
        heard: Heard,
        text: str,
        now: datetime,
        *,
        args: str = "",
        act: Act | None = None,
        payload: dict[str, object] | None = None,
    ) -> Turn:
        room_name = clean_name(heard.room_name)
        room = rooms.meet_room(session, heard.transport, heard.room_id, name=room_name, direct=heard.direct, now=now)
        name = clean_name(heard.sender_name)
        member = rooms.meet_member(
            session, heard.transport, heard.sender_id, name=name, village_id=room.village_id, now=now
        )
        assert member.id is not None
        return Turn(
            session=session,
            room=room,
            member=member,
            roles=rooms.roles_of(session, member.id),
            knowledge=self.knowledge,
            now=now,
            text=text,
            verbatim=clean_text(peel_mention(heard.text), limit=MAX_KEPT),
            args=args,
            act=act or Act("none", 0.0),
            payload=payload or {},
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


def _answer(reading: Reading) -> Reply:
    """The handler's reply; a wish that cannot be met says why. Services raise before they write."""
    try:
        return reading.handle(reading.turn)
    except Declined as declined:
        return Reply(str(declined))


def _as_json(act: Act) -> dict[str, object]:
    """What was understood, as the inbox row keeps it."""
    parts = {"intent": act.intent, "topic": act.topic, "lecturer": act.lecturer, "wish": act.wish, "count": act.count}
    return {name: value for name, value in parts.items() if value is not None}
