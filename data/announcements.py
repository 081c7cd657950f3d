"""What is said about a lecture or another event, to whom: announcement, change, cancelling, reminder.

All are plain functions of `Facts`. A day is always named by its date: what is written now may leave tomorrow.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from data.loop import EventKind
from data.phrases import date_and_time
from data.tables import RoomKind


@dataclass(frozen=True, slots=True)
class KindWords:
    """How a kind of event is spoken of: its name, who stands for it, and how people are invited."""

    name: str
    leads: str
    invites: str
    asks_home: str  # to those who are far from home, for the people they left there


KINDS: dict[EventKind, KindWords] = {
    EventKind.LECTURE: KindWords("讲座", "主讲", "想来听的说“报名”就行", "家里人想听的，说“帮我妈报名”就行"),
    EventKind.COURTYARD: KindWords(
        "屋场会", "主持", "想来坐坐、说说的，说“报名”就行", "家里人想去的，说“帮我妈报名”就行"
    ),
    EventKind.VOLUNTEER: KindWords(
        "志愿服务", "带队", "愿意一起做的，说“报名”就行", "家里人愿意参加的，说“帮我妈报名”就行"
    ),
    EventKind.TRAINING: KindWords("培训", "授课", "想学的说“报名”就行", "家里人想学的，说“帮我妈报名”就行"),
    EventKind.SHOW: KindWords("文艺活动", "牵头", "想来看的说“报名”就行", "家里人想看的，说“帮我妈报名”就行"),
    EventKind.VISIT: KindWords("送学上门", "上门", "想请老师上门的说“报名”就行", "家里有人想学的，说“帮我妈报名”就行"),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """All that people are told of a lecture. ``trade`` says who the lecturer is (镇卫生院医生)."""

    kind: EventKind
    title: str
    lecturer_id: int
    lecturer: str
    trade: str
    village: str
    venue: str
    starts_at: datetime
    branches: tuple[str, ...] = ()
    live_url: str = ""
    dialect: str = ""
    seats: int | None = None

    @property
    def words(self) -> KindWords:
        return KINDS[self.kind]

    @property
    def who(self) -> str:
        return f"{self.lecturer}（{self.trade}）" if self.trade else self.lecturer

    @property
    def where(self) -> str:
        """The venue, with its village where its name does not tell."""
        return place(self.village, self.venue)


def place(village: str, venue: str) -> str:
    """石湾村码头, 上坪晒谷场: a venue that names its village by its first two characters needs no more."""
    return venue if venue[:2] == village[:2] else f"{village}{venue}"


def fixed(moment: datetime, zone: ZoneInfo) -> str:
    """11月28日（周六）19:30."""
    return date_and_time(moment, zone)


def announcement(facts: Facts, room: RoomKind, zone: ZoneInfo) -> str:
    """What a group is told of something new. Who is away gets the live link first, and is not asked to come."""
    away = room == RoomKind.MIGRANTS
    when = f"时间：{fixed(facts.starts_at, zone)}"
    who = f"{facts.words.leads}：{facts.who}"
    if away:
        home = f"老家{facts.village}" if facts.village else "老家"
        live = f"看直播：{facts.live_url}" if facts.live_url else ""
        lines = [f"【{facts.words.name}】{home}《{facts.title}》", live, when, who, f"{facts.words.asks_home}。"]
    else:
        spoken = f"讲{facts.dialect}" if facts.dialect else ""
        seats = f"{facts.seats}个位子" if facts.seats is not None else ""
        live = f"来不了可以看直播：{facts.live_url}" if facts.live_url else ""
        extra = "，".join(filter(None, (spoken, seats)))
        lines = [f"【{facts.words.name}】《{facts.title}》", who, when, *_places(facts), extra, live]
        lines.append(f"{facts.words.invites}。")
    return "\n".join(filter(None, lines))


def _places(facts: Facts) -> Iterator[str]:
    if facts.branches:
        yield f"主会场：{facts.where}"
        yield f"分会场：{'、'.join(facts.branches)}"
    elif facts.venue:
        yield f"地点：{facts.where}"


def changes(before: Facts, after: Facts, zone: ZoneInfo) -> list[str]:
    """What is another than it was told to be, one phrase each; empty where there is nothing to tell."""
    told = []
    if before.starts_at != after.starts_at:
        told.append(f"时间改到{fixed(after.starts_at, zone)}（原定{fixed(before.starts_at, zone)}）")
    if before.venue != after.venue:
        told.append(f"地点改到{after.where}（原定{before.where}）")
    if before.lecturer_id != after.lecturer_id:
        told.append(f"改由{after.who}{after.words.leads}")
    if before.branches != after.branches:
        told.append(f"分会场：{'、'.join(after.branches)}" if after.branches else "不设分会场了")
    if before.live_url != after.live_url:
        told.append(f"可以看直播：{after.live_url}" if after.live_url else "这次没有直播了")
    return told


def change(before: Facts, after: Facts, room: RoomKind, zone: ZoneInfo) -> str:
    """What a group, or somebody who signed up, is told of a change; empty where there is none."""
    told = changes(before, after, zone)
    if not told:
        return ""
    same = []
    if before.starts_at == after.starts_at:
        same.append(f"时间还是{fixed(after.starts_at, zone)}")
    if before.venue == after.venue and after.venue:
        same.append(f"地点还是{after.where}")
    moved = before.starts_at != after.starts_at or before.venue != after.venue
    tail = "报过名的不用再报，来不了说“取消报名”就行。" if moved and room != RoomKind.MIGRANTS else ""
    return (
        f"【{after.words.name}有变动】《{after.title}》{_listed(told)}。{'，'.join(same)}{'。' if same else ''}{tail}"
    )


def cancelled(facts: Facts, reason: str, zone: ZoneInfo, *, topic: str, ordered: bool) -> str:
    """What a group, or somebody who signed up, is told when it does not take place. ``ordered``: somebody had wished
    for it, whose order waits again."""
    again = f"还想听，说“点课 {topic}”就行。" if facts.kind == EventKind.LECTURE else ""
    again = "镇里另找时间，定了再告诉大家。" if ordered else again
    what = f"《{facts.title}》（{fixed(facts.starts_at, zone)}，{facts.where}）"
    return f"【{facts.words.name}取消】{what}不办了：{reason}。报过名的不用跑这一趟。{again}"


def for_lecturer(number: int, facts: Facts, zone: ZoneInfo) -> str:
    """What the lecturer has to know."""
    extra = [f"讲{facts.dialect}" if facts.dialect else "", f"{facts.seats}个位子" if facts.seats is not None else ""]
    places = [*_places(facts), f"直播：{facts.live_url}" if facts.live_url else ""]
    lines = [
        f"课{number}定了，请您{facts.words.leads}：{facts.words.name}《{facts.title}》",
        f"时间：{fixed(facts.starts_at, zone)}",
        *places,
        "，".join(filter(None, extra)),
        "讲完回一句“到场 36 发资料 40”（换成实际的数）就行。",
    ]
    return "\n".join(filter(None, lines))


def change_for_lecturer(number: int, before: Facts, after: Facts, zone: ZoneInfo) -> str:
    """What the lecturer who stays is told of a change; empty where there is none."""
    told = changes(before, after, zone)
    return f"课{number}《{after.title}》有变动：{_listed(told)}。其余照旧。" if told else ""


def released(number: int, facts: Facts, zone: ZoneInfo) -> str:
    """What a lecturer is told who has not to come any more."""
    when = fixed(facts.starts_at, zone)
    return f"课{number}《{facts.title}》（{when}，{facts.where}）另请了老师来讲，您不用来了，谢谢。"


def cancelled_for_lecturer(number: int, facts: Facts, reason: str, zone: ZoneInfo) -> str:
    """What the lecturer is told when it does not take place."""
    when = fixed(facts.starts_at, zone)
    return f"课{number}《{facts.title}》（{when}，{facts.where}）取消了：{reason}。您不用来了，谢谢。"


def reminder(facts: Facts, day: str, room: RoomKind, *, left: int | None) -> str:
    """What a group is told the evening before and an hour before; ``day`` is 明天 or 今天 with the time."""
    if room == RoomKind.MIGRANTS:
        return f"提醒：{day}，{facts.words.name}《{facts.title}》，看直播：{facts.live_url}"
    seats = "" if left is None else f"，还剩{left}位" if left else "，位子报满了"
    where = f"，{facts.where}" if facts.venue else ""
    branches = f"（分会场：{'、'.join(facts.branches)}）" if facts.branches else ""
    live = f"\n来不了可以看直播：{facts.live_url}" if facts.live_url else ""
    what = f"{facts.words.name}《{facts.title}》，{facts.who}{facts.words.leads}"
    return f"提醒：{day}{where}{branches}，{what}{seats}。{live}"


def _listed(told: list[str]) -> str:
    """Phrases in a row; an address that a phone should open ends where it ends."""
    return "；".join(f"{each} " if "://" in each else each for each in told)
