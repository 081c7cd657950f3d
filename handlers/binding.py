"""Who is who: roles by a one-time code, and whose group this is."""

from data import bindings, console_users, rooms
from data.desk_tables import ConsoleUser
from data.tables import RoleKind, RoomKind
from handlers.turn import Reply, Turn

_ROLE_NAMES = {RoleKind.COORDINATOR: "宣传干事", RoleKind.LECTURER: "宣讲员"}
_KIND_WORDS = {"外出务工": RoomKind.MIGRANTS, "务工": RoomKind.MIGRANTS, "村民": RoomKind.RESIDENTS}


def redeem(turn: Turn) -> Reply:
    """Give the sender the role of a one-time code; only in a direct chat, where nobody else reads it.

    A code of a user of the console makes the sender the one as whom that user acts.
    """
    if not turn.room.direct:
        bindings.spoil(turn.session, turn.args, now=turn.now)
        return Reply("绑定码请私聊发给我，别发在群里。发出来的码已经作废，请再要一个。")
    found = bindings.redeem(turn.session, turn.args, member_id=turn.member_id, now=turn.now)
    if found.user_id is None:
        return Reply(f"绑定好了，您现在是{_ROLE_NAMES[found.kind]}。发“帮助”看您能做什么。")
    user = turn.session.get_one(ConsoleUser, found.user_id)
    if user.member_id != turn.member_id:
        bindings.take_back(turn.session, user.member_id, RoleKind.COORDINATOR)  # a lost phone has no say any more
        console_users.bind(turn.session, found.user_id, member_id=turn.member_id, now=turn.now)
    return Reply(f"绑定好了，您就是控制台的“{user.shown_name}”。在这里和在控制台办的，都算您办的。")


def claim_room(turn: Turn) -> Reply:
    """Say whose group this is; until then nothing is pushed into it."""
    if turn.room.direct:
        return Reply("这句话要在群里说，我才知道是哪个群。")
    words = turn.args.split()
    if words[:1] == ["工作群"]:
        rooms.bind_room(turn.session, turn.room_id, village=None, kind=RoomKind.COORDINATORS, now=turn.now)
        return Reply("登记好了：这是工作群，不推送政策短文。")
    known = rooms.villages(turn.session)
    village = next((each for each in known if words and words[0] in (each.name, *each.aliases)), None)
    kind = _KIND_WORDS.get(words[1] if len(words) > 1 else "村民")
    if village is None or kind is None:
        names = "、".join(each.name for each in known)
        return Reply(f"请写“本群 村名”“本群 村名 外出务工”或“本群 工作群”。村名：{names}")
    rooms.bind_room(turn.session, turn.room_id, village=village, kind=kind, now=turn.now)
    return Reply(f"登记好了：本群属于{village.name}，以后政策短文和通知会发到这里。")
