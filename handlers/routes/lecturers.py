"""What a lecturer may say, in a direct chat."""

from data.tables import RoleKind
from handlers import lecturer, materials
from handlers.routes import wordings
from handlers.turn import Route

LECTURER = (RoleKind.LECTURER,)
BOTH = (RoleKind.LECTURER, RoleKind.COORDINATOR)
_NUMBER = r"\s*(?:第?\d{1,9}\s*号?)?[。!！]?"

LECTURERS: tuple[Route, ...] = (
    Route(
        "accept_offer",
        lecturer.accept,
        "接单：镇里请您讲课，能去就回这句；有几件就写 接单 12号",
        words=("接单",),
        tail=_NUMBER,
        roles=LECTURER,
        undo=True,
    ),
    Route(
        "accept_order",
        lecturer.accept,
        "12号 接单：老师去讲；老师在电话里答应的，干事发 12号 已接",
        words=("接单", "已接", "接了"),
        roles=BOTH,
        about="单",
        undo=True,
    ),
    Route(
        "refuse_offer",
        lecturer.refuse,
        "不接 那天值班：去不了，说个原因，镇里另请老师",
        words=("不接",),
        tail=r"|\s+\S.*",
        roles=LECTURER,
        undo=True,
    ),
    Route(
        "refuse_order",
        lecturer.refuse,
        "12号 不接 那天值班：去不了；老师在电话里说的，干事也这样发",
        words=("不接",),
        tail=r"|\s+\S.*",
        roles=BOTH,
        about="单",
        undo=True,
    ),
    Route(
        "counter_offer",
        lecturer.counter,
        "改到 周四晚上：能去，想换个时间，镇里回准话",
        words=("改到", "改成", "换到", "改为"),
        tail=r"\s*\S.*",
        roles=LECTURER,
        undo=True,
    ),
    Route(
        "counter_order",
        lecturer.counter,
        "12号 改到 周四晚上：这一件想换个时间",
        words=("改到", "改成", "换到", "改为"),
        tail=r"\s*\S.*",
        roles=BOTH,
        about="单",
        undo=True,
    ),
    Route(
        "my_lectures",
        lecturer.my_lectures,
        "我的课：看派给我的、排好的课",
        words=("我的课",),
        roles=LECTURER,
    ),
    Route(
        "materials",
        materials.give,
        "资料 反诈骗：审过的课件私聊发给您；资料：看有哪些",
        words=("资料", "课件"),
        tail=r"(?:\s+\S{1,12})?",
        wordings=wordings.MATERIALS,
        roles=BOTH,
        others=materials.not_for_you,
        more="“把反诈骗的课件发给我”“有没有防火的资料”也听得懂。",
    ),
)
