"""How people answer what we ask: a number, yes or no, or a day."""

import re

from handlers.understand import choices
from handlers.understand.when.lexicon import may_hold_time

YES, NO = "yes", "no"
_YES = re.compile(r"(确认|确定|是的?|对的?|好的?|可以|行|要|嗯+|系|得|发)(啊|呀|了|嘞|咯)?[。!！~]*")
_NO = re.compile(r"(取消|都?不是|不对|不用了?|不要了?|不发了?|不报了?|算了|作废|没有|唔系|不)(啊|呀|吧|了)?[。!！~]*")
_MISSED = re.compile(r"(没答到|不是(这个|我问的)?|答非所问|不对)[啊呀的]?[。!！~]*")
_DAY = re.compile(
    r"[今明后大本下这周星期礼拜一二两三四五六七八九十日天号月点钟半早晚上中午傍饭初廿元旦底0-9:：、到和吧就那,，。 -]+"
)
_SHORT = re.compile(r"[^\n]{1,12}")
MAX_WHEN = 20


def could_answer(text: str) -> bool:
    """Whether a line, as it was typed, could be the answer to something that we asked: the gate's cheap question."""
    return len(text) <= MAX_WHEN and bool(
        _YES.fullmatch(text) or _NO.fullmatch(text) or _MISSED.fullmatch(text) or choices(text) or _DAY.fullmatch(text)
    )


def yes_or_no(text: str) -> str | None:
    """`YES`, `NO`, or None where the text is neither."""
    if _YES.fullmatch(text):
        return YES
    return NO if _NO.fullmatch(text) else None


def a_choice(text: str) -> str | None:
    """The text itself where it names a number, `NO` where it refuses."""
    if _NO.fullmatch(text):
        return NO
    return text if _SHORT.fullmatch(text) and choices(text) else None


def a_time(text: str) -> str | None:
    """The text itself where it is nothing but a time, `NO` where it refuses."""
    if _NO.fullmatch(text):
        return NO
    return text if len(text) <= MAX_WHEN and _DAY.fullmatch(text) and may_hold_time(text) else None


def no_only(text: str) -> str | None:
    """`NO` where the text says that it was not what they asked for; nothing else is an answer."""
    return NO if _MISSED.fullmatch(text) else None


def first_choice(text: str) -> int | None:
    """The number that was named, the first of several."""
    return next(iter(choices(text)), None)


def numbered(options: tuple[str, ...]) -> str:
    """ "1 医疗保险 2 养老保险"."""
    return " ".join(f"{number} {name}" for number, name in enumerate(options, 1))
