"""What a coordinator may ask about policy texts: what goes out next, how far it went, the words for the loudspeaker."""

from data.tables import RoleKind
from handlers.desk import texts
from handlers.turn import Route

DESK = (RoleKind.COORDINATOR,)

TEXTS: tuple[Route, ...] = (
    Route(
        "push_plan",
        texts.plan,
        "推送计划（或 推送计划 村名）：看接下来几天各群会收到哪条短文",
        words=("推送计划",),
        tail=r"(?:\s+\S{1,20})?",
        roles=DESK,
        more="推送计划 上坪村 看一个村七天的。三十天的在电脑上看：python -m bot texts preview。",
    ),
    Route(
        "push_effect",
        texts.effect,
        "推送效果：近七天的短文和通知，发到几个群，有几个人回话",
        words=("推送效果",),
        roles=DESK,
    ),
    Route(
        "loudspeaker",
        texts.speak,
        "小喇叭 标题（或编号）：把一条短文写成大喇叭念的稿子",
        words=("小喇叭",),
        tail=r"\s+\S.{0,40}",
        roles=DESK,
        more="小喇叭 没有什么安全账户。录音在电脑上做：python -m bot texts speak 编号。",
    ),
)
