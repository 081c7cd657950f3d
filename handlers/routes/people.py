"""What a coordinator may say to groups and about people: notices, polls, opinions, whose group is whose, undo."""

from data.tables import RoleKind
from handlers import binding, broadcast, voice
from handlers.desk import undo
from handlers.turn import Route

DESK = (RoleKind.COORDINATOR,)

PEOPLE: tuple[Route, ...] = (
    Route(
        "broadcast",
        broadcast.draft,
        "通知 全镇 内容（或 通知 村名 内容）：先给您看发到哪些群，回“确认”才发",
        words=("通知",),
        tail=r"\s.+(?s:.*)",
        roles=DESK,
    ),
    Route(
        "claim_room",
        binding.claim_room,
        "本群 村名：把这个群登记给一个村（外出务工群写：本群 村名 外出务工）",
        words=("本群",),
        tail=r"\s.+",
        roles=DESK,
    ),
    Route(
        "waiting",
        voice.waiting,
        "待答：看还有哪些问题和意见等答复",
        words=("待答",),
        roles=DESK,
    ),
    Route(
        "answer",
        voice.answer,
        "答复 3号 内容：答复会发回给提问的人",
        words=("答复", "回答"),
        tail=r"\s*\d{1,9}\s*号?[\s:：,，]+(?s:.+)",
        roles=DESK,
    ),
    Route(
        "undo",
        undo.undo,
        "撤销：一分钟内收回刚办的事，只要还没有发出去",
        words=("撤销", "撤回"),
        roles=DESK,
    ),
)
