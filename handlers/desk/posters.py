"""海报 课5, 海报 本周, 海报 短文标题: the picture comes to the coordinator alone, who passes it on where it belongs."""

import re
from datetime import date, datetime, time, timedelta

from sqlmodel import col, select

from data import lectures, outbox, posters, snippets, tell
from data.drawing.styles import STYLES
from data.errors import Declined, NoSuchGroup
from data.loop import Lecture, LectureState
from data.mail import OutboxKind
from data.posters import Poster
from data.tables import Topic, Village
from handlers.turn import Reply, Turn
from handlers.understand.when import read_times

USAGE = "海报要画什么？“海报 课5”画一节课，“海报 本周”画一周课表，“海报 短文标题”画一条短文；后面可以加样子：{styles}。"
_LECTURE = re.compile(r"(?:课\s*第?(\d{1,9})\s*[号节]?|(\d{1,9})\s*号?课)")
_WEEK = re.compile(
    r"(本|这|下{1,3})个?(?:周(?![一二三四五六日天末])|星期(?![一二三四五六日天])|礼拜(?![一二三四五六日天]))(?:的?课表|的课)?"
)
# 帮我画张…的海报: what stands around the thing itself.
_ASKING = (
    r"海报|宣传画|宣传图|给我?|帮[我忙手]?|麻烦|请|我|你|想要?|要|来|画|做|出|弄|搞|整|制作|设计|生成|发|一?[张份个幅]|一下|的|把|"
    r"那[节堂场个]|这[节堂场]|吧|呢|吗|啊|呀|看看|可以|能不能|行不行"
)
_AROUND = re.compile(rf"^(?:{_ASKING}|[\s,，。?？!！“”《》])+|(?:{_ASKING}|[\s,，。?？!！“”《》])+$")
_PLACE = re.compile(r"[村镇乡屯寨组]$")
_MARKS = re.compile(r"[\W_]+")
_AHEAD = 500  # lectures to come whose titles are looked through
_MOST = 6  # lectures in a question which is meant


class NoSuchStyle(Declined):
    """What stands behind the thing to be drawn is no style, nor a village."""

    def __init__(self, words: str) -> None:
        super().__init__(f"“{words[:20]}”不是海报的样子，也不是这里的村名。样子有：{'、'.join(STYLES)}。")


def draw(turn: Turn) -> Reply:
    """海报 and what of, in any style.

    Raises `NoSuchLecture`, `NoPosterOfHome`, `NoSuchText`, `NoSuchGroup`, `EmptyWeek` or `NoSuchStyle`.
    """
    words, style = _style_in(turn, _AROUND.sub("", turn.args))
    words = _AROUND.sub("", words)
    if not words:
        return Reply(USAGE.format(styles="、".join(STYLES)))
    if of_lecture := _LECTURE.search(words):
        _no_more(words, of_lecture)
        return _of_lecture(turn, int(of_lecture[1] or of_lecture[2]), style)
    if of_week := _WEEK.search(words):
        return _of_week(turn, _rest(words, of_week), style, ahead=of_week[1].count("下"))
    if called := _called(turn, words):
        return _of_one(turn, called, style, f"叫“{words[:20]}”")
    if (day := _day_in(turn, words)) is not None:
        return _of_one(turn, _held_on(turn, day), style, f"{day.month}月{day.day}日")
    snippet = snippets.find(turn.session, words)
    old = "" if snippets.current(snippet, turn.today) else "这条不在有效期里，别往群里发。"
    return _send(turn, posters.of_text(snippet, style=style, rules=turn.rules), f"短文“{snippet.title}”", old)


def draw_lecture(turn: Turn) -> Reply:
    """课5 海报 红头."""
    words, style = _style_in(turn, _AROUND.sub("", turn.args))
    if words:
        raise NoSuchStyle(words)
    return _of_lecture(turn, turn.number or 0, style)


def _rest(words: str, found: re.Match[str]) -> str:
    """What is left of the words, without the asking around it."""
    parts = (words[: found.start()], words[found.end() :])
    return "".join(_AROUND.sub("", part) for part in parts)


def _no_more(words: str, found: re.Match[str]) -> None:
    if rest := _rest(words, found):
        raise NoSuchStyle(rest)


