"""All figures, in the order in which a report tells them. `docs/figures.md` is made from this list."""

from collections.abc import Mapping, Sequence

from sqlmodel import Session

from data.errors import Declined
from data.figures import heard, held, orders, reported, spoken, stations
from data.figures.counting import count_together
from data.figures.figure import Figure, How, Number
from data.figures.scope import Scope
from data.loop import EventKind, OrderState
from data.progress import STATE_NAMES
from data.record_tables import MediaLevel


class NoSuchFigure(Declined):
    """No figure goes by this key."""

    def __init__(self, key: str) -> None:
        super().__init__(f"没有“{key[:30]}”这个数。请从数据页上点开。")


_STANDS = "本期收到的点单里，截止时停在“{name}”这一步的。截止后再往前走，这个数不变。"
_TIME = "只算第一次走到这一步；在本期走到的都算，不管点单是哪一天来的。没有就空着。"
_KINDS = {
    EventKind.LECTURE: ("lectures", "宣讲场次", "本期开讲、截止前记为“已开讲”的讲座。"),
    EventKind.COURTYARD: ("courtyards", "屋场会", "本期开的屋场会（院坝会、板凳会、夜谈会）。"),
    EventKind.VISIT: ("visits", "送学上门", "本期一对一上门宣讲的次数。"),
    EventKind.VOLUNTEER: ("volunteers", "志愿服务活动", "本期办的志愿服务活动。"),
    EventKind.TRAINING: ("trainings", "培训", "本期给乡亲办的培训。"),
    EventKind.SHOW: ("shows", "文艺活动", "本期办的文艺活动。"),
}

