"""What a coordinator may say about orders: review, dispatch."""

from data.tables import RoleKind
from handlers import order, status
from handlers.desk import dispatch, review, todo
from handlers.turn import Route

DESK = (RoleKind.COORDINATOR,)
_MORE = r"\s+\S.*"  # heard without being addressed only with a space behind the word

ORDERS: tuple[Route, ...] = (
    Route("todo", todo.waiting, "待办：看有什么等着办，每件写着下一步发什么", words=("待办",), roles=DESK),
    Route(
        "order_card",
        todo.card,
        "12号：看这张单怎么走到这一步，推荐哪几位老师",
        words=("",),
        tail=r"(?!)",
        roles=DESK,
        about="单",
        others=status.of_number,
    ),
    Route(
        "take_proposal",
        dispatch.take_proposal,
        "12号 1：派给推荐的第1位；12号 1 2：派第1位，用第2个时间",
        words=tuple("123456789"),
        tail=r"(?:\s+[1-9])?",
        roles=DESK,
        about="单",
        undo=True,
    ),
    Route(
        "dispatch",
        dispatch.dispatch,
        "12号 派 覃志刚 周四晚上7点半 文化室：时间地点可以不写，一分钟内可撤销",
        words=("派", "派给", "派单"),
        tail=_MORE,
        roles=DESK,
        about="单",
        more="老师说姓加称呼也行：12号 派 覃警官。老师没绑定的，打电话问好了发：12号 已接，或 12号 不接 理由。",
        undo=True,
    ),
    Route(
        "grab",
        dispatch.grab,
        "12号 抢单 覃志刚 黄秀兰：同时问几位，先接的去；不写名字就问推荐的几位，确认了才发",
        words=("抢单",),
        tail=rf"|{_MORE}",
        roles=DESK,
        about="单",
    ),
    Route(
        "recall",
        dispatch.recall,
        "12号 收回 理由：派出去还没接的收回来，会告诉老师",
        words=("收回",),
        tail=_MORE,
        roles=DESK,
        about="单",
        undo=True,
    ),
    Route("agree", dispatch.agree, "12号 同意：按老师提的时间办", words=("同意",), roles=DESK, about="单", undo=True),
    Route("approve", review.approve, "12号 通过：审过了，等派单", words=("通过",), roles=DESK, about="单", undo=True),
    Route(
        "decline",
        review.decline,
        "12号 驳回 理由：办不了，理由会告诉每个点课的人，确认了才发",
        words=("驳回",),
        tail=_MORE,
        roles=DESK,
        about="单",
    ),
    Route(
        "merge",
        review.merge,
        "12号 合并 9号：并到9号一起办，同村别村都行，点课的人都还在",
        words=("合并", "并到", "并入"),
        tail=r"\s*(?:到|进|入)?\s*\d{1,9}\s*号?",
        roles=DESK,
        about="单",
        undo=True,
    ),
    Route(
        "hasten", review.hasten, "12号 加急：每一步按急件的期限办", words=("加急",), roles=DESK, about="单", undo=True
    ),
    Route(
        "on_behalf",
        review.on_behalf,
        "代点 上坪村 反诈骗 周三晚上 为李大爷：替不用微信的人点课，时间和为谁可以不写",
        words=("代点",),
        tail=_MORE,
        roles=DESK,
    ),
    Route(
        "withdraw_order",
        order.withdraw,
        "12号 撤单：自己点的课不想要了；还有别人想听就照样办",
        words=("撤单", "退单"),
        about="单",
    ),
    Route(
        "withdraw",
        order.withdraw,
        "撤单：自己点的课不想要了；点了几样就写 12号 撤单",
        words=("撤单", "退单"),
        tail=r"\s*(?:第?\d{1,9}\s*号?)?",
    ),
)
