"""Photos of a lecture, sent to the bot in a direct chat by its lecturer or a coordinator."""

from datetime import datetime

from sqlmodel import Session, col, select

from data import attendance, lectures, photos
from data.glance import Glance
from data.loop import Lecture
from data.tables import Dialog, Role, RoleKind
from handlers.desk.numbers import not_theirs, own_lecturer
from handlers.message import Heard, Kind
from handlers.turn import Ask, Gather, Reply, Turn

CHOSEN = "photos_of"  # the dialog that says which lecture the next pictures are of
_MAY = frozenset({RoleKind.LECTURER, RoleKind.COORDINATOR})


def could(heard: Heard) -> bool:
    """The gate: a picture in a direct chat."""
    return heard.direct and heard.kind is Kind.IMAGE


def hears(session: Session, _heard: Heard, known: Glance, now: datetime) -> bool:
    """Whether there is a lecture that this picture can be of, and somebody who may send it."""
    if known.member is None or not _MAY & known.member.roles:
        return False
    if known.pending is not None and known.pending.kind == CHOSEN:
        return True
    if RoleKind.COORDINATOR in known.member.roles:
        return bool(attendance.recent(session, now=now))
    role = select(Role.lecturer_id).where(Role.member_id == known.member.id, col(Role.lecturer_id).is_not(None))
    mine = session.exec(role).first()
    return mine is not None and bool(attendance.recent(session, now=now, lecturer_id=mine))


def keep(turn: Turn) -> Reply:
    """Keep the picture with its lecture; several in a row are told of together."""
    lecture = _chosen(turn) or _latest(turn)
    picture = turn.heard.picture
    if lecture is None or picture is None:
        return Reply("这张照片没收全，请再发一次。")
    kept = photos.keep(
        turn.session,
        lecture,
        picture,
        folder=turn.knowledge.photos,
        member_id=turn.member_id,
        now=turn.now,
        rules=turn.rules,
    )
    if not kept.new:
        return Reply(f"这张课{lecture.id}已经有了。")
    where = f"课{lecture.id}《{lecture.title}》"

    def together(items: list[str]) -> str:
        return f"收到{len(items)}张照片，存到{where}。"

    return Reply(together([""]), gather=Gather(f"photos:{lecture.id}", str(kept.photos), together))


def choose(turn: Turn) -> Reply:
    """照片 课5: the next pictures are of that lecture."""
    lecture = lectures.find(turn.session, turn.number or 0)
    if refused := not_theirs(turn, lecture):
        return refused
    attendance.require_begun(lecture, now=turn.now, rules=turn.rules)
    minutes = int(turn.knowledge.limits.answer_within.total_seconds() // 60)
    return Reply(
        f"好，{minutes}分钟内发来的照片都存到课{lecture.id}《{lecture.title}》。发完了说“好了”。",
        Ask(CHOSEN, {"lecture": lecture.id}),
    )


def enough(turn: Turn) -> Reply:
    """好了: no more of them."""
    lecture = lectures.find(turn.session, int(str(turn.payload["lecture"])))
    return Reply(f"好，课{lecture.id}一共{photos.count(turn.session, lecture.id or 0)}张照片。")


def read_enough(text: str) -> str | None:
    """The answer to 照片 课5: 好了, 发完了; nothing else is one."""
    return text if text.strip("。.!！~ ") in ("好了", "发完了", "完了", "没有了", "就这些") else None


def _chosen(turn: Turn) -> Lecture | None:
    dialog = turn.session.get(Dialog, (turn.room_id, turn.member_id))
    if dialog is None or dialog.kind != CHOSEN or dialog.expires_at <= turn.now:
        return None
    return lectures.find(turn.session, int(str(dialog.payload["lecture"])))


def _latest(turn: Turn) -> Lecture | None:
    mine = None if RoleKind.COORDINATOR in turn.member.roles else own_lecturer(turn)
    return next(iter(attendance.recent(turn.session, now=turn.now, lecturer_id=mine)), None)
