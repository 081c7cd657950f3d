"""What is said where a notice, or whom it is for, cannot be as somebody wished.

Declined
├── UnknownAudience     words that say for nobody whom a notice is for
├── NobodyThere         an audience in which nobody is
├── NoSuchAudience
├── NobodyOfThatName
├── SeveralOfThatName
├── NoSuchBroadcast
├── BroadcastStands     a notice is not where this can be done: where it is, and what would work
├── OwnBroadcast        nobody releases what they wrote
├── OthersBroadcast
├── NoSecondPerson      nobody is there who could approve
├── TwoNeeded           the town's config lets nobody release alone
└── RoomsFull           groups that have had as many notices today as are good for them
"""

from data.errors import Declined


class UnknownAudience(Declined):
    """Nobody and nothing goes by these words."""

    def __init__(self, words: str, near: tuple[str, ...], villages: tuple[str, ...] = ()) -> None:
        if near:
            super().__init__(f"不认识“{words}”。您要的是{'、'.join(near)}吗？请照名字再写一次。")
        else:
            known = f"全镇、{'、'.join(villages[:6])}{'…' if len(villages) > 6 else ''}" if villages else "全镇、村名"
            super().__init__(f"不认识“{words}”。可以写：{known}，或群名；发“标签”“名单”看还有哪些。")


class NobodyThere(Declined):
    """An audience without a group or a subscriber."""

    def __init__(self, words: str, *, silent: int = 0, subscribed: bool = False) -> None:
        if subscribed:
            super().__init__(f"“{words}”现在没有人订，没有可发的。要发到群里，写“通知 全镇 内容”。")
            return
        unasked = f"标签里的{silent}人没有订阅过私信，不能私发。" if silent else ""
        super().__init__(
            f"“{words}”现在没有能发的群。{unasked}先在群里发“本群 村名”登记，或给群加标签：“标签 群名 种植户”。"
        )


class NoSuchAudience(Declined):
    """No audience was saved under this name."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        others = f"存过：{'、'.join(known[:8])}。" if known else ""
        super().__init__(f"没有存过名单“{name[:12]}”。{others}")


class NobodyOfThatName(Declined):
    """No village, group or person that the bot has met."""

    def __init__(self, name: str) -> None:
        super().__init__(f"没找到叫“{name[:16]}”的村、群或人。请照群名写全，比如“标签 上坪村乡亲群 种植户”。")


class SeveralOfThatName(Declined):
    """Several people go by these words."""

    def __init__(self, name: str, people: tuple[str, ...]) -> None:
        super().__init__(f"叫“{name[:16]}”的有几位：{'、'.join(people)}。请写全名字。")


class NoSuchBroadcast(Declined):
    """No notice has this number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"没有通知B{number}。发“发送情况”看有哪些。")


class BroadcastStands(Declined):
    """A notice is not where this can be done."""

    def __init__(self, number: int, stands: str, hint: str = "") -> None:
        super().__init__(f"通知B{number}{stands}。{hint or f'发“B{number}”看经过。'}")


class OwnBroadcast(Declined):
    """Nobody approves what they wrote."""

    def __init__(self, number: int) -> None:
        super().__init__(
            f"B{number}是您写的，要另一位干事同意才发。要改发“改 B{number} 内容”，不发了发“作废 B{number}”。"
        )


class OthersBroadcast(Declined):
    """Only its author changes a notice."""

    def __init__(self, number: int, author: str) -> None:
        super().__init__(f"B{number}是{author}写的，由{author}来改。您可以“同意 B{number}”，或“退回 B{number} 理由”。")


class NoSecondPerson(Declined):
    """Nobody else in the town may release it."""

    def __init__(self, number: int, *, alone: bool) -> None:
        urgent = f"急事可以“紧急 B{number} 理由”；" if alone else ""
        super().__init__(f"现在没有另一位能放行的人来审B{number}。{urgent}请管理员再登记一位干事或审核员。")


class TwoNeeded(Declined):
    """Nobody may release alone here."""

    def __init__(self, number: int) -> None:
        super().__init__(f"镇里定了通知都要两个人放行，不能单独发。B{number}请另一位干事回“同意 B{number}”。")


class RoomsFull(Declined):
    """Groups that have as many notices that day as are good for them."""

    def __init__(self, number: int, rooms: tuple[str, ...], *, day: str, most: int) -> None:
        names = "、".join(rooms[:4]) + (f"等{len(rooms)}个群" if len(rooms) > 4 else "")
        super().__init__(
            f"{names}{day}已有{most}条通知，不再多发。可以改天：“定时 B{number} 明天8点”；急事：“加急 B{number}”。"
        )
