"""What a coordinator may ask for at the end of a month, a quarter or a year."""

from data.tables import RoleKind
from handlers.desk import report_words, reports
from handlers.turn import Route

REPORTS: tuple[Route, ...] = (
    Route(
        "report",
        reports.summary,
        "季度总结（月度总结、年度总结、周报、日报）：把数和一页图私聊发给您；可加时段和村：季度总结 2026年3季度 上坪村",
        words=("季度总结", "月度总结", "年度总结", "半年总结"),
        tail=r"(?:\s+\S.{0,40})?",
        wordings=report_words.SUMMARY,
        roles=(RoleKind.COORDINATOR,),
        more="“上个月总结”“给我石湾村四季度的报表”“这个季度办了几场”“第47周的周报”“11月20日的日报”也听得懂。\n"
        "不写时段就是本期，月初、季初、年初的头半个月是上一期。要 Word 和 Excel，请到控制台的“图表”里做。",
    ),
)
