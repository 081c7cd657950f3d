"""Errors that know what to say. ``str(error)`` is what the person reads: Chinese, short, and what would help.

What is declined is read in chats (``str(error)``) and in the console (``error.at_desk``), which may advise otherwise.

TownError
├── TownFileError       a file of the town is wrong: where, and the mend
├── TextsError          policy texts that are to be imported are wrong: where, and what
├── SchemaError         the database cannot be used as it is
└── Declined            a wish that cannot be met, told to the person kindly
    ├── UnknownLecturer
    ├── NoOpenLecture
    ├── CapacityFull
    ├── NotSignedUp
    ├── OfferOver       a seat that was held for somebody and is not any more
    ├── CodeRefused
    ├── NoSuchVoice
    ├── CaseClosed      an opinion, need or question that has its answer
    ├── UnknownCoordinator
    ├── NoSuchPoll
    ├── PollOver        a poll that is closed, or was dropped
    ├── PollOpen        at most one poll at a time in a room
    ├── NoSuchOrder
    ├── NoSuchLecture
    ├── LectureOver     the lecture was cancelled, or has begun: nothing left to change
    ├── NotBegun        a number of people, or a picture, of what is still to come
    ├── NoPicture       what was sent is no picture that can be kept
    ├── PhotosFull
    ├── BadMentor       one would be taught by oneself
    ├── TimeIsPast
    ├── Taken           the lecturer or the place is taken then, or people are not to be disturbed
    ├── NoSuchLecturer  … by a name that a coordinator typed
    ├── WrongState      the order's state does not allow the step: what would work
    ├── NotYourOrder    somebody else's, or too far on to be withdrawn
    ├── CannotMerge
    ├── NoTime          no time was named, and none could be proposed
    ├── OfferGone       taken by another, taken back, or answered before
    ├── NoSuchGroup     no group or village by that name gets policy texts
    ├── NoSuchText      no policy text by that title or key, or more than one
    ├── NothingInDoubt  no message of that number waits for a person's word
    ├── NothingMissed   no notice was held back by an outage
    ├── …               what is said of notices and audiences: `data.broadcast_errors`
    ├── NothingToUndo
    ├── TooLateToUndo
    └── NothingToConfirm
"""


class TownError(Exception):
    """The root; every message is for a person."""


class TownFileError(TownError):
    """A file of the town's data that cannot be used; ``problems`` are lines such as ``snippets.yaml 第3条 …``."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class TextsError(TownError):
    """Policy texts cannot be imported; ``problems`` are all faults, each with its place."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class SchemaError(TownError):
    """The database cannot be used as it is."""


class Declined(TownError):
    """A wish that cannot be met now.

    ``chat`` says what to send to a chat instead, and follows what happened; ``desk`` what to do in the console, whose
    users read `at_desk`, where no words are sent.
    """

    def __init__(self, what: str, *, chat: str = "", desk: str = "") -> None:
        super().__init__(what + chat)
        self.at_desk = what + desk


class UnknownLecturer(Declined):
    """Nobody of that name is in the town's list."""

    def __init__(self, words: str, known: tuple[str, ...]) -> None:
        super().__init__(f"没找到宣讲员“{words}”。现有：{'、'.join(known)}。" if known else "镇上还没有登记宣讲员。")
        self.words = words


class NoOpenLecture(Declined):
    """No lecture that takes sign-ups was announced in this room, or in a direct chat in the person's village."""

    def __init__(self, *, direct: bool = False) -> None:
        super().__init__(
            f"{'您村里' if direct else '本群'}现在没有可报名的课。",
            chat="想听什么，可以说“点课 反诈骗”。",
            desk="请先在“课”里排一节。",
        )


class CapacityFull(Declined):
    """Fewer seats are left than were asked for; ``held`` is what the party has, and keeps."""

    def __init__(self, title: str, *, left: int, people: int, held: int = 0) -> None:
        if held and left:
            words = f"只剩{left}位，加不到{people}人，您原来的{held}人还在。"
            chat, desk = f"最多能改成“报名{held + left}人”。", f"最多能改成{held + left}人。"
        elif held:
            words = f"已经满了，加不到{people}人，您原来的{held}人还在。"
            chat, desk = "可以说“点课”，请老师再讲一场。", "可以给课加座位，或再排一场。"
        else:
            words = f"只剩{left}位，不够{people}人。"
            chat = f"先报{left}位就回“要”，{people}人一起等就回“候补”。"
            desk = f"可以先报{left}位，或{people}人一起候补。"
        super().__init__(f"《{title}》{words}", chat=chat, desk=desk)
        self.title, self.left, self.people, self.held = title, left, people, held


