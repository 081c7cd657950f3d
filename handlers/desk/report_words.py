"""How people ask for a report: what they call it, how long a time they mean, and the words around it.

`SUMMARY` hears it (`Route.wordings`); `handlers.desk.reports` takes the same words out, and what is left is the place.
"""

import re

from data.figures.periods import PeriodKind
from handlers.desk.periods import ALONE, TIME

# How long the period is, by what is said of it; the first that is said counts.
KINDS = (
    (re.compile(r"半年"), PeriodKind.HALF),
    (re.compile(r"[日天]报|每[日天]"), PeriodKind.DAY),
    (re.compile(r"周(?!边)|星期|礼拜"), PeriodKind.WEEK),
    (re.compile(r"季"), PeriodKind.QUARTER),
    (re.compile(r"月(?!亮)"), PeriodKind.MONTH),
    (re.compile(r"年"), PeriodKind.YEAR),
)
_SPAN = r"全年|年[度终底]|半年|季度?|月度|每[日天周月]"  # of some length, without saying which
_REPORT = r"小结|报表|(?<![人民今明每])日报(?!名|道|到|销|纸|社)|[周月季年]报(?![名到销警道考])|统计表|汇总表"
_NUMBERS = r"数据|数字|统计"
_WORK = r"宣讲|工作|活动|开展|讲课"
_HELD = r"(?:办|讲|开|搞|做|宣讲|组织)过?了?(?:几|多少)(?:场|次|堂|节|回)"
_REVIEW = r"(?<!开)总结(?!大?会|经验|一下.{2}|得|的(?:好|很|不|真|都))"
WHAT = re.compile(
    rf"(?:{_SPAN}|{_WORK}|讲座|情况)*(?:总结|{_REPORT}|{_NUMBERS}|汇总|情况)(?:报告|告|图|表)?|"
    rf"{_HELD}(?:课|讲座|活动|宣讲)?"
)
_ASKING = (
    r"给|帮|请|麻烦|我们?|你|把|看|要|想|做|出|写|弄|搞|来|发|查|报|拿|下载|生成|一[份个张下]|[份个张]|的|数|有没有|共|一|"
    r"[季月年周]度?|半年|年[终底]|全年|全部|[全本]?镇里?|所有|各村|吗|呢|吧|啊|呀|了|在|这|那"
)
AROUND = re.compile(rf"^(?:{_ASKING})+|(?:{_ASKING})+$")

_OTHER = (
    r"^(?!.*(?:想听|来讲|讲座$|点课|怎[么样][写填做]|模板|开会|总结会|表彰|报名|通知|投票|"
    r"学[习校]|考试|建议|意见|讲得|讲的))"
)
_PLACE = r"(?:(?:(?![哪那我你他她请来去讲听想办派有几多什])[\u4e00-\u9fff]){1,8}?[村镇乡县市区屯寨组])"
_WHEN = rf"(?:{TIME}|{_SPAN})"
SUMMARY: tuple[str, ...] = (
    rf"{_OTHER}.*?(?:{_REVIEW}|{_REPORT}|工作汇总|数据汇总)",
    rf"{_OTHER}.*?{_WHEN}.{{0,8}}(?:{_NUMBERS}|的数(?:$|[,。?吗呢])|(?:{_WORK})的?情况)",
    rf"{_OTHER}.*?{_WHEN}.{{0,8}}{_HELD}",
    rf"^(?:{_PLACE}的?\s*)?(?:{ALONE})(?:\s*的?{_PLACE})?[。?？!！]*$",
)
