"""Words in a notice that tell people to do something for us, not for themselves: what `formalism` looks for.

A text asks where one of `ASKS` stands in it, and nothing before that in the same clause says not to do it (请勿转发),
nor in the same sentence that somebody else wants it of people (诈骗短信常叫你截图). It knows words and no sense: a
report shows the texts too.
"""

import re
from dataclasses import dataclass

_ALL = r"(?:每户|每家|各户|各家|各组|家家|户户|人人|大家|全体|所有人|每人|每组)"
_MUST = r"(?:务必|必须|一定要|一定|都要|都得|要求)"
_PHONE = r"关注.{0,8}号|下载|注册|安装.{0,6}(?:(?i:APP)|软件)"
_COME = r"来(?!往|回)|到场|到会|到位|参加|参与|出席|观看|收看|学习|完成|转"
_PLEASE = r"(?:请|麻烦|帮忙|扫码|扫一扫|大家|各位|都|去|记得|抓紧|及时|尽快|并|和|把|再)"


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing that people are told to do, and the words for it."""

    name: str
    words: re.Pattern[str]


def _ask(name: str, words: str) -> Ask:
    return Ask(name, re.compile(words))


ASKS: tuple[Ask, ...] = (
    _ask("回复", r"(?:收到|看到|知悉|阅后).{0,4}(?:回|扣\s?1)|请.{0,3}(?:回复|回个|回一下)(?!率)"),
    _ask("接龙", r"(?:请|都|来|开始|群里|参与|参加).{0,6}接龙|接龙(?:报|上报|登记|签到|打卡)"),
    _ask("打卡签到", r"打卡|签到"),
    _ask("截图", rf"(?:{_PLEASE}.{{0,8}}|[、，])截图|截图.{{0,4}}(?:发|到|上传|报|给|打卡)"),
    _ask("转发", r"转发|发朋友圈|转到.{0,6}群|集赞"),
    _ask("点赞", rf"{_PLEASE}.{{0,8}}点赞|点赞.{{0,4}}(?:截图|到群|满|关注)"),
    _ask("投票", rf"{_PLEASE}.{{0,6}}投(?:上|下|一下)?.{{0,4}}票"),
    _ask("填报", r"填报|上报|报上来|报到群|填.{0,4}问卷"),
    _ask("填表", rf"(?:{_PLEASE}|{_ALL}|{_MUST}).{{0,8}}填(?:写|一下|下|好|个|完)?.{{0,6}}(?:表|问卷|信息|资料|完|好)"),
    _ask("关注下载", rf"(?:{_PLEASE}|{_ALL}|{_MUST}).{{0,8}}(?:{_PHONE})"),
    _ask("必须到", rf"{_MUST}(?:都|亲自|按时|准时|全部)?.{{0,2}}(?:{_COME})"),
    _ask("摊派", rf"{_ALL}.{{0,6}}(?:派|出|抽).{{0,4}}(?:人|代表)|人人.{{0,4}}(?:参与|必|都要)"),
    _ask("通报", r"(?:不来|不到|没来|没到|缺席|未.{1,6}|没.{1,4}|不.{1,4})的.{0,6}(?:通报|点名|扣|罚款|记下)|点名批评"),
)  # fmt: skip
# What stands before them in the same clause where nobody is asked: not to do it, or another who wants it of people.
_NOT = re.compile(
    r"不用|不必|不要|不需|不得|不准|不许|不强求|不强制|不搞|不再|无需|无须|别|勿|莫|禁止|谨防|拒绝|防止|避免|取消|自愿|不(?=打卡|签到|接龙|转发|投票|点赞|截图|填)"
)
_OTHERS = re.compile(r"(?:叫|让|骗|逼|诱导|引诱|(?<!需)要|要求)(?:你|您|老人|群众)|骗子|诈骗|假冒|冒充|陌生")
_CLAUSE, _SENTENCE = re.compile(r"[，,。；;！!？?\n]"), re.compile(r"[。；;！!？?\n]")


def asked(text: str) -> tuple[str, ...]:
    """What a text tells people to do, by the names of `ASKS`; empty where it tells them nothing of the kind."""
    return tuple(each.name for each in ASKS if any(_meant(text, found) for found in each.words.finditer(text)))


def _meant(text: str, found: re.Match[str]) -> bool:
    clause = _CLAUSE.split(text[: found.end()])[-1]
    sentence = _SENTENCE.split(text[: found.end()])[-1]
    return _NOT.search(clause) is None and _OTHERS.search(sentence) is None
