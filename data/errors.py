"""Errors that know what to say. ``str(error)`` is what the person reads: Chinese, short, and what would help.

TownError
├── TownFileError       a file of the town is wrong: where, and the mend
├── SchemaError         the database cannot be used as it is
└── Declined            a wish that cannot be met, told to the person kindly
    ├── UnknownLecturer
    ├── NoOpenLecture
    ├── CapacityFull
    ├── NotSignedUp
    ├── CodeRefused
    ├── NoSuchVoice
    ├── NoSuchOrder
    ├── NoSuchLecture
    ├── NoSuchLecturer  … by a name that a coordinator typed
    ├── WrongState      the order's state does not allow the step: what would work
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


class SchemaError(TownError):
    """The database cannot be used as it is."""


class Declined(TownError):
    """A wish that cannot be met now."""


class UnknownLecturer(Declined):
    """Nobody of that name is in the town's list."""

    def __init__(self, words: str, known: tuple[str, ...]) -> None:
        super().__init__(f"没找到宣讲员“{words}”。现有：{'、'.join(known)}。" if known else "镇上还没有登记宣讲员。")
        self.words = words


class NoOpenLecture(Declined):
    """No lecture that takes sign-ups was announced in this room."""

    def __init__(self) -> None:
        super().__init__("本群现在没有可报名的课。想听什么，可以说“点课 反诈骗”。")


class CapacityFull(Declined):
    """Fewer seats are left than were asked for."""

    def __init__(self, title: str, left: int) -> None:
        rest = f"只剩{left}个位子" if left else "已经报满"
        super().__init__(
            f"《{title}》{rest}。您可以少报几位，或说“点课”请老师再讲一场。"
            if left
            else f"《{title}》{rest}。您可以说“点课”，请老师再讲一场。"
        )
        self.title = title
        self.left = left


class NotSignedUp(Declined):
    """There is no sign-up of this person to withdraw."""

    def __init__(self, title: str) -> None:
        super().__init__(f"您没有报《{title}》，不用取消。")


class CodeRefused(Declined):
    """A binding code that is wrong, used or too old."""

    def __init__(self) -> None:
        super().__init__("绑定码不对、用过了或已过期。请找镇里管理员再要一个。")


class NoSuchVoice(Declined):
    """No open question or opinion has this number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"没有等答复的{number}号。发“待答”看还有哪些。")


class NothingToConfirm(Declined):
    """确认 without a question of ours before it."""

    def __init__(self) -> None:
        super().__init__("现在没有等您确认的事（可能已过时）。请从头再发一次。")


class NoSuchOrder(Declined):
    """No order has this number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"没有{number}号点单。发“待办”看有哪些。")


class NoSuchLecture(Declined):
    """No lecture has this number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"没有课{number}。发“课表”看有哪些。")


class NoSuchLecturer(Declined):
    """No lecturer goes by these words."""

    def __init__(self, words: str, near: tuple[str, ...] = ()) -> None:
        hint = f"您要的是{'、'.join(near)}吗？" if near else "发“菜单”看有哪些老师。"
        super().__init__(f"没找到宣讲员“{words}”。{hint}")


class WrongState(Declined):
    """The order's state does not allow the step."""

    def __init__(self, number: int, state: str, hint: str = "") -> None:
        super().__init__(f"{number}号现在是“{state}”，不能这样办。{hint or f'发“{number}号”看它怎么走到这一步。'}")


class NothingToUndo(Declined):
    """Nothing was done lately that could be taken back."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"{seconds}秒内没有可以撤销的事。过了时间，请用相反的口令改回来，发“帮助”看有哪些。")


class TooLateToUndo(Declined):
    """It was said already, or changed since."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"“{what}”{why}，撤不回了。请用相反的口令改回来，或发更正。")
