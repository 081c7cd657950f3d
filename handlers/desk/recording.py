"""补记 …: an event that was held already is put away with its numbers. It is shown first; nobody is told of it."""

import re
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Any

from data import attendance, planning, recording
from data.announcements import fixed
from data.lecture_notes import facts_of
from data.loop import EventKind
from data.recording import ONLINE, SITE, Held
from handlers.answers import NO
from handlers.desk.numbers import HANDED, MOST, NUMBER, PAPERS_SAID, read_numbers
from handlers.desk.pieces import NO_TIME, Pieces, read_pieces, reading_in, without
from handlers.desk.wording import in_public
from handlers.turn import Ask, Reply, Turn

CONFIRM = "confirm_record"
EXAMPLE = "补记 屋场会 反诈骗 覃志刚 昨晚7点半 石湾村 35人 资料40份"
_CAME = re.compile(rf"(?:到场|来了|到了)\s*({NUMBER})\s*[个位]?人?|({NUMBER})\s*[个位]?人")
# A number that is none of these: 3.5人, -35人, 3千人, 35到40人, 到场4.5.
_NOT_WHOLE = re.compile(
    r"(?:(?:到场|来了|到了)\s*)?[-负]?(?:\d[\d.,]*(?:\s*[-~至到]\s*\d+)?|[一二两三四五六七八九十百]+(?=[千万至到~-]))"
    r"[-~至到千万\d一二两三四五六七八九十百]*\s*[个位]?人|到场\s*[:：了]?\s*[-负]?\d[\d.,千万]*"
)
_APART = re.compile(r"(?<![\d.,:：/-])\d(?:\s+\d)+\s*(?:[个位]?人|[份张本])")  # how a voice types 50 人: 5 0 人
_ONLINE = re.compile(r"线上|网上")
_WEEKDAY = re.compile(r"周|星期|礼拜")
_MONTH = re.compile(r"月|\d[./-]\d|节|国庆|元旦")
_DAY = re.compile(r"[号日]")
_ROUGH = ("minute", "hour", "part")


def propose(turn: Turn) -> Reply:
    """补记 屋场会 …: take the pieces, say what is missing, show what would be kept, and ask. Raises `NotHeldYet`."""
    if in_public(turn):
        return Reply("补记活动请私聊我说，或在工作群里说。")
    came, handed, words = _numbers(turn.args)
    if odd := _APART.search(turn.args) or _NOT_WHOLE.search(words) or PAPERS_SAID.search(words):
        return Reply(f"没看懂“{odd.group().strip()}”。人数、份数请写成整数再发，比如“35人 资料40份”。")
    if max(came or 0, handed or 0) > MOST:
        return Reply("这个数太大了，请核对一下再发。")
    starts_at, rough, words = _time(turn, words)
    online = _ONLINE.search(words)
    pieces = read_pieces(turn, _ONLINE.sub(" ", words))
    missing = [each for each in pieces.missing if each != NO_TIME]
    if starts_at is None:
        missing.append("哪天几点（比如昨晚7点半、11月18日上午9点）")
    if missing or starts_at is None:
        return Reply(f"还缺：{'、'.join(missing)}。请补全了再发，比如“{EXAMPLE}”。")
    held = _held(turn, pieces, starts_at, came, handed, online=online is not None)
    recording.require_new(turn.session, held, now=turn.now)
    return Reply(_shown(turn, held, rough=rough), Ask(CONFIRM, _packed(held)))


def decide(turn: Turn) -> Reply:
    """The answer to whether it is to be kept so."""
    if turn.args == NO:
        return Reply("好，没有记。")
    lecture = recording.record(turn.session, _unpacked(turn.payload), by=turn.member_id, now=turn.now)
    return Reply(f"记下了：课{lecture.id}《{lecture.title}》。有照片，先发“照片 课{lecture.id}”；记错了，发“撤销”。")


