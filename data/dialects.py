"""The names of dialects: those that are listened for, and others that a list of lecturers may have."""

import re

SAME = {"客家": "客家话"}  # what people say too
# What a wish is listened through for: "能不能用白话讲".
HEARD = (
    "客家话", "客家", "白话", "粤语", "广东话", "广州话", "壮话", "壮语", "四会话", "潮汕话", "潮州话",
    "湘语", "湖南话", "普通话", "国语", "土话", "本地话", "家乡话", "方言", "土语", "闽南话", "闽语",
    "福建话", "苗语", "苗话", "瑶话", "瑶语", "侗话", "侗语", "桂柳话", "柳州话", "西南官话", "四川话",
    "平话", "官话", "赣语", "江西话", "吴语", "东北话", "河南话", "台语", "布依语", "彝语", "傣语",
    "藏语", "维语", "蒙语", "海南话", "雷州话", "梅县话", "五华话",
)  # fmt: skip
_OTHERS = (
    "肇庆话", "广宁话", "怀集话", "德庆话", "高要话", "清远话", "连山话", "连州话", "阳山话", "台山话", "开平话",
    "恩平话", "阳江话", "茂名话", "高州话", "湛江话", "化州话", "韶关话", "河源话", "惠州话", "梅州话", "兴宁话",
    "大埔话", "海丰话", "东莞话", "中山话", "佛山话", "南宁话", "梧州话", "玉林话", "钦州话", "桂林话", "贵州话",
    "云南话", "湖北话", "武汉话", "长沙话", "南昌话", "安徽话", "江苏话", "浙江话", "上海话", "温州话", "福州话",
    "莆田话", "闽南语", "潮语", "客语", "晋语", "徽语", "陕西话", "甘肃话", "山东话", "河北话", "山西话",
    "北京话", "天津话", "黎语", "畲语", "畲话", "土家语", "仡佬语", "毛南语", "仫佬语", "水语", "白语",
    "哈尼语", "京语", "满语", "朝鲜语", "哈萨克语", "英语", "手语",
)  # fmt: skip
WRITTEN = frozenset({*HEARD, *_OTHERS}) - SAME.keys()
MANY = "双语"  # says how many, not which
# 白话和普通话 are two; 石湾和平话 is one, of a place.
_BETWEEN = re.compile(r"[\s、，,；;。+/／&（）()【】\[\]]+|(?:(?<=[话语腔])|(?<=客家))[和与及]")
_MOSTLY = re.compile(r"^以?(.*)为[主辅]$")


def spoken(words: str) -> tuple[str, ...]:
    """The dialects that somebody wrote down: 白话为主（本地话），普通话."""
    each = (_MOSTLY.sub(r"\1", part) for part in _BETWEEN.split(words))
    return tuple(dict.fromkeys(filter(None, each)))
