"""What anybody may say."""

from handlers import binding, info, order, signup, voice
from handlers.turn import Route

RESIDENTS: tuple[Route, ...] = (
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
        "bind", binding.redeem, "绑定 123456：用管理员给的绑定码登记身份（请私聊发）", words=("绑定",), tail=r"\s*\d{6}"
    ),
    Route("confirm", info.nothing_to_confirm, "确认 / 取消：回答我问您的事", words=("确认", "取消"), tail=r"(?!)"),
    Route("help", info.help_text, "帮助：看我会做什么；帮助 报名：看一件事怎么说", words=("帮助",), intents=("help",)),
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
