"""How a report tells its numbers: each as it is written, and sentences that are made of numbers and nothing else."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from data.figures.figure import Number
from data.figures.figures import BY_KEY, FIGURES, LATE
from data.figures.formalism import SelfCheck
from data.figures.periods import parse
from data.figures.reported import LEVEL_NAMES
from data.figures.scope import Scope
from data.progress import STATE_NAMES
from data.record_tables import MediaLevel
from data.reports.gathered import Report

NOTHING = "—"  # where there is no data
_EVENTS = ("lectures", "courtyards", "visits", "volunteers", "trainings", "shows")
_TIMES = (("派单", "dispatch"), ("接单", "accept"), ("开讲", "lecture"))
# The figures by what they are about; the parts of a report, and of the console's page.
PARTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "orders": ("点单", ("orders", *(f"orders_{state.value}" for state in STATE_NAMES))),
    "times": ("快慢", tuple(f"{each}_{share}" for _, each in _TIMES for share in ("median", "p90"))),
    "events": ("活动", (
        *_EVENTS, "events", "cancelled", "attended", "uncounted", "handouts", "sign_ups", "villages", "stations_idle",
        "months_idle",
    )),
    "pushes": ("推送", ("pushes", "notices", "groups", "reached", "direct", "replies")),
    "voices": ("意见和评课", (
        "opinions", "opinions_answered", "opinions_overdue", "answer_median", "answer_p90", "ratings", "rating_mean",
    )),
    "media": ("媒体和补报", ("media", *(f"media_{level.value}" for level in MediaLevel), *LATE)),
}  # fmt: skip
assert sorted(key for _, keys in PARTS.values() for key in keys) == sorted(BY_KEY)


def told(number: Number) -> str:
    """A number as it is written: 27,800, 4.5; — where there is none."""
    if number is None:
        return NOTHING
    return f"{number:,.2f}".rstrip("0").rstrip(".") if isinstance(number, float) else f"{number:,}"


def with_unit(key: str, number: Number) -> str:
    """27,800场; — where there is none."""
    return NOTHING if number is None else f"{told(number)}{BY_KEY[key].unit}"


def day_words(moment: datetime, zone: ZoneInfo) -> str:
    """2026年12月31日."""
    local = moment.astimezone(zone)
    return f"{local.year}年{local.month}月{local.day}日"


def standing(scope: Scope, *, recorded: bool = True) -> str:
    """Whether the numbers will stay as they are; ``recorded``: whether there are records of that time at all."""
    if not recorded:
        return f"{scope.period.label}还没有记录：那时机器人还没有用起来，所以都是{NOTHING}，不是0。"
    last = day_words(scope.closes - timedelta(days=1), scope.zone)
    if scope.closed:
        return f"本期的数截至{last}，已经截止，以后不会再变；之后才登记的列在补报里。"
    if scope.now < scope.end:
        return f"本期还没有结束，以下是到{day_words(scope.now, scope.zone)}的数；{last}截止，在那以前还会变。"
    return f"本期还没有截止（{last}截止），以下的数还可能变。"


def overview(report: Report) -> list[str]:
    """The whole in a few sentences."""
    if not report.recorded[0]:
        return [standing(report.scope, recorded=False)]
    kinds = "、".join(_named(report, key) for key in _EVENTS if report.numbers[key])
    here = _clause(report)
    lines = [
        f"{report.scope.period.label}，{report.scope.place.name}收到点单{here('orders')}，办各类活动{here('events')}"
        f"{f'（{kinds}）' if kinds else ''}，到场{here('attended')}，发放资料{here('handouts')}，"
        f"覆盖{here('villages')}村（制表时登记的共{report.villages:,}个村）。"
    ]
    if report.numbers["uncounted"]:
        lines.append(f"其中{here('uncounted')}还没有填到场人数，到场人次里不含这些场。")
    lines.append(
        f"推送政策短文{here('pushes')}、通知{here('notices')}，推送到{here('groups')}群；"
        f"收到意见、急难和提问{here('opinions')}，已答复{here('opinions_answered')}；媒体报道{here('media')}。"
    )
    return [*lines, *compared(report)]


def compared(report: Report) -> list[str]:
    """What keeps the numbers from being set beside those of the period before, or beside a month's own report."""
    scope = report.scope
    earlier = replace(scope, period=scope.period.before())
    lines = []
    if not report.recorded[1]:
        lines.append(f"上期（{earlier.period.label}）还没有记录，所以都是{NOTHING}。")
    elif not earlier.closed:
        last = day_words(earlier.closes - timedelta(days=1), scope.zone)
        lines.append(f"上期（{earlier.period.label}）还没有截止（{last}截止），上期的数还可能变。")
    if scope.now < scope.end:
        lines.append("本期还没有过完，不能直接跟上期比多少。")
    return [*lines, *by_month(scope)]


