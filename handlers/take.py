"""One message through one transaction: seen before? → question open? → understand → handler → reply → outbox."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import partial

from sqlmodel import Session

from data import deeds, dialogs, inbox, lectures, outbox, signups
from data.errors import Declined
from data.glance import Glance, Pending, glance, meet_member, meet_room
from data.loop import Lecture
from data.mail import OutboxKind
from data.names import clean_name, clean_text
from data.seats import open_lectures
from data.tables import RoomKind
from handlers import info
from handlers.guard import WORDS, Verdict, judge
from handlers.knowledge import Knowledge
from handlers.message import Heard, Kind
from handlers.router import Call, Router
from handlers.turn import NO_ACT, Ear, Handler, Question, Reply, Route, Turn
from handlers.understand import Act, Utterance, named_exactly, normalise, understand
from handlers.understand.normalise import peel_mention

MAX_KEPT = 2_000
DEED = 40  # characters of a command by which 撤销 names it
SAID = "said"  # in a question's payload: the command that led to it
_KEPT = ("intent", "topic", "lecturer", "wish", "when_text", "count", "rating", "for_whom", "order_number")
APOLOGY = "抱歉，刚才没办成。您的话已经记下，镇里会看到。"


class Outcome(StrEnum):
    """What became of a message."""

    SILENT = "silent"  # not meant for us: no row
    SEEN = "seen"  # taken before
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a message asks for, and who does it."""

    route: str
    handle: Handler
    args: str = ""
    act: Act = NO_ACT
    word: str = ""
    number: int | None = None
    undo: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """All that a message asks for, in order; ``answers`` is the question of ours that it answers."""

    text: str  # normalised
    steps: tuple[Step, ...]
    answers: Pending | None = None


class Listener:
    """Takes messages. Holds what a message finds: the routes, the questions and the town. Never written to."""

    def __init__(
        self,
        routes: tuple[Route, ...],
        questions: tuple[Question, ...],
        knowledge: Knowledge,
        ears: tuple[Ear, ...] = (),
    ) -> None:
        self.router = Router(routes)
        self.ears = ears
        self.knowledge = knowledge
        self._questions = {question.kind: question for question in questions}

    def knowing(self, knowledge: Knowledge) -> "Listener":
        """This listener in a town that has changed."""
        other = copy.copy(self)
        other.knowledge = knowledge
        return other

    def take(self, session: Session, heard: Heard, *, now: datetime) -> Outcome:
        """Handle one message within the caller's transaction."""
        known = self._glance(session, heard, now)
        if known.seen:
            return Outcome.SEEN
        reading = self._read(session, heard, known, now)
        if reading is None:
            return Outcome.SILENT
        turn = self._turn(session, heard, known, now, reading)
        if reading.answers or self._fleeting(known):
            dialogs.close(session, room_id=turn.room_id, member_id=turn.member_id)
        verdict = judge(session, turn, self.knowledge.limits, lately=known.lately)
        if verdict is Verdict.FINE:
            route = "+".join(dict.fromkeys(step.route for step in reading.steps))
            self._keep(session, heard, turn, reading, route, _answer(reading, turn))
        else:
            self._keep(session, heard, turn, reading, verdict.value, Reply(WORDS[verdict]))
        return Outcome.ANSWERED

    def apologise(self, session: Session, heard: Heard, error: str, *, now: datetime) -> None:
        """A handler failed and its turn was rolled back: keep the message with the error, and say so once."""
        known = self._glance(session, heard, now)
        if not known.seen:
            reading = Reading(normalise(heard.text), ())
            turn = self._turn(session, heard, known, now, reading)
            self._keep(session, heard, turn, reading, "failed", Reply(APOLOGY), error=error[:MAX_KEPT])

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
        """What this message asks for; None where it is not meant for the bot. Writes nothing."""
        text = normalise(heard.text)
        if known.pending is not None and (question := self._questions.get(known.pending.kind)):
            answer = question.read(text)
            if answer is not None:
                step = Step(question.kind, question.handle, answer, undo=question.undo)
                return Reading(text, (step,), answers=known.pending)
        listen = self.knowledge.listen_mode(heard.room_name, heard.room_id)
        served = known.room is not None and known.room.kind != RoomKind.UNBOUND
        if not heard.addressed and (listen == "mention" or not served):
            return None
        for ear in self.ears:
            if ear.could(heard) and ear.hears(session, heard, known, now):
                return Reading(text, (Step(ear.name, ear.handle),))
        if heard.kind is Kind.IMAGE:
            return None  # it has no words
        return self._worded(session, heard, known, text, now)

    def _worded(self, session: Session, heard: Heard, known: Glance, text: str, now: datetime) -> Reading | None:
        """What the words ask for: a command, or what they are understood to mean."""
        listen = self.knowledge.listen_mode(heard.room_name, heard.room_id)
        call = self.router.by_word(text)
        if call is not None and (call.plain or _meant(call, heard, known)):
            return self._called(heard, known, text, call, now)
        roles = known.member.roles if known.member is not None else frozenset()
        if heard.addressed and (worded := self.router.by_wording(text, roles)):
            return self._called(heard, known, text, worded, now)
        lecture = _lecture_open(session, known, now)
        said = Utterance(heard.text, heard.addressed, lecture_open=lecture is not None, listen=listen)
        understood = understand(said, self.knowledge.lexicon, self._local(now))
        if understood.first.intent == "none" and heard.addressed and call is not None:
            return self._called(heard, known, text, call, now)
        steps = tuple(self._steps(understood.acts)) if understood.reply else ()
        cancels = not heard.addressed and understood.first.intent == "cancel"
        if not steps or (cancels and not self._may_cancel(session, known, lecture)):
            return None
        return Reading(text, steps)

    def _fleeting(self, known: Glance) -> bool:
        """Whether our open question does not outlive another matter."""
        question = self._questions.get(known.pending.kind) if known.pending is not None else None
        return question is not None and question.fleeting

    @staticmethod
    def _may_cancel(session: Session, known: Glance, lecture: Lecture | None) -> bool:
        """Whether 取消 or 不去了, said to nobody, can be about a sign-up: only somebody's who has one."""
        return (
            lecture is not None
            and lecture.id is not None
            and known.member is not None
            and signups.holds(session, lecture.id, known.member.id)
        )

    def _called(self, heard: Heard, known: Glance, text: str, call: Call, now: datetime) -> Reading | None:
        """A command word was said: by somebody who may, or else by somebody who is told so if they asked us."""
        route = call.route
        roles = known.member.roles if known.member is not None else frozenset()
        if not route.open_to(roles):
            step = Step(route.name, route.others or partial(info.not_allowed, route), number=call.number)
            return Reading(text, (step,)) if heard.addressed else None
        step = Step(route.name, route.handle, call.args, word=call.word, number=call.number, undo=route.undo)
        if not route.intents:
            return Reading(text, (step,))
        if "order_topic" in route.intents and (exact := named_exactly(call.args, self.knowledge.lexicon)):
            return Reading(text, (replace(step, act=exact),))
        acts = understand(Utterance(text, addressed=True), self.knowledge.lexicon, self._local(now)).acts
        if all(act.intent in route.intents for act in acts):
            return Reading(text, tuple(replace(step, act=_sure(act)) for act in acts))
        return Reading(text, (step,))

    def _steps(self, acts: tuple[Act, ...]) -> Iterator[Step]:
        for act in acts:
            route = self.router.by_intent(act.intent)
            if route is not None and (act.intent != "none" or len(acts) == 1):
                yield Step(route.name, route.handle, act=act)

    def _local(self, now: datetime) -> datetime:
        return now.astimezone(self.knowledge.zone).replace(tzinfo=None)

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
            heard=heard,
            payload=reading.answers.payload if reading.answers else {},
            routes=self.router.routes,
        )

    def _keep(
        self,
        session: Session,
        heard: Heard,
        turn: Turn,
        reading: Reading,
        route: str,
        reply: Reply,
        *,
        error: str = "",
    ) -> None:
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
            understood=_as_json(reading),
            error=error,
        )
        if reply.ask is not None:
            dialogs.ask(
                session,
                room_id=turn.room_id,
                member_id=turn.member_id,
                kind=reply.ask.kind,
                payload={SAID: turn.payload.get(SAID) or turn.text[:DEED], **reply.ask.payload},
                expires_at=turn.now + self.knowledge.limits.answer_within,
            )
        mentions = () if heard.direct else ((turn.member.external_id, turn.member.name),)
        if reply.gather is not None:
            outbox.gather(
                session,
                reply.gather.item,
                key=reply.gather.key,
                text=reply.text,
                together=reply.gather.together,
                room_id=turn.room_id,
                now=turn.now,
                mentions=mentions,
                inbox_id=inbox_id,
            )
        elif reply.text:
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
    """What the handlers say to each thing asked for, in order; of several questions of ours the last waits."""
    replies = [_done(step, turn) for step in reading.steps]
    if len(replies) == 1:
        return replies[0]
    ask = next((reply.ask for reply in reversed(replies) if reply.ask is not None), None)
    return Reply("\n".join(reply.text for reply in replies if reply.text), ask)


