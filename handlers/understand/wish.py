"""The topic that an order wishes for, in the person's own words: the message without the asking around it."""

import re

_ASK_BEFORE = re.compile(
    r"^.*?(?:点课|点播|点单|订课|点一?[堂课节场]|想听听?|要听听?|想学学?|想了解|想知道|(?:讲讲|讲一讲|讲一?下|教教|"
    r"教一?下|讲(?=怎)|上一课)|(?:有没有|是否有|有没得)(?:人)?(?:讲|教)?|"
    r"(?:来|搞|办|开|安排|组织|订|预约|举办|开设)(?:一?[场堂次期个课]|几场)?|关于|建议|我点|我选)(?:一?下|一?些|点|"
    r"关于|那个|一场)*[: ,]*"
)
_ASK_BEHIND = re.compile(
    r"(?:[,。! ]*(?:请|叫|找|派|喊)(?:个|一个)?(?:人|专家|老师)?来?(?:给我们)?(?:讲讲|讲一?下|教教|讲)?|"
    r"(?:方面)?(?:的)?(?:讲座|课程?|培训班?|宣讲|知识|技术课)|的事情?|的啊?想听|想听听?|行不行|可以吗|好不好|"
    r"得不得|可以不|行不|好不)?"
    r"[吗呢吧啊呀呗嘛咯嘅的了么?。!, ]*$"
)


def wish_of(text: str) -> str | None:
    """The wish in normalised ``text``, at most 40 characters; None when nothing is left of it."""
    body = _ASK_BEFORE.sub("", text, count=1)
    body = _ASK_BEHIND.sub("", body, count=1).strip(" ,。!?:")
    return body[:40] or None