def by_month(scope: Scope) -> list[str]:
    """Why a month of a longer period may have another number than its own report; nothing of a month alone."""
    if len(scope.period.months()) < 2:
        return []
    return [f"{scope.period.label}比各月的月报截止晚，分月的数可能跟月报差一点：某一个月的数，以那个月的月报为准。"]


def orders(report: Report) -> list[str]:
    """Where the orders stand, and how long their steps took."""
    here = _clause(report)
    states = "、".join(
        f"{name}{here(f'orders_{state.value}')}" for state, name in STATE_NAMES.items()
        if report.numbers[f"orders_{state.value}"]
    )  # fmt: skip
    lines = [f"收到点单{here('orders')}" + (f"，截止时{states}。" if states else "。")]
    times = "；".join(
        f"点单到{name}，一半在{here(f'{each}_median')}以内，九成在{here(f'{each}_p90')}以内"
        for name, each in _TIMES
        if report.numbers[f"{each}_median"] is not None
    )
    return [*lines, f"{times}。"] if times else lines


def events(report: Report) -> list[str]:
    """What was held, and where nothing was."""
    here = _clause(report)
    lines = [
        f"办各类活动{here('events')}，取消{here('cancelled')}。报名{here('sign_ups')}，到场{here('attended')}，"
        f"发放资料{here('handouts')}。"
    ]
    if report.numbers["stations_idle"]:
        lines.append(f"有空白月的站点{here('stations_idle')}，共{here('months_idle')}，名单见附表。")
    return lines


def idle(report: Report) -> list[str]:
    """What is to know of the months in which nothing was held, before they are listed."""
    table = report.tables["month"]
    at = [each.key for each in table.figures].index("months_idle")
    unknown = [label for label, row in table.rows if row[at] is None]
    if report.idle:
        return [f"{_until(unknown)}还没有记录，没有列。"] if unknown else []
    known = report.numbers["months_idle"] is not None and len(unknown) < len(table.rows)
    return [none_idle(unknown, known=known)]


def none_idle(unknown: Sequence[str], *, known: bool) -> str:
    """That there is no month in which nothing was held, as far as anything is known; ``unknown`` are the months of
    which nothing is."""
    if not known:
        return f"{NOTHING}：这段时间还没有记录，有没有空白月不知道。"
    return f"没有空白月（{_until(unknown)}还没有记录，不算在内）。" if unknown else "没有空白月。"


def _until(months: Sequence[str]) -> str:
    """Unknown months, all of which lie before the known ones."""
    last = parse(months[-1]).label
    return last if len(months) == 1 else f"{last}和以前"


def pushes(report: Report) -> list[str]:
    """What was sent to groups, and who wrote back."""
    here = _clause(report)
    return [
        f"推送政策短文{here('pushes')}，通知{here('notices')}，推送到{here('groups')}群，"
        f"机器人认得的群友{here('reached')}；推送后一天内群里回应{here('replies')}。私信订阅推送{here('direct')}。"
    ]


