"""The small parts of a wish: how many people, for whom, in what dialect, what mark, which order, which choice.

All functions read normalised text and return None (or nothing) where the words do not say.
"""

import re

from data.dialects import HEARD, SAME
from handlers.understand.vocabulary import TITLE
from handlers.understand.when.numerals import to_int

_DIGIT = r"(?:\d{1,3}|[一二两三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九俩仨])"
_ABOUT = r"(?:[一二三四五六七八九]?十[来几多]|\d{1,2}0[来几多])"
_PERSON = (
    r"(?:老[婆公伴爸妈爹娘]|阿[爸妈公婆爷嫲哥姐弟妹伯叔姨]|"
    r"[爸妈爹娘爷奶哥姐弟妹嫂舅叔伯姑姨婶](?:[爸妈爹娘爷奶哥姐弟妹嫂子舅叔伯姑姨婶媳夫])?|爱人|媳妇|儿子|儿媳妇?|"
    r"女儿|女婿|孙[子女]|侄[子女]|[婆公]{2}|外[公婆]|岳[父母]|邻居|朋友|同事|小孩|孩子|娃|崽|"
    r"[大二三四五六七八九小][叔伯姑姨舅婶嫂哥姐弟妹][婆公母妈爷]?)"
)
_BOTH_PARENTS = r"(?:爸爸?妈妈?|父母|爹娘|公公婆婆|爷爷奶奶|外公外婆|岳父岳?母|(?<!两)公婆)"

_OLD_AND_YOUNG = re.compile(
    rf"({_DIGIT})个?大人?[,和带、 ]*({_DIGIT})个?(?:小|孩|娃)|"
    rf"大人({_DIGIT})个?[,和、 ]*(?:小孩|孩子)({_DIGIT})"
)
_MOUTHS = re.compile(rf"(?:一|全)家({_DIGIT})口|({_DIGIT})口(?:人|之家)")
_PAIR = re.compile(
    r"两公婆|两口子|夫妻(?:俩|两)|夫妇|老两口|[母父]女俩|[母父]子俩|[姐兄]妹俩|兄弟俩|姐妹俩|婆媳俩|"
    r"(?:我们|咱们?|我)俩"
)
_TRIO = re.compile(r"仨")
_MORE = re.compile(rf"(?:^|[^\d])\+ ?({_DIGIT})(?!\d|[:.点])")
_HEADS = re.compile(
    rf"(?<![第\d初月周期:.])({_ABOUT}|{_DIGIT})(?:个(?!小时|钟|月|星期|礼拜|建议|意见|问题|题|字|讲座|课|好评|半|"
    rf"多?小时|假|事|名[^额]|姓|平方)|位(?!老师|医生|专家)|人(?!民)|名(?!额?老师|称|字))(人|大人|小孩|孩子|老人|"
    rf"邻居|朋友|娃|亲戚)?"
)
_BARE_TWO = re.compile(r"(?:报|名|来|去|加|留|家)(俩|两(?:个|人)?|仨)(?:$|[,。! ])")
_ALSO = re.compile(rf"(?:带|跟|和|同|还有|加上)(?:上|着)?({_DIGIT})个(?:人|小孩|孩子|老人|邻居|朋友|娃|亲戚|同事)")
_SELF = re.compile(
    r"我(?!们?[村组队屯寨]|妈|爸|老|阿|爷|奶|哥|姐|弟|妹|婆|公|儿|女|孙|侄|家|[婶叔伯姑姨舅嫂])|"
    r"本人|自己"
)
_KIN = re.compile(rf"(?:我|他|她|咱)?(?:家)?({_BOTH_PARENTS}|{_PERSON})")
_PRONOUN = re.compile(r"(?<=[加带替帮给])(?:上)?[他她](?!们)")
_FOR_OTHER = re.compile(r"(?:帮|替|给|为|代)(?:我的?)?[^\s我自己]")

_DIALECTS = "|".join(HEARD)
_DIALECT = re.compile(
    rf"{_DIALECTS}|(?<=用)[\u4e00-\u9fff]{{2}}话(?=讲|说)|(?<=会讲)[\u4e00-\u9fff]{{2}}话|"
    rf"(?<=会说)[\u4e00-\u9fff]{{2}}话"
)
_NOT_WISHED = re.compile(r"(?:不[懂会太]|不大懂|不要|别|听不(?:太|大|怎么)?懂|不讲|不用|没听懂)[讲说用再]?$")
_HARD_TO_HEAR = re.compile(r"^.{0,2}(?:太难|听不|难懂|不懂|不好懂|不标准)")

