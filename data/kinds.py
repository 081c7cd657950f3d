"""The words by which people ask for each kind of event."""

from data.loop import EventKind

# A wish that begins with one of these is for that kind; all other wishes are for a lecture.
KIND_WORDS: dict[str, EventKind] = {
    "屋场会": EventKind.COURTYARD,
    "院坝会": EventKind.COURTYARD,
    "板凳会": EventKind.COURTYARD,
    "院落会": EventKind.COURTYARD,
    "夜谈会": EventKind.COURTYARD,
    "志愿服务": EventKind.VOLUNTEER,
    "志愿活动": EventKind.VOLUNTEER,
    "志愿者": EventKind.VOLUNTEER,
    "义诊": EventKind.VOLUNTEER,
    "培训": EventKind.TRAINING,
    "文艺活动": EventKind.SHOW,
    "文艺演出": EventKind.SHOW,
    "文艺下乡": EventKind.SHOW,
    "文艺": EventKind.SHOW,
    "演出": EventKind.SHOW,
    "看戏": EventKind.SHOW,
    "送学上门": EventKind.VISIT,
    "上门宣讲": EventKind.VISIT,
    "送教上门": EventKind.VISIT,
}
_LONGEST = max(map(len, KIND_WORDS))


def kind_of(wish: str) -> tuple[EventKind, str]:
    """The kind that a wish is for, and what is left of it behind the word that says so."""
    for length in range(min(_LONGEST, len(wish)), 1, -1):
        kind = KIND_WORDS.get(wish[:length])
        if kind is not None:
            return kind, wish[length:].lstrip(" ，,：:、").removeprefix("讲").strip()
    return EventKind.LECTURE, wish
