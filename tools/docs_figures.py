"""docs/figures.md, made from `FIGURES`: ``python -m tools.docs_figures`` writes it."""

import sys
from pathlib import Path

from data.figures.areas import LEVEL_NAMES
from data.figures.asking import ASKS
from data.figures.figures import FIGURES
from data.figures.held import VENUES
from data.figures.periods import GRACE_DAYS
from data.figures.tables import BY, columns

PAGE = Path(__file__).parent.parent / "docs" / "figures.md"
_HEAD = f"""# 数是怎么数出来的

<!-- 由 python -m tools.docs_figures 生成，请改 data/figures 里的清单，别改这里。 -->

报表、数据页、季度和年度总结里的每一个数，都照下面的办法从一条条记录里数出来，点开就能看到这些记录。

## 时段和截止

时段可以是日、周、月、季度、半年、年，写成 `2026-11-20`、`2026W47`、`2026-11`、`2026Q4`、`2026H2`、`2026`。
一个时段结束后再过 {GRACE_DAYS} 天截止：截止前登记的算在本期，截止后才登记、才改的是**补报**，单独列出来，不改本期的数。
所以同一个时段，什么时候数都是同一个数：以后改了到场人数、点单往前走了、有人删除了自己的信息，都不影响。截止以前，数还会变。

到场人数每次填、每次改都留一条（谁、什么时候、多少），本期用截止前的最后一条。

没有数据的地方空着，不填零也不猜：例如办了课但没人填到场人数，到场人次就是空的，旁边的“没填到场人数”会说有几场。
机器人用起来以前的时段，没有记录，也都空着（写成“—”），只有后来补的列在补报里；还没有开始的时段不出数。

## 地方

{" → ".join(LEVEL_NAMES.values())}。村按**现在**归属的镇往上加，群按**现在**归属的村往上加：
村改了归属，以前的数会跟着挪到新的镇；群改了归属或者解绑了，它以前收到的短文、通知和回应也跟着挪走（全部合计不变）。
同名的镇分开数，写成“甲县城关镇”这样；只写“城关镇”时会请您说清楚是哪一个。
村小组只有开课时写了才分得出，其它的数到村为止。
大地方的数是重新数出来的，不是把小地方的数加起来（覆盖村数、人数、中位数本来就不能相加）。

## 清单

| 数 | 单位 | 怎么数 |
|---|---|---|
"""
_TAIL = """
## 分列

| 按 | 能分列的数 |
|---|---|
"""
_END = """
没有按人分的表，也没有排名。年终表彰的宣讲员名单只给宣传干事看：条件写在上面，够条件的都列，按姓名拼音排。

场所按地点名字里的字来分（先碰到的算），分不出的归“别处”：

| 场所 | 名字里有 |
|---|---|
"""
_LAST = f"""
## 请看一眼

宣传干事的数据页会悄悄列出看着不寻常的地方，只是请人核对，不改数、不通报：

- 两场课的报名名单一模一样，或者只差一条（五条以上；名单里写了名字的按名字比，不管是谁贴的；往前看两个月）；
- 一场课的评分，八成以上是一分钟内评的5分（五个以上）；
- 到场人数比座位多一半以上，又没有直播、没有分会场；
- 同一位宣讲员接连五场以上，到场都是同一个数；
- 还没到开讲时间，人数就填好了。

只看办了的，取消了的不看。

## 形式主义自查

年度总结里有一页自查，只数确实发出去的记录：机器人主动发到群里的一共多少（短文、通知、请大家来听课的、投票，还有开课提醒、变动、结果这些；
有人问了才答的不算）；一个群每周平均收几条（从本期发第一条的那周算起）、最多几条；通知里有多少条要大家做事。要大家做事，看的是这些字样：
{"、".join(each.name for each in ASKS)}。
前面写着“不用”“请勿”这类话的不算，说骗子会怎么要求的也不算。字样认得不全，所以把这些通知列出来给人看。

“强制”一项没有数，写成“—”：机器人没有强制的功能，也不记谁没回应。

## 限度

- 触达人数只算机器人在群里见过的人，实际看到的人更多；机器人不认识没说过话的人。
- 宣讲员类别、题目名称按现在登记的算；改了类别，分列会跟着变，合计不变。
- 站点从有了群（群登记给这个村的那天）、或者办过第一场活动起算。
- 季度、半年、年比各月的月报截止晚，分月的数可能跟月报差一点（晚几天填的人数、登记的报道，月底最后一天的回应）：
  某一个月的数，以那个月的月报为准。
- “共几个村”是制表时登记的村数，不是时段里的数。
"""


def figures_page() -> str:
    """The page."""
    rows = (f"| {each.name} | {each.unit} | {each.help} |\n" for each in FIGURES)
    tables = (f"| {name} | {'、'.join(each.name for each in columns(by))} |\n" for by, name in BY.items())
    venues = (f"| {name} | {'、'.join(words)} |\n" for name, words in VENUES)
    return "".join((_HEAD, *rows, _TAIL, *tables, _END, *venues, _LAST))


def main() -> int:
    """Write it."""
    PAGE.write_text(figures_page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
