"""Reading forms of a text: folded character by character, so that positions stay those of the original."""

import re

# Only the characters that our rules look for: names are compared, never rewritten.
_TRADITIONAL = (
    "龍兩個帶婦來參報會請們還與媽爺孫兒總計號樓棟棵單歲點鐘週禮現應為減變領攜陪嚟囉倆絕門種買錢塊訂領車張陳黃劉"
    "趙吳鄭馮許謝葉蘇盧蔣蕭鄧賴龔萬嚴廖農韋"
    "講訊團體溫業樣範規則說項課桿處從學雙臨時間銷廢無沒隻條頭場組隊層棄辦親鄰寶員屬麼邊裡裏細"
)
_SIMPLIFIED = (
    "龙两个带妇来参报会请们还与妈爷孙儿总计号楼栋棵单岁点钟周礼现应为减变领携陪嚟啰俩绝门种买钱块订领车张陈黄刘"
    "赵吴郑冯许谢叶苏卢蒋萧邓赖龚万严廖农韦"
    "讲讯团体温业样范规则说项课杆处从学双临时间销废无没只条头场组队层弃办亲邻宝员属么边里里细"
)
_FOLD = {ord(t): s for t, s in zip(_TRADITIONAL, _SIMPLIFIED, strict=True)}
_FOLD |= {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}  # full-width ASCII
_FOLD |= {ord(c): " " for c in "\u3000\u00a0\u2002\u2003\u2005\u2009\t"}
_FOLD |= {ord("×"): "x", ord("✕"): "x", ord("－"): "-", ord("—"): "-", ord("–"): "-", ord("〜"): "~"}

SURNAMES = frozenset(
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章云苏潘葛奚范彭郎鲁韦昌马苗凤"
    "花方俞任袁柳鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝安常乐于时傅"
    "卞齐康伍余元顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄米贝明臧计成戴宋庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄江童颜"
    "郭梅盛林钟徐邱骆高夏蔡田樊胡凌霍虞万支柯管卢莫房裘缪解应宗丁宣"
    "邓单杭洪包诸左石崔吉龚程邢裴陆荣翁甄曲封储靳段焦巴牧山谷车侯全班秋仲伊宫宁仇甘厉武符刘景詹龙叶幸司黎薄印白"
    "蒲卓蔺池乔翟谭申冉桂牛边农温庄晏柴阎慕连习艾向古易廖终步"
    "都耿匡国文寇广欧蔚越师巩聂晁敖融冷辛阚简饶曾沙丰关相查游竺权覃麦蒙区闭零容冼植隆"
)

_INVISIBLE = re.compile(r"[\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_NOT_A_NAME = re.compile(r"[\W_]+")


def fold(text: str) -> str:
    """Half-width, simplified where our rules need it, same length as ``text``."""
    return text.translate(_FOLD)


def clean(text: str) -> str:
    """``text`` with one kind of line end and no invisible marks."""
    return _INVISIBLE.sub("", "\n".join(text.splitlines()))


def name_key(name: str) -> str:
    """A name as it is compared: folded, lower case, no spaces, emoji or punctuation (unless it is nothing else)."""
    folded = fold(name).casefold()
    return _NOT_A_NAME.sub("", folded) or folded.strip()
