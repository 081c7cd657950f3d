"""What the console says where something does not go. Each is a `data.errors.Declined`.

Declined
├── LoginRefused    name or password, or too many tries
├── LinkRefused     a one-time link that is wrong, used or too old
├── BadPassword     too short, or too easily guessed
├── BadEntry        a field of a form is wrong: which, and the mend
├── NotThere        no such thing, or not in this user's village (which is the same to them)
└── LastAdmin       somebody must remain who can let others in
"""

from data.errors import Declined


class LoginRefused(Declined):
    """Wrong, or too often wrong; never says which of name and password."""

    def __init__(self, wait_seconds: int = 0) -> None:
        minutes = -(-wait_seconds // 60)
        super().__init__(f"试的次数太多了，请过{minutes}分钟再来。" if minutes else "名字或密码不对，请再试。")
        self.wait_seconds = wait_seconds


class LinkRefused(Declined):
    """A one-time link that cannot be used."""

    def __init__(self) -> None:
        super().__init__("这个链接用过了、过期了或不完整。请让管理员再发一个。")


class BadPassword(Declined):
    """A password that would not protect anything."""

    def __init__(self, why: str) -> None:
        super().__init__(f"密码{why}。用几个不相干的词连起来，好记又安全。")


class BadEntry(Declined):
    """A field that was filled in wrongly."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}：{why}")
        self.field = field


class NotThere(Declined):
    """No such thing."""

    def __init__(self, what: str = "这一项") -> None:
        super().__init__(f"没有{what}，可能已经删了，或不归您管。")


class LastAdmin(Declined):
    """The last admin cannot be taken away."""

    def __init__(self) -> None:
        super().__init__("这是最后一位管理员。先让另一位当管理员，再改。")
