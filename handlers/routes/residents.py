"""What anybody may say."""

from handlers import binding, info, order, persons, signup, status, subscribe, voice
from handlers.desk import cases
from handlers.routes import wordings
from handlers.turn import Route

_WHERE = ("到哪", "到边", "怎么样", "办得怎么", "办好了吗", "进度", "什么时候", "几时", "哪天")
_WHERE_TAIL = r"(?:里|一步|样)?了?(?:能|会)?(?:来?讲|来|办好|办)?[啊呀呢吗嘛了啦咯]*[?？。!！]*"

RESIDENTS: tuple[Route, ...] = (
    Route(
        "order",
        order.place,
        "点课 反诈骗：想听什么就点什么；也可以直接说“我想听医保怎么报销”“请某某老师来讲”",
        words=("点课", "点单", "点将"),
        intents=("order_topic", "order_lecturer"),
        tail=r"\s+.{1,30}|.{1,12}",
    ),
    Route("my_orders", status.mine, "我的点单：看自己点过、附议过的课，各办到哪一步", words=("我的点单", "我的订单")),
    Route(
        "where_order",
        status.of_number,
        "12号到哪了：看点的课（或提的意见）办到哪一步、下一步最晚什么时候",
        words=_WHERE,
        about="单",
        tail=_WHERE_TAIL,
        more="不记得号就私聊我说“到哪了”，您点的、提的都列出来。只能查自己和本村点的课、自己提的意见。",
    ),
    Route(
        "where_case",
        status.of_case,
        "意见3号到哪了：看自己提的意见办到哪一步",
        words=_WHERE,
        about="意见",
        tail=_WHERE_TAIL,
    ),
    Route("case", cases.show, "意见3号：看自己提的意见有没有答复（干事看全部经过）", words=("",), about="意见"),
    Route(
        "where",
        status.mine_open,
        "到哪了：我点的课、提的意见都办到哪一步（私聊或@我说）",
        words=("到哪了", "到哪里了", "进度"),
        tail=r"(?!)",
    ),
    Route(
        "where_mine",
        status.asked_about,
        "我点的课到哪了、我的意见：同“到哪了”",
        words=("我点的", "我的意见", "我的问题"),
        tail=r"\S{0,10}?(?:到哪|怎么样|什么时候|几时|哪天).{0,8}",
    ),
    Route("menu", info.menu, "菜单：看有哪些题目、哪些老师", words=("菜单", "题目", "目录")),
    Route("schedule", status.schedule, "课表：看最近在哪里讲什么", words=("课表", "课程表"), intents=("ask_schedule",)),
    Route(
        "sign_up",
        signup.sign_up,
        "报名、报名2人：报本群正在通知的课；再报一次就改人数",
        words=("报名",),
        intents=("sign_up",),
        tail=rf"(?:{signup.NUMBER})?{signup.COUNT}",
        more="群里有几场课时：报名 课5。帮家里人报：帮我妈报名。满了就排候补，有空位会告诉您，回“要”就是您的。",
    ),
    Route(
        "cancel",
        signup.cancel,
        "取消报名：不来了说一声",
        words=("取消报名",),
        intents=("cancel",),
        tail=rf"(?:{signup.NUMBER})?",
    ),
    Route(
        "subscribe",
        subscribe.subscribe,
        "订阅 农业补贴：这方面的消息私信给您，回“退订”就停",
        words=("订阅",),
        tail=r"[\s:：]*(?![了号个过的\s])\S{2,12}",
    ),
    Route(
        "unsubscribe",
        subscribe.leave,
        "退订、退订 农业补贴：不再私信您",
        words=("退订",),
        tail=r"(?:\s+\S{2,12})?[。！!]?",
    ),
    Route("my_subscriptions", subscribe.mine, "我的订阅：看订了哪些", words=("我的订阅",)),
    Route(
        "my_data",
        persons.mine,
        "我的信息：看我记着您的什么（私聊说）",
        words=("我的信息", "导出我的信息", "我的资料", "我的个人信息"),
        tail=r"(?!)",
    ),
    Route(
        "erase_me",
        persons.ask_to_erase,
        "删除我的信息：您的昵称、说过的话都删掉；先问您一声，回“确认”才删（私聊说）",
        words=("删除我的信息", "删除我的资料", "删掉我的信息", "删除我的个人信息", "注销我的信息"),
        tail=r"(?!)",
        wordings=wordings.FORGET,
        more="也可以说“忘记我”“别再记我的东西”。回“好的”不算，要回“确认”。",
    ),
    Route(
        "bind", binding.redeem, "绑定 123456：用管理员给的绑定码登记身份（请私聊发）", words=("绑定",), tail=r"\s*\d{6}"
    ),
    Route("confirm", info.nothing_to_confirm, "确认 / 取消：回答我问您的事", words=("确认", "取消"), tail=r"(?!)"),
    Route(
        "help",
        info.help_text,
        "帮助：看我会做什么；帮助 报名：看一件事怎么说",
        words=("帮助",),
        intents=("help",),
        tail=r"\s+\S{1,6}",
    ),
    Route(
        "question",
        voice.question,
        "有政策问题直接@我问：手头有准话就答，没有就记下，等镇里答复",
        intents=("question",),
    ),
    Route(
        "feedback",
        voice.feedback,
        "听完课说一声“5分 讲得好”“听不懂普通话”“还想听养蜂”都行，不说也没关系",
        intents=("feedback",),
        more="可以一口气说完：“5分 讲得好，就是听不懂普通话，还想听养蜂”。再打一次分，就改成新的。",
    ),
    Route("suggestion", voice.suggestion, "有意见建议直接@我说，会编号、有答复", intents=("suggestion",)),
    Route("unclear", info.unclear, "没听懂时，我会说怎么问", intents=("none",)),
)
