"""A lecturer answers in a direct chat: 接单, 不接 理由, 改到 周四晚上, 我的课; a plain 好的 or 没空 does too."""

import re
from datetime import datetime

from sqlmodel import Session

from data import asked, dispatching, lecture_notes, progress, wishes
from data.announcements import fixed, place
from data.errors import NoSuchOrder
from data.glance import Glance
from data.loop import Assignment, Order
from data.tables import RoleKind
from handlers.answers import NO, first_choice
from handlers.desk import dispatch, wording
from handlers.message import Heard
from handlers.turn import Ask, Reply, Turn
from handlers.understand import normalise

LONGEST = 40  # characters of a plain answer
UNSAID = "没说原因"
NUMBER = r"[#第]?(\d{1,9})\s*号?[单\s,，。:：]*"
_HEAD = re.compile(NUMBER)
_YES = re.compile(
    r"(?:(?:好|行|可以|得|要得|没问题|没事|收到|嗯|OK|ok|接|接了|我接|我来|我去|能去|去得了|没问题|可以去|可以的|没有问题)"
    r"[的啊呀哦嘞咯吧了]*[,，。!！~ ]*){1,3}(?:我(?:会|能|一定)?(?:去|来|到)[的吧]?)?[。!！~]*"
)
_REFUSES = (
    r"(?:我)?(?:这?那?天)?(?:不行|不得|不接|没空|冇空|没得空|没时间|不得闲|去不了|来不了|不去了?|不方便|有事|走不开|"
    r"去不成|接不了|恐怕不行|怕是不行|可能不行)"
)
_NO = re.compile(
    r"(?:不好意思|抱歉|对不起|哎呀?|唉)?[,， ]*(?P<before>[^,，。 ]{2,20}[,，。 ]+)?"
    rf"(?P<no>{_REFUSES})[啊呀的了哦]*[,，。:：! ]*(?P<behind>.*)"
)


def accept(turn: Turn) -> Reply:
    """接单, 接单 12号, 12号 接单: the lecturer takes it, or a coordinator says that they do."""
    number, _ = _number(turn)
    if number is not None and not _asked(turn, number) and RoleKind.COORDINATOR in turn.member.roles:
        return dispatch.accept_for(turn, progress.find(turn.session, number))
    found = _mine(turn, number, "accept", "")
    return found if isinstance(found, Reply) else _accepted(turn, found)


def refuse(turn: Turn) -> Reply:
    """不接 理由: asked for, once, where it is missing."""
    number, reason = _number(turn)
    if number is not None and not _asked(turn, number) and RoleKind.COORDINATOR in turn.member.roles:
        return dispatch.refuse_for(turn, progress.find(turn.session, number))
    found = _mine(turn, number, "refuse", reason)
    return found if isinstance(found, Reply) else _refused(turn, found, reason)


def counter(turn: Turn) -> Reply:
    """改到 周四晚上: the lecturer would come then."""
    number, words = _number(turn)
    if (
        turn.number is None and number is not None
    ):  # 改到 12号晚上 is a day, unless it is an offer with a time behind it
        named = _asked(turn, number) and wording.split_time(turn, words)[0] is not None
        number, words = (number, words) if named else (None, turn.args)
    found = _mine(turn, number, "counter", words)
    return found if isinstance(found, Reply) else _countered(turn, found, words)


def choose_offer(turn: Turn) -> Reply:
    """The answer to which of several offers was meant."""
    numbers = [int(str(each)) for each in _list(turn.payload["ids"])]
    if turn.args == NO:
        return Reply("好，先不回。想好了再说“接单 12号”或“不接 12号 理由”。")
    offers = {each.order_id: each for each in asked.open_of(turn.session, turn.member_id)}
    said = first_choice(turn.args) or 0
    picked = offers.get(said) or (offers.get(numbers[said - 1]) if 1 <= said <= len(numbers) else None)
    if picked is None:
        return Reply("没有这个号。发“我的课”看有哪些。")
    words = str(turn.payload.get("words") or "")
    match turn.payload["what"]:
        case "accept":
            return _accepted(turn, picked)
        case "refuse":
            return _refused(turn, picked, words)
        case _:
            return _countered(turn, picked, words)


def say_why(turn: Turn) -> Reply:
    """The answer to why not."""
    assignment = turn.session.get(Assignment, int(str(turn.payload["assignment"])))
    if assignment is None:
        raise NoSuchOrder(0)
    return _refused(turn, assignment, UNSAID if turn.args == NO else turn.args)


def a_reason(text: str) -> str | None:
    """The text itself, where it can be a reason; `NO` where none is given."""
    if re.fullmatch(r"没有|不说|没什么|没有原因|没原因|算了", text):
        return NO
    begins = re.match(
        r"接单|不接|改[到成为]|我的课|帮助|待办|待答|撤销|课表|菜单|通知|确认|取消|[#第]?\d+\s*号|课\s*\d", text
    )
    return text if text.strip() and not begins else None


def which(text: str) -> str | None:
    """The text where it names a number, `NO` where it refuses."""
    if re.fullmatch(r"都?不(?:接|去|要)?了?|算了|取消", text):
        return NO
    return text if len(text) <= 12 and re.fullmatch(rf"{NUMBER}|第?[一二三四五六七八九]个?", text) else None


def my_lectures(turn: Turn) -> Reply:
    """我的课: what waits for an answer, and what is scheduled."""
    zone = turn.knowledge.zone
    offers = asked.open_of(turn.session, turn.member_id)
    lines = [f"· {_line(turn, each)}" for each in offers]
    head = ["等您回话的（回“接单 号”“不接 号 理由”“改到 时间”）：", *lines] if lines else []
    coming = asked.coming_of(turn.session, turn.member_id, now=turn.now)
    shown = []
    for lecture in coming:
        facts = lecture_notes.facts_of(turn.session, lecture)
        shown.append(
            f"· 课{lecture.id} {fixed(lecture.starts_at, zone)} {place(facts.village, facts.venue)}《{lecture.title}》"
        )
    rest = ["排好的：", *shown] if shown else []
    return Reply("\n".join([*head, *rest]) if head or rest else "您现在没有要回话的单，也没有排好的课。")


