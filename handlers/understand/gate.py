"""Whether a line that nobody addressed to the bot is plainly meant for it.

Two steps. `concerns` reads the raw line, without normalising or cutting it: one search for stems that every wish
contains; it decides nearly all chatter in about a microsecond. What passes is normalised and must then match one of
`MEANT`, the wordings people use to the bot and hardly ever to each other (`plainly_meant`), or be read as a wish by a
precise rule that the room bears out (`borne_out`); and, either way, none of `ELSEWHERE`. The model has no say here.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from handlers.understand.intents import ORDERS, WRITES, Reading
from handlers.understand.values import Utterance
from handlers.understand.vocabulary import KIN, NUMBER

READ = 200  # a wish stands in front; a longer line that is not addressed is an article

_OWN = (
    r"[报報抱暴爆][名]|[点點][课課播单單将將]|[点點订訂]一[堂场場节節课課]|[订訂][课課]|[课課](?:程)?表|取消|"
    r"撤[单單]|退[课課]"
)
_ASKS = (
    r"[请請][^，。！？\s]{1,5}[来來]|"
    r"[想要]再?[听聽学學]|[想要]了解|再[听聽]|(?:^|[我要想])[点點][^点點击擊钟鐘头頭赞讚了]|[课課座].{0,3}[不唔去听聽上]|[想再][请請]|"
    r"[请請找搵揾叫喊派换換][个個人一返位][^，。！？]{0,14}[讲講教课課训訓师師医醫律警专專农農]|"
    r"[没沒冇无無有][人得]?[讲講教][^程室學学]|[讲講教](?![得过過到理完])[^，。！？\s]{1,10}[的嘅]"
    r"(?:$|[老专專课課律人医醫警讲講那嗰，。！？ ])|"
    r"(?:[医醫]生|[师師警]|[法警]官|[站][长長]|[专專]家|[术術农農技][员員])[^，。！？]{0,6}[再能][来來嚟]|[来來嚟][讲講教]|[建希][议議望][^，。]{0,10}[学學]|"
    r"[讲講教][讲講教下一怎點点我用多]|讲课|講課|[以能][讲講教]|"
    r"[讲講]座|宣[讲講传傳]|培[训訓]|[一嗰那][场場堂](?:[^，。]{0,8}[课課讲講传傳的嘅]|$)|"
    r"[选選要点點请請就][^，。！？\s]{1,2}"
    r"(?:[医醫]生|律[师師]|老[师師]|警官|法官|主任|支[书書]|站[长長])|专家|專家|[农農]技|[来來]一[场場堂]|[讲講]了|"
    r"^我?[选選][第0-9]"
)
_JOINS = (
    r"[报報][^，。]{0,3}[个個位人一下上埋两兩我錯错俩]|[算加带帶预預留添計计写寫填记記][我埋返多上进進个個位一两兩]|[就参參想要我那去][听聽]|^[^，。！？]{0,8}我[^，。！？]{0,3}[报報]|[我都也][报報]|[场場的][我俺][^，。]{0,6}[去来來嚟听聽参參]|我[^，。]{0,12}[去来來嚟听聽]|[报報][^，。]{1,8}[的场場嘅]|"
    r"[位名][^，。]{0,6}(?:[留给給俾]|[写寫]|[让讓])|退出|[把将將][我俺]|[个個位][大小老]|[订訂][^，。]{0,4}位|[帮幫][手忙]|能[去来來嚟参參]|[会會准準定以间間空]，?\s?[去来來嚟参參到]|[去来來嚟][听聽]|[帮幫替][我]|参加|參加|"
    r"[我俺们們家妈媽婆组組队隊场場天].{0,6}[来來去嚟到听聽](?:$|[听聽的啦吧哈，。,. !！~]|"
    r"[0-9一二两兩三四五六七八九十俩倆仨])|"
    r"[不唔][去来來嚟报報听聽要](?:[了喇啦得，。]|$)|[去来來嚟听聽][不唔][了到成]|[课課讲講].{0,8}[请請][个個]?假|"
    r"^\s*[+＋]\s*\d|\d大\d小|"
    r"[0-9一二两兩三四五六七八九十俩倆仨][个個位名]?人?[，。,.!！ ]*$|夫妻|公婆|改[成报報为為]|[准準一]定?[时時到]|"
    r"名[额額单單]|"
    r"[预預][埋约約留订訂]|占[个個]|登[记記]|[号號][单單]|退[了掉吧]|撤|划掉|去掉"
)
_FIRST = (  # what the stems begin with: one look saves most places the thirty alternatives
    "[建希报報抱暴爆点點订訂课課表取撤退请請我想要座再找搵揾叫喊派换換没沒冇无無有讲講教以能宣培一嗰那选選就医醫"
    "师師警法站专專家術术農农技来來律]"
)
_STEMS = re.compile(f"(?={_FIRST})(?:{_OWN}|{_ASKS})")
_STEMS_OPEN = re.compile(f"{_OWN}|{_ASKS}|{_JOINS}")
# Each stem of `_STEMS` has one of these; a set of characters is searched several times faster than the stems.
_HINT = re.compile(
    "[解点點选選名课課播单單將将表消撤退听聽学學请請找搵揾叫喊派换換讲講宣培医醫律师師警法任书書站场場堂节節专專农農教]"
)
_COMMAND = re.compile(
    r"\s*(?:我要|我想|帮我|幫我|请|請)?(?:报名|報名|[抱暴爆]名|点课|點課|点播|點播|点单|點單|点将|點將|订课|訂課|"
    r"课表|課表|课程表|課程表|取消报名|取消報名|撤单|撤單|评价|評價|建议|建議|帮助|幫助|菜单|菜單)"
)

Needs = Literal["nothing", "topic", "lecture"]


@dataclass(frozen=True, slots=True)
class Meant:
    """One wording that is plainly meant for the bot. ``needs`` says what else must hold: a topic of the catalogue in
    the line, or a lecture of the room that takes sign-ups."""

    name: str
    needs: Needs
    pattern: re.Pattern[str]


def _meant(name: str, needs: Needs, *patterns: str) -> Meant:
    return Meant(name, needs, re.compile("|".join(patterns)))


_GUEST = r"(?:医生|律师|老师|警官|法官|主任|支书|站长|农技员|民警|专家|教授)"
_WILL = r"(?:讲|教|说|宣讲|上课|培训)"
_END = r"(?:$|[,。! ])"
_SOON = r"(?:[今明后]天|[今明]晚|明早|周[一二三四五六日末]|星期[一二三四五六日天]|这场|那场|[上下]午|晚上|到时候?)"
_WE = rf"(?:我们?|我家|我们[家组队村]|咱们?家?|我[和跟同与]\S{{0,3}}{KIN}|我{KIN})"

MEANT: tuple[Meant, ...] = (
    _meant(
        "command",
        "nothing",
        r"^(?:我要|我想|帮我|请)?(?:点课|点播|点单|订课|点将)[: ]*\S",
        r"^(?:看|查|发)?(?:一下|"
        r"下)?课(?:程)?表[!。?]?$",
        r"^(?:请|帮我|我要|我想|麻烦|给我)*取消.{0,8}(?:报名|点课|点单|讲座|的课)",
        r"^撤单|^退课",
        r"^(?:我|我们|那我|俺)?(?:也|都)?(?:要|想|来|先)?(?:报名|报个名)(?:$|[,!。 ]|参加|\d|"
        r"[一二两三四五六七八九十][个人位])",
        rf"^(?:请|麻烦)?(?:帮|替|给)(?:我|{KIN}|我{KIN}|隔壁\S{{1,3}}|邻居)(?:报名|报个名|登记(?:报名|一个))",
    ),
    _meant(
        "lecture-when",
        "nothing",
        r"^(?:请问|问一?下)?(?:下一?场|下次|今晚的?|明天的?|明晚的?|这次|本周)?讲座(?:是)?(?:在)?(?:几点|"
        r"什么时候|哪天|哪里|在哪)(?:开始|开讲|讲|举办|举行)?[啊呢吗]?[?。!]?$",
        r"^(?:最近|近期|这周|本周|下周)(?:都)?有(?:什么|哪些)讲座[啊呢吗]?[?。!]?$",
    ),
    _meant(
        "wants-guest",
        "nothing",
        rf"^(?:我|那)?(?:就)?(?:选|点|点名要|要)[\u4e00-\u9fff]{{1,2}}{_GUEST}(?:$|[,。! ]*(?:来)?{_WILL}|吧)",
        rf"(?:想|要)(?:请|听)[\u4e00-\u9fff]{{1,2}}{_GUEST}(?:再)?(?:来)?(?:给我们)?(?:{_WILL}|$|[,。!])",
        rf"[\u4e00-\u9fff]{_GUEST}.{{0,8}}(?:我)?(?:都|也)?想听$",
        rf"(?:想|要)(?:再)?听.{{0,4}}[\u4e00-\u9fff]{_GUEST}(?:再|来|的(?!话|意)|讲|上课)",
        rf"[\u4e00-\u9fff]{_GUEST}.{{0,6}}(?:能|可以|会|啥时|什么时候)?再来(?:一次|一趟|讲|吗|不|么|给)",
        r"(?:请|换|找|派)(?:一?个|一?位)(?:会|懂)(?:讲|说)\S{1,4}的(?:老师|人|来|师傅|专家)?",
        r"换(?:一?个|"
        r"一?位)(?:老师|人|讲师|专家)(?:来)?(?:讲|行|可以|好不)",
        rf"(?:能不能|可不可以|可以|能|麻烦|想|帮我|"
        rf"就)(?:再)?请[\u4e00-\u9fff]{{1,2}}{_GUEST}(?:再)?来?(?:{_WILL}|一趟|一次)",
        rf"^请[\u4e00-\u9fff]{{1,2}}{_GUEST}(?:再)?来(?:{_WILL}|一次)",
    ),
    _meant(
        "wants-to-know-how",
        "nothing",
        r"(?<!不)(?:想|要)(?:听|学)(?:一?下|一?些|点|听|学)?(?!人家)[^\s,。!?你他她我]{2,14}(?:怎么|如何|怎样|注意|知识|技术|政策|诀窍)",
        r"(?:请|找|派|叫|喊)(?:一?个|一?位|几个|些)?(?:人|专家|老师|医生|律师|师傅|懂\S{1,4}的|干部|内行)\S{0,4}来\S{0,6}"
        r"(?:讲讲|讲一?下|教教|教我们|教大家|给我们讲|给大家讲|上课|培训)",
        r"(?:我们|咱|大家|村|屯|组|老人|乡亲|群众)[^你他她?]{0,16}(?:请|派|安排|能不能|可不可以|希望|最好|应该|想)[^你他她?]{0,6}"
        r"(?:讲讲|教教|讲一?下|讲座|培训班?$|宣讲)",
    ),
    _meant(
        "wants-topic",
        "topic",
        r"(?<!不)(?<!谁)(?:想|要)(?:再)?(?:听听?|学学?|了解)(?!说|到|见|你|我|他|她|人家|歌|音乐|话|懂|力|校|生|习|期)",
        rf"(?:请|叫|喊|找|派|安排)(?:个|一个|一位|位|几个|些)?(?:人|专家|老师|内行|医生|律师|干部|师傅|"
        rf"懂\S{{1,4}}的)?(?:到|来|过来|去|给)?.{{0,6}}(?:来)?{_WILL}(?:讲|教|说|一?下|清楚|课|一)",
        rf"(?:下次|下回|能不能|可不可以|可以|能否|可否|麻烦|希望)\S{{0,6}}{_WILL}(?:讲|教|说|一?下|些|一讲|一次|"
        rf"一堂)",
        r"^(?:给我们|来)?(?:讲讲|讲一讲|讲一?下|教教)(?!你|我|他|她|道理|价)",
        r"(?:有没有|是否有|有无|有没得|还有没有)(?:人)?(?:讲|教)(?!课)",
        r"(?:有没有|是否有|有无|能否|是否可以|"
        r"可以|能不能|建议|希望|申请|想要)\S{0,6}(?:讲座|培训班?|宣讲|课)(?:吗|么|没有|吧|$|[,。?!])",
        r"(?:有没有|是否有|有无|能否|是否可以|可以|能不能|可不可以|建议|希望|申请|想要|请|我们)\S{0,4}(?:来|搞|"
        r"办|开|组织|安排|举办|开设|开展|订|预约)\S{0,14}(?:讲座|培训|宣讲|课)",
        rf"(?:什么时候|几时|哪天|啥时)\S{{0,4}}来?\S{{0,4}}{_WILL}(?:讲|教|一?下|一次|一讲)",
        rf"(?:有没有|有无|是否有|派|请|叫|喊|找|来)\S{{0,10}}(?:{_GUEST}|人|师傅|技术员|干部|内行).{{0,14}}(?:{_WILL}|指导)",
        r"(?:来|要|有|点|选|听|请|想要|换)(?:一?[个场堂次]|那个|这个|那[场堂])?(?:讲|教|关于|说)\S{2,10}的",
        rf"(?:讲|教)\S{{2,8}}的(?:那个|那位)?(?:{_GUEST}|人|师傅|技术员|课|讲座).{{0,6}}(?:来|就好|想听|再)",
        r"^(?:我)?(?:要|想|就|来|先)?点(?:一?下|一?个|那个|个)?(?!了|过|火|烟|灯|菜)\S{2,12}$",
        r"(?:找|要|推荐|看|听|报|换|安排|订|参加).{0,12}的(?:讲座|培训|宣讲|课)(?:[,。吧吗]|$)",
        r"(?:建议|希望|能不能|可不可以)\S{0,8}(?:组织|安排|让|教)\S{0,6}学",
        r"(?:希望|建议|应该|比如|加强|组织|开展|提供|增加|普及|免费|定期)\S{0,16}(?:讲座|培训|宣讲|宣传|课)",
        r"(?:希望|建议|应该|最好|要)(?:能|可以)?多(?:讲讲|讲些|讲点|讲一?下)",
        r"(?:来|搞|办|开|安排|约|定|订)一?[场堂期次]\S{0,12}(?:讲座|培训|宣讲|课|的)(?:吧|呗|嘛|咯|可以|行|好不|$)",
    ),
    _meant(
        "joins",
        "lecture",
        rf"(?:算|加|预留?|留|带|添)(?:上|多)?我(?:们)?(?:{_END}|一|两|俩|{NUMBER}|[和跟同]|吧|呗|家)",
        rf"(?:帮|"
        rf"替|给|麻烦)(?:我|{KIN}|我{KIN}|\S{{1,4}}).{{0,6}}(?:报(?:名|个(?!价)|一|上|下|{NUMBER})|登记|预约|占|写上)",
        rf"(?:留|占|预留)(?:上|下|个|{NUMBER})?(?:个|一个)?(?:位子?|座位?|名额|凳子)",
        rf"(?:^|[,。! ]|我|"
        rf"家)报(?:上|我|名)?{NUMBER}(?:个|位|人|名|{_END})(?![菜数价])",
        rf"^报(?:我|上我)(?:{_END}|还有|和)",
        rf"^\+ ?{NUMBER}(?:人|个|位)?$",
        rf"(?:我|咱)(?:们)?(?:家|组|队|这边)?(?:一共|总共|共)?(?:来|去|"
        rf"报)?{NUMBER}(?:个|位)(?:人)?(?:来|去|听|报名)?{_END}",
        rf"^[\u4e00-\u9fff]{{2,4}} *{NUMBER}(?:个|位)?人$",
        rf"改(?:成|报|为)(?:{NUMBER}(?:个|位|人)|{_SOON})",
        rf"(?:再|多)(?:加|报){NUMBER}?(?:个|位|人)",
        rf"(?:^|[,。! ])(?:那|好的?|行|可以|收到|嗯|恩|{_SOON}|的|\S{{0,4}}(?:场|点))*{_WE}(?:也|都|会|一定|"
        rf"准时|肯定|全家|要|想|一起)*(?:去听听?|来听听?|听|去|来|参加|到场)(?:课|讲座|这场|那场)?(?:的|啦|吧|"
        rf"哈)?{_END}",
        r"^(?:收到|好的?|行|可以|嗯+)[,。! ]*(?:我)?(?:可以|能|准时|一定|会)?参加",
        r"(?:场|点|课|讲座|天|午|"
        r"晚)的?(?:课|讲座)?我(?:也|都|要|会)?(?:去|来)?(?:参加|听)",
        r"^(?:我)?(?:也|要|想)*参加(?:讲座|"
        r"听课)?[!。]?$",
        r"我就?听(?:这|那)一?场",
        r"上课帮我报",
    ),
    _meant(
        "leaves",
        "lecture",
        rf"(?:^|[,。! ])(?:{_SOON}|那|不好意思|抱歉|对不起|临时有事|有事|{_WE})*(?:就|也|可能|应该|都|"
        rf"恐怕)*(?:不(?:能)?(?:去|来|参加)(?:听)?(?:了|啦|课|讲座){_END}?|(?:(?:去|来|参加)不(?:了|成|到)|"
        rf"听不(?:了|成))(?:了|啦|课|讲座|听|参加|$|[,。! ]))(?!吗|\?)",
        r"(?:课|讲座).{0,8}请(?:个|一?下)?假|^我?(?:今天|明天|今晚)?请个?假[!。]?$",
        r"(?:^|[,。! 我帮请先就]|(?:报|点|约)的\S{0,3})取消(?:了)?(?:吧|报名|周|"
        r"星期|明天|我的|那场|这场|$)",
        r"(?:点|报|订)的.{0,6}(?:不要|不听)了|那个.{0,6}(?:不要|不听)了",
        r"不(?:用|要)(?:给我|帮我)?(?:留|算)(?:我(?!的?[账钱])|位|名额)",
        r"把(?:我|我的名字)(?:划|去|删|取消)",
    ),
)

# Talk about others, about elsewhere, or about what is over. An own command at the line's head stands above it.
ELSEWHERE = re.compile(
    r"(?:他们?|她们?|你们?|你|小\S|老\S|同学|同事|朋友|人家|人)(?:都|也|还|就|已经|没|说|不|要|会|想)*(?:报名|"
    r"参加|去听|想听|要听|取消)|报(?:了|过)名|报名(?:表|费|点|截止|考试|时间|了没|了吗|没有|系统|成功|网站)|已经报|"
    r"听说|"
    r"驾校|驾照|考试|考研|学校|公司|单位|大学|学院|老板|同学|班主任|作业|宿舍|专辑|唱歌|歌|电影|音乐|小说|英语|"
    r"数学|签到|上班|下班|加班|面试|约会|航班|火车|酒店|餐|做饭|做菜|游泳|学车|开车|景点|票|房间|手机|电脑|游戏|"
    r"比赛|年会|婚礼|吃饭|逛街|打牌|"
    r"^(?:通知|公告|预告|各位|请大家|重要)|(?:孩子|小孩|娃|儿子|女儿).{0,8}请假|亲爱的|宝贝|老婆大人|么么|"
    r"^我去[ ,!]*(?:真|这|太|什么|你|又|他|那|怎|原来)"
)
_TEACHING = re.compile(r"讲|课|教|宣|普法|培训|指导|老师|指定")
_LECTURE = re.compile(r"讲座|宣讲|听课|培训班|的课")
# 要加班,去不了讲座了; 教用手机的课
_OURS = re.compile(r"[去来听参加报]不[了成]?.{0,2}(?:讲座|课)|取消.{0,6}(?:讲座|报名)|手机.{0,4}(?:课|讲座|培训)")
# 要加班,去不了了: whoever does not come gives a reason, which is elsewhere by its nature.
_BUSY = re.compile(
    r"(?:[加上下]夜?班|做饭|开车|学校|公司|单位|吃[过完了]?饭|婚礼|考试|面试|作业|老板|手机|电脑|(?:你们|大家).{0,2}去听)(?!.{0,2}不去)|"
    rf"我(?:家)?{KIN}说?[他她]|帮[他她]"
)
_WEAK = frozenset({"excused", "choice"})  # 我请个假 and 第二个 are said to anyone
_OWN_HEAD = frozenset({"command", "lecture-when"})


def _elsewhere(text: str) -> bool:
    return ELSEWHERE.search(text) is not None and not _OURS.search(text)


def _without_reason(reading: Reading, text: str) -> str:
    """``text`` without what only says why somebody stays away, or before what they come to hear."""
    return _BUSY.sub("", text) if reading.intent == "cancel" or "听" in reading.words else text


def concerns(utterance: Utterance) -> bool:
    """Whether the line is worth understanding at all; True for whatever is addressed to the bot."""
    if utterance.addressed:
        return True
    text = utterance.text
    if utterance.listen == "natural" and not utterance.lecture_open:  # nearly always, and nearly always no
        return _HINT.search(text) is not None and len(text) <= READ and _STEMS.search(text) is not None
    if len(text) > READ:
        return False
    if utterance.listen == "natural":
        return _STEMS_OPEN.search(text) is not None
    return utterance.listen == "command" and _COMMAND.match(text) is not None


def borne_out(reading: Reading, text: str, has_topic: Callable[[str], bool], *, lecture_open: bool) -> str | None:
    """The name of the precise rule that read a wish where no wording of `MEANT` stands; None when that is not enough.

    A sign-up or cancel needs a lecture it can be about; an order needs a topic, or talk of teaching.
    """
    if reading.rule == "model" or reading.rule in _WEAK:
        return None
    if reading.intent in WRITES:
        return reading.rule if lecture_open and not _elsewhere(_without_reason(reading, text)) else None
    if _elsewhere(text):
        return None
    if reading.intent == "order_lecturer" and _TEACHING.search(text):
        return reading.rule
    known = reading.intent in ORDERS and (_LECTURE.search(text) or has_topic(text))
    return reading.rule if known else None


def plainly_meant(text: str, has_topic: Callable[[str], bool], *, lecture_open: bool) -> str | None:
    """The name of the wording that makes an unaddressed, normalised line the bot's business; None for chatter.

    ``has_topic`` is only called for lines that hang on it.
    """
    elsewhere = _elsewhere(text)
    for meant in MEANT:
        if elsewhere and meant.name not in _OWN_HEAD:
            continue
        if meant.needs == "lecture" and not lecture_open:
            continue
        if meant.pattern.search(text) and (meant.needs != "topic" or has_topic(text)):
            return meant.name
    return None


_CALLS = re.compile(r"(?:请|找|叫|喊|派|点|想听|要听).{0,8}(?:来|讲|教|课)")


def calls_for(text: str) -> bool:
    """Whether a normalised line asks for somebody to come and speak; the caller finds out whether it is a lecturer."""
    return _CALLS.search(text) is not None and not _elsewhere(text)