def voices(report: Report) -> list[str]:
    """What was heard, and how lectures were rated."""
    here = _clause(report)
    lines = [
        f"收到意见、急难和提问{here('opinions')}，已答复{here('opinions_answered')}，"
        f"超期{here('opinions_overdue')}。"
        + (
            f"答复用时一半在{here('answer_median')}以内，九成在{here('answer_p90')}以内。"
            if report.numbers["answer_median"] is not None
            else ""
        )
    ]
    rated = f"评课{here('ratings')}"
    return [*lines, f"{rated}，平均{here('rating_mean')}（满分5分）。" if report.numbers["ratings"] else f"{rated}。"]


def in_media(report: Report) -> list[str]:
    """How often media reported."""
    here = _clause(report)
    levels = "、".join(f"{name}{here(f'media_{level.value}')}" for level, name in LEVEL_NAMES.items())
    return [f"媒体报道{here('media')}：{levels}。"]


def late(report: Report) -> list[str]:
    """What was written down after the books were closed."""
    if not any(report.numbers[key] for key in LATE):
        return ["没有补报。"]
    here = _clause(report)
    parts = (("场次", "late_lectures"), ("到场和资料", "late_counts"), ("媒体报道", "late_media"))
    return [f"截止后补报：{'、'.join(f'{name}{here(key)}' for name, key in parts)}。只列在这里，不改上面的数。"]


def late_line(numbers: Mapping[str, Number]) -> str:
    """What was written down after the books were closed, in a line; empty where nothing was."""
    parts = (("活动", "late_lectures"), ("到场和资料", "late_counts"), ("媒体报道", "late_media"))
    said = "、".join(f"{name}{with_unit(key, numbers[key])}" for name, key in parts if numbers[key])
    return f"截止后补报：{said}，不算在上面。" if said else ""


def self_check(check: SelfCheck) -> list[str]:
    """Against the opinion of December 2023 on formalism at the fingertips."""
    return [
        f"机器人主动发到群里的一共{check.messages:,}群次：政策短文{check.texts:,}、通知{check.notices:,}、"
        f"请大家来听课的{check.invitations:,}、投票{check.polls:,}，其余{check.others:,}是开课提醒、变动、结果这些。"
        f"共{check.groups:,}个群，一个群每周平均收{told(check.mean_week)}条，最多的一周{check.most_week:,}条"
        "（有人问了才答的不算）。",
        f"通知里要大家做事的（回复、接龙、打卡、转发、填报等字样）{check.asking:,}群次"
        + ("，见下。" if check.asking_texts else "。"),
        "请大家来听课、投票，来不来、投不投都行。",
        f"强制要求{NOTHING}：机器人没有强制的功能，也不记谁没回应，所以没有这一项的数。",
    ]


def summary(place: str, period: str, numbers: Mapping[str, Number], note: str) -> str:
    """The numbers for a chat: no more than twelve lines."""
    here = {key: with_unit(key, number) for key, number in numbers.items()}
    return "\n".join(
        line
        for line in (
            f"{place}{period}",
            f"点单{here['orders']}，活动{here['events']}（宣讲{here['lectures']}）",
            f"到场{here['attended']}，发资料{here['handouts']}",
            f"覆盖{here['villages']}村，有空白月的站点{here['stations_idle']}",
            f"短文{here['pushes']}，通知{here['notices']}",
            f"意见、急难、提问{here['opinions']}，答复{here['opinions_answered']}",
            f"评课{here['ratings']}，平均{here['rating_mean']}",
            f"媒体报道{here['media']}",
            late_line(numbers),
            note,
        )
        if line
    )


SUMMARY = tuple(
    each.key for each in FIGURES if each.key in (
        "orders", "events", *_EVENTS, "attended", "uncounted", "handouts", "villages", "stations_idle", "pushes",
        "notices", "opinions", "opinions_answered", "ratings", "rating_mean", "media", *LATE,
    )
)  # fmt: skip


def _clause(report: Report) -> Callable[[str], str]:
    """Tells a figure of a report with its unit."""
    return lambda key: with_unit(key, report.numbers[key])


def _named(report: Report, key: str) -> str:
    return f"{BY_KEY[key].name.removesuffix('场次')}{with_unit(key, report.numbers[key])}"