def _done(step: Step, turn: Turn) -> Reply:
    """One handler's reply; a wish that cannot be met says why. Services raise before they write."""
    turn = replace(turn, args=step.args, act=step.act, word=step.word, number=step.number)
    try:
        if not step.undo:
            return step.handle(turn)
        with deeds.recording(turn.session) as recorder:
            reply = step.handle(turn)
        what = str(turn.payload.get(SAID) or turn.text)[:DEED]  # 确认 is named by what it confirms
        deeds.keep(turn.session, recorder, member_id=turn.member_id, what=what, now=turn.now)
        return reply
    except Declined as declined:
        return Reply(str(declined))


def _lecture_open(session: Session, known: Glance, now: datetime) -> Lecture | None:
    """The lecture that "我也去" can be about: this room's, or in a direct chat that of the person's village."""
    if known.room is None:
        return None
    if known.room.direct and known.member is not None and known.member.village_id is not None:
        return next(iter(open_lectures(session, now=now, village_id=known.member.village_id)), None)
    return lectures.open_in(session, known.room.id, now=now)


def _meant(call: Call, heard: Heard, known: Glance) -> bool:
    """Whether a command with something unforeseen behind it is one: said to us, or by number in the work group."""
    if call.number is not None and call.word and known.room is not None and known.room.kind == RoomKind.COORDINATORS:
        return True
    return heard.addressed and (not call.args or call.number is not None)


def _sure(act: Act) -> Act:
    """A command word leaves no doubt about what is wanted."""
    return replace(act, confidence=1.0)


def _as_json(reading: Reading) -> dict[str, object]:
    """What was understood, as the inbox row keeps it: the first act's parts, and all intents where there are more."""
    if not reading.steps:
        return {}
    act = reading.steps[0].act
    parts: dict[str, object] = {name: value for name in _KEPT if (value := getattr(act, name)) is not None}
    if len(reading.steps) > 1:
        parts["intents"] = [step.act.intent for step in reading.steps]
    return parts
