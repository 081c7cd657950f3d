"""海报 课5, 海报 本周, 海报 短文标题: the picture comes to the coordinator alone, who passes it on where it belongs."""

import re
from datetime import timedelta

from sqlmodel import select

from data import lectures, outbox, posters, snippets, tell
from data.drawing.styles import STYLES
from data.errors import NoSuchGroup
from data.loop import Lecture, LectureState
from data.mail import OutboxKind
from data.posters import Poster
from data.tables import Village
from handlers.turn import Reply, Turn

USAGE = "海报要画什么？“海报 课5”画一节课，“海报 本周”画一周课表，“海报 短文标题”画一条短文；后面可以加样子：{styles}。"
_LECTURE = re.compile(r"(?:课\s*第?(\d{1,9})\s*[号节]?|(\d{1,9})\s*号?课)")
_WEEK = re.compile(r"(本周|这周|这星期|本星期|下周|下星期)(?:课表|的课)?\s*(.*)")


def draw(turn: Turn) -> Reply:
    """海报 and what of, in any style. Raises `NoSuchLecture`, `NoPosterOfHome`, `NoSuchText` or `NoSuchGroup`."""
    words, style = _style_in(turn, turn.args.strip(" “”。"))
    if not words:
        return Reply(USAGE.format(styles="、".join(STYLES)))
    if of_lecture := _LECTURE.fullmatch(words):
        return _of_lecture(turn, int(of_lecture[1] or of_lecture[2]), style)
    if of_week := _WEEK.fullmatch(words):
        return _of_week(turn, of_week[2], style, ahead=of_week[1].startswith("下"))
    snippet = snippets.find(turn.session, words)
    old = "" if snippets.current(snippet, turn.today) else "这条不在有效期里，别往群里发。"
    return _send(turn, posters.of_text(snippet, style=style, rules=turn.rules), f"短文“{snippet.title}”", old)


def draw_lecture(turn: Turn) -> Reply:
    """课5 海报 红头."""
    return _of_lecture(turn, turn.number or 0, _style_in(turn, turn.args)[1])


def _of_lecture(turn: Turn, number: int, style: str) -> Reply:
    lecture = lectures.find(turn.session, number)
    poster = posters.of_lecture(turn.session, lecture, style=style, rules=turn.rules)
    return _send(turn, poster, f"课{lecture.id}《{lecture.title}》", _stale(turn, lecture))


def _of_week(turn: Turn, village: str, style: str, *, ahead: bool) -> Reply:
    monday = turn.today - timedelta(days=turn.today.weekday()) + timedelta(days=7 if ahead else 0)
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
        raise NoSuchGroup(words, tuple(each.name for each in villages))
    return found.id


def _stale(turn: Turn, lecture: Lecture) -> str:
    if lecture.state == LectureState.CANCELLED:
        return "这节课取消了，别往群里发。"
    return "这节课已经开始或讲完了。" if lecture.starts_at <= turn.now else ""


def _send(turn: Turn, poster: Poster, what: str, warning: str) -> Reply:
    """The pages in the coordinator's direct chat, each with its caption, and a word about what is not right."""
    room_id = turn.room_id if turn.room.direct else tell.direct_room(turn.session, turn.member_id, now=turn.now)
    ids = posters.keep(turn.session, poster)
    for place, picture_id in enumerate(ids, 1):
        page = f"（{place}/{len(ids)}）" if len(ids) > 1 else ""
        outbox.queue(
            turn.session,
            room_id=room_id,
            kind=OutboxKind.REPLY,
            text=f"{what}的海报{page}，长按转发到群里就行。",
            now=turn.now,
            picture_id=picture_id,
        )
    lost = f"海报上画不出“{poster.lost}”，已去掉或用别的代替，请看一眼。" if poster.lost else ""
    where = "" if turn.room.direct else "海报私聊发给您了。"
    return Reply(f"{where}{warning}{lost}")
