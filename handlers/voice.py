"""What people tell the town: ratings, and the cases: opinions, needs and policy questions, each with its number."""

import re
from dataclasses import replace
from datetime import datetime, timedelta

from sqlmodel import Session

from data import cases, voices
from data.glance import Glance
from data.loop import VoiceKind
from data.phrases import day_and_time
from data.snippets import as_message, current, find_key
from data.tables import RoleKind
from handlers.answers import NO
from handlers.message import Heard, Kind
from handlers.needs import is_need
from handlers.turn import Ask, Reply, Turn
from handlers.understand import normalise, slots
from handlers.understand.answers import find_answer

_RATED = timedelta(days=7)  # how long after a lecture a rating is taken to be about it
_OVERHEARD = timedelta(days=3)  # and one that nobody addressed to us
_STATED = re.compile(r"分|星|[好差]评")
_MISHEARD = re.compile(r"(?:听不(?:太|大|怎么)?[懂明清]白?|没听[懂清])[讲说]?[\u4e00-\u9fff]{1,3}话")
# What people say after a lecture and seldom otherwise; where a wish stands beside it, the words are read as a whole.
_MARK = re.compile(
    r"\s*(?:我|我?[打给评]个?)?[1-5１-５一二三四五](?:\.5)?\s*分(?=$|[\s,，。!！、~吧啦讲老很就])|"
    r"\s*(?:老师|医生|警官|今晚|昨晚|今天|这堂课|这课|课)?讲[得的](?:真|很|太|挺|还|好|不错|清楚|明白|生动)|"
    r"\s*(?:就是)?听不(?:太|大|怎么)?懂[\u4e00-\u9fff]{1,3}话"
)
_WISH = re.compile(r"想听|想聽|想请|再听|点课|报名|來講|来讲")
_LONGEST = 60
SHARE = "镇里答复以后，要不要也发到村群？回“可以”或“不用”。"


def feedback(turn: Turn) -> Reply:
    """A rating or a remark: kept with the lecture that it is about, one a person; the last mark counts."""
    lecture = voices.to_rate(
        turn.session,
        member_id=turn.member_id,
        room_id=turn.room_id,
        village_id=turn.village_id,
        direct=turn.room.direct,
        since=turn.now - _RATED,
        now=turn.now,
    )
    stated = _STATED.search(turn.text) is not None
    mark = slots.rating(turn.text) if stated else slots.rating(_MISHEARD.sub("", turn.text))
    done = voices.rate(
        turn.session,
        lecture,
        member_id=turn.member_id,
        room_id=turn.room_id,
        village_id=turn.village_id,
        text=turn.verbatim[: voices.MAX_TEXT],
        rating=mark,
        stated=stated,
        now=turn.now,
        rules=turn.rules,
    )
    if done is None:
        return Reply("谢谢您的评价，记下了。")
    about = f"《{done.lecture.title}》"
    score = f"（{done.rating}分）" if done.rating is not None else ""
    if done.again and stated:
        return Reply(f"好，您对{about}的评价改成{done.rating}分了。")
    if done.again:
        return Reply(f"好，{about}的这句也记下了，会转给老师。")
    return Reply(f"谢谢您评{about}{score}，记下了，会转给老师。")


def could_rate(heard: Heard) -> bool:
    """Whether a line that nobody addressed to us begins as people rate a lecture."""
    return (
        not heard.addressed
        and heard.kind in (Kind.TEXT, Kind.NOTE)
        and len(heard.text) <= _LONGEST
        and _MARK.match(heard.text) is not None
        and _WISH.search(heard.text) is None
    )


def rates(session: Session, heard: Heard, known: Glance, now: datetime) -> bool:
    """Whether this group had a lecture in the last days that the line can be about."""
    if known.room is None or heard.direct:
        return False
    lecture = voices.to_rate(
        session, member_id=0, room_id=known.room.id, village_id=None, direct=False, since=now - _OVERHEARD, now=now
    )
    return lecture is not None


def suggestion(turn: Turn) -> Reply:
    """An opinion: it gets a number, and an answer."""
    return _opened(turn, VoiceKind.SUGGESTION, "您的意见记下了")


def could_need(heard: Heard) -> bool:
    """Whether somebody tells us that they are in need."""
    return heard.addressed and heard.kind in (Kind.TEXT, Kind.NOTE) and is_need(normalise(heard.text))


def needs(_session: Session, _heard: Heard, known: Glance, _now: datetime) -> bool:
    """Not from a coordinator, who writes about it: in a notice, an answer, or a note to the bot."""
    return known.member is None or RoleKind.COORDINATOR not in known.member.roles


def need(turn: Turn) -> Reply:
    """急难愁盼: an urgent case, of which the coordinators hear at once."""
    reply = _opened(turn, VoiceKind.NEED, "您的急事记下了，已马上告诉镇里")
    return Reply(f"{reply.text}\n有生命危险请先打120、110或119。")


def question(turn: Turn) -> Reply:
    """A policy question: answered from the town's own texts where one fits, else kept for a coordinator."""
    found = find_answer(turn.text, turn.knowledge.answers, topic=turn.act.topic)
    if found is not None:
        snippet = find_key(turn.session, found.key)
        if snippet is not None and current(snippet, turn.today):
            asked: dict[str, object] = {"text": turn.verbatim, "topic": turn.act.topic}
            return Reply(
                f"{as_message(snippet)}\n（没答到您问的？回“没答到”，我记下来问镇里。）", Ask("answered", asked)
            )
    return _opened(turn, VoiceKind.QUESTION, "这个我手头没有准话，不敢乱说。已记下")


def not_answered(turn: Turn) -> Reply:
    """没答到: the text was not what they asked for, so the question goes to a coordinator."""
    topic = turn.payload.get("topic")
    act = replace(turn.act, topic=str(topic) if topic else None)
    return _opened(replace(turn, verbatim=str(turn.payload["text"]), act=act), VoiceKind.QUESTION, "好，已记下")


def share(turn: Turn) -> Reply:
    """Whether the village may read the answer too; without a word from the asker it may not."""
    yes = turn.args != NO
    cases.agree(turn.session, int(str(turn.payload["number"])), yes=yes, now=turn.now, rules=turn.rules)
    return Reply("好，答复出来也发到村群，不提您的名字。" if yes else "好，只答复您一个人。")


def _opened(turn: Turn, kind: VoiceKind, words: str) -> Reply:
    """The case with its number and its deadline; asked in a direct chat, whether the village may read the answer."""
    topic = turn.act.topic
    voice = voices.record(
        turn.session,
        kind,
        member_id=turn.member_id,
        room_id=turn.room_id,
        village_id=turn.village_id,
        text=turn.verbatim,
        now=turn.now,
        rules=turn.rules,
        topic_id=turn.knowledge.topic_ids.get(topic) if topic else None,
    )
    assert voice.due_at is not None
    due = day_and_time(voice.due_at, turn.rules.zone, now=turn.now)
    text = f"{words}（意见{voice.id}号），镇里最晚{due}前答复您。"
    if kind == VoiceKind.NEED or not turn.room.direct or turn.village_id is None:
        return Reply(text)
    return Reply(f"{text}\n{SHARE}", Ask("share_case", {"number": voice.id}))