_MARK = re.compile(
    r"(?<![\d.])(\d{1,3}(?:\.\d)?|[一二两三四五六七八九十]{1,3}|一百)分(?!制|钟|之|享|公司|开|类|清|"
    r"别|"
    r"手|工|布|给|析|满|钟|不|家)"
)
_STARS = re.compile(r"([1-5一二两三四五])(?:颗|个)?星")
_OUT_OF_TEN = re.compile(r"十分制|满分(?:是)?(?:10|十)分?|10分制|十分满分")
_HUNDRED = re.compile(r"满分(?:是)?(?:100|一百)|百分制")
# The first that is found decides; worse words stand first because they hold better ones (不好 holds 好).
WORDS_OF_RATING: tuple[tuple[str, int], ...] = (
    (r"差评|太差|很差|最差|^差[!。]?$|垃圾|糟糕|浪费时间|白(?:来|去|跑)", 1),
    (r"不满意|不好|不行|不怎么样|没意思|没劲|没用|听不懂|失望|无聊|闷", 2),
    (r"一般|马马虎虎|凑合|中规中矩|还行|还可以|过得去|普普通通", 3),
    (r"满分|好评|非常(?:好|满意|棒)|特别好|太好|很好|很满意|真好|顶呱呱|棒|赞|讲得好|^好[!。的]?$|十分(?:满意|好)", 5),
    (r"不错|挺好|蛮好|满意|可以|有用|实用|受益|收获|清楚|生动|好", 4),
)
_RATINGS = tuple((re.compile(pattern), value) for pattern, value in WORDS_OF_RATING)

_FOR = re.compile(
    rf"(?:帮|替|给|为|代)((?:我|我们|咱)?(?:家)?(?:隔壁|邻居|对门|楼下)?(?:的)?(?:{_BOTH_PARENTS}|{_PERSON}|"
    rf"[\u4e00-\u9fff]{{1,4}}?))"
    r"(?:也|都|一起)?(?:在|到)?(?:报|登记|预约|预|点|留|取消|请假|写|加|占|退)"
)
_OF_OTHER = re.compile(
    rf"(?<![和跟同与])(我(?:家)?(?:的)?(?:{_BOTH_PARENTS}|{_PERSON}))(?!和|跟|同|也想听|想听|"
    rf"说).{{0,6}}(?:名额|报名|取消|去|来|参加|他|她|位)"
)
_NOT_SOMEONE = re.compile(r"^(?:我|我们|咱们?|忙|我家|我们家|一下|大家|自己|我们组|个|我?把.*)$")
_ORDER = re.compile(
    r"(?:订单|单号|单子|点单|单)(?:号)?(?:是)?[: ]?#?(?:第)?(\d{1,6}|[一二三四五六七八九十百]{1,4})(?!\d)(?:号)?|"
    r"第?(\d{1,6}|[一二三四五六七八九十百]{1,4})号?(?:的)?(?:订?单(?!位))|#(\d{1,6})"
    r"|第(\d{1,6}|[一二三四五六七八九十百]{1,4})号"
)
_LONE_ORDER = re.compile(
    r"(?:取消|撤|退|催|查)(?:掉|了|一下)?(\d{1,6})号(?:$|[,。! 吧])|^(\d{1,6})号(?:取消|撤|退|"
    r"不要|怎么样|到哪)"
)
_CHOICE = re.compile(
    r"^(?:我|就|那|那就|想|还是)*(?:要|选|点|听|是)?(?:第)?([1-9]\d?|[一二两三四五六七八九十]{1,2})(?:个|号|项|题|"
    r"条)?(?:吧|啊|的)?[!。]?$"
)
_TITLED = re.compile(rf"(?:请|要|点|选|听|叫|找|换)((?!一?[个位名]|本地|女|男|别的|新)[\u4e00-\u9fff]{{1,2}}{TITLE})")
_SOME = re.compile(r"全家|一家人|几个(?:人)?|好几|好多人|一帮|一群|大伙|大家")
_VAGUE = re.compile(
    r"有空的?时候|得闲的?时候|过几天|过两天|改天|过段时间|过一阵|忙完(?:这阵子?)?|(?:收|割|种|插|"
    r"摘)完[\u4e00-\u9fff]{1,2}(?:以?后)?|农忙(?:以?后|过后)|"
    r"最近|近期|以后|晚一?点|早一?点|等[\u4e00-\u9fff]{1,6}(?:以?后|的时候)"
)
_CHOICES = re.compile(r"[和、,跟及 ]|还有")


def headcount(text: str) -> int | None:
    """How many people a sign-up speaks of, the speaker included when they say so; None when no number is said."""
    return next((count for read in _COUNTERS if (count := read(text))), None)


def _by_age(text: str) -> int | None:
    found = _OLD_AND_YOUNG.search(text)
    return sum(to_int(number) or 0 for number in found.groups() if number) if found else None


def _household(text: str) -> int | None:
    found = _MOUTHS.search(text)
    return to_int(found.group(1) or found.group(2)) if found else None


