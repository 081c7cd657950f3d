"""Needs that cannot wait (急难愁盼), by what people say. Conservative: what is missed still becomes an opinion or a
question; what is taken wakes the coordinators."""

import re

# What is lacking or happens → how people say it. Read in normalised words that were said to the bot.
NEEDS: tuple[tuple[str, str], ...] = (
    ("吃", r"没饭吃|没得吃|没有?米(?:下锅|了)|揭不开锅|饿肚子|断粮"),
    ("住", r"没地方住|没房(?:子)?住|无家可归|漏雨|(?:房|屋|墙|瓦|屋顶|围墙).{0,4}(?:塌|要倒|倒了|裂开)"),
    ("水电", r"断水|停水|没水(?:喝|用|吃)|断电|停电|没电(?:用)?(?:$|[,。了])"),
    ("路和灾", r"塌方|滑坡|泥石流|被淹|水淹|进水了|路(?:断|塌)了|山火|起火"),
    ("人", r"没人(?:照顾|照看|管饭)|走失|走丢|失踪|晕倒|病倒|摔(?:伤|断|倒)|家暴|被人?打"),
    ("钱", r"没钱(?:看病|治病|治|买药|吃药|吃饭|上学|读书)|交不起(?:学费|医药费|住院费)|拿不到(?:工钱|工资)|拖欠工"),
    ("求", r"救命|救救|求救|求助|求.{0,4}救助|急需|火急|有[个件]?急事"),
)
_NEED = re.compile("|".join(words for _, words in NEEDS))
# Who wishes for a lecture about it, asks how it is done, or hands on a notice, has no need now.
_ELSE = re.compile(
    r"想听|想学|讲座|宣讲|来讲|讲讲|讲一?下|听课|点课|点单|报名|培训|投票|建议|政策|怎么(?:预防|防|申请|办)|^通知|^答复|"
    r"吗[?？]?$|几点|什么时候|会不会|是不是|听说"
)
MOST = 300  # a longer text tells a story, or is an article


def is_need(text: str) -> bool:
    """Whether a normalised text says that somebody is in need now."""
    return len(text) <= MOST and _NEED.search(text) is not None and _ELSE.search(text) is None
