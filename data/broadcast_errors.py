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
            super().__init__(
                f"不认识“{words}”。可以写：{known}，或群名；",
                chat="发“标签”“名单”看还有哪些。",
                desk="群和标签在“村和群”里看。",
            )


class NobodyThere(Declined):
    """An audience without a group or a subscriber."""

    def __init__(self, words: str, *, silent: int = 0, subscribed: bool = False) -> None:
        if subscribed:
            super().__init__(
                f"“{words}”现在没有人订，没有可发的。",
                chat="要发到群里，写“通知 全镇 内容”。",
                desk="要发到群里，请写村名或群名。",
            )
            return
        unasked = f"标签里的{silent}人没有订阅过私信，不能私发。" if silent else ""
        super().__init__(
            f"“{words}”现在没有能发的群。{unasked}",
            chat="先在群里发“本群 村名”登记，或给群加标签：“标签 群名 种植户”。",
            desk="请先在“村和群”里登记群，或给群加标签。",
        )


class NoSuchAudience(Declined):
    """No audience was saved under this name."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        others = f"存过：{'、'.join(known[:8])}。" if known else ""
        super().__init__(f"没有存过名单“{name[:12]}”。{others}")


class NobodyOfThatName(Declined):
    """No village, group or person that the bot has met."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"没找到叫“{name[:16]}”的村、群或人。",
            chat="请照群名写全，比如“标签 上坪村乡亲群 种植户”。",
            desk="请照群名写全。",
        )


class SeveralOfThatName(Declined):
    """Several people go by these words."""

    def __init__(self, name: str, people: tuple[str, ...]) -> None:
        super().__init__(f"叫“{name[:16]}”的有几位：{'、'.join(people)}。请写全名字。")


class NoSuchBroadcast(Declined):
    """No notice has this number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"没有通知B{number}。", chat="发“发送情况”看有哪些。", desk="请在“通知”里找。")


class BroadcastStands(Declined):
    """A notice is not where this can be done. ``hint`` is for chats, ``desk`` for the console."""

    def __init__(self, number: int, stands: str, hint: str = "", *, desk: str = "") -> None:
        chat = hint or f"发“B{number}”看经过。"
        super().__init__(f"通知B{number}{stands}。", chat=chat, desk=desk or "在它的页上看得到经过。")


class OwnBroadcast(Declined):
    """Nobody approves what they wrote."""

    def __init__(self, number: int) -> None:
        super().__init__(
            f"B{number}是您写的，要另一位干事同意才发。",
            chat=f"要改发“改 B{number} 内容”，不发了发“作废 B{number}”。",
            desk="要改、不发了，都在它的页上办。",
        )


class OthersBroadcast(Declined):
    """Only its author changes a notice."""

    def __init__(self, number: int, author: str) -> None:
        super().__init__(
            f"B{number}是{author}写的，由{author}来改。",
            chat=f"您可以“同意 B{number}”，或“退回 B{number} 理由”。",
            desk="您可以放行，或写明理由退回。",
        )


class NoSecondPerson(Declined):
    """Nobody else in the town may release it."""

    def __init__(self, number: int, *, alone: bool) -> None:
        more = "请管理员再登记一位干事或审核员。"
        super().__init__(
            f"现在没有另一位能放行的人来审B{number}。",
            chat=(f"急事可以“紧急 B{number} 理由”；" if alone else "") + more,
            desk=("急事可以写明理由，一个人紧急发；" if alone else "") + more,
        )


class TwoNeeded(Declined):
    """Nobody may release alone here."""

    def __init__(self, number: int) -> None:
        super().__init__(
            f"镇里定了通知都要两个人放行，不能单独发。B{number}请另一位干事",
            chat=f"回“同意 B{number}”。",
            desk="来放行。",
        )


class RoomsFull(Declined):
    """Groups that have as many notices that day as are good for them."""

    def __init__(self, number: int, rooms: tuple[str, ...], *, day: str, most: int) -> None:
        names = "、".join(rooms[:4]) + (f"等{len(rooms)}个群" if len(rooms) > 4 else "")
        super().__init__(
            f"{names}{day}已有{most}条通知，不再多发。",
            chat=f"可以改天：“定时 B{number} 明天8点”；急事：“加急 B{number}”。",
            desk="可以改天发；急事可以加急。",
        )
