"""How we listen and speak. `ROUTES` is all that the bot can hear, `QUESTIONS` all that it can ask."""

from data.tables import RoleKind
from handlers import answers, binding, broadcast, info, order, signup, voice
from handlers.turn import Question, Route

ROUTES: tuple[Route, ...] = (
    Route(
        "order",
        order.place,
        "点课 反诈骗：想听什么就点什么；也可以直接说“我想听医保怎么报销”“请某某老师来讲”",
        words=("点课", "点单", "点将"),
        intents=("order_topic", "order_lecturer"),
        tail=r"\s+.{1,30}|.{1,12}",
    ),
    Route("my_orders", order.mine, "我的点单：看看自己点过、附议过的课", words=("我的点单", "我的订单")),
    Route("menu", info.menu, "菜单：看有哪些题目、哪些老师", words=("菜单", "题目", "目录")),
    Route("schedule", info.schedule, "课表：看最近在哪里讲什么", words=("课表", "课程表"), intents=("ask_schedule",)),
    Route(
        "sign_up",
        signup.sign_up,
        "报名、报名2人：报本群正在通知的课；再报一次就改人数",
        words=("报名",),
        intents=("sign_up",),
        tail=rf"{signup.COUNT}",
    ),
    Route("cancel", signup.cancel, "取消报名：不来了说一声", words=("取消报名",), intents=("cancel",)),
    Route(
        "broadcast",
        broadcast.draft,
        "通知 全镇 内容（或 通知 村名 内容）：先给您看发到哪些群，回“确认”才发",
        words=("通知",),
        tail=r"\s.+(?s:.*)",
        role=RoleKind.COORDINATOR,
    ),
    Route(
        "claim_room",
        binding.claim_room,
        "本群 村名：把这个群登记给一个村（外出务工群写：本群 村名 外出务工）",
        words=("本群",),
        tail=r"\s.+",
        role=RoleKind.COORDINATOR,
    ),
    Route(
        "bind", binding.redeem, "绑定 123456：用管理员给的绑定码登记身份（请私聊发）", words=("绑定",), tail=r"\s*\d{6}"
    ),
    Route(
        "waiting",
        voice.waiting,
        "待答：看还有哪些问题和意见等答复",
        words=("待答",),
        tail="",
        role=RoleKind.COORDINATOR,
    ),
    Route(
        "answer",
        voice.answer,
        "答复 3号 内容：答复会发回给提问的人",
        words=("答复", "回答"),
        tail=r"\s*\d{1,9}\s*号?[\s:：,，]+(?s:.+)",
        role=RoleKind.COORDINATOR,
    ),
    Route("confirm", info.nothing_to_confirm, "确认 / 取消：回答我问您的事", words=("确认", "取消"), tail=r"(?!)"),
    Route("help", info.help_text, "帮助：看我会做什么", words=("帮助",), intents=("help",)),
    Route(
        "question",
        voice.question,
        "有政策问题直接@我问：手头有准话就答，没有就记下，等镇里答复",
        intents=("question",),
    ),
    Route("feedback", voice.feedback, "听完课说一声“讲得好”“5分”“听不懂普通话”都行", intents=("feedback",)),
    Route("suggestion", voice.suggestion, "有意见建议直接@我说，会编号、有答复", intents=("suggestion",)),
    Route("unclear", info.unclear, "没听懂时，我会说怎么问", intents=("none",)),
)

QUESTIONS: tuple[Question, ...] = (
    Question("release_broadcast", answers.yes_or_no, broadcast.decide),
    Question("choose_topic", answers.a_choice, order.choose_topic),
    Question("choose_lecturer", answers.a_choice, order.choose_lecturer),
    Question("answered", answers.no_only, voice.not_answered),
    Question("say_when", answers.a_time, order.say_when),
    Question("confirm_sign_up", answers.yes_or_no, signup.confirm_sign_up),
    Question("confirm_cancel", answers.yes_or_no, signup.confirm_cancel),
)