def _with_others(text: str) -> int | None:
    """我跟三个邻居: those beside the ones who are named."""
    others = sum(to_int(number) or 0 for number in _ALSO.findall(text))
    return others + _named(_ALSO.sub("", text)) if others else None


def _heads(text: str) -> int | None:
    """十来个 and 十几个 are taken at their floor: a seat too few is asked about, a seat too many is not."""
    found = _HEADS.search(text)
    return to_int(found.group(1).rstrip("来几多")) if found else None


def _as_pair(text: str) -> int | None:
    return 2 if _PAIR.search(text) else 3 if _TRIO.search(text) else None


def _bare(text: str) -> int | None:
    if found := _BARE_TWO.search(text):
        return to_int(found.group(1)[0])
    found = _MORE.search(text)
    return to_int(found.group(1)) if found else None


def _named(text: str) -> int:
    """The people named one by one: 我和我妈还有我爸 is three. Who is signed up by another counts, the other not."""
    people = 0 if _KIN.search(text) else len(_PRONOUN.findall(text))
    for found in _KIN.finditer(text):
        people += 2 if re.fullmatch(_BOTH_PARENTS, found.group(1)) else 1
    speaker = bool(_SELF.search(text)) and not _FOR_OTHER.search(text)
    return people + speaker


# The first that finds a number decides: what is counted out stands above what is only named.
_COUNTERS = (_by_age, _household, _with_others, _heads, _as_pair, _bare, _named)


def dialect(text: str) -> str | None:
    """The dialect wished for; one that is only said not to be understood is no wish."""
    for found in _DIALECT.finditer(text):
        before, after = text[max(0, found.start() - 6) : found.start()], text[found.end() : found.end() + 6]
        if not _NOT_WISHED.search(before) and not _HARD_TO_HEAR.search(after):
            return SAME.get(found.group(), found.group())
    return None


def rating(text: str) -> int | None:
    """1..5. Marks above five are of ten (above ten, of a hundred), rounded half up: 9 → 5, 7 → 4, 6 → 3."""
    if found := _MARK.search(text):
        value = _mark(found.group(1))
        if value is not None:
            of = 100 if value > 10 or _HUNDRED.search(text) else 10 if value > 5 or _OUT_OF_TEN.search(text) else 5
            return max(1, min(5, int(value * 5 / of + 0.5)))
    if found := _STARS.search(text):
        return to_int(found.group(1))
    return next((value for pattern, value in _RATINGS if pattern.search(text)), None)


def _mark(words: str) -> float | None:
    return float(words) if words[0].isdigit() else to_int(words)


def for_whom(text: str) -> str | None:
    """The person a sign-up or cancel is made for, in the speaker's words (我妈, 隔壁阿婆); None for the speaker."""
    found = _FOR.search(text) or _OF_OTHER.search(text)
    if found is None or _NOT_SOMEONE.match(found.group(1)) or found.group(1)[-1] in "一二两三四五六七八九十个位名":
        return None
    return found.group(1)


def order_number(text: str) -> int | None:
    """The number of an order (12号单, #12, 第十二号); a bare 12号 counts only beside a word that acts on an order."""
    found = _ORDER.search(text) or _LONE_ORDER.search(text)
    if found is None:
        return None
    return to_int(next(group for group in found.groups() if group))


def choices(text: str) -> tuple[int, ...]:
    """The numbers picked from a numbered list (2, 第二个, 选2, 1和4); empty when the message is anything else."""
    picked: list[int] = []
    for part in _CHOICES.split(text.removesuffix("都要").removesuffix("都想听")):
        if not part:
            continue
        found = _CHOICE.match(part)
        number = to_int(found.group(1)) if found else None
        if number is None:
            return ()
        picked.append(number)
    return tuple(picked)


def default_headcount(text: str) -> int | None:
    """One, for a sign-up that says no number; None for a group whose size must be asked (全家, 几个人)."""
    return None if _SOME.search(text) else 1


def vague_time(text: str) -> str | None:
    """A time that cannot be put on a calendar, in the person's words: it is kept and asked about."""
    found = _VAGUE.search(text)
    return found.group() if found else None


_INVITED = re.compile(
    r"请(?!个|位|一|几|人|专家|老师|你|他|她|大家|各位|我|那|这|哪|谁|会|懂|有|镇|县|村)"
    r"(?P<who>[\u4e00-\u9fff]{2,4}?)(?:老师|先生|同志)?(?:再)?来(?:给我们)?(?:讲|教|上课|说)"
)


def invited(text: str) -> str | None:
    """Whoever is invited by a name that the town does not know: 请赵本山来讲."""
    found = _INVITED.search(text)
    return found["who"] if found else None


def titled(text: str) -> str | None:
    """Somebody with a title whose surname is no surname (往医生, heard for 王医生), right behind the asking."""
    found = _TITLED.search(text)
    return found.group(1) if found else None