class NotSignedUp(Declined):
    """There is no sign-up of this person to withdraw."""

    def __init__(self, title: str) -> None:
        super().__init__(f"您没有报《{title}》，不用取消。")


class OfferOver(Declined):
    """The seat that was held for somebody is not any more."""

    def __init__(self, title: str) -> None:
        super().__init__(
            f"《{title}》给您留的位子已经过了时间。",
            chat="还想来就说“报名”，重新排队。",
            desk="还想来，请在报名页上重新报，重新排队。",
        )


class CodeRefused(Declined):
    """A binding code that is wrong, used or too old."""

    def __init__(self) -> None:
        super().__init__("绑定码不对、用过了或已过期。请找镇里管理员再要一个。")


class NoSuchVoice(Declined):
    """No open question or opinion has this number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"没有等答复的{number}号。", chat="发“待答”看还有哪些。", desk="请在“意见”里找。")


class CaseClosed(Declined):
    """The opinion, need or question has its answer."""

    def __init__(self, number: int, answer: str) -> None:
        super().__init__(
            f"意见{number}号已经答复过了：“{answer}”。", chat="发“待答”看还有哪些。", desk="在“意见”里看还有哪些。"
        )


class UnknownCoordinator(Declined):
    """No coordinator goes by these words."""

    def __init__(self, words: str, known: tuple[str, ...]) -> None:
        super().__init__(f"没找到干事“{words[:20]}”。可以转给：{'、'.join(known[:8])}。")


class NoSuchPoll(Declined):
    """No poll has this number."""

    def __init__(self, number: int) -> None:
        super().__init__(
            f"没有投票{number}。", chat="要发起，写“投票 讲什么好？ 1防骗 2医保 到周五晚上”。", desk="可能已经作废了。"
        )


class PollOver(Declined):
    """The poll takes no more votes."""

    def __init__(self, number: int) -> None:
        super().__init__(f"投票{number}已经结束了。", chat=f"发“投票{number}”看结果。", desk="在群里看得到结果。")


class PollOpen(Declined):
    """A room answers one poll at a time."""

    def __init__(self, number: int, room: str) -> None:
        super().__init__(
            f"{room or '这个群'}的投票{number}还没结束。",
            chat=f"先发“投票{number} 结束”，再发起新的。",
            desk="等它结束，再发起新的。",
        )


class NothingToConfirm(Declined):
    """确认 without a question of ours before it."""

    def __init__(self) -> None:
        super().__init__("现在没有等您确认的事（可能已过时）。请从头再发一次。")


class NoSuchOrder(Declined):
    """No order has this number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"没有{number}号点单。", chat="发“待办”看有哪些。", desk="请在“点单”里找。")


class NoSuchLecture(Declined):
    """No lecture has this number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"没有课{number}。", chat="发“课表”看有哪些。", desk="请在“课”里找。")


class LectureOver(Declined):
    """There is nothing left to change: it was cancelled, or it has begun."""

    def __init__(self, number: int, *, cancelled: bool = False) -> None:
        if cancelled:
            what, chat, desk = "已经取消了，不能再改。", "要另排一场，发“排课”。", "要另排一场，请到“课”里排。"
        else:
            what = "已经开讲，时间地点不能再改。"
            chat, desk = f"发“课{number}”看它的情况，发“到场 36”报人数。", "到场人数在它的页上报。"
        super().__init__(f"课{number}{what}", chat=chat, desk=desk)


class NotBegun(Declined):
    """It has not begun yet."""

    def __init__(self, number: int, when: str) -> None:
        super().__init__(f"课{number}要到{when}才开始，等讲完再报人数、发照片。")


class NoPicture(Declined):
    """What was sent is no picture that can be kept."""

    def __init__(self, megabytes: int) -> None:
        super().__init__(f"这张存不了：只收{megabytes}MB以内的照片（JPG、PNG、WebP、GIF）。换一张再发就行。")


class PhotosFull(Declined):
    """A lecture has as many photos as are kept."""

    def __init__(self, number: int, most: int) -> None:
        super().__init__(f"课{number}已经有{most}张照片，够用了，这张没有存。")


class BadMentor(Declined):
    """A lecturer would be their own mentor, at once or by way of others."""

    def __init__(self, student: str, mentor: str) -> None:
        if student == mentor:
            super().__init__("自己不能带自己，请写两位老师。")
        else:
            super().__init__(
                f"{mentor}是{student}带出来的，不能反过来。",
                chat=f"先发“导师 没有 {mentor}”，再改。",
                desk=f"先到{mentor}的页上去掉导师，再改。",
            )


class TimeIsPast(Declined):
    """A time that is over."""

    def __init__(self) -> None:
        super().__init__("这个时间已经过了，换一个，比如“明天晚上7点半”。")


class Taken(Declined):
    """Somebody or some place is taken then; ``free`` are times at which it would do."""

    def __init__(self, reasons: tuple[str, ...], free: tuple[str, ...] = ()) -> None:
        instead = f"可以改到{'，或'.join(free)}。" if free else "请换个时间、地点或老师。"
        super().__init__(f"排不上：{'；'.join(reasons)}。{instead}")


class NoSuchLecturer(Declined):
    """No lecturer goes by these words."""

    def __init__(self, words: str, near: tuple[str, ...] = ()) -> None:
        if near:
            super().__init__(f"没找到宣讲员“{words}”。您要的是{'、'.join(near)}吗？")
        else:
            super().__init__(f"没找到宣讲员“{words}”。", chat="发“菜单”看有哪些老师。", desk="请在“老师”里找。")


class WrongState(Declined):
    """The order's state does not allow the step."""

    def __init__(self, number: int, state: str, hint: str = "") -> None:
        super().__init__(
            f"{number}号现在是“{state}”，不能这样办。",
            chat=hint or f"发“{number}号”看它怎么走到这一步。",
            desk="在它的页上看得到怎么走到这一步、现在能办什么。",
        )


