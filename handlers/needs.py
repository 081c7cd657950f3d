"""Needs that cannot wait (急难愁盼), by what people say. Conservative: what is missed still becomes an opinion or a
question; what is taken wakes the coordinators."""

import re

_BROKE = r"(?:没(?:有)?(?:得|什么|半分|一分)?钱|缺钱|钱不够|钱(?:都|也)?(?:花|用)(?:光|完)了?|借不到钱)"
_COSTS = r"(?:看病|治病|治|医(?!保|生|院)|住院|手术|开刀|买药|吃药|抓药|吃饭|买米|上学|读书|交学费|病)"
# What is lacking or happens → how people say it. Read in normalised words that were said to the bot.
NEEDS: tuple[tuple[str, str], ...] = (
    ("吃", r"没饭吃|没得吃|没有?米(?:下锅|煮|了)|揭不开锅|饿肚子|断粮|没(?:有)?(?:东西|什么)?吃的了"),
    ("住", r"没地方住|没房(?:子)?住|无家可归|漏雨|(?:房|屋|墙|瓦|屋顶|围墙).{0,4}(?:塌|要倒|倒了|裂开)"),
    ("水电", r"断水|停水|没水(?:喝|用|吃)|断电|停电|没电(?:用)?(?:$|[,。了])"),
    ("路和灾", r"塌方|滑坡|泥石流|被淹|水淹|进水了|路(?:断|塌)了|山火|起火"),
    ("人", r"没人(?:照顾|照看|管饭)|走失|走丢|失踪|晕倒|病倒|摔(?:伤|断|倒)|家暴|被人?打"),
    (
        "钱",
        rf"{_BROKE}(?:去|来|给\S{{1,3}})?{_COSTS}|{_COSTS}[^,。!?]{{0,6}},?[^,。!?]{{0,5}}{_BROKE}|"
        rf"{_COSTS}?[^,。!?]{{0,3}}(?:交|付|出|缴|凑|拿)不[起出齐](?:学费|医药费|医疗费|住院费|药费|手术费|押金|钱)|"
        r"(?:医|治|看|吃|养)不起(?:病|药|饭)?(?:$|[,。!了])|拿不到(?:工钱|工资)|拖欠工",
    ),
    (
        "难",
        r"(?:日子|家里?|屋里|生活|实在|真的?)\S{0,4}(?:过不下去|活不下去|熬不下去|撑不(?:住|下去)|没法(?:活|过)|没办法(?:活|过))|"
        r"走投无路|(?:家|屋里)\S{0,4}(?:困难|可怜|穷).{0,12}(?:病|住院|没钱|残疾|瘫)|(?:病|住院|残疾|瘫).{0,12}(?:家|屋里)\S{0,4}困难",
    ),
    ("求", r"救命|救救|求救|求助|求.{0,4}救助|急需|火急|有[个件]?急事|(?:帮帮|救济)(?:一?下)?我们?家?(?:吧|[,。!]|$)"),
)
_NEED = re.compile("|".join(words for _, words in NEEDS))
# Who wishes for a lecture about it, asks how it is done, or hands on a notice, has no need now.
_ELSE = re.compile(
    r"想听|想学|讲座|宣讲|来讲|讲讲|讲一?下|听课|点课|点单|报名|培训|投票|建议|政策|怎么(?:预防|防|申请|办|报)|报不报|能报多少|^通知|^答复|"
    r"吗[?？]?$|几点|什么时候|会不会|是不是|听说"
)
MOST = 300  # a longer text tells a story, or is an article


def is_need(text: str) -> bool:
    """Whether a normalised text says that somebody is in need now."""
    return len(text) <= MOST and _NEED.search(text) is not None and _ELSE.search(text) is None