FIGURES: tuple[Figure, ...] = (
    # ---- orders ----
    Figure("orders", "收到点单", "单", "本期收到的点单，后来撤了、并了的也算。", orders.RECEIVED),
    *(
        Figure(
            f"orders_{state.value}",
            f"其中{name}",
            "单",
            _STANDS.format(name=name),
            orders.RECEIVED,
            where=orders.stood(state),
        )
        for state, name in STATE_NAMES.items()
    ),
    Figure(
        "dispatch_median",
        "点单到派单（中位数）",
        "小时",
        f"从点单到派单的时间，一半的单比它短。{_TIME}",
        orders.DISPATCHED,
        How.MEDIAN,
        orders.until_step,
    ),
    Figure(
        "dispatch_p90",
        "点单到派单（九成以内）",
        "小时",
        f"九成的单不超过这个时间。{_TIME}",
        orders.DISPATCHED,
        How.P90,
        orders.until_step,
    ),
    Figure(
        "accept_median",
        "点单到接单（中位数）",
        "小时",
        f"从点单到有宣讲员接单的时间，一半的单比它短。{_TIME}",
        orders.ACCEPTED,
        How.MEDIAN,
        orders.until_step,
    ),
    Figure(
        "accept_p90",
        "点单到接单（九成以内）",
        "小时",
        f"九成的单不超过这个时间。{_TIME}",
        orders.ACCEPTED,
        How.P90,
        orders.until_step,
    ),
    Figure(
        "lecture_median",
        "点单到开讲（中位数）",
        "小时",
        "本期开讲的课，从点单到开讲的时间，一半的单比它短；并进来的单也算。",
        orders.HEARD,
        How.MEDIAN,
        orders.until_lecture,
    ),
    Figure(
        "lecture_p90",
        "点单到开讲（九成以内）",
        "小时",
        "本期开讲的课，九成的单不超过这个时间；并进来的单也算。",
        orders.HEARD,
        How.P90,
        orders.until_lecture,
    ),
    # ---- what was held ----
    *(
        Figure(key, name, "场" if kind != EventKind.VISIT else "次", help_, held.HELD, where=held.only(kind))
        for kind, (key, name, help_) in _KINDS.items()
    ),
    Figure("events", "各类活动合计", "场", "以上讲座和各类活动加起来。", held.HELD),
    Figure("cancelled", "取消场次", "场", "原定本期、截止前取消了的讲座和活动。", held.CANCELLED),
    Figure(
        "attended",
        "到场人次",
        "人次",
        "本期各类活动到场人数之和；一场以截止前最后一次填的数为准，没填的不猜。",
        held.HELD,
        How.SUM,
        held.attended,
    ),
    Figure(
        "uncounted",
        "没填到场人数",
        "场",
        "本期办了、截止时还没人填到场人数的。",
        held.HELD,
        where=lambda scope: (held.attended(scope).is_(None),),
    ),
    Figure(
        "handouts",
        "发放资料",
        "份",
        "本期各场发的资料之和；一场以截止前最后一次填的数为准。",
        held.HELD,
        How.SUM,
        held.handouts,
    ),
    Figure(
        "sign_ups",
        "报名人数",
        "人次",
        "本期办了的活动，报上名、有位子的人数（一人带几人算几人）。",
        held.SIGNED,
        How.SUM,
        held.people,
    ),
    Figure(
        "villages",
        "覆盖村数",
        "个",
        "本期办过至少一场活动的村，一个村只算一次。",
        held.HELD,
        How.DISTINCT,
        held.village,
        things=held.VILLAGES,
    ),
    Figure(
        "stations_idle",
        "有空白月的站点",
        "个",
        "本期有哪个月一场活动也没办的村。村里有了群、或者第一次登记办过的活动以后才算；没过完的月不算空白；不满一个月的时段不数。",
        stations.IDLE,
        How.DISTINCT,
        stations.village,
        things=stations.VILLAGES,
    ),
    Figure(
        "months_idle",
        "空白月",
        "村·月",
        "每个村每个空白月算一个；村里有了群、或者第一次登记办过的活动以后才算，没过完的月不算。正好一个月的时段，等于空白站点数。",
        stations.IDLE,
    ),
    # ---- what was said ----
    Figure(
        "pushes",
        "政策短文推送",
        "群次",
        "本期确实发到群里的政策短文，一个群收到一次算一次；没把握发到的不算。",
        spoken.SPOKEN,
        where=spoken.texts,
    ),
    Figure(
        "notices",
        "通知",
        "群次",
        "本期确实发到群里的通知，一个群收到一次算一次。",
        spoken.SPOKEN,
        where=spoken.notices,
    ),
    Figure(
        "groups",
        "推送到的群",
        "个",
        "本期收到过短文或通知的群，一个群只算一次。",
        spoken.SPOKEN,
        How.DISTINCT,
        spoken.room,
        things=spoken.GROUPS,
    ),
    Figure(
        "reached",
        "触达人数",
        "人",
        "这些群里，到最后一次推送时机器人见过的人，一人只算一次。没说过话的人机器人不认识，不算。",
        spoken.REACHED,
        How.DISTINCT,
        spoken.member,
        things=spoken.PEOPLE,
    ),
    Figure("direct", "私信订阅推送", "条", "本期发给订阅了的人的短文和通知；私信不分村。", spoken.DIRECT),
    Figure("replies", "群里回应", "条", "推送后一天内，群里对机器人说的话。没有人被要求回应。", spoken.REPLIES),
    # ---- what was heard ----
    Figure(
        "opinions",
        "收到意见、急难、提问",
        "件",
        "本期乡亲发给机器人的意见建议、急难愁盼和答不上的提问。",
        heard.COLLECTED,
    ),
    Figure(
        "opinions_answered",
        "其中已答复",
        "件",
        "本期收到的里面，截止前答复了的。说明办不了的原因也算；因为本人要求删除信息而了结的不算。",
        heard.ANSWERED_OF,
    ),
    Figure(
        "opinions_overdue",
        "其中超期",
        "件",
        "本期收到的里面，过了期限才答复，或者到截止时过了期限还没答复的。",
        heard.OVERDUE,
    ),
    Figure(
        "answer_median",
        "答复用时（中位数）",
        "小时",
        "本期答复的，从收到到答复的时间，一半比它短。因为本人要求删除信息而了结的不算。",
        heard.ANSWERS,
        How.MEDIAN,
        heard.until_answer,
    ),
    Figure(
        "answer_p90",
        "答复用时（九成以内）",
        "小时",
        "本期答复的，九成不超过这个时间。",
        heard.ANSWERS,
        How.P90,
        heard.until_answer,
    ),
    Figure(
        "ratings", "评课人数", "人次", "本期开讲的课收到的评分；一人对一场只算最后一次，截止后评的不算。", heard.RATED
    ),
    Figure(
        "rating_mean",
        "平均评分",
        "分",
        "上面这些评分的平均，满分5分。不到宣讲员个人，不排名。",
        heard.RATED,
        How.MEAN,
        heard.rating,
    ),
    # ---- media ----
    Figure(
        "media", "媒体报道", "篇", "见报（上网、播出）日期在本期、截止前登记的；登记错了划掉的不算。", reported.REPORTS
    ),
    *(
        Figure(
            f"media_{level.value}",
            f"其中{name}",
            "篇",
            f"上面这些里{name}媒体的。",
            reported.REPORTS,
            where=reported.of_level(level),
        )
        for level, name in reported.LEVEL_NAMES.items()
    ),
    # ---- late ----
    Figure(
        "late_lectures",
        "补报：场次",
        "场",
        "本期的活动，截止以后才记为办了的。只列在这里，不改上面的数。",
        held.HELD_LATE,
    ),
    Figure(
        "late_counts",
        "补报：到场和资料",
        "次",
        "本期的活动，截止以后才填或改的人数、份数。只列在这里，不改上面的数。",
        held.COUNTED_LATE,
    ),
    Figure(
        "late_media",
        "补报：媒体报道",
        "篇",
        "本期见报、截止以后才登记的。只列在这里，不改上面的数。",
        reported.REPORTED_LATE,
    ),
)
BY_KEY: Mapping[str, Figure] = {each.key: each for each in FIGURES}
LATE = ("late_lectures", "late_counts", "late_media")
assert len(BY_KEY) == len(FIGURES)
assert set(_KINDS) == set(EventKind)
assert set(STATE_NAMES) == set(OrderState)
assert set(reported.LEVEL_NAMES) == set(MediaLevel)


def find(key: str) -> Figure:
    """The figure of this key. Raises `NoSuchFigure`."""
    found = BY_KEY.get(key)
    if found is None:
        raise NoSuchFigure(key)
    return found


def numbers(session: Session, scope: Scope, *, keys: Sequence[str] = ()) -> dict[str, Number]:
    """Every figure's number (or those of these ``keys``), by key; None where there is nothing to tell."""
    wished = tuple(each for each in FIGURES if not keys or each.key in keys)
    found = count_together(session, scope, wished).get(None, {})
    return {each.key: found.get(each.key) for each in wished}