def _numbers(words: str) -> tuple[int | None, int | None, str]:
    """(who came, what was handed out) as far as they were said, and the words without them."""
    handed = HANDED.search(words)
    words = without(words, *handed.span()) if handed else words
    came = _CAME.search(words)
    words = without(words, *came.span()) if came else words
    read = read_numbers(f"{came[1] or came[2] if came else 0} {handed.group() if handed else ''}")
    if read is None:
        return None, None, words
    return read[0] if came else None, read[1], words


def _time(turn: Turn, words: str) -> tuple[datetime | None, bool, str]:
    """When it was, whether the hour is a guess (昨晚), and the words without it. A day to come is the one before it."""
    reading = reading_in(turn, words)
    if reading is None:
        return None, False, words
    rest, when = without(words, reading.start, reading.end), reading.when
    if when.grain not in _ROUGH:
        return None, False, rest
    now = turn.now.astimezone(turn.knowledge.zone).replace(tzinfo=None)
    start = when.start if when.start <= now else _before(when.start, when.text)
    return start.replace(tzinfo=turn.knowledge.zone), when.grain == "part", rest


def _before(start: datetime, said: str) -> datetime:
    """周三 was the last one, 9月3日 that of last year, 18号 that of last month; what was named otherwise stays."""
    if _WEEKDAY.search(said):
        return start - timedelta(days=7)
    if _MONTH.search(said):
        return _in_month(start, start.year - 1, start.month)
    if _DAY.search(said):
        month = start.date().replace(day=1) - timedelta(days=1)
        return _in_month(start, month.year, month.month)
    return start


def _in_month(start: datetime, year: int, month: int) -> datetime:
    try:
        return start.replace(year=year, month=month)
    except ValueError:  # it has no such day
        return start


def _held(
    turn: Turn, pieces: Pieces, starts_at: datetime, came: int | None, handed: int | None, *, online: bool
) -> Held:
    assert pieces.topic is not None
    assert pieces.lecturer is not None
    village = pieces.where.villages[0]
    mode = ONLINE if online else SITE
    venue = "" if online else pieces.where.venue
    return Held(
        kind=pieces.kind,
        topic_id=turn.knowledge.topic_ids[pieces.topic],
        lecturer_id=turn.knowledge.lecturer_ids[pieces.lecturer],
        village_id=village.id,
        title=pieces.title or planning.short_name(pieces.topic),
        venue=venue or recording.somewhere(mode, "", village.name),
        starts_at=starts_at,
        dialect=pieces.dialect,
        live_url=pieces.live_url,
        attended=came,
        handouts=handed,
    )


def _shown(turn: Turn, held: Held, *, rough: bool) -> str:
    """What would be kept, and what else to look at."""
    zone = turn.knowledge.zone
    facts = facts_of(turn.session, held.as_lecture(by=None, now=turn.now))
    told = [
        f"到场{held.attended}人" if held.attended is not None else "",
        f"发资料{held.handouts}份" if held.handouts is not None else "",
    ]
    large = attendance.very_many(held.attended, held.handouts)
    same = "、".join(f"课{each.id}《{each.title}》" for each in recording.alike(turn.session, held, zone))
    lines = [
        f"补记{facts.words.name}《{held.title}》",
        f"{held.starts_at.year}年{fixed(held.starts_at, zone)}{'（没说几点，先这样记）' if rough else ''}",
        f"{facts.where}，{facts.who}{facts.words.leads}",
        "，".join(filter(None, told)) or "没说多少人，过后可以报",
        f"{large}，请核对一下：打错了就回“取消”，改好再发。" if large else "",
        recording.late_words(held.starts_at, zone, now=turn.now),
        f"同一天这个村已有{same}，请看是不是同一场。" if same else "",
        "不通知任何人。回“确认”记下，回“取消”作废。",
    ]
    return "\n".join(filter(None, lines))


def _packed(held: Held) -> dict[str, object]:
    return {**asdict(held), "kind": held.kind.value, "starts_at": held.starts_at.isoformat()}


def _unpacked(payload: dict[str, object]) -> Held:
    values: dict[str, Any] = {each.name: payload[each.name] for each in fields(Held)}
    values |= {"kind": EventKind(values["kind"]), "starts_at": datetime.fromisoformat(values["starts_at"])}
    return Held(**values)