def _called(turn: Turn, words: str) -> list[Lecture]:
    """The lectures to come with this title, or on this topic; a title with these words where none is these."""
    query = (
        select(Lecture, Topic.name)
        .join(Topic, col(Lecture.topic_id) == col(Topic.id))
        .where(Lecture.state == LectureState.ANNOUNCED, Lecture.starts_at > turn.now)
        .order_by(col(Lecture.starts_at), col(Lecture.id))
        .limit(_AHEAD)
    )
    bare = _MARKS.sub("", words)
    ahead = [(each, _MARKS.sub("", each.title), topic) for each, topic in turn.session.exec(query)]
    whole = [each for each, title, _ in ahead if title == bare]
    on_topic = [each for each, _, topic in ahead if topic == bare]
    return whole or on_topic or [each for each, title, _ in ahead if len(bare) > 1 and bare in title]


def _day_in(turn: Turn, words: str) -> date | None:
    """The day that the words are, and nothing else."""
    local = turn.now.astimezone(turn.rules.zone).replace(tzinfo=None)
    for reading in read_times(words, local, turn.knowledge.lexicon.calendar):
        if not _AROUND.sub("", words[: reading.start] + words[reading.end :]).strip("课讲座有"):
            return reading.when.start.date()
    return None


def _held_on(turn: Turn, day: date) -> list[Lecture]:
    first = datetime.combine(day, time(), tzinfo=turn.rules.zone)
    query = select(Lecture).where(
        Lecture.state == LectureState.ANNOUNCED,
        Lecture.starts_at >= first,
        Lecture.starts_at < first + timedelta(days=1),
    )
    return list(turn.session.exec(query.order_by(col(Lecture.starts_at), col(Lecture.id))))


def _of_one(turn: Turn, found: list[Lecture], style: str, said: str) -> Reply:
    """The poster of the only one; which of them, where there are more."""
    if not found:
        return Reply(f"{said}没有排课。发“课表”看有哪些，“海报 本周”画一周的。")
    if len(found) == 1:
        return _of_lecture(turn, found[0].id or 0, style)
    lines = "、".join(f"课{each.id}《{each.title}》" for each in found[:_MOST])
    return Reply(f"{said}的有{len(found)}节：{lines}。画哪一节？比如“海报 课{found[0].id}”。")


def _of_lecture(turn: Turn, number: int, style: str) -> Reply:
    lecture = lectures.find(turn.session, number)
    poster = posters.of_lecture(turn.session, lecture, style=style, rules=turn.rules, now=turn.now)
    return _send(turn, poster, f"课{lecture.id}《{lecture.title}》", _stale(turn, lecture))


def _of_week(turn: Turn, village: str, style: str, *, ahead: int) -> Reply:
    """The week that begins ``ahead`` Mondays after this week's. Raises `EmptyWeek`."""
    monday = turn.today - timedelta(days=turn.today.weekday()) + timedelta(weeks=ahead)
    village_id = _village(turn, village) if village else None
    poster = posters.of_week(turn.session, monday, village_id=village_id, style=style, rules=turn.rules, now=turn.now)
    return _send(turn, poster, f"{village}{poster.name}", "")


def _style_in(turn: Turn, words: str) -> tuple[str, str]:
    """The words without the style that ends them, and that style; else the town's own."""
    for name in STYLES:
        if words.endswith(name):
            return words.removesuffix(name).strip(), name
    return words, turn.rules.poster.style or next(iter(STYLES))


def _village(turn: Turn, words: str) -> int:
    villages = list(turn.session.exec(select(Village)))
    found = next((each for each in villages if words in (each.name, *each.aliases)), None)
    if found is None or found.id is None:
        raise NoSuchGroup(words, tuple(each.name for each in villages)) if _PLACE.search(words) else NoSuchStyle(words)
    return found.id


def _stale(turn: Turn, lecture: Lecture) -> str:
    if lecture.state == LectureState.CANCELLED:
        return "这节课取消了，海报上写明了“已取消”。"
    return "这节课已经开始或讲完了，海报上不再叫人报名。" if lecture.starts_at <= turn.now else ""


def _send(turn: Turn, poster: Poster, what: str, warning: str) -> Reply:
    """The pages in the coordinator's direct chat, with captions that warn; what a poster lacks is told behind."""
    room_id = turn.room_id if turn.room.direct else tell.direct_room(turn.session, turn.member_id, now=turn.now)
    ids = posters.keep(turn.session, poster)
    for place, picture_id in enumerate(ids, 1):
        page = f"（{place}/{len(ids)}）" if len(ids) > 1 else ""
        outbox.queue(
            turn.session,
            room_id=room_id,
            kind=OutboxKind.REPLY,
            text=f"{what}的海报{page}，{warning or '长按转发到群里就行。'}",
            now=turn.now,
            picture_id=picture_id,
        )
    where = "" if turn.room.direct else "海报私聊发给您了。"
    return Reply(f"{where}{poster.warning}")
