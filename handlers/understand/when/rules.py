"""The words of time as an ordered table: (kind, regex, builder, weak). Earlier rules win where two could begin.

The kinds are those that `grammar` joins; a weak rule's words are a time only in company or among words about time.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from handlers.understand.when import builders as make
from handlers.understand.when import spans
from handlers.understand.when.noise import NOISE
from handlers.understand.when.pieces import Piece
from handlers.understand.when.words import (
    AFTER,
    AGO,
    BEFORE,
    CAL,
    DURATION,
    INSIDE,
    LOOSE,
    LUNAR_DAY,
    MEASURES,
    MONTH_NAME,
    MONTH_NUM,
    NTH,
    NUM,
    ONES,
    SHORT_DAY_TAIL,
    WEEK_REL,
    WEEK_UNIT,
    festival_regex,
    part_regex,
)


class Rule(NamedTuple):
    """A regex and the function that makes pieces of its match; None from it means that the words are no time."""

    kind: str
    regex: str
    build: Callable[[re.Match[str]], tuple[Piece, ...] | None]
    weak: bool = False


def _nothing(_: re.Match[str]) -> None:
    return None


_DAY2 = r"(?P<d>3[01]|[12]\d|0?[1-9])"
_MONTH2 = r"(?P<m>1[0-2]|0?[1-9])"
_SPELT_YEAR = "[一二][零〇九一二三四五六七八]{3}"
_DIGIT_LEFT = r"(?<![\d.:零〇一二两三四五六七八九十廿百几第月年号])"
_NOT_A_YEAR_SPAN = r"(?<![今明去前后来本当\d几多一二三四五六七八九十零〇每半两百])"

WRITTEN: tuple[Rule, ...] = (
    Rule(
        "date",
        rf"(?<!\d)(?P<y>\d{{4}}|{_SPELT_YEAR}|\d\d(?=年\d\d?月)|[零〇一二三四五六七八九]{{2}}(?=年{MONTH_NUM}月))"
        rf"年(?P<m>{MONTH_NUM})月(?P<d>{NUM})[日号]",
        make.full_date,
    ),
    Rule("date", rf"(?<!\d)(?P<y>\d{{4}})[-/.]{_MONTH2}[-/.]{_DAY2}(?!\d(?!\d:))[日号]?T?", make.full_date),
    Rule("date", rf"(?<!\d)(?P<y>\d{{4}})年{_MONTH2}[-.]{_DAY2}(?![\d月])[日号]?", make.full_date),
    Rule("date", rf"(?<![\d/]){_MONTH2}/{_DAY2}/(?P<y>\d\d(?:\d\d)?)(?![\d/])", make.full_date),
    Rule(
        "hm",
        r"(?<![\d:.])(?P<h>[01]?\d|2[0-4]):(?P<min>[0-5]\d)(?::(?P<s>[0-5]\d))?(?!\d|:\d)"
        r"(?:\s*(?P<ap>[apAP])\.?[mM]?\b\.?)?",
        make.written_clock,
    ),
    Rule("hm", r"(?<![\d.:])(?P<h>1[0-2]|0?[1-9])\s?(?P<ap>[apAP])\.?[mM]\b\.?", make.written_clock),
    Rule(
        "date",
        rf"(?<![\d/.\-:]){_MONTH2}[/.]{_DAY2}(?![\d/:]|\.\d|[分元块斤亩万亿倍%米折度公毫升两个小天年岁吨寸])",
        make.month_day,
        weak=True,
    ),
    Rule(
        "date", r"(?<![\d/.\-:])(?P<m>0[1-9]|1[0-2])-(?P<d>3[01]|[12]\d|0[1-9])(?![\d\-:])", make.month_day, weak=True
    ),
)

LUNAR_AND_FEASTS: tuple[Rule, ...] = (
    Rule(
        "lunar",
        rf"{CAL}的?(?P<leap>闰)?(?P<m>{MONTH_NAME})月份?的?(?P<d>{LUNAR_DAY}|{NUM})(?:[号日]|(?![点时分]))",
        make.lunar_date,
    ),
    Rule(
        "lunar",
        rf"(?<![\d个]){BEFORE}(?P<leap>闰)?(?P<m>{MONTH_NAME})月(?P<d>{LUNAR_DAY})"
        rf"(?![号日天月点时分\d年\-~到至个人块元岁])",
        make.lunar_date,
    ),
    Rule(
        "lunar",
        rf"{_NOT_A_YEAR_SPAN}(?:{CAL})?(?P<new>大年|新年|春节|过年|年)(?P<d>初(?:十|{ONES})|廿{ONES}|二十{ONES})",
        make.new_year_day,
    ),
    Rule("feast", festival_regex(), make.feast),
    Rule(
        "lunar",
        rf"{CAL}(?P<leap>闰)?(?P<m>{MONTH_NAME})月[份里]?|(?P<leap2>闰)?(?P<m2>正|腊|冬)月[份里]?",
        make.lunar_month,
    ),
    Rule(
        "lunar",
        rf"{CAL}(?P<d>{LUNAR_DAY})|(?<![最起年当])(?P<d2>初(?:十|{ONES}))(?![中级步期次])",
        make.lunar_day,
    ),
    Rule("lunar", rf"{_DIGIT_LEFT}(?P<d>{LUNAR_DAY})[那这][天日]", make.lunar_day),
    Rule(
        "lunar",  # 十五 with nothing behind it, or a part of the day
        rf"{_DIGIT_LEFT}(?<![点时分共有来到给报率之])(?P<d>{LUNAR_DAY})"
        r"(?=[早晚上下中傍凌](?!来|面|去|点|一)|夜|\s*$|[,，。!！?？去])",
        make.lunar_day,
        weak=True,
    ),
    Rule("feast", rf"{_NOT_A_YEAR_SPAN}年(?P<side>前|后)(?![面来天])", make.around_new_year),
)

WEEKS_AND_RUNS: tuple[Rule, ...] = (
    Rule("nth", rf"的?{NTH}{WEEK_UNIT}(?P<w>[一二三四五六日天1-7])(?!\d)", make.nth),
    Rule("nth", rf"的?{NTH}{WEEK_UNIT}", make.nth),
    Rule("nth", rf"(?<=[年月份])的?(?:第(?P<n>{NUM})|(?P<last>最后一))天", make.nth_day),
    Rule(
        "weekday",
        rf"(?:{WEEK_REL})?{WEEK_UNIT}(?P<w>[一二三四五六日天末]|[1-7](?![\d点号:.]))"
        r"(?P<more>三五|二四六|四六|(?<=六)[、和]?[日天](?![点号]))?(?![点十])",
        make.weekday,
    ),
    Rule("week", rf"{WEEK_REL}{WEEK_UNIT}[里内]?", make.week),
    Rule(
        "months",
        "(?P<rel>今|明|去|后)?年?(?P<half>上|下|头|后)半年|第?(?P<q>[一二三四1-4])季度|第(?P<q2>[一二三四])季"
        "|(?P<qrel>本|这个?|当前|下个?|上个?)季度",
        make.months,
    ),
    Rule(
        "monthpart",
        "(?P<rel>本|这|下|上)?个?(?P<half>上|下)半个?月|(?P<ten>上中旬|中下旬|[上中下]旬)"
        "|月(?P<edge>初|头|中(?!午|旬|秋)|底|末|尾)",
        make.month_part,
    ),
    Rule("month", "(?P<rel>下{1,2}|上{1,2}|本|这|今|当|呢)(?:一?个)?月份?", make.relative_month),
    Rule("within", rf"(?:未来|今后|接下来|往后|下|后)的?这?{LOOSE}{INSIDE}?", spans.within),
    Rule("within", rf"{DURATION}{INSIDE}", spans.within),
    Rule("past", rf"(?:最近|过去|近|上|前|头)的?这?{LOOSE}(?:{INSIDE}|以?来)?", spans.past),
    Rule("after", rf"(?:再过|过|再|等)?{DURATION}{AFTER}", spans.after),
    Rule("after", rf"(?:再过|过|再等?|等){DURATION}", spans.after),
    Rule("ago", rf"(?<!月){DURATION}{AGO}", spans.ago),
)

YEARS_MONTHS_DAYS: tuple[Rule, ...] = (
    Rule(
        "year",
        rf"(?<!\d)(?P<y>\d{{4}}|{_SPELT_YEAR})年"
        rf"|(?<!\d)(?P<yy>\d\d|[零〇九一二三四五六七八]{{2}})年(?=的?(?:{MONTH_NAME}月|[春元清端中国第下上]|[一二三四]季))"
        "|(?P<rel>大前|大后|前|去|今|本|明|来|后|上|当)年(?!级|轻|纪|龄|以来)|这一年",
        make.year,
        weak=True,
    ),
    Rule("yeartail", "(?<=年)年?(?P<edge>初|底|末|尾|中(?!午|旬|秋))", make.year_tail),
    Rule("monthtail", "(?<=[月份])的?(?P<edge>初|头(?=几天)|底|末|尾|中(?!午|旬|下旬|秋|国))", make.month_tail),
    Rule("months", rf"{_NOT_A_YEAR_SPAN}年(?P<edge>初|底|末|尾|中(?!午|旬|秋))|(?P<edge2>岁末|年关)", make.year_end),
    Rule(
        "month",
        rf"(?<![\d个年]){BEFORE}(?P<m>{MONTH_NUM}|元)月[份里]?(?![子经薪饼亮球嫂供])"
        rf"|(?<=年)(?P<m2>{MONTH_NUM})月[份里]?",
        make.month,
    ),
    Rule(
        "dom",
        rf"(?<![第\d.:/])(?P<n>{NUM})日(?![本报常子元记均语工薪产用历照游])(?:那天|当天)?"
        rf"|(?<![\d.:/第月])(?P<n2>{NUM})号(?:那天|当天|这天)",
        make.dom,
    ),
    Rule("dom", rf"(?<![第\d.:/])(?P<n>{NUM})号", make.dom, weak=True),
    Rule("daynum", r"(?<=月)(?P<n>3[01]|[12]\d|0?[1-9])(?![\d点时:号日个人元块年月])", make.dom),
)

DAY_WORDS: tuple[Rule, ...] = (
    Rule("workday", "每?个?(?:工作|上班)日", make.workday),
    Rule("near", "这(?P<n>两|几|三)[天日]|近几[天日]|今明[两二]?[天日]", make.near_days),
    Rule(
        "day",
        "(?P<word>大大后|大后|大前|后|明|今|昨|前|听|寻|琴)(?:[天日](?![语本气报])|儿个?)"
        "|(?P<next>次日|翌日|第二[天日]|隔[天日])|明后两?[天日]"
        rf"|(?P<short>大后|后|明|今|昨|前|寻|琴|大前){SHORT_DAY_TAIL}"
        "|(?P<cantonese>听)(?=朝|晚(?!上|会|课)|下昼|上昼|晏昼)",
        make.day,
    ),
    Rule(
        "market",
        "(?P<next>下+一?个?)?[赶趁开逢]?(?:圩[日期天]|集日|街[日天]|场期|[赶趁][集圩场街](?:[日天]|那[天日]|的?时候?))"
        "(?:那[天日]|的时候)?|(?P<next2>下+)一?个?(?:圩|集(?!体|中|合|团|市))",
        make.market,
    ),
    Rule("market", "[赶趁][集圩场街]", make.market, weak=True),
    Rule(
        "season",
        "(?P<name>春|夏|秋|冬)(?:天|季(?!度))"
        "|(?P<name2>开春|入秋|入冬|入夏|农闲|农忙|寒假|暑假)(?:的?时候|季节|时节|时|期间|天|里)?",
        make.season,
    ),
)

HOURS: tuple[Rule, ...] = (
    Rule(
        "clock",
        rf"(?<![\d.:/第]|[几零百])(?P<h>{NUM})\s?(?P<u>点钟|点|时(?![候间常代不期段刻节]))(?:"
        r"(?P<half>半钟?|搭半|踏半)|(?P<q>[一二两三123])(?:刻钟?|个骨)"
        r"|差(?P<less>一刻|(?>[\d一二三四五六七八九十]{1,3}))分?"
        rf"|[搭踏](?P<by5>{NUM}|正)|(?P<by5b>{NUM})个字"
        rf"|[零〇0过]?(?P<min>{NUM})分(?!之)(?:钟)?(?:(?P<s>{NUM})秒)?"
        rf"|(?P<zero>[零〇0过])?(?P<min2>{NUM})(?![{MEASURES}点号月日天年时刻]))?(?:整|正|多(?!少)|许|左右|前后|钟)*",
        make.clock,
    ),
    Rule(
        "clock",
        rf"差(?P<less>一刻|(?>[\d一二三四五六七八九十]{{1,3}}))分?(?:钟)?(?:到)?(?P<h>{NUM})点",
        make.clock_less,
    ),
    Rule("part", part_regex(), make.part),
    Rule(
        "shortpart",
        "晚(?!饭|餐|点|一点|会|辈|期|稻|婚|年|安|些|到|来|了|说)|夜(?!宵|班|市|校|大)"
        "|早(?!饭|餐|点|日|就|已|一点|些|知|期|稻|熟|产|说|来)|朝(?!阳|鲜|廷|代|向|着)|午(?!饭|餐|觉|休)",
        make.short_part,
    ),
    Rule("now", "现在|此时此刻|此刻|此时|而家|依家|宜家", make.now),
)

JOINERS: tuple[Rule, ...] = (
    Rule(
        "borrower",
        rf"(?<![\d.:/第]){BEFORE}(?P<n>{NUM})\s?(?=(?:到|至|~|-|—|–)+\s?{NUM}(?:点|时|号|日|月))",
        make.borrower,
    ),
    Rule("to", r"(?:起|开始)?\s?(?:直?到|至|~|-{1,2}|—{1,2}|–|→)\s?", make.to),
    Rule("edge", f"的?(?:(?P<before>{AGO})|{AFTER})", make.edge),
    Rule("lead", "每逢|每个?[年月天日]的?|每个?|逢", make.lead),
)

RULES: tuple[Rule, ...] = (
    *(Rule(f"noise_{name}", regex, _nothing) for name, regex in NOISE),
    *WRITTEN,
    *LUNAR_AND_FEASTS,
    *WEEKS_AND_RUNS,
    *YEARS_MONTHS_DAYS,
    *DAY_WORDS,
    *HOURS,
    *JOINERS,
)
