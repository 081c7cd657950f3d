"""Regex fragments that the rules of time are made of, and the functions that join them."""

from handlers.understand.when.almanac import FESTIVALS, NEEDS_JIE
from handlers.understand.when.numerals import NUM as PLAIN_NUM
from handlers.understand.when.parts import PARTS

NUM = f"(?>{PLAIN_NUM})"
BEFORE = r"(?<![\d.:/零〇一二两三四五六七八九十廿百几第])"  # a number begins here
CAL = "(?:农历|旧历|阴历|古历|老历|夏历)"
ONES = "[一二三四五六七八九]"
LUNAR_DAY = f"(?>初(?:十|{ONES})|三十|卅|二十{ONES}?|廿{ONES}?|十{ONES}|十)"
MONTH_NUM = r"(?>1[0-2]|0?[1-9]|十[一二]?|[一二两三四五六七八九])"
MONTH_NAME = f"(?:{MONTH_NUM}|正|腊|冬)"
WEEK_UNIT = "(?:周|星期|礼拜|拜)"
WEEK_REL = "(?P<rel>下{1,3}|上{1,3}|再下|这|本|今|呢|当)(?:一?个|一)?"
NTH = r"(?:第(?P<n>[一二三四五1-5])个?|(?P<last>最后)一?个?)"
UNITS = "秒钟?|分钟?|小时|钟头|个?钟|天|日|周|星期|礼拜|年"


def _duration(units: str) -> str:
    return (
        rf"(?:{BEFORE}(?:(?P<n>{NUM})个?(?P<half>半)?(?:多|来)?个?(?P<unit>{units})(?P<half2>半)?(?:多|钟)?"
        rf"(?:[零又]?(?P<more>{NUM})个?(?P<unit3>小时|钟头|分钟?|秒钟?))?"
        r"|(?P<quarters>[一二两三123])刻钟?)|(?P<only_half>半)个?(?P<unit2>小时|钟头|钟|月|年|天))"
    )


LOOSE = _duration(UNITS + "|月")  # 下三月: three months
DURATION = _duration(UNITS + "|(?<=[个半多])月")  # 三月后 is "after March", three months are 三个月
AFTER = "(?:之后|以后|过后|后(?![悔面来果续代天辈]))"
AGO = "(?:之前|以前|前(?![面后天往]))"
INSIDE = "(?:之内|以内|内(?!容)|里(?!面))"
SHORT_DAY_TAIL = "(?=晚|早|朝|夜|上午|下午|中午|凌晨|傍晚|下昼|上昼|晏昼|午)"
MEASURES = "个人名位场次块元斤岁家户组票桌亩分度米%"
TITLE = "(?:老师|医生|主任|书记|律师|警官|法官|教授|专家|校长|院长|村长|站长|同志|先生|叔|哥|姐)"
# Weather, or other common words, unless a festival's company follows.
NEEDS_COMPANY = ("大雪", "小雪", "大寒", "雨水", "过年", "过大年", "新春", "三一五", "五四", "七一")


def festival_regex() -> str:
    names: list[str] = []
    for words, _ in FESTIVALS:
        for name in words.split("|"):
            if name in NEEDS_JIE:
                names.append(f"{name}节")
            elif name in NEEDS_COMPANY:
                names.append(rf"(?<!下){name}(?=节|那天|当天|那日|前|后|期间|放假|的时候|那几天|时)节?")
            else:
                names.append(f"{name}(?:节(?!目|省|约))?")
    names.sort(key=len, reverse=True)
    holiday = "(?P<holiday>(?:的?(?:小?长假|放假|假期|期间|黄金周|假日|那几天|那段时间))+)?"
    day = rf"(?:的?(?P<side>前|后)(?P<n>{NUM})天|的?(?P<eve>前夕|前夜)|的?(?:那|当|这)[天日]|正日子?)?"
    not_a_place = "(?!路|街|村|广场|大道|小学|中学|医院|公园|桥|镇|乡|新村|[一二三四五六七八九十]*[号日月点个])"
    return (
        r"(?<![\d一二三四五六七八九十零月])(?:农历|旧历|阴历|公历|阳历)?"
        r"(?:(?P<october>十一(?=(?:小?长假|放假|假期|黄金周|期间)))"
        rf"|(?P<name>{'|'.join(names)}){not_a_place}){holiday}{day}"
    )


def part_regex() -> str:
    rows = (f"(?P<{name}>{part.words})" for name, part in PARTS.items())
    not_a_length = "(?:(?<=[周期拜初十廿]一)|(?<![一整几]))"  # 一晚上 is how long, 周一晚上 is when
    return f"{not_a_length}(?:{'|'.join(rows)})(?!好[啊呀呢!！,，。~ ]|好$)(?:的?时候|时分|时段)?"
