"""课5 签到表: how many are on the sign-in sheet, and where it is printed."""

from data import lectures, signups
from data.loop import SignUpState
from handlers.desk.numbers import not_theirs
from handlers.turn import Reply, Turn


def sheet(turn: Turn) -> Reply:
    """Tell what the sheet would hold; it is printed at the town's computer."""
    lecture = lectures.find(turn.session, turn.number or 0)
    if refused := not_theirs(turn, lecture):
        return refused
    lines = signups.roster(turn.session, lecture.id or 0)
    seated = [line for line in lines if line.state == SignUpState.SEATED]
    waiting = len(lines) - len(seated)
    people = sum(line.people for line in seated)
    extra = f"，另有候补{waiting}家" if waiting else ""
    return Reply(
        f"课{lecture.id}《{lecture.title}》签到表：{len(seated)}行{people}人{extra}，后面留了空行。\n"
        f"在控制台的“课”里打开课{lecture.id}就能打印；也可以在镇里的电脑上运行“python -m bot sheet {lecture.id}”。"
    )
