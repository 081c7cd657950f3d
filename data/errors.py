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