class NotYourOrder(Declined):
    """The order is somebody else's, or ``why`` it cannot be withdrawn any more."""

    def __init__(self, number: int, why: str = "") -> None:
        if why:
            super().__init__(f"{number}号{why}")
        else:
            super().__init__(f"{number}号不是您点的，撤不了。", chat="发“我的点单”看您点过的。")


class CannotMerge(Declined):
    """An order cannot be part of itself."""

    def __init__(self, number: int) -> None:
        super().__init__(
            f"{number}号不能并到它自己。", chat=f"请写另一张单，比如“{number}号 合并 9号”。", desk="请选另一张单。"
        )


class NoTime(Declined):
    """There is no time for it."""

    def __init__(self, number: int, name: str) -> None:
        super().__init__(
            "没排出合适的时间。",
            chat=f"请写上：“{number}号 派 {name} 周四晚上7点半”。",
            desk="请写上时间，比如“周四晚上7点半”。",
        )


class OfferGone(Declined):
    """The offer cannot be answered any more."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(f"{number}号{why}")


class NoSuchGroup(Declined):
    """No village or group that gets policy texts goes by these words."""

    def __init__(self, words: str, known: tuple[str, ...]) -> None:
        super().__init__(f"没有登记叫“{words[:20]}”的村或群。现有：{'、'.join(known) or '还没有群'}。")


class NoSuchText(Declined):
    """No policy text goes by these words, or several do."""

    def __init__(self, words: str, near: tuple[str, ...] = ()) -> None:
        if near:
            super().__init__(f"“{words}”有几条：{'、'.join(near)}。请写全标题。")
        else:
            super().__init__(f"没有叫“{words[:20]}”的短文。请照群里【】中的标题写，或写编号。")


class NothingInDoubt(Declined):
    """No message with this number is in doubt."""

    def __init__(self) -> None:
        super().__init__(
            "这一条不用确认了（已经发出、还在排队，或没有这一条）。",
            chat="发“发送情况”看现在怎样。",
            desk="在首页看现在怎样。",
        )


class NothingMissed(Declined):
    """No notice was held back by an outage, or too long ago."""

    def __init__(self) -> None:
        super().__init__("没有误了点、等着补发的通知。", chat="发“发送情况”看现在怎样。", desk="在“通知”里看现在怎样。")


class NothingToUndo(Declined):
    """Nothing was done lately that could be taken back."""

    def __init__(self, seconds: int) -> None:
        super().__init__(
            f"{seconds}秒内没有可以撤销的事。",
            chat="过了时间，请用相反的口令改回来，发“帮助”看有哪些。",
            desk="过了时间，请到那一页上改回来。",
        )


class TooLateToUndo(Declined):
    """It was said already, or changed since."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(
            f"“{what}”{why}，撤不回了。", chat="请用相反的口令改回来，或发更正。", desk="请到那一页上改回来，或写更正。"
        )
