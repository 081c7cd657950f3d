"""撤销: take the last thing back."""

from data import deeds
from handlers.turn import Reply, Turn


def undo(turn: Turn) -> Reply:
    """Take back what this coordinator did last, within the minute and while nothing of it was said."""
    what = deeds.undo(turn.session, member_id=turn.member_id, within=turn.rules.undo_within, now=turn.now)
    return Reply(f"已撤销：“{what}”。没有人收到消息。")
