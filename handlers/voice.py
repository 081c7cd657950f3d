"""What people tell the town: ratings, opinions and policy questions; and the coordinators' answers."""

import re
from dataclasses import replace
from datetime import timedelta

from data import lectures, voices
from data.loop import VoiceKind
from data.pushes import as_message
from data.tables import Snippet
from handlers.turn import Ask, Reply, Turn
from handlers.understand.answers import find_answer

_RATED = timedelta(days=7)  # how long after a lecture a rating is taken to be about it
_ANSWER = re.compile(r"\s*(?:答复|回答|答)\s*(?P<number>\d{1,9})\s*号?[\s:：,，]*(?P<words>.+)", re.DOTALL)
USAGE = "请这样写：“答复 3号 可以补缴，带身份证到社保所办”。发“待答”看还有哪些。"


def feedback(turn: Turn) -> Reply:
    """A rating or a remark: kept with the lecture that it is about."""
    lecture = lectures.last_in(turn.session, turn.room_id, since=turn.now - _RATED, now=turn.now)
    _record(turn, VoiceKind.FEEDBACK, rating=turn.act.rating, lecture_id=lecture.id if lecture else None)
    about = f"《{lecture.title}》" if lecture else ""
    return Reply(f"谢谢您评{about}，记下了，会转给老师。" if about else "谢谢您的评价，记下了。")


def suggestion(turn: Turn) -> Reply:
    """An opinion or a need: it gets a number, and an answer."""
    number = _record(turn, VoiceKind.SUGGESTION)
    return Reply(f"您的意见记下了（{number}号），镇里有了答复就告诉您。")


def question(turn: Turn) -> Reply:
    """A policy question: answered from the town's own texts where one fits, else kept for a coordinator."""
    found = find_answer(turn.text, turn.knowledge.answers, topic=turn.act.topic)
    if found is not None:
        snippet = turn.session.get(Snippet, turn.knowledge.snippet_ids[found.key])
        if snippet is not None and snippet.issued_on <= turn.today <= snippet.expires_on:
            asked: dict[str, object] = {"text": turn.verbatim, "topic": turn.act.topic}
            return Reply(
                f"{as_message(snippet)}\n（没答到您问的？回“没答到”，我记下来问镇里。）", Ask("answered", asked)
            )
    number = _record(turn, VoiceKind.QUESTION)
    return Reply(f"这个我手头没有准话，不敢乱说。已记下（{number}号），镇里答复了就告诉您。")


def not_answered(turn: Turn) -> Reply:
    """没答到: the text was not what they asked for, so the question goes to a coordinator."""
    topic = turn.payload.get("topic")
    act = replace(turn.act, topic=str(topic) if topic else None)
    asked = replace(turn, verbatim=str(turn.payload["text"]), act=act)
    number = _record(asked, VoiceKind.QUESTION)
    return Reply(f"好，已记下（{number}号），镇里答复了就告诉您。")


def waiting(turn: Turn) -> Reply:
    """待答: the questions and opinions that wait, for coordinators."""
    lines = voices.waiting(turn.session)
    if not lines:
        return Reply("没有等答复的问题。")
    shown = "\n".join(f"{each.number}号 {each.who}（{each.where or '私聊'}）：{each.text[:40]}" for each in lines)
    return Reply(f"等答复的：\n{shown}\n回“答复 {lines[0].number}号 内容”。")


def answer(turn: Turn) -> Reply:
    """答复 3号 …: the answer goes back to whoever asked, where they asked."""
    words = _ANSWER.fullmatch(turn.verbatim)
    if words is None:
        return Reply(USAGE)
    number = int(words["number"])
    leaves = turn.knowledge.quiet.after(turn.now)
    room = voices.answer(
        turn.session, number, words["words"].strip(), by=turn.member_id, now=turn.now, not_before=leaves
    )
    return Reply(f"好，{number}号的答复发到{room.name or '私聊'}。")


def _record(turn: Turn, kind: VoiceKind, *, rating: int | None = None, lecture_id: int | None = None) -> int:
    topic = turn.act.topic
    return voices.record(
        turn.session,
        kind,
        member_id=turn.member_id,
        room_id=turn.room_id,
        text=turn.verbatim,
        now=turn.now,
        rating=rating,
        lecture_id=lecture_id,
        topic_id=turn.knowledge.topic_ids.get(topic) if topic else None,
    )