# ---- plain answers ---------------------------------------------------------------------------------------------------


def could_answer(heard: Heard) -> bool:
    """Whether a message can be a plain answer to an offer: 好的, 没空. Only where nobody else reads it."""
    if not heard.direct or not 0 < len(heard.text) <= LONGEST:
        return False
    text = normalise(heard.text)
    return _YES.fullmatch(text) is not None or _NO.fullmatch(text) is not None


def answers_offer(session: Session, _heard: Heard, known: Glance, _now: datetime) -> bool:
    """Whether it is a lecturer's who was asked."""
    member = known.member
    return member is not None and RoleKind.LECTURER in member.roles and bool(asked.open_of(session, member.id))


def answer_plainly(turn: Turn) -> Reply:
    """好的, 没空: taken as 接单 or 不接."""
    refusal = _NO.fullmatch(turn.text)
    what, reason = "accept" if refusal is None else "refuse", ""
    if refusal is not None:
        reason = (refusal["behind"] or refusal["before"] or "").strip(" 。,，")
    found = _mine(turn, None, what, reason)
    if isinstance(found, Reply):
        return found
    return _accepted(turn, found) if refusal is None else _refused(turn, found, reason)


# ---- the three answers -----------------------------------------------------------------------------------------------


def _accepted(turn: Turn, assignment: Assignment) -> Reply:
    lecture = dispatching.accept(
        turn.session, assignment, by=turn.member_id, now=turn.now, not_before=turn.leaves, rules=turn.rules
    )
    facts = lecture_notes.facts_of(turn.session, lecture)
    where = place(facts.village, facts.venue) or "地点再定"
    return Reply(
        f"谢谢您！{assignment.order_id}号定了：{fixed(lecture.starts_at, turn.knowledge.zone)}，{where}，"
        f"《{lecture.title}》（课{lecture.id}）。临时去不了请早点告诉镇里。"
    )


def _refused(turn: Turn, assignment: Assignment, reason: str) -> Reply:
    number = assignment.order_id
    if not reason.strip():
        return Reply(
            f"好，{number}号您去不了。方便说下原因吗？镇里好另外安排。",
            ask=Ask("say_why", {"assignment": assignment.id}),
        )
    leaves = turn.rules.quiet.after(turn.now)
    dispatching.refuse(
        turn.session,
        assignment,
        wording.reason(reason),
        by=turn.member_id,
        now=turn.now,
        not_before=leaves,
        rules=turn.rules,
    )
    return Reply(f"好，{number}号另请老师，谢谢您告诉一声。")


def _countered(turn: Turn, assignment: Assignment, words: str) -> Reply:
    at, _, _ = wording.split_time(turn, words)
    if at is None:
        return Reply(f"改到哪天几点？比如“改到 {assignment.order_id}号 周四晚上7点半”。")
    leaves = turn.rules.quiet.after(turn.now)
    dispatching.counter(
        turn.session, assignment, at, by=turn.member_id, now=turn.now, not_before=leaves, rules=turn.rules
    )
    return Reply(f"好，{assignment.order_id}号问镇里能不能改到{fixed(at, turn.knowledge.zone)}，有准话告诉您。")


def _mine(turn: Turn, number: int | None, what: str, words: str) -> Assignment | Reply:
    """The offer that is answered: the one of this number, or the only one; of several it is asked which."""
    if not turn.room.direct:
        return Reply("请私聊我回，别人看不到。")
    offers = asked.open_of(turn.session, turn.member_id)
    if number is not None:
        mine = next((each for each in offers if each.order_id == number), None)
        mine = mine or asked.last_of(turn.session, turn.member_id, number)
        if mine is None:
            known = "、".join(f"{each.order_id}号" for each in offers)
            return Reply(f"{number}号没有派给您。{f'等您回话的：{known}。' if known else '现在没有等您回话的单。'}")
        return mine
    if not offers:
        return Reply("现在没有等您回话的单。发“我的课”看排好的课。")
    if len(offers) == 1:
        return offers[0]
    shown = "\n".join(f"{_line(turn, each)}" for each in offers)
    payload: dict[str, object] = {"what": what, "words": words, "ids": [each.order_id for each in offers]}
    return Reply(f"您有{len(offers)}件在等，是哪一件？回单号：\n{shown}", ask=Ask("choose_offer", payload))


def _line(turn: Turn, assignment: Assignment) -> str:
    order = turn.session.get_one(Order, assignment.order_id)
    at = assignment.counter_start if assignment.state == "countered" else None
    asked = f"（您想改到{fixed(at, turn.knowledge.zone)}，等镇里回话）" if at else ""
    when = fixed(assignment.starts_at, turn.knowledge.zone)
    return f"{order.id}号 {wishes.wish(turn.session, order).line}，{when}{asked}"


def _number(turn: Turn) -> tuple[int | None, str]:
    """The order's number, before the word or behind it, and what else was said."""
    if turn.number is not None:
        return turn.number, turn.args
    head = _HEAD.match(turn.args)
    if head is not None and ("号" in head[0] or head.end() == len(turn.args)):
        return int(head[1]), turn.args[head.end() :].strip()
    return None, turn.args


def _asked(turn: Turn, number: int) -> bool:
    return any(each.order_id == number for each in asked.open_of(turn.session, turn.member_id))


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
